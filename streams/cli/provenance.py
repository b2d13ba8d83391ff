"""Provenance in the words of people: the trees that `tocsin why` prints."""

from collections.abc import Mapping, Sequence
from typing import Any

from streams.cli.alert_words import summary, value
from streams.cli.append import many
from streams.cli.tree import Branch
from streams.cli.wording import spoken, spread, toll, when

Object = dict[str, Any]
Said = Mapping[str, Any]
WRONG = "bold red"


def cells(found: Object, asked: str) -> list[Branch]:
    """A tree for each cell: its sums, whether they are those of its parts, and the parts."""
    return [_cell(cell, asked) for cell in found["cells"]]


def _cell(cell: Object, asked: str) -> Branch:
    parts = tuple(Branch(f"{it['incident_id']} {_adds(it['adds'])}", below(it)) for it in cell["contributions"])
    title = f"{asked}: {_sums(cell['stored'])} [{cell['class']}, {cell['timeline']}]"
    return Branch(title, (*_verdict(cell["differences"]), *parts, *more(cell["more"])), "bold")


def _sums(sums: Object) -> str:
    said = [many(sums["incidents"], "incident")]
    said += [f"{sums['coarse']} of them coarse"] if sums["coarse"] else []
    said += [f"{text} {what}" for what in ("wounded", "killed") if (text := spread(sums[what])) != "-"]
    return ", ".join(said)


def _adds(sums: Object) -> str:
    return f"adds {_sums(sums)}"


def _verdict(differences: Sequence[Object]) -> tuple[Branch, ...]:
    """Whether a number is what its parts add up to, in words."""
    if not differences:
        return (Branch("adds up: what is stored is the sum of the parts", style="green"),)
    return tuple(Branch(_difference(it), style=WRONG) for it in differences)


def _difference(it: Object) -> str:
    day = f" on {it['day']}" if it.get("day") else ""
    return f"DOES NOT ADD UP: {it['sum'].replace('_', ' ')}{day}: stored {it['stored']}, the parts say {it['summed']}"


def more(many: int) -> tuple[Branch, ...]:
    """How many are not shown."""
    return (Branch(f"and {many} more; --rows shows them"),) if many > 0 else ()


# -- incidents


def incident_told(it: Object) -> Branch:
    """An incident with all that made it what it is."""
    return Branch(f"{it['incident_id']}: {state(it)} [{it['timeline']}]", (*_fate(it), *below(it)), "bold")


def below(it: Object) -> tuple[Branch, ...]:
    """The versions of an incident, then those that were merged into it with theirs."""
    merged = (Branch(f"also told as {one['incident_id']}: {state(one)}", below(one)) for one in it["merged"])
    return (*map(_version, it["versions"]), *merged)


def state(it: Object) -> str:
    """An incident as it is believed to be."""
    who = f"by {it['actor']}" if it["actor"] else ""
    ground = f"({it['attribution']})" if it["attribution"] != "none" else ""
    day = when(it["occurred_from"], it["occurred_until"], it["precision"])
    quantities = it["quantities"] or {}
    rest = [", ".join(it["weapons"]), *_tolls(quantities), it["outcome"] or ""]
    head = " ".join(filter(None, [day, it["class"], f"at {it['site']}", who, ground]))
    return "; ".join(filter(None, [head, *rest]))


def _tolls(said: Said) -> list[str]:
    counted = [f"{spoken(said[name])} {name}" for name in ("munitions", "targets") if said.get(name)]
    return counted + toll(said.get("wounded"), "wounded") + toll(said.get("killed"), "killed")


def _fate(it: Object) -> tuple[Branch, ...]:
    """Why an incident does not count, if it does not."""
    if it["stands"]:
        return ()
    if it["retracted"]:
        return (Branch("does not count: it was retracted", style=WRONG),)
    return (Branch(f"does not count for itself: it is part of {it['merged_into']}", style="yellow"),)


def _version(it: Object) -> Branch:
    account = it["account"] or {}
    head = f"version {it['version']}, {it['change']} {it['known_from'][:10]}: {told(it['change'], account)}"
    return Branch(head, (Branch(source(account)),))


def told(change: str, account: Said) -> str:
    """What an event said of an incident."""
    said = account.get("said")
    if said is not None:
        return "; ".join(filter(None, [_said(said), account.get("note") or ""])) or "nothing new"
    survivor = f"with {account['survivor']}" if account.get("survivor") else ""
    reason = account.get("reason") or account.get("note") or ""
    return "; ".join(filter(None, [survivor, reason])) or change


def _said(said: Said) -> str:
    """What a report or a correction states, field by field; a field that it takes back says so."""
    gone = [f"{name} taken back" for name, value in said.items() if value is None]
    occurred, actor = said.get("occurred"), said.get("actor")
    parts = [
        said.get("class") or "",
        when(occurred["earliest"], occurred["latest"], occurred["precision"]) if occurred else "",
        f"at {said['site']}" if said.get("site") else "",
        " ".join(filter(None, ["by", actor.get("actor") or "nobody named", f"({actor['attribution']})"]))
        if actor
        else "",
        ", ".join(said.get("weapons") or ()),
        *_tolls(said),
        said.get("outcome") or "",
        f"confidence {said['confidence']}" if said.get("confidence") else "",
    ]
    return ", ".join(filter(None, [*parts, *gone]))


def source(account: Said) -> str:
    """Who said it, and where in it; how good a source it is, where that is known."""
    if not account:
        return "SOURCE MISSING: its event is not in the log"
    name = account["document"] or account["feed"] or "SOURCE MISSING"
    title = f" “{account['title']}”" if account["title"] else ""
    about = "about " if account["inferred"] else ""
    published = f"published {about}{account['published']}" if account["published"] else ""
    grade = f"{account['reliability']}{account['credibility']}"
    position = f"{account['partition']}:{account['event_offset']}"
    kind = "document" if account["document"] else "feed"
    rest = [*account["places"], published, f"graded {grade}" if grade != "F6" else "", f"log position {position}"]
    return ", ".join(filter(None, [f"{kind} {name}{title}", *rest]))


# -- alerts


def alert_told(found: Object) -> Branch:
    """An alert: each message with the check of its evidence, then the incidents that the newest stands on."""
    alert = found["alert"]
    told = (_message(alert["partition"], it) for it in alert["messages"])
    return Branch(alert_named(found), (*told, evidence_told(found)), "bold")


def alert_named(found: Object) -> str:
    """Which alert it is, and how it stands."""
    alert = found["alert"]
    about = f"[{alert['rule']}, {alert['state']}, {alert['severity']}, {alert['timeline']}]"
    return f"{alert['alert_id']}: {summary(alert['messages'][-1])} {about}"


def evidence_told(found: Object) -> Branch:
    """The incidents that the newest message of an alert stands on."""
    newest = found["alert"]["messages"][-1]
    incidents = tuple(
        Branch(f"{it['incident_id']}, told in version {it['told_version']}: {state(it)}", below(it))
        for it in found["evidence"]
    )
    head = f"evidence of the newest message, {many(newest['evidence']['count'], 'incident')}"
    return Branch(head, incidents + more(found["more"]))


def _message(partition: int, it: Object) -> Branch:
    cause = it["cause"]
    where = f"{partition}:{cause['position']['offset']}"
    lines = (
        Branch(f"value {value(it)} at {it['peak_at']}, window {_window(it['window'])}"),
        Branch(f"because of {cause['reason']}: event {cause['event_id']}, log position {where}"),
        Branch(f"rule {it['rule']['id']}, content {it['rule']['content_hash'][:12]}"),
        *(proved_to(it)),
    )
    return Branch(f"{it['kind']} {it['known_at'][:10]}, {it['severity']}", lines)


def proved_to(it: Object) -> tuple[Branch, ...]:
    """Whether a message is what the incidents behind it say."""
    if it["differences"]:
        return _verdict(it["differences"])
    evidence = it["evidence"]
    return (
        Branch(f"evidence holds: {many(evidence['count'], 'incident')}, hash {evidence['hash'][:12]}", style="green"),
    )


def _window(window: Any) -> str:
    return f"since {window['since']}" if isinstance(window, dict) else str(window)
