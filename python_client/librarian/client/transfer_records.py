"""What calls about transfers return, and how it is read from messages."""

from dataclasses import dataclass
from datetime import datetime

from librarian.client.messages import find_time, find_value, read_time
from librarian.client.records import Record
from librarian.v1 import transfers_pb2 as pb


@dataclass(frozen=True, slots=True)
class Transfer(Record):
    """A file on its way to another librarian; `batch_*` tell of the batch that it travels in."""

    id: int
    file_name: str
    librarian: str
    state: str
    order: str
    owner: str
    size_bytes: int
    priority: int
    attempts: int
    error: str
    fault: str
    create_time: datetime
    update_time: datetime
    next_try_time: datetime | None
    start_time: datetime | None
    end_time: datetime | None
    store: str
    batch_id: str
    way: str
    batch_bytes_done: int
    batch_bytes_total: int
    batch_seconds_left: float | None


@dataclass(frozen=True, slots=True)
class TransferPage(Record):
    """One page of transfers; the token of the next is empty on the last."""

    transfers: list[Transfer]
    next_page_token: str


@dataclass(frozen=True, slots=True)
class Sent(Record):
    """What became of the files that were to be sent; the last three are for waiting."""

    librarian: str
    queued_count: int = 0
    queued_bytes: int = 0
    # Believed to be there already.
    there_count: int = 0
    # On their way already.
    active_count: int = 0
    # Without an available copy here.
    without_instance_count: int = 0
    # The first and the last transfer queued: others' may lie between.
    first_id: int = 0
    last_id: int = 0
    # Account that queued them.
    owner: str = ""

    @property
    def file_count(self) -> int:
        """Return how many files matched."""
        others = self.there_count + self.active_count + self.without_instance_count
        return self.queued_count + others


@dataclass(frozen=True, slots=True)
class Changed(Record):
    """How many transfers were changed, and how many stay as they are."""

    changed_count: int = 0
    unchanged_count: int = 0


@dataclass(frozen=True, slots=True)
class ThereExplanation(Record):
    """Why a file is at another librarian, or not yet: the most telling sentence first."""

    librarian: str
    present: bool
    sentences: list[str]
    transfer: Transfer | None


@dataclass(frozen=True, slots=True)
class FileExplanation(Record):
    """Why a file is where it is."""

    here: list[str]
    there: list[ThereExplanation]


def read_sent(message: pb.QueueTransfersResponse, librarian: str) -> Sent:
    """Return what became of files that were to be sent."""
    return Sent(
        librarian,
        message.queued_count,
        message.queued_bytes,
        message.there_count,
        message.active_count,
        message.without_instance_count,
        message.first_id,
        message.last_id,
        message.owner,
    )


def read_transfer(message: pb.Transfer) -> Transfer:
    """Return a transfer."""
    return Transfer(
        id=message.id,
        file_name=message.file_name,
        librarian=message.librarian_name,
        state=pb.Transfer.State.Name(message.state),
        order=message.order_name,
        owner=message.owner,
        size_bytes=message.size_bytes,
        priority=message.priority,
        attempts=message.attempts,
        error=message.error,
        fault=pb.Transfer.Fault.Name(message.fault) if message.fault else "",
        create_time=read_time(message.create_time),
        update_time=read_time(message.update_time),
        next_try_time=find_time(message, "next_try_time"),
        start_time=find_time(message, "start_time"),
        end_time=find_time(message, "end_time"),
        store=message.store_name,
        batch_id=message.batch_id,
        way=message.way,
        batch_bytes_done=message.batch_bytes_done,
        batch_bytes_total=message.batch_bytes_total,
        batch_seconds_left=find_value(message, "batch_seconds_left"),
    )


def read_there(message: pb.Explanation) -> ThereExplanation:
    """Return what holds at another librarian."""
    return ThereExplanation(
        librarian=message.librarian_name,
        present=message.present,
        sentences=list(message.sentences),
        transfer=read_transfer(message.transfer) if message.HasField("transfer") else None,
    )
