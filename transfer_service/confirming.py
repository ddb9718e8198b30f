"""Watching what becomes of a batch at the neighbour, and reporting it as it comes."""

import logging
import threading
import time
from collections.abc import Iterable
from typing import Any

from librarian.errors import (
    BusyError,
    ConflictError,
    CorruptContentsError,
    InvalidRequestError,
    LibrarianError,
    NotReachableError,
    StoreFullError,
    WaitTimedOutError,
)
from librarian.failures import error_from
from librarian.v1 import incoming_pb2
from transfer_service.batches import Item, Stage
from transfer_service.brakes import Patience
from transfer_service.parts import Fault, PushParts, State
from transfer_service.reasons import Cause, TroubleError, trouble_from

logger = logging.getLogger(__name__)

# A link may break off and be back; only then is the batch kept for later.
_LINK_PATIENCE_SECONDS = 15.0
_FOREVER_SECONDS = float("inf")


class Watcher:
    """A thread that asks the neighbour what is settled, whenever something was sent."""

    def __init__(self, parts: PushParts) -> None:
        self._parts = parts
        self._link = Patience(parts.brake.wait, _LINK_PATIENCE_SECONDS)
        self._pauses = Patience(parts.brake.wait, _FOREVER_SECONDS)
        self._stream: Any = None
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def end(self) -> None:
        """End the thread: the batch is closed."""
        self._ended = True
        stream = self._stream
        if stream is not None:
            stream.cancel()
        self._thread.join()

    def _run(self) -> None:
        with self._parts.brake.cancelling(self._parts.batch.close):
            try:
                while self._parts.batch.wait_for_sent():
                    self._ask()
            except Exception as reason:
                self._parts.brake.pull(reason)

    def _ask(self) -> None:
        """Read answers until the stream ends; pause before asking again unless it told news."""
        started = time.monotonic()
        try:
            news, done = self._read_stream()
        except (BusyError, WaitTimedOutError):
            # It does not say that anything is wrong: it has no time to be watched.
            self._pauses.pause()
        except LibrarianError as error:
            self._bear(error, held_seconds=time.monotonic() - started)
        else:
            self._pause_without(news, done)

    def _bear(self, error: LibrarianError, held_seconds: float) -> None:
        """Pause after a link that broke off, unless it does so too long; raise what is else."""
        if held_seconds > _LINK_PATIENCE_SECONDS:
            self._link.reset()
        if not isinstance(error, NotReachableError) or not self._link.pause():
            raise trouble_from(error, self._parts.neighbour.name) from error

    def _pause_without(self, news: bool, done: bool) -> None:
        if news:
            self._link.reset()
            self._pauses.reset()
        elif not done:
            self._pauses.pause()
        elif not self._link.pause():
            raise TroubleError(
                Cause.UNREACHABLE,
                f"{self._parts.neighbour.name} does not know what became of files that were sent.",
            )

    def _read_stream(self) -> tuple[bool, bool]:
        """Return whether there was news, and whether the neighbour has no more."""
        news = False
        self._stream = stream = self._parts.neighbour.watch()
        if self._ended:
            stream.cancel()
        with self._parts.brake.cancelling(stream.cancel):
            try:
                for answer in stream:
                    self._parts.brake.check()
                    news = self._settle(answer.files) or news
                    if answer.done or not self._parts.batch.at(Stage.SENT):
                        return news, answer.done
            except LibrarianError:
                self._parts.brake.check()
                if not self._ended:
                    raise
            finally:
                stream.cancel()
        return news, False

    def _settle(self, files: Iterable[incoming_pb2.SettledFile]) -> bool:
        """Report what is settled; say whether anything was that had not been told before."""
        confirmed: list[tuple[Item, str]] = []
        failed: list[tuple[Item, LibrarianError]] = []
        settled = {file.upload_id: file for file in files}
        for upload_id, item in self._parts.batch.by_upload(settled).items():
            file = settled[upload_id]
            if not file.HasField("failure"):
                confirmed.append((item, file.checksum))
            elif item.stage is Stage.SENT:
                failed.append((item, error_from(file.failure.reason, file.failure.message)))
        self._parts.confirm(confirmed)
        for item, error in failed:
            self._fail(item, error)
        return bool(confirmed or failed)

    def _fail(self, item: Item, error: LibrarianError) -> None:
        item.error = str(error)
        logger.info("%s: %s", item.transfer.file.name, error)
        match error:
            case CorruptContentsError():
                # Whether the copy here or the way there is to blame is seen by reading it.
                self._parts.batch.move([item], Stage.SUSPECT)
            case ConflictError() | InvalidRequestError():
                self._parts.fail([item], State.DECLINED, Fault.FILE)
            case StoreFullError():
                self._parts.fail([item], State.FAILED, Fault.DESTINATION)
            case _:
                self._parts.fail([item], State.FAILED, Fault.LINK)
