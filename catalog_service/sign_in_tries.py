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
# So many rows are dropped for each that is added: the table holds what a day brings.
_DROPPED_AT_ONCE = 100
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
    is_first = row.failed_sign_ins == 0
    quiet = (now - row.update_time).total_seconds()
    row.failed_sign_ins = max(0, row.failed_sign_ins - int(quiet / _FORGET_ONE_SECONDS)) + 1
    row.blocked_until = _next_try(now, row.failed_sign_ins - _FREE_ADDRESS_TRIES)
    row.update_time = now
    if is_first:
        db.flush()
        forget_addresses(db)
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
    """Drop some of the addresses from which nobody has tried for a day."""
    columns = _ADDRESSES.c
    oldest = select(columns.address).where(columns.update_time < database_time(db) - _KEPT)
    oldest = oldest.order_by(columns.update_time).limit(_DROPPED_AT_ONCE)
    # Those that others have in hand wait for the next time, and so nobody waits for them.
    dropped = db.scalars(oldest.with_for_update(skip_locked=True)).all()
    if dropped:
        db.execute(delete(_ADDRESSES).where(columns.address.in_(dropped)))


def _lock(db: Session, address: str) -> SignInAddress:
    key = _key(address)
    row = {"address": key, "failed_sign_ins": 0, "update_time": database_time(db)}
    # Two first tries at once find the one row; and one that is there is locked by this already, or
    # it could be forgotten before it is read.
    statement = insert_or(db, _ADDRESSES).values(row)
    kept = {"address": statement.excluded.address}
    db.execute(statement.on_conflict_do_update(index_elements=[_ADDRESSES.c.address], set_=kept))
    found = select(SignInAddress).where(SignInAddress.address == key)
    return db.scalars(found.with_for_update()).one()


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
