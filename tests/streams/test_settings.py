"""Settings: where they come from, and that all faults are told at once."""

from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from events.errors import ConfigInvalid
from streams.settings import Settings, load_settings

MANUAL = Path(__file__).parents[2] / "docs" / "operations.md"


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_nothing_has_to_be_set() -> None:
    """Given no environment and no file, when loaded, then the embedded Kafka and a folder here are used."""
    settings = load_settings()

    assert settings.broker is None
    assert settings.home == Path(".tocsin")
    assert settings.partitions is None


def test_the_command_line_outranks_the_environment_and_that_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given all three, when loaded, then each setting comes from the nearest."""
    (tmp_path / "tocsin.toml").write_text('group = "file"\nprefix = "file"\nsnapshot_every = 5\nbroker = "file:9092"\n')
    monkeypatch.setenv("TOCSIN_GROUP", "environment")
    monkeypatch.setenv("TOCSIN_PREFIX", "environment")

    settings = load_settings(prefix="chosen")

    assert (settings.prefix, settings.group, settings.broker) == ("chosen", "environment", "file:9092")
    assert settings.snapshot_every == timedelta(seconds=5)


def test_all_faults_are_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a wrong number, a broker without a port and an unknown name, when loaded, then all three are named."""
    (tmp_path / "tocsin.toml").write_text("brokers = 1\n")
    monkeypatch.setenv("TOCSIN_PARTITIONS", "0")
    monkeypatch.setenv("TOCSIN_BROKER", "localhost")

    with pytest.raises(ConfigInvalid) as refused:
        load_settings()

    told = "\n".join(sorted(refused.value.faults))
    assert "broker (TOCSIN_BROKER or tocsin.toml): expected host:port[,host:port], found 'localhost'" in told
    assert "tocsin.toml: brokers: no such setting (did you mean broker?)" in told
    assert "partitions (TOCSIN_PARTITIONS" in told


def test_a_slip_of_the_pen_in_the_environment_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a name that is nearly a setting's, when loaded, then it is refused, and the setting is named."""
    monkeypatch.setenv("TOCSIN_BROKR", "localhost:9092")
    monkeypatch.setenv("TOCSIN_PARTITIONS", "0")

    with pytest.raises(ConfigInvalid) as refused:
        load_settings()

    assert refused.value.faults[0] == "TOCSIN_BROKR: no such setting (did you mean TOCSIN_BROKER?)"
    assert len(refused.value.faults) == 2


def test_what_tests_are_told_in_the_environment_is_no_slip(monkeypatch: pytest.MonkeyPatch) -> None:
    """Given the names that are no settings but known, when loaded, then nothing is said of them."""
    for name in ("TOCSIN_CRASH_AT", "TOCSIN_REQUIRE_KAFKA", "TOCSIN_PROVE"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("TOCSIN_DEBUG", "1")

    assert load_settings().debug


@pytest.mark.parametrize(("content", "said"), [(b"group = \n", "line 1"), (b"\xff\xfe", "position 0")])
def test_a_file_that_is_no_toml_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    """Given a broken file, or one that is no text, when loaded, then it is named, with the place."""
    (tmp_path / "tocsin.toml").write_bytes(content)

    with pytest.raises(ConfigInvalid, match=rf"tocsin\.toml: .*{said}"):
        load_settings()


def test_a_duration_that_is_none_is_told_how_they_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a bare number for a duration in the environment, when loaded, then the fault shows one."""
    monkeypatch.setenv("TOCSIN_SNAPSHOT_EVERY", "2")

    with pytest.raises(ConfigInvalid, match=r"expected a duration like PT2S \(2 seconds\).*, found '2'"):
        load_settings()


@pytest.mark.parametrize("what", ["batch", "queue"])
def test_the_limits_that_the_manual_names_are_the_defaults(what: str) -> None:
    """Given the manual's table, when a limit's defaults are looked up there, then they are those of the code."""
    fields = Settings.model_fields
    rows, size = fields[f"{what}_rows"].default, fields[f"{what}_bytes"].default
    names = f"`TOCSIN_{what.upper()}_ROWS`, `TOCSIN_{what.upper()}_BYTES`"

    assert f"| {names} | {rows}, {size // 2**20} MiB |" in MANUAL.read_text()


def test_settings_do_not_change_while_a_process_runs() -> None:
    """Given settings, when somebody writes to them, then that is an error."""
    with pytest.raises(ValidationError, match="frozen"):
        load_settings().group = "other"  # type: ignore[misc]


def test_a_worker_keeps_its_name_and_another_home_is_another_worker() -> None:
    """Given a home, when loaded again, then the member is the same; with another home, another; or as it was set."""
    assert load_settings().member == load_settings(home=Path(".tocsin").absolute()).member
    assert load_settings().member != load_settings(home="elsewhere").member
    assert load_settings(instance="worker-1").member == "worker-1"
