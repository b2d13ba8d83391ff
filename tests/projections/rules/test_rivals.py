"""Two sets of rules over the same past: which alerts are about the same, and who is told first."""

import pytest

from projections.rules.alerts import overlap
from projections.rules.backtest import Heard, Story
from projections.rules.model import Episode, Rule
from projections.rules.rivals import Fate, paired
from projections.rules.words import Kind, State

RULE = Rule("r", (2, 5), by=("site",))
EPISODE = Episode(0, None, 2, 0, 1)


def story(name: str, opened: int, ended: int | None, told: int, rule: Rule = RULE, **said: object) -> Story:
    """An alert of a span of world time that was told at a clock; it is what it is known to be."""
    episode = Episode(opened, ended, 2, opened, 1)._replace(**said)
    state = State.OPEN if ended is None else State.RESOLVED
    return Story(
        name, rule, ("north",), [Heard(told, Kind.RAISED, state, episode, late=False, merged_into=None)], episode
    )


class TestAPair:
    """Of alerts that are about the same."""

    @pytest.mark.parametrize(
        ("other", "fate", "lead"),
        [
            (story("b", 10, 20, 12), Fate.SAME, 0),
            (story("b", 10, 20, 15), Fate.EARLIER, 3),
            (story("b", 10, 20, 11), Fate.LATER, -1),
            (story("b", 9, 20, 12), Fate.CHANGED, 0),
            (story("b", 10, 20, 12, level=2), Fate.CHANGED, 0),
            (story("b", 10, None, 12), Fate.CHANGED, 0),
        ],
        ids=["the same", "sooner", "later", "another span", "another severity", "another state"],
    )
    def test_says_how_they_differ(self, other: Story, fate: Fate, lead: int) -> None:
        """Given an alert of day 10 to 20 told on day 12, when held against another, then when it was told says most."""
        [pair] = paired([story("a", 10, 20, 12)], [other])

        assert (pair.fate, pair.lead) == (fate, lead)

    def test_is_alone_where_nothing_lies_over_it(self) -> None:
        """Given an alert that begins where another ends, then the one appears, the other vanishes: touching is none."""
        pairs = paired([story("a", 20, 30, 25)], [story("b", 10, 20, 12)])

        assert [(it.fate, it.lead) for it in pairs] == [(Fate.VANISHES, None), (Fate.APPEARS, None)]

    @pytest.mark.parametrize(
        "rule", [Rule("other", (2, 5), by=("site",)), Rule("r", (2, 5), by=("actor",))], ids=["another id", "by"]
    )
    def test_is_of_one_rule_and_group(self, rule: Rule) -> None:
        """Given alerts of another rule, or of one that groups otherwise, then they are not about the same."""
        pairs = paired([story("a", 10, 20, 12)], [story("b", 10, 20, 12, rule)])

        assert {it.fate for it in pairs} == {Fate.APPEARS, Fate.VANISHES}

    def test_is_one_where_both_were_raised_as_one(self) -> None:
        """Given one alert that the old rules lost sight of, then it is the same, whatever lies over it by now."""
        pairs = paired([story("a", 10, 20, 12)], [story("a", 40, 50, 12), story("b", 10, 20, 12)])

        assert {(it.new and it.new.alert_id, it.old and it.old.alert_id) for it in pairs} == {("a", "a"), (None, "b")}

    def test_goes_to_whom_most_lies_over(self) -> None:
        """Given two alerts in the place of one, then the one that has more of it goes on, the other appears."""
        pairs = paired([story("a", 10, 13, 11), story("b", 14, 30, 15)], [story("c", 10, 30, 12)])

        assert [(it.told.alert_id, it.fate) for it in pairs] == [("a", Fate.APPEARS), ("b", Fate.LATER)]

    def test_is_found_as_by_looking_at_all(self) -> None:
        """Given many alerts of both, when paired, then no two are left that lie one over the other."""
        new = [story(f"n{at}", at * 7 % 91, at * 7 % 91 + at % 11 + 1, at) for at in range(40)]
        old = [story(f"o{at}", at * 5 % 91, at * 5 % 91 + at % 13 + 1, at) for at in range(40)]

        pairs = paired(new, old)

        alone = [[it for it in pairs if it.fate is fate] for fate in (Fate.APPEARS, Fate.VANISHES)]
        left = [(a, b) for a in alone[0] for b in alone[1] if overlap(a.told.span, b.told.span) > 0]
        assert left == []
        assert sorted(it.new.alert_id for it in pairs if it.new) == sorted(it.alert_id for it in new)
        assert sorted(it.old.alert_id for it in pairs if it.old) == sorted(it.alert_id for it in old)


class TestAStory:
    """An alert as it would have been told."""

    @pytest.mark.parametrize(
        ("said", "spans"),
        [
            ([(1, State.OPEN)], [(1, None)]),
            ([(1, State.OPEN), (2, State.OPEN), (4, State.RESOLVED)], [(1, 4)]),
            ([(1, State.OPEN), (4, State.RESOLVED), (6, State.OPEN)], [(1, 4), (6, None)]),
            ([(1, State.OPEN), (4, State.RESOLVED), (6, State.CANCELLED)], [(1, 4)]),
            ([(3, State.RESOLVED), (3, State.RESOLVED)], [(3, 3)]),
        ],
        ids=["open", "resolved", "reopened", "called off when it was over", "over when it was told"],
    )
    def test_is_open_from_where_it_was_told_to_be(
        self, said: list[tuple[int, State]], spans: list[tuple[int, int | None]]
    ) -> None:
        """Given its messages, when asked, then it says from when to when people took it to be open."""
        heard = [Heard(at, Kind.UPDATED, state, EPISODE, late=False, merged_into=None) for at, state in said]

        assert Story("a", RULE, ("north",), heard).spoken() == spans
