"""Neighbouring librarians: the sites that files are pushed to."""

import re
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog_service.tables import Librarian
from librarian.errors import UnknownLibrarianError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def get_librarian(db: Session, name: str, *, lock: bool = False) -> Librarian:
    """Return a neighbour; raise UnknownLibrarianError when none has that name.

    Locked, others who lock it wait until the transaction ends.
    """
    found = find_librarian(db, name, lock=lock)
    if found is None:
        raise UnknownLibrarianError(
            f"There is no librarian {name!r:.80}: `librarian get-librarian-list` lists them."
        )
    return found


def find_librarian(db: Session, name: str, *, lock: bool = False) -> Librarian | None:
    """Return a neighbour by its name, or None."""
    # Asked for any text: PostgreSQL would refuse some.
    if not _NAME.fullmatch(name):
        return None
    statement = select(Librarian).where(Librarian.name == name)
    return db.scalars(statement.with_for_update() if lock else statement).one_or_none()


def find_librarian_by_site(db: Session, site_id: str) -> Librarian | None:
    """Return the neighbour at a site, by the site's identity, or None.

    Of several to one site, such as two tunnels to it, the first that was put on record.
    """
    if not site_id or "\0" in site_id:
        return None
    statement = select(Librarian).where(Librarian.site_id == site_id).order_by(Librarian.id)
    return db.scalars(statement.limit(1)).one_or_none()


def list_librarians(db: Session) -> Sequence[Librarian]:
    """Return all neighbours by name."""
    return db.scalars(select(Librarian).order_by(Librarian.name)).all()
