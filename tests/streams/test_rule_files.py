"""A folder of rules is read as one, or refused with everything that is wrong in any of its files."""

import os
import threading
from pathlib import Path

import pytest

from events.errors import ConfigInvalid, Faulty
from projections.rules.form import MOST_RULES
from projections.rules.yaml_file import LARGEST_SET
from streams.rule_files import read_rules


def rule(name: str, more: str = "") -> str:
    return f"- {{id: {name}, levels: {{watch: 2}}{more}}}\n"


def folder(path: Path, **files: str) -> Path:
    """A folder with these files; `__` in a name stands for a dot."""
    path.mkdir(exist_ok=True)
    for name, text in files.items():
        (path / name.replace("__", ".")).write_text(text)
    return path


def faults(path: Path) -> list[str]:
    with pytest.raises(Faulty) as error:
        read_rules(path)
    return error.value.faults


def test_is_read_in_the_order_of_the_names(tmp_path: Path) -> None:
    """Given two files, when their folder is read, then the rules stand in the order of names, then of the file."""
    it = folder(tmp_path, b__yml="rules:\n" + rule("one"), a__yaml="rules:\n" + rule("two") + rule("three"))

    assert [each["id"] for each in read_rules(it)] == ["two", "three", "one"]


def test_holds_other_things_too(tmp_path: Path) -> None:
    """Given hidden files, tests of rules, folders and others, when their folder is read, then they are no rules."""
    it = folder(tmp_path, a__yaml="rules:\n" + rule("one"), a_test__yaml="tests: []", __b__yaml="?", README__md="# x")
    (it / "more.yaml").mkdir()

    assert [each["id"] for each in read_rules(it)] == ["one"]


def test_tells_the_faults_of_all_files(tmp_path: Path) -> None:
    """Given two files with faults and one that is no text, when their folder is read, then all faults are told."""
    it = folder(tmp_path, a__yaml="rules:\n- {id: a}\n", b__yaml="rules: [", d__yaml="rules: []")
    (it / "c.yaml").write_bytes(b"rules: []\n# \xff")

    assert [said.removeprefix(f"{it}/").split(",")[0] for said in faults(it)] == [
        "a.yaml:2:3: levels: expected this field",
        "b.yaml:1:9: expected YAML",
        "c.yaml:2:1: expected UTF-8",
    ]


def test_is_not_waited_for_where_a_file_never_ends(tmp_path: Path) -> None:
    """Given a pipe among the files, when their folder is read, then that is a fault, and nobody waits for it."""
    it = folder(tmp_path, a__yaml="rules:\n" + rule("one"))
    os.mkfifo(it / "b.yaml")

    assert faults(it) == [f"{it}/b.yaml: expected a file, found something else"]


def test_has_each_id_once(tmp_path: Path) -> None:
    """Given an id in three files, one of them faulty, when their folder is read, then each is told with the first."""
    once, twice = rule("one"), rule("two", ", windou: 7d")
    it = folder(tmp_path, a__yaml=f"rules:\n{once}", b__yaml=f"rules:\n{twice}{once}", c__yaml=f"rules:\n{once}")

    assert [said for said in faults(it) if ": id: " in said] == [
        f"{it}/b.yaml:3:8: id: expected one of its own, found one of {it}/a.yaml:2:8",
        f"{it}/c.yaml:2:8: id: expected one of its own, found one of {it}/a.yaml:2:8",
    ]


def test_without_rules_is_no_wish_to_have_none(tmp_path: Path) -> None:
    """Given an empty folder, when it is read, then that is a fault; a file that says there are none is not."""
    assert faults(tmp_path) == [f"{tmp_path}: expected files of rules, *.yaml or *.yml, found none"]
    assert read_rules(folder(tmp_path, a__yaml="rules: []")) == []


def test_is_not_more_than_one_event_carries(tmp_path: Path) -> None:
    """Given files that are small enough alone, when their folder is read, then what they are together is told."""
    half = [rule(f"r{number}") for number in range(MOST_RULES // 2 + 1)]
    other = [it.replace("id: r", "id: s") for it in half]
    many = folder(tmp_path, a__yaml="rules:\n" + "".join(half), b__yaml="rules:\n" + "".join(other))

    assert faults(many) == [f"{many}: expected at most {MOST_RULES} rules, found {len(half) * 2}"]

    long = [rule(f"r{number}", f", description: {'x' * 4000}") for number in range(30)]
    other = [it.replace("id: r", "id: s") for it in long]
    large = folder(tmp_path, a__yaml="rules:\n" + "".join(long), b__yaml="rules:\n" + "".join(other))
    (said,) = faults(large)
    assert said.startswith(f"{large}: expected rules of at most {LARGEST_SET} bytes together, found ")


def test_with_a_file_that_is_gone_says_so(tmp_path: Path) -> None:
    """Given a link to nothing, when its folder is read, then the file is named."""
    (tmp_path / "a.yaml").symlink_to(tmp_path / "nowhere")

    with pytest.raises(ConfigInvalid, match=r"a\.yaml: No such file or directory"):
        read_rules(tmp_path)


def test_that_is_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """Given a pipe that nobody writes to, when it is read as a file, then it says nothing."""
    os.mkfifo(tmp_path / "a")

    assert faults(tmp_path / "a") == [f"{tmp_path}/a:1:1: expected fields, as in `name: value`, found nothing"]


def test_from_a_pipe_is_read_to_its_end() -> None:
    """Given a pipe that somebody writes rules to, as of a shell, when it is read, then it is waited for."""
    source, sink = os.pipe()
    os.write(sink, b"rules:\n- {id: one, ")
    threading.Timer(0.05, lambda: (os.write(sink, b"levels: {watch: 2}}"), os.close(sink))).start()

    assert [each["id"] for each in read_rules(Path(f"/dev/fd/{source}"))] == ["one"]


def test_is_not_looked_at_file_by_file_where_that_would_take_ages(tmp_path: Path) -> None:
    """Given more files, or larger ones, than a set of rules can have, when their folder is read, then that is told."""
    many, large = tmp_path / "many", tmp_path / "large"
    folder(many, **{f"{number}__yaml": "rules: []" for number in range(MOST_RULES + 1)})
    folder(large, **{f"{number}__yaml": "#" * 2**18 for number in range(5)})

    assert faults(many) == [f"{many}: expected at most {MOST_RULES} files, found {MOST_RULES + 1}"]
    assert faults(large) == [f"{large}: expected files of at most 1048576 bytes together, found {5 * 2**18}"]


def test_is_named_so_that_no_terminal_obeys(tmp_path: Path) -> None:
    """Given a file whose name moves the cursor, ends the line and shows backwards, then faults spell it out."""
    folder(tmp_path, **{"a\x1b[1A\n\u202eb__yaml": "x"})

    (told,) = faults(tmp_path)
    assert told.startswith(f"{tmp_path}/a\\x1b[1A\\n\\u202eb.yaml:1:1: ")
