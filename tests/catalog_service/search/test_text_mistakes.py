"""What is told of a text that is no search: what is wrong, where, and what to do."""

import re
import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog_service.search.attributes import ItemKind
from catalog_service.search.json_form import parse_json
from catalog_service.search.json_writer import write_json
from catalog_service.search.limits import MAX_CLAUSES, MAX_LIST_VALUES
from catalog_service.search.text_form import parse_text
from catalog_service.search.text_writer import write_text
from librarian.errors import InvalidRequestError

MISTAKES = {
    "": ("line 1, column 1", "Expected something to look for"),
    "# only\n": ("line 2, column 1", "Expected something to look for"),
    "a or": ("line 1, column 5", "Expected something to look for"),
    "(a": ("line 1, column 1", "not closed"),
    "a)": ("line 1, column 2", "closes nothing"),
    "a\n b)": ("line 2, column 3", "closes nothing"),
    "()": ("line 1, column 2", "Expected something to look for"),
    '"a': ("line 1, column 1", "not closed"),
    "a\\": ("line 1, column 2", "backslash"),
    "a\0": ("line 1, column 2", "leave it out"),
    "a \ud800": ("line 1, column 3", "leave it out"),
    "- a": ("line 1, column 1", "minus"),
    "nmae:x": ("line 1, column 1", "did you mean 'name'"),
    "size-greater:5": ("line 1, column 1", "size-greater-than"),
    "files:5": ("line 1, column 1", "There is no key"),
    "name:": ("line 1, column 6", "missing"),
    "name:>5": ("line 1, column 6", "not compared by '>'"),
    "name:!=a*": ("line 1, column 8", "write 'not'"),
    "name:x(1)": ("line 1, column 7", "quotes around"),
    "name:in()": ("line 1, column 6", "empty"),
    "name:in(a": ("line 1, column 8", "closing bracket"),
    "name:in(a*)": ("line 1, column 9", "wildcards"),
    "size:in(1 2)": ("line 1, column 6", "no list"),
    "name:~(": ("line 1, column 7", ""),
    'name:~"a("': ("line 1, column 7", "regular expression"),
    "name-in:a": ("line 1, column 9", "short key"),
    "size:5GX": ("line 1, column 6", "5GB"),
    "size:>": ("line 1, column 7", "5GB"),
    "size:1.5": ("line 1, column 6", "whole number"),
    "size:1...5": ("line 1, column 6", "two dots"),
    "size:..": ("line 1, column 6", "Expected"),
    "size:99999999999999999999": ("line 1, column 6", "whole number"),
    "obsid:~5": ("line 1, column 7", "Expected"),
    "lst:5": ("line 1, column 5", "23..1"),
    "lst:1..25": ("line 1, column 5", "0 to 24"),
    "start:2018-13-01": ("line 1, column 7", "no such day"),
    "start:>yesterday": ("line 1, column 8", "2018-10-01"),
    "start:2458392.5": ("line 1, column 7", "before or after"),
    "created:3d": ("line 1, column 9", "before or after"),
    "store:pot*": ("line 1, column 7", "without signs"),
    "meta:9lives": ("line 1, column 6", "metadata key"),
    "meta.a.b:5": ("line 1, column 10", "metadata key"),
    "meta.k:>true": ("line 1, column 9", "Neither"),
    "meta.k:1..b": ("line 1, column 8", "two numbers"),
    "@": ("line 1, column 2", "saved search"),
    "@ a": ("line 1, column 2", "saved search"),
    "obs:5": ("line 1, column 5", "in brackets"),
    "obs: (a)": ("line 1, column 5", "in brackets"),
    "obs:(name:x)": ("line 1, column 6", "search of observations"),
    "obs:(x)": ("line 1, column 6", "bare word"),
}


@pytest.mark.parametrize(("text", "told"), MISTAKES.items())
def test_a_mistake_is_told_with_its_place(text: str, told: tuple[str, str]) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        parse_text(text)
    for part in told:
        assert part in str(caught.value)


TOO_MUCH = {
    "(" * 100_000: "levels deep",
    "-" * 100_000 + "a": "levels deep",
    "not " * 10_000 + "a": "levels deep",
    "-(a or " * 33 + "b" + ")" * 33: "levels deep",
    "a " * (MAX_CLAUSES + 1): f"at most {MAX_CLAUSES} clauses",
    '"' + "x" * 70_000 + '"': "65,536 bytes",
    r"\a" * 1_000_000: "65,536 bytes",
    "a #x" + "\n#x" * 1_000_000: "65,536 bytes",
    "a #" + "x" * 70_000: "65,536 bytes",
    "name:in(" + "x " * (MAX_LIST_VALUES + 1) + ")": "at most 100,000 values",
    "name:" + "*" * 2000: "1,024 characters",
}


@pytest.mark.parametrize("text", TOO_MUCH, ids=range(len(TOO_MUCH)))
def test_what_is_too_much_is_refused_with_its_limit(text: str) -> None:
    with pytest.raises(InvalidRequestError, match=r"line 1, column [0-9]+") as caught:
        parse_text(text)
    assert TOO_MUCH[text] in str(caught.value)


KEYS = ["name:", "size:", "start:", "created:", "meta.k:", "lst:", "obsid:", "iname:", "obs:("]
SIGNS = ["(", ")", " ", "-", '"', "\\", "..", ">", "!=", "~", "in(", "#", "\n", "@", " or ", "not "]
VALUES = ["2018-10-01", "5GB", "3d", "1", "true", "zen*", "2458392.5", "none", "name-matches:"]
fragments = st.one_of(
    st.sampled_from(KEYS), st.sampled_from(SIGNS), st.sampled_from(VALUES), st.text(max_size=3)
)


@given(
    st.lists(fragments, max_size=12).map("".join) | st.text(string.printable),
    st.sampled_from(ItemKind),
)
@settings(max_examples=800, suppress_health_check=[HealthCheck.too_slow])
def test_any_text_gives_a_tree_that_converts_or_a_mistake_with_its_place(
    text: str, item: ItemKind
) -> None:
    try:
        tree = parse_text(text, item)
    except InvalidRequestError as mistake:
        told = str(mistake)
    else:
        assert parse_text(write_text(tree, item), item) == tree
        assert parse_json(write_json(tree, item), item) == tree
        return
    assert re.match(r"At line [0-9]+, column [0-9]+: .", told)
