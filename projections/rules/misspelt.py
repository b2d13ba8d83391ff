"""What is nearly right: values that are near one that may be, and names of fields, read as what they mean. Pure.

That such a name is wrong is told; that the field which is meant is not there, or not as another needs it, would only
follow from that.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from events.marked import Marked, Path
from projections.rules.templates import meant, nearest

CHOICES: Final = re.compile(r"'[^']*'(, '[^']*')*( or '[^']*')?")  # as pydantic lists what may be


def hinted(expected: str, found: str) -> str:
    """What was expected; where it is one of some values, with the one that is nearest to what was found."""
    if not CHOICES.fullmatch(expected) or not found.startswith("'"):
        return expected
    return expected + meant(found.strip("'"), re.findall(r"'([^']*)'", expected))


def as_meant(it: Marked, names: Callable[[Path], Sequence[str]]) -> None:
    """Read fields of misspelt names under those that are meant; of those, no faults of their own are told.

    names: the fields that a mapping may have, by where it stands; none where its names are free.
    """
    _read(it, it.data, (), names)


def _read(it: Marked, data: Any, path: Path, names: Callable[[Path], Sequence[str]]) -> None:
    if isinstance(data, list):
        for at, inner in enumerate(data):
            _read(it, inner, (*path, at), names)
    if isinstance(data, dict) and (known := names(path)):
        _rename(it, data, path, known)
        for name in known:
            _read(it, data.get(name), (*path, name), names)


def _rename(it: Marked, data: dict[str, Any], path: Path, known: Sequence[str]) -> None:
    for name in [name for name in data if name not in known]:
        wanted = nearest(name, known)
        if wanted is not None and wanted not in data:
            data[wanted] = data[name]
            it.unsure.add((*path, wanted))
