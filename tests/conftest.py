"""What tests of every folder share: one real Kafka per run, fresh topics per test, settings that point at them."""

import importlib
import itertools
import os
import signal
from collections.abc import Iterator
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import hypothesis
import pytest

from events.errors import ConfigInvalid
from streams.broker.embedded import EmbeddedKafka
from streams.broker.errors import BrokerUnavailable
from streams.compiled import MODULES, Core, refuse_stale
from streams.settings import Settings, load_settings
from streams.topics import Topics

REQUIRE_COMPILED = os.environ.pop("TOCSIN_REQUIRE_COMPILED", "") == "1"
REQUIRE_KAFKA = os.environ.pop("TOCSIN_REQUIRE_KAFKA", "") == "1"
CACHE = load_settings(broker=None).cache
NO_KAFKA = pytest.StashKey[str]()

_numbers = itertools.count(1)

# a busy machine is no fault of the code: no deadlines
hypothesis.settings.register_profile("tocsin", deadline=None)
hypothesis.settings.register_profile("few", deadline=None, max_examples=25)
hypothesis.settings.load_profile("tocsin")


def pytest_configure() -> None:
    """Test nothing that is not what the sources say; nor sources where the compiled core is to be tested."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job would have children ignore it
    try:
        core = refuse_stale()
    except ConfigInvalid as why:
        raise pytest.UsageError(str(why)) from why
    if REQUIRE_COMPILED:
        files = [importlib.import_module(name).__file__ or name for name in MODULES]
        if core is not Core.COMPILED or any(not it.endswith(tuple(EXTENSION_SUFFIXES)) for it in files):
            raise pytest.UsageError("not everything that is to be compiled is")


@pytest.fixture(autouse=True)
def _no_settings_of_the_developer(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("TOCSIN_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[EmbeddedKafka]:
    """The broker of this test run. Do not end it; a test that wants to has `own_kafka`."""
    yield from _broker(tmp_path_factory.mktemp("kafka"), pytestconfig)


@pytest.fixture
def own_kafka(tmp_path: Path, pytestconfig: pytest.Config) -> Iterator[EmbeddedKafka]:
    """A broker of this test's own, to be killed and restarted."""
    yield from _broker(tmp_path / "kafka", pytestconfig)


@pytest.fixture
def topics() -> Topics:
    """The names of topics that no other test uses; the test makes them."""
    return Topics(prefix=f"t{next(_numbers)}")


@pytest.fixture
def settings(kafka: EmbeddedKafka, topics: Topics, tmp_path: Path) -> Settings:
    """Settings of a worker of this test's own: the shared broker, its own topics, group and home."""
    return load_settings(
        broker=kafka.bootstrap, home=tmp_path / "home", cache=CACHE, prefix=topics.prefix, group=topics.prefix
    )


def _broker(folder: Path, config: pytest.Config) -> Iterator[EmbeddedKafka]:
    broker = EmbeddedKafka(folder, cache=CACHE)
    try:
        broker.start()
    except BrokerUnavailable as why:
        if REQUIRE_KAFKA:
            raise
        config.stash[NO_KAFKA] = str(why)
        pytest.skip(f"no Kafka: {why}")
    yield broker
    broker.stop()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """One loud line when the tests that matter most were not run."""
    if why := config.stash.get(NO_KAFKA, None):
        terminalreporter.write_line(f"EVERY TEST ON A REAL KAFKA WAS SKIPPED: {why}", red=True, bold=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a broker, so that `-m kafka` and `-m "not kafka"` need no second list."""
    for item in items:
        if {"kafka", "own_kafka"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.kafka)
