"""Claims on uploads, and the locks under which they are written."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Select, select, text, update
from sqlalchemy.orm import Session

from catalog_service import upload_claims
from catalog_service.clock import database_time
from catalog_service.ingest_round import record_end
from catalog_service.retrying import run_transaction
from catalog_service.tables import Upload
from catalog_service.upload_claims import ClaimKeeper, claim_uploads, lock_claimed
from catalog_service.uploads import renew_uploads
from tests.catalog_service.ingest_site import IngestSite, ingest_site, new_upload
from tests.polling import wait_until


def test_claims_are_renewed_after_the_database_failed_once(
    site: IngestSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    [started] = site.start(new_upload("zen.log", b"contents"))
    transactions = site.parts.database.transactions
    with transactions.begin() as db:
        claims = claim_uploads(db, [started.upload.id], None).claims
        db.execute(update(Upload).values(worker_until=database_time(db) - timedelta(seconds=1)))
    failed = threading.Event()

    def fail_once(db: Session, wanted: list[upload_claims.Claim]) -> set[str]:
        if not failed.is_set():
            failed.set()
            db.execute(text("SELECT * FROM nowhere"))
        return lock_claimed(db, wanted)

    def is_renewed() -> bool:
        with site.parts.database.readings.begin() as db:
            until = db.execute(select(Upload.worker_until)).scalar_one()
            return until is not None and until > database_time(db)

    monkeypatch.setattr(upload_claims, "_RENEW_SECONDS", 0.02)
    monkeypatch.setattr(upload_claims, "lock_claimed", fail_once)
    with ClaimKeeper(transactions, claims):
        wait_until(is_renewed, what="the claim to be renewed")
    assert failed.is_set()


def test_renewing_waits_for_a_row_without_holding_the_next(
    postgres_url: str, tmp_path: Path
) -> None:
    with ingest_site(postgres_url, tmp_path) as site, ThreadPoolExecutor(1) as threads:
        transactions = site.parts.database.transactions
        ids = _start_out_of_order(site)
        with transactions.begin() as db:
            db.execute(_locking("a-0"))
            renewed = threads.submit(
                run_transaction, transactions, lambda other: _renew(other, ids)
            )
            wait_until(lambda: db.execute(_WAITING).scalar_one(), what="the other to wait")
            db.execute(_locking("z-0"))
        assert renewed.result() == 2


def test_what_became_of_claims_is_written_under_their_locks_in_order(
    postgres_url: str, tmp_path: Path
) -> None:
    with ingest_site(postgres_url, tmp_path) as site, ThreadPoolExecutor(1) as threads:
        transactions = site.parts.database.transactions
        ids = _start_out_of_order(site)
        with transactions.begin() as db:
            last, first = sorted(
                claim_uploads(db, ids, None).claims, key=lambda c: c.upload.id, reverse=True
            )
            db.execute(update(Upload).where(Upload.id == "z-0").values(state="VERIFIED"))
        with transactions.begin() as db:
            db.execute(_locking("a-0"))
            recorded = threads.submit(
                run_transaction,
                transactions,
                lambda other: record_end(other, [first, last], [last], set(), [first]),
            )
            wait_until(lambda: db.execute(_WAITING).scalar_one(), what="the other to wait")
            db.execute(_locking("z-0"))
        assert [file.name for file in recorded.result().values()] == ["first.log"]


_WAITING = text("SELECT count(*) FROM pg_locks WHERE NOT granted")


def _start_out_of_order(site: IngestSite) -> list[str]:
    """Start two uploads, of which the later id lies first on the database's disk."""
    for name, upload_id in (("first.log", "z-0"), ("second.log", "a-0")):
        site.start(new_upload(name, b""))
        with site.parts.database.transactions.begin() as db:
            db.execute(update(Upload).where(Upload.file_name == name).values(id=upload_id))
    return ["z-0", "a-0"]


def _renew(db: Session, ids: list[str]) -> int:
    return renew_uploads(db, "telescope", ids)


def _locking(upload_id: str) -> Select[str]:
    return select(Upload.id).where(Upload.id == upload_id).with_for_update(nowait=True)
