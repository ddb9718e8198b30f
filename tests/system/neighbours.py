"""Two sites for tests: one that pushes to the other, over a link that can be broken."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from librarian.client.librarian import Librarian
from tests.bad_links import BadLink
from tests.polling import wait_until
from tests.system.site import ALL_SERVICES, Environments, Service, Site

NEIGHBOUR = "archive"
"""Name of the destination at the source."""

_DEADLINE_SECONDS = 60.0


@dataclass
class Neighbours:
    """A telescope's site that pushes to an archive's; calls and streams go through proxies."""

    source: Site
    destination: Site
    # To the destination's catalogue, and to its agent.
    calls: BadLink
    streams: BadLink

    def cut(self) -> None:
        """Let nothing through."""
        self.calls.refusing = self.streams.refusing = True

    def heal(self) -> None:
        """Let all through again."""
        self.calls.refusing = self.streams.refusing = False

    def site(self, name: str) -> Site:
        """Return `source` or `destination`."""
        return self.source if name == "source" else self.destination

    def register(self, contents: Mapping[str, bytes], directory: str = "night") -> None:
        """Put files into the source's store, and on record there."""
        root = self.source.layout.store / directory
        root.mkdir(exist_ok=True)
        for name, data in contents.items():
            (root / name).write_bytes(data)
        paths = [f"{directory}/{name}" for name in contents]
        with self.source.librarian() as lib:
            done = list(lib.register("store", paths, null_obsid=True))
        assert sum(len(batch.failures) for batch in done) == 0, done

    def wait_until_there(self, names: set[str], timeout_seconds: float = _DEADLINE_SECONDS) -> None:
        """Wait until the source believes that these files are at the destination."""
        with self.source.librarian() as lib:
            wait_until(
                lambda: names <= believed(lib),
                what=f"{len(names)} files at the {NEIGHBOUR}",
                timeout_seconds=timeout_seconds,
            )

    def check_whole(self, contents: Mapping[str, bytes], directory: str = "night") -> None:
        """Check that the destination has these files once, right, and nothing left over."""
        root = self.destination.layout.store
        found = {path.name: path for path in (root / directory).iterdir()}
        assert set(found) >= set(contents)
        assert all(found[name].read_bytes() == data for name, data in contents.items())
        with self.destination.librarian() as lib:
            for name in contents:
                assert lib.get_file(name).instance_count == 1
        wait_until(lambda: left_over(self.destination) == [], what="nothing left in staging")


def believed(lib: Librarian, neighbour: str = NEIGHBOUR) -> set[str]:
    """Return the names of the files that a site believes to be at a neighbour."""
    search = f'{{"has-remote-instance-at": "{neighbour}"}}'
    return {file.name for file in lib.search_files(search)}


def left_over(site: Site) -> list[str]:
    """Return what of files lies in a site's staging places."""
    hidden = site.layout.store / ".librarian"
    places = [hidden / "staging", hidden / "incoming"]
    files = (path for place in places for path in place.rglob("*") if path.is_file())
    return sorted(str(path) for path in files if path.name != "lock")


@contextmanager
def neighbours(
    directory: Path,
    source_url: str = "",
    destination_url: str = "",
    *,
    source: Environments | None = None,
    destination: Environments | None = None,
    destination_services: tuple[Service, ...] = ALL_SERVICES,
    options: tuple[str, ...] = (),
) -> Iterator[Neighbours]:
    """Run two sites, of which the first knows the second.

    `source` and `destination` have variables for their services; `options` are further words of
    `add-librarian`.
    """
    with ExitStack() as running:
        first = running.enter_context(
            Site(directory / "source", source_url, services=ALL_SERVICES, environment=source)
        )
        second = running.enter_context(
            Site(
                directory / "destination",
                destination_url,
                services=destination_services,
                environment=destination,
            )
        )
        calls = running.enter_context(BadLink(second.port))
        streams = running.enter_context(BadLink(second.port + 1))
        token = make_account(second, "telescope", "READAPPEND")
        added = first.run(
            "add-librarian",
            "local",
            *("--name", NEIGHBOUR, "--url", calls.address, "--agent-url", streams.address),
            *("--authenticator", f"telescope:{token}"),
            *options,
        )
        assert added.returncode == 0, added.stderr
        yield Neighbours(first, second, calls, streams)


def make_account(site: Site, name: str, role: str) -> str:
    """Create an account, and return a token of it."""
    with site.librarian() as admin:
        admin.create_user(name, role)
        return admin.create_token("neighbour", user=name).secret
