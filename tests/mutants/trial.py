"""Whether the tests find a slip: a process of its own has the module with the slip in it, and runs them."""

import importlib.abc
import importlib.machinery
import multiprocessing
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import CodeType
from typing import Final

import pytest
from hypothesis import Phase, settings

PATIENCE: Final = 90.0  # seconds, at least
ARGUMENTS: Final = (
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),  # hypothesis is here already, and that does not matter
    *("-x", "-q", "-p", "no:cacheprovider", "--hypothesis-profile=slips", "--hypothesis-seed=0"),
)

FIND: Final = (Phase.explicit, Phase.generate)  # how small an example could be does not matter


class Slipped(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Finds one module, and loads another source for it."""

    def __init__(self, module: str, source: str, path: Path) -> None:
        self._module, self._source, self._path = module, source, path

    def find_spec(self, name: str, *_: object) -> importlib.machinery.ModuleSpec | None:
        """The module, if it is the one; it says where it lies, for those who read on there what its fields mean."""
        if name != self._module:
            return None
        spec = importlib.machinery.ModuleSpec(name, self, origin=str(self._path))
        spec.has_location = True
        return spec

    def get_source(self, fullname: str) -> str:  # noqa: ARG002 -- of the loader's protocol
        """The source with the slip."""
        return self._source

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002
        """The same, compiled; tracebacks name the file."""
        return compile(self._source, str(self._path), "exec")


def found(module: str, source: str, path: Path, tests: Sequence[str], patience: float = PATIENCE) -> bool:
    """Whether a test fails, or does not end in so many seconds, with this source for a module.

    Nothing of ours may be imported yet: the process begins as this one is.
    """
    process = multiprocessing.get_context("fork").Process(target=_run, args=(module, source, path, tests))
    process.start()
    process.join(patience)
    if process.is_alive():
        process.kill()
        process.join()
        return True
    return process.exitcode != 0


def _run(module: str, source: str, path: Path, tests: Sequence[str]) -> None:
    settings.register_profile("slips", deadline=None, max_examples=25, database=None, phases=FIND)
    sys.meta_path.insert(0, Slipped(module, source, path))
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os._exit(pytest.main([*ARGUMENTS, *tests]))
