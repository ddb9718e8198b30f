"""The transfers of a batch while it is driven, and how far each has come."""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto
from typing import TypeVar

from librarian.v1 import transfer_records_pb2 as pb
from librarian.v1 import transfers_pb2

_ENDED = (
    transfers_pb2.Transfer.CONFIRMED,
    transfers_pb2.Transfer.FAILED,
    transfers_pb2.Transfer.CANCELLED,
    transfers_pb2.Transfer.DECLINED,
)


# What one call takes of a batch: the transactions behind it are short by that.
_CALL_ITEMS = 1000

_Thing = TypeVar("_Thing")


def in_calls(things: Sequence[_Thing]) -> Iterator[Sequence[_Thing]]:
    """Yield as many at a time as one call takes."""
    for start in range(0, len(things), _CALL_ITEMS):
        yield things[start : start + _CALL_ITEMS]


class Stage(Enum):
    """How far a transfer has come under this claim."""

    WAITING = auto()  # It must be offered.
    EXPECTED = auto()  # The neighbour has a place for it; its bytes must be brought.
    SENT = auto()  # The neighbour was told that all is there, and verifies.
    SUSPECT = auto()  # It failed, and the copy here must be looked at.
    ENDED = auto()  # Nothing more is to be done for it.


@dataclass
class Item:
    """A transfer of the batch."""

    transfer: pb.BatchTransfer
    upload_id: str
    stage: Stage
    error: str = ""

    @property
    def id(self) -> int:
        """Return the transfer's number."""
        return self.transfer.transfer_id

    @property
    def size_bytes(self) -> int:
        """Return the size of the file."""
        return self.transfer.file.size_bytes


class Batch:
    """The transfers of a batch, for several threads."""

    def __init__(
        self, transfers: Iterable[pb.BatchTransfer], withdrawn_upload_ids: Iterable[str] = ()
    ) -> None:
        self._changed = threading.Condition()
        self._items = {t.transfer_id: Item(t, t.upload_id, _first_stage(t)) for t in transfers}
        self._withdrawals = [
            item.upload_id
            for item in self._items.values()
            if item.transfer.state == transfers_pb2.Transfer.CANCELLED and item.upload_id
        ]
        self._withdrawals += withdrawn_upload_ids
        self._interrupts: list[Callable[[], None]] = []
        self._closed = False
        # Bytes of the push under way that are there.
        self.pushed_bytes = 0

    def at(self, stage: Stage) -> list[Item]:
        """Return the transfers at a stage, in their order."""
        with self._changed:
            return [item for item in self._items.values() if item.stage is stage]

    def by_upload(self, upload_ids: Iterable[str]) -> dict[str, Item]:
        """Return the transfers, not ended yet, that have these uploads: ask for many at once."""
        with self._changed:
            open_items = [i for i in self._items.values() if i.stage is not Stage.ENDED]
            known = {item.upload_id: item for item in open_items if item.upload_id}
            return {upload_id: known[upload_id] for upload_id in upload_ids if upload_id in known}

    def move(self, items: Iterable[Item], stage: Stage) -> list[Item]:
        """Bring transfers to a stage, and return those that had not ended."""
        with self._changed:
            moved = [item for item in items if item.stage is not Stage.ENDED]
            for item in moved:
                item.stage = stage
            self._changed.notify_all()
            return moved

    def cancel(self, transfer_ids: Iterable[int]) -> None:
        """Leave transfers out from now on, and remember to withdraw them."""
        with self._changed:
            found = [self._items[key] for key in transfer_ids if key in self._items]
            cancelled = [item for item in found if item.stage is not Stage.ENDED]
            interrupts = [] if all(i.stage is Stage.SENT for i in cancelled) else self._interrupts
            for item in cancelled:
                item.stage = Stage.ENDED
            self._withdrawals += [item.upload_id for item in cancelled if item.upload_id]
            interrupts = list(interrupts)
            self._changed.notify_all()
        for interrupt in interrupts:
            interrupt()

    def note_upload(self, item: Item, upload_id: str) -> None:
        """Note the upload that the neighbour has for a transfer."""
        with self._changed:
            # It was cancelled while it was being offered.
            if item.stage is Stage.ENDED and upload_id not in ("", item.upload_id):
                self._withdrawals.append(upload_id)
            item.upload_id = upload_id or item.upload_id

    def take_withdrawals(self) -> list[str]:
        """Return the uploads to give up at the neighbour, once."""
        with self._changed:
            taken, self._withdrawals = self._withdrawals, []
            return taken

    @contextmanager
    def interrupting(self, interrupt: Callable[[], None], items: Iterable[Item]) -> Iterator[None]:
        """Have something interrupted when a transfer whose bytes may be moving is cancelled.

        `items` are those that it was begun with.
        """
        with self._changed:
            self._interrupts.append(interrupt)
            # Under the lock: whoever cancels has either seen this one, or is seen here.
            is_late = any(item.stage is Stage.ENDED for item in items)
        if is_late:
            interrupt()
        try:
            yield
        finally:
            with self._changed:
                self._interrupts.remove(interrupt)

    def wait_for_sent(self) -> bool:
        """Wait until the neighbour verifies something; return False when all is over."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._has(Stage.SENT))
            return not self._closed

    def wait_for_change(self, seconds: float) -> bool:
        """Wait while the neighbour verifies; say whether it still does."""
        with self._changed:
            if self._has(Stage.SENT) and not self._withdrawals and not self._closed:
                self._changed.wait(seconds)
            return self._has(Stage.SENT)

    def close(self) -> None:
        """Let those go who wait."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def bytes_done(self) -> int:
        """Return the bytes of the batch that are at the neighbour."""
        with self._changed:
            there = [i for i in self._items.values() if i.stage in (Stage.SENT, Stage.ENDED)]
            total = sum(item.size_bytes for item in self._items.values())
            return min(total, sum(item.size_bytes for item in there) + self.pushed_bytes)

    def _has(self, stage: Stage) -> bool:
        return any(item.stage is stage for item in self._items.values())


def _first_stage(transfer: pb.BatchTransfer) -> Stage:
    return Stage.ENDED if transfer.state in _ENDED else Stage.WAITING
