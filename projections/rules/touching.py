"""What events do to the groups of rules: which members come to which, and which go."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from projections.fold import Change
from projections.incidents import Incident
from projections.rules.matching import Members, Seen, View, Views
from projections.rules.model import Group, Member
from projections.rules.outcome import Key, Moment
from projections.rules.watch import Exchange, Touch

Touches = dict[Key, list[Touch]]  # in log order


def touches_of(views: Views, moments: Sequence[Moment]) -> Touches:
    """What events in log order do to the groups of rules; nothing, where a change is none for the rule."""
    found: Touches = defaultdict(list)
    for place, it in enumerate(moments):
        if len(it.changes) == 1 and it.changes[0].before is None:  # the usual case
            _brought(views, it.changes[0].after, place, found)
        elif it.changes:
            for key, exchanges in _exchanges(views, it.changes).items():
                found[key].append((place, min(it.at for pair in exchanges for it in pair if it), 0, exchanges))
    return found


def exchanges_of(those: Sequence[Touch], index: int, place: int) -> Sequence[Exchange]:
    """What the event at a place did, if it is the one with that index; else nothing."""
    if index == len(those) or those[index][0] != place:
        return ()
    _, at, number, exchanges = those[index]
    return exchanges or [(None, Member(at, number))]


def _brought(views: Views, new: Incident, place: int, found: Touches) -> None:
    touch = place, new.at, new.number, ()
    for rule_id, view, made in views.of(new.incident_class) if new.stands else ():
        for group in view(new):
            if made is None:
                found[rule_id, group].append(touch)
            elif those := made(new):
                found[rule_id, group].append((place, new.at, 0, [(None, it) for it in those]))


def _exchanges(views: Views, changes: Iterable[Change]) -> dict[Key, list[Exchange]]:
    found: dict[Key, list[Exchange]] = defaultdict(list)
    for before, after in changes:
        old = before if before is not None and before.stands else None
        new = after if after.stands else None
        if old is not None or new is not None:
            for rule_id, view, made in _asked(views, old, new):
                for group, exchange in _of_rule(view, made or _counted, old, new):
                    found[rule_id, group].append(exchange)
    return found


def _asked(views: Views, old: Incident | None, new: Incident | None) -> Sequence[Seen]:
    """The rules that may look at an incident as it was, or as it is."""
    classes = {it.incident_class for it in (old, new) if it is not None}
    return views.of(classes.pop()) if len(classes) == 1 else views.all


def _counted(it: Incident) -> Sequence[Member]:
    return (Member(it.at, it.number),)


def _of_rule(view: View, made: Members, old: Incident | None, new: Incident | None) -> Iterator[tuple[Group, Exchange]]:
    was, now = _placed(view, made, old), _placed(view, made, new)
    for group in was | now:
        mine, its = was.get(group, ()), now.get(group, ())
        gone, come = [it for it in mine if it not in its], [it for it in its if it not in mine]
        for pair in zip_longest(gone, come):
            yield group, pair


def _placed(view: View, made: Members, it: Incident | None) -> dict[Group, Sequence[Member]]:
    """What an incident is to a rule, in each of its groups; nothing, where the rule does not look at it."""
    if it is None or not (groups := view(it)):
        return {}
    return dict.fromkeys(groups, made(it))
