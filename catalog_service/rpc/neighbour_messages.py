"""What a transfer service must know to sign in at a neighbour."""

from collections.abc import Iterable
from typing import Protocol

from catalog_service.tables import Librarian
from librarian.v1 import incoming_pb2
from librarian.v1 import transfer_records_pb2 as pb

UNREADABLE = (
    "The secret of the account there, or the key of a store agent here, is not encrypted with this"
    " site's keys: give the secret anew with `librarian update-librarian`."
)


class Decrypter(Protocol):
    """What gives back what the site's own key has encrypted."""

    def decrypt(self, data: bytes, /) -> bytes:
        """Return the plain bytes."""
        ...


def access_message(secrets: Decrypter, librarian: Librarian) -> pb.NeighbourAccess:
    """Return how to sign in at a neighbour, with the secret: for transfer services only.

    Raises cryptography's InvalidToken when the secret cannot be read with this site's keys.
    """
    return pb.NeighbourAccess(
        name=librarian.name,
        url=librarian.url,
        tls=librarian.tls,
        ca_pem=librarian.ca_pem,
        account_name=librarian.account_name,
        secret=secrets.decrypt(librarian.secret).decode(),
        ssh_host_key=librarian.ssh_host_key,
        site_id=librarian.site_id,
        agent_url=librarian.agent_url,
        ssh_url=librarian.ssh_url,
        ways=read_ways(librarian.ways),
    )


def read_ways(text: str) -> list[str]:
    """Return the ways to push that a row names, as the wire spells them, the best first."""
    return [f"PUSH_WAY_{name}" for name in text.split(",") if name]


def write_ways(ways: Iterable[int]) -> str:
    """Return ways to push as a row names them."""
    return ",".join(incoming_pb2.PushWay.Name(way).removeprefix("PUSH_WAY_") for way in ways)
