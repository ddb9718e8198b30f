"""The wiring of a catalogue: the parts that its servicers and loops share, started and stopped."""

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import grpc

from catalog_service import audit
from catalog_service.agents.calls import AgentCalls
from catalog_service.checks import check_database, lock_sqlite
from catalog_service.config import CatalogConfig
from catalog_service.database import Database, open_database
from catalog_service.loops.incoming_loop import IncomingLoop
from catalog_service.loops.metadata_indexing import MetadataIndexing
from catalog_service.loops.order_filling import OrderFilling
from catalog_service.loops.order_loop import OrderLoop
from catalog_service.loops.planner_statistics import PlannerStatistics
from catalog_service.loops.reconciliation_schedule import ReconciliationSchedule
from catalog_service.loops.runner import LoopRunner
from catalog_service.loops.staging_loop import StagingLoop
from catalog_service.loops.upload_sweeper import UploadSweeper
from catalog_service.passwords import Passwords
from catalog_service.rpc.accounts import AccountsServicer
from catalog_service.rpc.agents import AgentsServicer
from catalog_service.rpc.audit import AuditServicer
from catalog_service.rpc.auditing import AuditedServicer
from catalog_service.rpc.files import FilesServicer
from catalog_service.rpc.incoming import IncomingServicer
from catalog_service.rpc.instances import InstancesServicer
from catalog_service.rpc.jobs import JobsServicer
from catalog_service.rpc.librarians import LibrariansServicer
from catalog_service.rpc.observations import ObservationsServicer
from catalog_service.rpc.rights import Rights
from catalog_service.rpc.saved_searches import SavedSearchesServicer
from catalog_service.rpc.search import MAX_MESSAGE_BYTES, SearchServicer
from catalog_service.rpc.site import SiteServicer
from catalog_service.rpc.staging import StagingServicer
from catalog_service.rpc.standing_orders import StandingOrdersServicer
from catalog_service.rpc.statistics import StatisticsServicer
from catalog_service.rpc.stores import StoresServicer
from catalog_service.rpc.transfer_records import TransferRecordsServicer
from catalog_service.rpc.transfers import TransfersServicer
from catalog_service.rpc.uploads import UploadsServicer
from catalog_service.secrets import Secrets
from catalog_service.token_checks import USES, TokenChecks
from catalog_service.wakeups import (
    FILE_NEWS,
    INCOMING,
    JOBS,
    METADATA_KEYS,
    RECONCILIATIONS,
    STANDING_ORDERS,
    STATISTICS,
    UPLOADS,
    Wakeups,
)
from librarian.service.server import RunningServer, serve
from librarian.v1 import (
    accounts_pb2_grpc,
    audit_pb2_grpc,
    files_pb2_grpc,
    incoming_pb2_grpc,
    instances_pb2_grpc,
    jobs_pb2_grpc,
    librarians_pb2_grpc,
    observations_pb2_grpc,
    saved_searches_pb2_grpc,
    search_pb2_grpc,
    staging_pb2_grpc,
    standing_orders_pb2_grpc,
    statistics_pb2_grpc,
    stores_pb2_grpc,
    transfer_records_pb2_grpc,
    transfers_pb2_grpc,
    uploads_pb2_grpc,
)

# Adds one servicer to a server, and the service's name.
_SERVICES: list[tuple[str, Callable[..., Any], Callable[[Any, grpc.Server], None]]] = [
    ("Accounts", AccountsServicer, accounts_pb2_grpc.add_AccountsServicer_to_server),
    ("Agents", AgentsServicer, stores_pb2_grpc.add_AgentsServicer_to_server),
    ("Audit", AuditServicer, audit_pb2_grpc.add_AuditServicer_to_server),
    ("Files", FilesServicer, files_pb2_grpc.add_FilesServicer_to_server),
    ("Incoming", IncomingServicer, incoming_pb2_grpc.add_IncomingServicer_to_server),
    ("Instances", InstancesServicer, instances_pb2_grpc.add_InstancesServicer_to_server),
    ("Jobs", JobsServicer, jobs_pb2_grpc.add_JobsServicer_to_server),
    ("Librarians", LibrariansServicer, librarians_pb2_grpc.add_LibrariansServicer_to_server),
    (
        "Observations",
        ObservationsServicer,
        observations_pb2_grpc.add_ObservationsServicer_to_server,
    ),
    (
        "SavedSearches",
        SavedSearchesServicer,
        saved_searches_pb2_grpc.add_SavedSearchesServicer_to_server,
    ),
    ("Search", SearchServicer, search_pb2_grpc.add_SearchServicer_to_server),
    ("Site", SiteServicer, accounts_pb2_grpc.add_SiteServicer_to_server),
    ("Staging", StagingServicer, staging_pb2_grpc.add_StagingServicer_to_server),
    (
        "StandingOrders",
        StandingOrdersServicer,
        standing_orders_pb2_grpc.add_StandingOrdersServicer_to_server,
    ),
    ("Statistics", StatisticsServicer, statistics_pb2_grpc.add_StatisticsServicer_to_server),
    ("Stores", StoresServicer, stores_pb2_grpc.add_StoresServicer_to_server),
    (
        "TransferRecords",
        TransferRecordsServicer,
        transfer_records_pb2_grpc.add_TransferRecordsServicer_to_server,
    ),
    ("Transfers", TransfersServicer, transfers_pb2_grpc.add_TransfersServicer_to_server),
    ("Uploads", UploadsServicer, uploads_pb2_grpc.add_UploadsServicer_to_server),
]

# Loops are woken by news; these are for when news got lost, and for what only time brings about.
_STAGING_POLL_SECONDS = 5.0
_SWEEP_POLL_SECONDS = 5.0
_INCOMING_POLL_SECONDS = 5.0
# Batches that are verified at once, large files among them.
_INCOMING_THREADS = 4
_USES_POLL_SECONDS = 2.0
_INDEXING_POLL_SECONDS = 5.0
_ORDERS_POLL_SECONDS = 5.0
_STATISTICS_POLL_SECONDS = 6 * 3600.0
_RECONCILIATION_POLL_SECONDS = 60.0
# A supervisor kills what has not stopped after 15 seconds.
_GRACE_SECONDS = 3.0


@dataclass(frozen=True)
class Catalog:
    """What servicers and loops share."""

    config: CatalogConfig
    database: Database
    secrets: Secrets
    agents: AgentCalls
    wakeups: Wakeups
    passwords: Passwords
    token_checks: TokenChecks


class CatalogApp:
    """A catalogue that serves."""

    def __init__(self, config: CatalogConfig) -> None:
        """Start serving; raise ConfigError when the configuration or the database will not do."""
        database = open_database(
            config.database_url, search_timeout_seconds=config.search_timeout_seconds
        )
        check_database(database, allow_unsafe=config.allow_unsafe_database)
        self._lock = lock_sqlite(database) if database.is_sqlite else None
        self._catalog = _assemble(config, database)
        self._loops = _make_loops(self._catalog)
        try:
            self.server = self._serve()
        except BaseException:
            self._close()
            raise
        for loop in self._loops:
            loop.start()

    def stop(self) -> None:
        """Stop serving within seconds: refuse new calls, end the loops, close what is open."""
        stopping = [threading.Thread(target=loop.stop, daemon=True) for loop in self._loops]
        for thread in stopping:
            thread.start()
        self.server.stop(_GRACE_SECONDS)
        _join(stopping, _GRACE_SECONDS)
        # What still waits for an agent now ends; it is on record, and goes on at the next start.
        self._catalog.agents.close()
        _join(stopping, _GRACE_SECONDS)
        self._catalog.token_checks.run_once()
        self._close()

    def _close(self) -> None:
        self._catalog.wakeups.close()
        self._catalog.agents.close()
        self._catalog.database.dispose()
        if self._lock is not None:
            os.close(self._lock)

    def _serve(self) -> RunningServer:
        rights = Rights(self._catalog.token_checks)
        config = self._catalog.config
        return serve(
            config,
            add_servicers=self._add,
            authenticate=rights.authenticate,
            max_message_bytes=MAX_MESSAGE_BYTES,
            believes=rights.is_front_end,
        )

    def _add(self, server: grpc.Server) -> list[str]:
        for name, servicer_class, add in _SERVICES:
            add(AuditedServicer(name, servicer_class(self._catalog)), server)
        return [f"librarian.v1.{name}" for name, _, _ in _SERVICES]


def _assemble(config: CatalogConfig, database: Database) -> Catalog:
    secrets = Secrets(config.secret_key_file)
    audit.watch(database)
    return Catalog(
        config=config,
        database=database,
        secrets=secrets,
        agents=AgentCalls(secrets, config.agent_ca_file),
        wakeups=Wakeups(database),
        passwords=Passwords(),
        token_checks=TokenChecks(database),
    )


def _make_loops(catalog: Catalog) -> list[LoopRunner]:
    wakeups, threads = catalog.wakeups, catalog.config.staging_threads
    return [
        LoopRunner(UploadSweeper(catalog), wakeups, UPLOADS, _SWEEP_POLL_SECONDS),
        LoopRunner(StagingLoop(catalog), wakeups, JOBS, _STAGING_POLL_SECONDS, threads=threads),
        _make_incoming_loop(catalog),
        LoopRunner(OrderLoop(catalog), wakeups, FILE_NEWS, _ORDERS_POLL_SECONDS),
        LoopRunner(OrderFilling(catalog), wakeups, STANDING_ORDERS, _ORDERS_POLL_SECONDS),
        LoopRunner(PlannerStatistics(catalog), wakeups, STATISTICS, _STATISTICS_POLL_SECONDS),
        LoopRunner(MetadataIndexing(catalog), wakeups, METADATA_KEYS, _INDEXING_POLL_SECONDS),
        LoopRunner(
            ReconciliationSchedule(catalog), wakeups, RECONCILIATIONS, _RECONCILIATION_POLL_SECONDS
        ),
        LoopRunner(catalog.token_checks, wakeups, USES, _USES_POLL_SECONDS),
    ]


def _make_incoming_loop(catalog: Catalog) -> LoopRunner:
    loop = IncomingLoop(catalog, threads=_INCOMING_THREADS)
    wakeups, threads = catalog.wakeups, _INCOMING_THREADS
    return LoopRunner(loop, wakeups, INCOMING, _INCOMING_POLL_SECONDS, threads=threads)


def _join(threads: list[threading.Thread], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
