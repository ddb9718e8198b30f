"""What the operating system's errors mean to whoever asked for the work."""

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from librarian.errors import (
    BusyError,
    InvalidRequestError,
    LibrarianError,
    NotFoundError,
    StoreFullError,
    StoreUnusableError,
)
from librarian.names import show_name

_Result = TypeVar("_Result")

_CLASSES: dict[int, tuple[type[LibrarianError], str]] = {
    errno.ENOSPC: (StoreFullError, "has no space left: free some, or choose another store"),
    errno.EDQUOT: (StoreFullError, "has no quota left: free some, or choose another store"),
    errno.EROFS: (StoreUnusableError, "is mounted read-only: mount it writable"),
    errno.EIO: (StoreUnusableError, "has a disk that fails: a person must look at it"),
    errno.EACCES: (StoreUnusableError, "denies it to the agent's user: change the permissions"),
    errno.EPERM: (StoreUnusableError, "denies it to the agent's user: change the permissions"),
    errno.ESTALE: (StoreUnusableError, "lost its file server: mount it anew"),
    errno.ENODEV: (StoreUnusableError, "lost its disk: mount it anew"),
    errno.EMFILE: (BusyError, "cannot be used while the agent has so many files open: repeat"),
    errno.ENFILE: (BusyError, "cannot be used while the host has so many files open: repeat"),
    errno.ENOENT: (NotFoundError, "does not have it"),
    errno.ENOTDIR: (InvalidRequestError, "has a file where a directory is needed"),
    errno.EISDIR: (InvalidRequestError, "has a directory where a file is needed"),
    errno.ENAMETOOLONG: (InvalidRequestError, "cannot hold a path that long: shorten it"),
    errno.EMLINK: (InvalidRequestError, "cannot hold so many directories in one"),
    errno.ENXIO: (InvalidRequestError, "has a special file there, and only files are read"),
}


def explain(error: OSError, where: str) -> LibrarianError:
    """Return what an error of the operating system comes to; `where` begins the sentence."""
    error_class, meaning = _CLASSES.get(error.errno or 0, (LibrarianError, str(error.strerror)))
    subject = error.filename
    named = f" ({show_name(subject)})" if isinstance(subject, str) else ""
    return error_class(f"{where} {meaning}{named}.")


@contextmanager
def explained(where: str) -> Iterator[None]:
    """Turn errors of the operating system into those of `librarian.errors`."""
    try:
        yield
    except OSError as error:
        raise explain(error, where) from error


def attempt(work: Callable[[], _Result]) -> _Result | LibrarianError:
    """Return what work comes to, or its error: an item of a batch fails alone."""
    try:
        return work()
    except LibrarianError as error:
        return error
