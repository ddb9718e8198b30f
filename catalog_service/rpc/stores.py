"""The Stores service."""

from typing import Protocol

import grpc

from catalog_service.agents.calls import AgentCalls
from catalog_service.database import Database
from catalog_service.retrying import run_transaction
from catalog_service.stores import (
    NewStore,
    StoreSpace,
    StoreStatus,
    get_store,
    list_stores,
    plan_store,
    record_store,
    update_store,
)
from catalog_service.tables import Agent, Store
from librarian.service.killpoints import reach
from librarian.v1 import store_agent_pb2, stores_pb2_grpc
from librarian.v1 import stores_pb2 as pb


class StoresParts(Protocol):
    """What of the catalogue the service needs."""

    @property
    def database(self) -> Database:
        """The catalogue's database."""
        ...

    @property
    def agents(self) -> AgentCalls:
        """Calls to the store agents."""
        ...


class StoresServicer(stores_pb2_grpc.StoresServicer):
    """Serves librarian.v1.Stores."""

    def __init__(self, catalog: StoresParts) -> None:
        self._database = catalog.database
        self._agents = catalog.agents

    def CreateStore(
        self, request: pb.CreateStoreRequest, context: grpc.ServicerContext
    ) -> pb.Store:
        """Have an agent make a store, and put it on record."""
        new = NewStore(request.name, request.agent_name, request.root, not request.no_ingest)
        store, agent = run_transaction(self._database.readings, lambda db: plan_store(db, new))
        space = self._open(store, agent)
        reach("store.opened")
        return run_transaction(
            self._database.transactions, lambda db: _message(record_store(db, new, space))
        )

    def GetStore(self, request: pb.GetStoreRequest, context: grpc.ServicerContext) -> pb.Store:
        """Return one store."""
        return run_transaction(
            self._database.readings, lambda db: _message(get_store(db, request.name))
        )

    def ListStores(
        self, request: pb.ListStoresRequest, context: grpc.ServicerContext
    ) -> pb.ListStoresResponse:
        """List all stores."""
        return run_transaction(
            self._database.readings,
            lambda db: pb.ListStoresResponse(stores=map(_message, list_stores(db))),
        )

    def UpdateStore(
        self, request: pb.UpdateStoreRequest, context: grpc.ServicerContext
    ) -> pb.Store:
        """Change a store's settings."""
        enabled = request.enabled if request.HasField("enabled") else None
        ingestible = request.ingestible if request.HasField("ingestible") else None
        return run_transaction(
            self._database.transactions,
            lambda db: _message(
                update_store(db, request.name, enabled=enabled, ingestible=ingestible)
            ),
        )

    def _open(self, store: Store, agent: Agent) -> StoreSpace:
        served = pb.ServedStore(name=store.name, root=store.root, store_id=store.store_id)
        request = store_agent_pb2.OpenStoreRequest(store=served)
        return store_space(self._agents.manage(agent).OpenStore(request))


def store_space(report: pb.StoreReport) -> StoreSpace:
    """Return what an agent says of a store."""
    return StoreSpace(max(0, report.capacity_bytes), max(0, report.free_bytes), report.problem)


def _message(status: StoreStatus) -> pb.Store:
    store = status.store
    return pb.Store(
        name=store.name,
        agent_name=status.agent.name,
        host=status.agent.host,
        root=store.root,
        enabled=store.enabled,
        ingestible=store.ingestible,
        reachable=not status.problem,
        problem=status.problem,
        capacity_bytes=store.capacity_bytes,
        free_bytes=store.free_bytes,
        reserved_bytes=status.reserved_bytes,
        instance_count=store.instance_count,
        report_time=store.report_time,
    )
