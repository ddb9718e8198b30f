"""Files that are put on record at once, as plain functions."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from catalog_service.observation_rules import ObservationFacts
from catalog_service.recording import NewInstance, record_instances
from catalog_service.tables import Store
from catalog_service.uploads import find_files


def new_instance(
    name: str, store: Store, size_bytes: int = 10, observation: ObservationFacts | None = None
) -> NewInstance:
    """Describe a copy to put on record."""
    checksum = "blake3:00"
    return NewInstance(
        name, size_bytes, checksum, observation, "rtp", store.id, store.name, "2458432"
    )


def record_new(db: Session, items: Sequence[NewInstance]) -> None:
    """Put copies on record, as whoever brings files in does."""
    known = {name: file.id for name, file in find_files(db, [i.file_name for i in items]).items()}
    record_instances(db, items, known)


def facts(obsid: int, start: float, lst: float | None) -> ObservationFacts:
    """Describe an observation."""
    return ObservationFacts(obsid, start, start + 0.004, lst)
