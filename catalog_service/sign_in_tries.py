"""Tries to sign in, counted by account and by address: after the free ones, each is slower.

A try is counted before it is judged, so that many at once do not all go free. What is counted for
an address is not forgotten when somebody signs in from there: with one good account its owner could
else guess the passwords of all others. It is forgotten bit by bit, as time goes by.
"""

import ipaddress
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from catalog_service.bulk import insert_or, table_of
from catalog_service.clock import database_time
from catalog_service.tables import Account, SignInAddress

# So many tries are free; then each makes the wait before the next twice as long.
_FREE_TRIES = 5
# Many people may share an address.
_FREE_ADDRESS_TRIES = 20
_LONGEST_WAIT_SECONDS = 300.0
# After so long without a try an address has one less.
_FORGET_ONE_SECONDS = 300.0
_KEPT = timedelta(days=1)
# Who holds a network of IPv6 may call from any address in it.
_IPV6_PREFIX = 64

_ADDRESSES = table_of(SignInAddress)


def count_account_try(account: Account, now: datetime) -> bool:
    """Count a try to sign in to a locked account; say whether it may be judged."""
    if account.blocked_until is not None and account.blocked_until > now:
        return False
    account.failed_sign_ins += 1
    account.blocked_until = _next_try(now, account.failed_sign_ins - _FREE_TRIES)
    return True


def forget_account_tries(account: Account) -> None:
    """Begin anew with an account: somebody who may has signed in."""
    account.failed_sign_ins, account.blocked_until = 0, None


def count_address_try(db: Session, address: str) -> bool:
    """Count a try to sign in from an address; say whether it may be judged."""
    row = _lock(db, address)
    now = database_time(db)
    if row.blocked_until is not None and row.blocked_until > now:
        return False
    quiet = (now - row.update_time).total_seconds()
    row.failed_sign_ins = max(0, row.failed_sign_ins - int(quiet / _FORGET_ONE_SECONDS)) + 1
    row.blocked_until = _next_try(now, row.failed_sign_ins - _FREE_ADDRESS_TRIES)
    row.update_time = now
    return True


def take_address_try_back(db: Session, address: str) -> None:
    """Count one try less from an address: it was a good one."""
    row = _lock(db, address)
    row.failed_sign_ins = max(0, row.failed_sign_ins - 1)
    if row.failed_sign_ins < _FREE_ADDRESS_TRIES:
        row.blocked_until = None


def touch_address(db: Session, address: str) -> None:
    """Write something down for a try that failed, whether or not its account is there.

    Else who measures the time could tell.
    """
    _lock(db, address).update_time = database_time(db)


def forget_addresses(db: Session) -> None:
    """Drop the addresses from which nobody has tried for a day."""
    old = _ADDRESSES.c.update_time < database_time(db) - _KEPT
    db.execute(delete(_ADDRESSES).where(old))


def _lock(db: Session, address: str) -> SignInAddress:
    key = _key(address)
    row = {"address": key, "failed_sign_ins": 0, "update_time": database_time(db)}
    # Two first tries at once: both find the one row.
    db.execute(insert_or(db, _ADDRESSES).values(row).on_conflict_do_nothing())
    statement = select(SignInAddress).where(SignInAddress.address == key)
    return db.scalars(statement.with_for_update()).one()


def _key(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    return str(ipaddress.ip_network((parsed, _IPV6_PREFIX), strict=False))


def _next_try(now: datetime, over: int) -> datetime | None:
    if over < 0:
        return None
    return now + timedelta(seconds=min(2.0 ** min(over, 20), _LONGEST_WAIT_SECONDS))
