"""A site with a neighbour, and another one that intrudes."""

from collections.abc import Iterator

import pytest

from librarian.v1 import incoming_pb2 as pb
from tests.system.intruding import (
    BATCH,
    OWN_BATCH,
    Caller,
    offered,
    state_of,
)
from tests.system.site import Site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Run a site that takes files by rsync, too."""
    environment = {"LIBRARIAN_STORE_AGENT__SSH_HOST": "127.0.0.1"}
    directory = tmp_path_factory.mktemp("intruders")
    with Site(directory, environment={"store_agent": environment}) as running:
        yield running


@pytest.fixture(scope="module")
def victim(site: Site) -> Caller:
    """Return a neighbour that has offered a file."""
    caller = Caller(site, "telescope")
    assert caller.offer(BATCH, offered()).files[0].verdict == pb.OfferAnswer.ACCEPTED
    return caller


@pytest.fixture(scope="module")
def intruder(site: Site, victim: Caller) -> Caller:
    """Return another neighbour, which has offered a file of its own."""
    caller = Caller(site, "intruder")
    caller.offer(OWN_BATCH, offered(name="own.raw"))
    return caller


@pytest.fixture
def unchanged(site: Site, intruder: Caller) -> Iterator[None]:
    """Check that nothing has changed in the site's store, nor on record."""
    before = state_of(site)
    yield
    assert state_of(site) == before
