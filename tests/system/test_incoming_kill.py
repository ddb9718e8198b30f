"""A catalogue that is killed after each step of what neighbours push to it loses nothing."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from blake3 import blake3

from librarian.client.channel import Connection
from librarian.client.connections import read_connection
from librarian.errors import LibrarianError
from librarian.v1 import files_pb2, incoming_pb2_grpc
from librarian.v1 import incoming_pb2 as pb
from tests.polling import wait_until
from tests.postgres_cluster import PostgresCluster
from tests.system.site import Site

BATCH = "0123456789abcdef0123456789abcdef"
CONTENTS = b"what the telescope saw"


@pytest.fixture(params=["sqlite", "postgresql"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """Run a site that takes files by rsync, too."""
    url = ""
    if request.param == "postgresql":
        cluster: PostgresCluster = request.getfixturevalue("postgres_cluster")
        cluster.create_database("incoming_kill")
        url = cluster.url("incoming_kill")
    environment = {"LIBRARIAN_STORE_AGENT__SSH_HOST": "127.0.0.1"}
    with Site(tmp_path, url, environment={"store_agent": environment}) as running:
        yield running


class Neighbour:
    """Calls a site as a neighbour does."""

    def __init__(self, site: Site) -> None:
        """Sign in at the site."""
        settings = read_connection(site.connect_as("telescope", "READAPPEND"), site.client_config)
        self._site = site
        self._settings = settings
        self._connections: list[Connection] = []

    @property
    def stub(self) -> Any:
        """Return the Incoming service, over a connection that was never refused."""
        connection = Connection(self._settings.url, token=self._settings.authenticator)
        self._connections.append(connection)
        return connection.stub(incoming_pb2_grpc.IncomingStub)

    def offer(self) -> pb.OfferFilesResponse:
        """Offer three files."""
        checksum = f"blake3:{blake3(CONTENTS).hexdigest()}"
        request = pb.OfferFilesRequest(site_id="a", site_name="a", batch_id=BATCH, fence=1)
        for number in range(1, 4):
            file = files_pb2.File(name=f"{number}.dat", size_bytes=len(CONTENTS), checksum=checksum)
            request.files.add(transfer_id=number, file=file, parent_dirs="night")
        answer: pb.OfferFilesResponse = self.stub.OfferFiles(request)
        return answer

    def push(self) -> None:
        """Offer the files, as often as before, bring them as rsync does, and say so."""
        response = self.offer()
        assert [a.upload_id for a in response.files] == [f"{BATCH}-{n}" for n in range(3)]
        place = Path(response.way_in.rsync_path) / "night"
        place.mkdir()
        for number in range(1, 4):
            (place / f"{number}.dat").write_bytes(CONTENTS)
        finish = pb.FinishFilesRequest(batch_id=BATCH, fence=1, way=pb.PUSH_WAY_RSYNC)
        finish.upload_ids.extend(answer.upload_id for answer in response.files)
        self.stub.FinishFiles(finish)

    def watch(self) -> dict[int, bool]:
        """Return what is settled, by transfer: whether it went well."""
        request = pb.WatchBatchRequest(batch_id=BATCH)
        answers = self.stub.WatchBatch(request, timeout=100)
        return {
            file.transfer_id: not file.HasField("failure")
            for answer in answers
            for file in answer.files
        }

    def until_killed(self, point: str, call: Callable[[], object]) -> None:
        """Have the catalogue die at a point of a call, or of what it does by itself."""
        self._site.restart_to_die_at("catalog_service", point)
        try:
            self._site.wait_for_agent()
            call()
        except LibrarianError:
            pass
        wait_until(lambda: not self._site.is_running("catalog_service"), what=f"death at {point}")

    def close(self) -> None:
        """End the connections."""
        for connection in self._connections:
            connection.close()


def test_whatever_a_killed_catalogue_was_told_goes_on(site: Site) -> None:
    neighbour = Neighbour(site)
    try:
        neighbour.until_killed("incoming.offered", neighbour.offer)
        neighbour.until_killed("incoming.finished", neighbour.push)
        # From here on it needs nobody to ask.
        neighbour.until_killed("incoming.adopted", lambda: None)
        neighbour.until_killed("incoming.recorded", lambda: None)
        site.restart("catalog_service", {})
        site.wait_for_agent()
        assert neighbour.watch() == {1: True, 2: True, 3: True}
        assert {a.verdict for a in neighbour.offer().files} == {pb.OfferAnswer.HELD}
        with site.librarian() as librarian:
            assert [len(librarian.list_instances(f"{n}.dat")) for n in range(1, 4)] == [1, 1, 1]
        incoming, staging = (site.layout.store / ".librarian" / n for n in ("incoming", "staging"))
        wait_until(lambda: not list(incoming.glob("*/*")), what="the batch's directory gone")
        assert list(staging.iterdir()) == []
    finally:
        neighbour.close()
