"""Pushing while processes are killed: each file ends exactly once at the neighbour, verified.

Variables of the environment: `LIBRARIAN_KILL_ROUNDS`, how many rounds there are, of about two kills
each; `LIBRARIAN_KILL_SEED`, what dies when. `make soak` sets both.
"""

import contextlib
import logging
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from librarian.client.librarian import Librarian
from librarian.errors import LibrarianError
from tests.polling import wait_until
from tests.postgres_cluster import PostgresCluster
from tests.ssh_server import make_key, running_ssh_server
from tests.system.killing import Reaper
from tests.system.loose_ends import loose_ends
from tests.system.neighbours import NEIGHBOUR, Neighbours, neighbours
from tests.system.site import Site

logger = logging.getLogger(__name__)

ROUNDS = int(os.environ.get("LIBRARIAN_KILL_ROUNDS", "14"))
FILES = max(200, 8 * ROUNDS)
SEED = int(os.environ.get("LIBRARIAN_KILL_SEED", "20"))
# Long enough for what was killed last to be retried by everyone who waits for it.
DEADLINE_SECONDS = 240.0 + 2 * ROUNDS
ORDER = "night"


@pytest.fixture(params=["sqlite", "postgresql"])
def urls(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """Return the URLs of two databases, empty for SQLite."""
    if request.param == "sqlite":
        yield "", ""
        return
    cluster: PostgresCluster = request.getfixturevalue("postgres_cluster")
    names = ("kill_source", "kill_destination")
    for name in names:
        cluster.create_database(name)
    yield cluster.url(names[0]), cluster.url(names[1])
    for name in names:
        cluster.drop_database(name)


@contextmanager
def neighbours_by_ssh(directory: Path) -> Iterator[Reaper]:
    """Run two sites of which the second takes files by rsync only."""
    with running_ssh_server(directory / "ssh") as server:
        keys = server.key_directory("source")
        keys.mkdir(parents=True)
        store = directory / "destination" / "store"
        server.allow("telescope", make_key(keys / NEIGHBOUR), [store])
        with neighbours(
            directory,
            source={"store_agent": server.agent_environment("source")},
            destination={"store_agent": server.agent_environment("destination")},
            options=tuple(server.neighbour_options()),
        ) as pair:
            yield Reaper(pair, random.Random(SEED), server)  # noqa: S311 - the same kills each time.


def night() -> dict[str, bytes]:
    """Return files, of which every twentieth is large."""
    dice = random.Random(4)  # noqa: S311 - it makes contents, no secrets.
    sizes = [1 << 20 if number % 20 == 0 else 2048 for number in range(FILES)]
    return {f"zen.{number:03d}.raw": dice.randbytes(size) for number, size in enumerate(sizes)}


@pytest.mark.timeout(600 + 60 * ROUNDS)
def test_each_file_is_there_once_whatever_is_killed(urls: tuple[str, str], tmp_path: Path) -> None:
    with neighbours(tmp_path, *urls) as pair:
        # The same kills each time.
        push_while_killing(Reaper(pair, random.Random(SEED)), ROUNDS)  # noqa: S311


@pytest.mark.timeout(600 + 60 * ROUNDS)
def test_each_file_is_there_once_whatever_is_killed_while_rsync_brings_it(tmp_path: Path) -> None:
    with neighbours_by_ssh(tmp_path) as reaper:
        push_while_killing(reaper, max(1, ROUNDS // 3))


def push_while_killing(reaper: Reaper, rounds: int) -> None:
    """Register a night bit by bit while processes die, and check that it ends as it should."""
    pair, files = reaper.pair, night()
    names = sorted(files)
    with pair.source.librarian() as lib:
        lib.create_standing_order(ORDER, NEIGHBOUR, "name:zen.*")
    for number in range(2 * rounds):
        part = names[number * FILES // (2 * rounds) : (number + 1) * FILES // (2 * rounds)]
        register(reaper, {name: files[name] for name in part})
        try_again(pair)
        if number % 2 == 0:
            reaper.kill_now()
        else:
            reaper.await_death()
    reaper.disarm()
    assert reaper.kills >= rounds
    logger.info("Nothing is killed any more; died at %s", sorted(set(reaper.reached)))
    for site in (pair.source, pair.destination):
        site.wait_for_agent()
    try_again(pair)
    pair.wait_until_there(set(files), DEADLINE_SECONDS)
    logger.info("All files are there")
    pair.check_whole(files)
    check_ended(pair.destination)
    check_ended(pair.source)
    with pair.source.librarian() as lib:
        check_records(lib, names)


def try_again(pair: Neighbours) -> None:
    """Have the neighbour tried at once: it is left alone for longer and longer, and rightly so."""
    with contextlib.suppress(LibrarianError), pair.source.librarian() as lib:
        lib.ping_librarian(NEIGHBOUR)


def register(reaper: Reaper, files: dict[str, bytes]) -> None:
    """Register files, again when a catalogue or an agent is just starting or dying."""

    def registered() -> bool:
        try:
            reaper.pair.register(files)
        except (LibrarianError, AssertionError):
            reaper.revive()
            return False
        return True

    if files:
        wait_until(registered, what="files on record", timeout_seconds=60)


def check_ended(site: Site) -> None:
    """Check that a site has nothing left to do, nor anything left over."""
    found: list[str] = []

    def all_ended() -> bool:
        found[:] = loose_ends(site)
        return not found

    try:
        wait_until(all_ended, what="all ended", timeout_seconds=60)
    except AssertionError:
        pytest.fail(f"Left over: {found}")


def check_records(lib: Librarian, names: list[str]) -> None:
    """Check that each file's transfer has ended well, and only once."""
    transfers = list(lib.list_transfers())
    assert {transfer.state for transfer in transfers} == {"CONFIRMED"}
    assert sorted(transfer.file_name for transfer in transfers) == names
    for name in names:
        events = [event.type for event in lib.list_file_events(name)]
        assert events.count("copy_finished") == 1
        assert events.count(f"standing_order_succeeded:{ORDER}") == 1
