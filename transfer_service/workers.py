"""The workers: threads that take batches from the catalogue, and drive one at a time each."""

import logging
import threading
import time

from librarian.errors import LibrarianError
from librarian.service.workers import this_worker
from librarian.v1 import transfer_records_pb2 as pb
from transfer_service import catalog
from transfer_service.brakes import Patience
from transfer_service.chores import Bell
from transfer_service.config import TransferServiceConfig
from transfer_service.peers import Neighbours
from transfer_service.pushes import Push, make_parts

logger = logging.getLogger(__name__)

# A catalogue that has no room for another that waits answers at once: ask it again a little later.
_QUICK_SECONDS = 1.0
_PAUSE_SECONDS = 0.5
_STOP_SECONDS = 8.0


class Workers:
    """Threads that drive batches.

    Only one of them waits for work at a time: a waiting call costs the catalogue a thread.
    """

    def __init__(self, config: TransferServiceConfig, neighbours: Neighbours, bell: Bell) -> None:
        self._config = config
        self._neighbours = neighbours
        self._bell = bell
        # A connection of its own, so that waiting for work can be broken off.
        self._claiming = catalog.connect(config)
        self._claims = catalog.records_stub(self._claiming)
        self._reporting = catalog.connect(config)
        self._records = catalog.records_stub(self._reporting)
        self._turn = threading.Lock()
        self._stopping = threading.Event()
        self._away = False
        self._pushes: set[Push] = set()
        self._threads = [
            threading.Thread(target=self._run, name=f"worker-{number}", daemon=True)
            for number in range(config.workers)
        ]

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Give all batches back, soon; one that hangs is found by its lease."""
        self._stopping.set()
        self._claiming.close()
        for push in list(self._pushes):
            push.stop()
        stop_at = time.monotonic() + _STOP_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, stop_at - time.monotonic()))
        self._reporting.close()

    def _run(self) -> None:
        while not self._stopping.is_set():
            with self._turn:
                claim = self._claim()
            if claim is not None:
                self._drive(claim)

    def _claim(self) -> pb.ClaimBatchResponse | None:
        """Return a batch, or None when there is none, or the service stops."""
        patience = Patience(self._stopping.wait, float("inf"))
        while not self._stopping.is_set():
            started = time.monotonic()
            try:
                claim = catalog.claim_batch(self._claims, this_worker())
            except Exception as error:
                self._not_heard(error)
                patience.pause()
                continue
            self._heard()
            self._bell.ring()
            if claim is None and time.monotonic() - started < _QUICK_SECONDS:
                self._stopping.wait(_PAUSE_SECONDS)
            return claim
        return None

    def _drive(self, claim: pb.ClaimBatchResponse) -> None:
        try:
            neighbour = self._neighbours.connect(claim.neighbour)
            push = Push(make_parts(claim, self._records, neighbour, self._config.agent_ca_file))
        except Exception:
            # It is taken up again when its lease has run out.
            logger.exception("Batch %s cannot be driven", claim.batch_id)
            return
        self._pushes.add(push)
        if self._stopping.is_set():
            push.stop()
        try:
            push.run()
        except Exception:
            logger.exception("Batch %s failed", claim.batch_id)
        finally:
            self._pushes.discard(push)

    def _heard(self) -> None:
        if self._away:
            logger.info("The catalogue at %s answers again", self._config.catalog_address)
        self._away = False

    def _not_heard(self, error: Exception) -> None:
        if not self._away and not self._stopping.is_set():
            expected = isinstance(error, LibrarianError)
            logger.warning(
                "The catalogue at %s gives no work: %s",
                self._config.catalog_address,
                error,
                exc_info=None if expected else error,
            )
        self._away = True
