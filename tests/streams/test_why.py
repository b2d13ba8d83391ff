"""`tocsin why` on the seeds, as a user calls it."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner, Result

from events.errors import NotFound
from seeds.loader import folder_of
from streams.cli.alerts import alerts
from streams.cli.tallies import counters, tallies
from streams.cli.why import why
from streams.writing.replay import theatre
from tests.published import publish

IN_IRAQ = ("counter", "country", "IQ", "--class", "attack")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which the seeds are projected."""
    home = tmp_path_factory.mktemp("home")
    publish(home, theatre(folder_of("iraq-syria")))
    return home


def run(home: Path, *arguments: str, verb: Any = why) -> Result:
    return CliRunner().invoke(
        verb, arguments, env={"TOCSIN_HOME": str(home)}, catch_exceptions=False, standalone_mode=False
    )


def asked(home: Path, *arguments: str, verb: Any = why) -> Any:
    return json.loads(run(home, *arguments, "--json", verb=verb).stdout)


def alerts_of(home: Path) -> list[tuple[str, str]]:
    with duckdb.connect(home / "snapshots" / "p0.duckdb", read_only=True) as con:
        return con.execute("SELECT alert_id::VARCHAR, state FROM alerts ORDER BY ALL").fetchall()


def test_a_tally_opens_to_document_and_place(home: Path) -> None:
    """Given the seeds, when Al-Tanf is asked for, then its one attack, its report, document and paragraph are there."""
    done = run(home, "tally", "al-tanf")
    lines = [line.strip() for line in done.stdout.splitlines()]

    assert done.return_value == 0
    assert lines[0] == "al-tanf: 1 incident, 1 of them coarse, ≥3 wounded [attack, iraq-syria]"
    assert lines[1].startswith("adds up")
    assert lines[2] == "inc-2023-10-tanf adds 1 incident, 1 of them coarse, ≥3 wounded"
    assert "several us wounded" in lines[3]
    assert lines[4].startswith("document 003_04e391e9412b19af “Attacks of autumn 2023, state of 18 November”, para 9,")


def test_every_tally_of_the_seeds_adds_up(home: Path) -> None:
    """Given the seeds, when each site with a tally is asked for, then its parts add up and are as many as stored."""
    for row in asked(home, verb=tallies):
        found = asked(home, "tally", row["site"], "--class", row["class"])
        [cell] = found["cells"]

        assert found["agrees"]
        assert cell["stored"] == cell["summed"]
        assert (cell["stored"]["incidents"], cell["stored"]["wounded"]) == (row["incidents"], row["wounded"])
        assert len(cell["contributions"]) == row["incidents"]


def test_a_counter_reads_like_a_sentence(home: Path) -> None:
    """Given the seeds, when attacks in Iraq in October 2023 are asked for, then the four of that month are there."""
    found = asked(home, *IN_IRAQ, "--from", "2023-10-01", "--to", "2023-11-01")
    [cell] = found["cells"]

    assert [it["incident_id"] for it in cell["contributions"]] == [
        "inc-2023-10-17-base-1",
        "inc-2023-10-17-base-2",
        "inc-2023-10-31-base-1",
        "inc-2023-10-31-base-2",
    ]
    [day] = asked(home, *IN_IRAQ, "--day", "2023-10-31")["cells"]
    assert day["stored"]["incidents"] == 2


@pytest.mark.parametrize("dimension", ["country", "actor", "attribution", "weapon", "site"])
def test_every_counter_of_the_seeds_adds_up(home: Path, dimension: str) -> None:
    """Given the seeds, when each key of a dimension is asked for, then its cells are those listed and add up."""
    for row in asked(home, "--by", "total", "--dimension", dimension, verb=counters):
        found = asked(home, "counter", dimension, row["key"], "--class", row["class"])

        assert found["agrees"]
        assert [it["stored"]["incidents"] for it in found["cells"]] == [row["incidents"]]


def test_every_alert_of_the_seeds_is_proved(home: Path) -> None:
    """Given the seeds, when each alert is asked for by the beginning of its id, then every message of it holds."""
    alerts = alerts_of(home)

    assert {state for _, state in alerts} == {"open", "resolved", "merged", "cancelled"}
    for name, _ in alerts:
        done = run(home, "alert", name[:8])

        assert done.return_value == 0
        assert "DOES NOT ADD UP" not in done.stdout
        assert "evidence holds" in done.stdout
        assert "document" in done.stdout


@pytest.mark.parametrize(("verb", "arguments"), [(why, ["alert"]), (alerts, ["why"])], ids=["why alert", "alerts why"])
def test_an_alert_is_found_by_what_the_table_shows_however_it_is_copied(
    home: Path, verb: Any, arguments: list[str]
) -> None:
    """Given the table of alerts, when its ids are asked for in capitals and with blanks, then each is that alert."""
    shown = [line.split()[0] for line in run(home, verb=alerts).stdout.splitlines()[1:]]

    assert sorted(shown) == [name[:8] for name, _ in alerts_of(home)]
    for name in shown:
        found = asked(home, *arguments, f" {name.upper()}\t", verb=verb)
        assert found["alert"]["alert_id"].startswith(name)


def test_an_incident_is_found_with_blanks_around_its_id(home: Path) -> None:
    """Given an id with blanks around it, when it is asked for, then it is that incident; capitals are letters of it."""
    assert asked(home, "incident", " inc-2021-07-west\n")["incident"]["incident_id"] == "inc-2021-07-west"
    with pytest.raises(NotFound):
        run(home, "incident", "INC-2021-07-west")


def test_a_merged_incident_says_of_which_it_is_part_and_why(home: Path) -> None:
    """Given the merge of the seeds, when the merged one is asked for, then survivor and reason are there."""
    merged, survivor = run(home, "incident", "inc-2021-07-west"), run(home, "incident", "inc-2021-07-07-rockets")

    assert "part of inc-2021-07-07-rockets" in merged.stdout
    assert "western Iraq" in merged.stdout
    assert "also told as inc-2021-07-west" in survivor.stdout


def test_a_wrong_sum_ends_with_exit_code_1(tmp_path: Path) -> None:
    """Given a tally that somebody changed in the file, when it is asked for, then the difference, and exit code 1."""
    snapshot = publish(tmp_path, theatre(folder_of("iraq-syria"))) / "p0.duckdb"
    snapshot.chmod(0o644)
    with duckdb.connect(snapshot) as con:
        con.execute("UPDATE site_tallies SET incidents = 4 WHERE site = 'ain-al-asad'")
    done = run(tmp_path, "tally", "ain-al-asad")

    assert done.return_value == 1
    assert "DOES NOT ADD UP: incidents: stored 4, the parts say 3" in done.stdout
    assert run(tmp_path, "tally", "al-tanf").return_value == 0


@pytest.mark.parametrize("question", [("alert", "ffffffff-no"), ("incident", "no-such")])
def test_what_is_not_there_is_said_so(home: Path, question: tuple[str, str]) -> None:
    """Given an id that nothing has, when asked for, then the error says where to look."""
    with pytest.raises(NotFound, match="which is none; see `tocsin"):
        run(home, *question)
