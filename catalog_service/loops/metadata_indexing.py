"""Makes the indexes of metadata keys that are new."""

from typing import Protocol

from catalog_service.database import Database
from catalog_service.metadata_indexes import ensure_metadata_indexes


class IndexingParts(Protocol):
    """What of the catalogue the loop needs."""

    @property
    def database(self) -> Database:
        """The catalogue's database."""
        ...


class MetadataIndexing:
    """Indexes one key a turn."""

    def __init__(self, catalog: IndexingParts) -> None:
        self._database = catalog.database

    def run_once(self) -> bool:
        """Index a key, and say whether there was one that had no index."""
        return ensure_metadata_indexes(self._database)
