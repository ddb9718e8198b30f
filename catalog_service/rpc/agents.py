"""The Agents service."""

from typing import Protocol

import grpc
from cryptography.fernet import InvalidToken

from catalog_service.announcements import (
    Announcement,
    StoreReport,
    find_agent,
    list_agents,
    record_announcement,
)
from catalog_service.database import Database
from catalog_service.retrying import run_transaction
from catalog_service.secrets import Secrets
from catalog_service.tables import Agent
from librarian.errors import InvalidRequestError
from librarian.service.calls import current_caller
from librarian.v1 import stores_pb2 as pb
from librarian.v1 import stores_pb2_grpc

_MIN_KEY_BYTES = 32


class AgentsParts(Protocol):
    """What of the catalogue the service needs."""

    @property
    def database(self) -> Database:
        """The catalogue's database."""
        ...

    @property
    def secrets(self) -> Secrets:
        """The site's own keys."""
        ...


class AgentsServicer(stores_pb2_grpc.AgentsServicer):
    """Serves librarian.v1.Agents."""

    def __init__(self, catalog: AgentsParts) -> None:
        self._database = catalog.database
        self._secrets = catalog.secrets

    def AnnounceAgent(
        self, request: pb.AnnounceAgentRequest, context: grpc.ServicerContext
    ) -> pb.AnnounceAgentResponse:
        """Write down where an agent is and how its stores are."""
        if len(request.ticket_key) < _MIN_KEY_BYTES:
            raise InvalidRequestError("An agent's ticket_key has at least 32 bytes.")
        name = current_caller().name
        announcement = Announcement(
            host=request.host,
            address=request.address,
            tls=request.tls,
            staging_prefix=request.staging_prefix,
            ticket_key=self._encrypted(name, request.ticket_key),
            version=request.version,
        )
        reports = {
            store.name: StoreReport(store.capacity_bytes, store.free_bytes, store.problem)
            for store in request.stores
        }
        stores = run_transaction(
            self._database.transactions,
            lambda db: record_announcement(db, name, announcement, reports),
        )
        return pb.AnnounceAgentResponse(
            stores=[
                pb.ServedStore(name=store.name, root=store.root, store_id=store.store_id)
                for store in stores
            ]
        )

    def ListAgents(
        self, request: pb.ListAgentsRequest, context: grpc.ServicerContext
    ) -> pb.ListAgentsResponse:
        """List the agents."""
        with self._database.readings.begin() as db:
            return pb.ListAgentsResponse(agents=map(_message, list_agents(db)))

    def _encrypted(self, name: str, ticket_key: bytes) -> bytes:
        """Keep what is on record for the same key: encrypted again it would look like another."""
        with self._database.readings.begin() as db:
            agent = find_agent(db, name)
            kept = agent.ticket_key if agent is not None else b""
        try:
            if kept and self._secrets.decrypt(kept) == ticket_key:
                return kept
        except InvalidToken:
            # Encrypted under a key that the site has given up since.
            pass
        return self._secrets.encrypt(ticket_key)


def _message(agent: Agent) -> pb.Agent:
    return pb.Agent(
        name=agent.name,
        host=agent.host,
        address=agent.address,
        tls=agent.tls,
        staging_prefix=agent.staging_prefix,
        version=agent.version,
        report_time=agent.report_time,
    )
