"""What a staging has come to, gathered in memory and written down now and then."""

import logging
import time
from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy.orm import Session

from catalog_service import jobs, staging_files
from catalog_service.agents.staging import StagingProgress
from catalog_service.database import Database
from catalog_service.jobs import Claim
from catalog_service.retrying import run_transaction
from catalog_service.staging_files import StagingItem, Totals
from catalog_service.wakeups import Wakeups, job_topic
from librarian.errors import (
    BusyError,
    ConflictError,
    CorruptContentsError,
    InvalidRequestError,
    LibrarianError,
    NotReachableError,
    StoreFullError,
    UnknownStoreError,
)

logger = logging.getLogger(__name__)

_WRITE_SECONDS = 1.0
# These lie with the destination: another instance would fare no better.
_FAULTS_OF_DESTINATION = (ConflictError, InvalidRequestError, StoreFullError)
# These pass: an agent that has just started may not know its stores yet. The file waits.
_PASSING_FAULTS = (BusyError, NotReachableError, UnknownStoreError)


class StagingRecord:
    """Gathers the results of one claimed job, and writes them under its fence."""

    def __init__(self, database: Database, wakeups: Wakeups, claim: Claim) -> None:
        self._database = database
        self._wakeups = wakeups
        self._claim = claim
        self._waiting: dict[int, StagingItem] = {}
        self._done: list[int] = []
        self._failed: list[tuple[int, LibrarianError]] = []
        self._tried: dict[int, set[int]] = defaultdict(set)
        self._told: set[int] = set()
        self._passing: LibrarianError | None = None
        self._finished_bytes = 0
        self._done_bytes = 0
        self._batch_bytes = 0
        self._last_write = 0.0
        self.files_done = 0
        self.files_failed = 0

    def start(self) -> None:
        """Count what attempts before this one have done."""
        totals = run_transaction(self._database.transactions, self._write_totals)
        self.files_done, self.files_failed = totals.files_done, totals.files_failed
        self._finished_bytes = totals.bytes_done

    def begin_batch(self, items: Sequence[StagingItem]) -> None:
        """Expect a result for each of these files."""
        self._waiting = {item.number: item for item in items}
        self._told = set()
        self._done_bytes = self._batch_bytes = 0

    def note(self, progress: StagingProgress, batch_bytes: int) -> None:
        """Take in what an agent said, and the bytes that its batch has come to."""
        for number, error in progress.files:
            self._told.add(number)
            if error is None:
                self._done.append(number)
                self._done_bytes += self._waiting[number].size_bytes
            elif isinstance(error, _PASSING_FAULTS):
                self._passing = error
            else:
                self._failed.append((number, error))
        self._batch_bytes = batch_bytes

    def end_batch(self) -> None:
        """Write all results down; a file without one has failed, or it would wait for ever.

        Raises the error of files that must wait for another attempt.
        """
        silence = LibrarianError("Its store agent did not say what became of it.")
        self._failed += [(number, silence) for number in self._waiting.keys() - self._told]
        # Of a batch under way the agents count the bytes of unfinished and failed files as well.
        self._finished_bytes += self._done_bytes
        self._done_bytes = self._batch_bytes = 0
        self.flush()
        if self._passing is not None:
            raise self._passing

    def check_in(self) -> bool:
        """Renew the lease every second, and say whether the job was just seen asked to stop."""
        if time.monotonic() - self._last_write < _WRITE_SECONDS:
            return False
        return self.flush()

    def flush(self) -> bool:
        """Write down all that is known, and say whether the job was asked to stop."""
        asked_to_stop, failed = run_transaction(self._database.transactions, self._write)
        self.files_done += len(self._done)
        self.files_failed += failed
        self._done, self._failed = [], []
        self._last_write = time.monotonic()
        return asked_to_stop

    def _write_totals(self, db: Session) -> Totals:
        totals = staging_files.read_totals(db, self._claim.job_id)
        jobs.renew_job(db, self._claim, **vars(totals), bytes_at_claim=totals.bytes_done)
        self._wakeups.notify(db, job_topic(self._claim.job_id))
        return totals

    def _write(self, db: Session) -> tuple[bool, int]:
        """Write what came in since the last time: first the claim, which refuses a late worker."""
        changes = {"attempts": 1} if self._done else {}
        asked_to_stop = jobs.renew_job(
            db,
            self._claim,
            files_done=self.files_done + len(self._done),
            bytes_done=self._finished_bytes + self._batch_bytes,
            **changes,
        )
        if self._done:
            staging_files.record_done(db, self._claim, self._done)
        failed = sum(self._write_failure(db, number, error) for number, error in self._failed)
        if failed:
            jobs.renew_job(db, self._claim, files_failed=self.files_failed + failed)
        self._wakeups.notify(db, job_topic(self._claim.job_id))
        return asked_to_stop, failed

    def _write_failure(self, db: Session, number: int, error: LibrarianError) -> bool:
        """Say whether the file has failed for good: perhaps another instance of it is better."""
        item = self._waiting[number]
        level = logging.ERROR if isinstance(error, CorruptContentsError) else logging.WARNING
        logger.log(level, "Job %d: %s: %s", self._claim.job_id, item.file_name, error)
        self._tried[number].add(item.instance_id)
        if isinstance(error, _FAULTS_OF_DESTINATION):
            staging_files.record_failure(db, self._claim, number, str(error))
            return True
        return not staging_files.turn_to_other_instance(
            db, self._claim, number, str(error), self._tried[number]
        )
