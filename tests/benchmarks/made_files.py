"""Files for the cases to work on; their contents cannot be compressed or guessed."""

import os
import random
from pathlib import Path

_PIECE_BYTES = 1 << 20


def make_files(directory: Path, prefix: str, *, count: int, size_bytes: int) -> list[Path]:
    """Make files of random bytes in a new directory, and return their paths by name."""
    directory.mkdir(parents=True)
    source = random.Random(prefix)  # noqa: S311 - contents, not secrets
    paths = [directory / f"{prefix}-{number:06}.dat" for number in range(count)]
    for path in paths:
        with path.open("wb") as file:
            for start in range(0, size_bytes, _PIECE_BYTES):
                file.write(source.randbytes(min(_PIECE_BYTES, size_bytes - start)))
    os.sync()
    return paths


def make_empty_files(directory: Path, prefix: str, *, count: int, per_directory: int) -> None:
    """Make empty files in several directories below a new one."""
    for number in range(count):
        folder = directory / f"{number // per_directory:04}"
        if number % per_directory == 0:
            folder.mkdir(parents=True)
        (folder / f"{prefix}-{number:06}.dat").touch()
    os.sync()
