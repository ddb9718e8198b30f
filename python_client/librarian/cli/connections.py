"""The command that tries each connection."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import click

from librarian.cli.arguments import UTF8_TEXT, json_option
from librarian.cli.exit_codes import CommandError, exit_code_of
from librarian.cli.output import print_json, print_line, printable
from librarian.client.connections import find_config_file, list_connections, read_connection
from librarian.client.librarian import Librarian
from librarian.client.records import Store
from librarian.errors import LibrarianError, NotAllowedError, NotReachableError


@dataclass
class _Trial:
    """How it went with one connection."""

    connection: str
    url: str = ""
    site: str = ""
    account: str = ""
    role: str = ""
    stores: list[Store] = field(default_factory=list)
    error: LibrarianError | None = None


@click.command()
@click.argument("names", metavar="[CONN]...", nargs=-1, type=UTF8_TEXT)
@json_option
def check_connections(names: Sequence[str], as_json: bool) -> None:
    """Try your connections, or those named: the site, your account, its stores."""
    chosen = names or list_connections()
    if not chosen:
        raise CommandError(f"there are no connections in {find_config_file()}.")
    trials = []
    for name in chosen:
        trials.append(_try_connection(name))
        _print_trial(trials[-1], as_json=as_json)
    errors = [trial.error for trial in trials if trial.error]
    if errors:
        # A site that is down says less about the person's settings than one that refused.
        worst = max(exit_code_of(error) for error in errors)
        raise CommandError(f"{len(errors)} of {len(trials)} connections failed.", worst)


def _try_connection(name: str) -> _Trial:
    trial = _Trial(name)
    try:
        trial.url = read_connection(name).url
        with Librarian.connect(name) as site:
            info = site.ping()
            trial.site, trial.account, trial.role = info.site, info.account, info.role
            trial.stores = site.list_stores()
        _check_stores(trial.stores)
    except NotAllowedError as error:
        # Whoever has no role yet is signed in all the same.
        trial.error = None if trial.role == "NONE" else error
    except LibrarianError as error:
        trial.error = error
    return trial


def _check_stores(stores: Sequence[Store]) -> None:
    lost = [store for store in stores if store.enabled and not store.reachable]
    if lost:
        problem = lost[0].problem or "its agent does not report."
        raise NotReachableError(f"The store {lost[0].name!r} cannot be used: {problem}")


def _print_trial(trial: _Trial, *, as_json: bool) -> None:
    if as_json:
        print_json(_document(trial), flush=True)
    elif trial.error:
        print_line(f"{trial.connection}: FAILED: {printable(str(trial.error))}", flush=True)
    else:
        who = f"signed in as {trial.account} ({trial.role})"
        line = f"{trial.connection}: {trial.site} at {trial.url}, {who}, {len(trial.stores)} stores"
        print_line(printable(line), flush=True)


def _document(trial: _Trial) -> dict[str, Any]:
    return {
        "connection": trial.connection,
        "url": trial.url,
        "ok": trial.error is None,
        "site": trial.site,
        "account": trial.account,
        "role": trial.role,
        "stores": [store.to_json() for store in trial.stores],
        "error": str(trial.error) if trial.error else None,
    }
