"""What every format's reader answers, and how it refuses."""

from typing import NamedTuple

from librarian.errors import InvalidRequestError


class Span(NamedTuple):
    """When the data of a file were taken, as the file has it.

    The start is the time recorded for the first integration; the stop is the time of the last
    one and one integration more, so that neighbouring files adjoin.
    """

    start_time_jd: float
    stop_time_jd: float | None
    start_lst_radians: float | None


def damaged(format_name: str, fault: str) -> InvalidRequestError:
    """Return the error of a file that is surely of a format, and cannot be what it says."""
    return InvalidRequestError(
        f"The file looks like {format_name}, but {fault}: it is cut short or damaged. Make it"
        " anew, or say which observation it belongs to."
    )
