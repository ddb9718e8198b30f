"""Values as people type them: times, ages, sizes, durations."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog_service.search.times import Time, parse_time
from catalog_service.search.tree import Age, Place
from catalog_service.search.values import (
    check_text,
    check_whole,
    parse_duration,
    parse_number,
    parse_size,
    read_age,
    read_number,
)
from librarian.errors import InvalidRequestError

HERE = Place(3, 4)


def moment(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2018-10-01", Time(2458392.5, moment(2018, 10, 1), whole_day=True)),
        ("2018-10-01T12:00", Time(2458393.0, moment(2018, 10, 1, 12))),
        ("2018-10-01 12:00:00.5Z", Time(2458393.000005787, moment(2018, 10, 1, 12, 0, 0, 500000))),
        ("2018-10-01T14:00:00+02:00", Time(2458393.0, moment(2018, 10, 1, 12))),
        ("JD2458393", Time(2458393.0, moment(2018, 10, 1, 12))),
        ("jd 2458393.5", Time(2458393.5, moment(2018, 10, 2))),
        ("2458393.5", Time(2458393.5, moment(2018, 10, 2))),
        ("MJD58392.5", Time(2458393.0, moment(2018, 10, 1, 12))),
        ("58392.5", Time(2458393.0, moment(2018, 10, 1, 12))),
        # 18 leap seconds lie between UTC and GPS by then.
        ("GPS1222430418", Time(2458393.0, moment(2018, 10, 1, 12))),
        ("1222430418", Time(2458393.0, moment(2018, 10, 1, 12))),
    ],
)
def test_a_time_is_taken_in_every_way_that_people_write_it(text: str, expected: Time) -> None:
    time = parse_time(text, HERE)
    assert time.jd == pytest.approx(expected.jd, abs=1e-9)
    assert abs((time.moment - expected.moment).total_seconds()) < 1e-4
    assert time.whole_day == expected.whole_day


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2018-13-01",
        "2018-02-30",
        "2018-10-01T25:00",
        "0000-01-01",
        "0001-01-01T00:00+23:59",
        "20181001",
        "2018-W40-1",
        "-5",
        "150000",
        "JD1e9",
        "JD 99999999",
        "GPS 99999999999999",
        "MJD 1.2.3",
        "nan",
        "9" * 5000,
    ],
)
def test_what_is_no_time_is_refused_at_its_place(text: str) -> None:
    with pytest.raises(InvalidRequestError, match="line 3, column 4"):
        parse_time(text, HERE)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("3d", 3.0),
        ("12h", 0.5),
        ("90s", 90 / 86400),
        ("36 m", 0.025),
        ("2w", 14.0),
        ("-1.5d", -1.5),
    ],
)
def test_an_age_is_a_number_with_a_unit(text: str, days: float) -> None:
    assert read_age(text) == Age(days)


@pytest.mark.parametrize("text", ["3", "d", "3y", "3 d d", "1e999d", "٣d", "3dx"])
def test_what_is_no_age_is_none(text: str) -> None:
    assert read_age(text) is None


@given(days=st.floats(allow_nan=False, allow_infinity=False))
def test_an_age_in_days_keeps_its_number_exactly(days: float) -> None:
    assert read_age(f"{days!r}d") == Age(days)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("5000", 5000),
        ("5GB", 5_000_000_000),
        ("5 gb", 5_000_000_000),
        ("1.1GB", 1_100_000_000),
        ("1KiB", 1024),
        ("1.5TiB", 1_649_267_441_664),
        ("10B", 10),
        ("0.3B", 0.3),
        ("2e9", 2e9),
        ("9000000PB", 9e21),
    ],
)
def test_a_size_may_have_a_unit(text: str, size: float) -> None:
    assert parse_size(text, HERE) == size
    assert type(parse_size(text, HERE)) is type(size)


@pytest.mark.parametrize("text", ["", "GB", "5 parsec", "5GBs", "1e9999", "0x10", "1_000", "--5"])
def test_what_is_no_size_is_refused_at_its_place(text: str) -> None:
    with pytest.raises(InvalidRequestError, match="line 3, column 4"):
        parse_size(text, HERE)


@pytest.mark.parametrize(
    ("text", "days"), [("0.25", 0.25), ("2", 2), ("10m", 10 / 1440), ("6h", 0.25)]
)
def test_a_duration_is_in_days_or_has_a_unit(text: str, days: float) -> None:
    assert parse_duration(text, HERE) == days


def test_what_is_no_duration_or_number_is_refused_at_its_place() -> None:
    with pytest.raises(InvalidRequestError, match="line 3, column 4"):
        parse_duration("long", HERE)
    with pytest.raises(InvalidRequestError, match="line 3, column 4"):
        parse_number("five", HERE)


@given(
    number=st.integers(-(2**63) + 1, 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
)
def test_a_number_is_read_as_it_was_written(number: float) -> None:
    read = read_number(repr(number))
    assert read == number
    assert type(read) is type(number)


def test_a_text_that_no_file_can_have_is_refused() -> None:
    for text in ["a\0", "\ud800", "é\udfff"]:
        with pytest.raises(InvalidRequestError, match="line 3, column 4"):
            check_text(text, HERE)
    assert check_text("é\U0001f52d", HERE) == "é\U0001f52d"


def test_a_whole_number_beyond_64_bits_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="beyond 64 bits"):
        check_whole(2**63, HERE)
    assert check_whole(-(2**63) + 1, HERE) == -(2**63) + 1
