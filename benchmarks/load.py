"""The load: one timeline as a busy feed would tell it, the same on each run.

5 000 sites (Zipf), 1 000 events a day; 20 % told late by 1 to 10 days, 2 % corrections, merges and retractions, 1 %
poison; at least 550 bytes a value. Eight rules, of which an event matches two on average; 1 to 3 % of the events send
a message. The mass is written as JSON directly: making it of our models would take longer than applying it.
"""

import json
import random  # noqa: TID251  (seeded: the same load on each run)
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any
from uuid import UUID

from events.codec import to_record
from events.ids import event_id
from events.log import Event, Written
from events.model import ActorRegistered, Fact, RulesAdopted, SiteRegistered, TimelineOpened
from events.values import Source
from projections.rules.form import RuleSpec
from projections.rules.spec import content_hash, normalise

FEED = Source(feed="load")
START = datetime(2021, 1, 1, tzinfo=UTC)
BEAT = timedelta(days=1) / 1_000  # of recorded time, between two events
SITES, ACTORS = 5_000, 50
COUNTRIES = ("IQ", "SY", "JO", "KW", "LB", "YE", "IL", "SA")
CLASSES = ("attack",) * 5 + ("strike",) * 2 + ("context",) * 2 + ("arrest",)
ATTRIBUTIONS = ("claimed", "suspected", "attributed")
WEAPONS = ("drone", "rocket", "mortar", "ied")
VALUE_BYTES = (550, 650)  # at least, at most
STAGE = 2 + SITES + ACTORS  # events before the first of the mass

ATTACKS: dict[str, Any] = {"class": "attack"}
STRIKES: dict[str, Any] = {"class": "strike"}
RULES: tuple[dict[str, Any], ...] = (
    {"id": "site-week", "where": ATTACKS, "by": "site", "window": "7d", "levels": {"watch": 24, "critical": 60}}
    | {"clear_below": 14, "keep_firing": "2d"},
    {"id": "country-day", "where": ATTACKS, "by": "country", "window": "1d", "levels": {"watch": 90, "warning": 140}}
    | {"clear_below": 55, "keep_firing": "2d"},
    {"id": "actor-week", "where": {**ATTACKS, "attribution": "claimed"}, "by": "actor", "window": "7d"}
    | {"levels": {"watch": 32, "warning": 42}, "clear_below": 20, "keep_firing": "1d"},
    {"id": "drones", "where": {**ATTACKS, "weapon": "drone"}, "by": "site", "window": "14d"}
    | {"levels": {"warning": 9}, "clear_below": 5},
    {"id": "strikes-site", "where": STRIKES, "by": "site", "window": "30d", "levels": {"watch": 12, "warning": 30}}
    | {"clear_below": 7},
    {
        "id": "strikes-day",
        "where": STRIKES,
        "by": "country",
        "window": "1d",
        "levels": {"watch": 50},
        "clear_below": 25,
    },
    {"id": "arrests", "where": {"class": "arrest"}, "by": "actor", "window": "30d", "levels": {"watch": 85}}
    | {"clear_below": 60},
    {"id": "context", "where": {"class": "context"}, "by": ["country", "actor"], "window": "3d"}
    | {"levels": {"warning": 8}, "updates": "none"},
)


def stage(timeline: str, rules: Sequence[dict[str, Any]] = RULES, sites: int = SITES) -> Iterator[Written]:
    """What must be known first: the timeline, its sites and actors, its rules."""
    dice = random.Random(timeline)
    contents = tuple(normalise(RuleSpec.model_validate(rule)) for rule in rules)
    facts: list[Fact] = [TimelineOpened(source=FEED, title="A load", clock="replayed")]
    facts += [_site(f"s{number}", dice.choice(COUNTRIES)) for number in range(sites)]
    facts += [_actor(f"a{number}") for number in range(ACTORS)]
    adopted = RulesAdopted(source=FEED, who="load", why="load", rules=contents, content_hash=content_hash(contents))
    for number, fact in enumerate([*facts, adopted]):
        yield to_record(Event(event_id(timeline, "stage", str(number)), timeline, START, fact))


def _site(name: str, country: str) -> Fact:
    return SiteRegistered(source=FEED, site=name, name=name, site_kind="base", country=country)


def _actor(name: str) -> Fact:
    return ActorRegistered(source=FEED, actor=name, name=name, actor_kind="militia")


@dataclass
class Load:
    """The mass of a timeline, event by event; `number` is the one that comes next."""

    timeline: str = "load"
    number: int = 0
    dice: random.Random = field(init=False)
    recent: list[str] = field(default_factory=list)  # incidents that corrections may speak of
    count: int = SITES  # of sites
    sites: list[str] = field(init=False)
    zipf: list[float] = field(init=False)

    def __post_init__(self) -> None:
        self.sites = [f"s{number}" for number in range(self.count)]
        self.zipf = list(accumulate(1 / (rank + 1) for rank in range(self.count)))
        self.dice = random.Random(self.timeline)  # another timeline has other events, with other ids

    def records(self, count: int) -> Iterator[Written]:
        """The next events, as records without an offset."""
        for _ in range(count):
            yield self._next()

    def reports(self, count: int) -> Iterator[Written]:
        """The next events, first reports only."""
        for _ in range(count):
            yield self._reported(self._now())

    def _now(self) -> datetime:
        self.number += 1
        now = START + BEAT * self.number
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def _next(self) -> Written:
        now, lot = self._now(), self.dice.random()
        if lot < 0.02 and len(self.recent) > 10:
            return self._amendment(now, lot)
        if lot < 0.03:
            return self._poison(now)
        return self._reported(now)

    def _reported(self, now: datetime) -> Written:
        if len(self.recent) > 10_000:
            del self.recent[:5_000]
        self.recent.append(f"incident-{self.number}")
        return self._written(
            "incident.reported", self.recent[-1], now, incident=self.recent[-1], report=self._report(now)
        )

    def _amendment(self, now: datetime, lot: float) -> Written:
        one, other = self.dice.sample(self.recent[-5_000:], 2)
        why = {"reason": "told twice"}
        if lot < 0.01:
            report = self._report(now)
            changes = {
                name: report[name] for name in self.dice.choice((("occurred",), ("site",), ("weapons", "actor")))
            }
            return self._written("incident.corrected", one, now, incident=one, changes=changes)
        if lot < 0.015:
            return self._written("incidents.merged", other, now, survivor=other, merged=[one], **why)
        self.recent.remove(one)
        return self._written("incident.retracted", one, now, incident=one, **why)

    def _poison(self, now: datetime) -> Written:
        """Bytes that are no JSON, a field that is none of ours, or a site that nobody knows."""
        name, report = f"incident-{self.number}", self._report(now)
        kind = self.dice.randrange(3)
        if kind == 1:
            report["colour"] = "blue"
        if kind == 2:
            report["site"] = "nowhere"
        it = self._written("incident.reported", name, now, incident=name, report=report)
        return it._replace(value=b"\x00" + (it.value or b"")) if kind == 0 else it

    def _report(self, now: datetime) -> dict[str, Any]:
        dice = self.dice
        back = dice.uniform(1, 10) if dice.random() < 0.2 else dice.uniform(0, 1 / 24)
        at = (now - timedelta(days=back)).replace(microsecond=0).isoformat()
        said: dict[str, Any] = {
            "class": dice.choice(CLASSES),
            "occurred": {"earliest": at, "latest": at, "precision": "instant"},
            "site": dice.choices(self.sites, cum_weights=self.zipf)[0],
            "actor": {"actor": f"a{dice.randrange(ACTORS)}", "attribution": dice.choice(ATTRIBUTIONS)},
            "weapons": [dice.choice(WEAPONS)],
        }
        if dice.random() < 0.1:
            said["wounded"] = {"us": {"low": 2, "best": 2, "qualifier": "at-least"}}
        return said

    def _written(self, kind: str, subject: str, now: datetime, **said: Any) -> Written:
        body = json.dumps({"source": {"feed": "load"}, **said})[:-1]
        value = f'{body}, "note": "{"x" * (self.dice.randint(*VALUE_BYTES) - len(body) - 12)}"}}'.encode()
        at = now.isoformat().replace("+00:00", "Z")
        attributes = {
            "specversion": "1.0",
            "id": str(UUID(int=self.dice.getrandbits(128), version=4)),
            "source": f"/timelines/{self.timeline}",
            "type": f"tocsin.{kind}.v1",
            "time": at,
            "recordedtime": at,
            "subject": subject,
        }
        headers = [(f"ce_{name}", text.encode()) for name, text in attributes.items()]
        headers.append(("content-type", b"application/json"))
        return Written(-1, round(now.timestamp() * 1000), self.timeline.encode(), value, headers)
