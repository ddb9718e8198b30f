"""Searches that people keep by name."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from catalog_service.tables.base import Base, BigKey, name_type


class SavedSearch(Base):
    """A search with a name, which stands for it as `@name`."""

    __tablename__ = "saved_search"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    # Unique among its owner's.
    name: Mapped[str] = mapped_column(name_type(64))
    # As it was typed.
    search: Mapped[str] = mapped_column(Text)
    # What it finds: files, observations or sessions.
    item_kind: Mapped[str] = mapped_column(name_type(16))
    # Whether others may use it.
    shared: Mapped[bool]
    update_time: Mapped[datetime]

    __table_args__ = (UniqueConstraint("account_id", "name"), Index(None, "name"))
