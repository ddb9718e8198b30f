"""Telling for whom each call's token stands, without asking the database each time."""

import hashlib
import threading
from dataclasses import dataclass
from datetime import datetime

from cachetools import TLRUCache
from sqlalchemy.orm import Session

from catalog_service.clock import database_time
from catalog_service.database import Database
from catalog_service.retrying import run_transaction
from catalog_service.tokens import Holder, find_holder, mark_used
from librarian.errors import NotSignedInError

# So long may a token still be used at other processes after one of them revoked it.
VERDICT_SECONDS = 5.0
_MAX_VERDICTS = 10_000
# Nobody sends news of it: token uses are written down when the loop looks.
USES = "uses-of-tokens"


@dataclass(frozen=True)
class _Verdict:
    holder: Holder
    # How long it holds: never beyond the token's own end.
    good_seconds: float


class TokenChecks:
    """Looks tokens up, remembers the good ones for seconds, and writes down that they were used.

    Writing is left to a loop: a call that only reads must not wait for the database's writer.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._verdicts: TLRUCache[bytes, _Verdict] = TLRUCache(
            _MAX_VERDICTS, lambda _key, verdict, now: now + verdict.good_seconds
        )
        # Grows with each `forget`, so that what was looked up before is not remembered after.
        self._generation = 0
        self._used: dict[str, datetime] = {}

    def holder_of(self, text: str | None) -> Holder:
        """Return whom a token stands for; raise NotSignedInError when it is none that counts."""
        if text is None:
            raise NotSignedInError(
                "This call needs a token: sign in, or give one as the connection's authenticator."
            )
        key = hashlib.sha256(text.encode(errors="replace")).digest()
        with self._lock:
            verdict, generation = self._verdicts.get(key), self._generation
        if verdict is None:
            verdict = self._look_up(text)
            self._remember(key, verdict, generation)
        return verdict.holder

    def forget(self) -> None:
        """Look every token up again: one was revoked, or an account changed."""
        with self._lock:
            self._generation += 1
            self._verdicts.clear()

    def run_once(self) -> bool:
        """Write down which tokens were used; say whether there were any."""
        with self._lock:
            used, self._used = self._used, {}
        if used:
            run_transaction(self._database.transactions, lambda db: mark_used(db, used))
        return bool(used)

    def _look_up(self, text: str) -> _Verdict:
        def look_up(db: Session) -> tuple[Holder | None, datetime]:
            return find_holder(db, text), database_time(db)

        holder, now = run_transaction(self._database.readings, look_up)
        if holder is None:
            raise NotSignedInError(
                "The token is not valid, has expired, or was revoked: get a new one."
            )
        minute = now.replace(second=0, microsecond=0)
        if holder.last_use_time is None or holder.last_use_time < minute:
            with self._lock:
                self._used[holder.token_id] = minute
        return _Verdict(holder, _good_seconds(holder, now))

    def _remember(self, key: bytes, verdict: _Verdict, generation: int) -> None:
        with self._lock:
            if generation == self._generation:
                self._verdicts[key] = verdict


def _good_seconds(holder: Holder, now: datetime) -> float:
    if holder.expire_time is None:
        return VERDICT_SECONDS
    return min(VERDICT_SECONDS, (holder.expire_time - now).total_seconds())
