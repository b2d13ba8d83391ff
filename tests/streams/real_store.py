"""The real projection for a line under test: `tocsin worker`, and numbered events that do a bit of everything."""

import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from events import codec
from events.log import Event
from projections.rules.form import RuleSpec
from projections.rules.spec import content_hash, normalise
from projections.store.content import content
from projections.store.file import PartitionFile
from streams.cli.worker import projection_in
from streams.worker.crash import nowhere
from tests import facts
from tests.streams.line import Store, Write

TIMELINES = 4  # an even number of appended events before keeps each in its partition, of two or of four
RULE = {"id": "attack", "where": {"class": "attack"}, "measure": "count", "window": "1d", "levels": {"watch": 1}}
START = datetime(2015, 1, 1, tzinfo=UTC)


def real_writes(first: int, count: int) -> list[Write]:
    """As the toy's: one in a hundred is bad, one in ten rings, one in fifty says what was said before."""
    return [_write(number) for number in range(first, first + count)]


def _write(number: int) -> Write:
    record = codec.to_record(_event(number - TIMELINES if number % 50 == 40 and number > 40 else number))
    value = b"\x00bad" if number % 100 == 37 else record.value
    return Write(value, record.key, tuple(record.headers), record.timestamp)


def _event(number: int) -> Event:
    """The first events of each timeline are its stage; each of the others tells of an incident, hour by hour."""
    at = START + timedelta(hours=number)
    said: dict[str, Any] = {"at": at, "timeline": f"theatre-{number % TIMELINES}"}
    match number // TIMELINES:
        case 0:
            return facts.opened(clock="replayed", **said)
        case 1:
            return facts.site("north", **said)
        case 2:
            return facts.actor("militia", **said)
        case 3:
            rules = [normalise(RuleSpec.model_validate(RULE))]
            return facts.adopted(*rules, content_hash=content_hash(rules), **said)
    kind = "attack" if number % 10 == 0 else "context"
    return facts.reported(f"i{number}", day=at.date().isoformat(), incident_class=kind, actor="militia", **said)


def real_contents(file: PartitionFile) -> Any:
    file.count()
    return content(file.con) | {"next_offset": file.next_offset, "last_applied": file.last_applied}


REAL = Store(
    [sys.executable, "-c", "from streams.cli.main import main; main()", "worker"],
    lambda home: projection_in(home, nowhere),
    real_contents,
    real_writes,
)
