"""Two sites for cases of pushing: the bench's own, and an archive beside it behind one sshd."""

import getpass
import os
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.bench_sites import Bench, new_database, opened
from tests.polling import wait_until
from tests.postgres_cluster import PostgresCluster
from tests.ssh_server import SshServer, make_key, running_ssh_server
from tests.system.neighbours import NEIGHBOUR, make_account
from tests.system.site import ALL_SERVICES, Site

_DEADLINE_SECONDS = 600.0
_THERE = "SELECT remote_instance_count FROM librarian"


@dataclass(frozen=True)
class BenchPair(Bench):
    """A bench whose site pushes to another: `archive`, its store on the same disk."""

    archive: Site
    ssh: SshServer
    # A key that may run any command there, for the bare tool.
    bare_key: Path

    def take_way(self, way: str) -> None:
        """Let files travel in one way only."""
        with self.site.librarian() as site:
            site.update_librarian(NEIGHBOUR, ways=[way], check=False)

    def register(self, paths: list[Path], prefix: str) -> None:
        """Put files on record under names with a prefix, as links beside those that there are."""
        directory = self.site.layout.store / prefix
        directory.mkdir()
        for path in paths:
            os.link(path, directory / f"{prefix}-{path.name}")
        with self.site.librarian() as site:
            done = list(site.register("store", [prefix], recursive=True, null_obsid=True))
        registered_count = sum(progress.registered_count for progress in done)
        if registered_count != len(paths):
            raise RuntimeError(f"{registered_count} of {len(paths)} were registered: {done}")

    def push(self, prefix: str, count: int) -> None:
        """Send registered files, and return when all are believed to be there."""
        wanted = self.there_count() + count
        with self.site.librarian() as site:
            site.send(NEIGHBOUR, {"name-matches": f"{prefix}-%"})
        self.wait_until_there(wanted)

    def there_count(self) -> int:
        """Return how many files are believed to be at the archive."""
        with opened(self.open_catalog()) as catalog:
            return int(catalog.fetch(_THERE)[0][0])

    def wait_until_there(self, count: int) -> None:
        """Wait until so many files are believed to be at the archive."""
        with opened(self.open_catalog()) as catalog:

            def is_there() -> bool:
                return int(catalog.fetch(_THERE)[0][0]) >= count

            wait_until(is_there, what=f"{count} files", timeout_seconds=_DEADLINE_SECONDS)

    def bare_rsync(self, source: Path, target: Path) -> None:
        """Copy a file, or what is in a directory, by the bare tool over the same sshd."""
        ssh = shlex.join(
            [
                *("ssh", "-F", "none", "-p", str(self.ssh.port), "-i", str(self.bare_key)),
                *("-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"),
                *("-o", "LogLevel=ERROR"),
            ]
        )
        words = ["rsync", "-a", "-e", ssh, f"{source}/" if source.is_dir() else str(source)]
        where = f"{getpass.getuser()}@{self.ssh.host}:{target}/"
        subprocess.run([*words, where], check=True)


@contextmanager
def bench_pair(
    root: Path,
    case: str,
    cluster: PostgresCluster | None,
) -> Iterator[BenchPair]:
    """Run two new sites, each with a database on SQLite, or on the cluster."""
    database = "sqlite" if cluster is None else "postgresql"
    directory = root / f"{case}-{database}"
    directory.mkdir()
    names = ("site", "archive", "yardstick")
    urls = {name: new_database(directory, name, cluster) for name in names}
    with ExitStack() as running:
        ssh = running.enter_context(running_ssh_server(directory / "ssh"))
        sites = [
            running.enter_context(
                Site(
                    directory / name,
                    urls[name],
                    services=ALL_SERVICES,
                    environment={"store_agent": ssh.agent_environment(name)},
                )
            )
            for name in ("site", "archive")
        ]
        _introduce(ssh, *sites)
        bare_key = directory / "bare_key"
        with (ssh.directory / "authorized_keys").open("a", encoding="ascii") as file:
            file.write(make_key(bare_key) + "\n")
        yield BenchPair(
            sites[0], database, directory, urls["site"], urls["yardstick"], sites[1], ssh, bare_key
        )


def _introduce(ssh: SshServer, site: Site, archive: Site) -> None:
    """Let the site push to the archive, by stream and by rsync."""
    ssh.admit("telescope", NEIGHBOUR, archive.layout.store)
    keys = ssh.key_directory("site")
    keys.parent.mkdir(parents=True, exist_ok=True)
    ssh.key_directory("telescope").rename(keys)
    token = make_account(archive, "telescope", "READAPPEND")
    with site.librarian() as admin:
        admin.add_librarian(
            NEIGHBOUR,
            f"127.0.0.1:{archive.port}",
            f"telescope:{token}",
            ssh_host_key=ssh.host_key,
        )
