"""The command that puts files into the archive."""

from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import Any

import click

from librarian.cli.arguments import OBSID, UTF8_TEXT, connection_argument, json_option
from librarian.cli.exit_codes import CommandError, ExitCode, exit_code_of_all
from librarian.cli.local_trees import find_local_files
from librarian.cli.metadata import metadata_option
from librarian.cli.output import format_count, format_size, print_failure, print_json, print_line
from librarian.client.librarian import Librarian
from librarian.client.records import UploadItem, UploadOutcome
from librarian.errors import InvalidRequestError
from librarian.names import show_name

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
@metadata_option
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
    links: list[UploadOutcome] = []
    items = _find_items(local, dest, options, links)
    done_count, done_bytes, errors = 0, 0, []
    for outcome in chain(site.upload_many(items, progress=True), links):
        _print_outcome(outcome, as_json=as_json)
        if outcome.file:
            done_count, done_bytes = done_count + 1, done_bytes + outcome.file.size_bytes
        elif outcome.error:
            errors.append(outcome.error)
    if not as_json:
        are = "file is" if done_count == 1 else "files are"
        print_line(f"{done_count} {are} on record ({format_size(done_bytes)}).")
    if errors:
        code = exit_code_of_all(errors, done_count=done_count)
        total = format_count(done_count + len(errors), "file")
        raise CommandError(f"{len(errors)} of {total} failed.", code)


def _find_items(
    local: Path, dest: str, options: dict[str, Any], links: list[UploadOutcome]
) -> Iterable[UploadItem]:
    """Yield what is to be uploaded; a link becomes a failure, and not what it leads to."""
    if not local.is_dir():
        raise CommandError(f"{local} is not a directory: leave --recursive away.")
    directories = "" if dest in ("", ".") else f"{dest.rstrip('/')}/"
    for path, relative_path in find_local_files(local):
        item = UploadItem(path, f"{directories}{relative_path}", **options)
        if path.is_symlink():
            links.append(UploadOutcome(item, error=_link_error(path)))
        else:
            yield item


def _link_error(path: Path) -> InvalidRequestError:
    return InvalidRequestError(
        f"{show_name(str(path))} is a symbolic link: upload what it leads to by its own path."
    )


def _print_outcome(outcome: UploadOutcome, *, as_json: bool) -> None:
    path = str(outcome.item.local_path)
    if outcome.error:
        print_failure(path, str(outcome.error), as_json=as_json)
    elif as_json and outcome.file:
        print_json({"path": path, **outcome.file.to_json(), "error": None}, flush=True)
