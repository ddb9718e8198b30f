"""MIRIAD visibilities: a directory whose item `visdata` is a stream of changing variables.

The first record tells the start. Nothing tells where the last one begins, so the last time is
sought backwards from the end, and believed when the stream can be read from there to its very
end; failing that, the variable `ntimes` tells how many integrations follow the first. The
variable `obsid` is not asked: it is the GPS seconds of the first integration, rounded down,
where pipelines keep it true, and is left as it was where they cut a dataset in two.
"""

import contextlib
import itertools
import os
import stat
from collections.abc import Iterator

from librarian.errors import InvalidRequestError
from librarian.formats.miriad_stream import Stream, find_vislen
from librarian.formats.spans import Span, damaged

_ITEMS = ("header", "vartable", "visdata")
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_MAX_ITEM_BYTES = 1 << 20
_DAY_SECONDS = 86400.0
_MAX_FIRST_ENTRIES = 4096
_MAX_LAST_ENTRIES = 200_000
_MAX_CANDIDATES = 4
_WINDOW_BYTES = 4 << 20
_MAX_WINDOWS = 16


def read_miriad(dir_fd: int) -> Span | None:
    """Return when the data of an open MIRIAD directory were taken, or None for any other.

    Raises InvalidRequestError for a MIRIAD dataset that cannot be read.
    """
    fds = list(_open_items(dir_fd))
    try:
        if len(fds) < len(_ITEMS):
            return None
        header, vartable = (os.pread(fd, _MAX_ITEM_BYTES, 0) for fd in fds[:2])
        size_bytes = os.fstat(fds[2]).st_size
        vislen = find_vislen(header)
        # The header's length is rounded up to the stream's alignment of 8.
        if vislen is not None and size_bytes + 7 < vislen:
            raise damaged("MIRIAD", f"its visdata has {size_bytes} of {vislen} bytes")
        return _read_span(Stream(fds[2], min(size_bytes, vislen or size_bytes), vartable))
    finally:
        for fd in fds:
            os.close(fd)


def _open_items(dir_fd: int) -> Iterator[int]:
    for name in _ITEMS:
        try:
            fd = os.open(name, _FLAGS, dir_fd=dir_fd)
        except OSError:
            return
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            os.close(fd)
            return
        yield fd


def _read_span(stream: Stream) -> Span:
    """Read the first record and seek the last time."""
    found = _first_values(stream)
    if "time" not in found:
        raise damaged("MIRIAD", "its first record has no time")
    start, inttime = found["time"], found.get("inttime")
    stop = None
    if inttime is not None:
        stop = _last_time(stream, start)
        if stop is None and "ntimes" in found:
            stop = start + (found["ntimes"] - 1) * inttime / _DAY_SECONDS
    if stop is not None and inttime is not None:
        stop += inttime / _DAY_SECONDS
    return Span(start, stop, found.get("lst"))


def _first_values(stream: Stream) -> dict[str, float]:
    """Return the numbers that are set before the end of the first record."""
    found: dict[str, float] = {}
    for count, entry in enumerate(stream.entries(0)):
        if entry.is_end_of_record or count > _MAX_FIRST_ENTRIES:
            break
        if entry.name in ("time", "lst", "inttime", "ntimes"):
            found[entry.name] = stream.number(entry)
    return found


def _last_time(stream: Stream, start: float) -> float | None:
    """Return the time of the last integration, or None when it cannot be told for sure."""
    for candidate in itertools.islice(_backward_times(stream), _MAX_CANDIDATES):
        with contextlib.suppress(InvalidRequestError):
            entry = next(stream.entries(candidate), None)
            if entry and stream.leads_to_end(candidate, _MAX_LAST_ENTRIES):
                time = stream.number(entry)
                return time if time >= start else None
    return None


def _backward_times(stream: Stream) -> Iterator[int]:
    """Yield where entries of the variable `time` seem to begin, the last one first."""
    mark = stream.mark_of("time")
    end = stream.end
    for _ in range(_MAX_WINDOWS):
        begin = max(0, (end - _WINDOW_BYTES) // 8 * 8)
        window = stream.read(begin, end - begin)
        at = window.rfind(mark)
        while at >= 0:
            if at % 8 == 0:
                yield begin + at
            at = window.rfind(mark, 0, at + len(mark) - 1)
        if begin == 0:
            return
        end = begin
