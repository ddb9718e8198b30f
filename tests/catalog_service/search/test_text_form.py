"""The text form: what each way to write something means."""

from datetime import UTC, datetime, timedelta

import pytest

from catalog_service.search.attributes import ItemKind
from catalog_service.search.limits import MAX_LIST_VALUES
from catalog_service.search.text_form import parse_text
from catalog_service.search.tree import (
    Age,
    And,
    Comparison,
    Constant,
    NoneOf,
    ObservationMatches,
    Or,
    Place,
    Saved,
    Value,
)

# JD of 1 and 8 October 2018, 0 h UTC.
FIRST = 2458392.5
EIGHTH = 2458399.5
MIDNIGHT = datetime(2018, 10, 1, tzinfo=UTC)
NEXT_MIDNIGHT = datetime(2018, 10, 2, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)


def alone(attribute: str, operator: str, value: Value) -> Comparison:
    return Comparison(attribute, operator, value)


def name(operator: str, value: Value) -> Comparison:
    return Comparison("name", operator, value)


def created(operator: str, value: Value) -> Comparison:
    return Comparison("create-time", operator, value)


def start(operator: str, value: Value) -> Comparison:
    return Comparison("start-time-jd", operator, value)


A, B, C = (name("matches", f"%{letter}%") for letter in "abc")


def test_a_line_as_people_type_it_means_what_it_says() -> None:
    line = (
        "name:zen.2458*.HH.uvh5 size:>5GB lst:23..1 start:2018-10-01..2018-10-07 instances:>=2 "
        "created:<3d type:uvh5 store:pot1 -source:rtp (obsid:1222852410 or session:1222852000)"
    )
    assert parse_text(line) == And(
        (
            name("matches", "zen.2458%.HH.uvh5"),
            alone("size", "greater-than", 5_000_000_000),
            alone("start-lst-hr", "in-wrapping-range", (23, 1)),
            start("at-least", FIRST),
            start("less-than", EIGHTH),
            alone("num-instances", "at-least", 2),
            created("newer-than", Age(3)),
            alone("type", "is-exactly", "uvh5"),
            alone("store", "has", "pot1"),
            NoneOf((alone("source", "is-exactly", "rtp"),)),
            Or(
                (
                    alone("obsid", "is-exactly", 1222852410),
                    alone("session-id", "is-exactly", 1222852000),
                )
            ),
        )
    )


JOINED = {
    "a b": And((A, B)),
    "a and b AND c": And((A, B, C)),
    "a b or c": Or((And((A, B)), C)),
    "a (b or c)": And((A, Or((B, C)))),
    "(a b) c": And((A, B, C)),
    "((a))": A,
    "-a b": And((NoneOf((A,)), B)),
    "not a b": And((NoneOf((A,)), B)),
    "NOT (a or b)": NoneOf((A, B)),
    "-(a b)": NoneOf((And((A, B)),)),
    "--a": NoneOf((NoneOf((A,)),)),
    "a # and b\nc": And((A, C)),
    "# nothing\n\ta\n# more": A,
    "always-true or always-false": Or((Constant(True), Constant(False))),
    "@mine -@ann/night.2": And((Saved("mine"), NoneOf((Saved("ann/night.2"),)))),
    '"or" "and"': And((name("matches", "%or%"), name("matches", "%and%"))),
}


@pytest.mark.parametrize(("text", "tree"), JOINED.items())
def test_clauses_are_joined(text: str, tree: object) -> None:
    assert parse_text(text) == tree


TEXTS = {
    "zen.2458*": name("matches", "%zen.2458%%"),
    "a_b": name("matches", r"%a\_b%"),
    '"50% *"': name("matches", r"%50\% *%"),
    "~^zen": name("matches-regex", "^zen"),
    "name:zen": name("is-exactly", "zen"),
    "name:=zen": name("is-exactly", "zen"),
    "name:!=zen": name("is-not", "zen"),
    "name:zen.?.%.x": name("matches", "zen._.%.x"),
    "name:a_b*": name("matches", r"a\_b%"),
    r"name:a\*b": name("is-exactly", "a*b"),
    'name:"a*b"*': name("matches", "a*b%"),
    'name:"a b"': name("is-exactly", "a b"),
    r'name:"a\"\\b"': name("is-exactly", 'a"\\b'),
    'name:""': name("is-exactly", ""),
    "name:a#b": name("is-exactly", "a#b"),
    "name:in": name("is-exactly", "in"),
    'name:in(a -b\n"c d" # comment\n )': name("in", ("a", "-b", "c d")),
    r'name:"zen\.x"': name("is-exactly", r"zen\.x"),
    r'name:~"^zen\.(a|b)"': name("matches-regex", r"^zen\.(a|b)"),
    r"name:~^zen\.": name("matches-regex", r"^zen\."),
    "iname:ZEN*": name("matches-any-case", "ZEN%"),
    "name-matches:a_b": name("matches", "a_b"),
    'name-is-exactly:"a_b"': name("is-exactly", "a_b"),
    "checksum:blake3:00": alone("checksum", "is-exactly", "blake3:00"),
    "at:nrao": alone("librarian", "has", "nrao"),
    "event:made lacks-event:copied": And(
        (alone("event", "has", "made"), alone("event", "lacks", "copied"))
    ),
}


@pytest.mark.parametrize(("text", "tree"), TEXTS.items())
def test_texts_are_compared(text: str, tree: object) -> None:
    assert parse_text(text) == tree


NUMBERS = {
    "size:5000000": alone("size", "is-exactly", 5_000_000),
    "size:1.1GB": alone("size", "is-exactly", 1_100_000_000),
    "size:!=1KiB": alone("size", "is-not", 1024),
    "size:<2.5e9": alone("size", "less-than", 2.5e9),
    "size:1MB..2kB": alone("size", "in-range", (2000, 1_000_000)),
    "size:1MB..": alone("size", "at-least", 1_000_000),
    "size:..1mb": alone("size", "at-most", 1_000_000),
    "size:!1..5": alone("size", "not-in-range", (1, 5)),
    "obsid:none": alone("obsid", "is-null", True),
    "unavailable:0": alone("num-unavailable-instances", "is-exactly", 0),
    "num-instances:<=3": alone("num-instances", "at-most", 3),
    "lst:>5.5": alone("start-lst-hr", "greater-than", 5.5),
    "lst:!1..5": alone("start-lst-hr", "not-in-range", (1, 5)),
    # Outside of what wraps past 24 h lies what is between its ends.
    "lst:!23..1": And(
        (alone("start-lst-hr", "greater-than", 1), alone("start-lst-hr", "less-than", 23))
    ),
    "lst:1..5": alone("start-lst-hr", "in-wrapping-range", (1, 5)),
    "start-lst-hr-in-range:5..1": alone("start-lst-hr", "in-range", (1, 5)),
}


@pytest.mark.parametrize(("text", "tree"), NUMBERS.items())
def test_numbers_are_compared(text: str, tree: object) -> None:
    assert parse_text(text) == tree


TIMES = {
    "start:2018-10-01": And((start("at-least", FIRST), start("less-than", FIRST + 1))),
    "start:!=2018-10-01": Or((start("less-than", FIRST), start("at-least", FIRST + 1))),
    "start:>2018-10-01": start("at-least", FIRST + 1),
    "start:<2018-10-01": start("less-than", FIRST),
    "start:>=2018-10-01": start("at-least", FIRST),
    "start:<=2018-10-01": start("less-than", FIRST + 1),
    "start:2018-10-07..2018-10-01": And((start("at-least", FIRST), start("less-than", EIGHTH))),
    "start:!2018-10-01..2018-10-07": Or((start("less-than", FIRST), start("at-least", EIGHTH))),
    "start:2018-10-01..": start("at-least", FIRST),
    "start:..2018-10-07": start("less-than", EIGHTH),
    "start:>2458392.5": start("greater-than", FIRST),
    "start:>=MJD58392": start("at-least", FIRST),
    "start:>=58392": start("at-least", FIRST),
    "start:<2018-10-01T12:00": start("less-than", FIRST + 0.5),
    'start:<"2018-10-01 12:00:00"': start("less-than", FIRST + 0.5),
    "start:<GPS1222387218": start("less-than", 2458392.5),
    "start:2458399.5..2458392.5": start("in-range", (FIRST, EIGHTH)),
    "start:!2458392.5..2458399.5": start("not-in-range", (FIRST, EIGHTH)),
    "start:<3d": start("greater-than", Age(3)),
    "start:>=12h": start("at-most", Age(0.5)),
    "start:1d..3d": And((start("at-least", Age(3)), start("at-most", Age(1)))),
    "created:>3d": created("older-than", Age(3)),
    "created:3d..1d": And((created("newer-than", Age(3)), created("older-than", Age(1)))),
    "created:>2018-10-01T00:00": created("newer-than", MIDNIGHT),
    "created:>=2018-10-01T00:00": created("newer-than", MIDNIGHT - INSTANT),
    "created:>2018-10-01": created("newer-than", NEXT_MIDNIGHT - INSTANT),
    "created:<=2018-10-01": created("older-than", NEXT_MIDNIGHT),
    "created:<=2018-10-01T00:00": created("older-than", MIDNIGHT + INSTANT),
    "created:2018-10-01": And(
        (created("newer-than", MIDNIGHT - INSTANT), created("older-than", NEXT_MIDNIGHT))
    ),
}


@pytest.mark.parametrize(("text", "tree"), TIMES.items())
def test_times_are_compared_and_dates_are_whole_days(text: str, tree: object) -> None:
    assert parse_text(text) == tree


METADATA: dict[str, tuple[str, Value]] = {
    "meta.k:12": ("is-exactly", 12),
    'meta.k:"12"': ("is-exactly", "12"),
    "meta.k:TRUE": ("is-exactly", True),
    "meta.k:!=false": ("is-not", False),
    "meta.k:good": ("is-exactly", "good"),
    "meta.k:go*": ("matches", "go%"),
    "meta.k:~^go": ("matches-regex", "^go"),
    "imeta.k:GO*": ("matches-any-case", "GO%"),
    "meta.k:>=-0.5": ("at-least", -0.5),
    "meta.k:<2018-10-01": ("less-than", "2018-10-01"),
    "meta.k:5..-1": ("in-range", (-1, 5)),
    "meta.k:!a..b": ("not-in-range", ("a", "b")),
    'meta.k:in(1 "1" x)': ("in", (1, "1", "x")),
    'meta.k-matches:"go"': ("matches", "go"),
}


@pytest.mark.parametrize(("text", "meant"), METADATA.items())
def test_metadata_is_compared_with_what_the_value_looks_like(
    text: str, meant: tuple[str, Value]
) -> None:
    clause = parse_text(text)
    assert isinstance(clause, Comparison)
    assert clause == alone("meta.k", *meant)
    assert type(clause.value) is type(meant[1])


def test_files_are_found_by_their_observation() -> None:
    assert parse_text("obs:(duration:>10m files:>=2) a") == And(
        (
            ObservationMatches(
                And(
                    (
                        alone("duration", "greater-than", 10 / 1440),
                        alone("num-files", "at-least", 2),
                    )
                )
            ),
            A,
        )
    )


def test_observing_sessions_have_keys_of_their_own() -> None:
    assert parse_text("obs:>5 age:<2w lacks-event:done", ItemKind.SESSIONS) == And(
        (
            alone("num-obs", "greater-than", 5),
            alone("age", "less-than", 14.0),
            alone("event", "lacks", "done"),
        )
    )


def test_a_comparison_knows_where_its_value_stands() -> None:
    clause = parse_text("a\n  store:pot1")
    assert isinstance(clause, And)
    assert isinstance(clause.clauses[1], Comparison)
    assert clause.clauses[1].place == Place(2, 9)


def test_a_list_may_be_longer_than_a_search_without_it() -> None:
    names = tuple(f"zén.{number}.uvh5" for number in range(MAX_LIST_VALUES))
    clause = parse_text(f"a name:in({' '.join(names)}) b")
    assert isinstance(clause, And)
    assert clause.clauses[1] == name("in", names)
