"""Counts that are kept, so that nobody has to count: arrivals, how full stores are, the links."""

from datetime import date

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from catalog_service.tables.base import Base, name_type


class Arrival(Base):
    """What was put on record on one day, UTC; kept by whoever records files."""

    __tablename__ = "arrival"

    day: Mapped[date] = mapped_column(primary_key=True)
    # Store that a file came to first: whoever records on it has its row anyway, so nobody waits
    # for this one too. 0 for files that had no instance when counting began.
    store_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    file_count: Mapped[int]
    total_bytes: Mapped[int]


class StoreUsage(Base):
    """How full a store was; one sample an hour."""

    __tablename__ = "store_usage"

    store_id: Mapped[int] = mapped_column(
        ForeignKey("store.id", ondelete="CASCADE"), primary_key=True
    )
    # Hours since 1 January 1970, UTC: that in which the sample was taken, near its beginning.
    hour: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    capacity_bytes: Mapped[int]
    free_bytes: Mapped[int]
    # Available instances.
    instance_count: Mapped[int]


class LinkHour(Base):
    """What was sent to a neighbour in one hour, or failed, by cause."""

    __tablename__ = "link_hour"

    # No foreign key: it would lock the neighbour's row, when others who have that wait for this.
    librarian_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    # Hours since 1 January 1970, UTC.
    hour: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    # Empty for what was confirmed; else whose fault a transfer's failure was, or the link's cause.
    cause: Mapped[str] = mapped_column(name_type(16), primary_key=True)
    # Files confirmed, or failures.
    file_count: Mapped[int]
    # Bytes confirmed.
    total_bytes: Mapped[int]

    __table_args__ = (Index(None, "hour"),)
