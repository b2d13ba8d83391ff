"""`python -m tests.compiled`, or `make test-compiled`: the core compiled in a copy of the tree, and tested there."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
LEFT_OUT = (".*", "__pycache__", "build", "*.so", "*.pyd", "*.made-from")
TESTED = (
    "tests/events/test_codec.py",
    "tests/projections/rules",
    *(f"tests/projections/test_{name}.py" for name in ("apply", "chain", "fold")),
    "tests/streams/test_compiled.py",
    "tests/streams/test_decoder.py",
    "tests/streams/test_kill.py::test_a_worker_killed_at_any_moment_leaves_nothing_lost_and_nothing_twice",
)


def main() -> None:
    """Build, test, and leave with the exit code of the tests."""
    with tempfile.TemporaryDirectory(prefix="tocsin-compiled-") as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(*LEFT_OUT))
        env = os.environ | {"PYTHONPATH": str(tree), "TOCSIN_COMPILE": "1", "TOCSIN_REQUIRE_COMPILED": "1"}
        for command in (
            ["setup.py", "--quiet", "build_ext", "--inplace"],
            ["-m", "pytest", "-q", "--hypothesis-profile=few", *TESTED, *sys.argv[1:]],
        ):
            done = subprocess.run([sys.executable, *command], cwd=tree, env=env, check=False)
            if done.returncode:
                sys.exit(done.returncode)


main()
