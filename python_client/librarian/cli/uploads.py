"""The command that puts files into the archive."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from librarian.cli.arguments import OBSID, UTF8_TEXT, connection_argument, json_option
from librarian.cli.exit_codes import CommandError, ExitCode, exit_code_of_all
from librarian.cli.local_trees import find_local_files
from librarian.cli.output import format_size, print_json, print_line, printable, say
from librarian.client.librarian import Librarian
from librarian.client.records import UploadItem, UploadOutcome

_INTERRUPTED = "interrupted; the same command goes on where this one was."


@click.command()
@connection_argument
@click.argument("local", metavar="LOCAL", type=click.Path(path_type=Path))
@click.argument("dest", metavar="DEST", type=UTF8_TEXT)
@click.option("--recursive", "-r", is_flag=True, help="Each file below LOCAL becomes a file.")
@click.option("--null-obsid", is_flag=True, help="For files that belong to no observation.")
@click.option("--obsid", type=OBSID, help="Observation, in place of what LOCAL says.")
@click.option("--store", type=UTF8_TEXT, help="Store to use.  [default: the site chooses]")
@click.option("--checksum", type=UTF8_TEXT, help="What it must be, as algorithm:hex.")
@click.option(
    "--deletion",
    type=click.Choice(["allowed", "disallowed"]),
    default="disallowed",
    help="Whether the copy may be deleted later.",
)
@json_option
def upload(
    connection: str, local: Path, dest: str, recursive: bool, as_json: bool, **options: Any
) -> None:
    """Put LOCAL, a flat file or a dataset's directory, into the archive as DEST.

    DEST is directories and the file's name, such as 2458043/zen.2458043.12552.xx.HH.uvA; the name
    must be new, or have the same contents. With --recursive every flat file and every MIRIAD
    dataset below the directory LOCAL becomes a file of its own, in the same directories below DEST.

    Broken off, the same command goes on where it was.
    """
    options["deletion_allowed"] = options.pop("deletion") == "allowed"
    if recursive and (options["checksum"] or options["obsid"] is not None):
        raise click.UsageError(
            "--checksum and --obsid are for one file, not for --recursive.",
            click.get_current_context(),
        )
    try:
        with Librarian.connect(connection) as site:
            if recursive:
                _upload_tree(site, local, dest, options, as_json=as_json)
            else:
                _upload_one(site, local, dest, options, as_json=as_json)
    except KeyboardInterrupt:
        raise CommandError(_INTERRUPTED, ExitCode.INTERRUPTED) from None


def _upload_one(
    site: Librarian, local: Path, dest: str, options: dict[str, Any], *, as_json: bool
) -> None:
    file = site.upload(local, dest, progress=True, **options)
    if as_json:
        print_json(file.to_json())
    else:
        print_line(f"{file.name} is on record ({format_size(file.size_bytes)}).")


def _upload_tree(
    site: Librarian, local: Path, dest: str, options: dict[str, Any], *, as_json: bool
) -> None:
    items = _find_items(local, dest, options)
    done_count, done_bytes, errors = 0, 0, []
    for outcome in site.upload_many(items, progress=True):
        _print_outcome(outcome, as_json=as_json)
        if outcome.file:
            done_count, done_bytes = done_count + 1, done_bytes + outcome.file.size_bytes
        elif outcome.error:
            errors.append(outcome.error)
    if not as_json:
        print_line(f"{done_count} files are on record ({format_size(done_bytes)}).")
    if errors:
        code = exit_code_of_all(errors, done_count=done_count)
        raise CommandError(f"{len(errors)} of {done_count + len(errors)} files failed.", code)


def _find_items(local: Path, dest: str, options: dict[str, Any]) -> Iterable[UploadItem]:
    if not local.is_dir():
        raise CommandError(f"{local} is not a directory: leave --recursive away.")
    directories = "" if dest in ("", ".") else f"{dest.rstrip('/')}/"
    for path, relative_path in find_local_files(local):
        yield UploadItem(path, f"{directories}{relative_path}", **options)


def _print_outcome(outcome: UploadOutcome, *, as_json: bool) -> None:
    if as_json:
        error = str(outcome.error) if outcome.error else None
        file = outcome.file.to_json() if outcome.file else {}
        document = {"local_path": str(outcome.item.local_path), **file, "error": error}
        print_json(document, flush=True)
    elif outcome.error:
        say(f"{printable(str(outcome.item.local_path))}: {printable(str(outcome.error))}")
