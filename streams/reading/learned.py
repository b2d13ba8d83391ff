"""What was learned between two instants: incidents, and what followed of them for tallies and alerts."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from projections.store.reader import Reader

Object = dict[str, Any]
FATES = ("retracted", "merged_into")  # whether an incident counts; all else is what is believed of it


def learned(reader: "Reader", since: int, until: int, timelines: "Sequence[str] | None") -> list[Object]:
    """What is known at `until` and was not at `since` (µs): incidents first, then tallies, then alerts."""
    span = {"since": since, "until": until, "timelines": timelines}
    incidents = [_incident(row) for row in reader.rows("diff_incidents", **span)]
    tallies = [_tally(row, incidents) for row in reader.rows("diff_tallies", **span)]
    return [*incidents, *tallies, *(_alert(row) for row in reader.rows("diff_alerts", **span))]


def _incident(row: Object) -> Object:
    fields = _differences(row["was"], row["now"])
    kept = {name: row[name] for name in ("timeline", "incident_id", "site", "class", "stands", "sources")}
    places = {(it["site"], it["class"]) for it in (row["was"], row["now"]) if it}
    return {"about": "incident", "changes": list(_fate(row, fields)), **kept, "fields": fields, "_places": places}


def _fate(row: Object, fields: Object) -> Iterator[str]:
    """What became of an incident, in words."""
    was, now = row["was"], row["now"]
    if was is None:
        yield "added"
    elif set(fields) - set(FATES):
        yield "corrected"
    elif not fields:
        yield "told again"
    if "merged_into" in fields and (was or now["merged_into"]):
        yield "merged" if now["merged_into"] else "split"
    if "retracted" in fields and now["retracted"]:
        yield "withdrawn"


def _tally(row: Object, incidents: "Sequence[Object]") -> Object:
    place = row["site"], row["class"]
    sources = {
        source
        for it in incidents
        if it["timeline"] == row["timeline"] and place in it["_places"]
        for source in it["sources"]
    }
    kept = {name: row[name] for name in ("timeline", "site", "class")}
    return {
        "about": "tally",
        "changes": ["changed" if row["was"] else "added"] if row["now"] else ["gone"],
        **kept,
        "sources": sorted(sources),
        "fields": _differences(row["was"], row["now"]),
    }


def _alert(row: Object) -> Object:
    kept = {name: row[name] for name in ("timeline", "alert_id", "rule", "title", "group", "annotations", "sources")}
    fields = _differences(row["was"], row["now"])
    change = "raised" if row["was"] is None else row["now"]["state"] if "state" in fields else "changed"
    return {
        "about": "alert",
        "changes": [change if fields else "told again"],
        **kept,
        "now": row["now"],
        "fields": fields,
    }


def _differences(was: Object | None, now: Object | None) -> Object:
    """The fields that are others: name -> [from, to]; without a side, what the other one states."""
    names = [name for name in (now or was or {}) if (was or {}).get(name) != (now or {}).get(name)]
    return {name: [(was or {}).get(name), (now or {}).get(name)] for name in names}
