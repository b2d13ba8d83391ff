"""`python -m tests.mutants [MODULE…]`: the slips that no test finds; exit 1 if docs/mutants.md does not explain one."""

import argparse
import re
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, NamedTuple

from tests.mutants.slips import Slip, slips
from tests.mutants.trial import found

ROOT: Final = Path(__file__).parents[2]
EXPLAINED: Final = ROOT / "docs" / "mutants.md"
RULES: Final = "tests/projections/rules"
# The tests of the evaluator, those first that find most in the least time.
TESTS: Final = [
    f"{RULES}/test_{name}.py"
    for name in (
        *("measures", "kinds", "track", "begin", "steps", "members", "explaining", "status", "messages"),
        *("changes", "watch", "adoption", "engine"),
    )
]
MODULES: Final = ("spells", "lines", "lined", "begin", "explaining", "alerts", "counting", "track", "spans")


class Survivor(NamedTuple):
    """A slip that no test finds."""

    module: str
    slip: Slip

    def __str__(self) -> str:
        """As docs/mutants.md has it."""
        return f"{self.module}{'.' * bool(self.slip.within)}{self.slip.within}: {self.slip.said}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Try the slips of some modules; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("modules", nargs="*", default=MODULES, help="of projections/rules; all, if none is named")
    parser.add_argument("--jobs", type=int, default=2, help="so many at a time")
    parser.add_argument("--every", type=int, default=1, help="only every so many-th slip, for a quick look")
    chosen = parser.parse_args(arguments)
    known, unexplained = explained(), 0
    for module in chosen.modules:
        begun, path = time.monotonic(), ROOT / "projections" / "rules" / f"{module}.py"
        tried = slips(path.read_text(encoding="utf-8"))[:: chosen.every]
        survivors = list(_survivors(module, path, tried, chosen.jobs))
        new = [it for it in survivors if str(it) not in known]
        unexplained += len(new)
        took = time.monotonic() - begun
        sys.stdout.write(
            f"{module}: {len(tried)} slips, {len(survivors)} survive, {len(new)} unexplained; {took:.0f} s\n"
        )
        sys.stdout.writelines(f"  line {it.slip.line} {it}\n" for it in new)
        sys.stdout.flush()
    return int(unexplained > 0)


def _survivors(module: str, path: Path, tried: Sequence[Slip], jobs: int) -> Iterator[Survivor]:
    def lives(slip: Slip) -> bool:
        return not found(f"projections.rules.{module}", slip.source, path, TESTS)

    if tried and not lives(Slip(0, "", "", path.read_text(encoding="utf-8"))):
        sys.exit(f"{module}: the tests fail without a slip; nothing can be told")
    with ThreadPoolExecutor(jobs) as pool:
        for number, (slip, survives) in enumerate(zip(tried, pool.map(lives, tried), strict=True), 1):
            if sys.stderr.isatty():
                sys.stderr.write(f"\r{module} {number} of {len(tried)} " + "\n" * (number == len(tried)))
            if survives:
                yield Survivor(module, slip)


def explained() -> set[str]:
    """What docs/mutants.md speaks of: `- module: slip`, then why."""
    return set(re.findall(r"^- ([\w.]+: `.*?` is `.*?`)", EXPLAINED.read_text(encoding="utf-8"), re.MULTILINE))


if __name__ == "__main__":
    sys.exit(main())
