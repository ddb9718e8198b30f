"""Calls about neighbouring librarians, and where else files are believed to be."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from librarian.client.messages import find_time, find_value, read_time
from librarian.client.records import Record
from librarian.client.sites import SiteCalls
from librarian.errors import InvalidRequestError
from librarian.v1 import incoming_pb2, librarians_pb2_grpc
from librarian.v1 import librarians_pb2 as pb

# A neighbour that does not answer is given up after ten seconds.
_CHECK_TIMEOUT_SECONDS = 60.0
_REMOVE_TIMEOUT_SECONDS = 900.0
_WAYS = {"shared": 1, "rsync": 2, "stream": 3}


@dataclass(frozen=True, slots=True)
class Link(Record):
    """State of the link to a neighbour: CLOSED when it is well, or OPEN or HALF_OPEN."""

    state: str
    cause: str
    error: str
    open_time: datetime | None
    next_try_time: datetime | None
    failures: int
    success_time: datetime | None


@dataclass(frozen=True, slots=True)
class Neighbour(Record):
    """A neighbouring librarian; counts are None where the call does not tell them."""

    name: str
    url: str
    tls: bool
    insecure: bool
    account_name: str
    transfers_enabled: bool
    site_id: str
    ssh_host_key: str
    callback_account: str
    agent_url: str
    ssh_url: str
    ways: tuple[str, ...]
    batches: int
    link: Link
    create_time: datetime
    remote_instance_count: int
    queued_count: int | None
    active_count: int | None
    failed_count: int | None


@dataclass(frozen=True, slots=True)
class NeighbourAnswer(Record):
    """What a neighbour answered; `error` says why it did not answer as it should."""

    error: str
    site_name: str
    site_id: str
    role: str
    duration_seconds: float


@dataclass(frozen=True, slots=True)
class RemovedNeighbour(Record):
    """What went with a neighbour that was removed."""

    cancelled_count: int
    remote_instance_count: int
    # Transfers on record, those cancelled and those that had ended.
    transfer_count: int


@dataclass(frozen=True, slots=True)
class RemoteInstance(Record):
    """A neighbour that is believed to have a file."""

    file_name: str
    librarian_name: str
    confirm_time: datetime


class LibrarianCalls(SiteCalls):
    """What one can ask and change about neighbouring librarians."""

    def add_librarian(  # noqa: PLR0913 - a parameter for each choice
        self,
        name: str,
        url: str,
        authenticator: str,
        *,
        ca_pem: str = "",
        ways: Sequence[str] = (),
        transfers_enabled: bool = True,
        check: bool = True,
        **settings: Any,
    ) -> Neighbour:
        """Put a neighbour on record; the authenticator is `user:token` or `user:password`.

        Further settings: tls, insecure, ssh_host_key, callback_account, batches, agent_url,
        ssh_url. With `check` the site signs in there first, and raises NotReachableError or
        InvalidRequestError when that fails. The same call again returns it; raises ConflictError
        for other settings.
        """
        account_name, secret = split_authenticator(authenticator)
        message = pb.Librarian(
            name=name,
            url=url,
            account_name=account_name,
            transfers_enabled=transfers_enabled,
            ways=_way_numbers(ways),
            **settings,
        )
        request = pb.AddLibrarianRequest(
            librarian=message, secret=secret, ca_pem=ca_pem, skip_check=not check
        )
        return _read(self._librarians().AddLibrarian(request, timeout=_CHECK_TIMEOUT_SECONDS))

    def get_librarian(self, name: str) -> Neighbour:
        """Return a neighbour, with counts of the transfers to it."""
        return _read(self._librarians().GetLibrarian(pb.GetLibrarianRequest(name=name)))

    def list_librarians(self) -> list[Neighbour]:
        """Return all neighbours by name."""
        answer = self._librarians().ListLibrarians(pb.ListLibrariansRequest())
        return [_read(message) for message in answer.librarians]

    def ping_librarian(self, name: str) -> NeighbourAnswer:
        """Have the site sign in at a neighbour; return what it answered, or why it did not."""
        request = pb.PingLibrarianRequest(name=name)
        answer = self._librarians().PingLibrarian(request, timeout=_CHECK_TIMEOUT_SECONDS)
        return NeighbourAnswer(
            answer.error, answer.site_name, answer.site_id, answer.role, answer.duration_seconds
        )

    def update_librarian(
        self,
        name: str,
        *,
        authenticator: str | None = None,
        ways: Sequence[str] | None = None,
        check: bool = True,
        **changes: Any,
    ) -> Neighbour:
        """Change what is given of a neighbour, as named in `add_librarian`; None stays.

        An authenticator without a user, `:secret`, is another secret of the same account.
        """
        request = pb.UpdateLibrarianRequest(name=name, skip_check=not check, **changes)
        if authenticator is not None:
            account_name, request.secret = split_authenticator(authenticator)
            if account_name:
                request.account_name = account_name
        if ways is not None:
            request.set_ways = True
            request.ways.extend(_way_numbers(ways))
        return _read(self._librarians().UpdateLibrarian(request, timeout=_CHECK_TIMEOUT_SECONDS))

    def set_librarian_transfer(self, name: str, enabled: bool) -> Neighbour:
        """Let files be pushed to a neighbour, or not."""
        return self.update_librarian(name, transfers_enabled=enabled)

    def remove_librarian(self, name: str, *, cancel_transfers: bool = False) -> RemovedNeighbour:
        """Take a neighbour off the record; raises StateError while orders or transfers need it."""
        request = pb.RemoveLibrarianRequest(name=name, cancel_transfers=cancel_transfers)
        answer = self._librarians().RemoveLibrarian(request, timeout=_REMOVE_TIMEOUT_SECONDS)
        return RemovedNeighbour(
            answer.cancelled_count, answer.remote_instance_count, answer.transfer_count
        )

    def list_remote_instances(self, file_name: str) -> list[RemoteInstance]:
        """Return where else a file is believed to be; raises UnknownFileError."""
        request = pb.ListRemoteInstancesRequest(file_name=file_name)
        answer = self._librarians().ListRemoteInstances(request)
        return [
            RemoteInstance(one.file_name, one.librarian_name, read_time(one.confirm_time))
            for one in answer.remote_instances
        ]

    def _librarians(self) -> Any:
        return self._link.catalog(librarians_pb2_grpc.LibrariansStub)


def split_authenticator(text: str) -> tuple[str, str]:
    """Return the account and the secret of `user:secret`; the secret may hold colons."""
    account_name, colon, secret = text.partition(":")
    if not colon or not secret:
        # Never with the text: it is a secret.
        raise InvalidRequestError("Give the authenticator as 'user:secret'.")
    return account_name, secret


def _way_numbers(ways: Sequence[str]) -> list[Any]:
    for way in ways:
        if way not in _WAYS:
            raise InvalidRequestError(f"There is no way {way!r}: use {', '.join(_WAYS)}.")
    return [_WAYS[way] for way in ways]


def _read(message: pb.Librarian) -> Neighbour:
    ways = (incoming_pb2.PushWay.Name(way) for way in message.ways)
    return Neighbour(
        name=message.name,
        url=message.url,
        tls=message.tls,
        insecure=message.insecure,
        account_name=message.account_name,
        transfers_enabled=message.transfers_enabled,
        site_id=message.site_id,
        ssh_host_key=message.ssh_host_key,
        callback_account=message.callback_account,
        agent_url=message.agent_url,
        ssh_url=message.ssh_url,
        ways=tuple(way.removeprefix("PUSH_WAY_").lower() for way in ways),
        batches=message.batches,
        link=_read_link(message.link),
        create_time=read_time(message.create_time),
        remote_instance_count=message.remote_instance_count,
        queued_count=find_value(message, "queued_count"),
        active_count=find_value(message, "active_count"),
        failed_count=find_value(message, "failed_count"),
    )


def _read_link(message: pb.Link) -> Link:
    cause = pb.Link.Cause.Name(message.cause)
    return Link(
        state=pb.Link.State.Name(message.state),
        cause="" if cause == "CAUSE_UNSPECIFIED" else cause,
        error=message.error,
        open_time=find_time(message, "open_time"),
        next_try_time=find_time(message, "next_try_time"),
        failures=message.failures,
        success_time=find_time(message, "success_time"),
    )
