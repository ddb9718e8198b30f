"""The two forms of a search say the same: each converts to the other and back."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog_service.search.attributes import ItemKind
from catalog_service.search.json_form import parse_json
from catalog_service.search.json_writer import write_json
from catalog_service.search.language import parse_search
from catalog_service.search.limits import MAX_CLAUSES, MAX_DEPTH
from catalog_service.search.text_form import parse_text
from catalog_service.search.text_writer import write_text
from catalog_service.search.tree import (
    Clause,
    Comparison,
    Constant,
    ObservationMatches,
    all_of,
    any_of,
    none_of,
)
from tests.catalog_service.search.trees import comparisons, trees

law = settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
SMALL = Comparison("size", "less-than", 5)
LARGE = Comparison("size", "greater-than", 5)


def kept_apart(clause: Clause) -> str:
    """Write a tree so that True and 1, which Python holds to be equal, are not."""
    booleans = []

    def look(value: object) -> None:
        if isinstance(value, bool):
            booleans.append(value)
        for name in getattr(value, "__slots__", ()):
            look(getattr(value, name))
        if isinstance(value, tuple):
            for inner in value:
                look(inner)

    look(clause)
    return str(booleans)


def assert_same(clause: Clause, other: Clause) -> None:
    assert clause == other
    assert kept_apart(clause) == kept_apart(other)


@pytest.mark.parametrize("item", ItemKind)
@given(data=st.data())
@law
def test_a_tree_written_as_text_reads_back_the_same(item: ItemKind, data: st.DataObject) -> None:
    tree = data.draw(trees(item, odd=True, saved=True))
    assert_same(parse_text(write_text(tree, item), item), tree)


@pytest.mark.parametrize("item", ItemKind)
@given(data=st.data())
@law
def test_text_becomes_json_and_text_again_without_change(
    item: ItemKind, data: st.DataObject
) -> None:
    tree = data.draw(trees(item, odd=True, saved=True))
    text = write_text(tree, item)
    json_text = write_json(parse_search(text, item), item)
    assert_same(parse_json(json_text, item), tree)
    assert write_text(parse_search(json_text, item), item) == text


@pytest.mark.parametrize("item", ItemKind)
@given(data=st.data())
@law
def test_each_clause_has_a_text(item: ItemKind, data: st.DataObject) -> None:
    clause = data.draw(comparisons(item, odd=True))
    assert_same(parse_text(write_text(clause, item), item), clause)


def nested(depth: int, inner: Clause) -> Clause:
    for level in range(depth):
        group = (all_of, any_of, none_of)[level % 3]
        inner = group([SMALL if level % 2 else Constant(True), inner])
    return inner


@pytest.mark.parametrize(
    "tree",
    [
        nested(MAX_DEPTH, LARGE),
        nested(MAX_DEPTH - 1, ObservationMatches(Constant(True))),
        any_of([LARGE] * MAX_CLAUSES),
    ],
)
def test_what_just_keeps_to_the_limits_keeps_to_them_in_both_forms(tree: Clause) -> None:
    assert parse_search(write_text(tree, ItemKind.FILES)) == tree
    assert parse_search(write_json(tree, ItemKind.FILES)) == tree


def only_denied(depth: int) -> Clause:
    clause: Clause = LARGE
    for _ in range(depth):
        clause = none_of([all_of([clause, SMALL])])
    return clause


def test_the_deepest_denials_of_groups_convert_too() -> None:
    tree = only_denied(MAX_DEPTH // 2)
    assert parse_search(write_text(tree, ItemKind.FILES)) == tree
    assert parse_search(write_json(tree, ItemKind.FILES)) == tree


def test_a_hundred_thousand_names_convert() -> None:
    names = tuple(f"zen.{number} (x).uvh5" for number in range(100_000))
    tree = all_of([Comparison("name", "in", names), SMALL])
    assert parse_search(write_text(tree, ItemKind.FILES)) == tree
    assert parse_search(write_json(tree, ItemKind.FILES)) == tree


def test_a_clause_whose_value_is_ignored_may_stand_twice() -> None:
    tree = parse_search("obsid:none obsid:none")
    assert parse_search(write_json(tree, ItemKind.FILES)) == tree


READABLE = {
    '{"size-greater-than": 5000000000}': "size:>5GB",
    '{"name-matches": "zen.2458%.HH.uvh5"}': "name:zen.2458*.HH.uvh5",
    '{"name-matches": "zen"}': 'name-matches:"zen"',
    '{"source-is-not": "RTP 2"}': 'source:!="RTP 2"',
    '{"none-of": {"type-is-exactly": "uv", "obsid-is-null": 1}}': "-(type:uv or obsid:none)",
    '{"not-older-than": 3}': "created:<3d",
    '{"not-older-than": "2018-10-01T12:00:00Z"}': "created:>2018-10-01T12:00:00Z",
    '{"start-time-jd-at-least": 2458392.5}': "start:>=2018-10-01",
    '{"start-time-jd-greater-than": 2458392.5}': "start:>2018-10-01T00:00:00Z",
    '{"start-lst-hr-in-range": [23, 4]}': "start-lst-hr-in-range:4..23",
    '{"start-lst-hr-in-wrapping-range": [23, 4]}': "lst:23..4",
    '{"or": {"size-less-than": 5, "and": {"obsid-is-not": 5, "type-matches": "u%"}}}': (
        "size:<5 or (obsid:!=5 type:u*)"
    ),
    '{"meta.antenna-is-exactly": 12, "meta.pol-is-exactly": "12"}': (
        'meta.antenna:12 meta.pol:"12"'
    ),
    '{"obs-matches": {"duration-greater-than": 0.125}}': "obs:(duration:>3h)",
    '{"saved-search": "ann/night"}': "@ann/night",
}


@pytest.mark.parametrize(("json_text", "text"), READABLE.items())
def test_the_text_form_of_a_search_is_one_that_a_person_would_write(
    json_text: str, text: str
) -> None:
    assert write_text(parse_search(json_text), ItemKind.FILES) == text
