"""Charts of what was sent, and of how full a store was."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from librarian.client.statistics import StoreUsage, Throughput
from web_frontend.plots.bars import HEIGHT, WIDTH, lay_out_bars
from web_frontend.plots.throughput import SPANS, chart_throughput
from web_frontend.plots.usage import chart_usage

NOW = datetime(2026, 11, 21, 21, 48, 5, tzinfo=UTC)


def sent(time: datetime, files: int = 0, size_bytes: int = 0, **failures: int) -> Throughput:
    """Return what was sent in an hour."""
    return Throughput("archive", time, files, size_bytes, failures)


@given(st.lists(st.integers(0, 10**15), max_size=60))
def test_bars_stay_in_the_picture(values: list[int]):
    chart = lay_out_bars(values, [""] * len(values))

    assert len(chart.bars) == sum(value > 0 for value in values)
    for bar in chart.bars:
        assert bar.x >= 0
        assert bar.x + bar.width <= WIDTH + 0.1
        assert bar.y >= 0
        assert bar.y + bar.height <= HEIGHT + 0.1


@given(
    st.lists(st.tuples(st.integers(0, 23), st.integers(0, 9), st.integers(0, 10**12))),
    st.sampled_from(sorted(SPANS)),
)
def test_what_lies_within_the_span_is_counted_once(told: list[tuple[int, int, int]], span: str):
    hour = NOW.replace(minute=0, second=0)
    samples = [sent(hour - timedelta(hours=back), files, size) for back, files, size in told]

    chart = chart_throughput(samples, SPANS[span], NOW)

    assert chart.file_count == sum(files for _, files, _ in told)
    assert chart.total_bytes == sum(size for _, _, size in told)
    assert len(chart.slots) == SPANS[span].slots


def test_what_is_older_than_the_span_is_left_out():
    chart = chart_throughput([sent(NOW - timedelta(hours=25), 1, 1)], SPANS["day"], NOW)

    assert chart.is_empty


def test_failures_are_summed_by_cause_the_most_frequent_first():
    samples = [
        sent(NOW, LINK=1, FILE=2),
        sent(NOW - timedelta(hours=3), LINK=4, SOURCE=0),
    ]

    chart = chart_throughput(samples, SPANS["day"], NOW)

    assert chart.failures == [("LINK", 5), ("FILE", 2)]
    assert chart.slots[-4].failure_count == 4


def test_the_line_of_a_store_goes_from_its_first_sample_to_its_last():
    samples = [StoreUsage(NOW, 100, 75, 1), StoreUsage(NOW + timedelta(days=1), 100, 50, 2)]

    chart = chart_usage(samples)

    assert chart is not None
    assert chart.points == "0.0,75.00 1000.0,50.00"
    assert chart.highest_bytes == 100


def test_one_sample_is_no_line():
    assert chart_usage([StoreUsage(NOW, 100, 75, 1)]) is None
    assert chart_usage([]) is None
