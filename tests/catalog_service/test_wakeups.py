"""Wake-ups: heard once the transaction commits, by everyone who waits, on both databases."""

import threading
from collections.abc import Iterator

import pytest

from catalog_service.database import Database, open_database
from catalog_service.wakeups import Subscription, Wakeups

SOON_SECONDS = 60.0


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = open_database(database_url)
    yield database
    database.dispose()


@pytest.fixture
def wakeups(database: Database) -> Iterator[Wakeups]:
    wakeups = Wakeups(database)
    yield wakeups
    wakeups.close()


def notify(database: Database, wakeups: Wakeups, topic: str) -> None:
    with database.transactions.begin() as db:
        wakeups.notify(db, topic)


def settle(database: Database, ear: Subscription) -> None:
    """Wait until PostgreSQL's listener listens: it then says once that all should look."""
    assert database.is_sqlite or ear.wait(SOON_SECONDS)


def test_a_waiter_hears_of_its_topic_after_the_commit(database: Database, wakeups: Wakeups) -> None:
    with wakeups.subscribe("jobs") as ear:
        settle(database, ear)
        with database.transactions.begin() as db:
            wakeups.notify(db, "jobs")
            assert not ear.wait(0.2)
        assert ear.wait(SOON_SECONDS)


def test_a_waiter_does_not_hear_of_another_topic_nor_of_a_rollback(
    database: Database, wakeups: Wakeups
) -> None:
    with wakeups.subscribe("jobs") as jobs, wakeups.subscribe("uploads") as uploads:
        settle(database, jobs)
        settle(database, uploads)
        with database.transactions() as db:
            wakeups.notify(db, "uploads")
            db.rollback()
        notify(database, wakeups, "jobs")
        assert jobs.wait(SOON_SECONDS)
        assert not uploads.wait(0.1)


def test_news_between_looking_and_waiting_is_kept(database: Database, wakeups: Wakeups) -> None:
    with wakeups.subscribe("jobs") as ear:
        settle(database, ear)
        notify(database, wakeups, "jobs")
        assert ear.wait(SOON_SECONDS)


def test_another_process_of_the_catalogue_hears_on_postgresql(postgres_url: str) -> None:
    here, there = open_database(postgres_url), open_database(postgres_url)
    listening, telling = Wakeups(here), Wakeups(there)
    with listening.subscribe("jobs") as ear:
        assert ear.wait(SOON_SECONDS)  # It listens now.
        notify(there, telling, "jobs")
        assert ear.wait(SOON_SECONDS)
    listening.close()
    telling.close()
    here.dispose()
    there.dispose()


def test_closing_wakes_whoever_waits(wakeups: Wakeups) -> None:
    answers: list[bool] = []
    with wakeups.subscribe("jobs") as ear:
        waiter = threading.Thread(target=lambda: answers.append(ear.wait(60)))
        waiter.start()
        wakeups.close()
        waiter.join(SOON_SECONDS)
    assert answers == [True]


def test_closing_is_clean_when_the_listener_has_ended_by_itself(postgres_url: str) -> None:
    # As when it is told to stop while it waits to connect again: it once closed its sockets then.
    database = open_database(postgres_url)
    wakeups = Wakeups(database)
    with wakeups.subscribe("jobs") as ear:
        assert ear.wait(SOON_SECONDS)  # It listens now.
        listener = wakeups._listener
        assert listener is not None
        listener._stopping.set()
        notify(database, wakeups, "jobs")
        listener.join(SOON_SECONDS)
        assert not listener.is_alive()
        wakeups.close()
    database.dispose()
