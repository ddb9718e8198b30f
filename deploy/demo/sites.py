"""Several sites on this machine that push to one another."""

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.demo.demo_site import DemoError, DemoSite
from deploy.demo.ssh_server import SshServer
from deploy.demo.web_pages import find_web_pages
from librarian.client.connections import ConnectionSettings, read_connection, write_connection
from librarian.client.librarian import Librarian
from librarian.errors import NotReachableError

_LIBRARIAN = [sys.executable, "-m", "librarian.cli"]


@dataclass(frozen=True)
class LinkState:
    """A link as the table shows it."""

    queued: str = ""
    active: str = ""
    believed: str = ""
    state: str = "its site is down"
    way: str = ""


class Sites:
    """Sites by name, and one client configuration with a connection to each."""

    def __init__(self, directory: Path, ssh: "SshServer | None") -> None:
        self.directory = directory
        self.config = directory / "client.cfg"
        self._sites: dict[str, DemoSite] = {}
        self._ssh = ssh

    def __getitem__(self, name: str) -> DemoSite:
        return self._sites[name]

    def add(self, name: str, environment: dict[str, str]) -> None:
        """Start a site, and leave it to get ready by itself."""
        site = DemoSite(self.directory / name, {"LIBRARIAN_SITE__NAME": name, **environment})
        self._sites[name] = site
        site.launch()

    def sign_in(self, name: str) -> None:
        """Wait until a site serves, and connect to it as its administrator."""
        site = self._sites[name]
        site.wait_until_ready()
        local = read_connection("local", site.config)
        settings = ConnectionSettings(local.url, local.authenticator, local.ca_file)
        write_connection(name, settings, self.config)

    def store(self, name: str) -> Path:
        """Return the root of a site's store."""
        return self.directory / name / "site" / "store"

    def run(self, *arguments: str, secret: bool = False) -> None:
        """Run a command before the eyes of the person; raise DemoError when it fails."""
        words = ["…" if secret and ":lib_" in word else word for word in arguments]
        print(f"\n$ librarian {shlex.join(words)}", flush=True)
        done = subprocess.run([*_LIBRARIAN, *arguments], env=self._environment(), check=False)
        if done.returncode != 0:
            raise DemoError(f"`librarian {arguments[0]}` ended with status {done.returncode}.")

    def connect(self, source: str, destination: str) -> None:
        """Let one site push to another: an account there, and the neighbour here."""
        with self._calls(destination) as lib:
            lib.create_user(source, "READAPPEND")
            secret = lib.create_token("pushes", user=source).secret
        options = self._ssh.neighbour_options() if self._ssh else []
        if self._ssh:
            self._ssh.admit(source, destination, self.store(destination))
        url = read_connection(destination, self.config).url
        self.run(
            *("add-librarian", source, "--name", destination, "--url", url),
            *("--authenticator", f"{source}:{secret}", *options),
            secret=True,
        )

    def count_files(self, name: str) -> int:
        """Return how many files a site has; 0 while it is down."""
        try:
            with self._calls(name) as lib:
                return lib.search_files("instances:>0").count()
        except NotReachableError:
            return 0

    def count_believed(self, source: str, destination: str) -> int:
        """Return how many files a site believes to be at another."""
        try:
            with self._calls(source) as lib:
                return lib.get_librarian(destination).remote_instance_count
        except NotReachableError:
            return 0

    def link(self, source: str, destination: str) -> LinkState:
        """Return how the link from one site to another is."""
        try:
            with self._calls(source) as lib:
                return _link_state(lib, destination)
        except NotReachableError:
            return LinkState()

    def stop(self) -> None:
        """Stop all that runs."""
        for site in reversed(self._sites.values()):
            site.stop()
        if self._ssh:
            self._ssh.stop()

    def tell_how_to_go_on(self) -> None:
        """Say how to look around, and how to end the sites."""
        librarian = Path(sys.executable).with_name("librarian")
        print(f"\nThe sites go on in {self.directory}. In this shell, try:")
        print(f"  export LIBRARIAN_CLIENT_CONFIG={self.config}")
        for words in ("get-librarian-list telescope --ping", "list-transfers centre"):
            print(f"  {librarian} {words}")
        print(f"  {librarian} preview-standing-order centre onward")
        pids = [site.pid for site in self._sites.values()]
        pids += [self._ssh.pid] if self._ssh else []
        print("To end them:")
        print(
            f"  kill {' '.join(map(str, pids))};"
            f" chmod -R u+w {self.directory} && rm -r {self.directory}"
        )
        self._tell_where_the_pages_are(librarian)

    def _tell_where_the_pages_are(self, librarian: Path) -> None:
        pages = {name: find_web_pages(name, self.config) for name in self._sites}
        print("\nTheir web pages:")
        for name, found in pages.items():
            print(f"  {name:<10} {found.url}")
        print(
            "These open them, signed in as the administrator; each works once, within ten minutes,"
        )
        print(f"and `{librarian} sign-in-link {next(iter(pages))}` prints another:")
        for found in pages.values():
            print(f"  {found.link}")

    @contextmanager
    def _calls(self, name: str) -> Iterator[Librarian]:
        with Librarian.connect(name, config_file=self.config) as lib:
            yield lib

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "LIBRARIAN_CLIENT_CONFIG": str(self.config)}


def start_sites(directory: Path, names: Sequence[str], *, by_ssh: bool) -> Sites:
    """Start sites in a directory; with `by_ssh` also an SSH server of this user's own."""
    how = "rsync over SSH" if by_ssh else "the agents' streams"
    print(f"{len(names)} sites on SQLite, in {directory}; files travel by {how}.", flush=True)
    ssh = SshServer(directory / "ssh") if by_ssh else None
    sites = Sites(directory, ssh)
    try:
        for name in names:
            sites.add(name, ssh.agent_environment(name) if ssh else {})
        for name in names:
            sites.sign_in(name)
    except BaseException:
        sites.stop()
        raise
    return sites


def _link_state(lib: Librarian, destination: str) -> LinkState:
    neighbour = lib.get_librarian(destination)
    latest = next(iter(lib.list_transfers(librarian=destination)), None)
    return LinkState(
        queued=str(neighbour.queued_count or 0),
        active=str(neighbour.active_count or 0),
        believed=str(neighbour.remote_instance_count),
        state=neighbour.link.state.lower(),
        way=latest.way if latest else "",
    )
