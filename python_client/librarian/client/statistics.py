"""What a site holds and how it grows, from counts that the catalogue keeps."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from librarian.client.messages import read_instance
from librarian.client.records import Instance, Record
from librarian.client.sites import SiteCalls
from librarian.v1 import instances_pb2, instances_pb2_grpc, statistics_pb2_grpc
from librarian.v1 import statistics_pb2 as pb


@dataclass(frozen=True, slots=True)
class Totals(Record):
    """What a whole site holds; `instances` are the available ones."""

    files: int
    total_bytes: int
    instances: int
    suspect_instances: int
    observations: int
    sessions: int


@dataclass(frozen=True, slots=True)
class DayOfArrivals(Record):
    """What was put on record on one day, UTC, written `YYYY-MM-DD`."""

    day: str
    files: int
    total_bytes: int


@dataclass(frozen=True, slots=True)
class Arrivals(Record):
    """Days on which something arrived, oldest first, and what had arrived before them."""

    days: tuple[DayOfArrivals, ...]
    files_before: int
    total_bytes_before: int


@dataclass(frozen=True, slots=True)
class CoverageCell(Record):
    """Observations that start at about the same sidereal time in the same few nights."""

    column: int
    lst_bin: int
    files: int
    total_bytes: int
    observations: int


@dataclass(frozen=True, slots=True)
class Coverage(Record):
    """How much was observed at which sidereal time in which nights, in cells.

    A night is the whole part of its Julian date. Column c begins at night `min_night_jd` + c
    times `nights_per_column`, cell b at b times 24 / `lst_bins` hours. `first_night_jd` and
    `last_night_jd` are those of all observations, 0 when there is none.
    """

    min_night_jd: int
    max_night_jd: int
    nights_per_column: int
    lst_bins: int
    cells: tuple[CoverageCell, ...]
    first_night_jd: int
    last_night_jd: int


@dataclass(frozen=True, slots=True)
class StoreUsage(Record):
    """How full a store was at some time."""

    time: datetime
    capacity_bytes: int
    free_bytes: int
    instances: int


@dataclass(frozen=True, slots=True)
class Throughput(Record):
    """What was sent to a neighbour in one hour, or day, and the number of failures by cause."""

    librarian: str
    time: datetime
    files: int
    total_bytes: int
    failures: dict[str, int] = field(default_factory=dict, hash=False)


class StatisticsCalls(SiteCalls):
    """What one can ask about what a site holds."""

    def get_totals(self) -> Totals:
        """Return what the whole site holds."""
        totals = self._statistics().GetTotals(pb.GetTotalsRequest())
        return Totals(
            files=totals.file_count,
            total_bytes=totals.total_bytes,
            instances=totals.instance_count,
            suspect_instances=totals.suspect_instance_count,
            observations=totals.observation_count,
            sessions=totals.session_count,
        )

    def list_arrivals(self, min_day: date | None = None, max_day: date | None = None) -> Arrivals:
        """Return what arrived from one day to another, both included; without limits, all."""
        request = pb.ListArrivalsRequest(
            min_day=min_day.isoformat() if min_day else "",
            max_day=max_day.isoformat() if max_day else "",
        )
        answer = self._statistics().ListArrivals(request)
        return Arrivals(
            tuple(DayOfArrivals(d.day, d.file_count, d.total_bytes) for d in answer.days),
            answer.file_count_before,
            answer.total_bytes_before,
        )

    def get_coverage(
        self,
        min_night_jd: int | None = None,
        max_night_jd: int | None = None,
        max_columns: int = 0,
        lst_bins: int = 0,
    ) -> Coverage:
        """Return how much was observed at which sidereal time in which nights.

        Neighbouring nights share a column where there are more than `max_columns`, at most 400
        and usually 180; `lst_bins` divides 144, and is usually 48. Raises InvalidRequestError.
        """
        request = pb.GetCoverageRequest(
            min_night_jd=min_night_jd,
            max_night_jd=max_night_jd,
            max_columns=max_columns,
            lst_bins=lst_bins,
        )
        return _read_coverage(self._statistics().GetCoverage(request))

    def list_store_usage(self, store: str, days: int = 0) -> list[StoreUsage]:
        """Return how full a store was in the last days, 90 unless said; raises UnknownStoreError.

        There are at most 1,000 samples, an hour apart or more.
        """
        request = pb.ListStoreUsageRequest(store_name=store, days=days)
        samples = self._statistics().ListStoreUsage(request).samples
        return [
            StoreUsage(
                one.time.ToDatetime(UTC), one.capacity_bytes, one.free_bytes, one.instance_count
            )
            for one in samples
        ]

    def list_throughput(self, librarian: str = "", hours: int = 0) -> list[Throughput]:
        """Return what was sent in the last hours, 24 unless said, and what failed.

        By neighbour and hour, of more than 1,000 hours by day; only those in which something
        happened. Raises UnknownLibrarianError.
        """
        request = pb.ListThroughputRequest(librarian_name=librarian, hours=hours)
        return [
            Throughput(
                one.librarian_name,
                one.time.ToDatetime(UTC),
                one.file_count,
                one.total_bytes,
                dict(one.failures),
            )
            for one in self._statistics().ListThroughput(request).samples
        ]

    def list_suspect_instances(self, limit: int = 100) -> list[Instance]:
        """Return instances with something wrong with them, at most 1,000, the earliest first."""
        stub = self._link.catalog(instances_pb2_grpc.InstancesStub)
        request = instances_pb2.ListSuspectInstancesRequest(page_size=limit)
        return [read_instance(one) for one in stub.ListSuspectInstances(request).instances]

    def _statistics(self) -> statistics_pb2_grpc.StatisticsStub:
        stub: statistics_pb2_grpc.StatisticsStub = self._link.catalog(
            statistics_pb2_grpc.StatisticsStub
        )
        return stub


def _read_coverage(message: pb.Coverage) -> Coverage:
    return Coverage(
        min_night_jd=message.min_night_jd,
        max_night_jd=message.max_night_jd,
        nights_per_column=message.nights_per_column,
        lst_bins=message.lst_bins,
        cells=tuple(
            CoverageCell(c.column, c.lst_bin, c.file_count, c.total_bytes, c.observation_count)
            for c in message.cells
        ),
        first_night_jd=message.first_night_jd,
        last_night_jd=message.last_night_jd,
    )
