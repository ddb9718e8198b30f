"""The Agents service."""

import re
from typing import Protocol

import grpc
from cryptography.fernet import InvalidToken

from catalog_service.announcements import (
    Announcement,
    find_agent,
    list_agents,
    record_announcement,
)
from catalog_service.database import Database
from catalog_service.retrying import run_transaction
from catalog_service.rpc.stores import store_space
from catalog_service.secrets import Secrets
from catalog_service.tables import Agent, Store
from librarian.errors import InvalidRequestError
from librarian.service.calls import current_caller
from librarian.v1 import stores_pb2 as pb
from librarian.v1 import stores_pb2_grpc

_MIN_KEY_BYTES, _MAX_KEY_BYTES = 32, 64
_MAX_CHARACTERS = 4096
_ADDRESS = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s/:\[\]]{1,255}):\d{1,5}")


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
        _check(request)
        name = current_caller().name
        announcement = Announcement(
            host=request.host,
            address=request.address,
            tls=request.tls,
            staging_prefix=request.staging_prefix,
            ticket_key=self._encrypted(name, request.ticket_key),
            version=request.version,
        )
        spaces = {store.name: store_space(store) for store in request.stores}
        return run_transaction(
            self._database.transactions,
            lambda db: pb.AnnounceAgentResponse(
                stores=map(_served, record_announcement(db, name, announcement, spaces))
            ),
        )

    def ListAgents(
        self, request: pb.ListAgentsRequest, context: grpc.ServicerContext
    ) -> pb.ListAgentsResponse:
        """List the agents."""
        return run_transaction(
            self._database.readings,
            lambda db: pb.ListAgentsResponse(agents=map(_message, list_agents(db))),
        )

    def _encrypted(self, name: str, ticket_key: bytes) -> bytes:
        """Keep what is on record for the same key: encrypted again it would look like another."""
        agent = run_transaction(self._database.readings, lambda db: find_agent(db, name))
        kept = agent.ticket_key if agent is not None else b""
        try:
            if kept and self._secrets.decrypt(kept) == ticket_key:
                return kept
        except InvalidToken:
            # Encrypted under a key that the site has given up since.
            pass
        return self._secrets.encrypt(ticket_key)


def _check(request: pb.AnnounceAgentRequest) -> None:
    if not _MIN_KEY_BYTES <= len(request.ticket_key) <= _MAX_KEY_BYTES:
        raise InvalidRequestError("An agent's ticket_key has 32 to 64 bytes.")
    if not _ADDRESS.fullmatch(request.address):
        raise InvalidRequestError("An agent's address is its host and port, as `host:port`.")
    texts = (request.host, request.staging_prefix, request.version)
    if not all(len(text) <= _MAX_CHARACTERS and text.isprintable() for text in texts):
        raise InvalidRequestError("What an agent says of itself is printable, and not long.")


def _served(store: Store) -> pb.ServedStore:
    return pb.ServedStore(name=store.name, root=store.root, store_id=store.store_id)


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
