"""Names that a question holds: those that nothing bears, and which ones were meant: a slip does not pass for "none"."""

import difflib
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from events.errors import NotFound

if TYPE_CHECKING:
    from projections.store.reader import Reader

# what a verb calls it -> what it is; `key` and `keys` are of the verb's dimension
ASKED: Final = {
    "timelines": "timeline",
    "sites": "site",
    "site": "site",
    "actors": "actor",
    "countries": "country",
    "classes": "class",
    "site_kinds": "kind of site",
    "kinds": "kind of event",
    "metrics": "metric",
    "assertion": "assertion",
    "keys": "dimension",
    "key": "dimension",
}
MEANT: Final = 3  # at most so many are named
FEW: Final = 8  # so many are all named, when none is near
NEAR: Final = 0.6  # of 1: the same


def check_names(reader: "Reader", asked: Mapping[str, Any]) -> None:
    """Check that whatever a question names is known, in the timelines it is about; not whether it has rows.

    Raises:
        NotFound: each name that is not, with those that may be meant.
    """
    timelines = asked.get("timelines")
    said = [(what, _listed(asked[it])) for it, what in ASKED.items() if asked.get(it)]
    for what, names in said:  # what is not in a timeline that is none is no wonder: that one comes first
        kind = asked["dimension"] if what == "dimension" else what
        if kind == "all":
            continue  # it has no keys, as the verb says
        if faults := unknown(reader, kind, names, None if what == "timeline" else timelines):
            raise NotFound(list(faults.values()))


def check_name(reader: "Reader", what: str, name: str, timeline: str) -> None:
    """Check that a name of a kind is known in a timeline.

    Raises:
        NotFound: it is not; with those that may be meant.
    """
    if faults := unknown(reader, what, [name], [timeline]):
        raise NotFound(list(faults.values()))


def _listed(names: str | Collection[str]) -> Collection[str]:
    return [names] if isinstance(names, str) else names


def unknown(
    reader: "Reader", what: str, names: Collection[str], timelines: Collection[str] | None, *, standing: bool = False
) -> dict[str, str]:
    """The names that nothing of a kind bears, each with what is to be said of it.

    Args:
        reader: of the snapshots.
        what: the kind.
        names: those that are asked about.
        timelines: where; None: anywhere.
        standing: of incidents only what those that stand are believed to be; else what was ever said of any.
    """
    rows = [
        it
        for it in _known(reader, what, standing=standing)
        if timelines is None or it["timeline"] in {None, *timelines}
    ]
    called: dict[str, list[str]] = {}
    for it in rows:
        called.setdefault(it["name"], []).extend((it["called"] or "").split("|"))
    places = [] if what == "timeline" else timelines or sorted({it["timeline"] for it in rows} - {None})
    where = f" in {', '.join(places)}" if 0 < len(places) <= MEANT else ""
    return {name: f"no {what} {name!r}{where}{meant(name, called)}" for name in names if name not in called}


def _known(reader: "Reader", what: str, *, standing: bool) -> list[dict[str, Any]]:
    """The names of a kind, each with its timeline and what else it is called; None: they are of no timeline."""
    from events.model import FACTS
    from events.values import Attribution

    fixed: dict[str, Iterable[str]] = {"kind of event": [it.kind for it in FACTS], "attribution": list(Attribution)}
    if what in fixed:
        return [{"timeline": None, "name": str(it), "called": None} for it in fixed[what]]
    return reader.rows("names", what=what, standing=standing)


def meant(name: str, called: Mapping[str, Collection[str]]) -> str:
    """Which of the known names may be meant, as the end of a sentence; all of them where they are few."""
    if near := nearest(name, called):
        return f"; did you mean {' or '.join(near)}?"
    if len(called) > FEW:
        return ""
    return f"; there {'is' if len(called) < 2 else 'are'} {', '.join(sorted(called)) or 'none'}"  # noqa: PLR2004


def nearest(name: str, called: Mapping[str, Collection[str]]) -> list[str]:
    """The names that are like this one, or are called something like it, the nearest first.

    Args:
        name: the one that is none.
        called: the known names, and what else each is called.
    """
    wanted, words = name.lower(), {word.lower(): it for it, those in called.items() for word in (*those, it) if word}
    near = difflib.get_close_matches(wanted, words, MEANT, NEAR)
    parts = [word for word in words if len(wanted) >= MEANT and wanted in word]
    return list(dict.fromkeys(words[it] for it in (*near, *parts)))[:MEANT]
