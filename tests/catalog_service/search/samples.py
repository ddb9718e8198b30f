"""Files to search among."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import insert

from catalog_service.database import Database
from catalog_service.tables import File, Observation

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Sample:
    """A file as the tests put it on record."""

    name: str
    type: str = "uvh5"
    size_bytes: int = 1000
    obsid: int | None = None
    create_time: datetime = NOW
    checksum: str = "blake3:00"
    source: str = "telescope"
    instance_count: int = 1


SAMPLES = (
    Sample("zen.2458432.34569.uvh5", obsid=1225829886, size_bytes=2**40),
    Sample("zen.2458432.34570.uvh5", obsid=1225829887, create_time=NOW - timedelta(days=2)),
    Sample("zen.2458432.34569.HH.uv", type="uv", obsid=1225829886, size_bytes=0),
    Sample("ZEN.2458432.34569.uvh5", obsid=1225829886, size_bytes=999),
    Sample("dump_100%.sql", type="sql", create_time=NOW - timedelta(days=400)),
    Sample("dumpX100%.sql", type="sql"),
    Sample("a*b?c[d]e", type=""),
    Sample("a\\b'c;d\"e", type=""),
    Sample("é.txt", type="txt", obsid=5),
    Sample("\ud7ff-last", type=""),
    Sample("\ue000-next", type=""),
    Sample("\U0010ffff", type=""),
    Sample("\U0010ffff\U0010ffffz", type=""),
    Sample("plain", type="", size_bytes=2**62),
)


def put_on_record(database: Database, samples: Sequence[Sample]) -> None:
    """Write the files and their observations."""
    obsids = sorted({sample.obsid for sample in samples if sample.obsid is not None})
    with database.transactions.begin() as db:
        rows = [{"obsid": obsid, "start_time_jd": 2458432.5} for obsid in obsids]
        if rows:
            db.execute(insert(Observation), rows)
        db.execute(insert(File), [asdict(sample) for sample in samples])
