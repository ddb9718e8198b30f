"""Neighbours as messages, without their secrets; and requests as settings."""

from typing import Any

from catalog_service.librarian_settings import DEFAULT_BATCHES, LibrarianSettings
from catalog_service.librarians import TransferCounts
from catalog_service.remote_instances import RemotePlace
from catalog_service.rpc.neighbour_messages import read_ways, write_ways
from catalog_service.tables import Librarian
from librarian.errors import InvalidRequestError
from librarian.v1 import incoming_pb2
from librarian.v1 import librarians_pb2 as pb

_CHANGES = (
    "url",
    "tls",
    "insecure",
    "ca_pem",
    "account_name",
    "secret",
    "transfers_enabled",
    "ssh_host_key",
    "callback_account",
    "batches",
    "agent_url",
    "ssh_url",
)


def new_settings(request: pb.AddLibrarianRequest) -> LibrarianSettings:
    """Return what is asked to be put on record."""
    message = request.librarian
    return LibrarianSettings(
        name=message.name,
        url=message.url,
        tls=message.tls,
        ca_pem=request.ca_pem,
        insecure=message.insecure,
        account_name=message.account_name,
        secret=request.secret,
        agent_url=message.agent_url,
        ssh_url=message.ssh_url,
        ssh_host_key=message.ssh_host_key,
        ways=_ways_text(message.ways),
        callback_account=message.callback_account,
        transfers_enabled=message.transfers_enabled,
        batches=message.batches or DEFAULT_BATCHES,
    )


def changes_of(request: pb.UpdateLibrarianRequest) -> dict[str, Any]:
    """Return what is asked to be changed, by the names of the settings."""
    changes = {name: getattr(request, name) for name in _CHANGES if request.HasField(name)}
    if request.set_ways:
        changes["ways"] = _ways_text(request.ways)
    return changes


def librarian_message(librarian: Librarian, counts: TransferCounts | None = None) -> pb.Librarian:
    """Return a neighbour, with counts of the transfers to it where they were asked for."""
    return pb.Librarian(
        name=librarian.name,
        url=librarian.url,
        tls=librarian.tls,
        insecure=librarian.insecure,
        account_name=librarian.account_name,
        transfers_enabled=librarian.transfers_enabled,
        site_id=librarian.site_id,
        ssh_host_key=librarian.ssh_host_key,
        callback_account=librarian.callback_account,
        link=link_message(librarian),
        create_time=librarian.create_time,
        queued_count=counts.queued if counts else None,
        active_count=counts.active if counts else None,
        failed_count=counts.failed if counts else None,
        remote_instance_count=librarian.remote_instance_count,
        batches=librarian.batches,
        agent_url=librarian.agent_url,
        ssh_url=librarian.ssh_url,
        ways=read_ways(librarian.ways),
    )


def link_message(librarian: Librarian) -> pb.Link:
    """Return the state of the link to a neighbour."""
    closed = librarian.link_state == "CLOSED"
    return pb.Link(
        state=librarian.link_state,
        cause=librarian.link_cause or "CAUSE_UNSPECIFIED",
        error=librarian.link_error,
        open_time=None if closed else librarian.link_open_time,
        next_try_time=None if closed else librarian.link_try_time,
        failures=librarian.link_failures,
        success_time=librarian.link_success_time,
    )


def remote_instance_message(file_name: str, place: RemotePlace) -> pb.RemoteInstance:
    """Return where else a file is believed to be."""
    return pb.RemoteInstance(
        file_name=file_name,
        librarian_name=place.librarian_name,
        confirm_time=place.confirm_time,
    )


def _ways_text(ways: Any) -> str:
    known = set(incoming_pb2.PushWay.values()) - {incoming_pb2.PUSH_WAY_UNSPECIFIED}
    if not set(ways) <= known:
        raise InvalidRequestError("The ways are shared, rsync and stream: name one of them.")
    return write_ways(ways)
