"""A PostgreSQL cluster of the tests' own: in a temporary directory, on a Unix socket only.

It never touches a cluster that runs on the machine, and it ends with the process that started it,
however that process ends.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2
from psycopg2 import sql

from tests.polling import wait_until

DEBIAN_SERVERS = Path("/usr/lib/postgresql")
SUPERUSER = "librarian"
START_TIMEOUT_SECONDS = 60.0
STOP_TIMEOUT_SECONDS = 30.0

# As at a site: there names sort by the rules of a language, and the clock is not at Greenwich.
# Code that trusts in the order of bytes or in local time then fails here.
LOCALE = ("--locale=C.UTF-8", "--encoding=UTF8", "--locale-provider=icu", "--icu-locale=en-US")
TIME_ZONE = "Africa/Johannesburg"


class PostgresCluster:
    """A running cluster; `running_cluster` starts and stops one."""

    def __init__(
        self, directory: Path, *, fsync: bool, settings: Mapping[str, str] | None = None
    ) -> None:
        self.directory = directory
        self._fsync = fsync
        self._further = settings or {}
        self._binaries = find_binaries()
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, database: str) -> str:
        """Return the database's address as SQLAlchemy takes it."""
        return f"postgresql+psycopg2://{SUPERUSER}@/{database}?host={self.directory}"

    def create_database(self, name: str, *, template: str = "template0") -> None:
        """Create a database as a copy of the template, to which nobody may be connected."""
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        self._execute(statement.format(sql.Identifier(name), sql.Identifier(template)))

    def drop_database(self, name: str) -> None:
        """Drop a database, also from under whoever is still connected to it."""
        self._execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def initialise(self) -> None:
        """Create the cluster's files."""
        done = subprocess.run(
            self._command("initdb", "--username", SUPERUSER, "--auth=trust", "--no-sync", *LOCALE),
            capture_output=True,
            text=True,
            env=_environment(),
        )
        assert done.returncode == 0, f"initdb failed:\n{done.stdout}{done.stderr}"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command("postgres", *self._settings),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=_environment(),
            )
        wait_until(self._answers, what="PostgreSQL", timeout_seconds=START_TIMEOUT_SECONDS)

    def stop(self) -> None:
        """Stop the server, without waiting for those who are connected."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _command(self, program: str, *arguments: str) -> list[str]:
        data = str(self.directory / "data")
        return [*_unprivileged(), str(self._binaries / program), "-D", data, *arguments]

    @property
    def _log(self) -> Path:
        return self.directory / "log"

    @property
    def _settings(self) -> list[str]:
        settings = {
            "unix_socket_directories": str(self.directory),
            "listen_addresses": "",
            "max_connections": "200",
            "timezone": TIME_ZONE,
            # No test cuts the machine's power: a killed process loses nothing without fsync.
            "fsync": "on" if self._fsync else "off",
            "full_page_writes": "on" if self._fsync else "off",
            **self._further,
        }
        return [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]

    def _answers(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError(f"PostgreSQL did not start:\n{self._log.read_text()}")
        command = [str(self._binaries / "pg_isready"), "--quiet", "--host", str(self.directory)]
        return subprocess.run(command, env=_environment()).returncode == 0

    def _execute(self, statement: sql.Composed) -> None:
        with closing(
            psycopg2.connect(host=str(self.directory), user=SUPERUSER, dbname="postgres")
        ) as db:
            db.autocommit = True
            with db.cursor() as cursor:
                cursor.execute(statement)


@contextmanager
def running_cluster(*, fsync: bool = False) -> Iterator[PostgresCluster]:
    """Yield a new running cluster, and remove it afterwards."""
    # Not in pytest's own directory: that one is closed to all but the user of the tests.
    directory = Path(tempfile.mkdtemp(prefix="librarian-postgres-"))
    hand_over(directory)
    cluster = PostgresCluster(directory, fsync=fsync)
    try:
        cluster.initialise()
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(directory)


def hand_over(directory: Path) -> None:
    """Give a directory to the account under which the server runs, if that is another."""
    if os.geteuid() == 0:
        account = _unprivileged_account()
        os.chown(directory, account.pw_uid, account.pw_gid)


def find_binaries() -> Path:
    """Return the directory of the newest PostgreSQL server on this machine."""
    debian = sorted(
        DEBIAN_SERVERS.glob("*/bin/initdb"),
        key=lambda initdb: int(initdb.parts[-3]),
        reverse=True,
    )
    on_path = shutil.which("initdb")
    candidates = [*debian, *([Path(on_path).resolve()] if on_path else [])]
    if not candidates:
        raise AssertionError(
            "The tests need the PostgreSQL server (15 or newer): install the Debian package"
            " `postgresql`, or run `make system-packages`."
        )
    return candidates[0].parent


def _unprivileged() -> list[str]:
    """Return a prefix that runs a command as no root, and ends it when this process ends."""
    command = ["setpriv", "--pdeathsig=INT"]
    if os.geteuid() != 0:
        return command
    account = _unprivileged_account()
    return [*command, f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]


def _unprivileged_account() -> pwd.struct_passwd:
    names = {account.pw_name for account in pwd.getpwall()}
    return pwd.getpwnam("postgres" if "postgres" in names else "nobody")


def _environment() -> dict[str, str]:
    """Return an environment without the PG… settings of the person who runs the tests."""
    return {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
