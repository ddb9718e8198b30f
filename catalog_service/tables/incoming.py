"""Batches that neighbours push to this site."""

from datetime import datetime

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from catalog_service.tables.base import Base, name_type


class IncomingBatch(Base):
    """Files that a neighbour offered together; each is an upload of its account."""

    __tablename__ = "incoming_batch"

    # Chosen at random there; uploads of the batch are `<id>-<number>`.
    id: Mapped[str] = mapped_column(name_type(32), primary_key=True)
    # Account with which the neighbour signs in here: no other may touch the batch.
    account_name: Mapped[str] = mapped_column(name_type(64))
    # Identity and name of the site that it says it is.
    site_id: Mapped[str] = mapped_column(name_type(36))
    site_name: Mapped[str] = mapped_column(Text)
    # Store that takes it; null until a file of it was accepted.
    store_id: Mapped[int | None] = mapped_column(ForeignKey("store.id"))
    # Highest fencing number that was seen: calls with a lower one are refused.
    fence: Mapped[int]
    # Way by which the bytes came: SHARED, RSYNC or STREAM; empty before any did.
    way: Mapped[str] = mapped_column(name_type(16), default="", server_default="")
    create_time: Mapped[datetime]
