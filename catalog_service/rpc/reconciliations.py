"""Reconciliations, as the services Librarians and TransferRecords serve them."""

import json
from collections.abc import Callable
from typing import Protocol, TypeVar

from cryptography.fernet import InvalidToken
from sqlalchemy.orm import Session

from catalog_service import jobs
from catalog_service.clock import database_time
from catalog_service.database import Database
from catalog_service.librarians import get_librarian
from catalog_service.reconciliations import (
    HeldFile,
    claim_reconciliation,
    compare_page,
    get_reconciliation,
    start_reconciliation,
)
from catalog_service.retrying import run_transaction
from catalog_service.rpc.job_messages import job_message
from catalog_service.rpc.neighbour_messages import UNREADABLE, access_message
from catalog_service.secrets import Secrets
from catalog_service.tables import Librarian
from catalog_service.wakeups import TRANSFERS, Wakeups, job_topic
from librarian.errors import InvalidRequestError, TakenOverError
from librarian.service.calls import current_caller
from librarian.v1 import jobs_pb2, librarians_pb2
from librarian.v1 import transfer_records_pb2 as pb

_MAX_FILES = 10_000

Result = TypeVar("Result")


class ReconciliationParts(Protocol):
    """What of the catalogue the calls need."""

    @property
    def database(self) -> Database:
        """The catalogue's database."""
        ...

    @property
    def secrets(self) -> Secrets:
        """The site's own keys."""
        ...

    @property
    def wakeups(self) -> Wakeups:
        """The wake-ups."""
        ...


class Reconciliations:
    """Starts, shows and drives reconciliations."""

    def __init__(self, catalog: ReconciliationParts) -> None:
        self._catalog = catalog

    def start(self, request: librarians_pb2.StartReconciliationRequest) -> jobs_pb2.Job:
        """Start a reconciliation, or return the one that is at it."""
        owner = current_caller().name

        def start(db: Session) -> jobs_pb2.Job:
            librarian = get_librarian(db, request.librarian_name)
            job = start_reconciliation(
                db, librarian, owner=owner, queue_missing=request.queue_missing
            )
            return job_message(job, database_time(db))

        return self._write(start)

    def get(
        self, request: librarians_pb2.GetReconciliationRequest
    ) -> librarians_pb2.Reconciliation:
        """Return what a reconciliation has found."""
        return run_transaction(
            self._catalog.database.readings, lambda db: _message(db, request.job_id)
        )

    def claim(self, request: pb.ClaimReconciliationRequest) -> pb.ClaimReconciliationResponse:
        """Take a reconciliation up."""

        def claim(db: Session) -> pb.ClaimReconciliationResponse:
            claimed = claim_reconciliation(db, request.worker)
            if claimed is None:
                return pb.ClaimReconciliationResponse()
            job, found = claimed
            librarian = db.get_one(Librarian, found.librarian_id)
            try:
                neighbour = access_message(self._catalog.secrets, librarian)
            except InvalidToken:
                # Taken up again and again, it would keep all others waiting.
                jobs.finish_job(db, jobs.Claim(job.id, job.fence), "FAILED", UNREADABLE)
                self._catalog.wakeups.notify(db, job_topic(job.id))
                return pb.ClaimReconciliationResponse()
            return pb.ClaimReconciliationResponse(
                job_id=job.id, fence=job.fence, neighbour=neighbour, after_name=found.after_name
            )

        return self._write(claim)

    def compare(self, request: pb.ReconcilePageRequest) -> pb.ReconcilePageResponse:
        """Compare a page and mend belief; raise TakenOverError when another is at it."""
        if len(request.files) > _MAX_FILES or not (request.files or request.last):
            raise InvalidRequestError(f"A page has 1 to {_MAX_FILES} files, but for the last.")
        held = [HeldFile(file.name, file.checksum, file.available) for file in request.files]
        claim = jobs.Claim(request.job_id, request.fence)

        def compare(db: Session) -> pb.ReconcilePageResponse:
            answer = compare_page(db, claim, request.after_name, held, last=request.last)
            self._catalog.wakeups.notify(db, job_topic(claim.job_id))
            if answer.queued:
                self._catalog.wakeups.notify(db, TRANSFERS)
            return pb.ReconcilePageResponse(after_name=answer.after_name, done=answer.done)

        return self._held(compare)

    def postpone(
        self, request: pb.PostponeReconciliationRequest
    ) -> pb.PostponeReconciliationResponse:
        """Give a reconciliation back after an error; it fails after too many in a row."""
        claim = jobs.Claim(request.job_id, request.fence)
        error = request.error.replace("\0", "")

        def postpone(db: Session) -> pb.PostponeReconciliationResponse:
            if not jobs.postpone_job(db, claim, error):
                jobs.finish_job(db, claim, "FAILED", error)
            self._catalog.wakeups.notify(db, job_topic(claim.job_id))
            return pb.PostponeReconciliationResponse()

        return self._held(postpone)

    def _held(self, work: Callable[[Session], Result]) -> Result:
        try:
            return self._write(work)
        except jobs.LostClaimError as error:
            raise TakenOverError(str(error)) from error

    def _write(self, work: Callable[[Session], Result]) -> Result:
        return run_transaction(self._catalog.database.transactions, work)


def _message(db: Session, job_id: int) -> librarians_pb2.Reconciliation:
    found = get_reconciliation(db, job_id)
    librarian = db.get_one(Librarian, found.librarian_id)
    return librarians_pb2.Reconciliation(
        job=job_message(jobs.get_job(db, job_id), database_time(db)),
        librarian_name=librarian.name,
        compared_count=found.compared_count,
        missing_count=found.missing_count,
        found_count=found.found_count,
        conflicting_count=found.conflicting_count,
        foreign_count=found.foreign_count,
        queued_count=found.queued_count,
        examples=json.loads(found.examples),
    )
