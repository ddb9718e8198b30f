"""Random search trees, of the kind that a parser can give, for every kind of item.

Their values come from the small pools below: a catalogue made of the same pools is hit often.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from catalog_service.search.attributes import (
    METADATA_OPERATORS,
    METADATA_PREFIX,
    ItemKind,
    Kind,
    clause_names,
    find_form,
)
from catalog_service.search.tree import (
    Age,
    Clause,
    Comparison,
    Constant,
    ObservationMatches,
    Saved,
    Scalar,
    Value,
    all_of,
    any_of,
    none_of,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NAMES = (
    "zen.2458432.34569.uvh5",
    "zen.2458432.34570.HH.uv",
    "ZEN.2458432.34569.uvh5",
    "zen.2458433.10000.xx.HH.uvh5",
    "dump_100%.sql",
    "dumpX100%.sql",
    "a*b?c[d]e",
    "a\\b'c;d\"e #f",
    "é.txt",
    "É.txt",
    "\ud7ff-last",
    "\ue000-next",
    "\U0010ffff",
    "(or) -not:@x~",
)
TYPES = ("uvh5", "uv", "UV", "sql", "txt", "")
SOURCES = ("telescope", "RTP", "rtp", "karoo:1 2", "")
CHECKSUMS = ("blake3:00", "md5:d41d8cd98f00b204e9800998ecf8427e")
STORES = ("pot1", "pot-2")
LIBRARIANS = ("nrao", "karoo")
EVENTS = ("ingested", "instance-lost", "rtp.processed")
OBSIDS = (1225829886, 1225829887, 1225916286, 5)
SIZES = (0, 999, 1000, 5 * 10**9, 2**40, 2**62)
JDS = (2458432.5, 2458432.75, 2458433.0, 2458433.5, 5.25)
LSTS = (0.0, 0.5, 1.0, 12.25, 23.0, 23.999)
DURATIONS = (0.0, 0.00625, 0.25, 1.0)
COUNTS = (0, 1, 2, 3)
# Key by key: the type, and values of it as they stand in a search.
METADATA: Mapping[str, tuple[str, tuple[str | int | float | bool, ...]]] = {
    "antenna": ("number", (-3, 0, 12, 12.5, 1e22)),
    "pol": ("text", ("xx", "XX", "é 100%_", "12", "true", "")),
    "good": ("boolean", (True, False)),
    "observed": ("time", ("2018-10-01T00:00:00.000000Z", "2018-10-07T12:30:00.250000Z")),
}

# What no file can have in a name is refused, so no tree has it.
_texts = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8
) | st.text(alphabet="zen.2458%_\\*?[]()#\"';:-@~!<>= é\t\n", max_size=8)
_numbers = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False), st.integers(-(2**63) + 1, 2**63 - 1)
)
_POOLS: Mapping[str, tuple[str, ...]] = {
    "name": NAMES,
    "type": TYPES,
    "source": SOURCES,
    "checksum": CHECKSUMS,
    "store": STORES,
    "librarian": LIBRARIANS,
    "event": EVENTS,
    "metadata": tuple(METADATA),
}
_NUMBER_POOLS: Mapping[str, tuple[float, ...]] = {
    "size": SIZES,
    "total-size": SIZES,
    "obsid": OBSIDS,
    "session-id": OBSIDS,
    "start-lst-hr": LSTS,
    "duration": DURATIONS,
    "age": (-1, 0.5, 2000, 3000.25),
}
_OLD = (0.5, 1.0, 3.0, 400.0)


def trees(item: ItemKind, *, odd: bool = False, saved: bool = False) -> st.SearchStrategy[Clause]:
    """Draw a tree; with `odd`, of values that no catalogue has as well, with `saved`, of names."""
    leaves = _leaves(item, odd=odd, saved=saved)
    return st.recursive(leaves, _groups, max_leaves=8)


def _groups(inner: st.SearchStrategy[Clause]) -> st.SearchStrategy[Clause]:
    several = st.lists(inner, min_size=1, max_size=3)
    return several.map(all_of) | several.map(any_of) | several.map(none_of)


def _leaves(item: ItemKind, *, odd: bool, saved: bool) -> st.SearchStrategy[Clause]:
    kinds: list[st.SearchStrategy[Clause]] = [comparisons(item, odd=odd)] * 6
    kinds.append(st.booleans().map(Constant))
    if item is ItemKind.FILES:
        kinds.append(metadata_comparisons(odd=odd))
        observations = _leaves(ItemKind.OBSERVATIONS, odd=odd, saved=saved)
        inner = st.recursive(observations, _groups, max_leaves=3)
        kinds.append(inner.map(ObservationMatches))
    if saved:
        kinds.append(st.sampled_from(["mine", "ann/night.2-x", "0"]).map(Saved))
    return st.one_of(kinds)


def comparisons(item: ItemKind, *, odd: bool = False) -> st.SearchStrategy[Clause]:
    """Draw a comparison by any clause that is not about one metadata key."""
    return st.sampled_from(sorted(set(clause_names(item)))).flatmap(
        lambda clause: _comparison(item, clause, odd)
    )


def metadata_comparisons(*, odd: bool = False) -> st.SearchStrategy[Clause]:
    """Draw a comparison of one metadata key; unless `odd`, with a value that fits its type."""
    return (
        st.tuples(st.sampled_from(sorted(METADATA)), st.sampled_from(sorted(METADATA_OPERATORS)))
        .filter(lambda pair: odd or _fits(*pair))
        .flatmap(
            lambda pair: _metadata_values(*pair, odd).map(
                lambda value: Comparison(METADATA_PREFIX + pair[0], pair[1], value)
            )
        )
    )


def _comparison(item: ItemKind, clause: str, odd: bool) -> st.SearchStrategy[Clause]:
    form = find_form(item, clause)
    assert form is not None
    return _values(form.attribute, form.kind, odd).map(
        lambda value: Comparison(form.attribute, form.operator, value)
    )


def _values(attribute: str, kind: Kind, odd: bool) -> st.SearchStrategy[Value]:
    if kind in (Kind.JD, Kind.JD_RANGE, Kind.MOMENT):
        return _times(kind, odd)
    if kind is Kind.ANYTHING:
        return st.just(True)
    pool = _POOLS.get(attribute)
    if pool is not None:
        return _text_values(pool, kind, odd)
    numbers = st.sampled_from(_NUMBER_POOLS.get(attribute, COUNTS))
    if kind is Kind.WHOLE_NUMBER:
        return numbers | st.integers(-(2**63) + 1, 2**63 - 1) if odd else numbers
    if kind is Kind.HOURS_RANGE:
        hours = st.floats(0, 24) if odd else numbers
        return st.tuples(hours.map(float), hours.map(float))
    either = numbers | numbers.map(lambda number: number + 0.5) | (_numbers if odd else numbers)
    return _ranges(either) if kind is Kind.NUMBER_RANGE else either


def _times(kind: Kind, odd: bool) -> st.SearchStrategy[Value]:
    ages = st.builds(Age, st.sampled_from(_OLD) | (st.floats(-1e9, 1e9) if odd else st.nothing()))
    if kind is Kind.MOMENT:
        moments = st.sampled_from([NOW - timedelta(days=days) for days in (0, 1, 2, 400)])
        any_moment = st.datetimes(
            datetime(1900, 1, 1), datetime(2900, 1, 1), timezones=st.just(UTC)
        )
        return ages | moments | (any_moment if odd else moments)
    jds = st.sampled_from(JDS) | (
        st.floats(allow_nan=False, allow_infinity=False) if odd else st.nothing()
    )
    return _ranges(jds) if kind is Kind.JD_RANGE else jds | ages


def _ranges(ends: st.SearchStrategy[float]) -> st.SearchStrategy[Value]:
    return st.tuples(ends, ends).map(lambda pair: (min(pair), max(pair)))


def _text_values(pool: tuple[str, ...], kind: Kind, odd: bool) -> st.SearchStrategy[Value]:
    texts = st.sampled_from(pool) | (_texts if odd and "antenna" not in pool else st.nothing())
    if kind is Kind.PATTERN:
        return _patterns(texts)
    if kind is Kind.REGEX:
        return _regexes(texts)
    return st.lists(texts, min_size=1, max_size=4).map(tuple) if kind is Kind.TEXTS else texts


def _patterns(texts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    whole = texts.map(lambda text: "".join(f"\\{c}" if c in "\\%_" else c for c in text))
    return st.one_of(
        whole,
        st.builds(lambda text, cut: _cut(text)[:cut] + "%", texts, st.integers(0, 14)),
        st.builds(lambda text, cut: "%" + _cut(text)[cut:], texts, st.integers(0, 14)),
        st.builds(lambda text, cut: "%" + _cut(text)[cut:-1] + "_", texts, st.integers(0, 9)),
        texts.map(lambda text: text if _is_even(text) else text + "\\"),
    )


def _cut(text: str) -> str:
    return text.replace("\\", "")


def _is_even(text: str) -> bool:
    return (len(text) - len(text.rstrip("\\"))) % 2 == 0


def _regexes(texts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    plain = texts.map(lambda text: "".join(c for c in text if c.isalnum() and c.isascii()) or "z")
    return st.one_of(
        plain,
        plain.map(lambda text: "^" + text),
        plain.map(lambda text: text + "$"),
        st.sampled_from(
            ["^zen\\.(2458432|2458433)\\.", "[x-z]+", "u.h?5$", "uv|sql", "^$", "\\\\"]
        ),
    )


def _fits(key: str, operator: str) -> bool:
    """Tell whether a key of that type can be compared like that."""
    of_texts = operator.startswith("matches")
    kind = METADATA[key][0]
    if kind == "boolean":
        return operator in ("is-exactly", "is-not")
    return not of_texts if kind in ("number", "time") else True


def _metadata_values(key: str, operator: str, odd: bool) -> st.SearchStrategy[Value]:
    pool = METADATA[key][1]
    kind = METADATA_OPERATORS[operator]
    texts = tuple(value for value in pool if isinstance(value, str)) or ("xx", "1 2")
    if kind in (Kind.PATTERN, Kind.REGEX):
        return _text_values(texts, kind, odd)
    numbers = tuple(value for value in pool if not isinstance(value, bool)) or (1, 2.5)
    if kind is Kind.SCALAR_RANGE:
        end = st.sampled_from(numbers)
        return st.tuples(end, end).map(lambda pair: tuple(sorted(pair)))
    ordered = operator not in ("is-exactly", "is-not")
    scalars: st.SearchStrategy[Scalar] = st.sampled_from(numbers if ordered else pool)
    if odd:
        scalars = scalars | _texts | _numbers
    if kind is Kind.SCALARS:
        return st.lists(scalars, min_size=1, max_size=4).map(tuple)
    return scalars | st.booleans() if odd and not ordered else scalars
