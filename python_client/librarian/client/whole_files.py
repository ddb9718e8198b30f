"""Files that have their name only when they are whole."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from librarian.client.copying import explained
from librarian.errors import ConflictError, NotFoundError

_BUFFER_BYTES = 1 << 20


def check_destination(path: Path, *, overwrite: bool) -> None:
    """Raise NotFoundError or ConflictError when no file can be made at a path."""
    if not path.parent.is_dir():
        raise NotFoundError(f"There is no directory {path.parent}: make it first.")
    if path.is_dir():
        raise ConflictError(f"{path} is a directory: name the file to write.")
    if not os.path.lexists(path):
        return
    if not overwrite:
        raise _already_there(path)
    if not path.is_file():
        raise ConflictError(f"{path} is not a regular file: choose another name.")


@contextmanager
def new_file(path: Path, *, overwrite: bool) -> Iterator[BinaryIO]:
    """Give a file to write; it gets its name when all went well, and otherwise is gone."""
    part = path.with_name(f".librarian-export-{secrets.token_hex(8)}")
    with explained(str(path.parent)):
        fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        try:
            with open(fd, "wb", buffering=_BUFFER_BYTES) as file:
                yield file
                file.flush()
                os.fsync(fd)
            _publish(part, path, overwrite=overwrite)
        finally:
            part.unlink(missing_ok=True)


def _publish(part: Path, path: Path, *, overwrite: bool) -> None:
    if overwrite:
        os.replace(part, path)
        return
    try:
        # Unlike a rename, this never takes the place of what came meanwhile.
        os.link(part, path)
    except FileExistsError as error:
        raise _already_there(path) from error
    except OSError:
        # A file system without hard links.
        check_destination(path, overwrite=False)
        os.rename(part, path)


def _already_there(path: Path) -> ConflictError:
    return ConflictError(
        f"{path} is there already: choose another name, or overwrite it"
        " (`--force`, `overwrite=True`)."
    )
