"""The Staging service."""

import uuid
from typing import Any, Protocol

import grpc
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from catalog_service import staging
from catalog_service.agents.staging import AgentStubs, check_destination
from catalog_service.clock import database_time
from catalog_service.retrying import run_transaction
from catalog_service.rpc.job_messages import job_message
from catalog_service.rpc.jobs import JobsParts, checked_job_id
from catalog_service.rpc.search_places import room_for
from catalog_service.search.compiler import compile_search
from catalog_service.staging_files import list_prefixes
from catalog_service.staging_previews import preview_staging
from catalog_service.staging_retries import retry_staging
from catalog_service.tables import Agent
from catalog_service.wakeups import JOBS, job_topic
from librarian.errors import InvalidRequestError
from librarian.service.calls import current_caller
from librarian.v1 import accounts_pb2, jobs_pb2, staging_pb2, staging_pb2_grpc

# PostgreSQL's indexes hold no longer text.
_MAX_DESTINATION_BYTES = 2048
_MAX_REQUEST_ID_CHARACTERS = 128
_MAX_USER_CHARACTERS = 64


class StagingServiceParts(JobsParts, Protocol):
    """What of the catalogue the service needs."""

    @property
    def agents(self) -> AgentStubs:
        """The way to the agents."""
        ...


class StagingServicer(staging_pb2_grpc.StagingServicer):
    """Serves librarian.v1.Staging."""

    def __init__(self, catalog: StagingServiceParts) -> None:
        self._database = catalog.database
        self._wakeups = catalog.wakeups
        self._agents = catalog.agents

    def StartStaging(
        self, request: staging_pb2.StartStagingRequest, context: grpc.ServicerContext
    ) -> jobs_pb2.Job:
        """Put a staging on record, and return its job."""
        _check(request)
        owner = current_caller().name
        matching = self._compile(request, context)
        known = self._find(owner, request.request_id)
        if known is not None:
            return known
        agent = self._choose_agent(request.destination)
        new = staging.NewStaging(
            owner=owner,
            request_id=request.request_id or uuid.uuid4().hex,
            search=request.search,
            destination=self._resolve(agent, request.destination),
            user=request.user,
            agent_id=agent.id,
            snapshot=_snapshot_of(request),
        )

        def start(db: Session) -> jobs_pb2.Job:
            job = staging.start_staging(db, new, matching)
            self._wakeups.notify(db, JOBS)
            return job_message(job, database_time(db))

        return run_transaction(self._database.transactions, start)

    def PreviewStaging(
        self, request: staging_pb2.PreviewStagingRequest, context: grpc.ServicerContext
    ) -> staging_pb2.PreviewStagingResponse:
        """Say what a staging would copy, and where to."""
        if request.destination:
            _check_destination(request.destination)
        wanted = staging.shown_by(self._compile(request, context), _snapshot_of(request))
        destination = ""
        if request.destination:
            agent = self._choose_agent(request.destination)
            destination = self._resolve(agent, request.destination)

        def preview(db: Session) -> staging_pb2.PreviewStagingResponse:
            prefixes = list_prefixes(db)
            staging.refuse_destination_in_use(db, destination)
            found = preview_staging(db, wanted, destination)
            return staging_pb2.PreviewStagingResponse(
                **vars(found), destination=destination, staging_prefixes=prefixes
            )

        return run_transaction(self._database.readings, preview)

    def RetryStaging(
        self, request: staging_pb2.RetryStagingRequest, context: grpc.ServicerContext
    ) -> jobs_pb2.Job:
        """Let a job that failed or was cancelled go on with what is not done."""
        caller = current_caller()
        job_id = checked_job_id(request.job_id)

        def retry(db: Session) -> jobs_pb2.Job:
            job = retry_staging(
                db, job_id, by=caller.name, is_administrator=caller.role >= accounts_pb2.ADMIN
            )
            self._wakeups.notify(db, JOBS)
            self._wakeups.notify(db, job_topic(job.id))
            return job_message(job, database_time(db))

        return run_transaction(self._database.transactions, retry)

    def _compile(self, request: Any, context: grpc.ServicerContext) -> ColumnElement[bool]:
        owner = current_caller().name
        with room_for(request.ByteSize(), context.time_remaining()):
            return compile_search(self._database, request.search, account_name=owner).condition

    def _resolve(self, agent: Agent, destination: str) -> str:
        return _check_length(check_destination(self._agents.manage(agent), destination))

    def _find(self, owner: str, request_id: str) -> jobs_pb2.Job | None:
        def find(db: Session) -> jobs_pb2.Job | None:
            job = staging.find_staging(db, owner, request_id)
            return None if job is None else job_message(job, database_time(db))

        return run_transaction(self._database.readings, find) if request_id else None

    def _choose_agent(self, destination: str) -> Agent:
        return run_transaction(
            self._database.readings, lambda db: staging.choose_agent(db, destination)
        )


def _check(request: staging_pb2.StartStagingRequest) -> None:
    """Refuse what no database or file system could hold."""
    _check_destination(request.destination)
    if not (request.user + request.request_id).isprintable():
        raise InvalidRequestError("The user and the request's key can't have control characters.")
    if len(request.user) > _MAX_USER_CHARACTERS or request.user.startswith("-"):
        raise InvalidRequestError(f"{request.user[:80]!r} is no login name.")
    if len(request.request_id) > _MAX_REQUEST_ID_CHARACTERS:
        raise InvalidRequestError("The request's key has at most 128 characters.")


def _check_destination(destination: str) -> None:
    if not _check_length(destination).isprintable():
        raise InvalidRequestError("The destination can't have control characters.")


def _snapshot_of(request: Any) -> int | None:
    if not request.HasField("snapshot"):
        return None
    if request.snapshot < 0:
        raise InvalidRequestError("A snapshot is what a search gave out, 0 or more.")
    return int(request.snapshot)


def _check_length(destination: str) -> str:
    if not 1 <= len(destination.encode()) <= _MAX_DESTINATION_BYTES:
        raise InvalidRequestError(
            f"Name the directory to stage to, in at most {_MAX_DESTINATION_BYTES:,} bytes."
        )
    return destination
