"""Whatever stands where rules should be is refused with its place, and the rules in force stay. No broker is there."""

import json
from pathlib import Path

import pytest

from events.errors import Faulty
from projections.rules import yaml_file
from projections.rules.spec import content_hash
from tests import facts
from tests.published import publish
from tests.streams.test_rules import DECISION, ONE, run

LAUGHS = "a: &a [ha, ha]\n" + "".join(
    f"{it}: &{it} [*{was}, *{was}]\n" for was, it in zip("abcdefgh", "bcdefghi", strict=True)
)
BAD: dict[str, tuple[bytes, str]] = {
    "an unknown key": (ONE.replace("window", "windou").encode(), "did you mean window?"),
    "levels that do not rise": (b"rules: [{id: a, levels: {watch: 2, warning: 2}}]", "more than watch, 2"),
    "a window of nothing": (ONE.replace("7d", "0d").encode(), "longer than nothing"),
    "a clear_below too high": (ONE.replace("7d", "7d, clear_below: 3").encode(), "at most the lowest level, 2"),
    "an unknown gap": (ONE.replace("7d", "7d, annotations: {a: '{stie}'}").encode(), "did you mean site?"),
    "an id twice": ((ONE + ONE.removeprefix("rules:\n")).encode(), "expected one of its own"),
    "an anchor in a circle": (b"rules: &a\n- *a", "expected plain values, found &a"),
    "a billion laughs": (LAUGHS.encode(), "expected plain values, found &a"),
    "10 MB": (b"# " + b"x" * 10 * 2**20, "expected at most 262144 bytes, found more"),
    "no UTF-8": ("rules: []".encode("utf-16"), "expected UTF-8, found byte 0xff"),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one rule in force."""
    home, found = tmp_path_factory.mktemp("home"), yaml_file.read(ONE)
    publish(home, facts.staged(facts.adopted(*found, content_hash=content_hash(found))))
    return home


@pytest.mark.parametrize(("raw", "said"), BAD.values(), ids=BAD.keys())
def test_bad_rules_are_refused_and_those_in_force_stay(home: Path, tmp_path: Path, raw: bytes, said: str) -> None:
    """Given a rule in force, when a bad file is applied, then its faults have places, and the rule is in force."""
    file = tmp_path / "rules.yaml"
    file.write_bytes(raw)

    done = run(home, "apply", str(file), *DECISION, "--yes")

    assert isinstance(done.exception, Faulty)
    assert any(said in fault for fault in done.exception.faults)
    assert all(fault.startswith(f"{file}:") and "\n" not in fault for fault in done.exception.faults)
    assert [it["content"] for it in json.loads(run(home, "list", "--json").stdout)] == yaml_file.read(ONE)
