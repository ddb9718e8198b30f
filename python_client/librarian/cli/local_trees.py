"""Which files of the archive a local directory tree would make."""

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

# A directory with these is one dataset, however many files are in it.
_MIRIAD_ITEMS = {"header", "vartable", "visdata"}


class LocalFile(NamedTuple):
    """A flat file or a dataset in a tree, and its path from the tree's root."""

    path: Path
    relative_path: str


def find_local_files(root: Path) -> Iterator[LocalFile]:
    """Yield every flat file and every MIRIAD dataset below a directory, by name.

    What is neither a file nor a directory is yielded as it is, to be refused where it is read.
    """
    directories = [root]
    while directories:
        directory = directories.pop()
        with os.scandir(directory) as found:
            entries = sorted(found, key=lambda entry: entry.name)
        below = []
        for entry in entries:
            path = directory / entry.name
            if entry.is_dir(follow_symlinks=False) and not _is_dataset(path):
                below.append(path)
            else:
                yield LocalFile(path, str(PurePosixPath(path.relative_to(root))))
        directories.extend(reversed(below))


def _is_dataset(directory: Path) -> bool:
    return _MIRIAD_ITEMS.issubset(os.listdir(directory))
