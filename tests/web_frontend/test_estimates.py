"""When a store is full: an estimate, and when there is none."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web_frontend.shown.estimates import Used, about_days, estimate_fill

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
TERABYTE = 10**12


def use(per_hour: list[int], start: int = TERABYTE) -> list[Used]:
    """Return hourly samples of a store on which so much arrives."""
    samples, used = [], start
    for number, more in enumerate(per_hour):
        samples.append(Used(BEGIN + timedelta(hours=number), used))
        used += more
    return samples


def test_steady_growth_fills_a_store_when_a_ruler_says_so():
    found = estimate_fill(use([10**9] * 72), free_bytes=240 * 10**9)

    assert found is not None
    assert found.days_left == pytest.approx(10)
    assert found.bytes_per_day == pytest.approx(24 * 10**9)
    assert found.left == "about 10 days"


@given(st.lists(st.integers(0, 10**12), min_size=49, max_size=200), st.integers(0, 10**15))
def test_an_estimate_is_a_time_to_come_or_none(per_hour: list[int], free_bytes: int):
    found = estimate_fill(use(per_hour), free_bytes)

    if found is not None:
        assert 0 <= found.days_left <= 3650
        assert found.bytes_per_day > 0


@pytest.mark.parametrize(
    ("samples", "free_bytes"),
    [
        (use([10**9] * 11), 10**9),
        (use([10**9] * 40), 10**9),
        (use([0] * 100), 10**9),
        (use([-(10**9)] * 100), 10**9),
        (use([10**10, -(10**10)] * 50), 10**9),
        (use([1] * 100), 10**15),
        ([], 0),
    ],
    ids=["too few", "too short", "still", "shrinks", "up and down", "in centuries", "none"],
)
def test_nothing_is_estimated_where_it_makes_no_sense(samples: list[Used], free_bytes: int):
    assert estimate_fill(samples, free_bytes) is None


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (0.2, "less than a day"),
        (1.1, "about a day"),
        (23.4, "about 23 days"),
        (100, "about 3 months"),
        (1200, "about 3 years"),
    ],
)
def test_a_time_left_is_told_no_finer_than_it_is_known(days: float, words: str):
    assert about_days(days) == words
