"""What was sent to a neighbour, hour by hour or day by day, and what failed."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from librarian.client.statistics import Throughput
from librarian.sizes import format_size
from web_frontend.plots.bars import BarChart, lay_out_bars


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time that a chart shows, in slots of an hour or a day."""

    name: str
    title: str
    slots: int
    slot: timedelta

    @property
    def hours(self) -> int:
        """Return how many hours are looked back."""
        return int(self.slots * self.slot / timedelta(hours=1))


SPANS = {
    "day": Span("day", "last 24 hours", 24, timedelta(hours=1)),
    "month": Span("month", "last 30 days", 30, timedelta(days=1)),
}


@dataclass(frozen=True, slots=True)
class Slot:
    """What happened from `time` until the next slot."""

    time: datetime
    label: str
    file_count: int
    total_bytes: int
    failures: Mapping[str, int]

    @property
    def failure_count(self) -> int:
        """Return how much failed."""
        return sum(self.failures.values())


@dataclass(frozen=True, slots=True)
class ThroughputChart:
    """Slots of a span, oldest first, with a chart of their bytes and one of their files."""

    span: Span
    slots: Sequence[Slot]
    bytes_chart: BarChart
    files_chart: BarChart
    # Cause and number, the most frequent first.
    failures: Sequence[tuple[str, int]]

    @property
    def total_bytes(self) -> int:
        """Return the bytes that arrived."""
        return sum(slot.total_bytes for slot in self.slots)

    @property
    def file_count(self) -> int:
        """Return the files that arrived."""
        return sum(slot.file_count for slot in self.slots)

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing happened at all."""
        return not self.file_count and not self.failures


def chart_throughput(samples: Iterable[Throughput], span: Span, now: datetime) -> ThroughputChart:
    """Return a chart of what is within the span that ends now; slots in which nothing was, too."""
    slots = _slots(list(samples), span, now)
    titles = [_title(slot) for slot in slots]
    failures: Counter[str] = Counter()
    for slot in slots:
        failures.update(slot.failures)
    return ThroughputChart(
        span,
        slots,
        lay_out_bars([slot.total_bytes for slot in slots], titles),
        lay_out_bars([slot.file_count for slot in slots], titles),
        failures.most_common(),
    )


def _slots(samples: Sequence[Throughput], span: Span, now: datetime) -> list[Slot]:
    last = _begin(now, span)
    begins = [last - span.slot * back for back in reversed(range(span.slots))]
    found: dict[datetime, list[Throughput]] = {begin: [] for begin in begins}
    for sample in samples:
        begin = _begin(sample.time, span)
        if begin in found:
            found[begin].append(sample)
    return [_slot(begin, found[begin], span) for begin in begins]


def _begin(moment: datetime, span: Span) -> datetime:
    hour = moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return hour.replace(hour=0) if span.slot >= timedelta(days=1) else hour


def _slot(begin: datetime, samples: Sequence[Throughput], span: Span) -> Slot:
    failures: Counter[str] = Counter()
    for sample in samples:
        failures.update({cause: count for cause, count in sample.failures.items() if count})
    return Slot(
        begin,
        f"{begin:%Y-%m-%d}" if span.slot >= timedelta(days=1) else f"{begin:%Y-%m-%d %H:%M}",
        sum(sample.files for sample in samples),
        sum(sample.total_bytes for sample in samples),
        failures,
    )


def _title(slot: Slot) -> str:
    failed = f", {slot.failure_count:,} failures" if slot.failure_count else ""
    sent = f"{slot.file_count:,} files, {format_size(slot.total_bytes)}"
    return f"{slot.label}: {sent}{failed}"
