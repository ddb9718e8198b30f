"""A catalogue as a process: when it refuses to serve, and how it ends."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url

from catalog_service import checks
from catalog_service.app import CatalogApp
from catalog_service.database import open_database
from librarian.client.channel import Connection
from librarian.errors import NotReachableError
from librarian.service.config import ConfigError
from librarian.v1 import accounts_pb2 as pb
from librarian.v1 import accounts_pb2_grpc
from tests.catalog_service.catalog_site import catalog_site, config_of, set_up_in
from tests.polling import wait_until
from tests.postgres_cluster import PostgresCluster

Start = Callable[[], "Served"]


class Served:
    """A catalogue's process."""

    def __init__(self, config_file: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "catalog_service", "--config", str(config_file)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def address(self) -> str:
        """Wait until it listens, and return where."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("listening on "), self.process.communicate()[1]
        return line.split()[-1]

    def refusal(self) -> str:
        """Return the last line of a process that would not serve."""
        printed, said = self.process.communicate(timeout=60)
        assert (self.process.returncode, printed) == (1, ""), said
        return said.splitlines()[-1]


@pytest.fixture
def config_file(database_url: str, tmp_path: Path) -> Path:
    """Return the configuration of a catalogue that is set up."""
    made = set_up_in(database_url, tmp_path)
    path = tmp_path / "site.toml"
    (tmp_path / "admin.token").write_text(str(made.administrator_token))
    path.write_text(
        f'[catalog_service]\nlisten = "127.0.0.1:0"\ndatabase_url = "{database_url}"\n'
        f'secret_key_file = "{tmp_path / "secrets" / "keys"}"\nallow_unsafe_database = true\n'
    )
    return path


@pytest.fixture
def start(config_file: Path) -> Iterator[Start]:
    """Start catalogues, which end with the test."""
    started: list[Served] = []

    def start_one() -> Served:
        started.append(Served(config_file))
        return started[-1]

    yield start_one
    for one in started:
        one.process.kill()
        one.process.communicate()


def ping(address: str, tmp_path: Path) -> str:
    connection = Connection(address, token=(tmp_path / "admin.token").read_text())
    try:
        answer = connection.stub(accounts_pb2_grpc.SiteStub).Ping(pb.PingRequest())
        return str(answer.account_name)
    finally:
        connection.close()


def test_a_signal_ends_it_within_seconds_and_its_work_goes_on_at_the_next_start(
    start: Start, tmp_path: Path
) -> None:
    for _ in range(2):
        served = start()
        assert ping(served.address(), tmp_path) == "admin"
        begin = time.monotonic()
        served.process.send_signal(signal.SIGTERM)
        _, said = served.process.communicate(timeout=60)
        assert served.process.returncode == 0, said
        assert time.monotonic() - begin < 30
        assert "Traceback" not in said


def test_sqlite_has_one_catalogue_and_postgresql_may_have_several(
    start: Start, database_url: str, tmp_path: Path
) -> None:
    start().address()
    second = start()
    if database_url.startswith("sqlite"):
        assert "SQLite has one at a time" in second.refusal()
    else:
        assert ping(second.address(), tmp_path) == "admin"


def test_a_catalogue_that_was_killed_leaves_no_lock(start: Start, tmp_path: Path) -> None:
    first = start()
    first.address()
    first.process.kill()
    first.process.wait()
    assert ping(start().address(), tmp_path) == "admin"


def test_a_use_that_was_not_on_record_yet_is_when_it_ends(
    start: Start, config_file: Path, database_url: str, tmp_path: Path
) -> None:
    served = start()
    ping(served.address(), tmp_path)
    served.process.send_signal(signal.SIGTERM)
    served.process.communicate(timeout=60)
    # The administrator has been used, so that another setup leaves it alone.
    assert set_up_in(database_url, tmp_path).administrator_token is None


def test_it_refuses_a_port_that_is_taken(start: Start, config_file: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        text = config_file.read_text().replace("127.0.0.1:0", f"127.0.0.1:{port}")
        config_file.write_text(text)
        assert f"127.0.0.1:{port}" in start().refusal()


def test_it_refuses_a_database_that_was_not_migrated(start: Start, database_url: str) -> None:
    database = open_database(database_url)
    with database.transactions.begin() as db:
        db.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    database.dispose()
    assert "catalog_service setup" in start().refusal()


def test_it_serves_a_database_of_the_next_version(
    start: Start, database_url: str, tmp_path: Path
) -> None:
    database = open_database(database_url)
    with database.transactions.begin() as db:
        db.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    database.dispose()
    assert ping(start().address(), tmp_path) == "admin"


def test_it_refuses_a_postgresql_that_may_lose_what_it_acknowledged(
    postgres_url: str, tmp_path: Path
) -> None:
    set_up_in(postgres_url, tmp_path)
    with pytest.raises(ConfigError, match="fsync = off"):
        CatalogApp(config_of(postgres_url, tmp_path, allow_unsafe_database=False))


def test_it_refuses_sqlite_on_a_network_file_system(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up_in(sqlite_url, tmp_path)
    here = checks.file_system_of(tmp_path)
    monkeypatch.setitem(checks.NETWORK_FILE_SYSTEMS, here, "a test's network")
    with pytest.raises(ConfigError, match="a test's network: SQLite needs a local disk"):
        CatalogApp(config_of(sqlite_url, tmp_path))


def test_the_kinds_of_file_systems_are_those_of_the_kernel(tmp_path: Path) -> None:
    def by_stat(path: str) -> int:
        found = subprocess.run(
            ["stat", "--file-system", "--format", "%t", path], capture_output=True, check=True
        )
        return int(found.stdout, 16)

    for path in (str(tmp_path), "/proc", "/dev"):
        assert checks.file_system_of(Path(path)) == by_stat(path)


def test_beyond_loopback_it_wants_tls(sqlite_url: str, tmp_path: Path) -> None:
    set_up_in(sqlite_url, tmp_path)
    with pytest.raises(ConfigError, match="without TLS"):
        CatalogApp(config_of(sqlite_url, tmp_path, listen="0.0.0.0:0"))
    # What was opened before the refusal is let go.
    app = CatalogApp(config_of(sqlite_url, tmp_path))
    app.stop()


def test_a_catalogue_whose_keys_are_gone_says_how_to_make_them(
    sqlite_url: str, tmp_path: Path
) -> None:
    set_up_in(sqlite_url, tmp_path)
    (tmp_path / "secrets" / "keys").unlink()
    with pytest.raises(ConfigError, match="setup"):
        CatalogApp(config_of(sqlite_url, tmp_path))


def test_a_catalogue_ends_with_the_supervisor_that_asks_for_it(
    config_file: Path, tmp_path: Path
) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", _SUPERVISOR, sys.executable, str(config_file)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "LIBRARIAN_DIE_WITH_PARENT": "1"},
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.stdout.readline()
    parent.kill()
    parent.communicate()
    wait_until(lambda: not Path(f"/proc/{pid}").exists(), what="the catalogue's end")


_SUPERVISOR = """
import subprocess, sys
child = subprocess.Popen([sys.argv[1], "-m", "catalog_service", "--config", sys.argv[2]],
                         stdout=subprocess.PIPE, text=True)
print(child.pid, flush=True)
print(child.stdout.readline(), flush=True)
child.wait()
"""


def test_a_catalogue_without_its_database_says_so_and_goes_on_when_it_is_back(
    postgres_cluster: PostgresCluster, postgres_url: str, tmp_path: Path
) -> None:
    name = make_url(postgres_url).database
    with catalog_site(postgres_url, tmp_path) as catalog:
        catalog.ping(catalog.admin_token)
        token = catalog.token_of("admin")
        _administer(postgres_cluster, f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        _administer(
            postgres_cluster,
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'",  # noqa: S608 - the test chose the name.
        )
        with pytest.raises(NotReachableError, match="database does not answer"):
            catalog.ping(token)
        _administer(postgres_cluster, f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        assert catalog.ping(token).account_name == "admin"


def _administer(cluster: PostgresCluster, statement: str) -> None:
    engine = create_engine(cluster.url("postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()
