"""Names of fields that are nearly right: what they say is read as what they mean. Pure.

That such a name is wrong is told; that the field which is meant is not there, or not as another needs it, would only
follow from that.
"""

from collections.abc import Callable, Sequence
from typing import Any

from events.marked import Marked, Path
from projections.rules.templates import nearest


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
        meant = nearest(name, known)
        if meant is not None and meant not in data:
            data[meant] = data[name]
            it.unsure.add((*path, meant))
