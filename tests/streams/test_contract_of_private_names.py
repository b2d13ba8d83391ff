"""The names of Faust, mode and aiokafka that we use and that are no promise of theirs: each must be what we think.

A new version that breaks one of these fails here, with the name, and not in a worker at night.
"""

import ast
import inspect
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.consumer import fetcher, group_coordinator, subscription_state
from faust.app.base import App, BootStrategy
from faust.channels import Channel
from faust.tables.manager import TableManager
from faust.tables.recovery import Recovery
from faust.transport import consumer as faust_consumer
from faust.transport.drivers import aiokafka as driver
from mode import Service
from mode.utils.queues import FlowControlEvent, ThrowableQueue

OURS = Path(__file__).parents[2] / "streams" / "faust"

# owner, name, the parameters we rely on (None: not a function), what we need of it
OVERRIDDEN = [
    (App, "_new_transport", ["self"], "makes the transport, so that its consumer is ours"),
    (driver.Consumer, "_new_consumer_thread", ["self"], "makes the thread, so that its consumer is tuned"),
    (driver.AIOKafkaConsumerThread, "_create_worker_consumer", ["self", "transport"], "makes aiokafka's consumer"),
    (driver.Consumer, "seek_to_committed", ["self"], "is called after every assignment"),
    (driver.Consumer, "_getmany", ["self", "active_partitions", "timeout"], "fetches"),
    (driver.Consumer, "_to_message", ["self", "tp", "record"], "makes what the agent gets"),
    (faust_consumer.Consumer, "_wait_next_records", ["self", "timeout"], "is called before each fetch"),
    (faust_consumer.Consumer, "on_buffer_full", ["self", "tp"], "stops fetching"),
    (faust_consumer.Consumer, "on_buffer_drop", ["self", "tp"], "fetches again"),
    (faust_consumer.Consumer, "verify_all_partitions_active", ["self"], "complains that nothing is committed"),
    (TableManager, "on_start", ["self"], "sleeps a second, then makes channels and recovers"),
]
FETCH = ["self", "consumer", "active_partitions", "timeout", "max_records"]
CALLED = [
    (driver.AIOKafkaConsumerThread, "_ensure_consumer", ["self"], "gives aiokafka's consumer"),
    (driver.AIOKafkaConsumerThread, "_fetch_records", FETCH, "fetches"),
    (TableManager, "_update_channels", ["self"], "says that there are no more tables"),
    (group_coordinator.GroupCoordinator, "check_errors", ["self"], "raises what the coordinator keeps to itself"),
    (Service, "wait_first", None, "waits for one of several, or the end"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("owner", "name", "parameters", "use"), OVERRIDDEN + CALLED, ids=[one[1] for one in OVERRIDDEN + CALLED]
)
def test_a_method_we_replace_or_call_is_there(owner: type, name: str, parameters: list[str] | None, use: str) -> None:
    """Given the pinned versions, when we look for a method, then it takes what we give."""
    method = getattr(owner, name, None)

    assert method is not None, f"{owner.__module__}.{owner.__name__}.{name}, which {use}, is gone"
    if parameters is not None:
        assert list(inspect.signature(method).parameters)[: len(parameters)] == parameters, name


@pytest.mark.parametrize(
    ("where", "text"),
    [
        (faust_consumer.Consumer.perform_seek, "await self.seek_to_committed()"),
        (Recovery, "consumer.perform_seek()"),
        (faust_consumer.Consumer.getmany, "await self._wait_next_records(timeout)"),
        (faust_consumer.Consumer.getmany, "self._to_message"),
        (faust_consumer.Consumer._drain_messages, "r_offset is None or offset >= r_offset"),
        (faust_consumer.Consumer._wait_next_records, "await self._getmany("),
        (driver.Consumer._new_consumer_thread, "ConsumerThread"),
        (driver.AIOKafkaConsumerThread.on_start, "self._create_consumer("),
        (driver.AIOKafkaConsumerThread._create_consumer, "self._create_worker_consumer("),
        (TableManager.on_start, "await self._update_channels()"),
        (TableManager.on_start, "await self.recovery.start()"),
        (BootStrategy._should_enable_kafka_producer, "return self.enable_kafka_producer"),
        (AIOKafkaConsumer.start, "isolation_level=self._isolation_level"),
        (AIOKafkaConsumer.start, "fetch_max_wait_ms=self._fetch_max_wait_ms"),
        (fetcher.FetchResult._update_position, "state.consumed_to("),
    ],
    ids=lambda value: value if isinstance(value, str) else getattr(value, "__name__", repr(value)),
)
def test_a_method_we_replace_is_called_where_we_think(where: Any, text: str) -> None:
    """Given the source of the pinned versions, when we read it, then the seam is where we cut."""
    assert text in inspect.getsource(where), f"{where.__qualname__}: {text}"


async def test_the_attributes_of_aiokafkas_consumer_are_there() -> None:
    """Given a consumer that was not started, when we look inside, then the attributes we set and read are there."""
    consumer = AIOKafkaConsumer(group_id="g")

    for name in ("_fetch_max_wait_ms", "_isolation_level", "_coordinator", "_subscription"):
        assert hasattr(consumer, name), f"AIOKafkaConsumer.{name} is gone"
    await consumer.stop()


def test_a_partitions_position_can_be_read_without_waiting() -> None:
    """Given aiokafka's subscription state, when we look inside, then the way to a position is there."""
    names = [
        (subscription_state.SubscriptionState, "subscription"),
        (subscription_state.Subscription, "assignment"),
        (subscription_state.Assignment, "state_value"),
        (subscription_state.TopicPartitionState, "has_valid_position"),
        (subscription_state.TopicPartitionState, "position"),
    ]

    for owner, name in names:
        assert hasattr(owner, name), f"{owner.__name__}.{name} is gone"


def test_a_consumer_keeps_what_it_reads_in_the_attributes_we_write() -> None:
    """Given Faust's consumer, when we look inside, then the read offset that we set on a rewind is there."""
    source = inspect.getsource(faust_consumer.Consumer)

    assert "self._read_offset" in source, "Consumer._read_offset is gone"
    assert "self._thread" in inspect.getsource(faust_consumer.ThreadDelegateConsumer), "Consumer._thread is gone"


async def test_the_agents_queue_can_be_looked_into() -> None:
    """Given Faust's channel, when we look inside its queue, then what waits there can be counted."""
    queue = ThrowableQueue(maxsize=1, flow_control=FlowControlEvent())

    assert hasattr(queue, "_queue"), "ThrowableQueue._queue is gone"
    assert "queue" in dir(Channel), "Channel.queue is gone"


def test_every_private_name_that_we_use_is_named_here() -> None:
    """Given our Faust code, when a new private name is used in it, then this file must name it."""
    here = Path(__file__).read_text()
    defined: set[str] = set()
    used: set[str] = set()
    for module in OURS.glob("*.py"):
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.startswith("__"):
                used.add(node.attr)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                defined.add(node.name)
            if isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                defined |= {t.attr for t in targets if isinstance(t, ast.Attribute) and ast.unparse(t.value) == "self"}

    missing = {name for name in used - defined if name not in here}
    assert not missing, f"no contract for {sorted(missing)}"


@pytest.mark.parametrize(
    ("package", "pinned"), [("faust-streaming", "0.15.3"), ("mode-streaming", "0.7.1"), ("aiokafka", "0.14.0")]
)
def test_the_versions_whose_private_names_we_use_are_pinned(package: str, pinned: str) -> None:
    """Given the installed packages, when we ask their versions, then they are the ones this was written for."""
    assert version(package) == pinned
