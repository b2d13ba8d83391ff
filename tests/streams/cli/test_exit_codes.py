"""One rule of exit codes for every verb: 0 done, 1 a check found something or what is named is not there, 2 usage."""

from pathlib import Path

import pytest

from events.log import Written
from seeds.loader import folder_of
from streams.cli import verbs as cli
from streams.writing.replay import theatre
from tests.published import publish

DONE, FOUND, USAGE = 0, 1, 2
WHY = "--why x --dry-run"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a home in which the seeds are projected and two records are set aside, and with faulty files."""
    folder = tmp_path_factory.mktemp("folder")
    events = theatre(folder_of("iraq-syria"))
    bad = [Written(len(events) + it, 1_700_000_000_000, b"iraq-syria", b"no event", []) for it in range(2)]
    publish(folder / ".tocsin", events, then=bad)
    (folder / "faulty.yaml").write_text("rules: [{id: a}]")
    (folder / "faulty.ndjson").write_text("{}\n")
    (folder / "faulty").mkdir()
    (folder / "faulty" / "theatre.yaml").write_text("{}")
    (folder / "sound.yaml").write_text("rules: []")
    (folder / "empty.ndjson").write_text("")
    return folder


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        (DONE, "tallies"),
        (DONE, "tallies --as-known-at 2001-01-01"),
        (DONE, "rejected --open --reason tombstone"),
        (DONE, "why tally al-tanf"),
        (DONE, "rules show site-under-repeated-attack"),
        (DONE, "rules check sound.yaml"),
        (DONE, "rejected show 0:{bad}"),
        (DONE, "rejected resend --reason tombstone --dry-run"),
        (DONE, "verify --only tallies,sums"),
        (DONE, "schema tocsin.alert.v1"),
        (DONE, "projection adopt"),
        # what is named is not there, or is more than one thing
        (FOUND, "tallies --site nowhere"),
        (FOUND, "why tally nowhere"),
        (FOUND, "why counter site nowhere"),
        (FOUND, "why alert ffffffff-no"),
        (FOUND, "why incident no-such"),
        (FOUND, "why incident inc-2023"),
        (FOUND, "reconcile no-such"),
        (FOUND, "rules show no-such"),
        (FOUND, "rules apply sound.yaml --who x --why x --timeline nowhere"),
        (FOUND, "rejected show 9:9"),
        (FOUND, "rejected mend 9:9 --patch {{}}"),
        (FOUND, "rejected resend 9:9"),
        (FOUND, "projection adopt --timeline nowhere"),
        (FOUND, "schema no-such"),
        (FOUND, "replay no-such"),
        (FOUND, f"retract inc-2023 --timeline nowhere {WHY}"),
        # a check found something
        (FOUND, f"retract no-such {WHY}"),
        (FOUND, "rules check faulty.yaml"),
        (FOUND, "rules check ."),
        (FOUND, "rules apply faulty.yaml --who x --why x"),
        (FOUND, "replay faulty"),
        (FOUND, "rejected mend 0:{bad} --patch {{}}"),
        (FOUND, "rejected resend 0:{bad}"),
        (FOUND, "status"),
        (FOUND, "log check nowhere"),
        # an option, an argument, a file or a setting
        (USAGE, "no-such-verb"),
        (USAGE, "tallies --no-such-option"),
        (USAGE, "timeline --from yesterday"),
        (USAGE, "counters --key IQ"),
        (USAGE, "why counter all IQ"),
        (USAGE, "why counter all --day 2023-10-17 --from 2023-10-17"),
        (USAGE, "rejected resend"),
        (USAGE, "rejected mend 0:{bad} --patch nowhere.json"),
        (USAGE, "diff --known 2023-11-18 2023-11-10"),
        (USAGE, "sql DELETE"),
        (USAGE, "verify --only no-such"),
        (USAGE, "report"),
        (USAGE, "rules check nowhere.yaml"),
        (USAGE, "append nowhere.ndjson"),
        (USAGE, "append empty.ndjson"),
        (USAGE, "replay iraq-syria"),
        (USAGE, "topics"),
        (USAGE, "watch"),
    ],
)
def test_every_verb_ends_by_the_same_rule(
    code: int, arguments: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Given a home without a Kafka, when a verb ends, then by the one rule; whatever is not done is told on stderr."""
    monkeypatch.chdir(folder)
    monkeypatch.delenv("TOCSIN_BROKER", raising=False)
    bad = len(theatre(folder_of("iraq-syria"))) + 1

    with pytest.raises(SystemExit) as left:
        cli.run(arguments.format(bad=bad).split())

    told = capsys.readouterr()
    assert left.value.code == code, told
    assert code == DONE or told.err
