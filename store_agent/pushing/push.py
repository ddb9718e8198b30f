"""One push: the ways in their order, on a thread of its own, and how far it is."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from librarian.errors import BusyError, InvalidRequestError
from librarian.service.killpoints import reach
from store_agent.pushing.fences import PushFences, Running
from store_agent.pushing.ways import (
    Cause,
    Progress,
    Push,
    PushFile,
    Settled,
    TroubleError,
    Way,
    WayName,
)
from store_agent.reading import Stop
from store_agent.staging_places import check_upload_id

logger = logging.getLogger(__name__)

_REPORT_SECONDS = 0.5


class Report(NamedTuple):
    """How far a push is: what was settled since the last report, and all bytes that are there."""

    files: list[Settled]
    bytes_done: int
    way: WayName | None
    trouble: TroubleError | None = None


class Pusher:
    """Pushes batches, by the ways that it is given; without any other wish, in their order."""

    def __init__(self, ways: Sequence[Way]) -> None:
        self._ways = {way.name: way for way in ways}
        self._fences = PushFences()

    def push(
        self, push: Push, files: Sequence[PushFile], is_unwanted: Callable[[], bool]
    ) -> Iterator[Report]:
        """Bring files to a neighbour, and yield how far it is; the last report has the trouble.

        Raises BusyError when a later worker has the batch, and InvalidRequestError when an upload
        is not of it.
        """
        _check_uploads(push, files)
        running = self._fences.begin(push.batch_id, push.fence)
        run = _Run(push, files, self._wanted(push), _stop(running, is_unwanted))

        def work() -> None:
            try:
                run.run()
            finally:
                self._fences.end(push.batch_id, running)

        thread = threading.Thread(target=work, name=f"push-{push.batch_id[:8]}", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            # No thread is to be had: the next push of the batch must not wait for this one.
            self._fences.end(push.batch_id, running)
            raise
        try:
            while not running.over.wait(_REPORT_SECONDS):
                yield run.report()
            yield run.last_report()
        finally:
            running.told.set()

    def _wanted(self, push: Push) -> list[Way]:
        """Return the ways that both ends allow, the best first."""
        offered = push.way_in.ways or tuple(WayName)
        wanted = push.ways or tuple(self._ways)
        return [self._ways[WayName(n)] for n in wanted if n in offered and n in self._ways]


def _check_uploads(push: Push, files: Sequence[PushFile]) -> None:
    """Raise InvalidRequestError for uploads that are not the batch's: ways make paths of them."""
    for file in files:
        if check_upload_id(file.upload_id).rpartition("-")[0] != push.batch_id:
            raise InvalidRequestError(f"Upload {file.upload_id} is not of batch {push.batch_id}.")


def _stop(running: Running, is_unwanted: Callable[[], bool]) -> Stop:
    return Stop(lambda: running.told.is_set() or is_unwanted())


class _Run:
    """The work of one push; reports are taken from another thread."""

    def __init__(
        self, push: Push, files: Sequence[PushFile], ways: Sequence[Way], stop: Stop
    ) -> None:
        self._push = push
        self._files = files
        self._ways = ways
        self._stop = stop
        self._progress = Progress()
        self._way: WayName | None = None
        self._error: Exception | None = None

    def run(self) -> None:
        """Bring all; an error is kept for the last report."""
        try:
            self._bring()
            reach("agent.pushed")
        except Exception as error:
            self._error = error
            if not isinstance(error, BusyError):
                logger.warning("Push %s: %s", self._push.batch_id, error)

    def report(self) -> Report:
        """Return how far it is."""
        return Report(*self._progress.take(), self._way)

    def last_report(self) -> Report:
        """Return how it ended; raise what was neither a file's error nor the neighbour's."""
        if self._error is not None and not isinstance(self._error, TroubleError):
            raise self._error
        return self.report()._replace(trouble=self._error)

    def _bring(self) -> None:
        reasons: list[str] = []
        for way in self._ways:
            reason = self._try(way)
            if reason is None:
                return
            logger.info("Push %s: not by %s: %s", self._push.batch_id, way.name.name, reason)
            reasons.append(f"{way.name.name}: {reason}")
        raise TroubleError(Cause.MISCONFIGURED, _no_way(self._push.librarian_name, reasons))

    def _try(self, way: Way) -> str | None:
        """Bring what is left by one way; return why it cannot be taken, if it cannot."""
        self._stop.check()
        problem = way.problem(self._push)
        if problem is not None:
            return problem
        self._way = way.name
        try:
            way.bring(self._push, self._progress.left(self._files), self._progress, self._stop)
        except TroubleError as trouble:
            if trouble.cause is not Cause.MISCONFIGURED:
                raise
            return str(trouble)
        return None


def _no_way(librarian_name: str, reasons: Sequence[str]) -> str:
    if not reasons:
        return f"{librarian_name} and this site allow no way in common to bring files there."
    return f"No way to bring files to {librarian_name} works. {' '.join(reasons)}"
