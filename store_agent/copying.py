"""Copying contents, flat or a whole tree, hashed on their way."""

import os
from collections.abc import Iterable
from dataclasses import dataclass

from librarian.manifests import Contents, describe_contents, parse_manifest
from store_agent.paths import make_directories, open_beneath
from store_agent.reading import Reader, is_directory
from store_agent.writing import COPY_FLAGS


@dataclass(frozen=True)
class Target:
    """Where copies are made: an open directory, and whether each is put on disk at once."""

    dir_fd: int
    durable: bool


def copy_contents(
    fd: int, algorithms: Iterable[str], target: Target, name: str, reader: Reader
) -> Contents:
    """Copy what is open into a directory, under a name that is free, and describe it.

    Of a copy that failed, the caller removes what is there.
    """
    if is_directory(fd):
        return _copy_tree(fd, algorithms, target, name, reader)

    def copy(from_fd: int, path: str, algorithms: Iterable[str]) -> tuple[int, dict[str, str]]:
        return _copy_flat(from_fd, path, algorithms, (target.dir_fd, name, target.durable), reader)

    return describe_contents(fd, algorithms, copy)


def _copy_tree(
    fd: int, algorithms: Iterable[str], target: Target, name: str, reader: Reader
) -> Contents:
    os.mkdir(name, dir_fd=target.dir_fd)
    tree_fd = open_beneath(target.dir_fd, name, os.O_RDONLY | os.O_DIRECTORY)

    def copy(from_fd: int, path: str, algorithms: Iterable[str]) -> tuple[int, dict[str, str]]:
        parent, _, last = path.rpartition("/")
        parent_fd = make_directories(tree_fd, parent or ".", durable=False)
        try:
            place = (parent_fd, last, target.durable)
            return _copy_flat(from_fd, path, algorithms, place, reader)
        finally:
            os.close(parent_fd)

    try:
        contents = describe_contents(fd, algorithms, copy)
        for entry in parse_manifest(contents.manifest or b""):
            if entry.path.endswith("/") and entry.path != "./":
                empty = entry.path.removesuffix("/")
                os.close(make_directories(tree_fd, empty, durable=False))
        return contents
    finally:
        os.close(tree_fd)


def _copy_flat(
    from_fd: int,
    path: str,
    algorithms: Iterable[str],
    place: tuple[int, str, bool],
    reader: Reader,
) -> tuple[int, dict[str, str]]:
    dir_fd, name, durable = place
    to_fd = os.open(name, COPY_FLAGS | os.O_EXCL, 0o666, dir_fd=dir_fd)
    try:
        outcome = reader.copy_file(from_fd, path, algorithms, to_fd)
        if durable:
            os.fsync(to_fd)
        return outcome
    finally:
        os.close(to_fd)
