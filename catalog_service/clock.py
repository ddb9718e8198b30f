"""The one clock by which leases are judged."""

from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session


def database_time(db: Session) -> datetime:
    """Return the database's time: the processes' own clocks may differ.

    SQLite has none of its own; it and its only process share the host's.
    """
    if db.get_bind().dialect.name == "sqlite":
        return datetime.now(UTC)
    time: datetime = db.execute(select(func.clock_timestamp())).scalar_one()
    return time.astimezone(UTC)
