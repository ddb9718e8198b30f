"""The language of searches: what it takes, and what it says about what it does not take."""

import json
import re

import pytest

from catalog_service.search.language import MAX_BYTES, parse_search
from catalog_service.search.tree import And, Comparison, Constant, NoneOf, Or
from librarian.errors import InvalidRequestError
from tests.source_tree import ROOT

README = (ROOT / "catalog_service" / "search" / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```json\n(.*?)```", README, re.DOTALL)

UVH5 = Comparison("type", "is-exactly", "uvh5")


def error_of(text: str) -> str:
    with pytest.raises(InvalidRequestError) as caught:
        parse_search(text)
    return str(caught.value)


@pytest.mark.parametrize("example", EXAMPLES)
def test_each_example_of_the_page_is_understood(example: str) -> None:
    assert isinstance(parse_search(example), And)


def test_the_page_has_an_example_of_each_clause() -> None:
    clauses = set(re.findall(r"^\| `([a-z-]+)`", README, re.MULTILINE)) | {"name-like"}
    assert len(clauses) == 12
    assert [name for name in clauses if f'"{name}":' not in "".join(EXAMPLES)] == []


def test_groups_nest() -> None:
    tree = parse_search('{"or": {"type-is-exactly": "uvh5", "none-of": {"always-false": null}}}')
    assert tree == And((Or((UVH5, NoneOf((Constant(False),)))),))


def test_a_repeated_clause_means_both() -> None:
    twice = parse_search('{"type-is-exactly": "uvh5", "type-is-exactly": "uv"}')
    assert twice == And((UVH5, Comparison("type", "is-exactly", "uv")))


def test_a_list_of_values_means_all_of_them_also_inside_or() -> None:
    both = And((UVH5, Comparison("type", "is-exactly", "uv")))
    tree = parse_search('{"or": {"type-is-exactly": ["uvh5", "uv"], "type-is-exactly": ["uvh5"]}}')
    assert tree == And((Or((both, UVH5)),))


def test_a_comment_ends_with_its_line_and_never_begins_inside_a_text() -> None:
    text = (
        '# all of it\n{"name-is-exactly": "a#b\\"#c", # note: {[{\n"type-is-exactly": "uvh5"} # end'
    )
    assert parse_search(text) == And((Comparison("name", "is-exactly", 'a#b"#c'), UVH5))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not JSON: Expecting value at line 1, column 1"),
        ("name-matches zen", "line 1, column 1"),
        ('{"always-true": 1,\n "x" 2}', "line 2, column 6"),
        ('# note\n{"always-true": 1]', "line 2, column 18"),
        ('{"always-true": 1} {}', "Extra data at line 1, column 20"),
        ('{"name-matches": "zen', "Unterminated string"),
        ("[1]", "is a JSON object"),
        ('"zen"', 'not "zen"'),
        ("{}", '{"always-true": true} matches every file'),
        ('{"and": {}}', "'and' has no clause in it"),
        ('{"or": [{"always-true": 1}]}', "'or' takes an object of clauses in braces, not a list"),
        ('{"none-of": "x"}', 'not "x"'),
        ('{"name-matchs": "x"}', "did you mean 'name-matches'"),
        ('{"at-least-instances": 1}', 'no search clause "at-least-instances"'),
        ('{"zzz": 1}', "known are 'always-false'"),
        ('{"obsid-is-exactly": true}', "takes a whole number, not true"),
        ('{"obsid-is-exactly": 1.5}', "takes a whole number, not 1.5"),
        ('{"obsid-is-exactly": "5"}', 'takes a whole number, not "5"'),
        ('{"obsid-is-exactly": null}', "not null"),
        ('{"size-greater-than": false}', "takes a number, not false"),
        ('{"not-older-than": [1, true]}', "takes a number, not true"),
        ('{"name-matches": 5}', "takes a pattern in quotes, not 5"),
        ('{"name-is-exactly": {"a": 1}}', "takes a text in quotes, not an object"),
        ('{"name-matches": []}', "empty list"),
        ('{"name-matches": "x\\\\"}', "can't end with one backslash"),
        ('{"name-matches": "a\\u0000b"}', "a character in its value that no file can have"),
        ('{"name-is-exactly": "\\ud800"}', "a character in its value that no file can have"),
        ('{"size-greater-than": NaN}', "NaN is not a number"),
        ('{"size-greater-than": -Infinity}', "-Infinity is not a number"),
        ('{"size-greater-than": 1e999}', "too large"),
        ('{"obsid-is-exactly": 9223372036854775808}', "too large"),
        ('{"size-greater-than": ' + "9" * 5000 + "}", "too large"),
        ('{"name-matches": "' + "%a" * 600 + '"}', "at most 1,024 characters, this one has 1,200"),
        ('{"name-is-exactly": "' + "a" * MAX_BYTES + '"}', "at most 65,536 bytes"),
        (json.dumps({"type-is-exactly": ["x"] * 300}), "at most 256 clauses"),
    ],
)
def test_what_is_not_understood_is_explained(text: str, says: str) -> None:
    assert says in error_of(text)


@pytest.mark.parametrize("opening", ['{"and":', "[", '{"or":\n'])
def test_a_search_that_nests_ten_thousand_deep_is_refused_where_it_is_too_deep(
    opening: str,
) -> None:
    message = error_of(opening * 5000)
    assert "nests more than 32 brackets deep at line" in message


def test_brackets_inside_a_text_do_not_nest() -> None:
    text = json.dumps({"name-is-exactly": "[" * 100})
    assert parse_search(text) == And((Comparison("name", "is-exactly", "[" * 100),))


def test_a_search_at_the_limits_is_taken() -> None:
    inner = '{"always-true": 1}'
    for _ in range(31):
        inner = f'{{"and": {inner}}}'
    assert isinstance(parse_search(inner), And)
