"""Commands about tokens."""

import re
from datetime import timedelta
from typing import Any

import click

from librarian.cli.arguments import (
    ROLES,
    UTF8_TEXT,
    connection_argument,
    json_option,
    name_argument,
)
from librarian.cli.output import Column, format_time, print_json, print_line, print_rows
from librarian.client.account_records import Token
from librarian.client.librarian import Librarian

_COLUMNS = [
    Column("Token"),
    Column("Name"),
    Column("Role"),
    Column("Created (UTC)"),
    Column("Last used (UTC)"),
    Column("Ends (UTC)"),
]
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}

user_option = click.option(
    "--user", type=UTF8_TEXT, help="Whose; administrators only.  [default: yours]"
)


class _Lifetime(click.ParamType[timedelta]):
    """A stretch of time, such as 12h."""

    name = "lifetime"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """Return the stretch of time that a number and a unit name."""
        match = re.fullmatch(r"([1-9]\d{0,5})([mhdw])", str(value))
        if not match:
            self.fail(f"{value!r} is not a time such as 30m, 12h, 90d or 52w.", param, ctx)
        return timedelta(**{_UNITS[match[2]]: int(match[1])})


@click.command()
@connection_argument
@name_argument
@user_option
@click.option("--role", type=click.Choice(ROLES, case_sensitive=False), help="A lower role.")
@click.option("--lifetime", metavar="TIME", type=_Lifetime(), help="When it ends: 12h, 90d, 52w.")
@json_option
def create_token(
    connection: str,
    name: str,
    user: str | None,
    role: str | None,
    lifetime: timedelta | None,
    as_json: bool,
) -> None:
    """Create a token called NAME, and print its secret: it is shown this once."""
    with Librarian.connect(connection) as site:
        new = site.create_token(name, user=user, role=role, lifetime=lifetime)
    if as_json:
        print_json({**new.token.to_json(), "secret": new.secret})
    else:
        print_line(new.secret)


@click.command()
@connection_argument
@user_option
@json_option
def list_tokens(connection: str, user: str | None, as_json: bool) -> None:
    """List tokens, the newest first; their secrets are not known to the site."""
    with Librarian.connect(connection) as site:
        tokens = site.list_tokens(user)
    if as_json:
        for token in tokens:
            print_json(token.to_json())
    else:
        print_rows(_COLUMNS, map(_row, tokens), empty="There are no tokens.")


@click.command()
@connection_argument
@click.argument("token", metavar="TOKEN", type=UTF8_TEXT)
@json_option
def revoke_token(connection: str, token: str, as_json: bool) -> None:
    """End a token at once; TOKEN is what `list-tokens` shows of it."""
    with Librarian.connect(connection) as site:
        site.revoke_token(token)
    if as_json:
        print_json({"token": token, "revoked": True})
    else:
        print_line("The token is revoked.")


def _row(token: Token) -> list[str]:
    ends = format_time(token.expire_time) or "never"
    used = format_time(token.last_use_time) or "never"
    return [token.id, token.name, token.role, format_time(token.create_time), used, ends]
