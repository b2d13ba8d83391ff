"""Two sets of rules over the same past: which alerts are about the same, and who is told first."""

import pytest

from projections.fold import Change
from projections.rules.backtest import Backtest, Heard, Story
from projections.rules.model import Episode, Rule
from projections.rules.outcome import Moment
from projections.rules.rivals import Fate, paired
from projections.rules.words import Kind, Measure, State
from tests.projections.rules.world import incident

RULE = Rule("r", (2, 5), by=("site",))
EPISODE = Episode(0, None, 2, 0, 1)


def story(name: str, opened: int, ended: int | None, told: int, rule: Rule = RULE, **said: object) -> Story:
    """An alert of a span of world time that was told at a clock; it is what it is known to be."""
    episode = Episode(opened, ended, 2, opened, 1)._replace(**said)
    state = State.OPEN if ended is None else State.RESOLVED
    return Story(
        name, rule, ("north",), [Heard(told, Kind.RAISED, state, episode, late=False, merged_into=None)], episode
    )


def together(one: Story, other: Story) -> int:
    """How long what they were told to be about runs side by side."""
    (opened, ended), (begins, ends) = one.about, other.about
    return min(ended, ends) - max(opened, begins)


def silences(after: int) -> list[Story]:
    """The alerts of a rule of silence: an attack of day 1, told then, and one of day 795, told on day 806."""
    test = Backtest("test", [Rule("silence", (after,), measure=Measure.SILENCE)])
    for clock, attacks in ((1, [1]), (11, []), (30, []), (806, [795]), (900, [])):
        test.feed([Moment(f"e{clock}", clock, [Change(None, incident(at, at)) for at in attacks])])
    return test.stories()


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
        left = [(a, b) for a in alone[0] for b in alone[1] if together(a.told, b.told) > 0]
        assert left == []
        assert sorted(it.new.alert_id for it in pairs if it.new) == sorted(it.alert_id for it in new)
        assert sorted(it.old.alert_id for it in pairs if it.old) == sorted(it.alert_id for it in old)


class TestASilence:
    """Its alert moves on to the silence of today, when what broke that of then is told late."""

    def test_is_the_one_of_its_day_not_the_one_to_which_it_moved_on(self) -> None:
        """Given one told on day 11 that is about day 805 by now, when another rule tells on day 30 and 900, then 30."""
        new, old = silences(10), silences(20)

        pairs = paired(new, old)

        assert new[0].span.opened_at == 805
        assert [(it.told.raised_at, it.fate, it.lead) for it in pairs] == [
            (11, Fate.EARLIER, 19),
            (806, Fate.APPEARS, None),
            (900, Fate.VANISHES, None),
        ]

    def test_that_was_called_off_lasted_until_then(self) -> None:
        """Given one that was called off while it was open, when another is told of what came later, then two."""
        off = story("a", 10, None, 12)
        off.heard.append(Heard(14, Kind.CANCELLED, State.CANCELLED, off.heard[0].episode, late=False, merged_into=None))

        assert off.about == (10, 14)
        assert [it.fate for it in paired([off], [story("b", 14, None, 15)])] == [Fate.APPEARS, Fate.VANISHES]

    @pytest.mark.parametrize(
        ("first", "later", "about"),
        [
            ((10, None), [(14, 5, None), (20, 5, 18)], (5, 18)),
            ((10, None), [(14, 11, None), (20, 11, 18)], (10, 18)),
            ((10, 12), [(20, 12, None)], (10, 12)),
            ((10, None), [(20, 13, None)], (10, 20)),
            ((10, None), [(20, 3, 10)], (10, 20)),
        ],
        ids=["began earlier", "began later", "moved on from what was over", "on from what was not", "back"],
    )
    def test_is_about_all_it_was_told_to_be_until_it_moved_on(
        self, first: tuple[int, int | None], later: list[tuple[int, int, int | None]], about: tuple[int, int]
    ) -> None:
        """Given an alert told on day 12, when (day, opening, end) is told of it, then it is that until it moved on."""
        it = story("a", *first, 12)
        for clock, opened, ended in later:
            episode = EPISODE._replace(opened_at=opened, ended_at=ended)
            it.heard.append(Heard(clock, Kind.UPDATED, State.OPEN, episode, late=False, merged_into=None))

        assert it.about == about


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
