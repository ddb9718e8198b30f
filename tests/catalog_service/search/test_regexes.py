"""Regular expressions: what is taken means one thing to PostgreSQL, RE2 and Python."""

import re
import warnings
from collections.abc import Iterator

import psycopg2
import pytest
import re2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog_service.search.regexes import check_regex
from catalog_service.search.tree import Place
from librarian.errors import InvalidRequestError

HERE = Place(2, 7)
TEXTS = [
    "",
    "zen.2458432.34569.HH.uvh5",
    "zen.2458432.34569.uvh5",
    "ZEN.1.uv",
    "a",
    "ab",
    "aab",
    "abab",
    "b",
    "a b",
    "ba\n",
    "a\nb",
    "a-b",
    "-",
    "]",
    "[",
    "^",
    "$",
    "a_1",
    "12",
    "é",
    "٣",
    "a\\b",
    "{",
    "a{2}",
    "\U0001f52d",
    "a\tb",
    "x\u00a0y",
]
WORDS = r"""
    a b 1 z . _ é - ^ $ | ( ) (?: [ [^ ] * + ? *? { {0} {2} {1,} {0,2} } \d \w \D \W \. \\ \[ \]
    \- \^ \_ \b \s \A \n \t a-z 0-9 [a-z] [^b] (a|b) (?i) \1 && :: [: = ! < # ~ , \/ \@ \# \& \~
    \! \: \= \' \" \, \; \< \> \% \` \} \{ \( \) \| \* \+ \? \$ [\d] [\w.-] [^\d] (^a)* ($|b)
    (a*)* (|a) [+-] [+-a]
"""
pieces = st.sampled_from([*WORDS.split(), " ", "\n", "\\ ", "[ -~]"])
regexes = st.lists(pieces, max_size=10).map("".join)


@pytest.fixture
def pattern_of(postgres_url: str) -> Iterator[psycopg2.extensions.cursor]:
    with psycopg2.connect(postgres_url.replace("+psycopg2", "")) as connection:
        yield connection.cursor()
    connection.close()


def refusal_of(text: str) -> str:
    with pytest.raises(InvalidRequestError) as caught:
        check_regex(text, HERE)
    return str(caught.value)


def is_taken(regex: str) -> bool:
    try:
        check_regex(regex, HERE)
    except InvalidRequestError:
        return False
    return True


def in_python(regex: str) -> list[bool]:
    # Python's own `$` also stands before a newline at the end.
    ends = re.sub(
        r"\\.|\[\^?(?:\\.|[^]\\])*\]|\$",
        lambda found: r"\Z" if found.group() == "$" else found.group(),
        regex,
        flags=re.DOTALL,
    )
    with warnings.catch_warnings():
        # Of what a later Python may read otherwise.
        warnings.simplefilter("ignore", FutureWarning)
        compiled = re.compile(ends, re.ASCII | re.DOTALL)
    return [compiled.search(text) is not None for text in TEXTS]


def in_re2(regex: str) -> list[bool]:
    options = re2.Options()
    options.dot_nl = True
    options.log_errors = False
    compiled = re2.compile(regex, options)
    return [compiled.search(text) is not None for text in TEXTS]


def in_postgresql(cursor: psycopg2.extensions.cursor, regex: str) -> list[bool]:
    cursor.execute(
        'SELECT array_agg(t COLLATE "C" ~ %s ORDER BY n) FROM unnest(%s) '
        "WITH ORDINALITY AS texts(t, n)",
        (regex, TEXTS),
    )
    (answers,) = cursor.fetchone() or ([],)
    return list(answers)


@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(regex=regexes)
def test_what_is_taken_means_the_same_to_all_three(
    pattern_of: psycopg2.extensions.cursor, regex: str
) -> None:
    if not is_taken(regex):
        return
    expected = in_python(regex)
    assert in_re2(regex) == expected
    assert in_postgresql(pattern_of, regex) == expected


@pytest.mark.parametrize(
    ("regex", "says"),
    [
        ("a(b", "a ')' is missing, after 3 of its characters"),
        ("a)b", "has no '(' before it"),
        ("*", "nothing before it"),
        ("***=a", "nothing before it"),
        ("a**", "nothing before it"),
        ("a++", "nothing before it"),
        ("^*", "nothing before it"),
        ("(?i)a", "only '(?:' is known"),
        ("(?=a)", "only '(?:' is known"),
        (r"\bzen", r"'\b' does not mean the same everywhere"),
        (r"a\s", r"'\s' does not mean"),
        (r"(a)\1", r"'\1' does not mean"),
        ("a\\", "ends with a backslash"),
        ("a{300}", "from 0 to 255"),
        ("a{3,2}", "from 0 to 255"),
        ("a{,2}", r"write '\{'"),
        ("a}", r"write '\}'"),
        ("[]a]", "brackets can't be empty"),
        ("[a", "a ']' is missing"),
        ("[[:alpha:]]", r"write '\['"),
        ("[z-a]", "from one character up to another"),
        (r"[a-\d]", "from one character up to another"),
        ("[a--b]", r"write '\-'"),
        ("((a{99}){99}){99}", "more than 2,000 parts"),
        ("(" * 600, "nest more than 32 deep"),
        ("a" * 1025, "at most 1,024 characters, this one has 1,025"),
    ],
)
def test_what_is_not_taken_is_explained_at_its_place(regex: str, says: str) -> None:
    message = refusal_of(regex)
    assert says in message
    assert "line 2, column 7" in message


@pytest.mark.parametrize(
    "regex",
    ["", r"^zen\.(2458432|2458433)\.[^.]+\.HH\.uvh5$", r"[-+]?\d{5,7}(\.\d+)?", "a|", "[a-]"],
)
def test_what_people_write_is_taken(regex: str) -> None:
    assert check_regex(regex, HERE) == regex
