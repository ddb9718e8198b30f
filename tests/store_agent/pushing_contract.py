"""Two sites' agents, and pushes from one to the other by any way.

A way under test is a `Setup`: what the agents are told for it, and what the neighbour does with
what it brought. Whatever all ways promise is tested in `test_pushing_contract.py`.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from librarian.client.channel import Stream
from librarian.errors import BusyError
from librarian.manifests import describe_contents
from librarian.service.tickets import Ticket, sign_ticket
from librarian.v1 import incoming_pb2
from librarian.v1 import store_agent_pb2 as pb
from store_agent.paths import FILE_FLAGS
from tests.bad_links import BadLink
from tests.polling import wait_until
from tests.ssh_server import SshServer
from tests.store_agent.running_agent import Agent, running_agent

BATCH = "00112233445566778899aabbccddeeff"
HERE, THERE = "here", "there"


class Setup:
    """A way under test."""

    way = incoming_pb2.PUSH_WAY_STREAM
    # Whether bytes of a flat file that are there are not brought again.
    resumes = True

    def sender_settings(self, directory: Path) -> dict[str, Any]:
        """Return what the agent here is told."""
        return {}

    def receiver_settings(self, directory: Path) -> dict[str, Any]:
        """Return what the agent there is told."""
        return {}

    def prepare(self, sites: "Sites") -> None:
        """Prepare the neighbour for the batch."""

    def way_in(self, sites: "Sites") -> dict[str, Any]:
        """Return where to bring the bytes."""
        return {}

    def push_settings(self) -> dict[str, Any]:
        """Return what else a push is told."""
        return {}

    def adopt(self, sites: "Sites", files: Sequence[pb.PushFile]) -> None:
        """Do what the neighbour does when all is said to be there."""

    def stop(self) -> None:
        """Stop what was started for the way."""


class StreamSetup(Setup):
    """To the agent there."""

    def way_in(self, sites: "Sites") -> dict[str, Any]:
        agent = sites.there.running
        ticket = sign_ticket(agent.parts.ticket_key, Ticket("write", BATCH), 600)
        return {"agent_address": sites.through_link(agent.address), "ticket": ticket}


class SharedSetup(Setup):
    """Into the staging places there, which are seen here."""

    way = incoming_pb2.PUSH_WAY_SHARED
    resumes = False

    def sender_settings(self, directory: Path) -> dict[str, Any]:
        return {"shared_prefixes": [directory / THERE]}

    def way_in(self, sites: "Sites") -> dict[str, Any]:
        return {"staging_path": str(sites.root_there / ".librarian/staging")}


class RsyncSetup(Setup):
    """By an SSH server into the batch's directory there, from which they are adopted."""

    way = incoming_pb2.PUSH_WAY_RSYNC

    def __init__(self) -> None:
        self.server: SshServer | None = None

    def sender_settings(self, directory: Path) -> dict[str, Any]:
        return {"ssh_key_dir": self._running(directory).key_directory(HERE)}

    def receiver_settings(self, directory: Path) -> dict[str, Any]:
        server = self._running(directory)
        return {"ssh_host": server.host, "ssh_port": server.port, "ssh_user": server.user}

    def prepare(self, sites: "Sites") -> None:
        if self.server is not None:
            self.server.admit(HERE, "neighbour", sites.root_there)
        sites.there.manage.PrepareBatch(self._batch(pb.PrepareBatchRequest))

    def way_in(self, sites: "Sites") -> dict[str, Any]:
        answer = sites.there.manage.PrepareBatch(self._batch(pb.PrepareBatchRequest))
        address = sites.through_link(f"{answer.ssh_host}:{answer.ssh_port}")
        fields = ("ssh_host", "ssh_user", "rsync_path")
        way_in: dict[str, Any] = {name: getattr(answer, name) for name in fields}
        return {**way_in, "ssh_port": int(address.rpartition(":")[2])}

    def push_settings(self) -> dict[str, Any]:
        return {"ssh_host_key": self.server.host_key if self.server else ""}

    def adopt(self, sites: "Sites", files: Sequence[pb.PushFile]) -> None:
        request = self._batch(pb.AdoptBatchRequest)
        for file in files:
            path = "/".join(filter(None, (file.parent_dirs, file.file_name)))
            request.files.add(upload_id=file.upload_id, path=path)
        wait_until(lambda: _is_adopted(sites, request), what="the end of rsync there")

    def stop(self) -> None:
        if self.server is not None:
            self.server.stop()
            self.server = None

    def _running(self, directory: Path) -> SshServer:
        if self.server is None:
            self.server = SshServer(directory / "ssh")
        return self.server

    def _batch(self, message: Any) -> Any:
        return message(store_name=THERE, account_name=HERE, batch_id=BATCH)


def _is_adopted(sites: "Sites", request: pb.AdoptBatchRequest) -> bool:
    try:
        sites.there.manage.AdoptBatch(request)
    except BusyError:
        return False
    return True


@dataclass
class Outcome:
    """What a push came to."""

    failures: dict[str, str] = field(default_factory=dict)
    there: list[str] = field(default_factory=list)
    trouble: pb.PushTrouble | None = None
    bytes_done: int = 0
    way: int = 0

    def add(self, answer: pb.PushFilesResponse) -> None:
        """Take an answer in."""
        for file in answer.files:
            if file.HasField("failure"):
                self.failures[file.upload_id] = file.failure.reason
            else:
                self.there.append(file.upload_id)
        self.bytes_done, self.way = answer.bytes_done, answer.way
        self.trouble = answer.trouble if answer.HasField("trouble") else None


class Sites:
    """The agent here with files to push, and the neighbour's."""

    def __init__(
        self, here: Agent, there: Agent, setup: Setup, root_there: Path, link: BadLink
    ) -> None:
        # All that goes from here to there, but by the shared way.
        self.link = link
        self.here = here
        self.there = there
        self.setup = setup
        self.root = here.add_store(HERE)
        self.root_there = there.add_store(THERE, root_there)
        self.pusher = here.stub("push", BATCH)

    def through_link(self, address: str) -> str:
        """Return the address of the link, which leads to this one now."""
        self.link.target_port = int(address.rpartition(":")[2])
        return self.link.address

    def put(self, contents: Mapping[str, bytes | None]) -> list[pb.PushFile]:
        """Put flat files into the store here, and prepare their uploads there."""
        for path, data in contents.items():
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            if data is not None:
                (self.root / path).write_bytes(data)
        return self.offer(*contents)

    def offer(self, *paths: str) -> list[pb.PushFile]:
        """Prepare uploads of what lies in the store here."""
        files = [self.record(path, number) for number, path in enumerate(paths)]
        self.there.prepare(THERE, *(file.upload_id for file in files))
        self.setup.prepare(self)
        return files

    def record(self, path: str, number: int) -> pb.PushFile:
        """Return what is on record of what lies at a path; of nothing, anything."""
        file = pb.PushFile(upload_id=f"{BATCH}-{number}", store_name=HERE)
        file.parent_dirs, _, file.file_name = path.rpartition("/")
        try:
            fd = os.open(self.root / path, FILE_FLAGS)
        except FileNotFoundError:
            file.size_bytes, file.checksum = 5, f"blake3:{'0' * 64}"
            return file
        try:
            contents = describe_contents(fd)
        finally:
            os.close(fd)
        file.size_bytes, file.checksum = contents.size_bytes, contents.checksums["blake3"]
        return file

    def request(self, files: Sequence[pb.PushFile], **changes: Any) -> pb.PushFilesRequest:
        """Return the request that pushes files by the way under test."""
        way_in = {"store_name": THERE, "ways": [self.setup.way], **self.setup.way_in(self)}
        wanted: dict[str, Any] = {
            "batch_id": BATCH,
            "fence": 1,
            "files": files,
            "way_in": incoming_pb2.BatchWayIn(**way_in),
            "librarian_name": "neighbour",
            **self.setup.push_settings(),
            **changes,
        }
        return pb.PushFilesRequest(**wanted)

    def start(self, files: Sequence[pb.PushFile], **changes: Any) -> Stream:
        """Begin to push files, and return the answers."""
        stream: Stream = self.pusher.PushFiles(self.request(files, **changes))
        return stream

    def push(self, files: Sequence[pb.PushFile], **changes: Any) -> Outcome:
        """Push files, and return what it came to."""
        outcome = Outcome()
        for answer in self.start(files, **changes):
            outcome.add(answer)
        return outcome

    def refused(self, files: Sequence[pb.PushFile]) -> dict[str, str]:
        """Let the neighbour verify files, and return why it refuses those that it does."""
        self.setup.adopt(self, files)
        uploads = [
            pb.VerifyUpload(
                upload=pb.StoredUpload(upload_id=file.upload_id, store_name=THERE),
                size_bytes=file.size_bytes,
                checksum=file.checksum,
            )
            for file in files
        ]
        answers = self.there.manage.VerifyUploads(pb.VerifyUploadsRequest(uploads=uploads))
        return {a.upload_id: a.failure.reason for a in answers if a.HasField("failure")}


@contextmanager
def running_sites(
    directory: Path, setup: Setup, root_there: Path | None = None, **changes: Any
) -> Iterator[Sites]:
    """Run two agents, each with a store."""
    prefix = directory / THERE / "stores"
    for name in (HERE, THERE):
        (directory / name).mkdir(exist_ok=True)
    settings = {"store_prefixes": [prefix], **setup.receiver_settings(directory)}
    own_settings = {**setup.sender_settings(directory), **changes}
    with (
        running_agent(directory / THERE, **settings) as there,
        running_agent(directory / HERE, **own_settings) as here,
        BadLink() as link,
    ):
        try:
            yield Sites(here, there, setup, root_there or prefix / THERE, link)
        finally:
            setup.stop()
