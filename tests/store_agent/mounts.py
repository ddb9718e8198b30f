"""Small file systems of the tests' own."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def _mount(*arguments: str | Path) -> None:
    if os.geteuid() != 0:
        raise AssertionError("Only root can mount the small file systems that this test needs.")
    subprocess.run(["mount", *arguments], check=True)


@contextmanager
def small_file_system(directory: Path, size: str = "2m", options: str = "") -> Iterator[Path]:
    """Mount a file system of a few MiB on a directory."""
    directory.mkdir(parents=True)
    _mount("-t", "tmpfs", "-o", f"size={size}{options}", "tmpfs", directory)
    try:
        yield directory
    finally:
        if directory.is_mount():
            unmount(directory)


@contextmanager
def read_only(directory: Path) -> Iterator[None]:
    """Make what lies beneath a directory read-only for a while."""
    _mount("--bind", directory, directory)
    _mount("-o", "remount,bind,ro", directory)
    try:
        yield
    finally:
        unmount(directory)


def unmount(directory: Path) -> None:
    subprocess.run(["umount", "--lazy", directory], check=True)
