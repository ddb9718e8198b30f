"""The staging loop: takes staging jobs up and drives each to its end."""

import logging
import threading

from catalog_service import jobs
from catalog_service.loops.staging_run import StagingParts, StagingRun
from catalog_service.retrying import run_transaction
from catalog_service.tables import Job
from librarian.service.workers import is_gone, this_worker

logger = logging.getLogger(__name__)


class StagingLoop:
    """Drives one staging job a turn; several threads may turn it at once."""

    def __init__(self, catalog: StagingParts) -> None:
        self._catalog = catalog
        self._stopping = threading.Event()

    def run_once(self) -> bool:
        """Drive the job that has waited longest, and say whether there was one."""
        job = self._claim()
        if job is None:
            return False
        logger.info("Job %d: attempt %d begins.", job.id, job.attempts)
        StagingRun(self._catalog, job, self._stopping).run()
        return True

    def stop(self) -> None:
        """Give the present jobs back, for the next process to go on with."""
        self._stopping.set()

    def _claim(self) -> Job | None:
        if self._stopping.is_set():
            return None
        return run_transaction(
            self._catalog.database.transactions,
            lambda db: jobs.claim_job(db, "STAGING", this_worker(), is_gone=is_gone),
        )
