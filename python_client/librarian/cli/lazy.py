"""A group of commands whose modules are imported only when one of them is run.

`librarian --help` and shell completion must answer at once, and gRPC alone takes longer.
"""

import difflib
import importlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import click


class LazyCommand(NamedTuple):
    """Where a command is, and what the list of commands says of it."""

    # The command `add-store` is the attribute `add_store` of this module.
    module: str
    section: str
    help: str


class LazyGroup(click.Group):
    """Knows its commands from a table."""

    def __init__(self, *args: Any, table: Mapping[str, LazyCommand], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._table = table

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, in the table's order."""
        return list(self._table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; return None when there is none of that name."""
        if cmd_name not in self._table:
            return None
        module = importlib.import_module(self._table[cmd_name].module)
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command of an invocation; of an unknown one name the nearest."""
        name = args[0]
        if name not in self._table and not name.startswith("-"):
            near = difflib.get_close_matches(name, self._table, n=3)
            hint = f"did you mean {' or '.join(near)}?" if near else "`librarian --help` lists all."
            raise click.UsageError(f"There is no command {name!r}; {hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing any."""
        width = max(map(len, self._table))
        for section in dict.fromkeys(entry.section for entry in self._table.values()):
            rows = [
                (name.ljust(width), entry.help)
                for name, entry in self._table.items()
                if entry.section == section
            ]
            with formatter.section(section):
                formatter.write_dl(rows)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        """Complete the name of a command without importing any."""
        from click.shell_completion import CompletionItem

        items = [
            CompletionItem(name, help=entry.help)
            for name, entry in self._table.items()
            if name.startswith(incomplete)
        ]
        return items + click.Command.shell_complete(self, ctx, incomplete)
