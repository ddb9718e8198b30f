"""The circuit breaker of each neighbour: what fails is left alone for a while, then tried again.

A neighbour that cannot be reached, or will not have what is sent, must not cost the others
anything, nor be asked all the time. While the breaker is OPEN nothing is tried; then it is
HALF_OPEN and one batch tries; it is CLOSED when that goes well, and OPEN for longer when not.
"""

import logging
import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from catalog_service.clock import database_time
from catalog_service.link_hours import count_failure
from catalog_service.tables import Librarian

logger = logging.getLogger(__name__)

CLOSED, OPEN, HALF_OPEN = "CLOSED", "OPEN", "HALF_OPEN"


@dataclass(frozen=True)
class _Patience:
    """After how many failures in a row the breaker opens, and for how long: in seconds."""

    failures: int
    first_seconds: float
    longest_seconds: float


# A link that breaks now and then is no reason to wait; a refusal will not go by itself.
_PATIENCE = {
    "UNREACHABLE": _Patience(3, 5.0, 600.0),
    "MISCONFIGURED": _Patience(3, 5.0, 600.0),
    "REFUSED": _Patience(1, 5.0, 600.0),
    "FULL": _Patience(1, 30.0, 300.0),
}
_MAX_DOUBLINGS = 16
_JITTER = 0.2


def may_try(librarian: Librarian, now: datetime, live_batches: int) -> bool:
    """Tell whether one more batch to a neighbour may start, beside those that are under way."""
    if not librarian.transfers_enabled:
        return False
    if librarian.link_state == CLOSED:
        return live_batches < (librarian.batches or 2)
    if librarian.link_state == OPEN and try_time(librarian, now) > now:
        return False
    return live_batches == 0


def try_time(librarian: Librarian, now: datetime) -> datetime:
    """Return when a neighbour may be tried, as far as its breaker goes."""
    if librarian.link_state == OPEN and librarian.link_try_time is not None:
        return max(now, librarian.link_try_time)
    return now


def note_try(librarian: Librarian) -> None:
    """Record that a batch starts, and so tries a link that was given up."""
    if librarian.link_state == OPEN:
        librarian.link_state = HALF_OPEN
        logger.info("The link to %s is tried again.", librarian.name)


def note_success(db: Session, librarian: Librarian) -> None:
    """Record that a batch went well: the breaker closes."""
    if librarian.link_state != CLOSED:
        logger.info("The link to %s works again.", librarian.name)
    librarian.link_state, librarian.link_cause, librarian.link_error = CLOSED, "", ""
    librarian.link_failures = 0
    librarian.link_open_time = librarian.link_try_time = None
    librarian.link_success_time = database_time(db)
    db.flush()


def note_failure(db: Session, librarian: Librarian, cause: str, error: str) -> None:
    """Record that a batch failed for a cause that concerns the whole link, told in a sentence."""
    librarian.link_cause, librarian.link_error = cause, error
    count_failure(db, librarian.id, cause)
    # Another batch, begun before the breaker opened, says nothing new.
    if librarian.link_state != OPEN:
        librarian.link_failures += 1
        patience = _PATIENCE[cause]
        if librarian.link_state == HALF_OPEN or librarian.link_failures >= patience.failures:
            _open(db, librarian, patience)
    db.flush()


def _open(db: Session, librarian: Librarian, patience: _Patience) -> None:
    now, seconds = database_time(db), _wait_seconds(patience, librarian.link_failures)
    librarian.link_state = OPEN
    librarian.link_open_time = librarian.link_open_time or now
    librarian.link_try_time = now + timedelta(seconds=seconds)
    logger.warning(
        "Nothing is sent to %s for %.0f seconds: %s",
        librarian.name,
        seconds,
        librarian.link_error or librarian.link_cause,
    )


def _wait_seconds(patience: _Patience, failures: int) -> float:
    doublings = min(max(0, failures - patience.failures), _MAX_DOUBLINGS)
    # With jitter, so that what fell together does not come back together.
    jitter = random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 - it keeps no secret.
    seconds: float = patience.first_seconds * 2**doublings * jitter
    return min(patience.longest_seconds, seconds)
