"""One push: a claimed batch, driven from step to step until all of it is settled.

Every step can be repeated, and every push begins with the offer: what an earlier claim of the
batch has brought to the neighbour is found there, and not sent again.
"""

import logging
import time
from pathlib import Path

from librarian.client.channel import Connection
from librarian.service.killpoints import reach
from librarian.v1 import transfer_records_pb2
from transfer_service.batches import Batch
from transfer_service.brakes import Brake
from transfer_service.catalog import BatchRecords
from transfer_service.confirming import Watcher
from transfer_service.leases import LeaseKeeper
from transfer_service.offers import offer_batch
from transfer_service.parts import PushParts
from transfer_service.peers import Neighbour
from transfer_service.reasons import Cause, HandOnError, LostLeaseError, TroubleError
from transfer_service.sending import Sending
from transfer_service.source_agents import SourceAgent
from transfer_service.suspects import judge_suspects

logger = logging.getLogger(__name__)

_WAIT_SECONDS = 60.0


def make_parts(
    claim: transfer_records_pb2.ClaimBatchResponse,
    records: object,
    neighbour: Connection,
    agent_ca_file: Path | None,
) -> PushParts:
    """Return the parts of the push of a claimed batch."""
    brake = Brake()
    return PushParts(
        claim=claim,
        batch=Batch(claim.transfers, claim.withdrawn_upload_ids),
        brake=brake,
        records=BatchRecords(records, claim, brake),
        neighbour=Neighbour(neighbour, claim),
        agent=SourceAgent(claim, agent_ca_file, brake),
    )


class Push:
    """A claimed batch under way."""

    def __init__(self, parts: PushParts) -> None:
        self._parts = parts
        self._lease = LeaseKeeper(parts, time.monotonic())
        self._watcher = Watcher(parts)
        self._site_id = ""
        self._sending: Sending | None = None

    def stop(self) -> None:
        """Leave the batch soon, for another worker to go on with."""
        self._parts.brake.pull(HandOnError("The transfer service stops."))

    def run(self) -> None:
        """Drive the batch until it is settled, or something is in the way; give it back."""
        reach("transfer.claimed")
        try:
            self._lease.start()
            try:
                self._watcher.start()
                self._give_back(self._drive_to_end())
            finally:
                # Renewed any longer, a batch that nobody drives would never be another's.
                self._lease.end()
        finally:
            self._parts.agent.close()

    def _drive_to_end(self) -> Exception | None:
        """Drive the batch, and return why it ended before its time, if it did."""
        brake = self._parts.brake
        try:
            self._drive()
        except Exception as error:
            brake.pull(error)
        self._parts.batch.close()
        self._watcher.end()
        # Of what stopped several threads, the first reason is the true one.
        return brake.reason

    def _drive(self) -> None:
        """Take the steps; after each the batch may be left, and taken up again from the first."""
        self._check_site()
        way_in = offer_batch(self._parts)
        self._sending = Sending(self._parts, way_in)
        self._sending.send_all()
        self._await_settled()
        judge_suspects(self._parts)
        self._parts.withdraw_cancelled()

    def _check_site(self) -> None:
        """See that the site that answers is the one that is meant."""
        claim = self._parts.claim
        name = claim.neighbour.name
        self._site_id = self._parts.neighbour.ask_site_id()
        if claim.neighbour.site_id and self._site_id != claim.neighbour.site_id:
            sentence = f"Another site than {name} answers at {claim.neighbour.url}"
        elif self._site_id and self._site_id == claim.site_id:
            sentence = f"This very site answers at {claim.neighbour.url}, where {name} should"
        else:
            return
        self._site_id = ""
        raise TroubleError(Cause.REFUSED, f"{sentence}: correct the neighbour's url.")

    def _await_settled(self) -> None:
        while self._parts.batch.wait_for_change(_WAIT_SECONDS):
            self._parts.brake.check()
            self._parts.withdraw_cancelled()
        self._parts.brake.check()

    def _give_back(self, reason: Exception | None) -> None:
        batch_id = self._parts.claim.batch_id
        match reason:
            case None:
                self._end()
            case TroubleError():
                logger.warning("Batch %s: %s", batch_id, reason)
                self._end(cause=int(reason.cause), error=str(reason))
            case HandOnError():
                logger.info("Batch %s is left for another worker: %s", batch_id, reason)
                self._end(handed_on=True, error=str(reason))
            case LostLeaseError():
                logger.warning("Batch %s is another worker's now: %s", batch_id, reason)
            case _:
                # It is taken up again when its lease has run out, so that it does not spin.
                logger.error("Batch %s failed", batch_id, exc_info=reason)

    def _end(self, *, cause: int = 0, error: str = "", handed_on: bool = False) -> None:
        sending = self._sending
        self._parts.records.end(
            cause=cause,
            error=error,
            handed_on=handed_on,
            site_id=self._site_id,
            sent_bytes=sending.sent_bytes if sending else 0,
            sending_seconds=sending.seconds if sending else 0.0,
        )
