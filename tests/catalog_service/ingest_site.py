"""A catalogue's ingest services and a real agent, each on a port of its own, for tests."""

import fcntl
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
from sqlalchemy import func, select, update

from catalog_service.agents.calls import AgentCalls
from catalog_service.database import Database, open_database
from catalog_service.loops.upload_sweeper import UploadSweeper
from catalog_service.rpc.files import FilesServicer
from catalog_service.rpc.instances import InstancesServicer
from catalog_service.rpc.observations import ObservationsServicer
from catalog_service.rpc.uploads import UploadsServicer
from catalog_service.tables import Agent, Base, Store
from catalog_service.wakeups import Wakeups
from librarian.client.channel import Connection
from librarian.service.calls import Caller
from librarian.service.config import ListenConfig
from librarian.service.server import serve
from librarian.v1 import (
    files_pb2,
    files_pb2_grpc,
    instances_pb2,
    instances_pb2_grpc,
    observations_pb2,
    observations_pb2_grpc,
    uploads_pb2,
    uploads_pb2_grpc,
)
from tests.store_agent.running_agent import Agent as RunningAgent
from tests.store_agent.running_agent import running_agent

STORE = "pot1"


class PlainSecrets:
    """Keys that no one encrypted: the tests' agents have nothing to hide."""

    def decrypt(self, data: bytes) -> bytes:
        """Return the bytes as they are."""
        return data


@dataclass(frozen=True)
class Parts:
    """What of a catalogue the services and the sweeper take."""

    database: Database
    agents: AgentCalls
    wakeups: Wakeups


@dataclass
class IngestSite:
    """A site that takes files in; each method of a service is called as some account."""

    parts: Parts
    agent: RunningAgent
    address: str
    connections: list[Connection] = field(default_factory=list)

    def stub(self, stub_class: Any, account: str = "telescope") -> Any:
        """Return a service as an account sees it."""
        self.connections.append(Connection(self.address, token=account))
        return self.connections[-1].stub(stub_class)

    def __post_init__(self) -> None:
        """Connect as the telescope."""
        self.uploads = self.stub(uploads_pb2_grpc.UploadsStub)
        self.files = self.stub(files_pb2_grpc.FilesStub)
        self.instances = self.stub(instances_pb2_grpc.InstancesStub)
        self.observations = self.stub(observations_pb2_grpc.ObservationsStub)
        self.sweeper = UploadSweeper(self.parts)

    def add_store(self, name: str = STORE, **changes: Any) -> Path:
        """Make a store, on the agent and on record; return its root."""
        root = self.agent.add_store(name)
        now = datetime.now(UTC)
        with self.parts.database.transactions.begin() as db:
            agent = db.execute(select(Agent)).scalar_one_or_none()
            if agent is None:
                agent = Agent(name="node1", host="node1", address=self.agent.running.address)
                agent.tls, agent.staging_prefix, agent.version = False, "", "1"
                agent.ticket_key = self.agent.running.parts.ticket_key
                agent.report_time = now
                db.add(agent)
                db.flush()
            row = {"enabled": True, "ingestible": True, "free_bytes": 1 << 40, "report_time": now}
            row |= {"store_id": name, "agent_id": agent.id, "root": str(root)}
            db.add(Store(name=name, **{**row, **changes}))
        return root

    def start(self, *items: uploads_pb2.NewUpload, account: str = "telescope") -> list[Any]:
        """Start uploads."""
        uploads = self.stub(uploads_pb2_grpc.UploadsStub, account)
        return list(uploads.StartUploads(uploads_pb2.StartUploadsRequest(uploads=items)).uploads)

    def complete(self, *ids: str, checksum: str = "") -> list[uploads_pb2.CompletedUpload]:
        """Complete uploads."""
        items = [uploads_pb2.CompleteUpload(id=one, checksum=checksum) for one in ids]
        request = uploads_pb2.CompleteUploadsRequest(uploads=items)
        return list(self.uploads.CompleteUploads(request, timeout=60).uploads)

    def complete_one(self, upload_id: str) -> uploads_pb2.CompletedUpload:
        """Complete one upload."""
        return self.complete(upload_id)[0]

    def upload(
        self, name: str, contents: bytes | Mapping[str, bytes], **changes: Any
    ) -> uploads_pb2.CompletedUpload:
        """Bring a file in, from the start to the end; return what the last step answered."""
        [started] = self.start(new_upload(name, contents, **changes))
        assert not started.HasField("failure"), started.failure
        if started.HasField("file"):
            return uploads_pb2.CompletedUpload(file=started.file)
        if started.HasField("way_in"):
            bring(started, contents)
        return self.complete(started.upload.id)[0]

    def get_file(self, name: str) -> files_pb2.File:
        """Return a file on record."""
        file: files_pb2.File = self.files.GetFile(files_pb2.GetFileRequest(name=name))
        return file

    def list_instances(self, name: str) -> list[instances_pb2.Instance]:
        """Return a file's instances."""
        request = instances_pb2.ListInstancesRequest(file_name=name)
        return list(self.instances.ListInstances(request).instances)

    def open_file(self, name: str) -> instances_pb2.OpenFileResponse:
        """Return the ways to a file's contents."""
        request = instances_pb2.OpenFileRequest(file_name=name)
        opened: instances_pb2.OpenFileResponse = self.instances.OpenFile(request)
        return opened

    def list_events(self, name: str) -> list[files_pb2.FileEvent]:
        """Return a file's events."""
        request = files_pb2.ListFileEventsRequest(file_name=name)
        return list(self.files.ListFileEvents(request).events)

    def get_observation(self, obsid: int) -> observations_pb2.Observation:
        """Return an observation."""
        request = observations_pb2.GetObservationRequest(obsid=obsid)
        found: observations_pb2.Observation = self.observations.GetObservation(request)
        return found

    def change_store(self, name: str, **changes: Any) -> None:
        """Change a store's row."""
        with self.parts.database.transactions.begin() as db:
            db.execute(update(Store).where(Store.name == name).values(changes))

    def register(
        self, *batches: Sequence[str], account: str = "telescope", **options: Any
    ) -> instances_pb2.RegisterInstancesResponse:
        """Register paths, a message for each batch; return the sum of the answers."""
        options = {"store_name": STORE, "null_obsid": "observation" not in options, **options}
        first = [instances_pb2.RegisterInstancesRequest(**options)]
        rest = [instances_pb2.RegisterInstancesRequest(paths=paths) for paths in batches]
        total = instances_pb2.RegisterInstancesResponse()
        stub = self.stub(instances_pb2_grpc.InstancesStub, account)
        for answer in stub.RegisterInstances(iter(first + rest)):
            total.registered_count += answer.registered_count
            total.known_count += answer.known_count
            total.registered_bytes += answer.registered_bytes
            total.failures.extend(answer.failures)
        return total

    def count(self, table: type[Base]) -> int:
        """Return the number of rows of a table."""
        with self.parts.database.readings.begin() as db:
            return db.execute(select(func.count()).select_from(table)).scalar_one()

    def staged(self) -> list[str]:
        """Return what lies in the stores' staging places."""
        places = self.agent.directory.glob("stores/*/.librarian/staging/*")
        return sorted(place.name for place in places)


def new_upload(
    name: str, contents: bytes | Mapping[str, bytes], **changes: Any
) -> uploads_pb2.NewUpload:
    """Describe an upload of some contents that belong to no observation, unless changed."""
    pieces = [contents] if isinstance(contents, bytes) else list(contents.values())
    row: dict[str, Any] = {
        "parent_dirs": "2458432",
        "size_bytes": sum(map(len, pieces)),
        "request_id": f"request of {name}",
        "null_obsid": "observation" not in changes,
    }
    return uploads_pb2.NewUpload(file_name=name, **{**row, **changes})


def bring(started: uploads_pb2.StartedUpload, contents: bytes | Mapping[str, bytes]) -> None:
    """Write contents into an upload's staging place, as a client on the same host does."""
    place = Path(started.way_in.staging_path)
    lock = os.open(place, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        if isinstance(contents, bytes):
            (place / "data").write_bytes(contents)
            return
        for path, data in contents.items():
            (place / "data" / path).parent.mkdir(parents=True, exist_ok=True)
            (place / "data" / path).write_bytes(data)
    finally:
        os.close(lock)


@contextmanager
def ingest_site(database_url: str, directory: Path, **agent_changes: Any) -> Iterator[IngestSite]:
    """Run a site that takes files in, with a store called `pot1`."""
    database = open_database(database_url)
    parts = Parts(database, AgentCalls(PlainSecrets()), Wakeups(database))
    listen = ListenConfig.model_validate({"listen": "127.0.0.1:0"})
    server = serve(
        listen,
        add_servicers=lambda server: _add(server, parts),
        authenticate=lambda _method, token: Caller(token or "nobody"),
    )
    with running_agent(directory, **agent_changes) as agent:
        site = IngestSite(parts, agent, server.address)
        site.add_store()
        try:
            yield site
        finally:
            for connection in site.connections:
                connection.close()
            server.stop(0)
            parts.agents.close()
            parts.wakeups.close()
            database.dispose()


def _add(server: grpc.Server, parts: Parts) -> list[str]:
    uploads_pb2_grpc.add_UploadsServicer_to_server(UploadsServicer(parts), server)
    files_pb2_grpc.add_FilesServicer_to_server(FilesServicer(parts), server)
    instances_pb2_grpc.add_InstancesServicer_to_server(InstancesServicer(parts), server)
    observations_pb2_grpc.add_ObservationsServicer_to_server(ObservationsServicer(parts), server)
    return []
