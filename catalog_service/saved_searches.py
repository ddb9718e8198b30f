"""Saved searches: one's own, and those that others share."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Row, Select, or_, select
from sqlalchemy.orm import Session

from catalog_service.search.mistakes import nearest, shown
from catalog_service.tables import Account, SavedSearch
from librarian.errors import InvalidRequestError

OwnedSearch = Row[SavedSearch, str]


def find_saved_search(db: Session, account_name: str, name: str) -> OwnedSearch:
    """Return a saved search, and its owner's name, by the name that an account gives it.

    `name` is the account's own of that name or else the only shared one; `owner/name` is that
    owner's. Raises InvalidRequestError when there is none that the account may use, or several.
    """
    owner, _, short = name.rpartition("/")
    usable = _usable(account_name).where(SavedSearch.name == short)
    found = db.execute(usable.where(Account.name == owner) if owner else usable).all()
    own = [one for one in found if one[1] == account_name]
    if len(own or found) == 1:
        return (own or found)[0]
    if found:
        raise InvalidRequestError(
            f"Several share a saved search {shown(name)}: say which, {_listed(found)}."
        )
    known = nearest(name, _usable_names(db, account_name))
    raise InvalidRequestError(f"There is no saved search {shown(name)}: {known}")


def _usable(account_name: str) -> Select[SavedSearch, str]:
    """Select what an account may use: nobody learns of another's private ones."""
    return (
        select(SavedSearch, Account.name)
        .join(Account, Account.id == SavedSearch.account_id)
        .where(or_(Account.name == account_name, SavedSearch.shared))
        .order_by(Account.name, SavedSearch.name)
    )


def _usable_names(db: Session, account_name: str) -> Iterable[str]:
    for saved, owner in db.execute(_usable(account_name).limit(1000)):
        yield saved.name if owner == account_name else f"{owner}/{saved.name}"


def _listed(found: Sequence[OwnedSearch]) -> str:
    return " or ".join(f"'@{owner}/{saved.name}'" for saved, owner in found)
