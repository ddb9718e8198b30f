"""Values as people type them, in both forms: texts, numbers, sizes, durations and times."""

import math
import re
from decimal import Decimal

from catalog_service.search.mistakes import located, shown
from catalog_service.search.tree import Age, Place

LARGEST_WHOLE = 2**63 - 1

_SURROGATE = re.compile("[\ud800-\udfff]")
_WHOLE = re.compile(r"-?[0-9]{1,19}")
_NUMBER = re.compile(r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
_WITH_UNIT = re.compile(rf"({_NUMBER.pattern}) ?([A-Za-z]+)")
_METADATA_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")

_SIZE_UNITS = {"b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12, "pb": 10**15} | {
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
    "tib": 2**40,
    "pib": 2**50,
}
_DAY_UNITS = {"s": 1 / 86400, "m": 1 / 1440, "h": 1 / 24, "d": 1.0, "w": 7.0}


def check_text(text: str, place: Place) -> str:
    """Return a text unchanged, or raise InvalidRequestError when nothing on record can have it."""
    # PostgreSQL takes neither.
    if "\0" in text or (not text.isascii() and _SURROGATE.search(text)):
        raise located(
            f"The text {shown(text)} has a character that nothing on record can have.", place
        )
    return text


def check_metadata_key(key: str, place: Place) -> str:
    """Return the name of a metadata key unchanged, or raise InvalidRequestError."""
    if not _METADATA_KEY.fullmatch(key):
        raise located(
            f"The name of a metadata key is a letter and at most 63 letters, digits or '_' after "
            f"it, not {shown(key)}.",
            place,
        )
    return key


def check_whole(number: int, place: Place) -> int:
    """Return a whole number unchanged, or raise InvalidRequestError when it is beyond 64 bits."""
    if abs(number) > LARGEST_WHOLE:
        raise located(f"The number {shown(number)} is beyond 64 bits.", place)
    return number


def read_number(text: str) -> int | float | None:
    """Return the number that a text is, whole when it is written so, or None when it is none."""
    if _WHOLE.fullmatch(text) and abs(int(text)) <= LARGEST_WHOLE:
        return int(text)
    number = float(text) if _NUMBER.fullmatch(text) else math.inf
    return number if math.isfinite(number) else None


def parse_number(text: str, place: Place) -> int | float:
    """Return the number that a text is, whole when it is written so."""
    number = read_number(text)
    if number is None:
        raise located(f"Expected a number such as 5 or 2.5e9, not {shown(text)}.", place)
    return number


def parse_size(text: str, place: Place) -> int | float:
    """Return a size in bytes, whole when it is: `5GB` is 5,000,000,000, `1KiB` 1,024."""
    found = _WITH_UNIT.fullmatch(text)
    unit = _SIZE_UNITS.get(found[2].lower()) if found else None
    if found is None or unit is None:
        number = read_number(text)
        if number is None:
            raise located(f"Expected a size such as 5000, 5GB or 1.5TiB, not {shown(text)}.", place)
        return number
    return _exact_size(parse_number(found[1], place), found[1], unit)


def _exact_size(number: int | float, digits: str, unit: int) -> int | float:
    if abs(number) * unit > LARGEST_WHOLE or 0 < abs(number) < 1e-18:
        return float(number) * unit
    # 1.1 GB is a whole number of bytes, but not in floats.
    exact = Decimal(digits) * unit
    return int(exact) if exact == int(exact) else float(exact)


def parse_duration(text: str, place: Place) -> int | float:
    """Return a duration in days: a plain number of them, or with a unit, as in `10m`."""
    number = read_number(text)
    age = read_age(text) if number is None else None
    if age is not None:
        return age.days
    if number is None:
        raise located(
            f"Expected a number of days, or a duration such as 90s, 10m, 2h or 3d, "
            f"not {shown(text)}.",
            place,
        )
    return number


def read_age(text: str) -> Age | None:
    """Return the age that a text with a unit is, such as `3d`, or None when it is none."""
    found = _WITH_UNIT.fullmatch(text)
    unit = _DAY_UNITS.get(found[2].lower()) if found else None
    number = read_number(found[1]) if found else None
    if unit is None or number is None:
        return None
    # Divided, not multiplied by a rounded part of a day: 90s is the float nearest to it.
    days = number * unit if unit >= 1 else number / round(1 / unit)
    return Age(days) if math.isfinite(days) else None
