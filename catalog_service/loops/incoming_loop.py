"""The incoming loop: completes what neighbours sent, whether anybody waits for it or not."""

import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Protocol

from sqlalchemy.orm import Session

from catalog_service.agents.calls import AgentCalls
from catalog_service.agents.incoming import RemoteIncomingAgents
from catalog_service.agents.uploads import RemoteUploadAgents
from catalog_service.confirmations import note_arrivals
from catalog_service.database import Database
from catalog_service.incoming_settling import (
    ArrivedPart,
    Passed,
    find_arrived_batches,
    find_arrived_part,
)
from catalog_service.ingest import Ingest
from catalog_service.ingest_round import Answer
from catalog_service.loops.back_off import FIRST_BACK_OFF_SECONDS, BackOff
from catalog_service.retrying import run_transaction
from catalog_service.uploads import KnownFile, batch_of
from catalog_service.wakeups import CONFIRMATIONS, UPLOADS, Wakeups, incoming_topic
from librarian.errors import (
    ConflictError,
    CorruptContentsError,
    InvalidRequestError,
    LibrarianError,
    NotFoundError,
    NotReachableError,
    StateError,
)
from librarian.service.killpoints import reach

logger = logging.getLogger(__name__)

_SETTLED = (KnownFile, InvalidRequestError, CorruptContentsError, ConflictError, NotFoundError)


class IncomingParts(Protocol):
    """What of the catalogue the loop needs."""

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
        """The wake-ups."""
        ...


class IncomingLoop:
    """Completes some files of a batch a turn; several threads may turn it at once."""

    def __init__(self, catalog: IncomingParts, *, threads: int = 2) -> None:
        self._database = catalog.database
        self._wakeups = catalog.wakeups
        self._agents = RemoteIncomingAgents(catalog.agents)
        self._ingest = Ingest(catalog.database.transactions, RemoteUploadAgents(catalog.agents))
        self._lock = threading.Lock()
        self._taken: set[str] = set()
        self._put_off: BackOff[str] = BackOff()
        # An agent that is away is asked once for all that waits for it.
        self._stores_put_off: BackOff[int] = BackOff()
        self._last_batch_id = ""
        # What takes hours leaves threads for the rest.
        self._large = threading.BoundedSemaphore(max(1, threads - 1))
        self._resting = threading.Event()

    def stop(self) -> None:
        """Let nobody rest; what is under way ends with the connections to the agents."""
        self._resting.set()

    def run_once(self) -> bool:
        """Complete some files of a batch, and say whether there were any."""
        with self._part() as part:
            if part is None:
                return self._rest()
            ids = [upload.id for upload in part.uploads]
            errors: Mapping[str, Exception]
            try:
                errors = self._complete(part)
            except LibrarianError as error:
                logger.warning("Batch %s is not completed yet: %s", part.place.batch_id, error)
                errors = dict.fromkeys(ids, error)
            except Exception as error:
                # Whatever it is: the other batches come in their turn.
                logger.exception("Batch %s is not completed yet.", part.place.batch_id)
                errors = dict.fromkeys(ids, error)
            self._put_off.note(ids, errors)
            is_away = any(isinstance(error, NotReachableError) for error in errors.values())
            self._stores_put_off.note([part.store_id], [part.store_id] if is_away else [])
            return True

    def _rest(self) -> bool:
        """Pause while something is only put off for a moment, and say whether anything is."""
        if self._put_off.has_any():
            self._resting.wait(FIRST_BACK_OFF_SECONDS)
        return self._put_off.has_any()

    @contextmanager
    def _part(self) -> Iterator[ArrivedPart | None]:
        large = self._large.acquire(blocking=False)
        part = None
        ids: set[str] = set()
        try:
            with self._lock:
                part = self._find_part(large=large)
                ids = {upload.id for upload in part.uploads} if part else set()
                self._taken |= ids
            if large and not (part and part.is_large):
                self._large.release()
                large = False
            yield part
        finally:
            with self._lock:
                self._taken -= ids
            if large:
                self._large.release()

    def _find_part(self, *, large: bool) -> ArrivedPart | None:
        with self._database.readings.begin() as db:
            batch_ids = find_arrived_batches(db)
            self._put_off.keep_only(lambda upload_id: batch_of(upload_id) in batch_ids)
            passed = Passed(
                self._taken | self._put_off.waiting(),
                self._stores_put_off.waiting(),
                self._put_off.tries(),
            )
            for batch_id in self._in_turn(batch_ids):
                if part := find_arrived_part(db, batch_id, passed, large=large):
                    self._last_batch_id = batch_id
                    return part
        return None

    def _in_turn(self, batch_ids: Sequence[str]) -> list[str]:
        """Return batches beginning after the last: one that fails and fails keeps none waiting."""
        return sorted(batch_ids, key=lambda one: (one <= self._last_batch_id, one))

    def _complete(self, part: ArrivedPart) -> dict[str, LibrarianError]:
        """Take files of a batch as far as they go now; return why each is not settled that is not.

        One that cannot be completed says nothing of the others.
        """
        errors = self._adopt(part) if part.by_rsync else {}
        answers = self._ingest.finish([u.id for u in part.uploads if u.id not in errors])
        reach("incoming.recorded")
        self._tell(part.place.batch_id, answers)
        for upload_id, answer in answers.items():
            if isinstance(answer, LibrarianError) and not _is_settled(answer):
                errors[upload_id] = answer
        return errors

    def _adopt(self, part: ArrivedPart) -> dict[str, LibrarianError]:
        """Move what rsync brought; return why each cannot be verified now that cannot."""
        errors = self._agents.adopt(part)
        reach("incoming.adopted")
        if failure := next(filter(None, errors), None):
            logger.warning("Of batch %s not all was found: %s", part.place.batch_id, failure)
        # What is not there is said so by the verification, which fails it.
        return {
            upload.id: error
            for upload, error in zip(part.uploads, errors, strict=True)
            if error is not None and not isinstance(error, (NotFoundError, InvalidRequestError))
        }

    def _tell(self, batch_id: str, answers: Mapping[str, Answer]) -> None:
        done = [upload_id for upload_id, answer in answers.items() if isinstance(answer, KnownFile)]
        for upload_id, answer in answers.items():
            if isinstance(answer, LibrarianError) and _is_settled(answer):
                logger.warning("Upload %s has failed: %s", upload_id, answer)

        def tell(db: Session) -> None:
            if done and note_arrivals(db, batch_id, done):
                self._wakeups.notify(db, CONFIRMATIONS)
            self._wakeups.notify(db, incoming_topic(batch_id))
            self._wakeups.notify(db, UPLOADS)

        if any(map(_is_settled, answers.values())):
            run_transaction(self._database.transactions, tell)


def _is_settled(answer: Answer) -> bool:
    # A StateError is that of an upload that was given up meanwhile.
    return isinstance(answer, _SETTLED) or type(answer) is StateError
