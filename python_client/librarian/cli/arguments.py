"""Arguments and options that many commands share."""

import sys
from typing import Any

import click

from librarian.errors import InvalidRequestError


class _Utf8Text(click.ParamType[str]):
    """Text that can be sent to a site: a shell hands over any bytes."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the text, or refuse what is not UTF-8."""
        text = str(value)
        try:
            text.encode()
        except UnicodeEncodeError:
            shown = text.encode(errors="backslashreplace").decode()
            self.fail(f"'{shown}' is not valid UTF-8.", param, ctx)
        return text


class _Connection(_Utf8Text):
    """Name of a connection."""

    name = "connection"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[Any]:
        """Complete from the person's client configuration."""
        from click.shell_completion import CompletionItem

        from librarian.client.connections import list_connections

        try:
            names = list_connections()
        except InvalidRequestError:
            return []
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]


UTF8_TEXT = _Utf8Text()
# The sites count in 64 bits.
LARGEST_NUMBER = (1 << 63) - 1

ROLES = ("NONE", "READONLY", "CALLBACK", "READAPPEND", "READWRITE", "ADMIN")

OBSID = click.IntRange(0, LARGEST_NUMBER)

connection_argument = click.argument("connection", metavar="CONN", type=_Connection())
name_argument = click.argument("name", metavar="NAME", type=UTF8_TEXT)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def read_search(search: str) -> str:
    """Return a search given as an argument, or the one on stdin for `-`."""
    if search != "-":
        return search
    try:
        return sys.stdin.buffer.read().decode()
    except UnicodeDecodeError as error:
        raise InvalidRequestError("The search on stdin is not UTF-8.") from error
