"""YAML text becomes plain data, and all that is wrong with the text is told with its place."""

import json
from operator import itemgetter

import pytest

from events.marked import At, read


def told(text: str) -> list[str]:
    """The faults of a text, in their order in it."""
    found = sorted(read(text).faults, key=itemgetter(0))
    return [f"{at.line}:{at.column} {said.removeprefix('expected ')}" for at, said in found]


class TestATextWithFaults:
    """Data is made of it all the same, and where that is open, nobody guesses."""

    def test_names_every_character_that_may_not_be_there_and_what_else_is_wrong(self) -> None:
        """Given control characters beside other faults, when it is read, then each is told where it stands."""
        text = "a: x\x00\r\nb: [1, \x1b]\na: 2\rc: *d\n"

        assert told(text) == [
            "1:5 text, found the character U+0000",
            "2:8 text, found the character U+001B",
            "3:1 a once, found it again",
            "4:4 plain values, found *d",
        ]

    @pytest.mark.parametrize("mark", [0xAD, 0x61C, 0x200B, 0x200E, 0x202A, 0x202E, 0x2066, 0x2069, 0xFEFF, 0xE0041])
    def test_shows_no_other_text_than_it_holds(self, mark: int) -> None:
        """Given marks that nobody sees, as themselves or escaped, when it is read, then each is told."""
        text = f'# {chr(mark)}\na: [{chr(mark)}, "x\\U{mark:08X}\\U{mark:08X}"]\n"\\U{mark:08X}": 1'

        said = f"text, found the character U+{mark:04X}"
        assert told(text) == [f"1:3 {said}", f"2:5 {said}", f"2:8 {said}", f"3:1 {said}"]

    def test_may_join_and_part_letters(self) -> None:
        """Given zero-width joiners and non-joiners, as in Persian and emojis, when it is read, then they stay."""
        text = "a: \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 \U0001f469\u200d\U0001f680\ufe0f"

        assert (read(text).faults, read(text).data) == ([], {"a": text[3:].strip()})

    def test_does_not_end_its_lines_in_secret(self) -> None:
        """Given separators of lines that editors do not show, or escapes, when it is read, then each is told."""
        assert told('a: x\u2028b\nc: \x85\r\nd: "\\r\\N\\L\\n\\t"') == [
            "1:5 text, found the character U+2028",
            "2:4 text, found the character U+0085",
            "3:4 text, found the character U+000D",
            "3:4 text, found the character U+0085",
            "3:4 text, found the character U+2028",
        ]

    def test_of_nothing_but_such_characters_is_told_a_hundred_of_them(self) -> None:
        """Given a text in which every other character is none, when it is read, then the others are counted."""
        it = told("a\0" * 1_000)

        assert len(it) == 101
        assert it[-2:] == [
            "1:200 text, found the character U+0000",
            "1:200 text, found 900 more such characters after it",
        ]

    def test_says_which_parts_are_open(self) -> None:
        """Given an alias, a tag, a merge key and a control character, when it is read, then the rest is sure."""
        it = read("a: *x\nb: !!int 1\nc: {<<: *x, d: 1}\ne: \x00\nf: [1, \x00]\ng: &x 1")

        sure = {name for name in "abcefg" if it.sure((name,))}
        assert (it.readable, sure) == (True, {"f", "g"})
        assert (it.sure(("c", "d")), it.sure(("f", 0)), it.sure(("f", 1))) == (False, True, False)

    def test_leaves_open_what_stands_under_a_name_that_can_not_be_read(self) -> None:
        """Given a name with a control character, when it is read, then nobody knows what is missing there."""
        it = read("a: {b\x00: 1}\nc: 1")

        assert (it.sure(("a", "b")), it.sure(("c",))) == (False, True)

    def test_is_read_on_after_a_name_that_is_none(self) -> None:
        """Given keys that are lists, mappings and aliases, when it is read, then what follows them is read too."""
        it = read("? [a, {b: [c]}]\n: {d: [1]}\n? *x\n: [2]\ne: 3\ne: 4")

        assert it.data == {"e": 4}
        assert [at for at, _ in it.faults] == [At(1, 3), At(3, 3), At(6, 1)]

    def test_that_is_no_yaml_any_more_keeps_what_was_found_before(self) -> None:
        """Given a fault before the place where YAML ends, when it is read, then both are told, and it is no data."""
        text = "a: &x 1\nb: [\n"

        assert [said.split(" ")[0] for said in told(text)] == ["1:4", "3:1"]
        assert not read(text).readable

    @pytest.mark.parametrize("text", ['a: "\\UFFFFFFFF"', 'a: "\\U00110000"', f"%YAML {'9' * 5_000}.1\n---\na: 1"])
    def test_with_a_number_beyond_all_limits_is_refused(self, text: str) -> None:
        """Given a character that there can not be, or a version of 5,000 digits, when it is read, then that is told."""
        assert [said.split(" ", 1)[1] for said in told(text)] == ["YAML, found a number beyond all limits"]
        assert not read(text).readable

    def test_can_be_written_as_json_also_where_escapes_are_no_text(self) -> None:
        """Given escaped halves of a character, when it is read, then the data has none of them."""
        json.dumps(read('"\\uD800": "\\uDC00"').data, ensure_ascii=False).encode()

    def test_nests_as_deep_as_a_rule_may_and_no_deeper(self) -> None:
        """Given eight lists in each other, or nine, when it is read, then nine are a fault."""
        assert read("[" * 8 + "]" * 8).faults == []
        assert told("[" * 100_000) == ["1:9 at most 8 levels of nesting, found more"]


def test_where_a_part_stands_is_known_also_of_one_that_is_not_there() -> None:
    """Given a path that leads out of the data, when its place is asked for, then it is that of what is around it."""
    it = read("a:\n  - b: 1\n")

    assert it.place(("a", 0, "b")) == At(2, 8)
    assert it.place(("a", 0, "b"), of_key=True) == At(2, 5)
    assert it.place(("a", 0, "c", "d")) == At(2, 5)
