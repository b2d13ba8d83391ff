"""A verb that lists, and has verbs of its own: `tocsin alerts` is `tocsin alerts list`."""

import click


class Lists(click.Group):
    """Lists when no verb is named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0].startswith("-") and args[0] not in ctx.help_option_names):
            args = ["list", *args]
        return super().parse_args(ctx, args)
