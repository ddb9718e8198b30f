"""A catalogue, its agent and a neighbour, on real ports, that do what a test tells them."""

import threading

from librarian.service.calls import Caller
from librarian.service.config import ListenConfig
from librarian.service.server import serve
from librarian.v1 import (
    accounts_pb2_grpc,
    incoming_pb2,
    incoming_pb2_grpc,
    store_agent_pb2_grpc,
    transfer_records_pb2_grpc,
    transfers_pb2_grpc,
    uploads_pb2,
)
from librarian.v1 import store_agent_pb2 as pb
from tests.polling import wait_until
from tests.transfer_service.catalogues import THERE, FakeCatalog
from tests.transfer_service.faults import Faults
from tests.transfer_service.neighbours import FakeIncoming, FakeSite, FakeTransfers


class FakeAgent(store_agent_pb2_grpc.StoreAgentServicer):
    """Brings all files at once, unless told otherwise by file name."""

    def __init__(self, faults: Faults, incoming: FakeIncoming) -> None:
        self._faults = faults
        self._incoming = incoming
        self.way = incoming_pb2.PUSH_WAY_STREAM
        self.failures: dict[str, uploads_pb2.Failure] = {}
        self.bad: dict[str, uploads_pb2.Failure] = {}
        self.troubles: list[pb.PushTrouble] = []
        self.pushes: list[pb.PushFilesRequest] = []
        # The trouble comes after so many; after all of them when this is None.
        self.files_before_trouble: int | None = None
        # Holds the stream open after this many files, until it is set or the caller leaves.
        self.files_before_pause: int | None = None
        self.pauses = 0
        self.go_on = threading.Event()
        self.cancelled = threading.Event()

    def PushFiles(self, request, context):
        with self._faults.around("PushFiles"):
            self.pushes.append(request)
            done = 0
            for number, file in enumerate(request.files):
                if self.troubles and number == self.files_before_trouble:
                    break
                if number == self.files_before_pause:
                    yield from self._pause(context, done)
                    if self.cancelled.is_set():
                        return
                self._incoming.arrived.add(file.upload_id)
                done += file.size_bytes
                failure = self.failures.get(file.file_name)
                pushed = pb.PushedFile(upload_id=file.upload_id, failure=failure)
                yield pb.PushFilesResponse(files=[pushed], bytes_done=done, way=self.way)
            if self.troubles:
                yield pb.PushFilesResponse(trouble=self.troubles.pop(0), way=self.way)

    def CheckInstances(self, request, context):
        with self._faults.around("CheckInstances"):
            failures = [self.bad.get(file.file_name) for file in request.files]
            checked = [pb.CheckedInstance(failure=failure) for failure in failures]
            return pb.CheckInstancesResponse(files=checked)

    def _pause(self, context, done):
        context.add_callback(self._leave)
        while not self.go_on.wait(0.2):
            self.pauses += 1
            yield pb.PushFilesResponse(bytes_done=done, way=self.way)
            if not context.is_active():
                self.cancelled.set()
        self.files_before_pause = None

    def _leave(self):
        if not self.go_on.is_set():
            self.cancelled.set()
            self.go_on.set()


class World:
    """All that a transfer service speaks to."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.catalog = FakeCatalog(self.faults)
        self.incoming = FakeIncoming(self.faults)
        self.site = FakeSite(self.faults)
        self.transfers = FakeTransfers(self.faults)
        self.agent = FakeAgent(self.faults, self.incoming)
        self._servers = [
            self._serve(
                (transfer_records_pb2_grpc.add_TransferRecordsServicer_to_server, self.catalog)
            ),
            self._serve(
                (incoming_pb2_grpc.add_IncomingServicer_to_server, self.incoming),
                (accounts_pb2_grpc.add_SiteServicer_to_server, self.site),
                (transfers_pb2_grpc.add_TransfersServicer_to_server, self.transfers),
            ),
            self._serve((store_agent_pb2_grpc.add_StoreAgentServicer_to_server, self.agent)),
        ]
        self.catalog_address = self._servers[0].address
        self.catalog.neighbour.url = self._servers[1].address
        self.catalog.neighbour.site_id = THERE
        self.catalog.agent_address = self._servers[2].address

    def wait_for_states(self, *states):
        """Wait until the transfers are so, one after the other."""
        wait_until(
            lambda: self.catalog.states() == list(states),
            what=f"{states}; they are {self.catalog.states()}",
        )

    def wait_for_end(self):
        """Return how the next batch that is given back was."""
        wait_until(lambda: self.catalog.ends, what="the batch to be given back")
        return self.catalog.ends[0]

    def wait_for_call(self, call):
        wait_until(lambda: call in self.faults.calls, what=call)

    def close(self):
        self.faults.close()
        self.agent.go_on.set()
        self.catalog.close()
        self.incoming.close()
        for server in self._servers:
            server.stop(0)

    def _serve(self, *pairs):
        def add(server):
            for add_to, servicer in pairs:
                add_to(servicer, server)
            return []

        listen = ListenConfig.model_validate({"listen": "127.0.0.1:0", "threads": 16})
        return serve(
            listen, add_servicers=add, authenticate=lambda method, token: Caller(token or "")
        )
