"""Directories as tar archives: the same bytes each time, and their number known before."""

import tarfile
from collections.abc import Iterator

from librarian.datasets import DatasetEntry
from web_frontend.downloading.segments import Made, Segment, whole_entry

_DIRECTORY_MODE, _FILE_MODE = 0o755, 0o644


def archive_segments(
    name: str, entries: list[DatasetEntry], time_seconds: int
) -> Iterator[Segment]:
    """Yield what the archive of a directory consists of.

    All lies below one directory of the file's name, and bears one time.
    """
    # The top stands for itself only in an empty dataset.
    yield _header(f"{name}/", 0, time_seconds)
    for entry in entries:
        if entry.path == "./":
            continue
        yield _header(f"{name}/{entry.path}", entry.size_bytes, time_seconds)
        if entry.size_bytes:
            yield whole_entry(entry)
            yield Made(bytes(-entry.size_bytes % tarfile.BLOCKSIZE))
    yield Made(bytes(2 * tarfile.BLOCKSIZE))


def _header(path: str, size_bytes: int, time_seconds: int) -> Made:
    info = tarfile.TarInfo(path.rstrip("/"))
    is_directory = path.endswith("/")
    info.type = tarfile.DIRTYPE if is_directory else tarfile.REGTYPE
    info.mode = _DIRECTORY_MODE if is_directory else _FILE_MODE
    info.size, info.mtime = size_bytes, time_seconds
    # The format of POSIX: names of any length in UTF-8, and sizes beyond 8 GiB.
    return Made(info.tobuf(tarfile.PAX_FORMAT, "utf-8", "strict"))
