"""Neighbouring librarians: the sites that files are pushed to."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Protocol

from cryptography.fernet import InvalidToken
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog_service.accounts import PERSON, find_account
from catalog_service.clock import database_time
from catalog_service.librarian_settings import LibrarianSettings, check_settings
from catalog_service.roles import Role
from catalog_service.tables import Librarian, Site, Transfer
from librarian.errors import ConflictError, InvalidRequestError, UnknownLibrarianError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_ACTIVE = ("OFFERED", "SENDING", "SENT")


class Cipher(Protocol):
    """What keeps secrets with the site's own key."""

    def encrypt(self, data: bytes, /) -> bytes:
        """Return the data so that only this site can read it."""
        ...

    def decrypt(self, data: bytes, /) -> bytes:
        """Return the plain bytes."""
        ...


@dataclass(frozen=True)
class TransferCounts:
    """How many transfers to a neighbour wait, are under way, and failed."""

    queued: int
    active: int
    failed: int


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


def count_transfers(db: Session, librarian: Librarian) -> TransferCounts:
    """Count the transfers to a neighbour that are of interest: not those that went well."""
    rows = db.execute(
        select(Transfer.state, func.count())
        .where(
            Transfer.librarian_id == librarian.id,
            Transfer.state.in_(("QUEUED", "FAILED", *_ACTIVE)),
        )
        .group_by(Transfer.state)
    )
    found: dict[str, int] = {state: count for state, count in rows}
    active = sum(found.get(state, 0) for state in _ACTIVE)
    return TransferCounts(found.get("QUEUED", 0), active, found.get("FAILED", 0))


def settings_of(librarian: Librarian, cipher: Cipher) -> LibrarianSettings:
    """Return what a person decided of a neighbour, with its secret: empty when none can read it."""
    names = {item.name for item in fields(LibrarianSettings)} - {"secret"}
    values: dict[str, Any] = {name: getattr(librarian, name) for name in names}
    return LibrarianSettings(secret=_find_secret(librarian, cipher), **values)


def _find_secret(librarian: Librarian, cipher: Cipher) -> str:
    """Return a neighbour's secret; empty when it is under keys that this site has lost."""
    try:
        return cipher.decrypt(librarian.secret).decode() if librarian.secret else ""
    except InvalidToken:
        return ""


def plan_librarian(db: Session, new: LibrarianSettings, cipher: Cipher) -> Librarian | None:
    """Return the neighbour on record when it is this very one, or None when it is to be made.

    Raises ConflictError when the name is another's, and InvalidRequestError for what cannot be.
    """
    check_settings(new)
    check_callback_account(db, new.callback_account)
    known = find_librarian(db, new.name)
    if known is not None and settings_of(known, cipher) != new:
        raise ConflictError(
            f"There is a librarian {new.name!r} already, with other settings: use"
            " update-librarian, or choose another name."
        )
    return known


def record_librarian(
    db: Session, new: LibrarianSettings, cipher: Cipher, site_id: str
) -> Librarian:
    """Put a neighbour on record that answered as `site_id`; empty when it was not asked.

    Planned again: of two calls at once the other may have been faster.
    """
    librarian = plan_librarian(db, new, cipher)
    check_site(db, new.name, site_id)
    if librarian is None:
        librarian = Librarian(create_time=database_time(db))
        _write(librarian, new, cipher)
        db.add(librarian)
    librarian.site_id = site_id or librarian.site_id or ""
    db.flush()
    return librarian


def change_librarian(
    db: Session, name: str, changes: dict[str, Any], cipher: Cipher, site_id: str
) -> Librarian:
    """Change what a person decided of a neighbour, which answered as `site_id` unless empty."""
    librarian = get_librarian(db, name, lock=True)
    _write(librarian, changed_settings(db, librarian, changes, cipher), cipher)
    if site_id:
        check_site(db, name, site_id)
        librarian.site_id = site_id
        _try_now(db, librarian)
    db.flush()
    return librarian


def changed_settings(
    db: Session, librarian: Librarian, changes: dict[str, Any], cipher: Cipher
) -> LibrarianSettings:
    """Return a neighbour's settings with changes; raise InvalidRequestError for what cannot be."""
    if "account_name" in changes and "secret" not in changes:
        raise InvalidRequestError("Another account needs its secret: give 'user:secret'.")
    settings = replace(settings_of(librarian, cipher), **changes)
    check_settings(settings)
    if "callback_account" in changes:
        check_callback_account(db, settings.callback_account)
    return settings


def has_news(librarian: Librarian) -> bool:
    """Tell whether that a neighbour answers is worth a `note_answer`."""
    return not librarian.site_id or librarian.link_state == "OPEN"


def note_answer(db: Session, name: str, site_id: str) -> None:
    """Write down which site answered for a neighbour, and let transfers to it be tried."""
    librarian = get_librarian(db, name, lock=True)
    check_site(db, name, site_id)
    librarian.site_id = librarian.site_id or site_id
    _try_now(db, librarian)


def _try_now(db: Session, librarian: Librarian) -> None:
    """Let what waits for a neighbour that answers now not wait any longer."""
    if librarian.link_state == "OPEN":
        librarian.link_try_time = database_time(db)


def check_site(db: Session, name: str, site_id: str) -> None:
    """Raise InvalidRequestError when the site that answers for a neighbour is not to be it."""
    if not site_id:
        return
    if site_id == db.scalar(select(Site.site_id)):
        raise InvalidRequestError(
            f"What answers for {name!r} is this very site: correct the url of the other one."
        )
    for other in list_librarians(db):
        if other.name == name and other.site_id not in ("", site_id):
            raise InvalidRequestError(
                f"What answers for {name!r} is another site than until now: correct the url, or"
                " remove the librarian and add the new one."
            )
        if other.name != name and other.site_id == site_id:
            raise ConflictError(
                f"What answers for {name!r} is the site of the librarian {other.name!r}: use that."
            )


def check_callback_account(db: Session, name: str) -> None:
    """Raise InvalidRequestError unless an account here may confirm what arrived elsewhere."""
    if not name:
        return
    account = find_account(db, name)
    if account is None:
        raise InvalidRequestError(
            f"There is no account {name!r:.80} here for calling back: create-user makes one."
        )
    if account.kind != PERSON or account.role < Role.CALLBACK:
        raise InvalidRequestError(
            f"The account {name!r} cannot call back: it needs the role CALLBACK or more."
        )


def _write(librarian: Librarian, settings: LibrarianSettings, cipher: Cipher) -> None:
    for item in fields(settings):
        if item.name != "secret":
            setattr(librarian, item.name, getattr(settings, item.name))
    if settings.secret and settings.secret != _find_secret(librarian, cipher):
        librarian.secret = cipher.encrypt(settings.secret.encode())
