"""Connections from one site to another, as the account that it has there."""

import threading
import time
from collections.abc import Iterator
from typing import Any

from librarian.client.channel import Connection, Stream
from librarian.errors import NotSignedInError
from librarian.v1 import accounts_pb2, accounts_pb2_grpc, transfer_records_pb2

_TOKEN_PREFIX = "lib_"  # noqa: S105 - what tokens begin with.
# A sign-in is renewed when this part of its life is over.
_USED_PART = 0.9
_SIGN_IN_SECONDS = 10.0


def connect_neighbour(
    access: transfer_records_pb2.NeighbourAccess, sign_in_seconds: float = _SIGN_IN_SECONDS
) -> "NeighbourConnection":
    """Return a connection to a neighbour's catalogue; nothing is sent before it is used.

    Its calls sign in when they must, and raise as those of any `Connection`.
    """
    return NeighbourConnection(access, sign_in_seconds)


class NeighbourConnection(Connection):
    """A connection that signs in: a secret may be a token, or a password to be traded for one.

    A neighbour that was restored from a backup does not know the token that it gave: then the
    password is traded again, and a call that sends no stream is repeated once.
    """

    def __init__(
        self, access: transfer_records_pb2.NeighbourAccess, sign_in_seconds: float
    ) -> None:
        super().__init__(
            access.url, token=self._present_token, tls=access.tls, ca_pem=access.ca_pem
        )
        self._access = access
        self._sign_in_seconds = sign_in_seconds
        self._lock = threading.Lock()
        self._token_text = ""
        self._renew_at = 0.0

    def __repr__(self) -> str:
        return f"NeighbourConnection({self.address!r})"

    def _present_token(self) -> str:
        if self._access.secret.startswith(_TOKEN_PREFIX):
            return self._access.secret
        with self._lock:
            if not self._token_text or time.monotonic() > self._renew_at:
                self._sign_in()
            return self._token_text

    def _sign_in(self) -> None:
        access, self._token_text = self._access, ""
        request = accounts_pb2.SignInRequest(
            account_name=access.account_name, password=access.secret
        )
        started = time.monotonic()
        connection = Connection(access.url, tls=access.tls, ca_pem=access.ca_pem)
        try:
            stub = connection.stub(accounts_pb2_grpc.AccountsStub)
            answer = stub.SignIn(request, timeout=self._sign_in_seconds)
        finally:
            connection.close()
        # Both are times of the neighbour's clock, which may differ from this one.
        token = answer.token
        life = token.expire_time.ToDatetime() - token.create_time.ToDatetime()
        self._renew_at = started + _USED_PART * life.total_seconds()
        self._token_text = str(answer.secret)

    def _forget(self, token: str) -> bool:
        """Use a token no more; say whether another can be had."""
        with self._lock:
            if token and token == self._token_text:
                self._token_text = ""
                return True
            return False

    def _wrap(self, method: Any) -> Any:
        call = super()._wrap(method)

        def signed_in(request: Any, **options: Any) -> Any:
            token = self._token_text
            try:
                answer = call(request, **options)
            except NotSignedInError:
                if not self._forget(token) or isinstance(request, Iterator):
                    raise
                answer = call(request, **options)
            if isinstance(answer, Stream):
                return _SignedInStream(answer, lambda: self._forget(self._token_text))
            return answer

        return signed_in


class _SignedInStream(Stream):
    """Answers of a call whose token may turn out not to count."""

    def __init__(self, stream: Stream, forget: Any) -> None:
        self._stream = stream
        self._forget = forget

    def __next__(self) -> Any:
        try:
            return next(self._stream)
        except NotSignedInError:
            self._forget()
            raise

    def cancel(self) -> None:
        """Tell the server that no more answers are wanted."""
        self._stream.cancel()
