"""From the normal form of rules to the rules that are evaluated. Pure."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import ValidationError

from events.errors import ConfigInvalid
from events.plainly import faults
from events.values import micros
from projections.rules.durations import duration
from projections.rules.form import RuleSpec
from projections.rules.levels import size
from projections.rules.measures import parts
from projections.rules.model import FOREVER, Rule
from projections.rules.spec import Content, canonical, content_hash, normalise


def compile_rules(contents: Sequence[Content]) -> list[Rule]:
    """The rules of a set, in their order.

    Raises:
        ConfigInvalid: some are no rules, or share an id; every fault is told.
    """
    rules: dict[str, Rule] = {}
    found: list[str] = []
    for number, content in enumerate(contents):
        try:
            rule = compile_rule(content)
        except ConfigInvalid as error:
            found += [f"rules.{number}.{fault}" for fault in error.faults]
            continue
        if rule.rule_id in rules:
            found.append(f"rules.{number}.id: expected an id of its own, found {rule.rule_id!r} again")
        rules[rule.rule_id] = rule
    if found:
        raise ConfigInvalid(found)
    return list(rules.values())


def compile_rule(content: Content) -> Rule:
    """One rule from its normal form. Its hash is that of the content as it is: a later default must not change it.

    Raises:
        ConfigInvalid: it is no rule; every fault is told.
    """
    try:
        spec = RuleSpec.model_validate(content)
    except ValidationError as error:
        said = [f"{it.field}: expected {it.expected}, found {it.found}" for it in faults(error)]
        raise ConfigInvalid(said) from error
    return _compiled(spec, content)


def _compiled(spec: RuleSpec, content: Content) -> Rule:
    whole = normalise(spec)
    levels = spec.levels.given()
    window, since = _window(spec.window)
    measure, of = parts(spec.measure)
    return Rule(
        spec.id,
        tuple(levels.values()),
        tuple(levels),
        window=window,
        since=since,
        by=spec.by,
        where=spec.where.any_of(),
        excluded=spec.excluded.any_of(),
        amounts=spec.where.amounts(),
        excluded_amounts=spec.excluded.amounts(),
        measure=measure,
        of=of if isinstance(of, str) else "",
        bound=spec.bound,
        **({"preceding": of} if isinstance(of, int) else {}),
        learn_until=_instant(spec.learn_until) if spec.learn_until else -FOREVER,
        clear=size(whole["clear_below"]),
        keep_firing=duration(spec.keep_firing),
        updates=spec.updates,
        title=whole["title"],
        annotations=tuple(sorted(spec.annotations.items())),
        status=spec.status,
        labels=tuple(sorted(spec.labels.items())),
        content_hash=content_hash(content),
        content=canonical(content),
    )


def _window(said: str | dict[str, str]) -> tuple[int, int]:
    """(length, beginning) of a window, µs."""
    if isinstance(said, dict):
        return FOREVER, _instant(said["since"])
    return FOREVER if said == "all" else duration(said), -FOREVER


def _instant(day: str) -> int:
    """The first instant of a day, µs."""
    return micros(datetime.fromisoformat(f"{day}T00:00:00+00:00"))
