"""A store agent that runs within the test, its store, and the files on it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catalog_service.tables import Agent, File, Store
from librarian.checksums import checksum_of
from librarian.v1 import store_agent_pb2, stores_pb2
from store_agent import app
from store_agent.app import StoreAgent
from store_agent.config import StoreAgentConfig
from tests.catalog_service.staging_rows import add_agent, add_file, add_instance, add_store
from tests.catalog_service.staging_site import Parts


@dataclass
class Node:
    """A storage node: its directories, its agent, and the agent's row."""

    parts: Parts
    directory: Path
    agent_id: int = 0
    agent: StoreAgent | None = None
    handover_command: tuple[str, ...] = ()

    @property
    def prefix(self) -> Path:
        """The directory beneath which it stages."""
        return self.directory / "stage"

    def start(self) -> None:
        """Start the agent, and put it on record as its announcement would."""
        self.prefix.mkdir(exist_ok=True)
        self.agent = app.start(self._config())
        with self.parts.database.transactions.begin() as db:
            row = db.get(Agent, self.agent_id) or add_agent(db)
            row.address = self.agent.address
            row.ticket_key = self.agent.parts.ticket_key
            row.staging_prefix = str(self.prefix)
            self.agent_id = row.id
            stores = [(store.name, store.root, store.store_id) for store in db.query(Store)]
        for name, root, store_id in stores:
            self._open_store(name, root, store_id)

    def stop(self) -> None:
        """Stop the agent."""
        if self.agent is not None:
            self.agent.stop(0)
            self.agent = None

    def add_store(self, name: str = "pot1") -> None:
        """Make a store."""
        root = str(self.directory / name)
        with self.parts.database.transactions.begin() as db:
            store = add_store(db, db.get_one(Agent, self.agent_id), name, root=root)
            store_id = store.store_id
        self._open_store(name, root, store_id)

    def add_file(self, name: str, data: bytes, parent_dirs: str = "", store: str = "pot1") -> Path:
        """Put a file into a store and on record; return where it lies."""
        path = self.directory / store / parent_dirs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        self.add_rows(name, len(data), checksum_of(data), parent_dirs, store)
        return path

    def add_rows(
        self, name: str, size: int, checksum: str, parent_dirs: str = "", store: str = "pot1"
    ) -> None:
        """Put a file, if it is not yet, and an instance of it on record."""
        with self.parts.database.transactions.begin() as db:
            file = db.query(File).filter_by(name=name).one_or_none()
            file = file or add_file(db, name, size, checksum)
            add_instance(db, file, db.query(Store).filter_by(name=store).one(), parent_dirs)

    def _config(self) -> StoreAgentConfig:
        token_file = self.directory / "token"
        token_file.write_text("none")
        # Nobody answers at the catalogue's address: this test does the announcing.
        return StoreAgentConfig.model_validate(
            {
                "listen": "127.0.0.1:0",
                "catalog_address": "127.0.0.1:1",
                "token_file": token_file,
                "store_prefixes": [self.directory],
                "staging_prefix": self.prefix,
                "staging_workers": 2,
                "announce_seconds": 3600.0,
                "handover_command": list(self.handover_command),
            }
        )

    def _open_store(self, name: str, root: str, store_id: str) -> None:
        with self.parts.database.readings.begin() as db:
            stub: Any = self.parts.agents.manage(db.get_one(Agent, self.agent_id))
        served = stores_pb2.ServedStore(name=name, root=root, store_id=store_id)
        stub.OpenStore(store_agent_pb2.OpenStoreRequest(store=served))


@contextmanager
def running_node(
    parts: Parts, directory: Path, handover_command: tuple[str, ...] = ()
) -> Iterator[Node]:
    """Run a storage node with one store, `pot1`."""
    node = Node(parts, directory, handover_command=handover_command)
    node.start()
    node.add_store()
    yield node
    node.stop()
