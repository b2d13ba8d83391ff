"""`tocsin schema`: the contract of events, alerts and rules."""

import json
from pathlib import Path

import click

from events.errors import NotFound

ASYNCAPI = "asyncapi"  # topics and messages, all of them, as one AsyncAPI 3 document


@click.command()
@click.argument("type_", metavar="[TYPE]", required=False)
@click.option("--write", type=click.Path(file_okay=False, path_type=Path), help="Write every schema into this folder.")
def schema(type_: str | None, write: Path | None) -> None:
    """The JSON Schemas of events, alert messages and files of rules: of one TYPE, or the list of types.

    `asyncapi` is all of it, with the topics, as one AsyncAPI 3 document. With `--write` comes a page for people
    that has every field of a rule.

    \b
    tocsin schema tocsin.incident.reported.v1
    tocsin schema asyncapi
    """  # noqa: D301 -- click reads the character, not the letters
    from events import contract
    from projections.rules import contract as rules_contract
    from projections.rules import reference
    from streams import asyncapi

    known = {**contract.schemas(), **rules_contract.schemas()}
    if write is not None:
        write.mkdir(parents=True, exist_ok=True)
        for name, found in known.items():
            (write / f"{name}.json").write_text(contract.written(found), encoding="utf-8")
        (write / asyncapi.NAME).write_text(asyncapi.written(), encoding="utf-8")
        (write / reference.NAME).write_text(reference.written(), encoding="utf-8")
    elif type_ is None:
        click.echo("\n".join([*known, ASYNCAPI]))
    elif type_ == ASYNCAPI:
        click.echo(asyncapi.written(), nl=False)
    elif type_ in known:
        click.echo(json.dumps(known[type_], indent=2, ensure_ascii=False))
    else:
        raise NotFound(f"expected one of {', '.join([*known, ASYNCAPI])}; found {type_!r}")
