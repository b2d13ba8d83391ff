"""An alert as a story: message by message, what caused each, who told it where. `tocsin alerts why` prints it."""

from collections.abc import Mapping
from typing import Any, Final

from streams.cli.alert_words import value
from streams.cli.provenance import alert_named, evidence_told, proved_to, source, told
from streams.cli.tree import Branch

Object = dict[str, Any]
KINDS: Final[Mapping[str, str]] = {
    "incidents.merged": "others were found to be {subject}: {reason}",
    "incidents.split": "others were found not to be {subject}: {reason}",
    "rules.adopted": "{who} adopted rules: {why}",
    "projection.adopted": "{who} adopted another version of the projection: {why}",
    "site.registered": "the site {subject} was registered anew",
}


def story(found: Object) -> Branch:
    """An alert with each of its messages and what caused it, then the incidents that the newest stands on."""
    messages = (_message(it) for it in found["alert"]["messages"])
    return Branch(alert_named(found), (*messages, evidence_told(found)), "bold")


def _message(it: Object) -> Branch:
    late = ", late" if it["late"] else ""
    span = f"since {it['opened_at']}" + (f" until {it['ended_at']}" if it["ended_at"] else "")
    title = f"{it['known_at']} {it['kind']}, {it['severity']}{late}: {value(it)} at {it['peak_at']}, {span}"
    into = (Branch(f"another alert stands for it now: {it['merged_into']}"),) if it["merged_into"] else ()
    wrong = proved_to(it) if it["differences"] else ()
    return Branch(title, (_cause(it), *into, *_evidence(it), *wrong), "bold")


def _cause(it: Object) -> Branch:
    account, reason = it["account"], it["cause"]["reason"]
    if account is None:
        return Branch("because of an event that IS NOT IN THE LOG")
    said = _said(account)
    if reason == "time":
        said = f"time had passed: the clock came to {it['known_at']}" + ("" if said is None else f" ({said})")
    return Branch(f"because {said or account['kind']}", (Branch(source(account)),))


def _said(account: Object) -> str | None:
    """What an event said; None of one that says no more than what time it is."""
    thing, _, change = account["kind"].partition(".")
    if thing == "incident":
        return f"{account['subject']} was {change}: {told(change, account)}"
    return KINDS[account["kind"]].format(**account) if account["kind"] in KINDS else None


def _evidence(it: Object) -> tuple[Branch, ...]:
    """What came to the evidence, and what went."""
    signed = [*(f"+{name}" for name in it["came"]), *(f"-{name}" for name in it["went"])]
    return (Branch(f"evidence {' '.join(signed)}"),) if signed else ()
