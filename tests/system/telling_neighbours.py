"""Two sites in far time zones, of which the second can tell the first what arrived."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from librarian.client.transfer_records import Transfer
from tests.bad_links import BadLink
from tests.system.neighbours import NEIGHBOUR, Neighbours, make_account, neighbours
from tests.system.site import ALL_SERVICES, Environments

TELESCOPE = "telescope"
"""Name of the source at the destination."""
CALLBACK_ACCOUNT = "caller"
# What the second librarian's colon-separated authenticators could not hold.
PASSWORD = "a pass:word: with 'colons'"


@dataclass
class TellingNeighbours:
    """A pair of sites that know each other; what the second calls goes through `back`."""

    pair: Neighbours
    back: BadLink

    def give_callback_account(self) -> None:
        """Let the destination sign in at the source."""
        secret = make_account(self.pair.source, CALLBACK_ACCOUNT, "CALLBACK")
        with self.pair.destination.librarian() as client:
            client.update_librarian(
                TELESCOPE, authenticator=f"{CALLBACK_ACCOUNT}:{secret}", check=False
            )


@contextmanager
def telling_neighbours(
    directory: Path, source_url: str = "", destination_url: str = ""
) -> Iterator[TellingNeighbours]:
    """Run two sites that know each other; the first signs in with a password that has colons."""
    with (
        neighbours(
            directory,
            source_url,
            destination_url,
            source=_in_zone("Africa/Johannesburg"),
            destination=_in_zone("America/Los_Angeles"),
        ) as pair,
        BadLink(pair.source.port) as back,
    ):
        with pair.destination.librarian() as client:
            client.create_user("colons", "READAPPEND", PASSWORD)
        secret = make_account(pair.source, CALLBACK_ACCOUNT, "CALLBACK")
        with pair.source.librarian() as client:
            client.update_librarian(
                NEIGHBOUR, authenticator=f"colons:{PASSWORD}", callback_account=CALLBACK_ACCOUNT
            )
        with pair.destination.librarian() as client:
            client.add_librarian(
                TELESCOPE, back.address, f"{CALLBACK_ACCOUNT}:{secret}", transfers_enabled=False
            )
        yield TellingNeighbours(pair, back)


def _in_zone(zone: str) -> Environments:
    return {service: {"TZ": zone} for service in ALL_SERVICES}


def send(pair: Neighbours, contents: dict[str, bytes]) -> None:
    """Put files into the source, and queue them."""
    pair.register(contents)
    queue(pair, list(contents))


def queue(pair: Neighbours, names: list[str]) -> None:
    """Queue files that are in the source."""
    with pair.source.librarian() as client:
        sent = client.send(NEIGHBOUR, {"name-in": names})
    assert sent.queued_count == len(names)


def transfers_of(pair: Neighbours, name: str) -> list[Transfer]:
    """Return the transfers of a file from the source, the newest first."""
    with pair.source.librarian() as client:
        return list(client.list_transfers(file_name=name))
