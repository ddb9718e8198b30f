"""The Uploads service."""

import secrets
from typing import Protocol

import grpc
from sqlalchemy.orm import Session

from catalog_service.agents.calls import AgentCalls
from catalog_service.agents.observations import facts_of
from catalog_service.agents.uploads import RemoteUploadAgents
from catalog_service.database import Database
from catalog_service.ingest import Ingest
from catalog_service.retrying import run_transaction
from catalog_service.rpc import messages
from catalog_service.rpc.metadata_messages import read_metadata
from catalog_service.tables import Agent, Store, Upload
from catalog_service.upload_agents import StagingPlace, prepare_places
from catalog_service.upload_starts import Started, start_uploads
from catalog_service.uploads import (
    KnownFile,
    NewUpload,
    batch_of,
    cancel_upload,
    get_upload,
    load_places,
    renew_uploads,
)
from catalog_service.wakeups import UPLOADS, Wakeups
from librarian.errors import InvalidRequestError, LibrarianError
from librarian.failures import failure_message
from librarian.service.calls import current_caller
from librarian.service.killpoints import reach
from librarian.v1 import uploads_pb2 as pb
from librarian.v1 import uploads_pb2_grpc

_MAX_BATCH = 1000
_BATCH_BYTES = 12

Places = dict[int, tuple[Store, Agent]]


class UploadsParts(Protocol):
    """What of the catalogue the service needs."""

    @property
    def database(self) -> Database:
        """The catalogue's database."""
        ...

    @property
    def agents(self) -> AgentCalls:
        """Calls to the store agents."""
        ...

    @property
    def wakeups(self) -> Wakeups:
        """Wakes the loops."""
        ...


class UploadsServicer(uploads_pb2_grpc.UploadsServicer):
    """Serves librarian.v1.Uploads."""

    def __init__(self, catalog: UploadsParts) -> None:
        self._database = catalog.database
        self._calls = catalog.agents
        self._wakeups = catalog.wakeups
        self._agents = RemoteUploadAgents(catalog.agents)
        self._ingest = Ingest(catalog.database.transactions, self._agents)

    def StartUploads(
        self, request: pb.StartUploadsRequest, context: grpc.ServicerContext
    ) -> pb.StartUploadsResponse:
        """Start uploads, and have their staging places made."""
        _check_batch(len(request.uploads))
        items = [_new_upload(message) for message in request.uploads]
        caller, batch = current_caller().name, secrets.token_hex(_BATCH_BYTES)

        def start(db: Session) -> tuple[list[Started], Places]:
            started = start_uploads(db, caller, batch, items)
            ids = [item.upload.store_id for item in started if item.upload]
            return started, load_places(db, ids)

        started, places = run_transaction(self._database.transactions, start)
        reach("start.recorded")
        paths = self._prepare(started, places)
        reach("start.prepared")
        tickets = _Tickets(self._calls)
        answers = [_started_message(item, places, paths, tickets) for item in started]
        return pb.StartUploadsResponse(uploads=answers)

    def CompleteUploads(
        self, request: pb.CompleteUploadsRequest, context: grpc.ServicerContext
    ) -> pb.CompleteUploadsResponse:
        """Complete uploads."""
        _check_batch(len(request.uploads))
        checksums = {item.id: item.checksum for item in request.uploads}
        answers = self._ingest.complete(checksums, current_caller().name)
        completed = [_completed_message(answers[item.id]) for item in request.uploads]
        return pb.CompleteUploadsResponse(uploads=completed)

    def GetUpload(self, request: pb.GetUploadRequest, context: grpc.ServicerContext) -> pb.Upload:
        """Return one upload."""
        caller = current_caller().name
        return run_transaction(
            self._database.readings, lambda db: _message(db, get_upload(db, caller, request.id))
        )

    def RenewUploads(
        self, request: pb.RenewUploadsRequest, context: grpc.ServicerContext
    ) -> pb.RenewUploadsResponse:
        """Give uploads another lease."""
        _check_batch(len(request.ids))
        caller, ids = current_caller().name, list(request.ids)
        count = run_transaction(
            self._database.transactions, lambda db: renew_uploads(db, caller, ids)
        )
        return pb.RenewUploadsResponse(renewed_count=count)

    def CancelUpload(
        self, request: pb.CancelUploadRequest, context: grpc.ServicerContext
    ) -> pb.Upload:
        """Give an upload up; the sweeper discards what had arrived."""
        caller = current_caller().name

        def cancel(db: Session) -> pb.Upload:
            upload = cancel_upload(db, caller, request.id)
            self._wakeups.notify(db, UPLOADS)
            return _message(db, upload)

        return run_transaction(self._database.transactions, cancel)

    def _prepare(self, started: list[Started], places: Places) -> dict[str, str | LibrarianError]:
        wanted = [
            StagingPlace(places[u.store_id][1], u.id, places[u.store_id][0].name)
            for u in (item.upload for item in started)
            if u and u.state == "RECEIVING"
        ]
        return prepare_places(self._agents, wanted)


class _Tickets:
    """Write tickets of one answer: a batch has one."""

    def __init__(self, calls: AgentCalls) -> None:
        self._calls = calls
        self._tickets: dict[tuple[int, str], str] = {}

    def ticket(self, agent: Agent, upload_id: str) -> str:
        """Return the ticket of an upload's batch."""
        key = (agent.id, batch_of(upload_id))
        if key not in self._tickets:
            self._tickets[key] = self._calls.write_ticket(agent, key[1])
        return self._tickets[key]


def _message(db: Session, upload: Upload) -> pb.Upload:
    store, _ = load_places(db, [upload.store_id])[upload.store_id]
    return messages.upload_message(upload, store.name)


def _check_batch(count: int) -> None:
    if count > _MAX_BATCH:
        raise InvalidRequestError(f"At most {_MAX_BATCH} uploads fit into one call: send fewer.")


def _new_upload(message: pb.NewUpload) -> NewUpload:
    observation = facts_of(message.observation) if message.HasField("observation") else None
    return NewUpload(
        file_name=message.file_name,
        parent_dirs=message.parent_dirs,
        size_bytes=message.size_bytes,
        request_id=message.request_id,
        checksum=message.checksum,
        null_obsid=message.null_obsid,
        observation=observation,
        store_name=message.store_name,
        deletion_allowed=message.deletion_allowed,
        metadata=read_metadata(message.metadata),
    )


def _started_message(
    started: Started, places: Places, paths: dict[str, str | LibrarianError], tickets: _Tickets
) -> pb.StartedUpload:
    if started.error is not None:
        return pb.StartedUpload(failure=failure_message(started.error))
    if started.upload is None:
        return pb.StartedUpload(file=messages.file_message(started.file))
    upload = started.upload
    store, agent = places[upload.store_id]
    path = paths.get(upload.id)
    if isinstance(path, LibrarianError):
        return pb.StartedUpload(failure=failure_message(path))
    message = pb.StartedUpload(upload=messages.upload_message(upload, store.name))
    if path is not None:
        ticket = tickets.ticket(agent, upload.id)
        way_in = pb.WayIn(staging_path=path, agent_address=agent.address, agent_tls=agent.tls)
        way_in.ticket = ticket
        message.way_in.CopyFrom(way_in)
    return message


def _completed_message(answer: KnownFile | LibrarianError) -> pb.CompletedUpload:
    if isinstance(answer, LibrarianError):
        return pb.CompletedUpload(failure=failure_message(answer))
    return pb.CompletedUpload(file=messages.file_message(answer))
