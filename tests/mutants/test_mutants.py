"""The tool that tries the tests of the evaluator: which slips it makes, and that it sees who finds them."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutants.__main__ import (
    MODULES,
    OWN,
    QUICK,
    ROOT,
    RULES,
    TESTS,
    Book,
    Trial,
    explained,
    ordered,
    sampled,
    trials,
)
from tests.mutants.slips import Slip, slips


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("x = a < b", ["`a < b` is `a <= b`"]),
        ("x = a + 1", ["`1` is `2`", "`a + 1` is `a - 1`"]),
        ("x = a and b", ["`a and b` is `a or b`", "`a and b` is `a`", "`a and b` is `b`"]),
        ("x = not a", ["`not a` is `not not a`"]),
        ("x = min(a, b) if True else c", ["`True` is `False`", "`min` is `max`", None]),
        ("def f(a: int | None = None) -> dict[str, int]: return a", []),
        ("Group = tuple[str, ...]", []),
        ("zip(a, b, strict=True)", []),
        ("zip(a, b, strict=False)", ["`False` is `True`"]),
    ],
)
def test_a_slip_changes_one_thing(source: str, said: list[str | None]) -> None:
    """Given a line, when slips are made, then each is one other operator, condition, name or number."""
    found = [it.said for it in slips(source)]

    assert len(found) == len(said)
    assert {it for it in said if it} <= set(found)
    assert all(it.source != source for it in slips(source))


PARTED = """
from pathlib import Path
from tests.mutants.trial import found
here = Path({folder!r})
for number in (1, 2):
    print(found("measured_here", f"SIZE = {{number}}", here / "measured_here.py", [str(here / "test_it.py")]))
"""


def test_a_slip_that_a_test_finds_is_told_from_one_that_none_does(tmp_path: Path) -> None:
    """Given a test of a module, when the module says something else in another process, then it fails there."""
    (tmp_path / "measured_here.py").write_text("SIZE = 1\n")
    (tmp_path / "test_it.py").write_text("import measured_here\ndef test_it():\n    assert measured_here.SIZE == 1\n")

    code = PARTED.format(folder=str(tmp_path))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)

    assert done.stdout.split() == ["False", "True"]


TRIALS = [Trial("spells", Slip(line, "", f"`{line}` is `0`", f"x = {line}")) for line in range(1, 100)]


def test_a_sample_is_the_same_for_the_same_seed_and_in_the_order_of_the_slips() -> None:
    """Given many slips, when some are drawn, then a seed always draws the same, in order, and at most all."""
    drawn = sampled(TRIALS, 10, 1)

    assert drawn == sampled(TRIALS, 10, 1) != sampled(TRIALS, 10, 2)
    assert drawn == sorted(drawn, key=lambda it: it.slip.line)
    assert len(drawn) == 10
    assert sampled(TRIALS, 1_000, 1) == TRIALS


def test_what_was_tried_is_not_tried_again_while_all_is_the_same(tmp_path: Path) -> None:
    """Given slips that were tried, when they are tried again, then only with other sources or tests."""
    asked: list[Trial] = []

    def ask(trial: Trial) -> bool:
        asked.append(trial)
        return trial is TRIALS[0]

    for state in ("these", "these", "others"):
        book = Book(tmp_path / "tried", state)
        assert [book.lives(it, ask) for it in TRIALS[:2]] == [True, False]

    assert asked == TRIALS[:2] * 2


def test_who_does_not_end_is_found(tmp_path: Path) -> None:
    """Given a test of a module, when the module keeps it for longer than there is patience, then that is a find."""
    (tmp_path / "waited_here.py").write_text("SECONDS = 0\n")
    (tmp_path / "test_it.py").write_text(
        "import time, waited_here\ntime.sleep(waited_here.SECONDS)\ndef test_it(): ...\n"
    )
    code = f"""
from pathlib import Path
from tests.mutants.trial import found
here = Path({str(tmp_path)!r})
print(found("waited_here", "SECONDS = 600", here / "waited_here.py", [str(here / "test_it.py")], 1.0))
"""

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)

    assert done.stdout.split() == ["True"]


def test_what_is_tried_is_there() -> None:
    """Given the modules and tests of the tool, then each is a file."""
    assert all((ROOT / "projections" / "rules" / f"{it}.py").is_file() for it in MODULES)
    assert all((ROOT / it).is_file() for it in TESTS)


def test_a_function_of_a_module_has_slips_of_its_own() -> None:
    """Given a module, when one of its functions is named, then its slips are tried and no others."""
    of_one = trials("spans.settle")

    assert {it.slip.within for it in of_one} == {"settle"}
    assert len(of_one) < len(trials("spans"))


def test_the_tests_of_a_module_come_early_and_none_is_left_out() -> None:
    """Given a module, when its slips are tried, then by all tests, and by its own right after the quick ones."""
    assert ordered("spans").index(f"{RULES}/test_watch.py") == ordered("track").index(f"{RULES}/test_track.py") == QUICK
    assert all(sorted(ordered(it)) == sorted(TESTS) for it in MODULES)
    assert set(OWN) <= set(MODULES)


def test_what_is_explained_is_still_a_slip() -> None:
    """Given docs/mutants.md, then each slip that it explains is one that the sources can have."""
    folder = ROOT / "projections" / "rules"
    about = {it.partition(":")[0].partition(".")[0] for it in explained()}
    possible = {
        str(Trial(module, it)) for module in about for it in slips((folder / f"{module}.py").read_text("utf-8"))
    }

    assert explained() <= possible
    assert explained()
