"""A site for the tests of the client, real files for it, and a connection that can be cut."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from librarian import Librarian
from librarian.client import progress
from tests.bad_links import BadLink
from tests.system.site import Site


@pytest.fixture(scope="session")
def client_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Run a site for all tests that only add to it."""
    with Site(tmp_path_factory.mktemp("client-site")) as running:
        yield running


@pytest.fixture
def librarian(client_site: Site) -> Iterator[Librarian]:
    """Return a client of the shared site, signed in as its administrator."""
    with client_site.librarian() as client:
        yield client


@pytest.fixture
def own_site(tmp_path: Path) -> Iterator[Site]:
    """Run a site that the test may break."""
    with Site(tmp_path / "site") as running:
        yield running


@pytest.fixture
def proxied_site(tmp_path: Path) -> Iterator[tuple[Site, BadLink]]:
    """Run a site whose agent is reached through a connection that can be cut."""
    with BadLink() as proxy:
        environment = {"LIBRARIAN_STORE_AGENT__ADVERTISED_ADDRESS": proxy.address}
        site = Site(tmp_path / "site", environment={"store_agent": environment})
        proxy.target_port = site.port + 1
        with site:
            yield site, proxy


@pytest.fixture(params=["path", "stream"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Have contents travel each way: the test runs once by path, once by stream."""
    monkeypatch.setenv("LIBRARIAN_UPLOAD_WAY", request.param)
    monkeypatch.setenv("LIBRARIAN_DOWNLOAD_WAY", request.param)
    return str(request.param)


@pytest.fixture
def by_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have contents travel through the agent."""
    monkeypatch.setenv("LIBRARIAN_UPLOAD_WAY", "stream")
    monkeypatch.setenv("LIBRARIAN_DOWNLOAD_WAY", "stream")


@pytest.fixture
def reported_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have progress reported at each piece, so that a test can act between two."""
    monkeypatch.setattr(progress, "_REPORT_INTERVAL_SECONDS", 0.0)


@pytest.fixture
def flat(tmp_path: Path) -> Path:
    """Make a flat file of several pieces."""
    path = tmp_path / "contents"
    path.write_bytes(os.urandom(3_500_000))
    return path


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Make a directory tree with small, large and empty entries."""
    root = tmp_path / "dataset"
    (root / "inner" / "empty").mkdir(parents=True)
    (root / "inner" / "visdata").write_bytes(os.urandom(2_500_000))
    (root / "header").write_bytes(b"header")
    (root / "inner.flags").write_bytes(b"")
    return root


@pytest.fixture
def here(tmp_path: Path) -> Path:
    folder = tmp_path / "here"
    folder.mkdir()
    return folder


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """Return a name of the test's own."""
    return str(request.node.name).translate(str.maketrans("[]{}/", "-----"))


@pytest.fixture
def put_flat(librarian: Librarian, flat: Path, name: str) -> str:
    """Put a flat file into the archive, and return its name."""
    return librarian.upload(flat, f"downloads/{name}", null_obsid=True).name


@pytest.fixture
def put_tree(librarian: Librarian, tree: Path, name: str) -> str:
    """Put a directory tree into the archive, and return its name."""
    return librarian.upload(tree, f"downloads/{name}", null_obsid=True).name
