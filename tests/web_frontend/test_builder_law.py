"""What the builder writes, the language understands as the same, and it is shown in rows again."""

import json
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog_service.search.attributes import ItemKind
from catalog_service.search.json_form import parse_json
from catalog_service.search.json_writer import write_json
from catalog_service.search.text_form import parse_text
from catalog_service.search.text_writer import write_text
from catalog_service.search.tree import And
from librarian.client.records import MetadataKey
from librarian.client.search_attributes import Unit, ValueKind
from web_frontend.searching.builder import Builder, Group, Row
from web_frontend.searching.builder_reader import read_search
from web_frontend.searching.builder_writer import write_search
from web_frontend.searching.vocabulary import Choice, Shorthand, Vocabulary

_KEYS = [MetadataKey(kind.lower(), kind) for kind in ("TEXT", "NUMBER", "BOOLEAN", "TIME")]
VOCABULARIES = {item: Vocabulary(item.value, _KEYS) for item in ItemKind}

_texts = st.text(
    st.characters(codec="utf-8", categories=["L", "N", "P", "S"], include_characters=" *?%_\\\"'"),
    min_size=1,
    max_size=12,
).filter(lambda text: text.strip() and text.isprintable())
_days = st.dates(date(1981, 1, 1), date(2900, 1, 1)).map(str)
_whole = st.integers(0, 10**12).map(str)
_numbers = st.one_of(_whole, st.floats(0, 1e9).map(repr))
_hours = st.floats(0, 24).map(repr)
_spans = st.builds("{}{}".format, st.integers(0, 500), st.sampled_from("smhdw"))
_sizes = st.builds("{} {}".format, st.integers(0, 900), st.sampled_from(["B", "kB", "GB", "MiB"]))
_times = st.one_of(
    _days,
    st.builds("{}T{:02}:30:15Z".format, _days, st.integers(0, 23)),
    st.floats(2450000, 2470000).map(repr),
)


def _values(choice: Choice) -> st.SearchStrategy[str]:
    if choice.unit is Unit.DAYS:
        return _spans
    numbers = _sizes if choice.unit is Unit.BYTES else _numbers
    return {
        ValueKind.TEXTS: st.lists(st.from_regex(r"[a-z.*]{1,5}", fullmatch=True), min_size=1).map(
            " ".join
        ),
        ValueKind.REGEX: st.just("^a[0-9]+$"),
        ValueKind.WHOLE_NUMBER: _sizes if choice.unit is Unit.BYTES else _whole,
        ValueKind.NUMBER: _hours if choice.unit is Unit.HOURS else numbers,
        ValueKind.NUMBER_RANGE: _hours if choice.unit is Unit.HOURS else numbers,
        ValueKind.NUMBERS: st.lists(_numbers, min_size=1).map(" ".join),
        ValueKind.HOURS_RANGE: _hours,
        ValueKind.TIME: st.one_of(_times, _spans),
        ValueKind.TIME_RANGE: _times,
        ValueKind.MOMENT: st.one_of(_days, _spans),
        ValueKind.DATE: _days,
        ValueKind.DATE_RANGE: _days,
        ValueKind.BOOLEAN: st.sampled_from(["true", "false"]),
        ValueKind.METADATA_KEY: st.just("text"),
        Shorthand.DAYS: _days,
        Shorthand.WITHIN: _spans,
    }.get(
        choice.form,
        st.from_regex(r"[a-z]\w{1,8}", fullmatch=True)
        if choice.clause == "saved-search"
        else _texts,
    )


def _rows(item: ItemKind) -> st.SearchStrategy[Row]:
    choices = [choice for group in VOCABULARIES[item].groups for choice in group.choices]
    return st.sampled_from(choices).flatmap(
        lambda choice: st.builds(Row, st.just(choice.clause), _values(choice), _values(choice))
    )


def _builders(item: ItemKind) -> st.SearchStrategy[Builder]:
    rows = st.lists(_rows(item), max_size=4).map(tuple)
    others = st.builds(Group, st.sampled_from(["any", "none"]), rows)
    return st.builds(
        lambda first, more: Builder((Group("all", first), *more)),
        rows,
        st.lists(others, max_size=2),
    )


def _canonical(builder: Builder, item: ItemKind) -> str:
    written = json.dumps(write_search(builder, VOCABULARIES[item]))
    return write_json(parse_json(written, item), item)


def _parts(written: str, item: ItemKind) -> list[str]:
    """Return what must all hold, in any order: rows of the first group come first."""
    tree = parse_json(written, item)
    clauses = tree.clauses if isinstance(tree, And) else (tree,)
    return sorted({write_json(clause, item) for clause in clauses})


@pytest.mark.parametrize("item", ItemKind)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_what_rows_say_is_understood_in_both_forms_and_shown_in_rows_again(item, data):
    canonical = _canonical(data.draw(_builders(item)), item)
    tree = parse_json(canonical, item)
    assert parse_text(write_text(tree, item), item) == tree
    again = read_search(canonical, VOCABULARIES[item])
    assert again is not None
    assert _parts(_canonical(again, item), item) == _parts(canonical, item)


@pytest.mark.parametrize("item", ItemKind)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_rows_that_were_shown_are_written_and_shown_as_they_are(item, data):
    shown = read_search(_canonical(data.draw(_builders(item)), item), VOCABULARIES[item])
    assert shown is not None
    assert read_search(_canonical(shown, item), VOCABULARIES[item]) == shown
