"""A connection to one gRPC server: token, deadlines, retries, and errors as their classes."""

import copy
import json
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc

from librarian.errors import (
    BusyError,
    LibrarianError,
    NotAllowedError,
    NotReachableError,
    NotSignedInError,
    WaitTimedOutError,
)
from librarian.failures import error_from

DEFAULT_TIMEOUT_SECONDS = 30.0

# Repeating these changes nothing, or is told apart from the first call by a key in the request.
_REPEATABLE = {
    "Accounts": ["CreateSignInLink", "ListAccounts", "ListTokens"],
    "Audit": ["ListAuditEntries"],
    "Files": [
        "CreateFileEvent",
        "GetFile",
        "ListFileEvents",
        "ListMetadataKeys",
        "UpdateMetadata",
    ],
    "Incoming": ["FinishFiles", "ListHeldFiles", "OfferFiles", "RenewBatch", "WithdrawFiles"],
    "Instances": ["ListInstances", "ListSuspectInstances", "OpenFile"],
    "Jobs": ["CancelJob", "GetJob", "ListJobErrors", "ListJobs"],
    "Librarians": [
        "GetLibrarian",
        "GetReconciliation",
        "ListLibrarians",
        "ListRemoteInstances",
        "PingLibrarian",
        "StartReconciliation",
    ],
    "Observations": ["CountFileTypes", "GetObservation"],
    "SavedSearches": ["ListSavedSearches", "SaveSearch"],
    "Search": [
        "CountMatches",
        "ExplainSearch",
        "SearchFiles",
        "SearchInstances",
        "SearchObservations",
        "SearchSessions",
    ],
    "Site": ["Ping"],
    "Staging": ["PreviewStaging", "StartStaging"],
    "StandingOrders": ["GetStandingOrder", "ListStandingOrders", "PreviewStandingOrder"],
    "Statistics": [
        "GetCoverage",
        "GetTotals",
        "ListArrivals",
        "ListStoreUsage",
        "ListThroughput",
    ],
    "Stores": ["CreateStore", "GetStore", "ListStores", "UpdateStore"],
    "TransferRecords": ["EndBatch", "RecordConfirmations", "RecordTransfers", "RenewBatchLease"],
    "Transfers": [
        "CancelTransfers",
        "ConfirmTransfers",
        "ExplainFile",
        "GetTransfer",
        "ListTransfers",
    ],
    "Uploads": ["CompleteUploads", "GetUpload", "RenewUploads", "StartUploads"],
}

_SERVICE_CONFIG = json.dumps(
    {
        "methodConfig": [
            {
                "name": [
                    {"service": f"librarian.v1.{service}", "method": method}
                    for service, methods in _REPEATABLE.items()
                    for method in methods
                ],
                "retryPolicy": {
                    "maxAttempts": 4,
                    "initialBackoff": "0.1s",
                    "maxBackoff": "2s",
                    "backoffMultiplier": 3,
                    "retryableStatusCodes": ["UNAVAILABLE"],
                },
            }
        ]
    }
)

_OPTIONS = [
    ("grpc.service_config", _SERVICE_CONFIG),
    # A page of files with as much metadata as they may have is half of it.
    ("grpc.max_receive_message_length", 32 * 1024 * 1024),
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    # Connections to one address do not share a fate, or a back-off.
    ("grpc.use_local_subchannel_pool", 1),
    # A server that was away for long is found again in seconds, not in gRPC's two minutes.
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 3_000),
]

_CLOSE_SECONDS = 2.0

# Gets what ends a call that has one answer, to be called by whoever sees that nobody wants it.
GiveUp = Callable[[Callable[[], None]], None]


class Connection:
    """A connection to one server; it connects when it is first used."""

    def __init__(
        self,
        address: str,
        *,
        token: str | Callable[[], str] | None = None,
        tls: bool = False,
        ca_file: Path | None = None,
        ca_pem: str = "",
    ) -> None:
        self.address = address
        self._token = token
        self._timeout_seconds = DEFAULT_TIMEOUT_SECONDS
        self._more_metadata: tuple[tuple[str, str], ...] = ()
        if tls:
            roots = ca_file.read_bytes() if ca_file else ca_pem.encode() or None
            credentials = grpc.ssl_channel_credentials(roots)
            self._channel = grpc.secure_channel(address, credentials, _OPTIONS)
        else:
            self._channel = grpc.insecure_channel(address, _OPTIONS)

    def on_behalf_of(
        self, token: str, *, timeout_seconds: float, metadata: tuple[tuple[str, str], ...] = ()
    ) -> "Connection":
        """Return this connection as another caller uses it; it ends with this one."""
        other = copy.copy(self)
        other._token, other._timeout_seconds, other._more_metadata = (
            token,
            timeout_seconds,
            metadata,
        )
        return other

    def stub(self, stub_class: Any) -> Any:
        """Return a generated stub whose methods send the token and raise `librarian.errors`."""
        stub = stub_class(self._channel)
        for name, method in vars(stub).items():
            setattr(stub, name, self._wrap(method))
        return stub

    def metadata(self) -> tuple[tuple[str, str], ...]:
        """Return what each call carries: the token, and a new id for the logs."""
        always = (("librarian-call-id", uuid.uuid4().hex[:12]), *self._more_metadata)
        token = self._token() if callable(self._token) else self._token
        return (("authorization", f"Bearer {token}"), *always) if token else always

    def close(self) -> None:
        """End the connection and all calls on it."""
        # gRPC waits without end for a call that a signal broke off while it was being made.
        closing = threading.Thread(target=self._channel.close, daemon=True)
        closing.start()
        closing.join(_CLOSE_SECONDS)

    def _wrap(self, method: Any) -> Any:
        streams = isinstance(method, grpc.UnaryStreamMultiCallable | grpc.StreamStreamMultiCallable)
        # A stream lasts as long as there is something to say; only its caller knows how long.
        default = None if _sends_a_stream(method) or streams else self._timeout_seconds

        def call(
            request: Any, timeout: float | None = default, give_up: GiveUp | None = None
        ) -> Any:
            how = {"timeout": timeout, "metadata": self.metadata()}
            try:
                answer = _wait(method, request, how, give_up) if give_up else method(request, **how)
            except grpc.RpcError as error:
                raise translate_error(error, self.address) from None
            return Stream(answer, self.address) if streams else answer

        return call


def _wait(method: Any, request: Any, how: dict[str, Any], give_up: GiveUp) -> Any:
    """Return the one answer to a call that may be given up while it is awaited."""
    future = method.future(request, **how)
    give_up(future.cancel)
    try:
        return future.result()
    except grpc.FutureCancelledError:
        raise LibrarianError("The call was given up before it was answered.") from None


def _sends_a_stream(method: Any) -> bool:
    return isinstance(method, grpc.StreamUnaryMultiCallable | grpc.StreamStreamMultiCallable)


class Stream:
    """The answers of a streaming call, one after the other."""

    def __init__(self, call: Any, address: str) -> None:
        self._call = call
        self._address = address

    def __iter__(self) -> Iterator[Any]:
        """Return itself: a stream is read once."""
        return self

    def __next__(self) -> Any:
        """Return the next answer; raise the class of `librarian.errors` that ended the stream."""
        try:
            return next(self._call)
        except grpc.RpcError as error:
            raise translate_error(error, self._address) from None

    def cancel(self) -> None:
        """Tell the server that no more answers are wanted."""
        self._call.cancel()


def translate_error(error: grpc.RpcError, address: str) -> LibrarianError:
    """Return an RPC error as the class that the server raised, or what the network came to."""
    metadata: Any = error.trailing_metadata() or ()
    trailers = dict(metadata)
    code, details = error.code(), error.details() or ""
    reason = trailers.get("librarian-reason")
    if reason is not None:
        return error_from(str(reason), details)
    match code:
        case grpc.StatusCode.UNAVAILABLE:
            return NotReachableError(f"Nothing answers at {address}: is the service running there?")
        case grpc.StatusCode.DEADLINE_EXCEEDED:
            return WaitTimedOutError(f"{address} did not answer in time; it may still do the work.")
        case grpc.StatusCode.UNAUTHENTICATED:
            return NotSignedInError(details)
        case grpc.StatusCode.PERMISSION_DENIED:
            return NotAllowedError(details)
        case code if _made_room(code, details):
            return BusyError(f"Too many call {address} at the moment: repeat the call later.")
        case grpc.StatusCode.UNIMPLEMENTED:
            return LibrarianError(f"{address} is no Librarian service that knows this call.")
        case _:
            return LibrarianError(f"The call to {address} failed: {code.name}: {details}")


def _made_room(code: grpc.StatusCode, details: str) -> bool:
    """Say whether the server did without this call, or broke its answer off, for others' sake."""
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED:
        return "Concurrent RPC limit" in details
    # What this end breaks off has details of another kind.
    return code is grpc.StatusCode.CANCELLED and details == "CANCELLED"
