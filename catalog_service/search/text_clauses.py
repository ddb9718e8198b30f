"""Clauses by their full names in the text form, with the values that they have in JSON.

So everything can be said that short keys have no signs for.
"""

from collections.abc import Callable

from catalog_service.search.attributes import ClauseForm, Kind
from catalog_service.search.mistakes import located, shown
from catalog_service.search.patterns import check_pattern
from catalog_service.search.regexes import check_regex
from catalog_service.search.text_words import Word
from catalog_service.search.times import parse_time
from catalog_service.search.tree import Age, Clause, Comparison, Value
from catalog_service.search.values import (
    check_metadata_key,
    parse_number,
    read_age,
    read_number,
)


def read_clause(form: ClauseForm, word: Word) -> Clause:
    """Return the comparison of a clause with the value that a word is."""
    return Comparison(form.attribute, form.operator, _READERS[form.kind](word), word.place)


def _read_whole(word: Word) -> int:
    number = read_number(word.literal)
    if not isinstance(number, int):
        raise located(f"Expected a whole number, not {shown(word.literal)}.", word.place)
    return number


def _read_number(word: Word) -> int | float:
    return parse_number(word.literal, word.place)


def _read_jd(word: Word) -> float | Age:
    # As in JSON, a plain number is the Julian date itself, however small.
    number = read_number(word.literal)
    if number is not None:
        return float(number)
    return read_age(word.literal) or parse_time(word.literal, word.place).jd


def _read_moment(word: Word) -> Value:
    number = read_number(word.literal)
    if number is not None:
        return Age(float(number))
    return read_age(word.literal) or parse_time(word.literal, word.place).moment


def _ends(word: Word) -> tuple[Word, Word]:
    ends = word.split_range()
    if not ends:
        raise located("Expected a range, two values with '..' between them.", word.place)
    return ends


def _read_number_range(word: Word) -> tuple[float, float]:
    first, last = sorted(_read_number(end) for end in _ends(word))
    return first, last


def _read_jd_range(word: Word) -> tuple[float, float]:
    ends = [_read_jd(end) for end in _ends(word)]
    first, last = (end for end in ends if not isinstance(end, Age))
    return min(first, last), max(first, last)


def _read_hours_range(word: Word) -> tuple[float, float]:
    first, last = (_read_number(end) for end in _ends(word))
    if not (0 <= first <= 24 and 0 <= last <= 24):
        raise located("Hours of a range of sidereal times are from 0 to 24.", word.place)
    return first, last


def _refuse(word: Word) -> Value:
    raise located("Here the text form has a short key: write it, such as name:in(a b).", word.place)


_READERS: dict[Kind, Callable[[Word], Value]] = {
    Kind.TEXT: lambda word: word.literal,
    Kind.PATTERN: lambda word: check_pattern(word.verbatim, word.place),
    Kind.REGEX: lambda word: check_regex(word.verbatim, word.place),
    Kind.TEXTS: _refuse,
    Kind.WHOLE_NUMBER: _read_whole,
    Kind.NUMBER: _read_number,
    Kind.NUMBER_RANGE: _read_number_range,
    Kind.JD: _read_jd,
    Kind.JD_RANGE: _read_jd_range,
    Kind.MOMENT: _read_moment,
    Kind.HOURS_RANGE: _read_hours_range,
    Kind.ANYTHING: lambda word: True,
    Kind.SCALAR: _refuse,
    Kind.SCALARS: _refuse,
    Kind.SCALAR_RANGE: _refuse,
    Kind.METADATA_KEY: lambda word: check_metadata_key(word.literal, word.place),
}
