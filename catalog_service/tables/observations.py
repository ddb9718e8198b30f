"""Observations and observing sessions."""

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from catalog_service.tables.base import Base


class ObservingSession(Base):
    """A run of adjoining observations; its id is its first obsid."""

    __tablename__ = "observing_session"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    # Julian dates in days, UTC.
    start_time_jd: Mapped[float]
    stop_time_jd: Mapped[float]
    # Counts that people search by; kept by whoever adds to them.
    observation_count: Mapped[int] = mapped_column(default=0, server_default="0")
    file_count: Mapped[int] = mapped_column(default=0, server_default="0")
    total_bytes: Mapped[int] = mapped_column(default=0, server_default="0")

    __table_args__ = (Index(None, "start_time_jd"),)


class Observation(Base):
    """One stretch of data taking; its obsid is its start in whole GPS seconds."""

    __tablename__ = "observation"

    obsid: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    # Julian dates in days, UTC; the stop may not be known.
    start_time_jd: Mapped[float]
    stop_time_jd: Mapped[float | None]
    # Local sidereal time of the start in hours, [0, 24), when known.
    start_lst_hr: Mapped[float | None]
    session_id: Mapped[int | None] = mapped_column(ForeignKey("observing_session.id"))
    # Counts that people search by; kept by whoever adds files.
    file_count: Mapped[int] = mapped_column(default=0, server_default="0")
    total_bytes: Mapped[int] = mapped_column(default=0, server_default="0")

    __table_args__ = (
        Index(None, "session_id"),
        Index(None, "start_time_jd"),
        Index(None, "start_lst_hr"),
    )
