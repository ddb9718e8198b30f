"""Standing orders as a form has them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web_frontend.forms.orders import OrderForm, known_timezones, read_order_form, split_rate

GOOD = {"name": "nightly", "librarian": "archive", "search": "type:uv"}


@given(st.integers(0, 10**15))
def test_a_limit_is_the_same_after_the_form(bytes_per_second: int):
    limit, unit = split_rate(bytes_per_second)

    form = read_order_form({**GOOD, "limit": limit, "limit_unit": unit})

    assert form.validate()
    assert form.bytes_per_second == bytes_per_second


def test_a_round_limit_is_shown_in_a_round_unit():
    assert split_rate(20_000_000) == ("20", "MB/s")
    assert split_rate(1_500_000_000) == ("1.5", "GB/s")
    assert split_rate(0) == ("", "MB/s")


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("name", {"name": ""}),
        ("librarian", {"librarian": ""}),
        ("search", {"search": "  "}),
        ("priority", {"priority": "101"}),
        ("priority", {"priority": "ten"}),
        ("hours", {"begin": "20:00"}),
        ("limit", {"limit": "nan"}),
        ("limit", {"limit": "-1"}),
        ("limit", {"limit": "1e400"}),
        ("limit", {"limit": "1", "limit_unit": "furlongs"}),
    ],
)
def test_what_is_wrong_is_told_at_its_field(field: str, values: dict[str, str]):
    form = read_order_form({**GOOD, **values})

    assert not form.validate()
    assert list(form.errors) == [field]


def test_hours_are_two_times_of_day_or_none():
    assert OrderForm(begin="20:00", end="08:00").hours == "20:00-08:00"
    assert OrderForm().hours == ""


def test_time_zones_are_called_by_a_place():
    zones = known_timezones()

    assert zones[0] == "UTC"
    assert "Africa/Johannesburg" in zones
    assert not any(zone.startswith("Etc/") for zone in zones)
