"""A million files put into the catalogue of a bench's site, past all that slows single rows."""

import os

from catalog_service.database import open_database
from tests.benchmarks.bench_sites import Bench, opened
from tests.benchmarks.search.fill import fill
from tests.benchmarks.search.sites import index_metadata
from tests.system.neighbours import NEIGHBOUR

# Fewer to see quickly whether the cases still run.
SIZE = int(os.environ.get("LIBRARIAN_BENCH_FILES", "1000000"))


def fill_catalogue(bench: Bench) -> int:
    """Fill the catalogue, which is stopped meanwhile; return how many files could be sent then."""
    bench.site.stop_service("catalog_service")
    fill(bench.site_url, SIZE)
    index_metadata(bench.site_url)
    bench.site.restart("catalog_service")
    with opened(bench.open_catalog()) as catalog:
        query = "SELECT count(DISTINCT file_id) FROM instance WHERE available"
        return int(catalog.fetch(query)[0][0])


def add_neighbour(bench: Bench) -> None:
    """Put a neighbour on record that nobody needs to reach."""
    with bench.site.librarian() as site:
        site.add_librarian(NEIGHBOUR, "127.0.0.1:1", "telescope:lib_none", check=False)


def believe_all_there(bench: Bench) -> None:
    """Put on record that the neighbour has every file."""
    with opened(bench.open_catalog()) as catalog:
        catalog.begin()
        catalog.execute(
            "INSERT INTO remote_instance (file_id, file_name, librarian_id, confirm_time)"
            " SELECT file.id, file.name, librarian.id, librarian.create_time FROM file, librarian"
        )
        catalog.execute(
            "UPDATE librarian SET remote_instance_count = (SELECT count(*) FROM remote_instance)"
        )
        catalog.commit()
    if bench.database == "postgresql":
        _vacuum(bench)


def _vacuum(bench: Bench) -> None:
    """Do what PostgreSQL does by itself minutes after so many new rows, in the midst of things."""
    database = open_database(bench.site_url)
    alone = database.engine.execution_options(isolation_level="AUTOCOMMIT")
    with alone.connect() as connection:
        connection.exec_driver_sql("VACUUM (ANALYZE) remote_instance")
    database.dispose()
