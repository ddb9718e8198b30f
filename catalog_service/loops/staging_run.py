"""One attempt at one staging job: begin, stage batch after batch, end.

What each file came to is written down under the job's fence as it comes in, so that wherever the
catalogue or an agent is killed the next attempt goes on with the files that still wait.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any, Protocol, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog_service import jobs, staging_files
from catalog_service.agents.staging import AgentStubs, Destination, begin_staging, end_staging
from catalog_service.database import Database
from catalog_service.loops.staging_batch import StagingBatch
from catalog_service.loops.staging_record import StagingRecord
from catalog_service.retrying import run_transaction
from catalog_service.tables import Agent, Job, Site
from catalog_service.wakeups import Wakeups, job_topic
from librarian.errors import ConflictError, InvalidRequestError, LibrarianError, NotFoundError

logger = logging.getLogger(__name__)

BATCH_FILES = 1000
_BEAT_SECONDS = 0.25
_ERROR_PAGE_FILES = 1000
# What no repeating will mend.
_FINAL_ERRORS = (ConflictError, InvalidRequestError, NotFoundError)

Result = TypeVar("Result")


class StagingParts(Protocol):
    """What of the catalogue a staging needs."""

    @property
    def database(self) -> Database:
        """The catalogue's database."""
        ...

    @property
    def agents(self) -> AgentStubs:
        """The way to the agents."""
        ...

    @property
    def wakeups(self) -> Wakeups:
        """The wake-ups."""
        ...


class _StoppedError(Exception):
    """The catalogue is told to end."""


class _CancelledError(Exception):
    """The job was asked to stop."""


class StagingRun:
    """One claimed job under way."""

    def __init__(self, catalog: StagingParts, job: Job, stopping: threading.Event) -> None:
        self._catalog = catalog
        self._job = job
        self._stopping = stopping
        self._claim = jobs.Claim(job.id, job.fence)
        self._record = StagingRecord(catalog.database, catalog.wakeups, self._claim)
        self._begun = False
        self._ending = False

    def run(self) -> None:
        """Drive the job to its end, or give it back for another attempt."""
        try:
            self._drive()
        except _StoppedError:
            self._write(lambda db: jobs.release_job(db, self._claim))
        except jobs.LostClaimError as error:
            logger.warning("%s", error)
        except LibrarianError as error:
            self._give_up_or_postpone(error)
        except Exception:
            logger.exception("Job %d failed.", self._job.id)
            self._give_up_or_postpone(LibrarianError("Internal error; the log has it."))

    def _drive(self) -> None:
        with self._reading() as db:
            site_id = db.scalars(select(Site.site_id)).one()
            agent = db.get_one(Agent, self._job.agent_id)
        self._stub = self._catalog.agents.manage(agent)
        self._destination = Destination(
            self._job.destination, site_id, self._job.id, self._job.fence
        )
        try:
            self._record.start()
            self._check_in()
            self._attend(lambda: begin_staging(self._stub, self._destination))
            self._begun = True
            self._stage_all()
        except _CancelledError:
            self._cancel()
        else:
            self._finish()

    def _stage_all(self) -> None:
        """Stage what waits, and again what then waits for another instance, until none does."""
        while (batch := self._begin_batch(after_number=0)) is not None:
            while batch is not None:
                batch = self._stage_batch(batch)

    def _stage_batch(self, batch: StagingBatch) -> StagingBatch | None:
        """See a batch through; return the next, which the agents meanwhile had before them."""
        following: StagingBatch | None = None
        try:
            following = self._begin_batch(after_number=batch.last_number)
            self._record.begin_batch(batch.items)
            for progress in batch.progress(_BEAT_SECONDS):
                if progress is not None:
                    self._record.note(progress, batch.bytes_done)
                self._check_in()
            self._record.end_batch()
        except BaseException:
            for left in (batch, following):
                if left is not None:
                    left.cancel()
            raise
        return following

    def _begin_batch(self, *, after_number: int) -> StagingBatch | None:
        with self._reading() as db:
            items = staging_files.next_items(
                db, self._job.id, after_number=after_number, limit=BATCH_FILES
            )
            agents = {item.agent_id: db.get_one(Agent, item.agent_id) for item in items}
        if not items:
            return None
        stubs = {key: self._catalog.agents.manage(agent) for key, agent in agents.items()}
        return StagingBatch(self._destination, items, stubs)

    def _finish(self) -> None:
        handover_error = self._end(cancelled=False, user=self._job.user)
        failed = self._record.files_failed
        error = handover_error
        if failed:
            total = self._job.files_total
            files = "1 file" if total == 1 else f"{total} files"
            error = f"{failed} of {files} could not be staged. {error}".strip()
        self._end_job("FAILED" if error else "SUCCEEDED", error)

    def _cancel(self) -> None:
        self._ending = True
        error = ""
        try:
            if not self._begun:
                self._attend(lambda: begin_staging(self._stub, self._destination))
            self._end(cancelled=True)
        except LibrarianError as problem:
            # Whoever cancels a job must not wait for an agent that may never come back.
            error = f"STAGING-IN-PROGRESS may still lie in the destination: {problem}"
        self._end_job("CANCELLED", error)

    def _end(self, *, cancelled: bool, user: str = "", reason: str = "") -> str:
        self._ending = True
        self._record.flush()
        errors = [reason] if reason else []
        return self._attend(
            lambda: end_staging(
                self._stub,
                self._destination,
                cancelled=cancelled,
                user=user,
                errors=(line for lines in (errors, self._error_lines()) for line in lines),
            )
        )

    def _error_lines(self) -> Iterator[str]:
        after_number = 0
        while True:
            with self._reading() as db:
                page = staging_files.list_job_errors(
                    db, self._job.id, after_number=after_number, limit=_ERROR_PAGE_FILES
                )
            yield from (f"{name}: {error}" for _, name, error in page)
            if len(page) < _ERROR_PAGE_FILES:
                return
            after_number = page[-1][0]

    def _give_up_or_postpone(self, error: LibrarianError) -> None:
        logger.warning("Job %d: %s", self._job.id, error)
        final = isinstance(error, _FINAL_ERRORS)
        if not final and self._write(lambda db: jobs.postpone_job(db, self._claim, str(error))):
            return
        reason = str(error) if final else f"Given up after {jobs.MAX_ATTEMPTS} attempts: {error}"
        self._mark_as_failed(reason)
        self._end_job("FAILED", reason)

    def _mark_as_failed(self, reason: str) -> None:
        """Leave STAGING-ERRORS in a destination that was marked, if its agent still can."""
        if self._begun:
            try:
                self._end(cancelled=False, reason=reason)
            except (LibrarianError, _StoppedError) as error:
                logger.warning("Job %d: its markers stay: %s", self._job.id, error)

    def _end_job(self, state: str, error: str) -> None:
        self._write(lambda db: jobs.finish_job(db, self._claim, state, error))
        logger.info("Job %d: %s. %s", self._job.id, state, error)

    def _attend(self, call: Callable[[], Result]) -> Result:
        """Make a call in another thread, so that the lease is kept however long it lasts."""
        answers: list[Result] = []
        errors: list[BaseException] = []
        ended = threading.Event()

        def make_call() -> None:
            try:
                answers.append(call())
            except BaseException as error:
                errors.append(error)
            ended.set()

        threading.Thread(target=make_call, name="staging-call", daemon=True).start()
        while not ended.wait(_BEAT_SECONDS):
            self._check_in()
        if errors:
            raise errors[0]
        return answers[0]

    def _check_in(self) -> None:
        """Keep the lease, write progress down, and hear whether to stop."""
        asked_to_stop = self._record.check_in()
        if self._stopping.is_set():
            self._record.flush()
            raise _StoppedError
        if asked_to_stop and not self._ending:
            raise _CancelledError

    def _write(self, work: Callable[[Session], Result]) -> Result:
        def write(db: Session) -> Result:
            result = work(db)
            self._catalog.wakeups.notify(db, job_topic(self._job.id))
            return result

        return run_transaction(self._catalog.database.transactions, write)

    def _reading(self) -> Any:
        return self._catalog.database.readings.begin()
