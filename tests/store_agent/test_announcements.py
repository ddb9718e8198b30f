import threading
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from librarian.service.calls import Caller
from librarian.service.config import ListenConfig
from librarian.service.server import RunningServer, serve
from librarian.v1 import store_agent_pb2_grpc, stores_pb2, stores_pb2_grpc
from store_agent.rpc.tickets import NEEDED_ACTIONS
from tests.polling import wait_until
from tests.store_agent.running_agent import Agent, running_agent


class Catalogue(stores_pb2_grpc.AgentsServicer):
    """The far end of the heartbeat, on a real port."""

    def __init__(self) -> None:
        self.stores: list[stores_pb2.ServedStore] = []
        self.heard: list[stores_pb2.AnnounceAgentRequest] = []
        self.tokens: set[str | None] = set()
        self.server: RunningServer | None = None

    def AnnounceAgent(
        self, request: stores_pb2.AnnounceAgentRequest, context: grpc.ServicerContext
    ) -> stores_pb2.AnnounceAgentResponse:
        self.heard.append(request)
        return stores_pb2.AnnounceAgentResponse(stores=self.stores)

    def start(self, port: int = 0) -> int:
        def add(server: grpc.Server) -> list[str]:
            stores_pb2_grpc.add_AgentsServicer_to_server(self, server)
            return ["librarian.v1.Agents"]

        def authenticate(method: str, token: str | None) -> Caller:
            self.tokens.add(token)
            return Caller("agent")

        listen = ListenConfig.model_validate({"listen": f"127.0.0.1:{port}"})
        self.server = serve(listen, add_servicers=add, authenticate=authenticate)
        return self.server.port

    def stop(self) -> None:
        if self.server is not None:
            self.server.stop(0)
            self.server = None

    def problem_of(self, store: str) -> str | None:
        """Return what was last said to be wrong with a store, or None when nothing was said."""
        last = self.heard[-1] if self.heard else stores_pb2.AnnounceAgentRequest()
        return next((report.problem for report in last.stores if report.name == store), None)


@pytest.fixture
def catalogue() -> Iterator[Catalogue]:
    running = Catalogue()
    yield running
    running.stop()


@pytest.fixture
def agent(catalogue: Catalogue, tmp_path: Path) -> Iterator[Agent]:
    address = f"127.0.0.1:{catalogue.start()}"
    with running_agent(tmp_path, catalog_address=address, announce_seconds=0.05) as running:
        yield running


def served(name: str, root: Path, store_id: str = "id-1") -> stores_pb2.ServedStore:
    return stores_pb2.ServedStore(name=name, root=str(root), store_id=store_id)


def test_an_agent_says_who_and_where_it_is(agent: Agent, catalogue: Catalogue) -> None:
    wait_until(lambda: catalogue.heard, what="an announcement")
    said = catalogue.heard[0]
    assert said.address == agent.running.address
    assert said.staging_prefix == str(agent.staging)
    assert said.ticket_key == agent.running.parts.ticket_key
    assert said.version != ""
    assert catalogue.tokens == {"none"}


def test_a_new_store_is_reported_at_once(catalogue: Catalogue, tmp_path: Path) -> None:
    address = f"127.0.0.1:{catalogue.start()}"
    with running_agent(tmp_path, catalog_address=address, announce_seconds=1000.0) as agent:
        wait_until(lambda: catalogue.heard, what="the first announcement")
        agent.add_store("s1")
        wait_until(lambda: catalogue.problem_of("s1") == "", what="the report")
        assert catalogue.heard[-1].stores[0].free_bytes > 0


def test_stores_on_record_are_learnt_after_a_restart(catalogue: Catalogue, tmp_path: Path) -> None:
    with running_agent(tmp_path) as agent:
        root = tmp_path / "stores" / "s1"
        agent.open_store("s1", root, "id-1")
    (root / "zen").write_bytes(b"contents")
    catalogue.stores = [served("s1", root)]
    address = f"127.0.0.1:{catalogue.start()}"
    with running_agent(tmp_path, catalog_address=address, announce_seconds=1000.0) as agent:
        wait_until(lambda: catalogue.problem_of("s1") == "", what="the report")
        assert agent.inspect("s1", "zen")[0].size_bytes == 8


def test_a_store_that_is_not_there_is_reported_and_not_made(
    agent: Agent, catalogue: Catalogue
) -> None:
    root = agent.directory / "stores" / "s1"
    catalogue.stores = [served("s1", root), served("s2", Path("/etc/s2"))]
    wait_until(lambda: catalogue.problem_of("s1"), what="the problem")
    assert "is its disk mounted" in (catalogue.problem_of("s1") or "")
    assert "may not serve" in (catalogue.problem_of("s2") or "")
    assert not root.exists()


def test_a_store_with_another_mark_is_reported(agent: Agent, catalogue: Catalogue) -> None:
    root = agent.add_store("s1")
    catalogue.stores = [served("s1", root, "another id")]
    wait_until(lambda: catalogue.problem_of("s1"), what="the problem")
    assert "mark" in (catalogue.problem_of("s1") or "")


def test_an_agent_outlives_its_catalogue(agent: Agent, catalogue: Catalogue) -> None:
    agent.add_store("s1")
    wait_until(lambda: catalogue.problem_of("s1") == "", what="the report")
    assert catalogue.server is not None
    port = catalogue.server.port
    catalogue.stop()
    assert agent.inspect("s1", "gone")[0].failure.reason == "NO_INSTANCE"
    catalogue.heard.clear()
    catalogue.start(port)
    wait_until(lambda: catalogue.heard, what="the agent to be heard again", timeout_seconds=100)


def test_a_disk_that_hangs_does_not_stop_the_heartbeat(agent: Agent, catalogue: Catalogue) -> None:
    agent.add_store("s1")
    agent.add_store("s2")
    store = agent.running.parts.stores.get_store("s1")
    go_on = threading.Event()
    # Time alone is made up: a call into the kernel that does not come back.
    measure = store.measure
    store.measure = lambda: (go_on.wait(60), measure())[1]  # type: ignore[method-assign]
    wait_until(lambda: catalogue.problem_of("s1"), what="the hanging store to be told")
    assert "does not answer" in (catalogue.problem_of("s1") or "")
    assert catalogue.problem_of("s2") == ""
    go_on.set()
    wait_until(lambda: catalogue.problem_of("s1") == "", what="the store to answer again")


def test_each_method_of_the_service_has_a_ticket() -> None:
    methods = {
        name for name in vars(store_agent_pb2_grpc.StoreAgentServicer) if not name.startswith("_")
    }
    assert set(NEEDED_ACTIONS) == methods
