"""Where searches are measured: a catalogue of real processes, kept to be measured again."""

import json
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from catalog_service.database import open_database
from catalog_service.metadata_indexes import ensure_metadata_indexes
from catalog_service.tables import File
from deploy.demo.ports import find_free_port
from librarian import Librarian
from librarian.client.connections import ConnectionSettings, write_connection
from librarian.supervisor.layout import SiteDirectory, make_site_directory
from librarian.supervisor.processes import Process
from librarian.supervisor.setup import set_up
from tests.benchmarks.search.fill import fill
from tests.polling import wait_until
from tests.postgres_cluster import PostgresCluster, hand_over

STORE = "measured"
_CONNECTION = "local"
_AGENT = "agent"
_FILLED = "filled.json"
_DATABASE = "catalog"
# As a site of that size would be set up on a machine of 24 GiB, and told with the results.
SETTINGS: Mapping[str, str] = {
    "shared_buffers": "4GB",
    "effective_cache_size": "16GB",
    "work_mem": "64MB",
    "maintenance_work_mem": "1GB",
    "max_wal_size": "8GB",
    "random_page_cost": "1.1",
}
_START_SECONDS = 60.0


@dataclass
class SearchedCatalog:
    """A filled catalogue, which serves; its store agent runs when it is asked for."""

    layout: SiteDirectory
    size: int
    database: str
    database_url: str
    client_config: Path
    # Key of the last file that it was filled with.
    last_file_id: int
    _processes: dict[str, Process]

    def librarian(self) -> Librarian:
        """Return a client that is signed in."""
        return Librarian.connect(_CONNECTION, config_file=self.client_config)

    def pid(self, service: str = "catalog_service") -> int:
        """Return the number of a service's process."""
        return self._processes[service].pid

    def start_agent(self) -> None:
        """Start the store agent, and see to a store on which files can be registered."""
        self._processes["store_agent"].start_listening()
        with self.librarian() as site:
            # Not that of the made stores, which is nowhere.
            wait_until(
                lambda: _AGENT in {agent.name for agent in site.list_agents()},
                what="the agent",
                timeout_seconds=_START_SECONDS,
            )
            if STORE not in {store.name for store in site.list_stores()}:
                site.add_store(STORE, str(self.layout.store), agent=_AGENT)
            wait_until(
                lambda: any(s.name == STORE and s.reachable for s in site.list_stores()),
                what="the store",
                timeout_seconds=_START_SECONDS,
            )


@contextmanager
def searched_catalog(
    directory: Path,
    database: str,
    size: int,
    before: Callable[[str, int], None] = lambda url, size: None,
) -> Iterator[SearchedCatalog]:
    """Run a catalogue of about so many files; a directory that has one already is used again.

    `before` is done with its database's address when it is filled, and does not serve yet.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with _database(directory, database, size) as database_url:
        client_config = directory / "client.cfg"
        layout = make_site_directory(
            directory / "site", find_free_port(), database_url=database_url
        )
        _set_up(layout, client_config)
        if not (directory / _FILLED).exists():
            seconds = fill(database_url, size)
            filled = {"seconds": seconds, "last_file_id": _last_file_id(database_url)}
            (directory / _FILLED).write_text(json.dumps(filled))
            print(f"Filled with {size:,} files in {seconds:.0f} s.", file=sys.stderr)
        index_metadata(database_url)
        before(database_url, size)
        processes = {name: _process(layout, name) for name in ("catalog_service", "store_agent")}
        try:
            processes["catalog_service"].start_listening()
            last = int(json.loads((directory / _FILLED).read_text())["last_file_id"])
            yield SearchedCatalog(
                layout, size, database, database_url, client_config, last, processes
            )
        finally:
            for process in reversed(processes.values()):
                process.stop()


def filling_seconds(directory: Path) -> float:
    """Return how long it took to fill a catalogue."""
    return float(json.loads((directory / _FILLED).read_text())["seconds"])


@contextmanager
def _database(directory: Path, database: str, size: int) -> Iterator[str]:
    """Yield the database's address; one that is new is filled before it is made to sync."""
    if database == "sqlite":
        yield f"sqlite:///{directory.resolve() / 'site' / 'catalog.sqlite'}"
        return
    home = directory / "postgresql"
    is_new = not home.exists()
    if is_new:
        home.mkdir()
        hand_over(home)
    cluster = PostgresCluster(home, fsync=True, settings=SETTINGS)
    if is_new:
        cluster.initialise()
    try:
        cluster.start()
        if is_new:
            cluster.create_database(_DATABASE)
        yield cluster.url(_DATABASE)
    finally:
        cluster.stop()


def _set_up(layout: SiteDirectory, client_config: Path) -> None:
    administrator = set_up(layout.config_file)
    if administrator:
        port = _catalog_address(layout)
        write_connection(
            _CONNECTION, ConnectionSettings(port, administrator.token, ca_file=None), client_config
        )


def _catalog_address(layout: SiteDirectory) -> str:
    tables = tomllib.loads(layout.config_file.read_text(encoding="utf-8"))
    return str(tables["catalog_service"]["listen"])


def index_metadata(database_url: str) -> None:
    """Do what a catalogue does by itself once it has met new keys of metadata."""
    database = open_database(database_url)
    try:
        while ensure_metadata_indexes(database):
            pass
    finally:
        database.dispose()


def _last_file_id(database_url: str) -> int:
    database = open_database(database_url)
    try:
        with database.readings.begin() as db:
            return int(db.scalars(select(func.max(File.id))).one())
    finally:
        database.dispose()


def _process(layout: SiteDirectory, service: str) -> Process:
    return Process(
        module=service,
        config_file=layout.config_file,
        log_file=layout.logs / f"{service}.log",
    )
