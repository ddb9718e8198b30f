"""What the JSON form says of a search that it does not take: always where, and what to write."""

import json
import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog_service.search.attributes import ItemKind
from catalog_service.search.json_form import parse_json
from catalog_service.search.json_writer import write_json
from catalog_service.search.limits import MAX_BARE_BYTES, MAX_DEPTH, MAX_LIST_VALUES
from catalog_service.search.tree import Comparison
from librarian.errors import InvalidRequestError
from tests.catalog_service.search.trees import trees

FILES = ItemKind.FILES
NAMES = [f"zen.{number:07d}.12345.HH.uvh5" for number in range(MAX_LIST_VALUES)]


def error_of(text: str) -> str:
    with pytest.raises(InvalidRequestError) as caught:
        parse_json(text, FILES)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "line 1, column 1: Expected an object"),
        ("name-matches zen", "line 1, column 1: Expected an object of clauses in braces; texts"),
        ('{"always-true": 1,\n "x" 2}', "line 2, column 6: Expected ':' after \"x\""),
        ('# note\n{"always-true": 1]', "line 2, column 18: Expected ',' or '}'"),
        ('{"always-true": 1} {}', "line 1, column 20: Expected the end of the search"),
        ('{"name-matches": "zen', "line 1, column 18: Expected a '\"' that ends"),
        ('{"name-matches": "a\nb"}', "line 1, column 18: Expected a '\"' that ends"),
        ('{"name-matches": "\\q"}', "write two backslashes"),
        ("{'name-matches': 1}", "line 1, column 2: Expected the name of a clause in double quotes"),
        ('{"name-matches": zen}', 'texts stand in double quotes, not "zen"'),
        ("{,}", "line 1, column 2"),
        ('{"name-matches": "a",,}', "line 1, column 22"),
        ("[1]", "line 1, column 1: A search is an object of clauses"),
        ('"zen"', "A search is an object of clauses"),
        ('{"or": "x"}', "'or' takes an object of clauses in braces, or a list of such, not \"x\""),
        ('{"or": [{"always-true": 1}, 5]}', "line 1, column 29"),
        ('{"none-of": []}', "line 1, column 13: The clause 'none-of' has an empty list"),
        ('{"zzz": 1}', "known are 'always-false'"),
        ('{"name-is": "x"}', "did you mean 'name-is-exactly'"),
        (
            '{"obs-matches": {"name-is-exactly": "x"}}',
            'no clause "name-is-exactly" of observations',
        ),
        ('{"obsid-is-exactly": true}', "takes a whole number, not true"),
        ('{"obsid-is-exactly": 1.5}', "takes a whole number, not 1.5"),
        ('{"obsid-is-exactly": "5"}', 'takes a whole number, not "5"'),
        ('{"obsid-is-exactly": null}', "not null"),
        ('{"not-older-than": [1, true]}', "line 1, column 24"),
        ('{"name-matches": 5}', "takes a pattern in quotes, not 5"),
        ('{"name-is-exactly": {"a": 1}}', "takes a text in quotes, not an object"),
        ('{"name-matches": []}', "empty list"),
        ('{"name-in": "x"}', 'takes a list of texts in quotes, not "x"'),
        (
            '{"name-in": ["x", 5]}',
            "column 19: The clause 'name-in' takes a list of texts in quotes, not 5",
        ),
        ('{"size-in-range": [1]}', "takes two numbers in brackets, not [1]."),
        ('{"size-in-range": [1, 2, 3]}', "takes two numbers in brackets"),
        ('{"meta.x-in-range": [1, "2"]}', "two numbers, or texts in quotes, in brackets"),
        ('{"start-lst-hr-in-wrapping-range": [23, 25]}', "Hours are from 0 to 24, not 25"),
        ('{"start-time-jd-in-range": ["3d", "1d"]}', "no ages as its ends"),
        ('{"start-time-jd-at-least": "soon"}', "Expected a time such as 2018-10-01"),
        ('{"saved-search": ""}', "takes the name of a saved search"),
        ('{"meta.x-is": 1}', "did you mean 'meta.x-is-exactly'"),
        ('{"meta.9-is-exactly": 1}', 'not "9"'),
        ('{"has-metadata": "a b"}', 'not "a b"'),
        ('{"name-matches": "x\\\\"}', "can't end with one backslash"),
        ('{"name-matches-regex": "a("}', "a ')' is missing"),
        ('{"name-matches": "a\\u0000b"}', "a character that nothing on record can have"),
        ('{"name-is-exactly": "\\ud800"}', "a character that nothing on record can have"),
        ('{"size-greater-than": NaN}', 'not "NaN"'),
        ('{"size-greater-than": -Infinity}', 'not "-Infinity"'),
        ('{"size-greater-than": 1e999}', "too large"),
        ('{"obsid-is-exactly": 9223372036854775808}', "beyond 64 bits"),
        ('{"size-greater-than": ' + "9" * 5000 + "}", "too large"),
        ('{"size-greater-than": 05}', "line 1, column 23"),
        ('{"name-matches": "' + "%a" * 600 + '"}', "at most 1,024 characters, this one has 1,200"),
        ('{"name-is-exactly": "' + "a" * MAX_BARE_BYTES + '"}', "at most 65,536 bytes"),
        (json.dumps({"type-is-exactly": ["x"] * 300}), "at most 256 clauses"),
        ("{" + '"always-true": 1, ' * 300 + "}", "at most 256 clauses"),
    ],
)
def test_what_is_not_understood_is_explained_at_its_place(text: str, says: str) -> None:
    message = error_of(text)
    assert says in message
    assert "line " in message
    assert ", column " in message


@pytest.mark.parametrize("opening", ['{"and":', "[", '{"or":[', '{"or":\n', '{"name-in":[['])
def test_a_search_that_nests_very_deep_is_refused_where_it_is_too_deep(opening: str) -> None:
    message = error_of(opening * 100_000)
    assert "nests more than 32 levels deep" in message


def nested(levels: int) -> str:
    inner = '{"always-true": 1}'
    for level in range(levels):
        inner = f'{{"{("or", "and")[level % 2]}": [{inner}, {{"always-false": 1}}]}}'
    return inner


def test_a_search_as_deep_as_may_be_is_taken_and_a_deeper_one_is_not() -> None:
    assert parse_json(nested(MAX_DEPTH), FILES) is not None
    assert "levels deep" in error_of(nested(MAX_DEPTH + 1))


def test_brackets_inside_a_text_do_not_nest() -> None:
    text = json.dumps({"name-is-exactly": "[" * 100})
    assert parse_json(text, FILES) == Comparison("name", "is-exactly", "[" * 100)


@pytest.mark.parametrize("ending", ["]", ", # one more\n]", ", 5]"])
def test_a_list_of_more_values_is_refused(ending: str) -> None:
    text = '{"meta.x-in": ' + json.dumps([*NAMES, "more"])[:-1] + ending + "}"
    assert "at most 100,000 values" in error_of(text)


@pytest.mark.parametrize("value", ["{},", '"ab",'])
def test_a_list_of_millions_of_values_takes_little_memory(value: str) -> None:
    text = '{"name-in": ["a", ' + value * 2_000_000 + '"b"]}'
    tracemalloc.start()
    try:
        assert "at most 100,000 values" in error_of(text)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 64 * 2**20


def test_a_long_list_may_have_any_texts() -> None:
    names = [*NAMES[:1000], "a,b]", "[{}]", 'c"\\', "é"]
    expected = Comparison("name", "in", tuple(names))
    assert parse_json(json.dumps({"name-in": names}), FILES) == expected


def test_a_text_that_no_file_can_have_is_found_in_a_long_list() -> None:
    for odd in ("a\0", "\ud800"):
        text = json.dumps({"name-in": [*NAMES[:1000], odd]})
        assert "nothing on record can have" in error_of(text)


# Whatever people type.

valid = trees(FILES, odd=True, saved=True).map(lambda tree: write_json(tree, FILES))
junk = st.text(alphabet='{}[]":,#\\/ \n\t-+.0123456789eEtrufalsn', max_size=40) | st.text(
    max_size=20
)


@st.composite
def spoilt(draw: st.DrawFn) -> str:
    text = draw(valid)
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 5)))
        text = text[:start] + draw(junk) + text[end:]
    return text


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=junk | spoilt() | junk.map(lambda inner: '{"' + inner))
def test_any_text_gives_a_tree_or_an_error_with_a_place(text: str) -> None:
    try:
        parse_json(text, FILES)
    except InvalidRequestError as error:
        message = str(error)
    else:
        return
    assert "line " in message
    assert ", column " in message
