"""Commands about stores."""

import os

import click

from librarian.cli.arguments import UTF8_TEXT, connection_argument, json_option, name_argument
from librarian.cli.output import Column, format_size, print_json, print_line, print_rows
from librarian.client.librarian import Librarian
from librarian.client.records import Store

_COLUMNS = [
    Column("Store"),
    Column("State"),
    Column("Free", right=True),
    Column("Size", right=True),
    Column("Files", right=True),
    Column("Agent"),
    Column("Host"),
    Column("Root"),
]


@click.command()
@connection_argument
@name_argument
@click.argument("root", metavar="ROOT", type=UTF8_TEXT)
@click.option("--agent", default="", type=UTF8_TEXT, help="Agent that serves it, if several do.")
@click.option("--no-ingest", is_flag=True, help="Keep new files away from it.")
@json_option
def add_store(
    connection: str, name: str, root: str, agent: str, no_ingest: bool, as_json: bool
) -> None:
    """Add the directory ROOT on an agent's host as the store NAME; it is made if missing."""
    with Librarian.connect(connection) as site:
        store = site.add_store(name, os.path.normpath(root), agent, ingestible=not no_ingest)
    _print_store(store, as_json=as_json)


@click.command()
@connection_argument
@json_option
def get_store_list(connection: str, as_json: bool) -> None:
    """List the stores, how they are, and their space."""
    with Librarian.connect(connection) as site:
        stores = site.list_stores()
    if as_json:
        for store in stores:
            print_json(store.to_json())
    else:
        print_rows(_COLUMNS, map(_row, stores), empty="There are no stores; see add-store.")


@click.command()
@connection_argument
@name_argument
@click.option("--enabled/--disabled", default=None, help="Whether it may be used at all.")
@click.option("--ingest/--no-ingest", default=None, help="Whether it takes new files.")
@json_option
def set_store_state(
    connection: str, name: str, enabled: bool | None, ingest: bool | None, as_json: bool
) -> None:
    """Enable or disable the store NAME, or keep new files away from it."""
    if enabled is None and ingest is None:
        raise click.UsageError(
            "Say what to change: --enabled, --disabled, --ingest or --no-ingest.",
            click.get_current_context(),
        )
    with Librarian.connect(connection) as site:
        store = site.set_store_state(name, enabled=enabled, ingestible=ingest)
    _print_store(store, as_json=as_json)


def _print_store(store: Store, *, as_json: bool) -> None:
    if as_json:
        print_json(store.to_json())
    else:
        print_line(f"{store.name}: {_state(store)}, on {store.host}:{store.root}")


def _state(store: Store) -> str:
    if not store.enabled:
        return "disabled"
    if not store.reachable:
        return store.problem or "its agent does not report"
    return "ready" if store.ingestible else "ready, takes no new files"


def _row(store: Store) -> list[str]:
    return [
        store.name,
        _state(store),
        format_size(store.free_bytes),
        format_size(store.capacity_bytes),
        str(store.instance_count),
        store.agent,
        store.host,
        store.root,
    ]
