"""The two forms of the language: told apart by how a search begins, and safe whatever it is."""

import json
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog_service.search.attributes import ItemKind
from catalog_service.search.json_writer import write_json
from catalog_service.search.language import parse_search
from catalog_service.search.limits import MAX_LIST_VALUES, MAX_TEXT_BYTES, MAX_VALUES
from catalog_service.search.text_writer import write_text
from catalog_service.search.tree import And, Comparison
from librarian.errors import InvalidRequestError
from tests.catalog_service.search.trees import trees

UVH5 = Comparison("type", "is-exactly", "uvh5")


def error_of(text: str) -> str:
    with pytest.raises(InvalidRequestError) as caught:
        parse_search(text)
    return str(caught.value)


@pytest.mark.parametrize(
    "before", ["", " \n\t", "\ufeff", "\ufeff # a\n", "# type:uv\n", "#{\n  # {\n"]
)
def test_a_search_that_begins_with_a_brace_is_json_and_any_other_is_text(before: str) -> None:
    assert parse_search(before + '{"type-is-exactly": "uvh5"}') == UVH5
    assert parse_search(before + "type:uvh5") == UVH5


def test_lists_have_a_limit_each_and_one_together() -> None:
    names = [f"{number:x}" for number in range(MAX_LIST_VALUES)]
    most = MAX_VALUES // MAX_LIST_VALUES
    for write in (
        lambda lists: json.dumps({"name-in": [names[:-1]] * lists}),
        lambda lists: json.dumps({"name-in": [[*names[:-2], "a,b"]] * lists}),
        lambda lists: " ".join([f"name:in({' '.join(names)})"] * lists),
    ):
        assert isinstance(parse_search(write(most)), And)
        assert "400,000 values together" in error_of(write(most + 1))


@pytest.mark.parametrize("item", ItemKind)
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_tree_is_the_same_from_either_form(item: ItemKind, data: st.DataObject) -> None:
    tree = data.draw(trees(item, saved=True))
    assert parse_search(write_json(tree, item), item) == tree
    assert parse_search(write_text(tree, item), item) == tree


@pytest.mark.parametrize("text", ["", " ", "# nothing\n", "{", "{}", "()", '"'])
def test_a_search_that_says_nothing_is_refused_at_its_place(text: str) -> None:
    message = error_of(text)
    assert "line " in message
    assert ", column " in message


def test_a_text_of_more_than_32_mib_is_not_looked_at() -> None:
    assert "at most 32 MiB" in error_of("{" + " " * MAX_TEXT_BYTES)


@pytest.mark.parametrize(
    "text",
    [
        "{" + "#\n" * 2**22,
        '{"name-in": [' + '"a", ' * 2**20,
        '{"name-in": [' + ('["' + "a" * 2000 + '", 1],') * 2**12,
        '{"meta.x-in": [' + "1,\n" * 2**20,
        "{" + '"a": 1,' * 2**20,
    ],
    ids=["comments", "texts", "lists on one line", "numbers", "members"],
)
def test_what_is_far_too_long_is_refused_soon(text: str) -> None:
    start = time.thread_time()
    assert error_of(text)
    # Less than a second each; what grows with the square of the length takes minutes.
    assert time.thread_time() - start < 5
