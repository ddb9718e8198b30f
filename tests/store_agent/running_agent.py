"""A real agent on a free port, and a caller that makes its own tickets."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from librarian.client.channel import Connection
from librarian.service.tickets import Action, Ticket, sign_ticket
from librarian.v1 import store_agent_pb2 as pb
from librarian.v1 import store_agent_pb2_grpc, stores_pb2
from store_agent import app
from store_agent.config import StoreAgentConfig

BATCH = "b1"
UPLOAD = f"{BATCH}-0"


class Agent:
    """An agent, the directories it may use, and stubs that bear tickets."""

    def __init__(self, agent: app.StoreAgent, directory: Path) -> None:
        self.running = agent
        self.directory = directory
        self.staging = directory / "stage"
        self._connections: list[Connection] = []
        self.manage = self.stub("manage")
        self.write = self.stub("write", BATCH)

    def stub(self, action: Action, subject: str = "") -> Any:
        ticket = sign_ticket(self.running.parts.ticket_key, Ticket(action, subject), 600)
        connection = Connection(self.running.address, token=ticket)
        self._connections.append(connection)
        return connection.stub(store_agent_pb2_grpc.StoreAgentStub)

    def read(self, store: str, path: str) -> Any:
        return self.stub("read", f"{store}\n{path}")

    def add_store(self, name: str, root: Path | None = None) -> Path:
        root = root or self.directory / "stores" / name
        self.open_store(name, root)
        return root

    def open_store(self, name: str, root: Path, store_id: str = "") -> stores_pb2.StoreReport:
        store_id = store_id or str(uuid.uuid5(uuid.NAMESPACE_URL, name))
        store = stores_pb2.ServedStore(name=name, root=str(root), store_id=store_id)
        report: stores_pb2.StoreReport = self.manage.OpenStore(pb.OpenStoreRequest(store=store))
        return report

    def prepare(self, store: str, *upload_ids: str) -> list[Path]:
        request = pb.PrepareUploadsRequest(uploads=[upload(store, one) for one in upload_ids])
        prepared = self.manage.PrepareUploads(request).uploads
        assert not any(one.HasField("failure") for one in prepared)
        return [Path(one.staging_path) for one in prepared]

    def stream(self, store: str, upload_id: str, *pieces: tuple[str, int, bytes]) -> int:
        requests = [
            pb.WriteContentsRequest(
                upload=upload(store, upload_id), path=path, offset=offset, data=data
            )
            for path, offset, data in pieces
        ]
        return int(self.write.WriteContents(iter(requests)).written_bytes)

    def arrived(self, store: str, upload_id: str) -> dict[str, int]:
        request = pb.ListArrivedEntriesRequest(upload=upload(store, upload_id))
        answers = self.write.ListArrivedEntries(request)
        return {entry.path: entry.size_bytes for answer in answers for entry in answer.entries}

    def verify(
        self, store: str, upload_id: str, size_bytes: int, checksum: str = ""
    ) -> pb.VerifiedUpload:
        wanted = pb.VerifyUpload(
            upload=upload(store, upload_id), size_bytes=size_bytes, checksum=checksum
        )
        [verified] = self.manage.VerifyUploads(pb.VerifyUploadsRequest(uploads=[wanted]))
        assert isinstance(verified, pb.VerifiedUpload)
        return verified

    def place(self, store: str, upload_id: str, path: str, inode: int) -> pb.PlacedUpload:
        parent_dirs, _, name = path.rpartition("/")
        wanted = pb.PlaceUpload(
            upload=upload(store, upload_id), parent_dirs=parent_dirs, file_name=name, inode=inode
        )
        [placed] = self.manage.PlaceUploads(pb.PlaceUploadsRequest(uploads=[wanted])).uploads
        assert isinstance(placed, pb.PlacedUpload)
        return placed

    def inspect(self, store: str, *paths: str, recursive: bool = False) -> list[pb.InspectedFile]:
        request = pb.InspectFilesRequest(store_name=store, paths=paths, recursive=recursive)
        return [found for answer in self.manage.InspectFiles(request) for found in answer.files]

    def close(self) -> None:
        for connection in self._connections:
            connection.close()
        self.running.stop(grace_seconds=1.0)


def upload(store: str, upload_id: str) -> pb.StoredUpload:
    return pb.StoredUpload(upload_id=upload_id, store_name=store)


@contextmanager
def running_agent(directory: Path, **changes: Any) -> Iterator[Agent]:
    (directory / "stage").mkdir(exist_ok=True)
    token_file = directory / "token"
    token_file.write_text("none\n")
    settings: dict[str, Any] = {
        "listen": "127.0.0.1:0",
        "token_file": token_file,
        "store_prefixes": [directory / "stores"],
        "staging_prefix": directory / "stage",
        # Nothing listens there: the agent works without its catalogue.
        "catalog_address": "127.0.0.1:1",
        **changes,
    }
    agent = Agent(app.start(StoreAgentConfig(**settings)), directory)
    try:
        yield agent
    finally:
        agent.close()


def put_dataset(directory: Path) -> int:
    """Make a dataset in a directory, and return its size."""
    (directory / "sub" / "empty").mkdir(parents=True)
    (directory / "header").write_bytes(b"h" * 10)
    (directory / "sub" / "visdata").write_bytes(b"v" * 5000)
    (directory / "sub" / "nothing").touch()
    return 5010
