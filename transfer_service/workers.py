"""The workers: threads that each take a batch from the catalogue, and drive it."""

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

    One waits for work, and starts another in its place when it has some: so slow neighbours hold
    nobody else back. Only one waits, for a waiting call costs the catalogue a thread.
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
        self._stopping = threading.Event()
        self._away = False
        self._pushes: set[Push] = set()
        # Of the threads, and of whether one of them waits for work.
        self._lock = threading.Lock()
        self._threads: set[threading.Thread] = set()
        self._one_waits = False

    def start(self) -> None:
        """Begin to wait for work."""
        self._have_one_wait()

    def stop(self) -> None:
        """Give all batches back, soon; one that hangs is found by its lease."""
        self._stopping.set()
        self._claiming.close()
        for push in list(self._pushes):
            push.stop()
        stop_at = time.monotonic() + _STOP_SECONDS
        with self._lock:
            threads = list(self._threads)
        for thread in threads:
            thread.join(max(0.0, stop_at - time.monotonic()))
        self._reporting.close()

    def _have_one_wait(self) -> None:
        """Start a thread that waits for work; when no more may be, the next that is done waits."""
        thread = threading.Thread(target=self._run, name="worker", daemon=True)
        with self._lock:
            self._one_waits = False
            if self._stopping.is_set() or len(self._threads) >= self._config.workers:
                return
            thread.start()
            self._threads.add(thread)
            self._one_waits = True

    def _run(self) -> None:
        goes_on = True
        while goes_on and not self._stopping.is_set():
            claim = self._claim()
            if claim is not None:
                self._relieve()
                self._drive(claim)
                goes_on = self._is_needed()

    def _relieve(self) -> None:
        try:
            self._have_one_wait()
        except RuntimeError as error:
            logger.warning("No more batches than there are can be driven now: %s", error)

    def _is_needed(self) -> bool:
        """Say whether the calling thread must wait for work, for no other does; else it ends."""
        with self._lock:
            if self._one_waits:
                self._threads.discard(threading.current_thread())
                return False
            self._one_waits = True
            return True

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
