"""Records that are read in a process of their own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence

import pytest

from events.log import Written
from projections.reading import Bad, Read, read
from streams import decoder as decoder_module
from streams.decoder import FEW, Decoder
from tests import facts

OWNER = """
import time
from events.log import Written
from streams.decoder import FEW, Decoder
it = Decoder()
it.read([Written(offset, 0, None, None, ()) for offset in range(FEW)])()
print(it._process.pid, flush=True)
time.sleep(60)
"""
FACTS = [
    facts.opened(),
    facts.site("north", "IQ"),
    facts.actor("militia"),
    facts.reported("a", wounded={"us": "at least 2"}, weapons=("drone",)),
    facts.corrected("a", outcome=None, site="north"),
    facts.merged("a", "b"),
    facts.retracted("a"),
    facts.ticked(),
]


def records(count: int = FEW) -> list[Written]:
    """As many records, each third of which is no event."""
    told = facts.records([FACTS[number % len(FACTS)] for number in range(count)])
    return [it._replace(value=b"{") if it.offset % 3 == 2 else it for it in told]


def plainly(those: Sequence[Read | Bad]) -> list[str]:
    return [repr(it) for it in those]


@pytest.fixture
def decoder() -> Iterator[Decoder]:
    """One whose process is ready."""
    with Decoder() as it:
        until = time.monotonic() + 30
        while not it._ready:
            it.read(records())()
            assert time.monotonic() < until
        yield it


def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many records the process is asked for, each time."""
    found: list[int] = []
    plain = decoder_module._plain

    def noting(those: Sequence[Written]) -> bytes:
        found.append(len(those))
        return plain(those)

    monkeypatch.setattr(decoder_module, "_plain", noting)
    return found


def test_what_is_read_elsewhere_is_what_is_read_here(decoder: Decoder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given facts and bad records, when they are read in the other process, then they say the same, faults and all."""
    counts = asked(monkeypatch)

    for _ in range(2):
        assert plainly(decoder.read(records())()) == plainly(read(records()))
    assert counts == [FEW, FEW]


def test_a_few_are_read_here(decoder: Decoder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given fewer records than are worth the way, when they are read, then the process is not asked."""
    counts = asked(monkeypatch)

    assert plainly(decoder.read(records(FEW - 1))()) == plainly(read(records(FEW - 1)))
    assert counts == []


def test_a_process_that_is_killed_loses_nothing(decoder: Decoder) -> None:
    """Given a killed process, when records are read, then all are, and a new process begins with the next ones."""
    before = decoder._process
    assert before
    before.kill()
    before.wait()

    for _ in range(2):
        assert plainly(decoder.read(records())()) == plainly(read(records()))
    assert decoder._process
    assert decoder._process.pid != before.pid
    assert decoder._process.poll() is None


def test_questions_that_were_asked_of_a_process_that_is_killed_are_answered(decoder: Decoder) -> None:
    """Given many batches on their way, when the process is killed, then each is read all the same."""
    those = [decoder.read(records(4 * FEW)) for _ in range(20)]
    assert decoder._process
    decoder._process.kill()

    wanted = plainly(read(records(4 * FEW)))
    assert all(plainly(it()) == wanted for it in those)


def test_the_process_ends_with_its_owner() -> None:
    """Given an owner that is killed with -9, when a moment has passed, then its process is gone too."""
    owner = subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE, text=True)
    assert owner.stdout
    pid = int(owner.stdout.readline())
    assert is_there(pid)

    owner.send_signal(signal.SIGKILL)
    owner.communicate()

    until = time.monotonic() + 30
    while is_there(pid) and time.monotonic() < until:
        time.sleep(0.05)
    assert not is_there(pid)


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_process_that_is_found_ended_while_it_is_asked_for_costs_no_record(monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a process, when who takes answers finds that it ended just as it is asked, then records are read here."""
    with Decoder() as it:
        it.read(records())()
        ended = it._process
        looks = iter([ended])
        process = property(lambda _: next(looks, None), lambda _, __: None)
        with monkeypatch.context() as patch:
            patch.setattr(Decoder, "_process", process, raising=False)
            found = it.read(records())()
        it._process = ended

    assert plainly(found) == plainly(read(records()))


def test_one_whose_owner_is_killed_while_it_answers_ends_without_a_word() -> None:
    """Given a process that is asked, when nobody is there to take the answer, then it ends, and prints nothing."""
    asked = decoder_module._plain(records())
    with subprocess.Popen(
        decoder_module.COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.read(decoder_module.SIZE) == bytes(decoder_module.SIZE)  # it is ready

        process.stdout.close()
        decoder_module._send(process.stdin, asked)

        assert process.stderr is not None
        assert process.stderr.read() == b""
    assert process.returncode == 0
