"""What the values of the text form compare with: texts, patterns, numbers and ranges of them."""

from catalog_service.search.attributes import ItemKind, Kind, find_form
from catalog_service.search.mistakes import located, shown
from catalog_service.search.patterns import check_pattern
from catalog_service.search.regexes import check_regex
from catalog_service.search.text_keys import Key, Shape
from catalog_service.search.text_times import read_times
from catalog_service.search.text_tokens import ListItem
from catalog_service.search.text_words import Word
from catalog_service.search.tree import Clause, Comparison, Place, Scalar, Value, all_of
from catalog_service.search.values import (
    check_metadata_key,
    parse_duration,
    parse_number,
    parse_size,
    read_number,
)

COMPARING = {
    ">": "greater-than",
    "<": "less-than",
    ">=": "at-least",
    "<=": "at-most",
}
_EQUALITIES = {"": "is-exactly", "=": "is-exactly", "!=": "is-not"}
_BOOLEANS = {"true": True, "false": False}


def read_comparison(item: ItemKind, key: Key, word: Word) -> Clause:
    """Return what a key and its value mean."""
    match key.shape:
        case Shape.JD | Shape.MOMENT:
            return read_times(key, word)
        case Shape.TEXT:
            return _read_text(key, word)
        case Shape.PATTERN:
            return _compare(key, key.operator, check_pattern(word.pattern, word.place), word)
        case Shape.FIXED:
            return _read_fixed(key, word)
        case Shape.METADATA:
            check_metadata_key(key.attribute.partition(".")[2], word.place)
            return _read_metadata(key, word)
        case _:
            return _read_numbers(item, key, word)


def read_list(key: Key, items: list[ListItem], place: Place) -> Clause:
    """Return the comparison with the texts, or numbers, of a list."""
    if key.shape not in (Shape.TEXT, Shape.METADATA):
        raise located(f"There is no list of values here: expected {key.shape.value}.", place)
    if not items:
        raise located("The list is empty: write the texts between its brackets.", place)
    if key.shape is Shape.TEXT:
        texts: tuple[Scalar, ...] = tuple(quoted or plain for quoted, plain in items)
        return Comparison(key.attribute, "in", texts, place)
    check_metadata_key(key.attribute.partition(".")[2], place)
    return Comparison(key.attribute, "in", tuple(_item_value(item) for item in items), place)


def _item_value(item: ListItem) -> Scalar:
    quoted, plain = item
    number = read_number(plain)
    return quoted or plain if number is None else number


def _compare(key: Key, operator: str, value: Value, word: Word) -> Comparison:
    return Comparison(key.attribute, operator, value, word.place)


def _read_text(key: Key, word: Word) -> Clause:
    operator, rest = word.cut_operator()
    if operator == "~":
        return _compare(key, "matches-regex", check_regex(rest.verbatim, rest.place), rest)
    if operator not in _EQUALITIES:
        raise located(
            f"Texts are not compared by '{operator}', put it in quotes if the text has it: "
            f"expected {key.shape.value}.",
            word.place,
        )
    return _read_equality(key, _EQUALITIES[operator], rest)


def _read_equality(key: Key, operator: str, word: Word) -> Clause:
    if not word.has_wildcards:
        return _compare(key, operator, word.literal, word)
    if operator != "is-exactly":
        raise located(
            "A pattern is not compared by '!=': write 'not' before the key, or quotes around "
            "the signs that are no wildcards.",
            word.place,
        )
    return _compare(key, "matches", check_pattern(word.pattern, word.place), word)


def _read_fixed(key: Key, word: Word) -> Clause:
    operator, _ = word.cut_operator()
    if operator or word.has_wildcards:
        raise located(
            f"Expected {key.shape.value}, without signs such as * or > unless in quotes.",
            word.place,
        )
    if key.attribute == "metadata":
        check_metadata_key(word.literal, word.place)
    return _compare(key, key.operator, word.literal, word)


def _read_numbers(item: ItemKind, key: Key, word: Word) -> Clause:
    if key.attribute == "obsid" and item is ItemKind.FILES and word.literal == "none":
        return _compare(key, "is-null", True, word)
    operator, rest = word.cut_operator()
    ends = rest.split_range()
    if ends and operator in ("", "!"):
        return _read_number_range(key, ends, word.place, inside=not operator)
    name = _EQUALITIES.get(operator) or COMPARING.get(operator)
    form = find_form(item, f"{key.attribute}-{name}")
    if name is None or form is None:
        raise located(f"Expected {key.shape.value}.", word.place)
    number = _read_number(key, rest)
    if form.kind is Kind.WHOLE_NUMBER and not isinstance(number, int):
        raise located(f"Expected a whole number, not {shown(rest.literal)}.", rest.place)
    return _compare(key, name, number, rest)


def _read_number(key: Key, word: Word) -> int | float:
    parse = {Shape.SIZE: parse_size, Shape.DAYS: parse_duration}.get(key.shape, parse_number)
    return parse(word.literal, word.place)


def _read_number_range(key: Key, ends: tuple[Word, Word], place: Place, *, inside: bool) -> Clause:
    first, last = (_read_number(key, end) if end.pieces else None for end in ends)
    if first is None or last is None:
        return _read_open_range(key, first, last, place, inside=inside)
    if key.shape is Shape.HOURS:
        return _read_hours_range(key, (first, last), place, inside=inside)
    operator = "in-range" if inside else "not-in-range"
    return Comparison(key.attribute, operator, (min(first, last), max(first, last)), place)


def _read_hours_range(key: Key, ends: tuple[float, float], place: Place, *, inside: bool) -> Clause:
    first, last = ends
    if not (0 <= first <= 24 and 0 <= last <= 24):
        raise located("Hours of a range of sidereal times are from 0 to 24.", place)
    if inside:
        return Comparison(key.attribute, "in-wrapping-range", ends, place)
    if first <= last:
        return Comparison(key.attribute, "not-in-range", ends, place)
    # Outside of what wraps past 24 h is what lies between its ends.
    after, before = ("greater-than", last), ("less-than", first)
    return all_of(Comparison(key.attribute, *edge, place) for edge in (after, before))


def _read_open_range(
    key: Key, first: Scalar | None, last: Scalar | None, place: Place, *, inside: bool
) -> Clause:
    if inside and first is not None:
        return Comparison(key.attribute, "at-least", first, place)
    if inside and last is not None:
        return Comparison(key.attribute, "at-most", last, place)
    raise located(f"Expected {key.shape.value}.", place)


def _read_metadata(key: Key, word: Word) -> Clause:
    operator, rest = word.cut_operator()
    ends = rest.split_range()
    if ends and operator in ("", "!"):
        return _read_metadata_range(key, ends, word.place, inside=not operator)
    if operator in COMPARING:
        return _compare(key, COMPARING[operator], _read_ordered(rest), rest)
    value = _read_scalar(rest)
    if operator not in _EQUALITIES or isinstance(value, str):
        return _read_text(key, word)
    return _compare(key, _EQUALITIES[operator], value, rest)


def _read_metadata_range(
    key: Key, ends: tuple[Word, Word], place: Place, *, inside: bool
) -> Clause:
    first, last = (_read_ordered(end) if end.pieces else None for end in ends)
    if first is None or last is None:
        return _read_open_range(key, first, last, place, inside=inside)
    operator = "in-range" if inside else "not-in-range"
    return Comparison(key.attribute, operator, _in_order(first, last, place), place)


def _in_order(first: Scalar, last: Scalar, place: Place) -> tuple[Scalar, Scalar]:
    if isinstance(first, str) != isinstance(last, str):
        raise located("A range lies between two numbers or between two texts.", place)
    low, high = sorted([first, last])
    return low, high


def _read_ordered(word: Word) -> Scalar:
    value = _read_scalar(word)
    if isinstance(value, bool):
        raise located("Neither true nor false is more than the other.", word.place)
    return value


def _read_scalar(word: Word) -> Scalar:
    """Return the number or boolean that a plain word is; another, or one in quotes, is a text."""
    text = word.literal
    if word.is_plain:
        number = read_number(text)
        return _BOOLEANS.get(text.lower(), text if number is None else number)
    return text
