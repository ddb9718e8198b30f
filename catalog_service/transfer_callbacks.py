"""What a neighbour says has arrived at it: taken only from that neighbour, and only if it is so."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog_service.bulk import has_key_among
from catalog_service.tables import File, Librarian, Transfer
from catalog_service.transfer_outcomes import confirm

_SENT_STATES = ("OFFERED", "SENDING", "SENT")


@dataclass(frozen=True)
class Arrived:
    """A file that a neighbour says it has verified."""

    transfer_id: int
    file_name: str
    checksum: str


def confirm_arrivals(db: Session, account_name: str, arrived: Sequence[Arrived]) -> list[bool]:
    """Confirm what arrived at the neighbour whose account this is; say which is confirmed.

    Refused are transfers to others, those that are not under way, and what is on record by another
    name or with other contents.
    """
    theirs = db.scalars(select(Librarian.id).where(Librarian.callback_account == account_name))
    # No neighbour has the empty account: that stands for none.
    librarian_ids = set(theirs) if account_name else set()
    wanted = has_key_among(db, Transfer.id, [one.transfer_id for one in arrived])
    query = select(Transfer, File).join(File, File.id == Transfer.file_id).where(wanted)
    # In one order, as all who lock several.
    locked = query.order_by(Transfer.id).with_for_update(of=Transfer)
    rows = {row.id: (row, file) for row, file in db.execute(locked)}
    accepted: list[bool] = []
    for one in arrived:
        row, file = rows.get(one.transfer_id, (None, None))
        accepted.append(
            row is not None
            and file is not None
            and row.librarian_id in librarian_ids
            and (file.name, file.checksum) == (one.file_name, one.checksum)
            and row.state in (*_SENT_STATES, "CONFIRMED")
        )
    confirm(
        db,
        [
            one.transfer_id
            for one, is_accepted in zip(arrived, accepted, strict=True)
            if is_accepted and rows[one.transfer_id][0].state in _SENT_STATES
        ],
    )
    return accepted
