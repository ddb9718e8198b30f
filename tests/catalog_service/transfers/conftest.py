"""A catalogue with neighbours that serves its transfers to accounts of each role."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy.orm import Session

from catalog_service.agents.calls import AgentCalls
from catalog_service.database import Database
from catalog_service.rpc.librarians import LibrariansServicer
from catalog_service.rpc.transfers import TransfersServicer
from catalog_service.secrets import Secrets
from catalog_service.tables import File, Store
from catalog_service.wakeups import Wakeups
from librarian.client.channel import Connection
from librarian.errors import NotSignedInError
from librarian.service.calls import Caller
from librarian.service.config import ListenConfig
from librarian.service.server import RunningServer, serve
from librarian.v1 import accounts_pb2, librarians_pb2_grpc, transfers_pb2_grpc
from tests.catalog_service.neighbour_rows import add_librarian
from tests.catalog_service.staging_rows import (
    add_agent,
    add_file,
    add_instance,
    add_store,
    opened,
)
from tests.catalog_service.staging_site import Parts

ROLES = {
    "reader": accounts_pb2.READONLY,
    "callback": accounts_pb2.CALLBACK,
    "other_callback": accounts_pb2.CALLBACK,
    "appender": accounts_pb2.READAPPEND,
    "writer": accounts_pb2.READWRITE,
    "other_writer": accounts_pb2.READWRITE,
}


@dataclass(frozen=True)
class SendingParts(Parts):
    """What of a catalogue the services take that know neighbours."""

    secrets: Secrets


@dataclass
class SendingSite:
    """A site with the neighbours `centre`, `archive` and `silent`, and the store `pot1`."""

    database: Database
    server: RunningServer
    connections: list[Connection]

    def calls(self, account: str = "writer") -> Any:
        """Return the Transfers service, as an account sees it."""
        self.connections.append(Connection(self.server.address, token=account))
        return self.connections[-1].stub(transfers_pb2_grpc.TransfersStub)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with opened(database_url) as database:
        yield database


@pytest.fixture
def db(database: Database) -> Iterator[Session]:
    with database.transactions.begin() as db:
        yield db


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[SendingSite]:
    key_file = tmp_path / "secret.key"
    key_file.touch(0o600)
    key_file.write_bytes(Fernet.generate_key())
    with database.transactions.begin() as db:
        add_librarian(db, "centre", callback_account="callback")
        add_librarian(db, "archive", callback_account="other_callback")
        add_librarian(db, "silent")
        add_store(db, add_agent(db))
    listen = ListenConfig.model_validate({"listen": "127.0.0.1:0"})
    secrets, wakeups = Secrets(key_file), Wakeups(database)
    parts = SendingParts(listen, database, AgentCalls(secrets), wakeups, secrets)

    def add(server: Any) -> list[str]:
        transfers_pb2_grpc.add_TransfersServicer_to_server(TransfersServicer(parts), server)
        librarians_pb2_grpc.add_LibrariansServicer_to_server(LibrariansServicer(parts), server)
        return []

    server = serve(listen, add_servicers=add, authenticate=_authenticate)
    site = SendingSite(database, server, [])
    yield site
    for connection in site.connections:
        connection.close()
    server.stop(0)
    parts.wakeups.close()
    parts.agents.close()


def put_files(db: Session, names: list[str]) -> list[File]:
    """Put files on record with an instance each."""
    store = db.query(Store).filter_by(name="pot1").one()
    files = [add_file(db, name) for name in names]
    for file in files:
        add_instance(db, file, store, "2458396")
    db.flush()
    return files


def _authenticate(_method: str, token: str | None) -> Caller:
    if token not in ROLES:
        raise NotSignedInError("No such account.")
    return Caller(token, ROLES[token])
