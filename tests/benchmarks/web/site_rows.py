"""What a site of years has beside its files: neighbours, orders, jobs, accounts, statistics."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from catalog_service.tables import (
    Account,
    AuditEntry,
    Job,
    Librarian,
    LinkHour,
    Reconciliation,
    SavedSearch,
    StagingFile,
    StandingOrder,
    Token,
)
from tests.benchmarks.search.catalogue import FIRST_NIGHT, SEED

Rows = Iterator[Mapping[str, Any]]

NEIGHBOURS = ("archive", "campus", "cape", "mirror", "tape")
ORDERS, JOBS, AUDIT_ENTRIES, PEOPLE, SAVED = 20, 10_000, 100_000, 200, 200
FAILED_JOBS, ERRORS_A_JOB, RUNNING_JOBS = 60, 500, 40
HOURS = 365 * 24
LATER = timedelta(days=1)
# Keys of what is made begin here: what people make beside it meanwhile has lower ones.
FIRST_KEY = 100_000
OWNER = "admin"
_STATES = ("SUCCEEDED", "FAILED", "CANCELLED")
_ACTIONS = (
    "Accounts/SignIn",
    "Accounts/SignIn refused",
    "Accounts/CreateToken",
    "Files/UpdateMetadata",
    "Instances/RegisterFiles",
    "Librarians/UpdateLibrarian",
    "StandingOrders/UpdateStandingOrder",
    "Staging/StartStaging",
    "Stores/UpdateStore",
    "Transfers/RetryTransfers",
    "Uploads/StartUploads",
)
_CAUSES = ("", "", "", "LINK", "DESTINATION", "SOURCE", "FILE")


def person(number: int) -> str:
    """Return the name of one of the people."""
    return f"observer-{number:03}"


def order(number: int) -> str:
    """Return the name of one of the standing orders."""
    return f"nightly-{number:02}"


def neighbour_of(number: int) -> int:
    """Return the key of the neighbour to which an order of that number sends."""
    return FIRST_KEY + 1 + number % len(NEIGHBOURS)


def all_rows(now: datetime, nights: int) -> Sequence[tuple[Any, Rows]]:
    """Return the rows of each table, those first that others refer to."""
    random = Random(SEED)  # noqa: S311 - values, not secrets
    return (
        (Librarian, _neighbours(now)),
        (StandingOrder, _orders(now, nights)),
        (Account, _accounts(now)),
        (Token, _tokens(now)),
        (SavedSearch, _saved_searches(now, nights)),
        (Job, _jobs(now, nights, random)),
        (StagingFile, _staging_files()),
        (Reconciliation, _reconciliations(now)),
        (AuditEntry, _audit_entries(now, nights, random)),
        (LinkHour, _link_hours(now, random)),
    )


def _neighbours(now: datetime) -> Rows:
    for number, name in enumerate(NEIGHBOURS, start=1):
        yield {
            "id": FIRST_KEY + number,
            "name": name,
            "url": f"{name}.example.org:21106",
            "tls": True,
            "account_name": "telescope",
            "secret": b"",
            "site_id": f"00000000-0000-4000-8000-00000000000{number}",
            "transfers_enabled": number != len(NEIGHBOURS),
            "rate_bytes_per_second": 5e7,
            "create_time": now - timedelta(days=400),
            "reconcile_time": now,
        }


def _orders(now: datetime, nights: int) -> Rows:
    for number in range(1, ORDERS + 1):
        night = FIRST_NIGHT + number * nights // (ORDERS + 1)
        yield {
            "id": FIRST_KEY + number,
            "name": order(number),
            "librarian_id": neighbour_of(number),
            "search": f"name:zen.{night}.* type:uvh5",
            "priority": 10 + number,
            "enabled": number % 10 != 0,
            "owner": OWNER,
            "create_time": now - timedelta(days=300),
            "sent_count": 40_000,
            "sent_bytes": 40_000 * 10**9,
            "error": "The store it reads from is gone." if number == 7 else "",
            "fill_time": now,
        }


def _accounts(now: datetime) -> Rows:
    for number in range(PEOPLE):
        yield {
            "id": FIRST_KEY + number,
            "name": person(number),
            "role": 1,
            "kind": "PERSON",
            "create_time": now - timedelta(days=200),
        }


def _tokens(now: datetime) -> Rows:
    for number in range(2 * PEOPLE):
        secret = hashlib.sha256(f"made {number}".encode()).hexdigest()
        yield {
            "id": f"made{number:08}",
            "secret_hash": secret,
            "account_id": FIRST_KEY + number % PEOPLE,
            "name": "sign-in" if number < PEOPLE else "pipeline",
            "role": 1,
            "create_time": now - timedelta(days=100),
            "expire_time": now + timedelta(days=100),
        }


def _saved_searches(now: datetime, nights: int) -> Rows:
    for number in range(SAVED):
        yield {
            "account_id": FIRST_KEY + number,
            "name": f"night-{number:03}",
            "search": f"name:zen.{FIRST_NIGHT + number % nights}.* type:uvh5",
            "item_kind": "files",
            "shared": number % 2 == 0,
            "update_time": now,
        }


def _jobs(now: datetime, nights: int, random: Random) -> Rows:
    for number in range(1, JOBS + 1):
        begun = now - timedelta(hours=JOBS - number)
        yield {
            "kind": "RECONCILIATION" if _is_reconciliation(number) else "STAGING",
            "owner": OWNER if number % 5 == 0 else person(number % PEOPLE),
            "request_id": f"made-{number}",
            "destination": f"/staging/{person(number % PEOPLE)}/{number}",
            "search": f"name:zen.{FIRST_NIGHT + random.randrange(nights)}.*",
            "files_total": 3000,
            "files_done": 2500,
            "bytes_total": 3 * 10**12,
            "bytes_done": 25 * 10**11,
            "run_time": begun,
            "create_time": begun,
            "start_time": begun,
            "id": FIRST_KEY + number,
            **_state_of_job(number, begun, now),
        }


def _state_of_job(number: int, begun: datetime, now: datetime) -> Mapping[str, Any]:
    """Return what is particular to a job: the newest are under way, some before them failed."""
    ended = {"end_time": begun + timedelta(minutes=20), "files_failed": 0, "error": ""}
    held = {"worker": None, "lease_until": None, "claim_time": None}
    if number > JOBS - RUNNING_JOBS:
        until = {"worker": "made", "lease_until": now + LATER, "claim_time": begun}
        return {**ended, **until, "state": "RUNNING", "end_time": None}
    if number > JOBS - RUNNING_JOBS - FAILED_JOBS:
        failed = {"files_failed": ERRORS_A_JOB, "error": "Some files could not be copied."}
        return {**ended, **held, **failed, "state": "FAILED"}
    return {**ended, **held, "state": _STATES[number % 7 // 5]}


def _is_reconciliation(number: int) -> bool:
    return number < 500 and number % 5 == 0


def _staging_files() -> Rows:
    first = FIRST_KEY + JOBS - RUNNING_JOBS - FAILED_JOBS + 1
    for job_id in range(first, first + FAILED_JOBS):
        for number in range(1, ERRORS_A_JOB + 1):
            yield {
                "job_id": job_id,
                "number": number,
                "file_id": (job_id + number * 997) % 90_000 + 1,
                "state": "FAILED",
                "error": "No copy of it is available.",
            }


def _reconciliations(now: datetime) -> Rows:
    for number in filter(_is_reconciliation, range(1, JOBS + 1)):
        yield {
            "job_id": FIRST_KEY + number,
            "librarian_id": neighbour_of(number // 5),
            "queue_missing": False,
            "page_time": now,
            "compared_count": 2_000_000,
            "missing_count": 12,
            "examples": json.dumps([f"zen.{FIRST_NIGHT}.{n}.uvh5" for n in range(12)]),
        }


def _audit_entries(now: datetime, nights: int, random: Random) -> Rows:
    for number in range(AUDIT_ENTRIES):
        who = OWNER if number % 4 == 0 else person(random.randrange(PEOPLE))
        yield {
            "time": now - timedelta(minutes=5 * (AUDIT_ENTRIES - number)),
            "account_name": who,
            "action": random.choice(_ACTIONS),
            "subject": f"zen.{FIRST_NIGHT + random.randrange(nights)}.20000.xx.HH.uvh5",
            "details": '{"enabled": true, "priority": 5}',
            "address": f"10.0.{number % 200}.7",
            "token_id": f"made{number % 400:08}",
        }


def _link_hours(now: datetime, random: Random) -> Rows:
    last = int(now.timestamp()) // 3600
    for neighbour in range(1, len(NEIGHBOURS) + 1):
        for hour in range(last - HOURS, last + 1):
            for cause in {"", random.choice(_CAUSES)}:
                count = random.randrange(1, 500 if not cause else 20)
                yield {
                    "librarian_id": FIRST_KEY + neighbour,
                    "hour": hour,
                    "cause": cause,
                    "file_count": count,
                    "total_bytes": 0 if cause else count * 10**9,
                }


def usage_rows(now: datetime, stores: Iterable[tuple[int, int]]) -> Rows:
    """Yield how full each store was, hour by hour, over a year: given keys, and copies there."""
    last = int(now.timestamp()) // 3600
    capacity = 2 * 10**15
    for store_id, instance_count in stores:
        for hour in range(last - HOURS, last + 1):
            filled = (HOURS - (last - hour)) / HOURS
            yield {
                "store_id": store_id,
                "hour": hour,
                "capacity_bytes": capacity,
                "free_bytes": int(capacity * (1 - 0.9 * filled)),
                "instance_count": int(instance_count * filled),
            }


def utc_now() -> datetime:
    """Return this moment, to the second."""
    return datetime.now(UTC).replace(microsecond=0)
