"""Commands about accounts."""

from pathlib import Path

import click

from librarian.cli.arguments import (
    ROLES,
    UTF8_TEXT,
    connection_argument,
    json_option,
    name_argument,
)
from librarian.cli.output import Column, format_time, print_json, print_line, print_rows
from librarian.cli.passwords import password_file_option, read_password
from librarian.client.account_records import Account
from librarian.client.librarian import Librarian

_COLUMNS = [
    Column("Name"),
    Column("Role"),
    Column("Kind"),
    Column("Password"),
    Column("Created (UTC)"),
]

role_argument = click.argument(
    "role", metavar="ROLE", type=click.Choice(ROLES, case_sensitive=False)
)


@click.command()
@connection_argument
@name_argument
@role_argument
@password_file_option
@click.option("--no-password", is_flag=True, help="Ask for no password: it will have tokens only.")
@click.option("--agent", is_flag=True, help="For a store agent instead of a person.")
@click.option("--transfer-service", is_flag=True, help="For a transfer service.")
@click.option("--web-frontend", is_flag=True, help="For a web front end.")
@json_option
def create_user(  # noqa: PLR0913 - a parameter for each argument of the command
    connection: str,
    name: str,
    role: str,
    password_file: Path | None,
    no_password: bool,
    agent: bool,
    transfer_service: bool,
    web_frontend: bool,
    as_json: bool,
) -> None:
    """Create the account NAME with a ROLE.

    Roles, each with all that the ones before it may: NONE, READONLY (search, read, stage),
    CALLBACK, READAPPEND (put files in), READWRITE, ADMIN. An empty password makes an account that
    only has tokens.
    """
    prompt = f"Password for {name} (empty for none)"
    without = no_password or agent or transfer_service or web_frontend
    password = "" if without else read_password(password_file, prompt, confirm=True)
    with Librarian.connect(connection) as site:
        account = site.create_user(
            name,
            role,
            password or None,
            is_agent=agent,
            is_transfer_service=transfer_service,
            is_web_frontend=web_frontend,
        )
    _print_account(account, as_json=as_json)


@click.command()
@connection_argument
@name_argument
@json_option
def delete_user(connection: str, name: str, as_json: bool) -> None:
    """Delete the account NAME and all its tokens; what it did stays on record."""
    with Librarian.connect(connection) as site:
        site.delete_user(name)
    if as_json:
        print_json({"name": name, "deleted": True})
    else:
        print_line(f"Deleted {name}.")


@click.command()
@connection_argument
@name_argument
@role_argument
@json_option
def set_role(connection: str, name: str, role: str, as_json: bool) -> None:
    """Change what the account NAME may do."""
    with Librarian.connect(connection) as site:
        account = site.set_role(name, role)
    _print_account(account, as_json=as_json)


@click.command()
@connection_argument
@click.option("--user", type=UTF8_TEXT, help="Whose; administrators only.  [default: yours]")
@password_file_option
@click.option(
    "--old-password-file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Read the password until now from the first line of a file.",
)
@json_option
def set_password(
    connection: str,
    user: str | None,
    password_file: Path | None,
    old_password_file: Path | None,
    as_json: bool,
) -> None:
    """Set your password, or as an administrator anyone's; that ends their sign-ins."""
    asks = password_file is None or old_password_file is not None
    old = (
        ""
        if user or not asks
        else read_password(
            old_password_file, "Password until now (empty if there is none)", confirm=False
        )
    )
    new = read_password(password_file, "New password", confirm=True)
    if not new:
        raise click.UsageError("Give a password with --password-file.", click.get_current_context())
    with Librarian.connect(connection) as site:
        site.set_password(new, old=old or None, user=user)
    if as_json:
        print_json({"name": user, "changed": True})
    else:
        print_line("The password is set.")


@click.command()
@connection_argument
@json_option
def list_users(connection: str, as_json: bool) -> None:
    """List the accounts."""
    with Librarian.connect(connection) as site:
        accounts = site.list_users()
    if as_json:
        for account in accounts:
            print_json(account.to_json())
    else:
        print_rows(_COLUMNS, map(_row, accounts), empty="There are no accounts.")


def _print_account(account: Account, *, as_json: bool) -> None:
    if as_json:
        print_json(account.to_json())
    else:
        print_line(f"{account.name}: {account.role}")


def _row(account: Account) -> list[str]:
    password = "yes" if account.has_password else "no"
    created = format_time(account.create_time)
    return [account.name, account.role, account.kind.lower(), password, created]
