"""Which bytes a browser asks for: RFC 9110, one range at a time."""

from enum import Enum
from typing import NamedTuple

from werkzeug.datastructures import Headers
from werkzeug.http import parse_etags, parse_if_range_header, parse_range_header


class Answer(Enum):
    """How a request for bytes is answered, by its status."""

    WHOLE = 200
    PART = 206
    UNCHANGED = 304
    CHANGED = 412
    UNSATISFIABLE = 416


class Wanted(NamedTuple):
    """The answer, and the bytes that it has: from `start` to before `stop`."""

    answer: Answer
    start: int
    stop: int


def wanted_bytes(headers: Headers, etag: str, size_bytes: int) -> Wanted:
    """Return which of a file's bytes are asked for; `etag` names its contents, without quotes.

    Several ranges at once are answered with the whole file, as the RFC allows.
    """
    if "If-Match" in headers and not parse_etags(headers["If-Match"]).contains(etag):
        return Wanted(Answer.CHANGED, 0, 0)
    if parse_etags(headers.get("If-None-Match")).contains_weak(etag):
        return Wanted(Answer.UNCHANGED, 0, 0)
    asked = parse_range_header(headers.get("Range"))
    is_single = asked is not None and asked.units == "bytes" and len(asked.ranges) == 1
    if asked is None or not is_single or not _is_same(headers.get("If-Range"), etag):
        return Wanted(Answer.WHOLE, 0, size_bytes)
    first, end = asked.ranges[0]
    # Without a number before the dash, it is the last bytes, or all where there are fewer.
    start = first if first >= 0 else max(0, size_bytes + first)
    if start >= size_bytes:
        return Wanted(Answer.UNSATISFIABLE, 0, 0)
    return Wanted(Answer.PART, start, size_bytes if end is None else min(end, size_bytes))


def _is_same(if_range: str | None, etag: str) -> bool:
    """Say whether a range may be sent: only of the contents that the browser has the rest of."""
    if if_range is None:
        return True
    # A weak one says nothing of bytes, and times are not told, so that none is the same.
    is_weak = if_range.startswith("W/")
    return not is_weak and parse_if_range_header(if_range).etag == etag
