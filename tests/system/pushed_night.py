"""Two nights that one site has pushed to another: one by hand, and one by a standing order."""

import filecmp
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from catalog_service.database import open_database
from catalog_service.files import get_file
from catalog_service.librarians import get_librarian
from catalog_service.remote_instances import add_remote_instances
from deploy.demo.synthetic_night import make_night
from librarian.cli.program import program
from librarian.client.librarian import Librarian
from librarian.client.records import MetadataValue
from tests.system.neighbours import NEIGHBOUR, Neighbours, neighbours
from tests.system.site import Site

BY_HAND_DAY, BY_ORDER_DAY = 2_459_200, 2_459_201
# Longer than the 39 characters beyond which the first librarian's orders never came to an end.
ORDER = "each-night-of-the-telescope-goes-to-the-archive"
METADATA: dict[str, MetadataValue] = {
    "quality": 0.125,
    "feed": "HH, with 'quotes'",
    "good": True,
    "antennas": 2**52 + 1,
    "inspected": datetime(2020, 10, 1, 12, 30, 0, 250000, UTC),
}
ARRIVAL_SECONDS = 60.0


@dataclass
class PushedNight:
    """Files that were pushed, by name: one UVH5, one MIRIAD dataset and one dump each night."""

    pair: Neighbours
    by_hand: list[str]
    by_order: list[str]
    # What was made, by name, before it was uploaded.
    made: dict[str, Path]
    # What `librarian send --wait` said.
    said: str

    @property
    def names(self) -> list[str]:
        """Return the names of all files."""
        return self.by_hand + self.by_order


@contextmanager
def pushed_night(
    directory: Path, source_url: str = "", destination_url: str = ""
) -> Iterator[PushedNight]:
    """Run two sites, and push a night by hand and another by a standing order."""
    with neighbours(
        directory,
        source_url,
        destination_url,
        destination={
            "catalog_service": {"LIBRARIAN_CATALOG_SERVICE__INCOMING_DELETION_ALLOWED": "true"}
        },
    ) as pair:
        with pair.source.librarian() as client:
            by_hand = upload_night(client, directory / "by hand", BY_HAND_DAY)
            by_order = upload_night(client, directory / "by order", BY_ORDER_DAY)
            client.update_metadata(by_hand[0].name, set=METADATA)
            client.assign_sessions(BY_HAND_DAY, BY_ORDER_DAY + 1)
            done = pair.source.run("send", "local", NEIGHBOUR, f"name:%{BY_HAND_DAY}%", "--wait")
            assert done.returncode == 0, done.stderr
            search = f"name:%{BY_ORDER_DAY}% or name:later.%"
            client.create_standing_order(ORDER, NEIGHBOUR, search)
        names = {path.name for path in by_order}
        pair.wait_until_there(names, ARRIVAL_SECONDS)
        yield PushedNight(
            pair,
            [path.name for path in by_hand],
            [path.name for path in by_order],
            {path.name: path for path in by_hand + by_order},
            done.stdout,
        )


def upload_night(client: Librarian, directory: Path, day: int) -> list[Path]:
    """Make a night, and put it into a site; return its paths: UVH5, MIRIAD, dump."""
    paths = make_night(directory, files=1, start_jd=day + 0.25, seed=day)
    for path in paths:
        is_dump = path.suffix == ".gz"
        client.upload(path, f"{day}/{path.name}", null_obsid=is_dump)
    return paths


def run(
    night: PushedNight, command: str, *words: str, code: int = 0, connection: str = "local"
) -> str:
    """Run a command at the source; return what it printed, or of one that failed what it told."""
    # In this process: each start of another takes half a second.
    environment = night.pair.source.client_environment()
    done = CliRunner().invoke(program, [command, connection, *words], env=environment)
    assert done.exit_code == code, done.output
    return done.stderr if code else done.stdout


def add_file(night: PushedNight, name: str, contents: bytes = b"one more") -> None:
    """Put a further file into the source."""
    night.pair.register({name: contents}, directory="further")


def believe(site: Site, name: str) -> None:
    """Put on record that a file is at the neighbour, whether it is or not."""
    database = open_database(site.database_url)
    with database.transactions.begin() as db:
        file_id, librarian_id = get_file(db, name).id, get_librarian(db, NEIGHBOUR).id
        add_remote_instances(db, librarian_id, [file_id])
    database.dispose()


def events_of(client: Librarian, name: str) -> dict[str, dict[str, Any]]:
    """Return the payloads of a file's events by type; there is at most one of each."""
    events = list(client.list_file_events(name))
    assert len({event.type for event in events}) == len(events)
    return {event.type: event.payload for event in events}


def is_same(one: Path, other: Path) -> bool:
    """Compare two files, or two directories whole."""
    if one.is_dir():
        paths = sorted(path.relative_to(one) for path in one.rglob("*"))
        assert paths == sorted(path.relative_to(other) for path in other.rglob("*"))
        return bool(paths) and all(is_same(one / path, other / path) for path in paths)
    return filecmp.cmp(one, other, shallow=False)
