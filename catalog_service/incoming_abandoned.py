"""What neighbours left behind in batches that they do not drive any more."""

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from catalog_service.bulk import is_one_of, table_of
from catalog_service.clock import database_time
from catalog_service.tables import IncomingBatch, Upload

_UPLOADS = table_of(Upload)

# A neighbour renews what it drives every two minutes.
_IDLE = timedelta(minutes=15)


def give_up_abandoned(
    db: Session, batch: IncomingBatch, file_names: Iterable[str], lease: timedelta
) -> int:
    """Give up what is expected of files in other batches of the account's that nobody drives.

    The neighbour has put those files into this batch: their room is not to be kept until the lease
    ends. Returns how many were given up.
    """
    columns = _UPLOADS.c
    # Each renewal sets it a whole lease ahead.
    not_renewed = columns.expire_time < database_time(db) + lease - _IDLE
    abandoned = select(columns.id).where(
        *(columns.state == "RECEIVING", columns.sent.is_(False), not_renewed),
        *(columns.account_name == batch.account_name, columns.incoming_batch_id != batch.id),
        is_one_of(db, columns.file_name, [name for name in file_names if "\0" not in name]),
    )
    # Whoever has one locked drives it, and is not waited for: so no two wait for each other.
    locked = abandoned.order_by(columns.id).with_for_update(skip_locked=True)
    ids = db.scalars(locked).all()
    values = {"error": "It was offered in another batch.", "fence": columns.fence + 1}
    statement = update(_UPLOADS).where(is_one_of(db, columns.id, ids))
    if ids:
        db.connection().execute(statement.values(state="CANCELLED", **values))
    return len(ids)
