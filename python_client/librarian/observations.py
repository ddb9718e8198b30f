"""What a file tells of the observation that made it: the obsid, its times, its sidereal time."""

import math
import os
import stat
from dataclasses import dataclass

from librarian.errors import InvalidRequestError
from librarian.formats.miriad import read_miriad
from librarian.formats.spans import Span
from librarian.formats.uvh5 import read_uvh5
from librarian.times import is_plausible_jd, jd_to_obsid, lst_radians_to_hours

_MAX_LENGTH_DAYS = 366.0


@dataclass(frozen=True)
class ObservationFacts:
    """What is known of an observation; the stop is the end of its last integration."""

    obsid: int
    start_time_jd: float
    stop_time_jd: float | None = None
    start_lst_hr: float | None = None


def read_observation(fd: int) -> ObservationFacts | None:
    """Return the observation of an open file or directory, or None when it tells of none.

    The contents decide, not the name. Raises InvalidRequestError for one that is of a known
    format and damaged.
    """
    is_directory = stat.S_ISDIR(os.fstat(fd).st_mode)
    span = read_miriad(fd) if is_directory else read_uvh5(fd)
    return _facts(span) if span else None


def _facts(span: Span) -> ObservationFacts:
    start, stop, lst_radians = span
    if not is_plausible_jd(start):
        raise _implausible(f"its first integration has the Julian date {start:.5f}")
    if stop is not None and not start <= stop <= start + _MAX_LENGTH_DAYS:
        raise _implausible(f"it begins at the Julian date {start:.5f} and ends at {stop:.5f}")
    if lst_radians is not None and not math.isfinite(lst_radians):
        raise _implausible("its sidereal time is not a number")
    hours = None if lst_radians is None else lst_radians_to_hours(lst_radians)
    return ObservationFacts(jd_to_obsid(start), start, stop, hours)


def _implausible(fault: str) -> InvalidRequestError:
    return InvalidRequestError(
        f"The file's own times cannot be true: {fault}. Say which observation it belongs to."
    )
