"""Why a file is here and at each neighbour, or not yet: in sentences, the most telling first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog_service.clock import database_time
from catalog_service.explained_here import copies_here, uploads_here
from catalog_service.explained_orders import order_sentences
from catalog_service.explained_progress import (
    active_sentences,
    format_tries,
    link_sentences,
    show_moment,
)
from catalog_service.files import unknown_file
from catalog_service.librarians import get_librarian, list_librarians
from catalog_service.tables import File, Librarian, RemoteInstance, Transfer
from catalog_service.transfer_queue import ACTIVE_STATES
from catalog_service.transfers import ShownTransfer, show_transfers


@dataclass(frozen=True)
class ExplainedThere:
    """What holds at a neighbour."""

    librarian_name: str
    present: bool
    sentences: Sequence[str]
    # The file's last transfer to it.
    transfer: ShownTransfer | None


@dataclass(frozen=True)
class Explained:
    """Why a file is where it is."""

    here: Sequence[str]
    there: Sequence[ExplainedThere]


def explain_file(db: Session, file_name: str, librarian_name: str) -> Explained:
    """Say why a file is here and at one neighbour, or at all when none is named.

    Raises UnknownFileError when it is neither on record nor on its way in, UnknownLibrarianError.
    """
    librarians = [get_librarian(db, librarian_name)] if librarian_name else list_librarians(db)
    # PostgreSQL cannot be asked for this character.
    named = File.name == file_name.replace("\0", "/")
    file = db.scalars(select(File).where(named)).one_or_none()
    coming = uploads_here(db, file_name.replace("\0", "/"))
    if file is None:
        if not coming:
            raise unknown_file(file_name)
        return Explained(coming, [_not_on_record(librarian) for librarian in librarians])
    now = database_time(db)
    there = [_explain_there(db, file, librarian, now) for librarian in librarians]
    return Explained([*copies_here(db, file), *coming], there)


def _not_on_record(librarian: Librarian) -> ExplainedThere:
    sentence = "It is not on record here yet: it can be sent once it is."
    return ExplainedThere(librarian.name, False, [sentence], None)


def _explain_there(db: Session, file: File, librarian: Librarian, now: datetime) -> ExplainedThere:
    remote = db.get(RemoteInstance, (file.id, librarian.id))
    of_file = select(func.max(Transfer.id)).where(
        Transfer.file_id == file.id, Transfer.librarian_id == librarian.id
    )
    last_id = db.execute(of_file).scalar_one()
    last = show_transfers(db, [last_id])[0] if last_id is not None else None
    sentences: list[str] = []
    if remote is not None:
        confirmed = show_moment(remote.confirm_time)
        sentences.append(f"It is there: {librarian.name} last confirmed it on {confirmed}.")
    if last is not None and last.transfer.state in ACTIVE_STATES:
        sentences += active_sentences(db, file, librarian, last, now)
    elif remote is None:
        sentences += _why_not(db, file, librarian, last, now)
    return ExplainedThere(librarian.name, remote is not None, sentences, last)


def _why_not(
    db: Session, file: File, librarian: Librarian, last: ShownTransfer | None, now: datetime
) -> list[str]:
    """Say why a file is neither there nor on its way."""
    sentences = [_ended(last, librarian)] if last is not None else []
    if file.instance_count == 0:
        sentences.append("No available copy of it is here, so that it cannot be sent.")
    elif last is None:
        sentences += order_sentences(db, file, librarian)
    return [*sentences, *link_sentences(librarian, now)]


def _ended(last: ShownTransfer, librarian: Librarian) -> str:
    """Say how its last transfer ended, and what a person may do."""
    row, name = last.transfer, librarian.name
    ended = show_moment(row.end_time or row.update_time)
    again = f"`librarian retry-transfer CONN {row.id}` queues it again"
    if row.state == "CONFIRMED":
        return (
            f"Transfer {row.id} brought it there on {ended}, but it was found missing since:"
            " `librarian send` queues it again."
        )
    if row.state == "CANCELLED":
        return f"Transfer {row.id} of it was cancelled on {ended}: {again}."
    reason = _as_clause(row.error)
    if row.state == "DECLINED":
        return f"{name} declined it on {ended}{reason}; once that is settled, {again}."
    tries, fault = format_tries(row.attempts), _FAULTS.get(row.fault, "")
    return (
        f"Transfer {row.id} failed after {tries} on {ended}{fault}{reason};"
        f" once that is mended, {again}."
    )


_FAULTS = {
    "SOURCE": " by the copy here",
    "LINK": " by the way there",
    "DESTINATION": " by the stores there",
    "FILE": " by what the neighbour has under that name",
}


def _as_clause(error: str) -> str:
    return f": {error.rstrip('.')}" if error else ""
