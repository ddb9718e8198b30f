"""A site that neighbours push to: what they may call, a real agent, and the incoming loop."""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from blake3 import blake3
from sqlalchemy import select

from catalog_service.config import CatalogConfig
from catalog_service.loops.incoming_loop import IncomingLoop
from catalog_service.loops.runner import LoopRunner
from catalog_service.rpc.incoming import IncomingServicer
from catalog_service.tables import Upload
from catalog_service.wakeups import INCOMING
from librarian.client.channel import Connection
from librarian.service.calls import Caller
from librarian.service.config import ListenConfig
from librarian.service.server import serve
from librarian.v1 import files_pb2, incoming_pb2_grpc
from librarian.v1 import incoming_pb2 as pb
from tests.catalog_service.catalog_site import config_of
from tests.catalog_service.ingest_site import IngestSite, Parts, ingest_site
from tests.polling import wait_until

BATCH = "0123456789abcdef0123456789abcdef"
OTHER_BATCH = "f" * 32
NEIGHBOUR = "telescope-site"
SITE_ID = "3f0e0f6e-0000-4000-8000-000000000001"


@dataclass(frozen=True)
class IncomingParts(Parts):
    """What of a catalogue the Incoming service takes."""

    config: CatalogConfig


@dataclass
class IncomingSite:
    """A site that neighbours push to."""

    ingest: IngestSite
    parts: IncomingParts
    address: str
    loop: IncomingLoop
    connections: list[Connection] = field(default_factory=list)

    def stub(self, account: str = NEIGHBOUR) -> Any:
        """Return the Incoming service as an account sees it."""
        self.connections.append(Connection(self.address, token=account))
        return self.connections[-1].stub(incoming_pb2_grpc.IncomingStub)

    def offer(
        self,
        *files: pb.OfferedFile,
        batch: str = BATCH,
        fence: int = 1,
        account: str = NEIGHBOUR,
        ways: Sequence[pb.PushWay] = (),
    ) -> pb.OfferFilesResponse:
        """Offer files."""
        request = pb.OfferFilesRequest(
            site_id=SITE_ID, site_name="telescope", batch_id=batch, fence=fence, files=files
        )
        request.ways.extend(ways)
        answer: pb.OfferFilesResponse = self.stub(account).OfferFiles(request)
        return answer

    def finish(
        self,
        *upload_ids: str,
        batch: str = BATCH,
        fence: int = 1,
        way: pb.PushWay = pb.PUSH_WAY_STREAM,
        account: str = NEIGHBOUR,
    ) -> int:
        """Say what was sent."""
        request = pb.FinishFilesRequest(batch_id=batch, fence=fence, upload_ids=upload_ids, way=way)
        return int(self.stub(account).FinishFiles(request).finished_count)

    def watch(self, batch: str = BATCH, account: str = NEIGHBOUR) -> dict[int, pb.SettledFile]:
        """Wait until all that was sent is settled; return what became of each, by transfer."""
        settled: dict[int, pb.SettledFile] = {}
        request = pb.WatchBatchRequest(batch_id=batch)
        for answer in self.stub(account).WatchBatch(request, timeout=100):
            settled |= {file.transfer_id: file for file in answer.files}
        return settled

    def arrive(
        self, *pairs: tuple[pb.OfferedFile, bytes], batch: str = BATCH, account: str = NEIGHBOUR
    ) -> dict[int, pb.SettledFile]:
        """Offer files, bring them as they are given, and return what became of each."""
        response = self.offer(*(file for file, _ in pairs), batch=batch, account=account)
        for answer, (_, contents) in zip(response.files, pairs, strict=True):
            assert answer.verdict == pb.OfferAnswer.ACCEPTED, answer.message
            bring(response.way_in, answer.upload_id, contents)
        ids = [answer.upload_id for answer in response.files]
        self.finish(*ids, batch=batch, account=account)
        return self.watch(batch, account)

    def state_of(self, upload_id: str) -> str:
        """Return the state of an upload."""
        with self.parts.database.readings.begin() as db:
            return db.execute(select(Upload.state).where(Upload.id == upload_id)).scalar_one()

    def wait_until_nothing_is_staged(self) -> None:
        """Let the sweeper work until nothing is left of what came in."""
        wait_until(lambda: not self.ingest.sweeper.run_once(), what="a sweep without work")
        assert self.ingest.staged() == []


def offered(
    name: str, contents: bytes = b"contents", number: int = 1, **changes: Any
) -> pb.OfferedFile:
    """Describe a file at the neighbour that belongs to no observation, unless changed."""
    file = {"checksum": checksum_of(contents), "source": "correlator", **changes.pop("file", {})}
    row = {"parent_dirs": "2458432", **changes}
    return pb.OfferedFile(
        transfer_id=number,
        file=files_pb2.File(name=name, size_bytes=len(contents), **file),
        **row,
    )


def checksum_of(contents: bytes) -> str:
    """Return the checksum of contents."""
    return f"blake3:{blake3(contents).hexdigest()}"


def bring(way_in: pb.BatchWayIn, upload_id: str, contents: bytes) -> None:
    """Write contents where both sites see the staging places."""
    place = Path(way_in.staging_path) / upload_id
    lock = os.open(place, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        (place / "data").write_bytes(contents)
    finally:
        os.close(lock)


@contextmanager
def incoming_site(
    database_url: str, directory: Path, *, runs: bool = True, **agent_changes: Any
) -> Iterator[IncomingSite]:
    """Run a site that neighbours push to; its incoming loop only when told so."""
    with ingest_site(database_url, directory, **agent_changes) as ingest:
        given = ingest.parts
        config = config_of(database_url, directory)
        parts = IncomingParts(given.database, given.agents, given.wakeups, config)
        server = serve(
            ListenConfig.model_validate({"listen": "127.0.0.1:0"}),
            add_servicers=lambda server: _add(server, parts),
            authenticate=lambda _method, token: Caller(token or "nobody"),
        )
        loop = IncomingLoop(parts)
        runner = LoopRunner(loop, parts.wakeups, INCOMING, 0.2, threads=2)
        site = IncomingSite(ingest, parts, server.address, loop)
        if runs:
            runner.start()
        try:
            yield site
        finally:
            for connection in site.connections:
                connection.close()
            server.stop(0)
            if runs:
                runner.stop()


def _add(server: Any, parts: IncomingParts) -> list[str]:
    incoming_pb2_grpc.add_IncomingServicer_to_server(IncomingServicer(parts), server)
    return []
