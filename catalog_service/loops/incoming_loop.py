"""The incoming loop: completes what neighbours sent, whether anybody waits for it or not."""

import logging
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.orm import Session

from catalog_service.agents.calls import AgentCalls
from catalog_service.agents.incoming import RemoteIncomingAgents
from catalog_service.agents.uploads import RemoteUploadAgents
from catalog_service.confirmations import note_arrivals
from catalog_service.database import Database
from catalog_service.incoming_settling import (
    ArrivedPart,
    find_arrived_batches,
    find_arrived_part,
)
from catalog_service.ingest import Ingest
from catalog_service.ingest_round import Answer
from catalog_service.retrying import run_transaction
from catalog_service.uploads import KnownFile
from catalog_service.wakeups import CONFIRMATIONS, UPLOADS, Wakeups, incoming_topic
from librarian.errors import (
    ConflictError,
    CorruptContentsError,
    InvalidRequestError,
    LibrarianError,
    NotFoundError,
    StateError,
)
from librarian.service.killpoints import reach

logger = logging.getLogger(__name__)

_FIRST_BACK_OFF_SECONDS = 0.5
_LONGEST_BACK_OFF_SECONDS = 10.0
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
        self._back_off = _BackOff()
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
            batch_id = part.place.batch_id
            ids = {upload.id for upload in part.uploads}
            try:
                is_settled = self._complete(part)
            except LibrarianError as error:
                logger.warning("Batch %s is not completed yet: %s", batch_id, error)
                is_settled = False
            except Exception:
                # Whatever it is: the other batches come in their turn.
                logger.exception("Batch %s is not completed yet.", batch_id)
                is_settled = False
            self._back_off.note(batch_id, ids, is_settled=is_settled)
            return True

    def _rest(self) -> bool:
        """Pause while some batch is only put off for a moment, and say whether one is."""
        if self._back_off.has_any():
            self._resting.wait(_FIRST_BACK_OFF_SECONDS)
        return self._back_off.has_any()

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
            self._back_off.keep_only(batch_ids)
            for batch_id in batch_ids:
                part = find_arrived_part(db, batch_id, self._taken, large=large)
                if part and self._back_off.is_over(batch_id, {u.id for u in part.uploads}):
                    return part
        return None

    def _complete(self, part: ArrivedPart) -> bool:
        """Take files of a batch as far as they go now, and say whether all are settled."""
        ids = self._adopt(part) if part.by_rsync else [upload.id for upload in part.uploads]
        answers = self._ingest.finish(ids)
        reach("incoming.recorded")
        self._tell(part.place.batch_id, answers)
        return len(ids) == len(part.uploads) and all(map(_is_settled, answers.values()))

    def _adopt(self, part: ArrivedPart) -> list[str]:
        """Move what rsync brought; return the uploads that can be verified now."""
        errors = self._agents.adopt(part)
        reach("incoming.adopted")
        if failure := next(filter(None, errors), None):
            logger.warning("Of batch %s not all was found: %s", part.place.batch_id, failure)
        # What is not there is said so by the verification, which fails it.
        return [
            upload.id
            for upload, error in zip(part.uploads, errors, strict=True)
            if error is None or isinstance(error, (NotFoundError, InvalidRequestError))
        ]

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


@dataclass(frozen=True)
class _Failure:
    """A try of a batch that settled not all of it."""

    upload_ids: frozenset[str]
    count: int
    until: float


class _BackOff:
    """Batches that could not be completed, and when each is tried again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures: dict[str, _Failure] = {}

    def is_over(self, batch_id: str, upload_ids: set[str]) -> bool:
        """Tell whether a batch may be tried: it may at once when more of it was sent."""
        with self._lock:
            last = self._failures.get(batch_id)
        return last is None or last.until <= time.monotonic() or not upload_ids <= last.upload_ids

    def has_any(self) -> bool:
        """Tell whether any batch waits to be tried again."""
        with self._lock:
            return bool(self._failures)

    def keep_only(self, batch_ids: Collection[str]) -> None:
        """Forget batches of which all is settled."""
        with self._lock:
            for batch_id in self._failures.keys() - set(batch_ids):
                del self._failures[batch_id]

    def note(self, batch_id: str, upload_ids: set[str], *, is_settled: bool) -> None:
        """Note what a try came to."""
        with self._lock:
            last = self._failures.pop(batch_id, None)
            if is_settled:
                return
            count = last.count if last else 0
            seconds = min(_LONGEST_BACK_OFF_SECONDS, _FIRST_BACK_OFF_SECONDS * 2**count)
            until = time.monotonic() + seconds
            ids = frozenset(upload_ids)
            self._failures[batch_id] = _Failure(ids, min(count + 1, 10), until)
