"""The runner: it turns, it waits, it outlives errors, and it stops at once."""

import logging
import threading
from collections.abc import Iterator

import pytest

from catalog_service.database import Database, open_database
from catalog_service.loops.runner import LoopRunner
from catalog_service.wakeups import Wakeups
from tests.polling import wait_until

LONG_SECONDS = 600.0


class Turns:
    """A loop that counts its turns and fails at the first ones."""

    def __init__(self, *, units: int = 0, failures: int = 0) -> None:
        self.count = 0
        self.units = units
        self.failures = failures
        self.stopped = threading.Event()

    def run_once(self) -> bool:
        self.count += 1
        if self.count <= self.failures:
            raise RuntimeError("The database hiccuped.")
        return self.count <= self.units

    def stop(self) -> None:
        self.stopped.set()


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    database = open_database(sqlite_url)
    yield database
    database.dispose()


def test_it_turns_while_there_is_work_and_then_waits_to_be_woken(database: Database) -> None:
    wakeups = Wakeups(database)
    turns = Turns(units=3)
    runner = LoopRunner(turns, wakeups, "jobs", LONG_SECONDS)
    runner.start()
    wait_until(lambda: turns.count == 4, what="three units and a look in vain")
    with database.transactions.begin() as db:
        wakeups.notify(db, "jobs")
    wait_until(lambda: turns.count == 5, what="a turn after the wake-up")
    runner.stop()


def test_it_polls_when_nobody_wakes_it(database: Database) -> None:
    turns = Turns()
    runner = LoopRunner(turns, Wakeups(database), "jobs", 0.01)
    runner.start()
    wait_until(lambda: turns.count > 5, what="turns by polling")
    runner.stop()


def test_it_goes_on_after_errors_and_logs_them(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    turns = Turns(units=3, failures=2)
    runner = LoopRunner(turns, Wakeups(database), "jobs", LONG_SECONDS)
    with caplog.at_level(logging.ERROR):
        runner.start()
        wait_until(lambda: turns.count == 4, what="a unit after two failures")
        runner.stop()
    assert [record.message for record in caplog.records] == ["Turns failed; it will try again."] * 2


def test_it_stops_at_once_and_tells_a_long_loop(database: Database) -> None:
    turns = Turns()
    runner = LoopRunner(turns, Wakeups(database), "jobs", LONG_SECONDS, threads=2)
    runner.start()
    wait_until(lambda: turns.count == 2, what="both threads")
    runner.stop()
    assert turns.stopped.is_set()
