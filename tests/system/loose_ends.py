"""What of transfers a site has not ended: in its database, and in its stores."""

from sqlalchemy import ColumnElement, create_engine, func, select
from sqlalchemy.engine import Engine

from catalog_service.tables import IncomingBatch, Transfer, TransferBatch, Upload
from catalog_service.transfer_queue import ACTIVE_STATES
from catalog_service.uploads import OPEN_STATES
from tests.system.site import Site

# What must not hold of any row when all is done.
_UNENDED: dict[str, ColumnElement[bool]] = {
    "uploads under way": Upload.state.in_(OPEN_STATES),
    "uploads whose worker is there": Upload.worker.is_not(None),
    "uploads that claim a name": Upload.claimed_name.is_not(None),
    "uploads whose place was not discarded": Upload.discarded.is_(False),
    "incoming batches with a place": IncomingBatch.store_id.is_not(None),
    "transfers under way": Transfer.state.in_(ACTIVE_STATES),
    "transfers that claim a file": Transfer.claimed_file_id.is_not(None),
    "transfers in a batch": Transfer.batch_id.is_not(None),
    "batches of transfers": TransferBatch.id.is_not(None),
}


def loose_ends(site: Site) -> list[str]:
    """Return what a site has left of transfers, each as a few words."""
    engine = create_engine(site.database_url)
    try:
        return [*_in_database(engine), *_in_store(site)]
    finally:
        engine.dispose()


def _in_database(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        counts = {
            what: connection.scalar(select(func.count()).where(condition))
            for what, condition in _UNENDED.items()
        }
    return [f"{count} {what}" for what, count in counts.items() if count]


def _in_store(site: Site) -> list[str]:
    hidden = site.layout.store / ".librarian"
    places = [*(hidden / "staging").glob("*"), *(hidden / "incoming").glob("*/*")]
    return sorted(str(path.relative_to(hidden)) for path in places)
