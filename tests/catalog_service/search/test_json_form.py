"""The JSON form: what it takes, what that means, and that all of it can be written again."""

import json
import time
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog_service.search.attributes import ItemKind
from catalog_service.search.json_form import parse_json
from catalog_service.search.json_writer import write_json
from catalog_service.search.limits import MAX_LIST_VALUES
from catalog_service.search.tree import (
    Age,
    And,
    Clause,
    Comparison,
    Constant,
    NoneOf,
    ObservationMatches,
    Or,
    Place,
    Saved,
)
from librarian.errors import InvalidRequestError
from tests.catalog_service.search.trees import trees

FILES = ItemKind.FILES
UVH5 = Comparison("type", "is-exactly", "uvh5")
UV = Comparison("type", "is-exactly", "uv")
OBSID_5 = Comparison("obsid", "is-exactly", 5)

thoroughly = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def error_of(text: str, item: ItemKind = FILES) -> str:
    with pytest.raises(InvalidRequestError) as caught:
        parse_json(text, item)
    return str(caught.value)


# The first predecessor's faults, one by one.


def test_a_number_sign_inside_a_text_begins_no_comment() -> None:
    text = '# all\n{"name-is-exactly": "a#b\\"#c", # note: {[{\n"type-is-exactly": "uvh5"} # end'
    assert parse_json(text, FILES) == And((Comparison("name", "is-exactly", 'a#b"#c'), UVH5))


def test_of_a_repeated_key_none_is_dropped() -> None:
    assert parse_json('{"type-is-exactly": "uvh5", "type-is-exactly": "uv"}', FILES) == And(
        (UVH5, UV)
    )


def test_the_ends_of_a_reversed_range_are_swapped() -> None:
    assert parse_json('{"start-lst-hr-in-range": [23, 4]}', FILES) == Comparison(
        "start-lst-hr", "in-range", (4, 23)
    )


def test_the_ends_of_a_wrapping_range_are_not_swapped() -> None:
    assert parse_json('{"start-lst-hr-in-wrapping-range": [23, 1]}', FILES) == Comparison(
        "start-lst-hr", "in-wrapping-range", (23, 1)
    )


@pytest.mark.parametrize("payload", ["true", "null", "0", '"x"', "[]", "{}"])
def test_obsid_is_null_asks_for_files_without_observation_whatever_its_value(payload: str) -> None:
    tree = parse_json(f'{{"obsid-is-null": {payload}}}', FILES)
    assert tree == Comparison("obsid", "is-null", True)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("{}", "line 1, column 1"),
        ('{"and":\n {}}', "line 2, column 2"),
        ('{"or": [{}]}', "column 9"),
    ],
)
def test_an_empty_object_says_what_to_write(text: str, place: str) -> None:
    message = error_of(text)
    assert place in message
    assert '{"always-true": true}' in message


def test_an_unknown_clause_names_the_nearest_known_ones() -> None:
    message = error_of('{"type-is-exactly": "uv",\n "name-matchs": "x"}')
    assert "line 2, column 2" in message
    assert "did you mean 'name-matches'" in message


def test_a_clause_that_a_tool_printed_but_nobody_knew_is_known() -> None:
    tree = parse_json('{"at-least-instances": 2}', FILES)
    assert tree == Comparison("num-instances", "at-least", 2)


def test_observing_sessions_without_an_event_can_be_searched() -> None:
    tree = parse_json('{"no-file-has-event": "rtp.processed"}', ItemKind.SESSIONS)
    assert tree == Comparison("event", "lacks", "rtp.processed")


def test_the_predecessors_aliases_mean_what_they_meant() -> None:
    tree = parse_json('{"name-like": "zen.%", "source-is": "rtp"}', FILES)
    assert tree == And(
        (Comparison("name", "matches", "zen.%"), Comparison("source", "is-exactly", "rtp"))
    )


# What else a search can say.


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"type-is-exactly": "uvh5",}', UVH5),
        ('{"type-is-exactly": ["uvh5", "uv",],}', And((UVH5, UV))),
        ('{"or": {"type-is-exactly": "uvh5", "type-is-exactly": "uv"}}', Or((UVH5, UV))),
        (
            '{"or": {"type-is-exactly": ["uvh5", "uv"], "obsid-is-exactly": 5}}',
            Or((And((UVH5, UV)), OBSID_5)),
        ),
        (
            '{"or": [{"type-is-exactly": "uvh5", "obsid-is-exactly": 5},'
            ' {"type-is-exactly": "uv"}]}',
            Or((And((UVH5, OBSID_5)), UV)),
        ),
        ('{"and": [{"type-is-exactly": "uvh5"}, {"obsid-is-exactly": 5}]}', And((UVH5, OBSID_5))),
        (
            '{"none-of": [{"type-is-exactly": "uvh5", "obsid-is-exactly": 5}]}',
            NoneOf((And((UVH5, OBSID_5)),)),
        ),
        (
            '{"none-of": {"type-is-exactly": "uvh5", "obsid-is-exactly": 5}}',
            NoneOf((UVH5, OBSID_5)),
        ),
        (
            '{"or": {"or": {"type-is-exactly": "uvh5"}, "always-false": []}}',
            Or((UVH5, Constant(False))),
        ),
        ('{"always-true": {"any": ["thing"]}}', Constant(True)),
        ('{"obs-matches": {"obsid-is-exactly": 5}}', ObservationMatches(OBSID_5)),
        (
            '{"obs-matches": [{"obsid-is-exactly": 5}, {"always-true": 1}]}',
            And((ObservationMatches(OBSID_5), ObservationMatches(Constant(True)))),
        ),
        ('{"saved-search": ["mine", "ann/hers"]}', And((Saved("mine"), Saved("ann/hers")))),
        (
            '{"size-in-range": [[1, 2], [5e9, 4]]}',
            And((Comparison("size", "in-range", (1, 2)), Comparison("size", "in-range", (4, 5e9)))),
        ),
        (
            '{"name-in": [["a", "b"], ["b"]]}',
            And((Comparison("name", "in", ("a", "b")), Comparison("name", "in", ("b",)))),
        ),
        ('{"not-older-than": 3}', Comparison("create-time", "newer-than", Age(3))),
        ('{"older-than": "12h"}', Comparison("create-time", "older-than", Age(0.5))),
        (
            '{"newer-than": "2018-10-01T02:00:00+02:00"}',
            Comparison("create-time", "newer-than", datetime(2018, 10, 1, tzinfo=UTC)),
        ),
        ('{"start-time-jd-at-least": 2458392}', Comparison("start-time-jd", "at-least", 2458392.0)),
        (
            '{"start-time-jd-in-range": ["2018-10-07", "2018-10-01"]}',
            Comparison("start-time-jd", "in-range", (2458392.5, 2458398.5)),
        ),
        ('{"start-time-jd-at-least": "3d"}', Comparison("start-time-jd", "at-least", Age(3))),
        ('{"meta.antenna-is-exactly": 12}', Comparison("meta.antenna", "is-exactly", 12)),
        ('{"meta.good-is-not": false}', Comparison("meta.good", "is-not", False)),
        ('{"meta.pol-in": ["xx", "yy", 1]}', Comparison("meta.pol", "in", ("xx", "yy", 1))),
        ('{"meta.seen-in-range": ["b", "a"]}', Comparison("meta.seen", "in-range", ("a", "b"))),
        ('{"has-metadata": "antenna"}', Comparison("metadata", "has", "antenna")),
    ],
)
def test_what_a_search_means(text: str, expected: Clause) -> None:
    assert parse_json(text, FILES) == expected


def test_a_comparison_knows_where_its_value_stands() -> None:
    tree = parse_json('# of a store\n{"has-instance-on":\n   "pot1"}', FILES)
    assert isinstance(tree, Comparison)
    assert tree.place == Place(3, 4)


def test_true_is_taken_for_a_truth_and_not_for_a_number() -> None:
    tree = parse_json('{"meta.good-is-exactly": true}', FILES)
    assert isinstance(tree, Comparison)
    assert tree.value is True
    assert "takes a number, not true" in error_of('{"size-greater-than": true}')


NAMES = tuple(f"zen.{number:07d}.12345.HH.uvh5" for number in range(MAX_LIST_VALUES))


def test_a_list_of_100_000_names_is_read_at_once() -> None:
    text = json.dumps({"name-in": NAMES})
    times = []
    for _ in range(5):
        start = time.thread_time()
        tree = parse_json(text, FILES)
        times.append(time.thread_time() - start)
    assert tree == Comparison("name", "in", NAMES)
    # 15 ms or so of this thread's own time; read value by value it would take 25 times as long.
    assert min(times) < 0.06


def test_a_long_list_may_have_comments_and_a_trailing_comma_as_well() -> None:
    text = '{"name-in": [' + "".join(f'"{name}", # one\n' for name in NAMES[:2000]) + "]}"
    assert parse_json(text, FILES) == Comparison("name", "in", NAMES[:2000])


# What is written.


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ('{"name-like": "zen.%"}', '{"name-matches": "zen.%"}'),
        (
            '{"type-is-exactly": "uv", "type-is-exactly": "uvh5"}',
            '{"type-is-exactly": ["uv", "uvh5"]}',
        ),
        (
            '{"type-is-exactly": "uv", "obsid-is-exactly": 5, "type-is-exactly": "uvh5"}',
            '{"and": [{"type-is-exactly": "uv", "obsid-is-exactly": 5}, '
            '{"type-is-exactly": "uvh5"}]}',
        ),
        (
            '{"or": {"type-is-exactly": "uv", "type-is-exactly": "uvh5"}}',
            '{"or": [{"type-is-exactly": "uv"}, {"type-is-exactly": "uvh5"}]}',
        ),
        ('{"newer-than": "2018-10-01"}', '{"not-older-than": "2018-10-01T00:00:00Z"}'),
        ('{"start-time-jd-at-least": "36h"}', '{"start-time-jd-at-least": "1.5d"}'),
    ],
)
def test_a_search_is_written_with_each_key_once_an_object(text: str, written: str) -> None:
    assert write_json(parse_json(text, FILES), FILES) == written


@pytest.mark.parametrize("item", ItemKind)
@thoroughly
@given(data=st.data())
def test_any_tree_is_written_so_that_it_is_read_again(item: ItemKind, data: st.DataObject) -> None:
    tree = data.draw(trees(item, odd=True, saved=True))
    assert parse_json(write_json(tree, item), item) == tree


def test_letters_of_any_language_are_written_as_they_are() -> None:
    assert write_json(Comparison("name", "is-exactly", "é☄"), ItemKind.FILES) == (
        '{"name-is-exactly": "é☄"}'
    )
