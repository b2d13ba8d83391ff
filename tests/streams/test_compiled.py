"""The core as extensions: what is stale is never used, and what is compiled says what the sources say."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

from events.errors import ConfigInvalid
from streams import compiled
from streams.compiled import MANIFEST, MODULES, Core, looked, note, refuse_stale, sources
from streams.doctor import here
from streams.doctor.finding import Verdict

ROOT = Path(__file__).parents[2]
EXTENSION = f"projections/fold{EXTENSION_SUFFIXES[0]}"
PLAIN = shutil.ignore_patterns("__pycache__", "*.so", "*.pyd", "*.made-from")
FOLD = """
import json
from pathlib import Path
from benchmarks.load import Load, stage
from projections import fold
from projections.apply import apply_batch
from projections.store.content import content
from projections.store.file import PartitionFile
told = [*stage("load", sites=50), *Load(count=50).records(3000)]
records = [it._replace(offset=offset) for offset, it in enumerate(told)]
file = PartitionFile(Path("p0.duckdb"), 0, 1)
for start in range(0, len(records), 700):
    apply_batch(file, records[start : start + 700], start, min(start + 700, len(records)))
file.count()
print(json.dumps([fold.__file__, content(file.con)]))
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Two sources and an extension that was made from them."""
    for name in ("events/model.py", "projections/fold.py", EXTENSION):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"# {name}\n")
    note(tmp_path, sources(tmp_path))
    return tmp_path


def copied(target: Path) -> Path:
    """The sources of this tree, nothing compiled."""
    for name in ("events", "projections", "seeds", "streams", "benchmarks"):
        shutil.copytree(ROOT / name, target / name, ignore=PLAIN)
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, target / name)
    return target


def run(tree: Path, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Python over the sources of a tree, as in a folder where nobody has done anything yet."""
    env, home = {**os.environ, "PYTHONPATH": str(tree), **more}, tree / "home"
    home.mkdir(exist_ok=True)
    return subprocess.run([sys.executable, *command], cwd=home, env=env, capture_output=True, text=True, check=False)


def tocsin(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run(tree, "-c", "from streams.cli.main import main; main()", *arguments, TOCSIN_BROKER="127.0.0.1:1")


def test_every_module_of_the_list_is_there() -> None:
    """Given the list of what is compiled, then each is a module, once."""
    assert [name for name in MODULES if not (ROOT / f"{name.replace('.', '/')}.py").is_file()] == []
    assert len(set(MODULES)) == len(MODULES)


class TestLooking:
    def test_finds_what_is_as_its_sources_say(self, tree: Path) -> None:
        """Given extensions and the sources that they were made from, when looked at, then they are compiled."""
        assert (looked(tree).core, refuse_stale(tree)) == (Core.COMPILED, Core.COMPILED)

    def test_finds_nothing_where_nothing_is_compiled(self, tree: Path) -> None:
        """Given only a manifest, or extensions of another Python, when looked at, then plain sources run."""
        (tree / EXTENSION).rename(tree / "projections/fold.cpython-20-any.so")

        assert looked(tree) == (Core.PLAIN, "")

    @pytest.mark.parametrize(
        ("change", "named"),
        [
            (lambda it: (it / "events/model.py").write_text("LIMIT = 2"), "events/model.py"),
            (lambda it: (it / "projections/fold.py").unlink(), "projections/fold.py"),
            (lambda it: (it / "events/more.py").write_text(""), "events/more.py"),
            (lambda it: (it / f"events/codec{EXTENSION_SUFFIXES[0]}").touch(), "events/codec"),
            (lambda it: (it / EXTENSION).rename(it / f"events/codec{EXTENSION_SUFFIXES[0]}"), "events/codec"),
            (lambda it: (it / MANIFEST).unlink(), "nothing says"),
            (lambda it: (it / MANIFEST).write_text("[]"), "nothing says"),
            (lambda it: (it / MANIFEST).write_text("{"), "nothing says"),
        ],
        ids=[
            "changed, not compiled itself", "gone", "new", "an extension more", "another extension",
            "no manifest", "another manifest", "half a manifest",
        ],
    )  # fmt: skip
    def test_refuses_what_is_not(self, tree: Path, change: Callable[[Path], object], named: str) -> None:
        """Given sources, extensions and manifest that differ, when one starts, then it is refused, and named."""
        change(tree)

        with pytest.raises(ConfigInvalid, match=rf"^the compiled core is stale: .*{named}.*make compiled.*make plain"):
            refuse_stale(tree)
        assert here.core(looked(tree)).verdict is Verdict.FAIL

    def test_names_a_few_of_many(self, tree: Path) -> None:
        """Given many differences, when looked at, then three are named and the rest is counted."""
        for number in range(9):
            (tree / f"events/e{number}.py").touch()

        assert looked(tree).why == "events/e0.py, events/e1.py, events/e2.py and 6 more changed since it was made"


def test_every_verb_refuses_what_is_stale_and_the_doctor_says_so(tmp_path: Path) -> None:
    """Given a stale extension, when verbs are typed, then one line says what to do; help and doctor work."""
    tree = copied(tmp_path)
    (tree / EXTENSION).write_bytes(b"no extension at all")

    refused, helped, looks = tocsin(tree, "tallies"), tocsin(tree, "--help"), tocsin(tree, "doctor", "--json")

    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert refused.stderr.startswith("tocsin: the compiled core is stale: ")
    assert helped.returncode == 0
    [found] = [it for it in json.loads(looks.stdout) if it["check"] == "core"]
    assert (found["verdict"], looks.returncode) == ("fail", 1)


def test_nothing_is_compiled_without_being_asked_or_without_a_compiler(tmp_path: Path) -> None:
    """Given a tree, when built, then nothing is compiled; when asked to, without a compiler, a line says so."""
    tree = copied(tmp_path)
    build = (str(tree / "setup.py"), "--quiet", "build_ext", "--inplace")

    unasked = subprocess.run([sys.executable, *build], cwd=tree, capture_output=True, text=True, check=False)
    asked = run(tree, *build, TOCSIN_COMPILE="1", CC="/nowhere/cc")

    assert (unasked.returncode, compiled.extensions(tree)) == (0, set())
    assert asked.returncode == 1
    assert asked.stderr.count("\n") == 1
    assert "not compiled: there is no C compiler here (/nowhere/cc" in asked.stderr
    assert "All works without" in asked.stderr


@pytest.mark.skipif(looked().core is Core.PLAIN, reason="nothing is compiled here; `make test-compiled` compares")
def test_the_same_log_gives_the_same_tables_plain_and_compiled(tmp_path: Path) -> None:
    """Given a log with everything in it, when it is folded by the sources and by the extensions, then all is equal."""
    plain = copied(tmp_path / "plain")

    here_made, of_these = folded(ROOT, tmp_path / "compiled")
    there_made, of_those = folded(plain, tmp_path / "sources")

    assert (Path(here_made).suffix != ".py", Path(there_made).suffix) == (True, ".py")
    assert of_these == of_those
    assert {"incident_versions", "alert_messages", "counters", "rejected"} <= of_these.keys()
    assert not of_these["alert_messages"].startswith("0 rows")


def folded(tree: Path, folder: Path) -> tuple[str, dict[str, str]]:
    folder.mkdir()
    env = {**os.environ, "PYTHONPATH": str(tree)}
    done = subprocess.run([sys.executable, "-c", FOLD], cwd=folder, env=env, capture_output=True, text=True, check=True)
    made, content = json.loads(done.stdout)
    return made, content
