"""Saved searches: one's own, and those that others share."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from sqlalchemy import Row, Select, delete, func, or_, select, tuple_
from sqlalchemy.orm import Session

from catalog_service.accounts import find_account
from catalog_service.bulk import insert_or, table_of
from catalog_service.clock import database_time
from catalog_service.search.mistakes import nearest, shown
from catalog_service.tables import Account, SavedSearch
from librarian.errors import InvalidRequestError, NotFoundError, StateError, UnknownAccountError

MAX_SEARCHES = 1000
MAX_SEARCH_BYTES = 64 * 1024

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
# Rows that a listing reads at once, each with a search of up to 64 KiB.
_ROWS_READ = 20

OwnedSearch = Row[SavedSearch, str]


@dataclass(frozen=True)
class NewSearch:
    """A search to save."""

    name: str
    search: str
    # What it finds, as the value of an ItemKind.
    item_kind: str
    shared: bool


def check_new_search(new: NewSearch) -> None:
    """Raise InvalidRequestError for a name or a text that no saved search may have."""
    if not _NAME.fullmatch(new.name):
        raise InvalidRequestError(
            "The name of a saved search has 1 to 64 letters, digits, '_', '.' and '-', and begins"
            f" with a letter or a digit: {shown(new.name)} does not."
        )
    size_bytes = len(new.search.encode(errors="surrogatepass"))
    if size_bytes > MAX_SEARCH_BYTES:
        raise InvalidRequestError(
            f"A search to save has at most {MAX_SEARCH_BYTES:,} bytes, this one {size_bytes:,}:"
            " lists of thousands of names are searched for without being saved."
        )
    if "\0" in new.search:
        raise InvalidRequestError("A search to save has no NUL characters: take them out.")


def save_search(db: Session, account_name: str, new: NewSearch) -> SavedSearch:
    """Keep a search, in place of the account's own of that name.

    Raises StateError when the account keeps as many as it may.
    """
    # Locked, so that two at once do not save more than there may be, or each the other.
    account = find_account(db, account_name, lock=True)
    if account is None:
        raise UnknownAccountError(f"There is no account {account_name!r:.80}.")
    _check_room(db, account, new.name)
    table = table_of(SavedSearch)
    row = {**vars(new), "account_id": account.id, "update_time": database_time(db)}
    saved_id = db.execute(
        insert_or(db, table)
        .values(row)
        .on_conflict_do_update(index_elements=["account_id", "name"], set_=row)
        .returning(table.c.id)
    ).scalar_one()
    return db.get_one(SavedSearch, saved_id, populate_existing=True)


def list_saved_searches(
    db: Session,
    account_name: str,
    *,
    after: tuple[str, str] | None = None,
    limit: int,
    limit_bytes: int,
) -> tuple[Sequence[OwnedSearch], bool]:
    """Return an account's own and all shared searches, and whether more follow.

    They are in the order of owner and name, `after` one of them; the texts of all but the last have
    less than `limit_bytes`.
    """
    statement = _usable(account_name).order_by(Account.name, SavedSearch.name).limit(limit + 1)
    if after:
        statement = statement.where(tuple_(Account.name, SavedSearch.name) > tuple_(*after))
    found: list[OwnedSearch] = []
    size_bytes = 0
    with db.execute(statement.execution_options(yield_per=_ROWS_READ)) as rows:
        for row in rows:
            if len(found) == limit or size_bytes >= limit_bytes:
                return found, True
            found.append(row)
            size_bytes += len(row[0].search.encode())
    return found, False


def delete_saved_search(db: Session, owner: str, name: str) -> None:
    """Drop an account's saved search; raise NotFoundError when it has none of that name."""
    account = find_account(db, owner)
    if account is not None and _NAME.fullmatch(name):
        own = (SavedSearch.account_id == account.id) & (SavedSearch.name == name)
        if db.scalars(delete(SavedSearch).where(own).returning(SavedSearch.id)).all():
            return
    raise NotFoundError(
        f"{owner!r:.80} has no saved search {shown(name)}: `librarian list-searches` lists them."
    )


def find_saved_search(db: Session, account_name: str, name: str) -> OwnedSearch:
    """Return a saved search, and its owner's name, by the name that an account gives it.

    `name` is the account's own of that name or else the only shared one; `owner/name` is that
    owner's. Raises InvalidRequestError when there is none that the account may use, or several.
    """
    found = _find_usable(db, account_name, name)
    own = [one for one in found if one[1] == account_name]
    if len(own or found) == 1:
        return (own or found)[0]
    if found:
        raise InvalidRequestError(
            f"Several share a saved search {shown(name)}: say which, {_listed(found)}."
        )
    known = _nearest(name, _usable_names(db, account_name))
    raise InvalidRequestError(f"There is no saved search {shown(name)}: {known}")


def _check_room(db: Session, account: Account, name: str) -> None:
    others = (SavedSearch.account_id == account.id) & (SavedSearch.name != name)
    count = db.execute(select(func.count()).where(others)).scalar_one()
    if count >= MAX_SEARCHES:
        raise StateError(
            f"An account keeps at most {MAX_SEARCHES:,} saved searches, and {account.name!r} has"
            " as many: delete some (delete-search)."
        )


def _find_usable(db: Session, account_name: str, name: str) -> Sequence[OwnedSearch]:
    owner, slash, short = name.rpartition("/")
    # Asked for any text: PostgreSQL would refuse some.
    if not _NAME.fullmatch(short) or (slash and not _NAME.fullmatch(owner)):
        return []
    usable = _usable(account_name).where(SavedSearch.name == short).order_by(Account.name)
    return db.execute(usable.where(Account.name == owner) if slash else usable).all()


def _usable(account_name: str) -> Select[SavedSearch, str]:
    """Select what an account may use: nobody learns of another's private ones."""
    return (
        select(SavedSearch, Account.name)
        .join(Account, Account.id == SavedSearch.account_id)
        .where(or_(Account.name == account_name, SavedSearch.shared))
    )


def _usable_names(db: Session, account_name: str) -> Iterable[str]:
    names = _usable(account_name).with_only_columns(SavedSearch.name, Account.name)
    others_last = (Account.name != account_name, Account.name, SavedSearch.name)
    for name, owner in db.execute(names.order_by(*others_last).limit(2 * MAX_SEARCHES)):
        yield name if owner == account_name else f"{owner}/{name}"


def _nearest(name: str, names: Iterable[str]) -> str:
    known = list(names)
    near = get_close_matches(name[:100], known, n=3, cutoff=0.5)
    # An error travels in the head of a message, where there is no room for a thousand names.
    if near or len(known) <= 5:
        return nearest(name, near or known)
    return "`librarian list-searches` lists those that you may use."


def _listed(found: Sequence[OwnedSearch]) -> str:
    some = " or ".join(f"'@{owner}/{saved.name}'" for saved, owner in found[:5])
    return some if len(found) <= 5 else f"{some} or another's"
