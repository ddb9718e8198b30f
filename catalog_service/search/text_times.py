"""Times of the text form: a date is a whole day, and an age counts back from the search."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from catalog_service.search.mistakes import located
from catalog_service.search.text_keys import Key, Shape
from catalog_service.search.text_words import Word
from catalog_service.search.times import Time, parse_time
from catalog_service.search.tree import Age, Clause, Comparison, Place, Value, all_of, any_of
from catalog_service.search.values import read_age

_DAY = timedelta(days=1)
_INSTANT = timedelta(microseconds=1)

# An operator of an attribute and the value that it compares with.
_Edge = tuple[str, Value]


@dataclass(frozen=True, slots=True)
class _Span:
    """What a person calls a time, and by which comparisons one is beside it."""

    before: _Edge
    from_start: _Edge
    to_end: _Edge
    after: _Edge
    # What an exact Julian date is; other spans have none.
    jd: float | None = None
    is_day: bool = False
    # In days, for the ends of a range to be put in order: of two ages, or of two times.
    order: float = 0.0
    is_age: bool = False


def read_times(key: Key, word: Word) -> Clause:
    """Return the comparison with a time, or with two."""
    operator, rest = word.cut_operator()
    ends = rest.split_range()
    if ends and operator in ("", "!"):
        return _read_range(key, ends, word.place, inside=not operator)
    span = _read_span(key, rest)
    compare = _Comparer(key, word.place)
    if operator in ("", "=", "!="):
        if not span.is_day:
            raise located(
                "Say before or after this time, or a range: < > <= >= or two times with '..' "
                "between; only a date, which is a whole day, can stand alone.",
                rest.place,
            )
        return compare.outside(span, span) if operator == "!=" else compare.inside(span, span)
    if operator not in _EDGES:
        raise located(f"Expected {key.shape.value}.", word.place)
    return compare.by(getattr(span, (_AGE_EDGES if span.is_age else _EDGES)[operator]))


_EDGES = {"<": "before", ">": "after", ">=": "from_start", "<=": "to_end"}
# Who is older than an age was there before it.
_AGE_EDGES = {"<": "after", ">": "before", ">=": "to_end", "<=": "from_start"}


@dataclass(frozen=True, slots=True)
class _Comparer:
    key: Key
    place: Place

    def by(self, edge: _Edge) -> Clause:
        return Comparison(self.key.attribute, *edge, self.place)

    def inside(self, first: _Span, last: _Span) -> Clause:
        if first.jd is not None and last.jd is not None:
            return self.by(("in-range", (first.jd, last.jd)))
        return all_of([self.by(first.from_start), self.by(last.to_end)])

    def outside(self, first: _Span, last: _Span) -> Clause:
        if first.jd is not None and last.jd is not None:
            return self.by(("not-in-range", (first.jd, last.jd)))
        return any_of([self.by(first.before), self.by(last.after)])


def _read_range(key: Key, ends: tuple[Word, Word], place: Place, *, inside: bool) -> Clause:
    compare = _Comparer(key, place)
    first, last = (_read_span(key, end) if end.pieces else None for end in ends)
    if first and last:
        # Whoever types the later end first means the same range.
        if first.is_age == last.is_age and first.order > last.order:
            first, last = last, first
        return compare.inside(first, last) if inside else compare.outside(first, last)
    if inside and first:
        return compare.by(first.from_start)
    if inside and last:
        return compare.by(last.to_end)
    raise located(f"Expected {key.shape.value}.", place)


def _read_span(key: Key, word: Word) -> _Span:
    text = word.literal
    age = read_age(text)
    if age is not None:
        return _age_span(key, age)
    time = parse_time(text, word.place)
    return _jd_span(time) if key.shape is Shape.JD else _moment_span(time)


def _age_span(key: Key, age: Age) -> _Span:
    if key.shape is Shape.JD:
        return replace(_instant_span(age), order=-age.days, is_age=True)
    older, newer = ("older-than", age), ("newer-than", age)
    return _Span(older, newer, older, newer, order=-age.days, is_age=True)


def _instant_span(value: float | Age) -> _Span:
    return _Span(
        ("less-than", value), ("at-least", value), ("at-most", value), ("greater-than", value)
    )


def _jd_span(time: Time) -> _Span:
    jd = time.jd
    if not time.whole_day:
        return replace(_instant_span(jd), jd=jd, order=jd)
    end = jd + 1
    return _Span(
        ("less-than", jd),
        ("at-least", jd),
        ("less-than", end),
        ("at-least", end),
        is_day=True,
        order=jd,
    )


def _moment_span(time: Time) -> _Span:
    """Newer and older are strict, and times on record are whole microseconds."""
    start = time.moment
    end = _moved(start, _DAY if time.whole_day else _INSTANT)
    return _Span(
        ("older-than", start),
        ("newer-than", _moved(start, -_INSTANT)),
        ("older-than", end),
        ("newer-than", _moved(end, -_INSTANT)),
        is_day=time.whole_day,
        order=time.jd,
    )


def _moved(moment: datetime, by: timedelta) -> datetime:
    try:
        return moment + by
    except OverflowError:
        return moment
