"""Asking for provenance: what `projections.provenance` grows its trees of, from the snapshots of a reader.

A cell is looked for in columns; payloads are read only of the events that made the incidents shown.
"""

from collections.abc import Sequence
from typing import NamedTuple

from events.errors import NotFound
from projections import provenance
from projections.counters import SUMS, TALLY_SUMS
from projections.identity import identity
from projections.provenance import Object
from projections.rules.messages import SHOWN
from projections.store.proving import Proved, proved
from projections.store.reader import Reader


class Cells(NamedTuple):
    """Which cells of the counters a question is about."""

    dimension: str
    key: str = ""  # empty for dimension all
    timelines: Sequence[str] | None = None  # None: any
    classes: Sequence[str] | None = None
    since: str | None = None  # first day
    before: str | None = None  # first day that is not asked for any more


class Several(NotFound):
    """The beginning of an id fits more than one."""

    def __init__(self, what: str, beginning: str, ids: Sequence[str]) -> None:
        super().__init__(f"expected the id of one {what}, found that {beginning!r} begins {', '.join(ids)}")


def why_tally(reader: Reader, site: str, chosen: Cells, rows: int) -> Object:
    """The tallies of a site, each with the incidents that make it."""
    narrowed = {"key": site, "timelines": chosen.timelines, "classes": chosen.classes}
    return _summed(reader, reader.rows("why_tally", **narrowed), chosen, TALLY_SUMS, rows)


def why_counter(reader: Reader, chosen: Cells, rows: int) -> Object:
    """Some cells of the counters, by timeline and class, each with the incidents that make it."""
    return _summed(reader, reader.rows("why_counter", **chosen._asdict()), chosen, SUMS, rows)


def why_incident(reader: Reader, incident: str, timelines: Sequence[str] | None) -> Object | None:
    """One incident with its versions, accounts and merged ones; None when there is none.

    Raises:
        Several: the id fits several.
    """
    asked = {"id": incident, "timelines": timelines}
    known = {timeline for it in reader.as_of for timeline in it.clocks}
    exact = reader.rows("why_incident", identities=[identity(it, incident) for it in sorted(known)], **asked)
    one = _one("incident", incident, exact or reader.rows("why_incident", identities=None, **asked), "incident_id")
    if one is None:
        return None
    node = incidents(reader, [one])[one["partition"], one["number"]]
    return {"agrees": not provenance.unsourced(node), "incident": node}


def why_alert(reader: Reader, alert: str, timelines: Sequence[str] | None) -> Object | None:
    """One alert, its messages held against the incidents, and the evidence of the newest; None: no such alert.

    Raises:
        Several: the id fits several.
    """
    one = _one("alert", alert, reader.rows("why_alert", id=alert, timelines=timelines), "alert_id")
    if one is None:
        return None
    told = reader.rows("why_messages", partition=one["partition"], alert=one["alert_id"])
    found = proved(reader, one, told)
    messages = _story(reader, one["partition"], found)
    made = found[-1].evidence
    shown = [{"partition": one["partition"], **it} for it in made[-SHOWN:]]
    nodes = incidents(reader, shown).values()
    return {
        "agrees": not any(it["differences"] for it in messages),
        "alert": {**one, "messages": messages},
        "evidence": [{**node, "told_version": it["version"]} for it, node in zip(shown, nodes, strict=True)],
        "more": len(made) - len(nodes),
    }


def _story(reader: Reader, partition: int, found: Sequence[Proved]) -> list[Object]:
    """The messages of an alert, each with what its event said, and what came to its evidence and went."""
    offsets = sorted({it.message["cause"]["position"]["offset"] for it in found})
    said = {(it["partition"], it["event_offset"]): it for it in reader.rows("why_accounts", offsets=offsets)}
    behind = [[it["incident_id"] for it in one.evidence] for one in found]
    return [
        {
            **one.message,
            "account": said.get((partition, one.message["cause"]["position"]["offset"])),
            "came": [it for it in now if it not in before],
            "went": [it for it in before if it not in now],
        }
        for one, before, now in zip(found, [[], *behind], behind, strict=False)
    ]


def incidents(reader: Reader, wanted: Sequence[Object]) -> dict[provenance.Key, Object]:
    """These incidents (partition, number), in their order, with all that is below them."""
    keys = [(it["partition"], it["number"]) for it in wanted]
    versions = _versions(reader, keys)
    accounts = reader.rows("why_accounts", offsets=sorted({it["event_offset"] for it in versions})) if keys else []
    grown = provenance.grow(versions, accounts)
    return {key: grown[key] for key in keys}


def _versions(reader: Reader, keys: Sequence[provenance.Key]) -> list[Object]:
    """The versions of incidents and of all that were merged into them, however often."""
    found: dict[provenance.Key, list[Object]] = {}
    while new := {key for key in keys if key not in found}:
        found |= {key: [] for key in new}
        for row in reader.rows("why_versions", numbers=sorted({number for _, number in new})):
            if (key := (row["partition"], row["number"])) in new:
                found[key].append(row)
        names = {(row["partition"], row["timeline"], row["incident_id"]) for key in new for row in found[key]}
        merged = reader.rows("why_merged", names=sorted({name for *_, name in names}))
        into = [(it, (it["partition"], it["timeline"], it["merged_into"])) for it in merged]
        keys = [(it["partition"], it["number"]) for it, survivor in into if survivor in names]
    return [row for key in sorted(found) for row in found[key]]


def _summed(reader: Reader, stored: list[Object], chosen: Cells, sums: Sequence[str], rows: int) -> Object:
    asked = chosen._asdict()
    summed = reader.rows("why_summed", **asked, daily=sums is SUMS)
    found = provenance.cells(stored, summed, sums)
    parts = reader.rows("why_parts", **asked, rows=rows)
    nodes = incidents(reader, parts)
    for cell in found:
        mine = [it for it in parts if all(it[name] == cell[name] for name in ("partition", "timeline", "class"))]
        cell["contributions"] = [
            {"adds": provenance.amounts(provenance.added([it])), **nodes[it["partition"], it["number"]]} for it in mine
        ]
        cell["more"] = cell["summed"]["incidents"] - len(mine)
    return {"agrees": not any(cell["differences"] for cell in found), "question": asked, "cells": found}


def _one(what: str, beginning: str, found: Sequence[Object], name: str) -> Object | None:
    if len(found) > 1:
        raise Several(what, beginning, [f"{it[name]} ({it['timeline']})" for it in found])
    return found[0] if found else None
