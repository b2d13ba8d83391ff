"""A worker process over the toy store; settings as the real one's (TOCSIN_*)."""

import asyncio
import os
import sys

from events.errors import TimelineError
from streams.cli.main import told
from streams.crash import crash_at
from streams.faust.batches import Limits
from streams.line import Line
from streams.logs import set_up_logs
from streams.settings import load_settings
from streams.topics import Topics
from streams.worker import work
from tests.streams.toy_store import toy_projection

if __name__ == "__main__":
    settings = load_settings()
    set_up_logs(settings.log_level, settings.log_format)
    assert settings.broker
    line = Line(
        servers=settings.broker,
        topics=Topics(settings.prefix),
        group=settings.group,
        member=settings.member,
        home=settings.home,
        batch=Limits(settings.batch_rows, settings.batch_bytes),
        queue=Limits(settings.queue_rows, settings.queue_bytes),
        snapshot_every=settings.snapshot_every.total_seconds(),
        partitions=settings.partitions,
    )
    reached = crash_at(os.environ.get("TOCSIN_CRASH_AT"))
    code = 0
    try:
        asyncio.run(work(line, toy_projection(settings.home, reached), reached))
    except TimelineError as error:
        code = told(error)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
