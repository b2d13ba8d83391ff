"""From a number down to who said what, where: the tree is grown here, and the sums of its parts are checked. Pure.

Everything is fit for JSON: rows come as queries give them, what goes out is one document.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from projections.counters import BOUNDS, SUMS, TALLY_SUMS

Object = dict[str, Any]
Key = tuple[int, int]  # (partition, number of an incident)

# What a version says of its incident as it then was.
STATE: Final = (
    *("incident_id", "timeline", "partition", "stands", "retracted", "merged_into", "class", "occurred_from"),
    *("occurred_until", "precision", "site", "actor", "attribution", "weapons", "outcome", "confidence", "quantities"),
)


# -- sums


def cells(stored: Iterable[Object], summed: Iterable[Object], sums: Sequence[str] = SUMS) -> list[Object]:
    """The cells of one question by timeline and class: as stored, as their parts add up, and where the two differ.

    Rows of one timeline and class are days of one cell; each day is compared for itself.
    """
    sides: dict[tuple[int, str, str], tuple[dict[Any, Object], dict[Any, Object]]] = {}
    for side, rows in enumerate((stored, summed)):
        for row in rows:
            both = sides.setdefault((row["partition"], row["timeline"], row["class"]), ({}, {}))
            both[side][row["day"]] = row
    found = [_cell(key, *both, sums) for key, both in sorted(sides.items())]
    return [it for it in found if it["differences"] or it["stored"]["incidents"]]


def _cell(
    key: tuple[int, str, str], stored: Mapping[Any, Object], summed: Mapping[Any, Object], sums: Sequence[str]
) -> Object:
    return {
        **dict(zip(("partition", "timeline", "class"), key, strict=True)),
        "stored": amounts(added(stored.values(), sums)),
        "summed": amounts(added(summed.values(), sums)),
        "differences": differences(stored, summed, sums),
    }


def differences(stored: Mapping[Any, Object], summed: Mapping[Any, Object], sums: Sequence[str]) -> list[Object]:
    """Every sum of every day that is not what its parts add up to."""
    nothing: Object = {}
    return [
        {"day": day, "sum": name, "stored": one, "summed": other}
        for day in sorted({*stored, *summed}, key=str)
        for name in sums
        if (one := stored.get(day, nothing).get(name, 0)) != (other := summed.get(day, nothing).get(name, 0))
    ]


def added(rows: Iterable[Object], sums: Sequence[str] = SUMS) -> dict[str, int]:
    """Each of these sums over rows."""
    found = dict.fromkeys(sums, 0)
    for row in rows:
        for name in sums:
            found[name] += row[name]
    return found


def amounts(sums: Mapping[str, int]) -> Object:
    """Sums as readers get them: quantities with their bounds and how many did not say, grounds by name."""
    found: Object = {name: sums[name] for name in ("incidents", "coarse")}
    for what in ("wounded", "killed"):
        unknown = {bound: sums[f"{what}_{bound}_unknown"] for bound in BOUNDS}
        found[what] = {**{bound: sums[f"{what}_{bound}"] for bound in BOUNDS}, "unknown": unknown}
    if len(sums) == len(TALLY_SUMS):
        grounds = TALLY_SUMS[len(SUMS) :]
        found["attribution"] = {name.removeprefix("attribution_"): sums[name] for name in grounds}
    return found


# -- incidents


def grow(versions: Iterable[Object], accounts: Iterable[Object]) -> dict[Key, Object]:
    """Incidents, each with its versions, what was said in the event of each, and the incidents merged into it.

    Args:
        versions: in order of incident and version, those of merged incidents among them.
        accounts: the events of these versions.
    """
    said = {(it["partition"], it["event_offset"]): it for it in accounts}
    found: dict[Key, Object] = {}
    for row in versions:
        node = found.setdefault((row["partition"], row["number"]), {"versions": [], "merged": []})
        node.update({name: row[name] for name in STATE})
        node["versions"].append(_version(row, said.get((row["partition"], row["event_offset"]))))
    names = {(it["partition"], it["timeline"], it["incident_id"]): it for it in found.values()}
    for it in found.values():
        survivor = names.get((it["partition"], it["timeline"], it["merged_into"]))
        if survivor is not None:
            survivor["merged"].append(it)
    return found


def _version(row: Object, account: Object | None) -> Object:
    about = ("version", "change", "event_offset", "known_from", "known_until", "stands", "corrected")
    return {**{name: row[name] for name in about}, "account": account}


def unsourced(incident: Object) -> bool:
    """Whether no report of an incident says who told it: a fault of ours, every report has a document or a feed."""
    reports = [it["account"] for it in incident["versions"] if it["change"] == "reported"]
    return not any(it and (it["document"] or it["feed"]) for it in reports)


# -- alerts


def proof(told: Object, found: Sequence[Mapping[str, Any]], evidence: Object, value: Object) -> list[Object]:
    """Where a message is not what the incidents found say, which would be told as `evidence` and `value`."""
    shown = [{name: it[name] for name in ("incident_id", "version")} for it in told["evidence"]["incidents"]]
    known = {(it["incident_id"], it["version"]) for it in found}
    checks = [
        ("count", told["evidence"]["count"], evidence["count"]),
        ("hash", told["evidence"]["hash"], evidence["hash"]),
        ("incidents", [it for it in shown if (it["incident_id"], it["version"]) not in known], []),
        ("value", told["value"], value),
    ]
    return [{"sum": name, "stored": one, "summed": other} for name, one, other in checks if one != other]
