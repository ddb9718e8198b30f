"""Numbers, sizes, time spans and times as the text form writes them, the most readable first."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import product

from catalog_service.search.text_keys import Key, Shape
from catalog_service.search.tree import Age, Comparison, Value
from librarian.times import is_plausible_jd, jd_to_datetime

_SIGNS = {
    "is-exactly": "",
    "is-not": "!=",
    "greater-than": ">",
    "less-than": "<",
    "at-least": ">=",
    "at-most": "<=",
    "in-range": "",
    "in-wrapping-range": "",
    "not-in-range": "!",
    "newer-than": ">",
    "older-than": "<",
}
# Who is later than an age is younger.
_AGE_SIGNS = {
    "greater-than": "<",
    "less-than": ">",
    "at-least": "<=",
    "at-most": ">=",
    "newer-than": "<",
    "older-than": ">",
}
_SIZE_UNITS = {
    "TiB": 2**40,
    "GiB": 2**30,
    "MiB": 2**20,
    "TB": 10**12,
    "GB": 10**9,
    "MB": 10**6,
    "kB": 10**3,
}
_DAY_PARTS = {"d": 1, "h": 24, "m": 1440, "s": 86400}
_LARGEST_EXACT = 2.0**53
_LARGEST_SIZE = 2**63


def write_numbers(
    key: Key, comparison: Comparison, write: Callable[[object], str] | None = None
) -> Iterator[str]:
    """Yield ways to write an operator and its value; `write`, when given, writes each value."""
    operator, value = comparison.operator, comparison.value
    if isinstance(value, Age):
        yield from (f"{_AGE_SIGNS[operator]}{text}" for text in _ages(value))
    elif isinstance(value, datetime):
        yield from _moments(operator, value)
    elif isinstance(value, tuple):
        ends = [[write(end)] if write else _spellings(key, end) for end in value]
        yield from (f"{_SIGNS[operator]}{'..'.join(pair)}" for pair in product(*ends))
    else:
        texts = [write(value)] if write else _spellings(key, value)
        yield from (f"{_SIGNS[operator]}{text}" for text in texts)


def write_exactly(value: Value) -> str:
    """Write a value as a clause takes it by its full name."""
    if isinstance(value, tuple):
        return "..".join(repr(end) for end in value)
    if isinstance(value, Age):
        return f"{value.days!r}d"
    if isinstance(value, datetime):
        return _iso(value)
    return repr(value)


def _spellings(key: Key, value: object) -> list[str]:
    if not isinstance(value, int | float):
        return []
    readable = {Shape.SIZE: _sizes, Shape.DAYS: _spans, Shape.JD: _dates}.get(key.shape, _none)
    return [*readable(value), _plain(value)]


def _none(_value: float) -> list[str]:
    return []


def _plain(value: int | float) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < _LARGEST_EXACT:
        return str(int(value))
    return repr(value)


def _sizes(size: float) -> list[str]:
    if size < 1 or size > _LARGEST_SIZE or size != int(size):
        return []
    whole = int(size)
    return [f"{whole // unit}{name}" for name, unit in _SIZE_UNITS.items() if whole % unit == 0][:1]


def _spans(days: float) -> list[str]:
    parts = ((days * part, unit) for unit, part in _DAY_PARTS.items() if abs(days) < 1e6)
    return [f"{number:.0f}{unit}" for number, unit in parts if abs(number - round(number)) < 1e-6]


def _ages(age: Age) -> list[str]:
    return [*_spans(age.days), f"{age.days!r}d"]


def _dates(jd: float) -> list[str]:
    if not is_plausible_jd(jd):
        return []
    moment = jd_to_datetime(jd)
    iso = [] if moment.microsecond else [_iso(moment)]
    return [f"{moment:%Y-%m-%d}", *iso] if moment.time() == moment.min.time() else iso


def _moments(operator: str, moment: datetime) -> Iterator[str]:
    if operator == "older-than":
        yield f"<{moment:%Y-%m-%d}"
    elif moment < datetime.max.replace(tzinfo=UTC):
        yield f">={moment + timedelta(microseconds=1):%Y-%m-%d}"
    yield f"{_SIGNS[operator]}{_iso(moment)}"


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
