"""A group of a rule explained in the words of people: the tree that `tocsin rules explain` prints."""

from typing import Any, Final

from streams.cli.alert_words import amount, in_unit
from streams.cli.append import many
from streams.cli.provenance import below, more, state
from streams.cli.tree import Branch

Object = dict[str, Any]


def told(found: Object) -> Branch:
    """Value and level, how far from each level, what becomes of it, and the incidents behind it."""
    group = ", ".join(found["group"].values()) or "all"
    level = found["level"] or "below every level"
    title = f"{found['rule']['id']}, {group}: {amount(found['value'])} at {found['at']}, {level} [{found['timeline']}]"
    lists = (
        _list("adds", found),
        *((_list("takes away", found, "takes"),) if found["takes"] else ()),
        _left_out(found),
    )
    stands = _shut_out(found) or (*_levels(found), *_future(found), *_episode(found))
    return Branch(title, (*stands, *lists), "bold")


# -- where it stands


def _shut_out(found: Object) -> tuple[Branch, ...]:
    """Why nothing of the group can ever count, if that is so; then no level is so and so far away."""
    return tuple(Branch(_never(found["group"][it["field"]], it), style="yellow") for it in found["shut_out"])


def _never(value: str, it: Object) -> str:
    wanted = f"{it['why']}: {{{it['field']}: [{', '.join(it['wanted'])}]}}"
    return f"the rule leaves all of {value} out, so nothing of it can ever count: `{wanted}`"


def _levels(found: Object) -> tuple[Branch, ...]:
    return tuple(Branch(_level(found, it), style="yellow" if it["reached"] else "") for it in found["levels"])


def _level(found: Object, it: Object) -> str:
    said = f"{it['severity']} {in_unit(found['value'], it['threshold'])}: "
    turns = it["changes_at"]
    if it["reached"]:
        return said + ("reached" if turns is None else f"reached, until {turns}")
    missing = in_unit(found["value"], it["missing"])
    if found["measure"] == "silence":
        return said + ("not reached" if turns is None else f"reached at {turns}, if nothing happens until then")
    of = " of the value" if found["measure"] == "surge" else ""  # to which an incident adds several
    return f"{said}{missing} more{of}" + ("" if turns is None else f"; reached at {turns} by what is known")


def _future(found: Object) -> tuple[Branch, ...]:
    if found["measure"] == "silence" or not (found["level"] or found["episode"]):
        return ()
    clear = in_unit(found["value"], found["clear_below"])
    if found["value"][found["value"].get("bound", "best")] < found["clear_below"]:
        over = (Branch(f"below {clear}; over at {found['ends_at']}, unless it rises until then"),)
        return over if found["ends_at"] else ()
    if found["falls_at"] is None:
        return (Branch(f"never falls below {clear}, if nothing more is told"),)
    kept = "" if found["ends_at"] == found["falls_at"] else f"; over at {found['ends_at']}, unless it rises until then"
    return (Branch(f"falls below {clear} at {found['falls_at']}, if nothing more is told{kept}"),)


def _episode(found: Object) -> tuple[Branch, ...]:
    it = found["episode"]
    if it is None:
        return ()
    alert = f"alert {it['alert_id'][:8]}" if it["alert_id"] else "no alert stands for it"
    span = f"since {it['opened_at']}" + (f" until {it['ended_at']}" if it["ended_at"] else "")
    return (Branch(f"episode {span}, {it['severity']}, peak at {it['peak_at']}; {alert}"),)


# -- incidents


def _list(title: str, found: Object, name: str = "adds") -> Branch:
    those = found[name]
    head = f"{title}, {many(len(those) + found['more'][name], 'incident')}"
    return Branch(head, (*(_part(found, it) for it in those), *more(found["more"][name])))


def _part(found: Object, it: Object) -> Branch:
    until = f" until {it['until']}" if it["until"] else ""
    values = f" for {', '.join(it['values'])}" if it["values"] else ""
    adds = f"{'+' if it['adds'] > 0 else '-'}{in_unit(found['value'], abs(it['adds']))}"
    return Branch(f"{it['incident_id']} {adds}{values}{until}: {state(it)}", below(it))


def _left_out(found: Object) -> Branch:
    those = found["left_out"]
    head = f"left out, {many(len(those) + found['more']['left_out'], 'incident')}"
    far = (Branch(f"{many(found['far'], 'incident')} of the group further off"),) if found["far"] else ()
    told = (Branch(f"{it['incident_id']}: {because(it)}: {state(it)}", below(it)) for it in those)
    return Branch(head, (*told, *more(found["more"]["left_out"]), *far))


SAID: Final = {
    "where": "{field} is {found}, the rule wants {wanted}",
    "not": "{field} is {found}, the rule wants none of {wanted}",
    "by": "{field} is not known",
    "vague": "when it happened is known less exactly than the window is long",
    "before": "the window has passed it",
    "after": "it happened after that",
    "since": "it happened before the rule counts",
    "unsaid": "of {field} it says nothing that adds",
    "newer": "{other} is newer",
    "seen": "{wanted} is not new, {other} had it",
    "learned": "{wanted} came while the rule still learned",
    "short": "it was not long enough ago",
}


def because(it: Object) -> str:
    """Why an incident is left out."""
    if it["why"] == "gone":
        return "it was retracted" if it["retracted"] else f"it is part of {it['merged_into']}"
    if it["why"] == "newer" and it["wanted"]:
        return f"{it['other']} is newer, and of {', '.join(it['wanted'])} too"
    found = " and ".join(map(str, it["found"] or ())) or "not known"
    return SAID[it["why"]].format(
        field=it["field"], found=found, wanted=" or ".join(it["wanted"]), other=it["other"] or "another"
    )
