"""What rows of the builder mean, told by the text form; and rows that mean nothing."""

import json

import pytest

from catalog_service.search.attributes import ItemKind
from catalog_service.search.json_form import parse_json
from catalog_service.search.text_form import parse_text
from librarian.client.records import MetadataKey
from librarian.errors import InvalidRequestError
from web_frontend.searching.builder import Builder, Group, How, Row
from web_frontend.searching.builder_writer import write_search
from web_frontend.searching.mistakes import find_mistake
from web_frontend.searching.vocabulary import Vocabulary

_KEYS = [MetadataKey("good", "BOOLEAN"), MetadataKey("antenna", "NUMBER")]
_VOCABULARY = Vocabulary("files", _KEYS)


def _written(*rows: Row, how: How = "all") -> str:
    groups = (Group("all"), Group(how, rows)) if how != "all" else (Group("all", rows),)
    return json.dumps(write_search(Builder(groups), _VOCABULARY))


@pytest.mark.parametrize(
    ("row", "text"),
    [
        (Row("name:contains", "50%_a*"), 'name:*"50%_a*"*'),
        (Row("name:begins", "zen.2458"), "name:zen.2458*"),
        (Row("name-matches", r"zen.*_?\*"), r"name:zen.*_?\*"),
        (Row("name-in", "a 'b c'"), 'name:in(a "b c")'),
        (Row("size-at-least", "1.5 GB"), "size:>=1500MB"),
        (Row("size-in-range", "1GiB", "2 gib"), "size:1GiB..2GiB"),
        (Row("create-time:days", "2018-11-10"), "created:2018-11-10"),
        (Row("create-time:days", "2018-11-12", "2018-11-10"), "created:2018-11-10..2018-11-12"),
        (Row("create-time:within", "36h"), "created:<36h"),
        (Row("start-time-jd:days", "2018-11-10", "2018-11-12"), "start:2018-11-10..2018-11-12"),
        (Row("start-time-jd:within", "3d"), "start:<=3d"),
        (Row("start-time-jd-greater-than", "2458433"), "start:>2018-11-10T12:00:00Z"),
        (Row("start-lst-hr-in-wrapping-range", "23", "1 h"), "lst:23..1"),
        (Row("obsid-is-null"), "obsid:none"),
        (Row("has-instance-on", "pot1"), "store:pot1"),
        (Row("meta.good-is-exactly", "yes"), "meta.good:true"),
        (Row("meta.antenna-in", "12 13"), "meta.antenna:in(12 13)"),
        (Row("saved-search", "night"), "@night"),
        (Row(""), "always-true"),
        (Row("name:contains", ""), "always-true"),
    ],
)
def test_a_row_means_what_the_text_says(row, text):
    assert parse_json(_written(row), ItemKind.FILES) == parse_text(text, ItemKind.FILES)


@pytest.mark.parametrize(
    ("how", "text"), [("any", "type:a or type:b"), ("none", "-(type:a or type:b)")]
)
def test_a_group_means_what_it_is_called(how, text):
    rows = Row("type-is-exactly", "a"), Row("type-is-exactly", "b")
    written = _written(*rows, how=how)
    assert parse_json(written, ItemKind.FILES) == parse_text(text, ItemKind.FILES)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (Row("size-at-least", "5 parsecs"), "'5 parsecs' is no size, such as 5 GB."),
        (Row("num-instances-at-least", "many"), "'many' is no number, such as 12."),
        (Row("create-time:days", "soon"), "'soon' is no day, such as 2018-11-10."),
        (Row("create-time:days", "9999-12-31"), "No archive has files of that day"),
        (Row("create-time:within", "-3d"), "'-3d' is no time span, such as 3d, 36h or 10m."),
        (Row("meta.good-is-exactly", "maybe"), "'maybe' is neither true nor false."),
        (Row("name-in", "'a"), "A quote is not closed in the list"),
        (Row("colour-is", "red"), "asks about what is not known"),
    ],
)
def test_a_row_that_means_nothing_is_named(row, said):
    with pytest.raises(InvalidRequestError) as caught:
        _written(Row("type-is-exactly", "a"), row)
    assert str(caught.value).startswith("Row 2")
    assert said in str(caught.value)


def test_a_mistake_is_found_in_its_line():
    found = find_mistake("type:uv\n siez:5 x", "At line 2, column 2: There is no such key.")
    assert (found.before, found.mark, found.after) == (" ", "siez", ":5 x")
    assert found.offset == len("type:uv\n ")
    assert find_mistake("a", "At line 7, column 9: Elsewhere.").mark == ""
    assert find_mistake("a", "No place.").sentence == "No place."
