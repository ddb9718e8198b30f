"""What becomes of transfers: those that are confirmed end, and the file is known to be there."""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog_service.bulk import has_key_among
from catalog_service.clock import database_time
from catalog_service.remote_instances import add_remote_instances
from catalog_service.tables import Transfer


def confirm(db: Session, transfer_ids: Sequence[int]) -> int:
    """End transfers whose file has arrived and was verified; return how many were not yet."""
    wanted = has_key_among(db, Transfer.id, transfer_ids) & Transfer.state.in_(
        ("QUEUED", "OFFERED", "SENDING", "SENT")
    )
    now = database_time(db)
    there: dict[int, list[int]] = defaultdict(list)
    rows = db.scalars(select(Transfer).where(wanted).with_for_update()).all()
    for row in rows:
        there[row.librarian_id].append(row.file_id)
        row.state, row.claimed_file_id = "CONFIRMED", None
        row.update_time = row.end_time = now
    for librarian_id in sorted(there):
        add_remote_instances(db, librarian_id, there[librarian_id])
    db.flush()
    return len(rows)
