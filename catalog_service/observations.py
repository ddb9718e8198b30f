"""Observations on record."""

from sqlalchemy.orm import Session

from catalog_service.tables import Observation
from librarian.errors import NotFoundError


def get_observation(db: Session, obsid: int) -> Observation:
    """Return an observation, or raise NotFoundError."""
    found = db.get(Observation, obsid)
    if found is None:
        raise NotFoundError(f"There is no observation {obsid} on record: correct the obsid.")
    return found
