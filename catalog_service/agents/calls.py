"""Connections to the store agents, and the tickets that they accept."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from catalog_service.tables import Agent
from librarian.client.channel import Connection
from librarian.errors import NotAllowedError, NotReachableError, NotSignedInError
from librarian.service.tickets import Action, Ticket, sign_ticket
from librarian.v1 import store_agent_pb2_grpc

_MANAGE_SECONDS = 300
# As long as an upload's lease, and a little more: whoever renews the one asks for the other anew.
_WRITE_SECONDS = 2 * 3600
_READ_SECONDS = 3600
# A worker gets a new one each time that it renews its lease.
_PUSH_SECONDS = 600


class Decrypter(Protocol):
    """What gives back what the site's own key has encrypted."""

    def decrypt(self, data: bytes, /) -> bytes:
        """Return the plain bytes."""
        ...


class AgentCalls:
    """Calls agents as the catalogue, and gives out tickets to others."""

    def __init__(self, secrets: Decrypter, agent_ca_file: Path | None = None) -> None:
        self._secrets = secrets
        self._agent_ca_file = agent_ca_file
        self._lock = threading.Lock()
        self._keys: dict[bytes, bytes] = {}
        self._stubs: dict[tuple[str, bool, bytes], tuple[Connection, AgentStub]] = {}

    def manage(self, agent: Agent) -> "AgentStub":
        """Return a stub for all methods of an agent, over a connection that is kept."""
        place = (agent.address, agent.tls, agent.ticket_key)
        with self._lock:
            if place not in self._stubs:
                self._forget(agent.address)
                self._stubs[place] = self._connect(agent)
            return self._stubs[place][1]

    def write_ticket(self, agent: Agent, batch: str) -> str:
        """Return a ticket to write the contents of one batch of uploads."""
        return self._sign(agent, "write", batch, _WRITE_SECONDS)

    def read_ticket(self, agent: Agent, store_name: str, path: str) -> str:
        """Return a ticket to read one instance, given relative to its store's root."""
        return self._sign(agent, "read", f"{store_name}\n{path}", _READ_SECONDS)

    def push_ticket(self, agent: Agent, batch_id: str) -> str:
        """Return a ticket to push one batch of transfers from an agent's stores."""
        return self._sign(agent, "push", batch_id, _PUSH_SECONDS)

    def close(self) -> None:
        """End all connections."""
        with self._lock:
            for connection, _ in self._stubs.values():
                connection.close()
            self._stubs.clear()

    def _connect(self, agent: Agent) -> tuple[Connection, "AgentStub"]:
        connection = Connection(
            agent.address,
            token=lambda: self._sign(agent, "manage", "", _MANAGE_SECONDS),
            tls=agent.tls,
            ca_file=self._agent_ca_file,
        )
        stub = connection.stub(store_agent_pb2_grpc.StoreAgentStub)
        return connection, AgentStub(stub, agent.name)

    def _forget(self, address: str) -> None:
        # Its agent has restarted under another key. Calls under way keep the old connection.
        for place in [place for place in self._stubs if place[0] == address]:
            del self._stubs[place]

    def _sign(self, agent: Agent, action: Action, subject: str, lifetime_seconds: int) -> str:
        key = self._keys.get(agent.ticket_key)
        if key is None:
            key = self._keys[agent.ticket_key] = self._secrets.decrypt(agent.ticket_key)
        return sign_ticket(key, Ticket(action, subject), lifetime_seconds)


class AgentStub:
    """An agent's methods, by name: called as those of `Connection.stub`, and raising the same.

    That an agent does not accept the catalogue's ticket is no fault of the catalogue's caller: the
    agent has restarted, and not announced its new key yet.
    """

    def __init__(self, stub: Any, agent_name: str) -> None:
        self._stub = stub
        self._agent_name = agent_name

    def __getattr__(self, method: str) -> Any:
        call = getattr(self._stub, method)

        def translated(request: Any, **options: Any) -> Any:
            try:
                answer = call(request, **options)
            except (NotSignedInError, NotAllowedError) as error:
                raise self._restarted() from error
            return _AgentStream(answer, self._restarted) if hasattr(answer, "cancel") else answer

        return translated

    def _restarted(self) -> NotReachableError:
        return NotReachableError(
            f"The store agent {self._agent_name} has restarted and not announced itself yet:"
            " repeat the call in a few seconds."
        )


class _AgentStream:
    """The answers of a streaming call to an agent."""

    def __init__(self, stream: Any, restarted: Any) -> None:
        self._stream = stream
        self._restarted = restarted

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        try:
            return next(self._stream)
        except (NotSignedInError, NotAllowedError) as error:
            raise self._restarted() from error

    def cancel(self) -> None:
        """Tell the agent that no more answers are wanted."""
        self._stream.cancel()
