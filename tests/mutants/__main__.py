"""`python -m tests.mutants [MODULE…]`: the slips that no test finds; exit 1 if docs/mutants.md does not explain one.

Without a module a sample of all slips is tried, `--all` tries every one. What was tried is written down at once, and is
not tried again while sources and tests are the same: a run that was ended goes on where it was.
"""

import argparse
import hashlib
import random  # noqa: TID251 -- a sample by a seed
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, NamedTuple

from tests.mutants.slips import Slip, slips
from tests.mutants.trial import PATIENCE, found

ROOT: Final = Path(__file__).parents[2]
EXPLAINED: Final = ROOT / "docs" / "mutants.md"
TRIED: Final = ROOT / ".tocsin" / "mutants"  # a line for each slip that was tried
SAMPLE: Final = 40  # slips; some minutes
LONGEST: Final = 3600.0  # seconds for all tests without a slip
SLACK: Final = 3  # times as long as they took then, and a slip hangs: the machine may be busier by now
RULES: Final = "tests/projections/rules"
# The tests of the evaluator, those first that find most in the least time.
TESTS: Final = [
    f"{RULES}/test_{name}.py"
    for name in (
        *("measures", "kinds", "touching", "memory", "lines", "spells", "begin", "changes", "track", "adoption"),
        *("engine", "explaining", "status", "alerts", "matching", "members", "steps", "messages", "watch"),
        *("yaml_file", "contract", "words"),
    )
]
QUICK: Final = 4  # the first of them, less than a second together
# Whose tests find most, if not those of its name.
OWN: Final = {
    **dict.fromkeys(("counting", "lined", "spans"), "watch"),
    **dict.fromkeys(("templates", "values", "levels", "fitting"), "yaml_file"),
}
MODULES: Final = (
    *("begin", "alerts", "watch", "messages", "outcome", "matching", "engine", "explaining", "measures", "touching"),
    *("spells", "lines", "lined", "steps", "track", "spans", "counting", "members", "pieces", "proof"),
    *("templates", "values", "levels", "fitting"),
)


class Trial(NamedTuple):
    """A slip of a module, to be tried."""

    module: str
    slip: Slip

    def __str__(self) -> str:
        """As docs/mutants.md has it."""
        return f"{self.module}{'.' * bool(self.slip.within)}{self.slip.within}: {self.slip.said}"


class Book:
    """What was tried already, with these sources and these tests."""

    def __init__(self, path: Path, state: str) -> None:
        self._path, self._state = path, state
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        self._known = {key: said == "lives" for key, _, said in (line.partition(" ") for line in lines)}

    def lives(self, trial: Trial, ask: Callable[[Trial], bool]) -> bool:
        """Whether no test finds a slip: as it is written, else as it is found out now."""
        key = hashlib.sha256(f"{self._state} {trial.module} {trial.slip.source}".encode()).hexdigest()
        if key not in self._known:
            self._known[key] = ask(trial)
            with self._path.open("a", encoding="utf-8") as book:
                book.write(f"{key} {'lives' if self._known[key] else 'found'}\n")
        return self._known[key]


def main(arguments: Sequence[str] | None = None) -> int:
    """Try slips; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument(
        "modules",
        nargs="*",
        help="of projections/rules, or functions of them (spans.settle): every slip; a sample, if none is named",
    )
    parser.add_argument("--all", action="store_true", help="every slip of every module; hours")
    parser.add_argument("--sample", type=int, help=f"so many of the slips; {SAMPLE}, if no module is named")
    parser.add_argument("--seed", type=int, default=0, help="which ones are in the sample")
    parser.add_argument("--jobs", type=int, default=1, help="so many at a time")
    asked = parser.parse_args(arguments)
    every = [it for name in asked.modules or MODULES for it in trials(name)]
    many = asked.sample or (len(every) if asked.all or asked.modules else SAMPLE)
    chosen = sampled(every, many, asked.seed)
    took = _took(_sound(chosen))
    sys.stdout.write(f"{len(chosen)} of {len(every)} slips, seed {asked.seed}; at most {took:.0f} s each\n")
    survivors = list(_survivors(chosen, asked.jobs, max(PATIENCE, SLACK * took)))
    new = _reported(chosen, survivors)
    return int(new > 0)


def trials(name: str) -> list[Trial]:
    """The slips of a module, or of a function of it."""
    module, _, within = name.partition(".")
    return [Trial(module, it) for it in slips(_source(module)) if within in {"", it.within}]


def sampled(every: Sequence[Trial], many: int, seed: int) -> Sequence[Trial]:
    """So many of all slips, in their order; the same for the same seed."""
    places = random.Random(seed).sample(range(len(every)), min(many, len(every)))
    return [every[it] for it in sorted(places)]


def explained() -> set[str]:
    """What docs/mutants.md speaks of: `- module: slip`, then why."""
    return set(re.findall(r"^- ([\w.]+: `.*?` is `.*?`)", EXPLAINED.read_text(encoding="utf-8"), re.MULTILINE))


def _reported(chosen: Sequence[Trial], survivors: Sequence[Trial]) -> int:
    """Tell what survives, module by module; how many of it are explained nowhere."""
    known = explained()
    for module in dict.fromkeys(it.module for it in chosen):
        mine, tried = [it for it in survivors if it.module == module], sum(it.module == module for it in chosen)
        new = [it for it in mine if str(it) not in known]
        sys.stdout.write(f"{module}: {tried} slips, {len(mine)} survive, {len(new)} unexplained\n")
        sys.stdout.writelines(f"  line {it.slip.line} {it}\n" for it in new)
    return sum(str(it) not in known for it in survivors)


def _survivors(chosen: Sequence[Trial], jobs: int, patience: float) -> Iterator[Trial]:
    def ask(trial: Trial) -> bool:
        return _lives(trial, patience)

    book, begun, end = Book(TRIED, _state()), time.monotonic(), "\r" if sys.stderr.isatty() else "\n"
    with ThreadPoolExecutor(jobs) as pool:
        lives = pool.map(lambda it: book.lives(it, ask), chosen)
        for number, (trial, survives) in enumerate(zip(chosen, lives, strict=True), 1):
            sys.stderr.write(f"{number} of {len(chosen)}, {time.monotonic() - begun:.0f} s {trial.module}{end}")
            if survives:
                sys.stderr.write(f"survives: line {trial.slip.line} {trial}\n")
                yield trial


def _lives(trial: Trial, patience: float) -> bool:
    module = f"projections.rules.{trial.module}"
    return not found(module, trial.slip.source, _path(trial.module), ordered(trial.module), patience)


def ordered(module: str) -> list[str]:
    """All tests: the quick ones, then those that find most of a module, then the others."""
    own = f"{RULES}/test_{OWN.get(module, module)}.py"
    return [*TESTS[:QUICK], *sorted(TESTS[QUICK:], key=lambda it: it != own)]


def _sound(chosen: Sequence[Trial]) -> Trial:
    """The first module as it is, which must pass."""
    return Trial(chosen[0].module, Slip(0, "", "", _source(chosen[0].module)))


def _took(sound: Trial) -> float:
    """How long the tests take if they find nothing, in seconds."""
    begun = time.monotonic()
    if not _lives(sound, LONGEST):
        sys.exit(f"{sound.module}: the tests fail without a slip; nothing can be told")
    return time.monotonic() - begun


def _state() -> str:
    """What a find depends on: our sources and the tests of the rules."""
    files = [
        path for folder in ("events", "projections", "tests/projections") for path in (ROOT / folder).rglob("*.py")
    ]
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _path(module: str) -> Path:
    return ROOT / "projections" / "rules" / f"{module}.py"


def _source(module: str) -> str:
    return _path(module).read_text(encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
