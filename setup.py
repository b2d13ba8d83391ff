"""What pyproject.toml can not say: with TOCSIN_COMPILE=1 the hot modules of the core are compiled (docs/adr/0022).

The list of them is in streams/compiled.py. What a build was made from is noted beside what it made.
"""

import os
import shlex
import shutil
import sys
import sysconfig
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

ROOT = Path(__file__).parent
BUILDING = {"bdist_wheel", "editable_wheel", "build_ext"}  # of the commands; others only ask for metadata

sys.path.insert(0, str(ROOT))
from streams import compiled  # noqa: E402 -- found by the line above

MADE_FROM = compiled.sources(ROOT)  # before they are read: what changes meanwhile shows as stale


class Noting(build_ext):
    """Builds, and notes what it was built from."""

    def run(self) -> None:
        super().run()
        if self.extensions:
            compiled.note(ROOT if self.inplace else Path(self.build_lib), MADE_FROM)


def extensions() -> list[Extension]:
    """What is to be compiled: nothing, unless it is asked for."""
    if os.environ.get("TOCSIN_COMPILE") != "1" or not BUILDING & set(sys.argv):
        return []
    if lacking := what_lacks():
        sys.exit(f"tocsin: not compiled: {lacking}. All works without, only slower")
    from mypyc.build import mypycify  # noqa: PLC0415 -- only who compiles needs it

    files = [f"{name.replace('.', '/')}.py" for name in compiled.MODULES]
    found: list[Extension] = mypycify(files, opt_level="2", debug_level="0", group_name=compiled.LIBRARY)
    return found


def what_lacks() -> str | None:
    """What would be needed for compiling and is not there."""
    compiler = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")[0]
    if not shutil.which(compiler):
        return f"there is no C compiler here ({compiler}; CC names another)"
    if not (Path(sysconfig.get_path("include")) / "Python.h").exists():
        return "Python's headers are not installed (python3-dev)"
    try:
        import mypyc  # noqa: F401, PLC0415 -- only who compiles needs it
    except ImportError:
        return "mypy is not installed here (with pip: and --no-build-isolation)"
    return None


setup(ext_modules=extensions(), cmdclass={"build_ext": Noting})
