"""Transactions that are repeated whole when the database asks for it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFreeError
from sqlalchemy.orm import Session
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from catalog_service.database import Transactions
from librarian.errors import BusyError, NotReachableError

Result = TypeVar("Result")

# Serialisation failure, deadlock, lock not to be had.
_REPEATABLE_CODES = {"40001", "40P01", "55P03"}
_ATTEMPTS = 6


def run_transaction(transactions: Transactions, work: Callable[[Session], Result]) -> Result:
    """Run a function in a transaction of its own, and again when another transaction was faster.

    A broken unique constraint is such a case: the work looks first, so when it runs again it sees
    the row that got there before it. Raises NotReachableError when the database is away, and
    BusyError when others keep it busy.
    """
    retrying = Retrying(
        retry=retry_if_exception(_is_repeatable),
        stop=stop_after_attempt(_ATTEMPTS),
        wait=wait_random_exponential(multiplier=0.01, max=0.5),
        reraise=True,
    )
    with translated_errors():
        result: Result = retrying(_run_once, transactions, work)
        return result


@contextmanager
def translated_errors() -> Iterator[None]:
    """Raise NotReachableError or BusyError for what is the database's fault, not the caller's."""
    try:
        yield
    except NoConnectionFreeError as error:
        raise BusyError("Too many calls wait for the database: repeat the call later.") from error
    except DBAPIError as error:
        raise _translate(error) from error


def _run_once(transactions: Transactions, work: Callable[[Session], Result]) -> Result:
    with transactions.begin() as db:
        return work(db)


def _is_repeatable(error: BaseException) -> bool:
    if isinstance(error, IntegrityError):
        return True
    return isinstance(error, DBAPIError) and _code(error) in _REPEATABLE_CODES


def _code(error: DBAPIError) -> str:
    return str(getattr(error.orig, "pgcode", None) or "")


def _translate(error: DBAPIError) -> Exception:
    if _code(error) in _REPEATABLE_CODES:
        return BusyError("Others are changing the same records: repeat the call later.")
    if error.connection_invalidated or isinstance(error, OperationalError):
        return NotReachableError("The catalogue's database does not answer: repeat the call later.")
    return error
