"""What KEY=VALUE means: a number, true or false, a time, or else a text."""

from datetime import UTC, datetime, timedelta, timezone

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from librarian.cli.metadata import format_value, metadata_option, parse_value

NOON = datetime(2018, 10, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12),
        ("-12", -12),
        ("+3", 3),
        ("0012", 12),
        ("12.5", 12.5),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("true", True),
        ("false", False),
        ("2018-10-01T12:00:00Z", NOON),
        ("2018-10-01 12:00", NOON),
        ("2018-10-01T14:00:00+02:00", NOON),
        ("2018-10-01T12:00:00.000005Z", NOON + timedelta(microseconds=5)),
    ],
)
def test_a_text_that_looks_like_a_value_is_one(text: str, value: object) -> None:
    parsed = parse_value(text)
    assert (parsed, type(parsed)) == (value, type(value))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "xx",
        "True",
        "nan",
        "inf",
        "0x1f",
        "1_000",
        "١٢",
        "2018-10-01",
        "2018-13-01T00:00",
        "1 2",
    ],
)
def test_any_other_is_a_text(text: str) -> None:
    assert parse_value(text) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"12"', "12"),
        ('"true"', "true"),
        ('""', ""),
        (r'"a\"b"', 'a"b'),
        ('"', '"'),
        ('"a"b"', '"a"b"'),
        ('"a', '"a'),
    ],
)
def test_a_text_in_quotes_is_one_in_any_case(text: str, value: str) -> None:
    assert parse_value(text) == value


ZONES = st.integers(-12, 14).map(lambda hours: timezone(timedelta(hours=hours)))
VALUES = st.one_of(
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False),
    st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=ZONES),
)


@given(VALUES)
def test_what_is_shown_can_be_given(value: object) -> None:
    parsed = parse_value(format_value(value))  # type: ignore[arg-type]
    assert (parsed, type(parsed)) == (value, type(value))


@click.command()
@metadata_option
def show(metadata: dict[str, object]) -> None:
    click.echo(repr(metadata))


def test_the_option_may_be_repeated() -> None:
    done = CliRunner().invoke(show, ["--meta", "antenna=12", "--meta", "pol=a=b"])
    assert done.output.strip() == "{'antenna': 12, 'pol': 'a=b'}"


@pytest.mark.parametrize("setting", ["antenna", "=12", ""])
def test_what_is_not_key_and_value_is_told(setting: str) -> None:
    done = CliRunner().invoke(show, ["--meta", setting])
    assert done.exit_code == 2
    assert "is not KEY=VALUE" in done.output
