"""Uploads: contents on their way in."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from catalog_service.tables.base import Base, name_type


class Upload(Base):
    """Contents on their way in, and the space that is reserved for them."""

    __tablename__ = "upload"

    # `<batch>-<number>`: the batch is random, and has one write ticket.
    id: Mapped[str] = mapped_column(name_type(48), primary_key=True)
    # Who asked, and the key that makes asking again the same upload.
    account_name: Mapped[str] = mapped_column(name_type(64))
    request_id: Mapped[str] = mapped_column(name_type(128))
    # What was asked for.
    file_name: Mapped[str] = mapped_column(name_type(255))
    parent_dirs: Mapped[str] = mapped_column(name_type(1024))
    size_bytes: Mapped[int]
    null_obsid: Mapped[bool]
    deletion_allowed: Mapped[bool]
    # Observation as the caller said it, later as it was resolved: JSON, or null.
    observation: Mapped[str | None] = mapped_column(Text)
    # Custom metadata of the file that it becomes, a JSON object as text.
    custom: Mapped[str] = mapped_column("metadata", Text, default="{}", server_default="{}")
    store_id: Mapped[int] = mapped_column(ForeignKey("store.id"))
    # RECEIVING, VERIFIED, DONE, CANCELLED or FAILED.
    state: Mapped[str] = mapped_column(name_type(16))
    # Checksum said at the start, later as verified; empty when not known.
    checksum: Mapped[str] = mapped_column(name_type(140))
    # Inode of the verified contents; what has it at the destination is this upload.
    inode: Mapped[int | None]
    # The file's name from VERIFIED to DONE, so that only one upload of a name gets that far.
    claimed_name: Mapped[str | None] = mapped_column(name_type(255), unique=True)
    # Worker that is completing it, until when, and the fence of its writes.
    worker: Mapped[str | None] = mapped_column(name_type(64))
    worker_until: Mapped[datetime | None]
    fence: Mapped[int] = mapped_column(default=0, server_default="0")
    # What went wrong, in a sentence, and the reason by which `librarian.errors` names it.
    error: Mapped[str] = mapped_column(Text, default="", server_default="")
    error_reason: Mapped[str] = mapped_column(name_type(32), default="", server_default="")
    # Whether its staging place was removed from the store.
    discarded: Mapped[bool] = mapped_column(default=False, server_default=false())
    # Batch of a neighbour's that it belongs to, and the number of the transfer there.
    incoming_batch_id: Mapped[str | None] = mapped_column(ForeignKey("incoming_batch.id"))
    transfer_id: Mapped[int | None]
    # What is kept of the file's record there: source, time of creation, observing session: JSON.
    origin: Mapped[str | None] = mapped_column(Text)
    # Whether its bytes are said to be there: the catalogue then completes it by itself.
    sent: Mapped[bool] = mapped_column(default=False, server_default=false())
    # Of what arrived: how often the neighbour was told in vain; null when it is not to be told.
    untold_tries: Mapped[int | None]
    create_time: Mapped[datetime]
    # When it expires unless renewed.
    expire_time: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("account_name", "request_id"),
        Index(None, "state", "expire_time"),
        Index(None, "store_id", "state"),
        Index(None, "discarded", "state"),
        Index(None, "incoming_batch_id"),
        Index(None, "untold_tries"),
    )
