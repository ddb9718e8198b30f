"""Keeping the lease of a batch while it is driven, and hearing what changed meanwhile."""

import logging
import threading
import time

from transfer_service.catalog import AWAY_ERRORS
from transfer_service.parts import PushParts
from transfer_service.reasons import HandOnError, LostLeaseError, TroubleError, UnrecordedError

logger = logging.getLogger(__name__)

# A lease is renewed more often than it must be: progress is shown, and a cancel heard, by it.
_BEAT_SECONDS = 5.0
_RETRY_SECONDS = 1.0
# The neighbour's leases are long: this is for the worst of clocks, and for fresh tickets.
_RENEW_THERE_SECONDS = 120.0


class LeaseKeeper:
    """A thread that renews a batch's lease until it is told to end.

    When the lease has run out, by this host's own measure of time, or another worker has it, the
    brake is pulled: nothing more may be written then.
    """

    def __init__(self, parts: PushParts, claimed_at: float) -> None:
        self._parts = parts
        self._lease_seconds = parts.claim.lease_seconds
        self._good_until = claimed_at + self._lease_seconds
        self._renew_there_at = time.monotonic() + _RENEW_THERE_SECONDS
        self._wake = threading.Event()
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="lease", daemon=True)

    def start(self) -> None:
        """Begin to renew."""
        self._parts.agent.ask_for_ticket = self._wake.set
        self._thread.start()

    def end(self) -> None:
        """Renew no more."""
        self._ended = True
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        wait_seconds = min(self._lease_seconds / 3, _BEAT_SECONDS)
        while True:
            self._wake.wait(wait_seconds)
            self._wake.clear()
            if self._ended:
                return
            try:
                renewed = self._renew()
            except Exception as reason:
                self._parts.brake.pull(reason)
                return
            wait_seconds = min(
                self._lease_seconds / 3, _BEAT_SECONDS if renewed else _RETRY_SECONDS
            )

    def _renew(self) -> bool:
        started = time.monotonic()
        if started > self._good_until:
            raise LostLeaseError("The catalogue did not answer for as long as the lease lasted.")
        try:
            answer = self._parts.records.renew(self._parts.batch.bytes_done)
        except AWAY_ERRORS:
            return False
        except UnrecordedError as error:
            logger.warning("Batch %s: not renewed: %s", self._parts.claim.batch_id, error)
            return False
        self._lease_seconds = answer.lease_seconds or self._lease_seconds
        self._good_until = started + self._lease_seconds
        self._parts.agent.ticket = answer.agent_ticket or self._parts.agent.ticket
        self._parts.batch.cancel(answer.cancelled_ids)
        if answer.stop:
            raise HandOnError("Transfers to the neighbour were disabled.")
        self._renew_there()
        return True

    def _renew_there(self) -> None:
        if time.monotonic() < self._renew_there_at:
            return
        self._renew_there_at = time.monotonic() + _RENEW_THERE_SECONDS
        try:
            self._parts.neighbour.renew()
        except TroubleError as trouble:
            # Whoever sends or watches finds out whether it lasts.
            logger.info("Batch %s: %s", self._parts.claim.batch_id, trouble)
