"""The hot modules of the core, which can be compiled: what mypyc makes of them lies beside the sources.

Python prefers an extension to the source beside it, whatever that says by now. So each build leaves a manifest of the
sources it was made from, and whoever starts compares: constants and types of any module of these folders may be in the
extensions, so all of them count. `setup.py` builds and takes the list from here; this module needs nothing but Python.
"""

import hashlib
import json
import platform
from collections.abc import Iterator, Mapping
from enum import StrEnum
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Final, NamedTuple

from events.errors import ConfigInvalid

ROOT: Final = Path(__file__).parents[1]
FOLDERS: Final = ("events", "projections")
LIBRARY: Final = "projections.core"  # what is in all of the extensions; in a package, so that it is found as they are
MANIFEST: Final = f"projections/core{EXTENSION_SUFFIXES[0]}.made-from"  # each Python loads its own extensions only
REMEDY: Final = "`make compiled` makes it anew, `make plain` takes it away; where tocsin is installed, install it again"
SHOWN: Final = 3  # files that are named; the rest is counted

MODULES: Final = (
    "events.codec",
    "projections.alerting",
    "projections.apply",
    "projections.batch",
    "projections.chain",
    "projections.claims",
    "projections.counters",
    "projections.fold",
    "projections.growing",
    "projections.history",
    "projections.identity",
    "projections.incidents",
    "projections.known",
    "projections.reading",
    "projections.rows",
    "projections.rules.alerts",
    "projections.rules.counting",
    "projections.rules.engine",
    "projections.rules.lined",
    "projections.rules.lines",
    "projections.rules.matching",
    "projections.rules.members",
    "projections.rules.model",
    "projections.rules.outcome",
    "projections.rules.spans",
    "projections.rules.spells",
    "projections.rules.steps",
    "projections.rules.touching",
    "projections.rules.track",
    "projections.rules.watch",
    "projections.store.seen",
    "projections.store.tables",
)


class Core(StrEnum):
    """What runs when the core is imported."""

    PLAIN = "plain"  # the sources
    COMPILED = "compiled"  # extensions that were made from them
    STALE = "stale"  # extensions that were made from others


class Looked(NamedTuple):
    """How the core is, and why it is stale."""

    core: Core
    why: str = ""


def looked(root: Path = ROOT) -> Looked:
    """Whether extensions are there that this Python would load, and are what the sources say. Milliseconds."""
    if not (there := extensions(root)):
        return Looked(Core.PLAIN)
    try:
        made = json.loads((root / MANIFEST).read_text(encoding="utf-8"))
        before, built = made["sources"], set(made["extensions"])
    except (OSError, ValueError, KeyError, TypeError):
        return Looked(Core.STALE, "nothing says what it was made from")
    if changed := sorted(_differing(before, sources(root)) | (built ^ there)):
        more = f" and {len(changed) - SHOWN} more" if len(changed) > SHOWN else ""
        return Looked(Core.STALE, f"{', '.join(changed[:SHOWN])}{more} changed since it was made")
    return Looked(Core.COMPILED)


def refuse_stale(root: Path = ROOT) -> Core:
    """What runs here: plain or compiled.

    Raises:
        ConfigInvalid: extensions would run that are not what the sources say.
    """
    core, why = looked(root)
    if core is Core.STALE:
        raise ConfigInvalid(f"the compiled core is stale: {why}; {REMEDY}")
    return core


def sources(root: Path) -> dict[str, str]:
    """`{file: sha256}` of all that can be in the extensions."""
    return {it.relative_to(root).as_posix(): hashlib.sha256(it.read_bytes()).hexdigest() for it in _files(root, ".py")}


def extensions(root: Path) -> set[str]:
    """The extensions that this Python would load."""
    return {it.relative_to(root).as_posix() for it in _files(root, *EXTENSION_SUFFIXES)}


def note(root: Path, made_from: Mapping[str, str]) -> None:
    """Leave the manifest of the extensions that are there now."""
    said = {"python": platform.python_version(), "sources": made_from, "extensions": sorted(extensions(root))}
    (root / MANIFEST).write_text(json.dumps(said, indent=1), encoding="utf-8")


def _files(root: Path, *endings: str) -> Iterator[Path]:
    those = (it for folder in FOLDERS for it in (root / folder).rglob("*.*"))
    return (it for it in those if it.name[it.name.index(".") :] in endings)


def _differing(before: Mapping[str, str], now: Mapping[str, str]) -> set[str]:
    return {name for name, _ in before.items() ^ now.items()}
