"""Calls about stores and the agents that serve them."""

from librarian.client.messages import read_agent, read_store
from librarian.client.records import Agent, Store
from librarian.client.sites import SiteCalls
from librarian.v1 import stores_pb2, stores_pb2_grpc


class StoreCalls(SiteCalls):
    """What one can ask and change about stores."""

    def add_store(self, name: str, root: str, agent: str = "", ingestible: bool = True) -> Store:
        """Add a store at `root` on its agent's host; `agent` may be empty when there is one.

        The same call again returns the store. Raises ConflictError when the name or the
        directory is another store's.
        """
        request = stores_pb2.CreateStoreRequest(
            name=name, agent_name=agent, root=root, no_ingest=not ingestible
        )
        return read_store(self._stores().CreateStore(request))

    def get_store(self, name: str) -> Store:
        """Return a store; raises UnknownStoreError."""
        return read_store(self._stores().GetStore(stores_pb2.GetStoreRequest(name=name)))

    def list_stores(self) -> list[Store]:
        """Return all stores by name."""
        answer = self._stores().ListStores(stores_pb2.ListStoresRequest())
        return [read_store(message) for message in answer.stores]

    def set_store_state(
        self, name: str, enabled: bool | None = None, ingestible: bool | None = None
    ) -> Store:
        """Change whether a store may be used, or take new files; None leaves it as it is."""
        request = stores_pb2.UpdateStoreRequest(name=name)
        if enabled is not None:
            request.enabled = enabled
        if ingestible is not None:
            request.ingestible = ingestible
        return read_store(self._stores().UpdateStore(request))

    def list_agents(self) -> list[Agent]:
        """Return all store agents by name."""
        stub = self._link.catalog(stores_pb2_grpc.AgentsStub)
        answer = stub.ListAgents(stores_pb2.ListAgentsRequest())
        return [read_agent(message) for message in answer.agents]

    def _stores(self) -> stores_pb2_grpc.StoresStub:
        stub: stores_pb2_grpc.StoresStub = self._link.catalog(stores_pb2_grpc.StoresStub)
        return stub
