"""Rule tests run: each in a timeline of its own, on the real fold, the real evaluator and real tables."""

import time
from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from events.log import Event
from events.values import iso
from projections.rules.spec import Content
from projections.store.scratch import Row, Scratch, scratch
from streams.rule_tests.comparing import Entry, diff, episode, expected_of, message
from streams.rule_tests.form import Expected
from streams.rule_tests.reading import Sheet
from streams.rule_tests.staging import Step, steps


class Failure(NamedTuple):
    """What is not as it should be."""

    place: str  # line:column
    said: str
    diff: list[str]


class Result(NamedTuple):
    """How a test went."""

    file: str
    place: str
    name: str
    failures: list[Failure]
    seconds: float  # that it took, by a clock of no date


def run(sheets: Sequence[Sheet]) -> Iterator[Result]:
    """Run all tests, one after the other."""
    for sheet in sheets:
        with scratch() as tables:
            for number in range(len(sheet.tests)):
                began = time.monotonic()
                failures = list(Run(sheet, number, tables).failures())
                name, seconds = sheet.tests[number].name, time.monotonic() - began
                yield Result(str(sheet.path), sheet.place(number), name, failures, seconds)


class Run:
    """One test."""

    def __init__(self, sheet: Sheet, number: int, tables: Scratch) -> None:
        self._case, self._tables, self._timeline = sheet.tests[number], tables, f"test-{number}"
        self._sheet, self._number = sheet, number
        self._rules = [it for it in sheet.rules if self._case.rule in (None, it["id"])]

    def failures(self) -> Iterator[Failure]:
        """All that is not as it should be, in the order of the steps.

        Messages tell which event caused them, so they are read once for many expectations. Episodes are as of now:
        there a transaction ends.
        """
        waiting: list[Step] = []
        for step in steps(self._case, self._timeline, self._rules):
            waiting.append(step)
            if isinstance(step.what, Expected) and step.what.episodes is not None:
                yield from self._take(waiting)
                waiting = []
        yield from self._take(waiting)

    def _take(self, those: Sequence[Step]) -> Iterator[Failure]:
        """Apply events, and hold what followed against what was expected in between; episodes only at the end."""
        here = self._tables.next_offset
        refused: dict[int, list[str]] = {}
        events = [it.what for it in those if isinstance(it.what, Event)]
        for at, said in self._tables.apply(events) if events else ():
            refused.setdefault(here + at, []).append(said)
        told = deque(self._tables.messages(self._timeline, here))
        for step in those:
            if isinstance(step.what, Expected):
                yield from self._compare(step, step.what, _until(told, here))
                continue
            place = self._sheet.place(self._number, step.path)
            yield from (Failure(place, f"this can not be told: {said}", []) for said in refused.get(here, ()))
            here += 1

    def _compare(self, step: Step, expected: Expected, new: Sequence[Row]) -> Iterator[Failure]:
        place = self._sheet.place(self._number, step.path)
        for name, wanted, found in (
            ("episodes", expected.episodes, self._episodes() if expected.episodes is not None else []),
            ("messages", expected.messages, [message(it) for it in new]),
        ):
            if wanted is not None and (lines := diff(expected_of(wanted), found)):
                yield Failure(place, f"{name} at {iso(expected.known)}", lines)

    def _episodes(self) -> list[Entry]:
        """By the order of the rules, then by opening and group."""
        place = {rule["id"]: at for at, rule in enumerate(self._rules)}
        of: dict[str, Content] = {rule["id"]: rule for rule in self._rules}
        rows = sorted(self._tables.episodes(self._timeline), key=lambda it: place[it["rule"]])
        return [episode(it, of[it["rule"]]) for it in rows]


def _until(told: deque[tuple[int, Row]], end: int) -> list[Row]:
    """Take the messages that events before an offset caused."""
    found = []
    while told and told[0][0] < end:
        found.append(told.popleft()[1])
    return found
