"""A whole catalogue on a port of its own, set up as a site's, for tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from catalog_service.app import CatalogApp
from catalog_service.config import CatalogConfig, LocalAgentConfig, SiteConfig
from catalog_service.database import Database, open_database
from catalog_service.setup import SetupResult, set_up
from librarian.client.channel import Connection
from librarian.v1 import accounts_pb2 as pb
from librarian.v1 import accounts_pb2_grpc, stores_pb2_grpc

PASSWORD = "correct horse"


@dataclass
class CatalogSite:
    """A catalogue that serves, and the ways to it."""

    app: CatalogApp
    database: Database
    admin_token: str
    agent_token: str
    _connections: list[Connection] = field(default_factory=list)

    @property
    def address(self) -> str:
        """Return where it listens."""
        return self.app.server.address

    def stub(self, stub_class: Any, token: str | None) -> Any:
        """Return a service as the bearer of a token sees it."""
        self._connections.append(Connection(self.address, token=token))
        return self._connections[-1].stub(stub_class)

    def accounts(self, token: str | None = None) -> Any:
        """Return the Accounts service, as the administrator unless a token is given."""
        return self.stub(accounts_pb2_grpc.AccountsStub, token or self.admin_token)

    def stores(self, token: str | None = None) -> Any:
        """Return the Stores service, as the administrator unless a token is given."""
        return self.stub(stores_pb2_grpc.StoresStub, token or self.admin_token)

    def agents(self, token: str | None = None) -> Any:
        """Return the Agents service, as the agent unless a token is given."""
        return self.stub(stores_pb2_grpc.AgentsStub, token or self.agent_token)

    def add(
        self,
        name: str,
        role: pb.Role = pb.READONLY,
        password: str = "",
        kind: pb.Account.Kind = pb.Account.PERSON,
    ) -> str:
        """Create an account; return a token of its."""
        request = pb.CreateAccountRequest(name=name, role=role, password=password, kind=kind)
        self.accounts().CreateAccount(request)
        return self.token_of(name)

    def token_of(self, name: str, role: pb.Role = pb.ROLE_UNSPECIFIED, seconds: int = 0) -> str:
        """Have the administrator make a token for an account."""
        request = pb.CreateTokenRequest(
            account_name=name, name="test", role=role, lifetime_seconds=seconds
        )
        return str(self.accounts().CreateToken(request).secret)

    def sign_in(self, name: str, password: str = PASSWORD) -> str:
        """Return the token that a password is worth."""
        stub = self.stub(accounts_pb2_grpc.AccountsStub, None)
        request = pb.SignInRequest(account_name=name, password=password)
        return str(stub.SignIn(request).secret)

    def ping(self, token: str | None) -> pb.PingResponse:
        """Ask who one is."""
        answer = self.stub(accounts_pb2_grpc.SiteStub, token).Ping(pb.PingRequest())
        assert isinstance(answer, pb.PingResponse)
        return answer

    def close(self) -> None:
        """End the connections, and stop the catalogue."""
        for connection in self._connections:
            connection.close()
        self.app.stop()
        self.database.dispose()


def config_of(database_url: str, directory: Path, **changes: Any) -> CatalogConfig:
    """Return the configuration of a catalogue that lives in a directory."""
    values = {
        "listen": "127.0.0.1:0",
        "database_url": database_url,
        "secret_key_file": directory / "secrets" / "keys",
        # The tests' cluster never syncs.
        "allow_unsafe_database": True,
    }
    return CatalogConfig(**{**values, **changes})


def set_up_in(database_url: str, directory: Path) -> SetupResult:
    """Set a site up whose secrets lie in a directory."""
    config = config_of(database_url, directory)
    agent = LocalAgentConfig(name="agent", token_file=directory / "secrets" / "agent.token")
    return set_up(config, SiteConfig(name="here"), agent)


@contextmanager
def catalog_site(database_url: str, directory: Path) -> Iterator[CatalogSite]:
    """Set a catalogue up, and let it serve."""
    made = set_up_in(database_url, directory)
    assert made.administrator_token is not None
    assert made.agent_token_file is not None
    site = CatalogSite(
        CatalogApp(config_of(database_url, directory)),
        open_database(database_url),
        made.administrator_token,
        made.agent_token_file.read_text().strip(),
    )
    try:
        yield site
    finally:
        site.close()
