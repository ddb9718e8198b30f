import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from librarian.errors import InvalidRequestError
from librarian.names import (
    check_entry_path,
    check_file_name,
    check_parent_dirs,
    file_type,
    show_name,
)

# What the observatories' own and strange but harmless names look like.
GOOD_NAMES = [
    "zen.2458432.34569.HH.uvh5",
    " lead",
    "trail ",
    "trail.",
    "a b",
    "~root",
    "%2e%2e%2f",
    "%s%n",
    "a%_b",
    "*?[x]{a,b}",
    "$(id)",
    "`id`",
    ";rm",
    "|",
    "host:path",
    "CON",
    "a\\b",
    "é",
    "ß",
    "İ",
    "🔭",
    "zero\u200bwidth",
    ".rsync-partial",
    "x.tmp",
    "a" * 255,
    "é" * 127,
]

# Names that break a rule, with a word of the sentence that says which.
BAD_PARTS = [
    (".", "names a directory"),
    ("..", "names a directory"),
    ("tab\there", "control"),
    ("new\nline", "control"),
    ("return\r", "control"),
    ("nul\x00", "control"),
    ("\x1b[31mred", "control"),
    ("del\x7f", "control"),
    ("c1\x80", "control"),
    ("c1\x9f", "control"),
    ("right\u202eleft", "direction"),
    ("mark\u200f", "direction"),
    ("isolate\u2066", "direction"),
    ("lone\ud800", "UTF-8"),
    (b"\xff".decode(errors="surrogateescape"), "UTF-8"),
    ("a" * 256, "255"),
    ("é" * 128, "255"),
]
BAD_NAMES = [
    *BAD_PARTS,
    ("-rf", "option"),
    ("--help", "option"),
    (".librarian", "reserved"),
    (".librarian-store", "reserved"),
    (unicodedata.normalize("NFD", "é"), "NFC"),
]
CHECKS = [check_file_name, check_parent_dirs, check_entry_path]


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("name", GOOD_NAMES)
def test_a_harmless_name_is_accepted_unchanged(name: str, check: Callable[[str], str]) -> None:
    assert check(name) == name


@pytest.mark.parametrize(("name", "rule"), [*BAD_NAMES, ("a/b", "/"), ("/abs", "/"), ("", "empty")])
def test_a_file_name_that_breaks_a_rule_is_refused_by_that_rule(name: str, rule: str) -> None:
    with pytest.raises(InvalidRequestError, match=rule):
        check_file_name(name)


@pytest.mark.parametrize(("name", "rule"), BAD_NAMES)
def test_each_part_of_the_parent_directories_obeys_the_rules_of_names(name: str, rule: str) -> None:
    with pytest.raises(InvalidRequestError, match=rule):
        check_parent_dirs(f"2458432/{name}/night")


@pytest.mark.parametrize(("name", "rule"), BAD_PARTS)
def test_each_part_of_a_path_inside_a_dataset_is_checked(name: str, rule: str) -> None:
    with pytest.raises(InvalidRequestError, match=rule):
        check_entry_path(f"inner/{name}")


@pytest.mark.parametrize("name", ["-rf", unicodedata.normalize("NFD", "é"), ".librarian"])
def test_a_dataset_may_hold_names_that_the_librarian_did_not_choose(name: str) -> None:
    assert check_entry_path(f"inner/{name}") == f"inner/{name}"


@pytest.mark.parametrize("path", ["/abs", "x/", "a//b", "./x", "a/../b", "a/.", "/", "//"])
@pytest.mark.parametrize("check", [check_parent_dirs, check_entry_path])
def test_a_path_is_relative_and_written_in_one_way(path: str, check: Callable[[str], str]) -> None:
    with pytest.raises(InvalidRequestError):
        check(path)


def test_parent_directories_may_be_none_at_all() -> None:
    assert check_parent_dirs("") == ""


def test_an_entry_of_a_dataset_has_a_path() -> None:
    with pytest.raises(InvalidRequestError, match="empty"):
        check_entry_path("")


@pytest.mark.parametrize("check", [check_parent_dirs, check_entry_path])
def test_a_path_has_at_most_1024_bytes(check: Callable[[str], str]) -> None:
    longest = "/".join(["d" * 204] * 5)
    assert check(longest) == longest
    with pytest.raises(InvalidRequestError, match="1024"):
        check(longest + "d")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("zen.2458432.HH.uvh5", "uvh5"),
        ("plain", ""),
        ("dump.sql.gz", "gz"),
        ("a.", ""),
        (".x", "x"),
    ],
)
def test_the_type_is_what_follows_the_last_dot(name: str, expected: str) -> None:
    assert file_type(name) == expected


def refusal(check: Callable[[str], str], name: str) -> str | None:
    try:
        assert check(name) == name
    except InvalidRequestError as error:
        return str(error)
    return None


@given(st.text(st.characters(exclude_categories=()), max_size=300))
def test_every_text_is_accepted_or_refused_with_a_sentence_that_is_safe_to_print(name: str) -> None:
    for check in CHECKS:
        sentence = refusal(check, name)
        assert sentence is None or (sentence.endswith(".") and sentence.isprintable())


@given(st.text(st.characters(exclude_categories=()), max_size=300))
def test_an_accepted_name_can_be_the_name_of_a_file(name: str) -> None:
    assume(refusal(check_file_name, name) is None)
    assert 1 <= len(name.encode()) <= 255
    assert "/" not in name
    assert "\x00" not in name
    assert name not in (".", "..")
    assert unicodedata.normalize("NFC", name) == name


@given(st.lists(st.sampled_from([*GOOD_NAMES[:20], *(name for name, _ in BAD_NAMES)]), max_size=6))
def test_directories_are_accepted_exactly_when_each_of_their_names_is(parts: list[str]) -> None:
    each = all(refusal(check_file_name, part) is None for part in parts)
    short = len("/".join(parts).encode(errors="surrogatepass")) <= 1024
    assert (refusal(check_parent_dirs, "/".join(parts)) is None) == (each and short)


def test_a_shown_name_is_escaped_and_shortened() -> None:
    assert show_name("a\x1b\u202eb\ud800é") == "'a\\x1b\\u202eb\\ud800é'"
    assert show_name("x" * 1000) == f"'{'x' * 80}…'"
