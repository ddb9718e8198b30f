"""Wake-ups: who waits for news of a topic hears of it when the transaction commits.

On PostgreSQL they travel by NOTIFY, so that they reach every process of the catalogue; SQLite has
one process. A wake-up may be lost with a connection, so each waiter also looks after a while.
"""

import logging
import select
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event, func
from sqlalchemy import select as sql_select
from sqlalchemy.orm import Session

from catalog_service.database import Database

logger = logging.getLogger(__name__)

# Work of each kind that waits for someone to take it up.
UPLOADS = "uploads"
JOBS = "jobs"
TRANSFERS = "transfers"
INCOMING = "incoming"
CONFIRMATIONS = "confirmations"
FILE_NEWS = "file-news"
STANDING_ORDERS = "standing-orders"
# Nobody tells news of these: whoever waits looks by the clock.
METADATA_KEYS = "metadata-keys"
STATISTICS = "statistics"
RECONCILIATIONS = "reconciliations"

# The key in a transaction's `info` of who carries its wake-ups.
_CARRIER = "wakeups_carrier"
_CHANNEL = "librarian"
_RECONNECT_SECONDS = 5.0


def job_topic(job_id: int) -> str:
    """Return the topic of one job's changes."""
    return f"job/{job_id}"


def incoming_topic(batch_id: str) -> str:
    """Return the topic of what becomes of a batch that a neighbour pushes."""
    return f"incoming/{batch_id}"


def tell(db: Session, topic: str) -> None:
    """Wake those who wait for a topic once this transaction commits, if anyone listens at all."""
    carrier = db.info.get(_CARRIER)
    if isinstance(carrier, Wakeups):
        carrier.notify(db, topic)


class Subscription:
    """One waiter's ear for a topic; it keeps a wake-up that comes while no one waits."""

    def __init__(self) -> None:
        self._news = threading.Event()

    def wake(self) -> None:
        """Let the present or the next wait return at once."""
        self._news.set()

    def wait(self, timeout_seconds: float) -> bool:
        """Wait for news, and say whether there was any."""
        heard = self._news.wait(timeout_seconds)
        self._news.clear()
        return heard


class Wakeups:
    """Carries wake-ups from transactions to whoever waits."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._subscriptions: dict[str, set[Subscription]] = {}
        self._listener: _PostgresListener | None = None
        self._closed = False
        info = database.transactions.kw.get("info", {})
        database.transactions.configure(info={**info, _CARRIER: self})

    def notify(self, db: Session, topic: str) -> None:
        """Wake those who wait for the topic once this transaction commits."""
        if not self._database.is_sqlite:
            db.execute(sql_select(func.pg_notify(_CHANNEL, topic)))
            return
        topics: set[str] | None = db.info.get("wakeups")
        if topics is None:
            topics = db.info["wakeups"] = set()
            event.listen(db, "after_commit", self._after_commit)
            event.listen(db, "after_rollback", _forget)
        topics.add(topic)

    @contextmanager
    def subscribe(self, topic: str) -> Iterator[Subscription]:
        """Listen to a topic: subscribe first and look then, and no news is missed."""
        subscription = Subscription()
        with self._lock:
            self._subscriptions.setdefault(topic, set()).add(subscription)
            self._start_listener()
        try:
            yield subscription
        finally:
            with self._lock:
                self._subscriptions[topic].discard(subscription)
                if not self._subscriptions[topic]:
                    del self._subscriptions[topic]

    def wait(self, topic: str, timeout_seconds: float) -> bool:
        """Wait for the next news of a topic, and say whether there was any."""
        with self.subscribe(topic) as subscription:
            return subscription.wait(timeout_seconds)

    def close(self) -> None:
        """Stop listening, and wake everyone for the last time."""
        with self._lock:
            self._closed = True
            listener, self._listener = self._listener, None
        if listener is not None:
            listener.stop()
        self._wake_all()

    def _start_listener(self) -> None:
        if self._listener is None and not self._closed and not self._database.is_sqlite:
            self._listener = _PostgresListener(self._database, self._wake, self._wake_all)
            self._listener.start()

    def _wake(self, topic: str) -> None:
        with self._lock:
            subscriptions = list(self._subscriptions.get(topic, ()))
        for subscription in subscriptions:
            subscription.wake()

    def _wake_all(self) -> None:
        with self._lock:
            topics = list(self._subscriptions)
        for topic in topics:
            self._wake(topic)

    def _after_commit(self, db: Session) -> None:
        topics: set[str] = db.info["wakeups"]
        while topics:
            self._wake(topics.pop())


def _forget(db: Session) -> None:
    db.info["wakeups"].clear()


class _PostgresListener(threading.Thread):
    """Holds one connection that listens, and makes a new one when it breaks."""

    def __init__(
        self, database: Database, wake: Callable[[str], None], wake_all: Callable[[], None]
    ) -> None:
        super().__init__(name="wakeups", daemon=True)
        self._database = database
        self._wake = wake
        self._wake_all = wake_all
        self._stopping = threading.Event()
        self._stop_reader, self._stop_writer = socket.socketpair()

    def run(self) -> None:
        """Listen until stopped."""
        while not self._stopping.is_set():
            try:
                self._listen()
            except Exception as error:
                # Waiters poll besides, so a database that is away costs them only speed.
                logger.warning("Wake-ups do not come for now: %s", error)
                self._stopping.wait(_RECONNECT_SECONDS)

    def stop(self) -> None:
        """End the thread and wait for it."""
        self._stopping.set()
        self._stop_writer.send(b"x")
        self.join()
        # Not by the thread itself: it may see the event and end before the byte is sent.
        self._stop_reader.close()
        self._stop_writer.close()

    def _listen(self) -> None:
        connection = self._database.engine.raw_connection()
        try:
            driver: Any = connection.driver_connection
            driver.autocommit = True
            with driver.cursor() as cursor:
                cursor.execute(f"LISTEN {_CHANNEL}")
            # What was said while no one listened is lost: let everyone look.
            self._wake_all()
            self._pass_on(driver)
        finally:
            # It listens, so it must not go back into the pool.
            connection.invalidate()
            connection.close()

    def _pass_on(self, driver: Any) -> None:
        while not self._stopping.is_set():
            driver.poll()
            while driver.notifies:
                self._wake(driver.notifies.pop(0).payload)
            select.select([driver, self._stop_reader], [], [])
