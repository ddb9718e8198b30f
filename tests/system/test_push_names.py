"""Names that shells, globs, and addresses would take for something else go through each way."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.ssh_server import make_key, running_ssh_server
from tests.system.neighbours import NEIGHBOUR, Neighbours, neighbours
from tests.system.site import Site

NAMES = [
    "a b.raw",
    " lead",
    "trail ",
    "it's",
    'say "so"',
    "100%.dat",
    "%2e%2e%2f",
    "%n%s%d",
    "*.raw",
    "?",
    "[a-z]{a,b}",
    "!history",
    "~root",
    "$(touch x)",
    "`touch x`;touch x|touch x&touch x>x",
    "${IFS}",
    "host:path",
    "root@localhost:x",
    "rsync:",
    "C:\\x",
    "back\\slash",
    "\\#012",
    "#hash",
    "+ x",
    "...",
    ".hidden",
    "_-rf",
    "é",
    "星のデータ",
    "🔭.uvh5",
    "x" * 255,
    "é" * 127,
    "🔭" * 63,
]
# Within a dataset, what is no name of a file is an entry like any other.
ENTRIES = [*NAMES, "-rf", "--delete", "e\u0301", "deep/*/-x", ".librarian"]
PLACES = ["", "a b/$(touch x)/%/*", "host:/[x]/back\\slash"]


@contextmanager
def sites_of(way: str, directory: Path) -> Iterator[Neighbours]:
    """Run two sites of which the first brings files by one way only."""
    with running_ssh_server(directory / "ssh") as server:
        keys = server.key_directory("source")
        keys.mkdir(parents=True)
        public_key = make_key(keys / NEIGHBOUR)
        server.allow("telescope", public_key, [directory / "destination" / "store"])
        of_source = {
            **server.agent_environment("source"),
            "LIBRARIAN_STORE_AGENT__SHARED_PREFIXES": f'["{directory / "destination"}"]',
        }
        with neighbours(
            directory,
            source={"store_agent": of_source},
            destination={"store_agent": server.agent_environment("destination")},
            options=("--ssh-host-key", server.host_key, "--way", way),
        ) as pair:
            yield pair


@pytest.mark.parametrize("way", ["stream", "rsync", "shared"])
def test_all_legal_names_arrive_as_they_are(way: str, tmp_path: Path) -> None:
    with sites_of(way, tmp_path) as pair:
        root = pair.source.layout.store
        paths = [*put_flat_files(root), *put_datasets(root)]
        with pair.source.librarian() as lib:
            done = list(lib.register("store", paths, null_obsid=True))
            assert [failure for batch in done for failure in batch.failures] == []
            lib.send(NEIGHBOUR, '{"always-true": true}')
            pair.wait_until_there({Path(path).name for path in paths})
            assert {transfer.attempts for transfer in lib.list_transfers()} == {0}
        there = pair.destination.layout.store
        assert contents_of(there, paths) == contents_of(root, paths)
        with pair.destination.librarian() as lib:
            assert {file.name for file in lib.search_files('{"always-true": true}')} == {
                Path(path).name for path in paths
            }
        # Whoever gave a name to a shell would have made this.
        assert [*tmp_path.rglob("x"), *Path.cwd().glob("x")] == []


@pytest.mark.parametrize("name", ["new\nline", "return\r", "-rf", ".librarian", "e\u0301"])
def test_other_names_are_refused_at_ingest(name: str, sqlite_site: Site) -> None:
    (sqlite_site.layout.store / name).touch()
    with sqlite_site.librarian() as lib:
        (batch,) = lib.register("store", [name], null_obsid=True)
        assert [failure.message for failure in batch.failures] != []


def put_flat_files(root: Path) -> list[str]:
    """Write a file of each name, at several places, and return their paths beneath the root."""
    paths = [str(Path(PLACES[n % len(PLACES)]) / name) for n, name in enumerate(NAMES)]
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(f"contents of {path}".encode())
    return paths


def put_datasets(root: Path) -> list[str]:
    """Write two datasets that have an entry of each name, and return their paths."""
    paths = ["set of $(touch x).uv", f"{PLACES[1]}/set:*.uv"]
    for path in paths:
        for number, entry in enumerate(ENTRIES):
            (root / path / entry).parent.mkdir(parents=True, exist_ok=True)
            (root / path / entry).write_bytes(b"%d" % number)
    return paths


def contents_of(root: Path, paths: list[str]) -> dict[str, bytes]:
    """Return what is in files, and in the entries of datasets."""
    found: dict[str, bytes] = {}
    for path in paths:
        top = root / path
        files = [top] if top.is_file() else [file for file in top.rglob("*") if file.is_file()]
        assert files, f"{top} is not there"
        found |= {str(file.relative_to(root)): file.read_bytes() for file in files}
    return found
