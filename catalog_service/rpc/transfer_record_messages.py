"""Batches of transfers as messages, and what is reported of them as the domain reads it."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog_service.agents.calls import AgentCalls
from catalog_service.bulk import has_key_among
from catalog_service.metadata import find_time_keys
from catalog_service.rpc.messages import (
    file_message,
    observation_message,
    observing_session_message,
)
from catalog_service.rpc.metadata_messages import fill_metadata
from catalog_service.rpc.neighbour_messages import Decrypter, access_message
from catalog_service.search.columns import FILE_COLUMNS
from catalog_service.tables import (
    File,
    Instance,
    Observation,
    ObservingSession,
    Store,
    Transfer,
    TransferBatch,
)
from catalog_service.transfer_batches import BatchEnd, ClaimedBatch
from catalog_service.transfer_claims import Hold, to_do
from catalog_service.transfer_outcomes import Report
from librarian.errors import InvalidRequestError
from librarian.v1 import librarians_pb2, observations_pb2, transfers_pb2
from librarian.v1 import transfer_records_pb2 as pb

# As dictionaries: a report has one of each, and there are thousands in a call.
_STATES = {number: name for name, number in transfers_pb2.Transfer.State.items()}
_FAULTS = {number: name for name, number in transfers_pb2.Transfer.Fault.items()}
# No more than a message takes: what is read of a thousand rows is paid for a thousand times.
_COLUMNS = (
    Transfer.id.label("transfer_id"),
    Transfer.state,
    Transfer.upload_id,
    Instance.parent_dirs,
    Store.name.label("store_name"),
    *FILE_COLUMNS,
    File.custom,
)
_WAYS = {"": "", "shared": "SHARED", "rsync": "RSYNC", "stream": "STREAM"}

_Taken = tuple[observations_pb2.Observation, observations_pb2.ObservingSession | None]


def claimed_message(
    db: Session, claimed: ClaimedBatch, secrets: Decrypter, calls: AgentCalls
) -> pb.ClaimBatchResponse:
    """Return a batch as the worker that now has it gets it."""
    batch, agent = claimed.batch, claimed.agent
    return pb.ClaimBatchResponse(
        batch_id=batch.id,
        fence=batch.fence,
        lease_seconds=claimed.lease_seconds,
        neighbour=access_message(secrets, claimed.librarian),
        site_id=claimed.site.site_id,
        site_name=claimed.site.name,
        agent_address=agent.address,
        agent_tls=agent.tls,
        agent_ticket=calls.push_ticket(agent, batch.id),
        bandwidth_bytes_per_second=claimed.lane.bandwidth,
        transfers=_transfer_messages(db, batch),
        withdrawn_upload_ids=batch.withdrawals.split(),
    )


def read_hold(
    request: pb.RenewBatchLeaseRequest | pb.RecordTransfersRequest | pb.EndBatchRequest,
) -> Hold:
    """Return the hold that a request carries."""
    return Hold(request.batch_id, request.fence)


def read_report(message: pb.TransferReport) -> Report:
    """Return what is reported of a transfer."""
    if message.state not in _STATES or message.fault not in _FAULTS:
        raise InvalidRequestError("That report is of a newer release: update this catalogue.")
    fault = _FAULTS[message.fault] if message.fault else ""
    return Report(
        message.transfer_id,
        _STATES[message.state],
        upload_id=message.upload_id.replace("\0", ""),
        checksum=message.checksum,
        error=message.error,
        fault=fault,
    )


def read_way(way: str) -> str:
    """Return a way to move bytes as the record has it."""
    if way.lower() not in _WAYS:
        raise InvalidRequestError(f"{way!r:.40} is no way to push: rsync, stream or shared is.")
    return _WAYS[way.lower()]


def read_end(request: pb.EndBatchRequest) -> BatchEnd:
    """Return what a worker tells when it gives a batch back."""
    causes = librarians_pb2.Link.Cause
    if request.cause not in causes.values():
        raise InvalidRequestError("That cause is of a newer release: update this catalogue.")
    return BatchEnd(
        cause=causes.Name(request.cause) if request.cause else "",
        error=request.error.replace("\0", ""),
        site_id=request.site_id.replace("\0", ""),
        sent_bytes=request.sent_bytes,
        sending_seconds=request.sending_seconds,
        handed_on=request.handed_on,
    )


def _transfer_messages(db: Session, batch: TransferBatch) -> list[pb.BatchTransfer]:
    statement = (
        select(*_COLUMNS)
        .join(File, File.id == Transfer.file_id)
        .join(Instance, Instance.id == Transfer.instance_id)
        .join(Store, Store.id == Instance.store_id)
        .where(*to_do(batch))
        .order_by(Transfer.id)
    )
    rows = db.execute(statement).all()
    taken = _observation_messages(db, {row.obsid for row in rows if row.obsid is not None})
    time_keys = find_time_keys(db)
    return [_transfer_message(row, taken, time_keys) for row in rows]


def _observation_messages(db: Session, obsids: Collection[int]) -> dict[int, _Taken]:
    """Return when files were taken: each observation once, for most of a batch may share one."""
    if not obsids:
        return {}
    statement = (
        select(Observation, ObservingSession)
        .join(ObservingSession, ObservingSession.id == Observation.session_id, isouter=True)
        .where(has_key_among(db, Observation.obsid, obsids))
    )
    return {
        observation.obsid: (
            observation_message(observation),
            observing_session_message(observing_session) if observing_session else None,
        )
        for observation, observing_session in db.execute(statement)
    }


def _transfer_message(
    row: Any, taken: Mapping[int, _Taken], time_keys: set[str]
) -> pb.BatchTransfer:
    observation, observing_session = taken.get(row.obsid, (None, None))
    message = pb.BatchTransfer(
        transfer_id=row.transfer_id,
        state=row.state,
        file=file_message(row),
        observation=observation,
        observing_session=observing_session,
        store_name=row.store_name,
        parent_dirs=row.parent_dirs,
        upload_id=row.upload_id,
    )
    fill_metadata(message.file.metadata, row.custom, time_keys)
    return message
