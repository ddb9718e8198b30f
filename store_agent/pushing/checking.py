"""Checking instances that a neighbour found wrong: was it the copy here, or the way."""

import os
from collections.abc import Sequence
from functools import partial

from librarian.checksums import parse_checksum
from librarian.errors import BusyError, CorruptContentsError, LibrarianError, StoreUnusableError
from librarian.manifests import describe_contents
from librarian.names import show_name
from store_agent.faults import attempt, explained
from store_agent.pushing.ways import PushFile
from store_agent.reading import Reader, Stop, open_instance
from store_agent.stores import Stores


def check_instances(
    stores: Stores, files: Sequence[PushFile], stop: Stop
) -> list[LibrarianError | None]:
    """Read instances whole, and return what is wrong with each, or None.

    BusyError says nothing of an instance: its store could not be asked.
    """
    reader = Reader(stop)
    checked: list[LibrarianError | None] = []
    for file in files:
        checked.append(_check(stores, file, reader))
        stop.check()
    return checked


def _check(stores: Stores, file: PushFile, reader: Reader) -> LibrarianError | None:
    try:
        store = stores.get_store(file.store_name)
        with store.opened(streaming=True) as root_fd:
            problem = attempt(partial(_compare, root_fd, file, reader))
        if isinstance(problem, StoreUnusableError):
            # A disk that is gone fails its files alike: only of one that is there it is a file's.
            with store.opened(streaming=True):
                pass
    except BusyError as error:
        return error
    except LibrarianError as error:
        return BusyError(f"{show_name(file.path())} cannot be looked at now: {error}")
    return problem


def _compare(root_fd: int, file: PushFile, reader: Reader) -> None:
    path = file.path()
    algorithm = parse_checksum(file.checksum).algorithm
    with explained(f"The store {show_name(file.store_name)}"):
        fd = open_instance(root_fd, path)
        try:
            contents = describe_contents(fd, [algorithm], reader.read_file)
        finally:
            os.close(fd)
    found = contents.checksums[algorithm]
    if (contents.size_bytes, found) != (file.size_bytes, file.checksum):
        raise CorruptContentsError(
            f"{show_name(path)} on the store {show_name(file.store_name)} is not what is on record:"
            f" it has {contents.size_bytes} bytes of {file.size_bytes}, and the checksum {found}."
        )
