"""Months that a site has not lived through: rows of observations, arrivals, links and stagings."""

import math
import random
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import insert
from sqlalchemy.orm import Session

from catalog_service.tables import (
    Agent,
    Arrival,
    File,
    Instance,
    Job,
    Librarian,
    LinkHour,
    Observation,
    ObservingSession,
    StagingFile,
    Store,
    StoreUsage,
    Transfer,
)
from deploy.demo.synthetic_stretch import mean_sidereal_radians
from librarian.times import jd_to_datetime, jd_to_obsid

NIGHTS = 150
_PER_NIGHT = 24
_LENGTH_DAYS = 0.0125
_ENDLESS = timedelta(days=400)
_HOURS = 24 * 30


def add_history(db: Session, now: datetime, *, nights: int = NIGHTS) -> None:
    """Put months of observations on record, and what went with them."""
    chance = random.Random(1)  # noqa: S311 - the same history each time.
    store = db.query(Store).filter_by(name="store").one()
    _add_observations(db, store, _nights(now, nights), chance)
    _add_usage(db, store, now)
    for neighbour in db.query(Librarian):
        db.execute(insert(LinkHour), list(_link_hours(neighbour, now, chance)))
    _break_link(db, now)
    _add_failed_transfers(db, now)
    _add_stagings(db, now)


def _nights(now: datetime, nights: int) -> range:
    today = math.floor(now.timestamp() / 86400 + 2440587.5)
    return range(today - nights - 2, today - 1)


def _add_observations(db: Session, store: Store, nights: range, chance: random.Random) -> None:
    rows: dict[type, list[dict[str, Any]]] = {
        one: [] for one in (ObservingSession, Observation, File, Instance)
    }
    for night in nights:
        # Telescopes rest at times.
        if chance.random() < 0.15 or 60 < night - nights.start < 68:
            continue
        _add_night(rows, night, store, chance)
    for table, found in rows.items():
        db.execute(insert(table), found)
    store.instance_count += len(rows[Instance])
    sizes: Counter[Any] = Counter()
    counts: Counter[Any] = Counter()
    for file in rows[File]:
        sizes[file["create_time"].date()] += file["size_bytes"]
        counts[file["create_time"].date()] += 1
    known = {row.day for row in db.query(Arrival).filter_by(store_id=store.id)}
    db.execute(
        insert(Arrival),
        [
            {"day": day, "store_id": store.id, "file_count": count, "total_bytes": sizes[day]}
            for day, count in counts.items()
            if day not in known
        ],
    )


def _add_night(
    rows: dict[type, list[dict[str, Any]]], night: int, store: Store, chance: random.Random
) -> None:
    start = night + 0.17 + 0.1 * chance.random()
    count = chance.randint(_PER_NIGHT // 3, _PER_NIGHT)
    jds = [start + number * _LENGTH_DAYS for number in range(count)]
    session = jd_to_obsid(start)
    total = 0
    for jd in jds:
        size = chance.randint(4, 9) * 10**9
        made = [_file(jd, kind, share * size // 10) for kind, share in (("sum", 8), ("diff", 2))]
        total += sum(file["size_bytes"] for file in made)
        rows[Observation].append(_observation(jd, session, made))
        for file in made:
            file["id"] = 1_000_000 + len(rows[File])
            rows[File].append(file)
            rows[Instance].append(_instance(file, store, night))
    rows[ObservingSession].append(
        {
            "id": session,
            "start_time_jd": start,
            "stop_time_jd": jds[-1] + _LENGTH_DAYS,
            "observation_count": count,
            "file_count": 2 * count,
            "total_bytes": total,
        }
    )


def _file(jd: float, kind: str, size_bytes: int) -> dict[str, Any]:
    return {
        "name": f"zen.{jd:.5f}.{kind}.uvh5",
        "type": "uvh5",
        "size_bytes": size_bytes,
        "checksum": f"blake3:{round(jd * 1e5):064x}",
        "obsid": jd_to_obsid(jd),
        "create_time": jd_to_datetime(jd) + timedelta(hours=2),
        "source": "correlator",
        "instance_count": 1,
        "custom": {},
    }


def _observation(jd: float, session: int, files: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "obsid": jd_to_obsid(jd),
        "start_time_jd": jd,
        "stop_time_jd": jd + _LENGTH_DAYS,
        "start_lst_hr": float(mean_sidereal_radians(np.array(jd))) * 12 / math.pi,
        "session_id": session,
        "file_count": len(files),
        "total_bytes": sum(file["size_bytes"] for file in files),
    }


def _instance(file: dict[str, Any], store: Store, night: int) -> dict[str, Any]:
    return {
        "file_id": file["id"],
        "store_id": store.id,
        "file_name": file["name"],
        "parent_dirs": str(night),
        "available": True,
        "deletion_allowed": False,
        "create_time": file["create_time"],
        "verify_time": file["create_time"] + timedelta(days=1),
        "problem": "",
    }


def _hour(now: datetime) -> int:
    return int(now.timestamp()) // 3600


def _add_usage(db: Session, store: Store, now: datetime) -> None:
    known = {row.hour for row in db.query(StoreUsage).filter_by(store_id=store.id)}
    capacity = store.capacity_bytes
    for age in range(1, _HOURS):
        if _hour(now) - age not in known:
            free = min(capacity, store.free_bytes + age * capacity // 4000)
            counted = {"capacity_bytes": capacity, "free_bytes": free, "instance_count": 7000 - age}
            db.add(StoreUsage(store_id=store.id, hour=_hour(now) - age, **counted))


def _link_hours(
    neighbour: Librarian, now: datetime, chance: random.Random
) -> Iterator[dict[str, Any]]:
    row = {"librarian_id": neighbour.id, "cause": "", "file_count": 0, "total_bytes": 0}
    for age in range(1, 24 * 7):
        hour = _hour(now) - age
        files = chance.randint(0, 40) if hour % 24 < 15 else 0
        if files:
            yield {**row, "hour": hour, "file_count": files, "total_bytes": files * 4 * 10**9}
        if chance.random() < 0.1:
            cause = chance.choice(["LINK", "DESTINATION", "FILE"])
            yield {**row, "hour": hour, "cause": cause, "file_count": chance.randint(1, 4)}


def _break_link(db: Session, now: datetime) -> None:
    row = db.query(Librarian).filter_by(name="archive").one()
    row.link_state, row.link_cause, row.link_failures = "OPEN", "UNREACHABLE", 7
    row.link_error = "archive.example.org:21106 cannot be reached: connection refused."
    row.link_open_time = now - timedelta(minutes=11)
    row.link_try_time = now + timedelta(days=1)
    row.link_success_time = now - timedelta(minutes=14)


def _add_failed_transfers(db: Session, now: datetime) -> None:
    row = db.query(Librarian).filter_by(name="archive").one()
    for file in db.query(File).filter(File.obsid.is_not(None)).order_by(File.id.desc()).limit(9):
        when = now - timedelta(minutes=file.id % 50)
        reason = f"archive has {file.name} with another checksum; look at both copies there."
        transfer = Transfer(
            file_id=file.id,
            librarian_id=row.id,
            owner="web-admin",
            order_name="nightly-products",
            lane=1,
            priority=10,
            size_bytes=file.size_bytes,
            state="FAILED",
            attempts=3,
            error=reason,
            fault="FILE",
            run_time=when,
            create_time=when - timedelta(hours=2),
            update_time=when,
            start_time=when - timedelta(hours=1),
            end_time=when,
        )
        db.add(transfer)


def _add_stagings(db: Session, now: datetime) -> None:
    """Put a staging that goes on for ever, and one that failed, beside those that were run."""
    running = _staging(
        db,
        now,
        "summer",
        state="RUNNING",
        claimed_destination="/lustre/staging/web-admin/summer",
        files_done=171,
        bytes_done=873_000_000_000,
        worker="elsewhere",
        lease_until=now + _ENDLESS,
        claim_time=now - timedelta(minutes=9),
    )
    failed = _staging(
        db,
        now,
        "winter",
        state="FAILED",
        error="8 of 412 files could not be staged.",
        files_done=404,
        files_failed=8,
        bytes_done=2_060_000_000_000,
        end_time=now,
    )
    db.add_all([running, failed])
    db.flush()
    files = db.query(File).order_by(File.id.desc()).limit(8).all()
    for number, file in enumerate(files):
        reason = f"the copy of {file.name} on store cannot be read: Input/output error"
        row = {"job_id": failed.id, "number": number, "file_id": file.id}
        db.add(StagingFile(state="FAILED", error=reason, **row))


def _staging(db: Session, now: datetime, name: str, **changes: Any) -> Job:
    return Job(
        kind="STAGING",
        owner="web-admin",
        request_id=f"a-{name}",
        destination=f"/lustre/staging/web-admin/{name}",
        search='{"type-is-exactly": "uvh5"}',
        agent_id=db.query(Agent).one().id,
        run_time=now,
        files_total=412,
        bytes_total=2_100_000_000_000,
        create_time=now - timedelta(minutes=9),
        start_time=now - timedelta(minutes=9),
        **changes,
    )
