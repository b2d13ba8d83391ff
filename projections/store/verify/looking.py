"""Which incidents a rule looks at, in which group, and what each adds: as SQL over `facets` and `past_facets`.

It shares no code with the evaluator: it reads the rule as it stands in the log.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

COMPARISON: Final = re.compile(r"(>=|<=|>|<|=) ([0-9]+)")
SEVERAL: Final = {"weapon": "weapons", "member_of": "umbrellas"}  # fields of which an incident has any number
Content = Mapping[str, Any]
Asked = tuple[str, list[Any]]  # SQL, and the values of its parameters


def looked_at(facets: str, content: Content, measure: str, of: str | None, window: int | None) -> Asked:
    """The rows of a table of facets that a rule looks at, with `grp`, `x` and `value` as the oracle wants them.

    And with `amount`, the quantity that is summed, by its bounds; none of other measures.

    An incident of several values is there as often; one that adds nothing is not there.
    """
    amount, values = _quantity(*_parts(of)) if measure == "sum" and of is not None else ("NULL::JSON", [])
    (adds, adding), (value, _), (conditions, asked) = (
        _added(content, measure, of),
        _told_apart(measure, of),
        _conditions(content, window),
    )
    parted, parts = _parted(content)
    query = f"""
        SELECT * FROM (
            SELECT *, {group_key(content["by"])} AS grp, {adds} AS x, {value} AS value, {amount} AS amount
            FROM {facets} {parted} WHERE {conditions}
        )
        WHERE x <> 0 AND value IS NOT NULL
    """
    return query, [*adding, *values, *parts, *asked]


def group_key(by: list[str]) -> str:
    """The expression of a group's key: a JSON list as the tables write it."""
    parts = " || ', ' || ".join(f"to_json({name})::VARCHAR" for name in by)
    return f"'[' || {parts} || ']'" if by else "'[]'"


def _parted(content: Content) -> Asked:
    """A join that has an incident once for each of its groups, where it has several; only those that are asked for."""
    joins, asked = list[str](), list[Any]()
    for name in (it for it in content["by"] if it in SEVERAL):
        said = (content.get("where") or {}).get(name)
        found = f"list_distinct({SEVERAL[name]})" if said is None else f"list_intersect({SEVERAL[name]}, ?::VARCHAR[])"
        joins.append(f", unnest({found}) AS each_{name}({name})")
        asked += [] if said is None else [said if isinstance(said, list) else [said]]
    return " ".join(joins), asked


def _added(content: Content, measure: str, of: str | None) -> Asked:
    """What an incident adds to a sum, else 1."""
    if measure != "sum" or of is None:
        return "1::BIGINT", []
    quantity, values = _quantity(*_parts(of))
    return f"stated({quantity}, ?)", [*values, content["bound"]]


def _told_apart(measure: str, of: str | None) -> Asked:
    """The value that is told apart, else none; a row for each of several."""
    if measure not in {"distinct", "new"}:
        return "''", []
    return f"unnest(list_distinct({SEVERAL[of]}))" if of in SEVERAL else f"{of}::VARCHAR", []


def _conditions(content: Content, window: int | None) -> Asked:
    asked = [(wanted.format(test), values) for clause, wanted in CLAUSES for test, values in _tests(content, clause)]
    if window is not None:
        asked.append(("epoch_us(occurred_until) - epoch_us(occurred_from) <= ?", [window]))
    asked += [(f"{name} IS NOT NULL", []) for name in content["by"]]
    return " AND ".join(["true", *(test for test, _ in asked)]), [value for _, values in asked for value in values]


CLAUSES: Final = (("where", "{}"), ("not", "NOT coalesce({}, false)"))


def _tests(content: Content, clause: str) -> Iterator[Asked]:
    for name, said in (content.get(clause) or {}).items():
        match said:
            case Mapping():
                yield from (_compared(content, name, party, one) for party, one in said.items())
            case str() if COMPARISON.fullmatch(said) and name in {"munitions", "targets"}:
                yield _compared(content, name, None, said)
            case _:
                any_of = said if isinstance(said, list) else [said]
                test = "list_has_any({}, ?::VARCHAR[])" if name in SEVERAL else "list_contains(?::VARCHAR[], {})"
                yield test.format(SEVERAL.get(name, name)), [any_of]


def _compared(content: Content, name: str, party: str | None, said: str) -> Asked:
    """A quantity in the bound of the rule, compared; what is not known compares to nothing."""
    found = COMPARISON.fullmatch(said)
    operator, number = found.groups() if found else ("=", "-1")
    quantity, values = _quantity(name, party)
    return f"stated({quantity}, ?) {operator} ?", [*values, content["bound"], int(number)]


def _quantity(name: str, party: str | None) -> Asked:
    return (f"{name}->?", [party]) if party else (name, [])


def _parts(of: str) -> tuple[str, str | None]:
    whole, _, party = of.partition(".")
    return whole, party or None
