"""Has SQLite's planner learn how the values of a growing catalogue are spread.

PostgreSQL does so by itself.
"""

from typing import Protocol

from catalog_service.database import Database


class StatisticsParts(Protocol):
    """What of the catalogue the loop needs."""

    @property
    def database(self) -> Database:
        """The catalogue's database."""
        ...


class PlannerStatistics:
    """Learns once a turn."""

    def __init__(self, catalog: StatisticsParts) -> None:
        self._database = catalog.database

    def run_once(self) -> bool:
        """Learn, and say that the next time is later."""
        if self._database.is_sqlite:
            # Of all rows: from a part of them it learned too little to choose between indexes.
            with self._database.engine.begin() as connection:
                connection.exec_driver_sql("ANALYZE")
            # Connections that are open keep to what they knew.
            self._database.dispose()
        return False
