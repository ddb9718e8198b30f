"""Numbers with units, and times, as people type them in a row and as the JSON form has them."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from librarian.client.search_attributes import Unit
from librarian.errors import InvalidRequestError
from librarian.times import is_plausible_jd, jd_to_datetime

_BYTES: Mapping[str, int] = {
    "": 1,
    "b": 1,
    **{f"{sign}b": 1000**power for power, sign in enumerate("kmgtp", 1)},
    **{f"{sign}ib": 1024**power for power, sign in enumerate("kmgtp", 1)},
}
_SHOWN_BYTES = {
    "PB": 10**15,
    "TiB": 2**40,
    "TB": 10**12,
    "GiB": 2**30,
    "GB": 10**9,
    "MiB": 2**20,
    "MB": 10**6,
    "kB": 10**3,
}
# How many of each a day has.
_DAY_PARTS: Mapping[str, int] = {"d": 1, "h": 24, "m": 1440, "s": 86400}
_QUANTITY = re.compile(r"([-+0-9.eE]+?) ?([A-Za-z]*)")
_AGE = re.compile(r"([0-9.]+(?:[eE][-+]?[0-9]+)?) ?([smhdwSMHDW])")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NOON_2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)
_NOON_2000_JD = 2451545.0
_LARGEST_EXACT = 2.0**53
_WEEK_DAYS = 7

Number = int | float


def read_number(text: str, unit: Unit = Unit.NONE) -> Number:
    """Return the number that a text such as `5 GB` or `10m` is, or raise InvalidRequestError."""
    plain = text.strip()
    found = _QUANTITY.fullmatch(plain)
    if unit is Unit.DAYS:
        return read_days(plain)
    factor = _factor(found[2], unit) if found else None
    number = _decimal(found[1]) if found else None
    if factor is None or number is None:
        raise InvalidRequestError(f"{shown(text)} is no {_EXPECTED[unit]}.")
    return _narrowed(number * factor)


_EXPECTED = {
    Unit.NONE: "number, such as 12",
    Unit.HOURS: "number of hours, such as 23.5",
    Unit.BYTES: "size, such as 5 GB",
}


def write_number(number: Number, unit: Unit = Unit.NONE) -> str:
    """Return a number as `read_number` reads it, with the unit that is easiest to read."""
    if unit is Unit.DAYS:
        return write_days(float(number))
    whole = _whole(number)
    if unit is Unit.BYTES and whole:
        for name, size in _SHOWN_BYTES.items():
            if whole % size == 0:
                return f"{whole // size} {name}"
    return repr(number) if whole is None else str(whole)


def read_days(text: str) -> float:
    """Return the days that a time span such as `3d` or `10m` has."""
    found = _AGE.fullmatch(text.strip())
    number = _decimal(found[1] if found else text.strip())
    if number is None or number < 0:
        raise InvalidRequestError(f"{shown(text)} is no time span, such as 3d, 36h or 10m.")
    unit = found[2].lower() if found else "d"
    return float(number) * _WEEK_DAYS if unit == "w" else float(number) / _DAY_PARTS[unit]


def write_days(days: float) -> str:
    """Return days as a time span that `read_days` reads as the same."""
    for unit, part in _DAY_PARTS.items():
        count = round(days * part)
        if count / part == days:
            return f"{count}{unit}"
    return f"{days!r}d"


def is_age(text: str) -> bool:
    """Tell whether a text is an age, such as `3d`."""
    return bool(_AGE.fullmatch(text.strip()))


def read_date(text: str) -> date:
    """Return the day that a text is, or raise InvalidRequestError."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise InvalidRequestError(f"{shown(text)} is no day, such as 2018-11-10.") from None


def read_time(text: str) -> Number | str:
    """Return a time as the JSON form takes it: a Julian date alone is a number."""
    plain = text.strip()
    number = None if _DATE.fullmatch(plain) else _decimal(plain)
    return plain if number is None else float(number)


def write_jd(jd: Number) -> str:
    """Return a Julian date as a day or time where that is the same, else as the number."""
    if not is_plausible_jd(jd):
        return repr(float(jd))
    moment = jd_to_datetime(jd)
    if moment.microsecond or _to_jd(moment) != jd:
        return repr(float(jd))
    whole_day = moment.time() == moment.min.time()
    return f"{moment:%Y-%m-%d}" if whole_day else f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def midnight(jd: Number) -> date | None:
    """Return the day that begins with a Julian date, or None when none does."""
    written = write_jd(jd)
    return date.fromisoformat(written) if _DATE.fullmatch(written) else None


def day_jd(day: date) -> float:
    """Return the Julian date with which a day begins."""
    return _to_jd(datetime(day.year, day.month, day.day, tzinfo=UTC))


def _to_jd(moment: datetime) -> float:
    return _NOON_2000_JD + (moment - _NOON_2000) / timedelta(days=1)


def _factor(name: str, unit: Unit) -> int | None:
    if unit is Unit.BYTES:
        return _BYTES.get(name.lower())
    return 1 if not name or (unit is Unit.HOURS and name.lower() == "h") else None


def _decimal(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    # An exponent that long would make a number of as many digits.
    return number if number.is_finite() and abs(number.adjusted()) < 400 else None


def _narrowed(number: Decimal) -> Number:
    return int(number) if number == number.to_integral_value() else float(number)


def _whole(number: Number) -> int | None:
    if isinstance(number, int):
        return number
    return int(number) if number.is_integer() and abs(number) < _LARGEST_EXACT else None


def shown(text: str) -> str:
    """Return what was typed as an error shows it."""
    return repr(text.strip()[:60])
