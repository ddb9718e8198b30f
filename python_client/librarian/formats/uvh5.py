"""UVH5: visibilities in HDF5, whose group `Header` has the times of all integrations."""

import logging
import math
import os
from contextlib import closing
from functools import cache
from typing import TYPE_CHECKING, Any

from librarian.errors import InvalidRequestError
from librarian.formats.spans import Span, damaged

if TYPE_CHECKING:
    from types import ModuleType

logger = logging.getLogger(__name__)

_MAGIC = b"\x89HDF\r\n\x1a\n"
_DAY_SECONDS = 86400.0
# A header may claim any size, for a file need not hold what it claims.
_MAX_ROWS = 100_000_000
_ROWS_AT_A_TIME = 1 << 18
_MAX_CHUNK_BYTES = 64 << 20


def read_uvh5(fd: int) -> Span | None:
    """Return when the data of an open UVH5 file were taken, or None for any other file.

    Raises InvalidRequestError for HDF5 that cannot be read. Without h5py nothing is known.
    """
    if os.pread(fd, len(_MAGIC), 0) != _MAGIC or (h5py := _find_h5py()) is None:
        return None
    try:
        # Locking would refuse a file that its writer still has locked, and we only look.
        with closing(h5py.File(f"/proc/self/fd/{fd}", "r", locking=False)) as file:
            return _read_header(h5py, file)
    except InvalidRequestError:
        raise
    except Exception as error:
        # h5py raises whatever the broken place happened to be read as: no list is complete.
        raise damaged("HDF5", f"it cannot be read ({type(error).__name__})") from error


@cache
def _find_h5py() -> "ModuleType | None":
    try:
        import h5py
    except ImportError:
        logger.info("UVH5 files are not looked into: install the extra 'uvh5' for that.")
        return None
    return h5py  # type: ignore[no-any-return]


def _read_header(h5py: "ModuleType", file: Any) -> Span | None:
    header = _find_member(h5py, file, "Header", h5py.Group)
    times = header and _find_member(h5py, header, "time_array", h5py.Dataset)
    if times is None:
        return None
    first, start_jd, last, stop_jd = _extremes(_checked(times))
    integration_seconds = _value(h5py, header, "integration_time", last)
    if integration_seconds is not None:
        stop_jd += integration_seconds / _DAY_SECONDS
    lst_radians = _value(h5py, header, "lst_array", first)
    return Span(start_jd, None if integration_seconds is None else stop_jd, lst_radians)


def _find_member(h5py: "ModuleType", group: Any, name: str, kind: type) -> Any:
    """Return a member of a group that lies in this very file, or None."""
    # Soft and external links lead elsewhere, the latter to any file that the agent may read.
    if not isinstance(group.get(name, getlink=True), h5py.HardLink):
        return None
    member = group.get(name)
    return member if isinstance(member, kind) else None


def _value(h5py: "ModuleType", header: Any, name: str, row: int) -> float | None:
    dataset = _find_member(h5py, header, name, h5py.Dataset)
    if dataset is None:
        return None
    _checked(dataset)
    return float(dataset[()] if dataset.ndim == 0 else dataset[row])


def _checked(dataset: Any) -> Any:
    """Return a dataset that can be read within bounds, and out of this file alone."""
    if dataset.dtype.kind != "f" or dataset.ndim > 1:
        raise damaged("UVH5", "its times are not a list of numbers")
    if dataset.is_virtual or dataset.external:
        raise InvalidRequestError("The UVH5 file's header lies in other files: put it into this.")
    chunk_rows = dataset.chunks[0] if dataset.chunks else 0
    if dataset.size > _MAX_ROWS or chunk_rows * dataset.dtype.itemsize > _MAX_CHUNK_BYTES:
        raise damaged("UVH5", "its header claims an impossible number of integrations")
    return dataset


def _extremes(times: Any) -> tuple[int, float, int, float]:
    """Return row and time of the first integration, and of the last: rows come in any order."""
    if not times.size or times.ndim != 1:
        raise damaged("UVH5", "it has no integrations")
    first = last = 0
    start, stop = float("inf"), float("-inf")
    for offset in range(0, times.size, _ROWS_AT_A_TIME):
        rows = times[offset : offset + _ROWS_AT_A_TIME]
        low, high = int(rows.argmin()), int(rows.argmax())
        if not math.isfinite(rows[low] + rows[high]):
            raise damaged("UVH5", "not all of its times are numbers")
        if rows[low] < start:
            first, start = offset + low, float(rows[low])
        if rows[high] > stop:
            last, stop = offset + high, float(rows[high])
    return first, start, last, stop
