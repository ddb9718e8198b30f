"""The link to one site: its catalogue, the agents it names, and who the caller is there."""

import threading
import time
from pathlib import Path
from typing import Any

from librarian.addresses import is_loopback
from librarian.client.channel import Connection
from librarian.client.connections import ConnectionSettings
from librarian.errors import InvalidRequestError, NotAllowedError, NotSignedInError
from librarian.v1 import accounts_pb2, accounts_pb2_grpc

# A sign-in lasts 12 hours; a new one is made well before.
_SIGN_IN_SECONDS = 11 * 3600.0


class SiteLink:
    """Connections to a site's services; each is made when it is first needed, and kept."""

    def __init__(self, settings: ConnectionSettings) -> None:
        self.settings = settings
        self._lock = threading.RLock()
        self._connections: dict[str, Connection] = {}
        self._stubs: dict[type, Any] = {}
        self._sign_in: tuple[str, float] | None = None
        self._account_name = ""

    def on_behalf_of(
        self,
        settings: ConnectionSettings,
        *,
        token: str,
        timeout_seconds: float,
        metadata: tuple[tuple[str, str], ...] = (),
    ) -> "SiteLink":
        """Return a link for another caller, over this one's connection to the catalogue.

        Without a token it is nobody's. The settings are for agents alone. It ends with this one.
        """
        with self._lock:
            shared = self._catalog_connection()
        other = SiteLink(settings)
        other._connections["catalog"] = shared.on_behalf_of(
            token, timeout_seconds=timeout_seconds, metadata=metadata
        )
        return other

    def catalog(self, stub_class: type) -> Any:
        """Return a stub of one of the catalogue's services."""
        with self._lock:
            if stub_class not in self._stubs:
                self._stubs[stub_class] = self._catalog_connection().stub(stub_class)
            return self._stubs[stub_class]

    def agent(self, address: str, ticket: str, *, tls: bool) -> Connection:
        """Open a connection to a store agent with a ticket; the caller closes it."""
        return self._open(address, ticket, tls=tls)

    def account_name(self) -> str:
        """Return the name of the account that the site takes the caller for."""
        if not self._account_name:
            answer = self.catalog(accounts_pb2_grpc.SiteStub).Ping(accounts_pb2.PingRequest())
            self._account_name = answer.account_name
        return self._account_name

    def close(self) -> None:
        """End all connections."""
        with self._lock:
            for connection in self._connections.values():
                connection.close()
            self._connections.clear()
            self._stubs.clear()

    def _catalog_connection(self) -> Connection:
        if "catalog" not in self._connections:
            tls = self.settings.uses_tls
            self._connections["catalog"] = self._open(self.settings.url, self._token, tls=tls)
        return self._connections["catalog"]

    def _open(self, address: str, token: Any, *, tls: bool) -> Connection:
        if not tls and not self.settings.insecure and not is_loopback(address):
            raise NotAllowedError(
                f"A token must not travel to {address} unencrypted: set 'tls' for the connection,"
                " or 'insecure' if the network between is your own."
            )
        ca_file = Path(self.settings.ca_file).expanduser() if self.settings.ca_file else None
        try:
            return Connection(address, token=token, tls=tls, ca_file=ca_file)
        except OSError as error:
            raise InvalidRequestError(
                f"The ca_file {ca_file} cannot be read: {error.strerror}."
            ) from error

    def _token(self) -> str:
        user, colon, password = self.settings.authenticator.partition(":")
        if not colon:
            return self.settings.authenticator
        with self._lock:
            if self._sign_in is None or time.monotonic() > self._sign_in[1]:
                secret = self._sign_in_with(user, password)
                self._sign_in = (secret, time.monotonic() + _SIGN_IN_SECONDS)
            return self._sign_in[0]

    def _sign_in_with(self, user: str, password: str) -> str:
        connection = self._open(self.settings.url, None, tls=self.settings.uses_tls)
        request = accounts_pb2.SignInRequest(account_name=user, password=password)
        try:
            answer = connection.stub(accounts_pb2_grpc.AccountsStub).SignIn(request)
        finally:
            connection.close()
        if not answer.secret:
            raise NotSignedInError(f"{self.settings.url} gave no token for {user!r}.")
        return str(answer.secret)


class SiteCalls:
    """What each group of a Librarian's calls is built on."""

    def __init__(self, link: SiteLink) -> None:
        self._link = link

    @property
    def link(self) -> SiteLink:
        """Return the link that the calls go over, for calls that have no method yet."""
        return self._link
