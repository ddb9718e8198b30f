"""Has SQLite's planner learn how the values of a growing catalogue are spread.

PostgreSQL does so by itself.
"""

from typing import Protocol

from catalog_service.database import Database

# Rows that are looked at of each index: enough to choose between indexes, and done in a moment.
_ROWS_ANALYSED = 1000


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
            with self._database.engine.begin() as connection:
                connection.exec_driver_sql(f"PRAGMA analysis_limit={_ROWS_ANALYSED}")
                connection.exec_driver_sql("ANALYZE")
            # Connections that are open keep to what they knew.
            self._database.dispose()
        return False
