"""The catalogue's search, jobs and staging services on a real port, for tests."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc

from catalog_service.agents.calls import AgentCalls
from catalog_service.database import Database
from catalog_service.rpc.jobs import JobsServicer
from catalog_service.rpc.search import MAX_MESSAGE_BYTES, SearchServicer
from catalog_service.rpc.staging import StagingServicer
from catalog_service.wakeups import Wakeups
from librarian.client.channel import Connection
from librarian.errors import NotSignedInError
from librarian.service.calls import Caller
from librarian.service.config import ListenConfig
from librarian.service.server import serve
from librarian.v1 import (
    accounts_pb2,
    jobs_pb2_grpc,
    search_pb2_grpc,
    staging_pb2_grpc,
)

ROLES = {
    "ada": accounts_pb2.READWRITE,
    "eve": accounts_pb2.READWRITE,
    "root": accounts_pb2.ADMIN,
}


class PlainSecrets:
    """Keys that no one encrypted: the tests' agents have nothing to hide."""

    def decrypt(self, data: bytes) -> bytes:
        """Return the bytes as they are."""
        return data


@dataclass(frozen=True)
class Parts:
    """What of a catalogue the services and the loop take."""

    config: ListenConfig
    database: Database
    agents: AgentCalls
    wakeups: Wakeups


@dataclass(frozen=True)
class Served:
    """A catalogue that serves, and the way to it as one account or another."""

    parts: Parts
    address: str
    stub: Callable[[Any, str], Any]

    def jobs(self, account: str = "ada") -> Any:
        """Return the Jobs service."""
        return self.stub(jobs_pb2_grpc.JobsStub, account)

    def search(self, account: str = "ada") -> Any:
        """Return the Search service."""
        return self.stub(search_pb2_grpc.SearchStub, account)

    def staging(self, account: str = "ada") -> Any:
        """Return the Staging service."""
        return self.stub(staging_pb2_grpc.StagingStub, account)


@contextmanager
def served(database: Database, threads: int = 64) -> Iterator[Served]:
    """Serve a database's searches, jobs and stagings to the accounts of the tests."""
    listen = ListenConfig.model_validate({"listen": "127.0.0.1:0", "threads": threads})
    parts = Parts(listen, database, AgentCalls(PlainSecrets()), Wakeups(database))
    server = serve(
        listen,
        add_servicers=lambda server: _add(server, parts),
        authenticate=_authenticate,
        max_message_bytes=MAX_MESSAGE_BYTES,
    )
    connections: list[Connection] = []

    def stub(stub_class: Any, account: str) -> Any:
        connections.append(Connection(server.address, token=account))
        return connections[-1].stub(stub_class)

    yield Served(parts, server.address, stub)
    for connection in connections:
        connection.close()
    parts.wakeups.close()
    server.stop(0)
    parts.agents.close()


def _add(server: grpc.Server, parts: Parts) -> list[str]:
    search_pb2_grpc.add_SearchServicer_to_server(SearchServicer(parts), server)
    jobs_pb2_grpc.add_JobsServicer_to_server(JobsServicer(parts), server)
    staging_pb2_grpc.add_StagingServicer_to_server(StagingServicer(parts), server)
    return []


def _authenticate(_method: str, token: str | None) -> Caller:
    if token not in ROLES:
        raise NotSignedInError("No such account.")
    return Caller(token, ROLES[token])
