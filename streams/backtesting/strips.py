"""A backtest as a picture: for each rule and group a strip, told above, known today below, on one axis of time. Pure.

What is told lies where the timeline's clock was then, what is known where it happened: between the two is the delay.
Severity is the height of a bar and its letter, what was called off again is hatched: nothing is said by colour alone.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple
from xml.sax.saxutils import escape

from events.errors import NO_TEXT
from events.values import instant, iso
from projections.rules.backtest import Story
from projections.rules.durations import UNITS, written
from projections.rules.model import SEVERITIES
from projections.rules.words import Measure
from streams.backtesting.running import Tried

WIDTH, LEFT, RIGHT, TOP = 1000, 240, 20, 70  # px; names stand on the left
LANE, GAP, LABEL = 24, 16, 14  # px; the height of a lane, between strips, of a line of text
MOST: Final = 60  # strips: the busiest; more is no picture
MARGIN: Final = 20  # of the time shown, one part lies before the first alert, and a day at least
LEAST: Final = 3.0  # px; the shortest bar that can be seen
LETTER: Final = 12.0  # px; the shortest bar that has a letter
FILLS: Final = ("#9ecae1", "#fd8d3c", "#b30000")
INKS: Final = ("#000", "#000", "#fff")
STYLE: Final = (
    "text{font:12px sans-serif;fill:#222}.small{font-size:10px;fill:#555}.title{font-size:15px;font-weight:bold}"
    ".axis{stroke:#999;stroke-width:.5}.bar{stroke:#222;stroke-width:.7}"
)
NAMESPACE: Final = 'xmlns="http://www.w3.org/2000/svg"'
HATCH: Final = (
    '<defs><pattern id="gone" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="6" height="6" fill="#fff"/><line x1="0" y1="0" x2="0" y2="6" stroke="#222" stroke-width="2.5"/>'
    "</pattern></defs>"
)


class Bar(NamedTuple):
    """A span in a lane."""

    since: int  # µs
    until: int | None  # None: not over
    level: int  # from 1
    gone: bool
    said: str  # what it is, for whoever points at it or has it read


class Lane(NamedTuple):
    """One line of a strip."""

    name: str
    bars: Sequence[Bar]


class Strip(NamedTuple):
    """A rule and group."""

    name: str
    lanes: Sequence[Lane]


def svg(found: Tried) -> str:
    """The picture; the busiest rules and groups, where there are many."""
    all_ = strips_of(found)
    busiest = sorted(all_, key=lambda it: -sum(len(lane.bars) for lane in it.lanes))[:MOST]
    shown = [it for it in all_ if it in busiest]
    left_out = len(all_) - len(shown)
    more = f"left out, with the fewest alerts: {left_out} of {len(all_)} rules and groups" if left_out else ""
    axis = Axis(shown, found)
    body, y = list[str](), float(TOP)
    for strip in shown:
        body += _strip(strip, axis, y)
        y += LABEL + LANE * len(strip.lanes) + GAP
    height = y + LABEL + GAP
    title = f"Backtest of {len(found.rules)} {'rule' if len(found.rules) == 1 else 'rules'} on {found.timeline}"
    about = _about(found, more)
    return "\n".join(
        [
            f'<svg {NAMESPACE} viewBox="0 0 {WIDTH} {height:g}" role="img" aria-labelledby="title desc">',
            f'<title id="title">{_text(title)}</title>',
            f'<desc id="desc">{_text(about)}</desc>',
            f"<style>{STYLE}</style>",
            HATCH,
            f'<rect width="{WIDTH}" height="{height:g}" fill="#fff"/>',
            f'<text class="title" x="10" y="22">{_text(title)}</text>',
            f'<text class="small" x="10" y="38">{_text(LEGEND)}</text>',
            *axis.lines(TOP - 8, y),
            *body,
            *([f'<text class="small" x="10" y="{y + LABEL:g}">{more}</text>'] if more else []),
            "</svg>\n",
        ]
    )


LEGEND: Final = (
    "height and letter: w(atch), W(arning), C(ritical); hatched: called off later; "
    "told: by the clock of the timeline; known: when it happened, by all that is known today"
)
LETTERS: Final = ("w", "W", "C")


def _about(found: Tried, more: str) -> str:
    gone = sum(it.gone for it in found.stories)
    none = "" if found.pairs else " Nothing would have been told."
    return (
        f"{len(found.stories)} alerts would have been told from {_day(found.first)} to {_day(found.last)}, "
        f"{gone} of them called off later.{none} For each rule and group: above, when alerts were open as it was told; "
        f"below, when they were by all that is known today.{more and f' {more.capitalize()}.'}"
    )


def strips_of(found: Tried) -> list[Strip]:
    """A strip for each rule and group of which anything would have been told, or is, in the order of the rules."""
    new, old = _groups(it.new for it in found.pairs), _groups(it.old for it in found.pairs)
    order = {it.rule_id: place for place, it in enumerate((*found.rules, *(found.adopted or ())))}
    keys = sorted({**new, **old}, key=lambda it: (order[it[0]], it))
    return [_strip_of(key, new.get(key, []), old.get(key, []), found) for key in keys]


def _groups(stories: Iterable[Story | None]) -> dict[tuple[str, tuple[str, ...]], list[Story]]:
    found = defaultdict(list)
    for it in stories:
        if it is not None:
            found[it.rule.rule_id, it.group].append(it)
    return found


def _strip_of(key: tuple[str, tuple[str, ...]], new: Sequence[Story], old: Sequence[Story], found: Tried) -> Strip:
    lanes = [Lane("told", [bar for it in new for bar in _told(it)])]
    if found.adopted is not None:
        lanes.append(Lane("told by those adopted", [bar for it in old for bar in _told(it)]))
    lanes.append(Lane("known today", [bar for it in new for bar in _known(it)]))
    return Strip(f"{key[0]}: {', '.join(key[1]) or 'all'}", lanes)


def _told(it: Story) -> Iterator[Bar]:
    severity, late = SEVERITIES[it.level - 1], ", late" if it.heard[0].late else ""
    for since, until in it.spoken():
        span = f"from {_iso(since)} on" if until is None else f"from {_iso(since)} to {_iso(until)}"
        yield Bar(since, until, it.level, it.gone, f"told: {severity} {span}{late}; {it.state} in the end")


def _known(it: Story) -> Iterator[Bar]:
    if (last := it.hindsight) is not None:
        end = "on" if last.ended_at is None else f"to {_iso(last.ended_at)}"
        value = written(last.value) if it.rule.measure is Measure.SILENCE else last.value
        said = f"known today: {last.severity} from {_iso(last.opened_at)} {end}, value {value}"
        yield Bar(last.opened_at, last.ended_at, last.level, gone=False, said=said)


class Axis:
    """Instants as places on the picture; it begins a little before the first alert, after whatever quiet there was."""

    def __init__(self, strips: Sequence[Strip], found: Tried) -> None:
        bars = [bar for strip in strips for lane in strip.lanes for bar in lane.bars]
        began = min((it.since for it in bars), default=found.first)
        self.last = max([found.last, *(it.until or it.since for it in bars), began + 1])
        self.first = began - max((self.last - began) // MARGIN, UNITS["d"])

    def x(self, at: int | None) -> float:
        """The place of an instant, px; of none, the right end."""
        share = 1.0 if at is None else (at - self.first) / (self.last - self.first)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def lines(self, top: float, bottom: float) -> Iterator[str]:
        """Five instants, marked; named at both ends, for a picture may be taller than what is seen of it."""
        for fifth in range(5):
            at = self.first + (self.last - self.first) * fifth // 4
            x = self.x(at)
            anchor = "end" if fifth == 4 else "start" if fifth == 0 else "middle"  # noqa: PLR2004
            yield f'<line class="axis" x1="{x:.1f}" y1="{top:g}" x2="{x:.1f}" y2="{bottom:g}"/>'
            for y in (top - 4, bottom + LABEL):
                yield f'<text class="small" x="{x:.1f}" y="{y:g}" text-anchor="{anchor}">{_day(at)}</text>'


def _strip(strip: Strip, axis: Axis, y: float) -> Iterator[str]:
    yield f"<g><title>{_text(strip.name)}</title>"
    yield f'<text x="10" y="{y + LABEL - 3:g}">{_text(strip.name)}</text>'
    for place, lane in enumerate(strip.lanes):
        bottom = y + LABEL + LANE * (place + 1)
        yield f'<text class="small" x="{LEFT - 8}" y="{bottom - 7:g}" text-anchor="end">{_text(lane.name)}</text>'
        yield f'<line class="axis" x1="{LEFT}" y1="{bottom:g}" x2="{WIDTH - RIGHT}" y2="{bottom:g}"/>'
        for bar in lane.bars:
            yield _bar(bar, axis, bottom)
    yield "</g>"


def _bar(it: Bar, axis: Axis, bottom: float) -> str:
    x, height = axis.x(it.since), (LANE - 4) * it.level / len(SEVERITIES)
    width = max(axis.x(it.until) - x, LEAST)
    x = min(x, WIDTH - RIGHT - width)
    fill = "url(#gone)" if it.gone else FILLS[it.level - 1]
    letter = ""
    if width >= LETTER and not it.gone:
        ink = INKS[it.level - 1] if it.level > 1 else "#000"
        place = f'x="{x + 3:.1f}" y="{bottom - 1:g}"'
        letter = f'<text class="small" style="fill:{ink}" {place}>{LETTERS[it.level - 1]}</text>'
    shape = f'x="{x:.1f}" y="{bottom - height:.1f}" width="{width:.1f}" height="{height:.1f}"'
    return f'<g><title>{_text(it.said)}</title><rect class="bar" {shape} fill="{fill}"/>{letter}</g>'


def _text(said: str) -> str:
    """Text as XML takes it."""
    return escape(NO_TEXT.sub("?", said))


def _iso(at: int) -> str:
    return iso(instant(at))


def _day(at: int) -> str:
    return _iso(at)[:10]
