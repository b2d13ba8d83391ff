"""SQL of strangers: what it finds, what it is refused, what stops it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.reading import sandbox as sandbox_module
from streams.reading.sandbox import Limits, QueryRefused, Sandbox
from tests import facts
from tests.published import publish


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Snapshots of one standing incident and one merged into it."""
    told = facts.staged(facts.reported("a", wounded={"us": 2}), facts.reported("b"), facts.merged("a", "b"))
    return publish(tmp_path_factory.mktemp("home"), told)


@pytest.fixture
def sandbox(folder: Path) -> Iterator[Sandbox]:
    with Sandbox(folder, Limits(seconds=2, rows=1000)) as one:
        yield one


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SELECT count(*) AS n FROM incidents WHERE stands", [{"n": 1}]),
        ("FROM sites SELECT partition, site", [{"partition": 0, "site": "north"}]),
        ("SELECT 1 AS n; -- with a word behind it", [{"n": 1}]),
        ("SELECT ';--' AS text", [{"text": ";--"}]),
        ("SELECT 1 AS n, 2 AS n", [{"n": 1, "n_1": 2}]),
        ("SELECT 'nan'::DOUBLE AS n", [{"n": None}]),
        ("SELECT 1 AS n WHERE false", []),
        ("SELECT 1 AS it, 2 AS IT_, 3 AS n", [{"it": 1, "IT_": 2, "n": 3}]),
    ],
    ids=[
        "view",
        "from first",
        "comment behind",
        "semicolon inside",
        "one name twice",
        "not a number",
        "no row",
        "our name",
    ],
)
def test_a_select_is_answered(sandbox: Sandbox, sql: str, rows: list[dict[str, object]]) -> None:
    """Given the snapshots, when a SELECT is asked, then its rows come as objects."""
    assert sandbox.ask(sql).rows == rows


def test_columns_are_told_even_without_rows(sandbox: Sandbox) -> None:
    """Given a SELECT that finds nothing, when asked, then the columns are known all the same."""
    assert sandbox.ask("SELECT site, country FROM sites WHERE false").columns == ["site", "country"]


@pytest.mark.parametrize("sql", ["DESCRIBE incidents", "SHOW TABLES", "EXPLAIN SELECT * FROM incidents"])
def test_questions_about_the_tables_are_answered(sandbox: Sandbox, sql: str) -> None:
    """Given the snapshots, when it is asked what there is, then there is an answer."""
    assert sandbox.ask(sql).rows


REFUSED = [
    "INSERT INTO p0.main.sites SELECT * FROM p0.main.sites",
    "DROP VIEW incidents",
    "CREATE TABLE mine (i INTEGER)",
    "SELECT 1; SELECT 2",
    "",
    "SET memory_limit = '10GB'",
    "PRAGMA database_list",
    "DETACH p0",
    "ATTACH '{file}' AS again",
    "COPY (SELECT 1) TO '{file}' (FORMAT csv, USE_TMP_FILE false)",
    "WITH x AS (COPY (SELECT 1) TO '{file}' (FORMAT csv, USE_TMP_FILE false)) SELECT * FROM x",
    "EXPLAIN ANALYZE COPY (SELECT 1) TO '{file}' (FORMAT csv, USE_TMP_FILE false)",
    "EXPLAIN ANALYZE CREATE TABLE mine AS SELECT 1",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_blob('{file}')",
    "SELECT * FROM '{file}'",
    "SELECT * FROM glob('/*')",
    "SELECT getenv('HOME')",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SELECT 1) it; DROP VIEW incidents; SELECT (1",
    "CALL duckdb_settings()",
    "nonsense",
]


@pytest.mark.parametrize("sql", REFUSED)
def test_whatever_else_is_refused_and_changes_nothing(sandbox: Sandbox, folder: Path, sql: str) -> None:
    """Given a statement that writes, reads or sets, when asked, then it is refused; files stay as they are."""
    file = folder / "p0.duckdb"
    before = file.read_bytes()

    with pytest.raises(QueryRefused):
        sandbox.ask(sql.format(file=file))

    assert file.read_bytes() == before
    assert [path.name for path in folder.iterdir()] == ["p0.duckdb"]
    assert sandbox.ask("SELECT count(*) AS n FROM incidents").rows == [{"n": 2}]


def test_a_refusal_says_what_was_expected_and_found(sandbox: Sandbox) -> None:
    """Given an UPDATE, when asked, then the refusal says what is taken."""
    with pytest.raises(QueryRefused, match="expected one SELECT or EXPLAIN, found UPDATE"):
        sandbox.ask("UPDATE sites SET name = 'x'")


def test_a_mistake_is_shown_in_the_line_where_it_is(sandbox: Sandbox) -> None:
    """Given a column that there is not, when asked, then the error points into the author's own text."""
    with pytest.raises(QueryRefused, match=r"(?s)nothing_of_ours.*LINE 2: nothing_of_ours"):
        sandbox.ask("SELECT\nnothing_of_ours FROM incidents")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*) FROM range(1000000000) a, range(1000000) b",
        "SELECT levenshtein(repeat('ab', 90000), repeat('ba', 90000))",
        "SELECT length(string_agg(repeat('x', 100000000), '')) FROM range(100)",
    ],
    ids=["endless join", "one long scalar", "memory"],
)
def test_what_takes_too_much_is_stopped(folder: Path, sql: str) -> None:
    """Given a query without end, when asked, then it is stopped and said so."""
    with (
        Sandbox(folder, Limits(seconds=0.5)) as sandbox,
        pytest.raises(QueryRefused, match=r"stopped|maximum execution time|[Mm]emory"),
    ):
        sandbox.ask(sql)


def test_a_long_query_is_answered_like_a_short_one(folder: Path) -> None:
    """Given a query of some seconds, when asked, then the answer comes alone: nothing tells how far it is."""
    with Sandbox(folder, Limits(seconds=60)) as sandbox:
        found = sandbox.ask("SELECT sum(length(md5(a.range::VARCHAR))) AS n FROM range(6000000) a, range(2)")

    assert found.rows == [{"n": 12_000_000 * 32}]


def test_what_is_no_answer_is_a_refusal(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a process that says something else, when asked, then it is refused in words and ended."""
    monkeypatch.setattr(
        sandbox_module, "CHILD", "print('{}', flush=True); input(); print('100 %', flush=True); input()"
    )

    with Sandbox(folder) as sandbox, pytest.raises(QueryRefused, match=r"stopped: .*100 %"):
        sandbox.ask("SELECT 1")


def test_more_rows_than_allowed_are_cut_off_and_said_so(sandbox: Sandbox) -> None:
    """Given a limit of 1000 rows, when a query finds 1001, then 1000 come, and that there were more."""
    exactly, beyond = sandbox.ask("FROM range(1000)"), sandbox.ask("FROM range(1001)")

    assert (len(exactly.rows), exactly.more) == (1000, False)
    assert (len(beyond.rows), beyond.more) == (1000, True)
