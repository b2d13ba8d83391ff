"""`tocsin schema`: the contract of events, alerts and rules."""

import json
from pathlib import Path

import click

from events.errors import ConfigInvalid


@click.command()
@click.argument("type_", metavar="[TYPE]", required=False)
@click.option("--write", type=click.Path(file_okay=False, path_type=Path), help="Write every schema into this folder.")
def schema(type_: str | None, write: Path | None) -> None:
    """The JSON Schemas of events, alert messages and files of rules: of one TYPE, or the list of types.

    \b
    tocsin schema tocsin.incident.reported.v1
    """  # noqa: D301 -- click reads the character, not the letters
    from events import contract
    from projections.rules import contract as rules_contract

    known = {**contract.schemas(), **rules_contract.schemas()}
    if write is not None:
        write.mkdir(parents=True, exist_ok=True)
        for name, found in known.items():
            (write / f"{name}.json").write_text(contract.written(found), encoding="utf-8")
    elif type_ is None:
        click.echo("\n".join(known))
    elif type_ in known:
        click.echo(json.dumps(known[type_], indent=2, ensure_ascii=False))
    else:
        raise ConfigInvalid(f"expected one of {', '.join(known)}; found {type_!r}")
