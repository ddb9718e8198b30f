"""What the whole site holds, from counts that are kept."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, literal_column, select
from sqlalchemy.orm import Session

from catalog_service.arrivals import sum_arrivals
from catalog_service.tables import Instance, Observation, ObservingSession, Store


@dataclass(frozen=True)
class Totals:
    """What the whole site holds."""

    file_count: int
    total_bytes: int
    instance_count: int
    suspect_instance_count: int
    observation_count: int
    session_count: int


def get_totals(db: Session) -> Totals:
    """Return what the whole site holds."""
    file_count, total_bytes = sum_arrivals(db)
    return Totals(
        file_count,
        total_bytes,
        int(db.scalar(select(func.sum(Store.instance_count))) or 0),
        # It has an index of its own, in which there is little.
        _count(
            db,
            select(func.count())
            .select_from(Instance)
            .where(Instance.problem != literal_column("''")),
        ),
        _count_observations(db),
        _count(db, select(func.count()).select_from(ObservingSession)),
    )


def _count_observations(db: Session) -> int:
    """Return how many there are, from what observing sessions count: few belong to none."""
    alone = select(func.count()).where(Observation.session_id.is_(None))
    return _count(db, select(func.sum(ObservingSession.observation_count))) + _count(db, alone)


def _count(db: Session, statement: Any) -> int:
    return int(db.scalar(statement) or 0)
