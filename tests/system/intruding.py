"""Neighbours' accounts at a site, and what the site is like before and after they tried."""

from typing import Any

from blake3 import blake3

from librarian.client.channel import Connection
from librarian.errors import (
    NotAllowedError,
    NotFoundError,
    NotSignedInError,
)
from librarian.v1 import (
    files_pb2,
    incoming_pb2_grpc,
    store_agent_pb2_grpc,
)
from librarian.v1 import incoming_pb2 as pb
from tests.system.neighbours import make_account
from tests.system.site import Site

BATCH = "a" * 32
OWN_BATCH = "b" * 32
CONTENTS = b"what the telescope saw"
GOOD_SUM = f"blake3:{blake3(CONTENTS).hexdigest()}"
REFUSALS = (NotAllowedError, NotSignedInError, NotFoundError)


class Caller:
    """A neighbour with an account of the site's."""

    def __init__(self, site: Site, name: str) -> None:
        """Make the account, and connect with it."""
        self.name = name
        self.token = make_account(site, name, "READAPPEND")
        self._connection = Connection(f"127.0.0.1:{site.port}", token=self.token)
        self._agent_address = f"127.0.0.1:{site.port + 1}"
        self.incoming: Any = self.stub(incoming_pb2_grpc.IncomingStub)

    def stub(self, stub_class: Any) -> Any:
        """Return a service of the catalogue."""
        return self._connection.stub(stub_class)

    def agent(self, ticket: str) -> Any:
        """Return the agent, as the bearer of a ticket sees it."""
        connection = Connection(self._agent_address, token=ticket)
        return connection.stub(store_agent_pb2_grpc.StoreAgentStub)

    def offer(self, batch: str, *files: pb.OfferedFile, **changes: Any) -> pb.OfferFilesResponse:
        """Offer files."""
        row = {"site_id": self.name, "site_name": self.name, "fence": 1, **changes}
        request = pb.OfferFilesRequest(batch_id=batch, files=files, **row)
        answer: pb.OfferFilesResponse = self.incoming.OfferFiles(request)
        return answer


def offered(number: int = 1, name: str = "seen.raw", **changes: Any) -> pb.OfferedFile:
    """Describe a file at the neighbour."""
    row = {"name": name, "size_bytes": len(CONTENTS), "checksum": GOOD_SUM, **changes}
    dirs = row.pop("parent_dirs", "night")
    more = {key: row.pop(key) for key in ("observation", "observing_session") if key in row}
    return pb.OfferedFile(transfer_id=number, parent_dirs=dirs, file=files_pb2.File(**row), **more)


def state_of(site: Site) -> object:
    root = site.layout.store
    entries = sorted((str(path), path.lstat().st_mode) for path in root.rglob("*"))
    with site.librarian() as lib:
        files = [file.name for file in lib.search_files('{"always-true": true}')]
        accounts = [(user.name, user.role) for user in lib.list_users()]
        stores = [(store.name, store.enabled) for store in lib.list_stores()]
        librarians = lib.list_librarians()
    return entries, files, accounts, stores, librarians, outside(site)


def outside(site: Site) -> list[str]:
    """Return what lies beside the site's store."""
    return sorted(path.name for path in site.layout.root.iterdir() if "sqlite" not in path.name)


def ticket_of(caller: Caller, batch: str) -> str:
    return str(caller.incoming.RenewBatch(pb.RenewBatchRequest(batch_id=batch, fence=1)).ticket)
