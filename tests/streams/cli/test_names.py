"""What a question names must be known: a slip does not pass for "there is none of it"."""

from collections.abc import Callable
from pathlib import Path

import pytest

from seeds.loader import folder_of
from streams.cli import verbs as cli
from streams.cli.names import nearest
from streams.writing.replay import theatre
from tests import facts
from tests.published import publish

Tocsin = Callable[..., tuple[int | str | None, str, str]]
THERE = "in iraq-syria"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the seeds in one partition, and another timeline in the other."""
    home = tmp_path_factory.mktemp("home")
    publish(home, theatre(folder_of("iraq-syria")), 0, 2)
    publish(home, [facts.opened(timeline="yemen"), facts.site("aden", timeline="yemen")], 1, 2)
    return home


@pytest.fixture
def tocsin(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Tocsin:
    """Exit code, stdout and stderr (but for its first line, which says as of when) of a verb."""
    monkeypatch.setenv("TOCSIN_HOME", str(home))

    def run(*arguments: str) -> tuple[int | str | None, str, str]:
        with pytest.raises(SystemExit) as left:
            cli.run(arguments)
        out, err = capsys.readouterr()
        assert err.startswith("as of ")
        return left.value.code, out, err.partition("\n")[2]

    return run


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("tallies --site al-asad", "no site 'al-asad' in iraq-syria, yemen; did you mean ain-al-asad"),
        ("tallies --site adem --timeline iraq-syria", f"no site 'adem' {THERE}"),
        ("tallies --site aden --timeline iraq-syria", f"no site 'aden' {THERE}"),
        ("tallies --timeline iraqsyria", "no timeline 'iraqsyria'; did you mean iraq-syria?"),
        ("tallies --kind bases", "no kind of site 'bases' in iraq-syria, yemen; did you mean base"),
        ("tallies --country iq", "no country 'iq' in iraq-syria, yemen; did you mean IQ?"),
        ("counters --class atack", f"no class 'atack' {THERE}; did you mean attack?"),
        ("counters --dimension weapon --key drones", f"no weapon 'drones' {THERE}; did you mean drone?"),
        ("counters --dimension attribution --key claim", "no attribution 'claim'; did you mean claimed?"),
        ("incidents --actor kataib-hizbollah", f"no actor 'kataib-hizbollah' {THERE}; did you mean kataib-hezbollah?"),
        ("timeline --site al-asad", "no site 'al-asad' in iraq-syria, yemen; did you mean ain-al-asad"),
        ("timeline --kind incident.report", "no kind of event 'incident.report'; did you mean incident.reported"),
        ("alerts --timeline yemem", "no timeline 'yemem'; did you mean yemen?"),
        ("assertions --metric atacks", f"no metric 'atacks' {THERE}; did you mean attacks?"),
        ("reconcile tal-nope", f"no assertion 'tal-nope' {THERE}"),
        ("diff --known 2023-10-31 2023-11-10 --timeline nowhere", "no timeline 'nowhere'; there are iraq-syria, yemen"),
        ("rules list --timeline yemem", "no timeline 'yemem'; did you mean yemen?"),
        ("why tally al-tamf", "no site 'al-tamf' in iraq-syria, yemen; did you mean al-tanf?"),
        ("why counter country iq", "no country 'iq' in iraq-syria, yemen; did you mean IQ?"),
    ],
)
def test_an_unknown_name_is_told_with_those_that_are_like_it(tocsin: Tocsin, arguments: str, said: str) -> None:
    """Given a name that nothing bears, when a verb is asked about it, then exit 1, and stderr says what was meant."""
    for form in ([], ["--json"]):
        code, out, err = tocsin(*arguments.split(), *form)

        assert (code, out) == (1, "")
        assert err.startswith(f"tocsin: {said}")
        assert err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        "tallies --site aden",
        "tallies --site al-tanf --as-known-at 2001-01-01",
        "counters --dimension site --key aden",
        "timeline --kind posture.changed --timeline yemen",
        "incidents --timeline yemen",
        "alerts --timeline yemen",
        "rules list --timeline yemen",
    ],
)
def test_a_known_name_of_which_there_is_nothing_is_no_fault(tocsin: Tocsin, arguments: str) -> None:
    """Given a name that is known, when there is nothing of it, that is told, exit 0; also as known before it was."""
    assert tocsin(*arguments.split()) == (0, "", "nothing\n")


def test_every_unknown_name_is_told(tocsin: Tocsin) -> None:
    """Given two unknown sites beside a known one, when asked, then each has its line."""
    _, out, err = tocsin("tallies", "--site", "al-tanf", "--site", "nowhere-1", "--site", "nowhere-2")

    assert out == ""
    assert [line.partition(" in ")[0] for line in err.splitlines()] == [
        "tocsin: no site 'nowhere-1'",
        "tocsin: no site 'nowhere-2'",
    ]


def test_a_name_is_found_by_what_else_it_is_called() -> None:
    """Given names and what they are called, when one is written another way, then its id comes, the nearest first."""
    called = {"ain-al-asad": ["Al Asad Air Base"], "al-tanf": ["Al-Tanf Garrison"]}

    assert nearest("AL-TANF", called) == ["al-tanf"]
    assert nearest("al asad airbase", called) == ["ain-al-asad"]
    assert nearest("garrison", called) == ["al-tanf"]
    assert nearest("ta", called) == []
