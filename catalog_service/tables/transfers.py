"""Transfers to neighbours, and the batches that they travel in."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from catalog_service.tables.base import Base, BigKey, name_type


class Transfer(Base):
    """A file on its way to a neighbour; once it has ended it never changes."""

    __tablename__ = "transfer"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("file.id"))
    librarian_id: Mapped[int] = mapped_column(ForeignKey("librarian.id"))
    # The file until the transfer ends, so that a file is on its way to a neighbour only once.
    claimed_file_id: Mapped[int | None]
    # Standing order that queued it, and its name, which stays when the order is deleted; 0 and
    # empty when a person queued it.
    lane: Mapped[int] = mapped_column(default=0, server_default="0")
    order_name: Mapped[str] = mapped_column(name_type(64), default="", server_default="")
    # Account that queued it.
    owner: Mapped[str] = mapped_column(name_type(64))
    priority: Mapped[int]
    size_bytes: Mapped[int]
    # QUEUED, OFFERED, SENDING, SENT, CONFIRMED, FAILED, CANCELLED or DECLINED.
    state: Mapped[str] = mapped_column(name_type(16))
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    # While it is in a batch: that, the instance to send, and its upload at the neighbour.
    batch_id: Mapped[str | None] = mapped_column(ForeignKey("transfer_batch.id"), index=True)
    instance_id: Mapped[int | None] = mapped_column(ForeignKey("instance.id"))
    upload_id: Mapped[str] = mapped_column(name_type(48), default="", server_default="")
    # Last error, in a sentence, and whose fault: SOURCE, LINK, DESTINATION, FILE, or empty.
    error: Mapped[str] = mapped_column(Text, default="", server_default="")
    fault: Mapped[str] = mapped_column(name_type(16), default="", server_default="")
    # Not before; moves on when an attempt failed.
    run_time: Mapped[datetime]
    create_time: Mapped[datetime]
    update_time: Mapped[datetime]
    start_time: Mapped[datetime | None]
    end_time: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("librarian_id", "claimed_file_id"),
        Index(None, "file_id", "librarian_id"),
        # A lane's queue, in its order.
        Index(None, "librarian_id", "lane", "state", "run_time", "id"),
        # What people look at and change: of a neighbour or an order, by state, in order.
        Index(None, "librarian_id", "state", "id"),
        Index(None, "librarian_id", "lane", "state", "id"),
    )


class TransferBatch(Base):
    """Transfers that travel together; the row goes when none is left in it."""

    __tablename__ = "transfer_batch"

    # Random, 32 hexadecimal digits: the neighbour knows it by it.
    id: Mapped[str] = mapped_column(name_type(32), primary_key=True)
    librarian_id: Mapped[int] = mapped_column(ForeignKey("librarian.id"), index=True)
    lane: Mapped[int]
    # Account there that offers it: the neighbour takes it from no other. Empty when not known.
    account_name: Mapped[str] = mapped_column(name_type(64), default="", server_default="")
    # Agent that has all of its instances.
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"))
    # The lease: who has it (null: nobody), until when, and the number its writes must carry.
    worker: Mapped[str | None] = mapped_column(name_type(64))
    lease_until: Mapped[datetime | None]
    fence: Mapped[int] = mapped_column(default=0, server_default="0")
    # Way that was taken: SHARED, RSYNC or STREAM; empty before one was.
    way: Mapped[str] = mapped_column(name_type(16), default="", server_default="")
    # Uploads there to be given up, of transfers that have left it: with spaces between.
    withdrawals: Mapped[str] = mapped_column(Text, default="", server_default="")
    bytes_total: Mapped[int]
    bytes_done: Mapped[int] = mapped_column(default=0, server_default="0")
    # Bytes that were done when the present worker took it, and when that was, for the rate.
    bytes_at_claim: Mapped[int] = mapped_column(default=0, server_default="0")
    claim_time: Mapped[datetime | None]
    create_time: Mapped[datetime]
