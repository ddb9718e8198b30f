"""The command that puts files on record where they lie."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from librarian.cli.arguments import OBSID, UTF8_TEXT, connection_argument, json_option
from librarian.cli.exit_codes import CommandError, exit_code_of_all
from librarian.cli.metadata import metadata_option
from librarian.cli.output import format_count, format_size, print_failure, print_json, print_line
from librarian.client.librarian import Librarian
from librarian.client.records import RegistrationProgress
from librarian.errors import LibrarianError
from librarian.failures import error_from


@dataclass
class _Sum:
    """What became of all batches."""

    registered: int = 0
    known: int = 0
    registered_bytes: int = 0
    failed: int = 0
    # One of each kind is enough to tell how it ended.
    errors: dict[str, LibrarianError] = field(default_factory=dict)

    def add(self, progress: RegistrationProgress) -> None:
        self.registered += progress.registered_count
        self.known += progress.known_count
        self.registered_bytes += progress.registered_bytes
        self.failed += len(progress.failures)
        for failure in progress.failures:
            self.errors[failure.reason] = error_from(failure.reason, failure.message)


@click.command()
@connection_argument
@click.argument("store", metavar="STORE", type=UTF8_TEXT)
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=UTF8_TEXT)
@click.option(
    "--paths-from",
    metavar="FILE",
    type=click.Path(path_type=Path, allow_dash=True),
    help="Read more paths from a file, one a line; `-` is stdin.",
)
@click.option("--recursive", "-r", is_flag=True, help="Register the files below each PATH.")
@click.option("--parent-dirs", default="", type=UTF8_TEXT, help="Directories before each PATH.")
@click.option("--null-obsid", is_flag=True, help="For files that belong to no observation.")
@click.option("--obsid", type=OBSID, help="Observation, in place of what they say.")
@metadata_option
@json_option
def register(
    connection: str,
    store: str,
    paths: Sequence[str],
    paths_from: Path | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Put files on record that lie under the root of STORE already, without copying them.

    PATH is absolute, or relative to the store's root; each is one file, flat or a dataset's
    directory. Doing it again changes nothing.
    """
    if not paths and paths_from is None:
        raise click.UsageError("Give paths, or --paths-from.", click.get_current_context())
    total = _Sum()
    with Librarian.connect(connection) as site, _all_paths(paths, paths_from) as all_paths:
        for progress in site.register(store, all_paths, **options):
            total.add(progress)
            for failure in progress.failures:
                print_failure(failure.path, failure.message, as_json=as_json)
    _print_sum(total, as_json=as_json)
    if total.failed:
        done_count = total.registered + total.known
        code = exit_code_of_all(list(total.errors.values()), done_count=done_count)
        raise CommandError(
            f"{format_count(total.failed, 'path')} could not be put on record.", code
        )


@contextmanager
def _all_paths(paths: Sequence[str], paths_from: Path | None) -> Iterator[Iterable[str]]:
    if paths_from is None:
        yield paths
    elif str(paths_from) == "-":
        yield _chain(paths, sys.stdin)
    else:
        with paths_from.open(encoding="utf-8") as lines:
            yield _chain(paths, lines)


def _chain(paths: Sequence[str], lines: Iterable[str]) -> Iterator[str]:
    yield from paths
    for line in lines:
        if path := line.rstrip("\n"):
            yield path


def _print_sum(total: _Sum, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "registered": total.registered,
                "known": total.known,
                "registered_bytes": total.registered_bytes,
                "failed": total.failed,
            }
        )
    else:
        size = format_size(total.registered_bytes)
        files = format_count(total.registered, "file")
        print_line(f"{files} registered ({size}), {total.known} known already.")
