"""The definition of an episode, written to be read: every value is computed afresh from its definition.

Quadratic on purpose. The evaluator and the SQL oracle are held against this.
"""

from collections.abc import Iterable, Sequence

from projections.rules.model import FOREVER, Episode, Member, Rule
from projections.rules.words import Measure


def counted(rule: Rule, members: Iterable[Member]) -> list[Member]:
    """The members that the rule looks at, in order of (instant, number)."""
    return sorted(it for it in members if it.at >= rule.since)


def in_window(rule: Rule, members: Sequence[Member], at: int) -> list[Member]:
    """The members of the half-open window (at - window, at]."""
    return [it for it in members if at - rule.window < it.at <= at]


def value(rule: Rule, members: Sequence[Member], at: int) -> int:
    """V(at), by definition."""
    window = in_window(rule, members, at)
    values = {
        Measure.COUNT: lambda: len(window),
        Measure.SUM: lambda: sum(it.weight for it in window),
        Measure.DISTINCT: lambda: len({it.value for it in window}),
        Measure.NEW: lambda: len([it for it in firsts(members) if it in window and it.at >= rule.learn_until]),
        Measure.SURGE: lambda: rule.preceding * len(window) - len(preceding(rule, members, at)),
        Measure.SILENCE: lambda: max((level for level in rule.levels if level <= silent(members, at)), default=0),
    }
    return values[rule.measure]()


def preceding(rule: Rule, members: Sequence[Member], at: int) -> list[Member]:
    """The members of the windows before this one that a surge is held against."""
    reach = rule.window * (rule.preceding + 1)
    return [it for it in members if at - reach < it.at <= at - rule.window]


def silent(members: Sequence[Member], at: int) -> int:
    """How long nothing has happened; nothing is silent that never spoke."""
    return at - max((it.at for it in members if it.at <= at), default=at)


def firsts(members: Sequence[Member]) -> list[Member]:
    """The first member of each value."""
    return list({it.value: it for it in reversed(members)}.values())


def change_points(rule: Rule, members: Sequence[Member], clock: int) -> list[int]:
    """Every instant by the clock at which V may change."""
    steps = {0, rule.window}
    if rule.measure is Measure.SILENCE:
        steps = {0, *rule.levels}
    if rule.measure is Measure.SURGE:
        steps |= {rule.window * (rule.preceding + 1)}
    return sorted({it.at + step for it in members for step in steps if step < FOREVER and it.at + step <= clock})


def episodes(rule: Rule, members: Iterable[Member], clock: int) -> list[Episode]:
    """The episodes of one group as they stand at the clock."""
    members = counted(rule, members)
    values = [(at, value(rule, members, at)) for at in change_points(rule, members, clock)]
    return [_episode(rule, values, span, clock) for span in _joined(_spans(rule, values), rule.keep_firing)]


def _spans(rule: Rule, values: list[tuple[int, int]]) -> list[tuple[int, int | None]]:
    """From each rise to the first level to the next fall under `clear_below`."""
    spans: list[tuple[int, int | None]] = []
    opened: int | None = None
    for at, now in values:
        if opened is None and now >= rule.levels[0]:
            opened = at
        elif opened is not None and now < rule.clear_below:
            spans.append((opened, at))
            opened = None
    return spans if opened is None else [*spans, (opened, None)]


def _joined(spans: list[tuple[int, int | None]], gap: int) -> list[tuple[int, int | None]]:
    """The spans with those joined that follow one another within `gap`."""
    joined: list[tuple[int, int | None]] = []
    for opened, ended in spans:
        previous = joined[-1] if joined else None
        if previous and previous[1] is not None and opened - previous[1] <= gap:
            joined[-1] = (previous[0], ended)
        else:
            joined.append((opened, ended))
    return joined


def _episode(rule: Rule, values: list[tuple[int, int]], span: tuple[int, int | None], clock: int) -> Episode:
    opened, ended = span
    inside = [(now, at) for at, now in values if opened <= at and (ended is None or at < ended)]
    peak, peak_at = max(inside, key=lambda pair: (pair[0], -pair[1]))
    over = ended is not None and ended + rule.keep_firing <= clock
    return Episode(opened, ended if over else None, peak, peak_at, rule.level(peak))


def evidence(rule: Rule, members: Iterable[Member], at: int) -> list[int]:
    """The numbers of the incidents that make V(at); at an episode's `peak_at` they make its value."""
    members = counted(rule, members)
    those = in_window(rule, members, at)
    match rule.measure:
        case Measure.DISTINCT:
            those = list({it.value: it for it in those}.values())
        case Measure.NEW:
            those = [it for it in firsts(members) if it in those and it.at >= rule.learn_until]
        case Measure.SILENCE:
            last = [it for it in members if it.at <= at][-1:]
            those = [it for it in last if at - it.at >= rule.levels[0]]
    return [number for _, number in sorted({(it.at, it.number) for it in those})]
