"""Standing orders, and the files that they have yet to look at."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from catalog_service.tables.base import Base, BigKey, name_type


class StandingOrder(Base):
    """A search whose matches are pushed to a neighbour."""

    __tablename__ = "standing_order"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    name: Mapped[str] = mapped_column(name_type(64), unique=True)
    librarian_id: Mapped[int] = mapped_column(ForeignKey("librarian.id"), index=True)
    search: Mapped[str] = mapped_column(Text)
    # 1 to 100: its share of the link, beside those of others.
    priority: Mapped[int]
    # `HH:MM-HH:MM` or empty for always; time zone, or empty for UTC.
    hours: Mapped[str] = mapped_column(name_type(16), default="", server_default="")
    timezone: Mapped[str] = mapped_column(name_type(64), default="", server_default="")
    # Most bytes a second; 0 for no limit.
    bandwidth: Mapped[int] = mapped_column(default=0, server_default="0")
    enabled: Mapped[bool]
    # Account that made it: saved searches in its search are as that one sees them.
    owner: Mapped[str] = mapped_column(name_type(64))
    create_time: Mapped[datetime]
    sent_count: Mapped[int] = mapped_column(default=0, server_default="0")
    sent_bytes: Mapped[int] = mapped_column(default=0, server_default="0")
    # What is wrong with it, in a sentence.
    error: Mapped[str] = mapped_column(Text, default="", server_default="")
    # While it looks at all files: the key of the last one that it has looked at; else null.
    fill_after_id: Mapped[int | None]
    # When it last had looked at all files; null before.
    fill_time: Mapped[datetime | None]
    # Share of the link that it has had: see `transfer_lanes.py`.
    share: Mapped[float] = mapped_column(default=0.0, server_default="0")

    # Transfers name their order by its key, which no later order may have.
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 - SQLAlchemy reads a dictionary.


class FileNews(Base):
    """A file that is new or has changed since standing orders looked at it."""

    __tablename__ = "file_news"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("file.id"))

    __table_args__ = (Index(None, "file_id"),)
