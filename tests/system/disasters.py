"""Disasters that befall two sites: databases from backups, and how transfers fare."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from librarian.client.reconciliations import Reconciliation
from librarian.client.transfer_records import Transfer
from tests.polling import wait_until
from tests.postgres_cluster import PostgresCluster
from tests.system.neighbours import NEIGHBOUR, Neighbours
from tests.system.site import Site

DEADLINE_SECONDS = 90.0


class SqliteBackups:
    """Copies of stopped sites' SQLite databases."""

    def save(self, site: Site) -> None:
        """Keep the database as it is."""
        self._copy(self._path(site), self._path(site).with_suffix(".backup"))

    def restore(self, site: Site) -> None:
        """Bring back what was kept."""
        for file in self._path(site).parent.glob("catalog.sqlite*"):
            if file.suffix != ".backup":
                file.unlink()
        self._copy(self._path(site).with_suffix(".backup"), self._path(site))

    def _path(self, site: Site) -> Path:
        return Path(site.database_url.removeprefix("sqlite:///"))

    def _copy(self, old: Path, new: Path) -> None:
        with closing(sqlite3.connect(old)) as source, closing(sqlite3.connect(new)) as target:
            source.backup(target)


class PostgresBackups:
    """Copies of stopped sites' PostgreSQL databases."""

    def __init__(self, cluster: PostgresCluster) -> None:
        self._cluster = cluster

    def save(self, site: Site) -> None:
        """Keep the database as it is."""
        name = self._name(site)
        self._cluster.create_database(f"{name}_backup", template=name)

    def restore(self, site: Site) -> None:
        """Bring back what was kept."""
        name = self._name(site)
        self._cluster.drop_database(name)
        self._cluster.create_database(name, template=f"{name}_backup")
        self._cluster.drop_database(f"{name}_backup")

    def _name(self, site: Site) -> str:
        return site.database_url.partition("?")[0].rpartition("/")[2]


@dataclass
class Pair:
    """Two sites, and how to copy their databases."""

    both: Neighbours
    backups: SqliteBackups | PostgresBackups


@contextmanager
def stopped(site: Site) -> Iterator[None]:
    """Stop a site for a while."""
    site.stop()
    try:
        yield
    finally:
        site.start()


def contents(prefix: str, count: int = 3) -> dict[str, bytes]:
    """Return some files."""
    return {f"{prefix}.{n}.raw": f"{prefix} {n}".encode() * 100 for n in range(count)}


def send(both: Neighbours, files: dict[str, bytes]) -> None:
    """Register files at the source, and queue them."""
    both.register(files)
    queue(both, files)


def queue(both: Neighbours, files: dict[str, bytes]) -> None:
    """Queue files that are on record."""
    prefix = next(iter(files)).split(".")[0]
    with both.source.librarian() as lib:
        assert lib.send(NEIGHBOUR, f"name:{prefix}*").queued_count == len(files)


def try_now(both: Neighbours) -> None:
    """Say, as a person does, that the neighbour can be tried again."""
    with both.source.librarian() as lib:
        lib.update_librarian(NEIGHBOUR, batches=2)


def newest(both: Neighbours, name: str) -> Transfer:
    """Return the last transfer of a file."""
    with both.source.librarian() as lib:
        return next(lib.list_transfers(file_name=name))


def wait_for(both: Neighbours, name: str, condition: Callable[[Transfer], object]) -> Transfer:
    """Wait until a condition holds for a file's last transfer, and return that."""
    wait_until(lambda: condition(newest(both, name)), what=f"the end of {name}", timeout_seconds=90)
    return newest(both, name)


def wait_for_state(both: Neighbours, name: str, state: str) -> Transfer:
    """Wait until a file's last transfer is in a state, and return that."""
    return wait_for(both, name, lambda transfer: transfer.state == state)


def reconcile(both: Neighbours, *, queue_missing: bool) -> Reconciliation:
    """Compare what the source believes with what the destination has; return what was found."""
    with both.source.librarian() as lib:
        job = lib.reconcile(NEIGHBOUR, queue_missing=queue_missing)
        wait_until(
            lambda: lib.get_job(job.id).state == "SUCCEEDED",
            what="the end of a reconciliation",
            timeout_seconds=DEADLINE_SECONDS,
        )
        return lib.get_reconciliation(job.id)


def told_of_link(both: Neighbours) -> str:
    """Return what the source says is in the way, if anything is."""
    with both.source.librarian() as lib:
        return lib.get_librarian(NEIGHBOUR).link.error
