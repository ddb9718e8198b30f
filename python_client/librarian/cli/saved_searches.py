"""Commands about saved searches."""

import sys

import click

from librarian.cli.arguments import UTF8_TEXT, connection_argument, json_option, name_argument
from librarian.cli.output import Column, format_time, print_json, print_line, print_rows
from librarian.cli.search_arguments import (
    SearchCommand,
    join_words,
    kind_of,
    kind_options,
    search_words,
)
from librarian.client.librarian import Librarian
from librarian.client.records import SavedSearch

_COLUMNS = [
    Column("Name"),
    Column("Owner", spare=True),
    Column("Finds"),
    Column("Shared"),
    Column("Saved (UTC)", spare=True),
    Column("Search"),
]
_MAX_SHOWN_CHARACTERS = 60


@click.command(cls=SearchCommand)
@connection_argument
@name_argument
@search_words
@click.option("--shared", is_flag=True, help="Let others use it.")
@kind_options
@json_option
def save_search(  # noqa: PLR0913 - a parameter for each argument of the command
    connection: str,
    name: str,
    words: tuple[str, ...],
    shared: bool,
    obs: bool,
    sessions: bool,
    as_json: bool,
) -> None:
    """Save SEARCH as NAME, in place of yours of that name; `-` reads it from stdin.

    Wherever a search is taken, @NAME stands for it from then on.

    \b
    librarian save-search CONN night 'start:<1d' type:uvh5
    librarian search-files CONN @night 'size:>5GB'
    librarian stage-files CONN night-3 @night --wait
    """  # noqa: D301 - click reads the character
    kind = kind_of(obs=obs, sessions=sessions)
    with Librarian.connect(connection) as site:
        saved = site.save_search(name, join_words(words), kind, shared=shared)
    if as_json:
        print_json(saved.to_json())
    else:
        others = f", and @{saved.owner}/{saved.name} for others" if shared else ""
        print_line(f"Saved: @{saved.name} stands for it{others}.")


@click.command()
@connection_argument
@json_option
def list_searches(connection: str, as_json: bool) -> None:
    """List your saved searches, and those that others share, by the names to type behind @."""
    with Librarian.connect(connection) as site:
        if as_json:
            for saved in site.list_saved_searches():
                print_json(saved.to_json())
            return
        own = site.ping().account
        rows = (_row(saved, own) for saved in site.list_saved_searches())
        print_rows(_COLUMNS, rows, empty="There are no saved searches.")


@click.command()
@connection_argument
@name_argument
@click.option("--owner", type=UTF8_TEXT, help="Whose; administrators only.  [default: yours]")
@json_option
def delete_search(connection: str, name: str, owner: str | None, as_json: bool) -> None:
    """Delete the saved search NAME; searches that use it are refused from then on."""
    with Librarian.connect(connection) as site:
        site.delete_saved_search(name, owner or "")
    if as_json:
        print_json({"name": name, "deleted": True})
    else:
        print_line(f"Deleted {name}.")


def _row(saved: SavedSearch, own: str) -> list[str]:
    name = saved.name if saved.owner == own else f"{saved.owner}/{saved.name}"
    shared = "yes" if saved.shared else "no"
    saved_at = format_time(saved.update_time)
    return [name, saved.owner, saved.item_kind, shared, saved_at, _shown(saved.search)]


def _shown(search: str) -> str:
    """Return a search on one line, and for people the beginning of a long one."""
    line = " ".join(search.split()) if sys.stdout.isatty() else search
    if len(line) <= _MAX_SHOWN_CHARACTERS or not sys.stdout.isatty():
        return line
    return f"{line[: _MAX_SHOWN_CHARACTERS - 1]}…"
