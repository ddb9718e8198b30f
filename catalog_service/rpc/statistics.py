"""The Statistics service."""

from datetime import date
from typing import Protocol

import grpc

from catalog_service.arrivals import list_arrivals
from catalog_service.coverage import Wanted, find_coverage
from catalog_service.database import Database
from catalog_service.link_hours import list_throughput
from catalog_service.retrying import run_transaction
from catalog_service.store_usage import list_usage
from catalog_service.totals import get_totals
from librarian.errors import InvalidRequestError
from librarian.v1 import statistics_pb2 as pb
from librarian.v1 import statistics_pb2_grpc


class StatisticsParts(Protocol):
    """What of the catalogue the service needs."""

    @property
    def database(self) -> Database:
        """The catalogue's database."""
        ...


class StatisticsServicer(statistics_pb2_grpc.StatisticsServicer):
    """Serves librarian.v1.Statistics."""

    def __init__(self, catalog: StatisticsParts) -> None:
        self._readings = catalog.database.readings

    def GetTotals(self, request: pb.GetTotalsRequest, context: grpc.ServicerContext) -> pb.Totals:
        """Return what the whole site holds."""
        return pb.Totals(**vars(run_transaction(self._readings, get_totals)))

    def ListArrivals(
        self, request: pb.ListArrivalsRequest, context: grpc.ServicerContext
    ) -> pb.ListArrivalsResponse:
        """List what arrived on each day."""
        first, last = _day(request.min_day), _day(request.max_day)
        found = run_transaction(self._readings, lambda db: list_arrivals(db, first, last))
        days = (pb.DayOfArrivals(**{**vars(one), "day": one.day.isoformat()}) for one in found.days)
        return pb.ListArrivalsResponse(
            days=days,
            file_count_before=found.file_count_before,
            total_bytes_before=found.total_bytes_before,
        )

    def GetCoverage(
        self, request: pb.GetCoverageRequest, context: grpc.ServicerContext
    ) -> pb.Coverage:
        """Return how much was observed at which sidereal time in which nights."""
        wanted = Wanted(
            request.min_night_jd if request.HasField("min_night_jd") else None,
            request.max_night_jd if request.HasField("max_night_jd") else None,
            request.max_columns,
            request.lst_bins,
        )
        found = run_transaction(self._readings, lambda db: find_coverage(db, wanted))
        return pb.Coverage(
            min_night_jd=found.min_night,
            max_night_jd=found.max_night,
            nights_per_column=found.nights_per_column,
            lst_bins=found.lst_bins,
            cells=(pb.CoverageCell(**cell._asdict()) for cell in found.cells),
            first_night_jd=found.first_night,
            last_night_jd=found.last_night,
        )

    def ListStoreUsage(
        self, request: pb.ListStoreUsageRequest, context: grpc.ServicerContext
    ) -> pb.ListStoreUsageResponse:
        """List how full a store was."""
        found = run_transaction(
            self._readings, lambda db: list_usage(db, request.store_name, request.days)
        )
        samples = (pb.StoreUsage(**vars(sample)) for sample in found)
        return pb.ListStoreUsageResponse(samples=samples)

    def ListThroughput(
        self, request: pb.ListThroughputRequest, context: grpc.ServicerContext
    ) -> pb.ListThroughputResponse:
        """List what was sent to neighbours, and what failed."""
        found = run_transaction(
            self._readings, lambda db: list_throughput(db, request.librarian_name, request.hours)
        )
        return pb.ListThroughputResponse(samples=(pb.Throughput(**vars(one)) for one in found))


def _day(text: str) -> date | None:
    """Return a day, or None where none is said; raise InvalidRequestError for what is none."""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidRequestError(f"{text!r:.40} is no day: write it as in 2026-11-21.") from None
