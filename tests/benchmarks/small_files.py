"""1,000 files of 1 KiB by one upload, beside a loop that copies, fsyncs and commits a bare row."""

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from librarian import Librarian, UploadItem
from tests.benchmarks.bench_sites import BareDatabase, Bench, opened
from tests.benchmarks.made_files import make_files
from tests.benchmarks.measurements import Bound, Measurement, compare, seconds_of

COUNT = 1000
SIZE_BYTES = 1024
ROUNDS = 5
FLOOR = Bound("ratio", ">=", 0.5)


def measure(bench: Bench) -> Iterator[Measurement]:
    """Measure files a second."""
    ours, yardstick = [], []
    with bench.site.librarian() as site, opened(bench.open_yardstick()) as bare:
        bare.begin()
        bare.execute("CREATE TABLE bare (name VARCHAR(255) PRIMARY KEY, size_bytes BIGINT)")
        bare.commit()
        _upload(site, make_files(bench.directory / "warm", "warm", count=COUNT, size_bytes=1))
        for number in range(ROUNDS):
            source = bench.directory / f"source-{number}"
            paths = make_files(source, f"small-{number}", count=COUNT, size_bytes=SIZE_BYTES)
            target = bench.directory / f"copies-{number}"
            target.mkdir()
            yardstick.append(COUNT / seconds_of(partial(_copy, bare, paths, target)))
            os.sync()
            ours.append(COUNT / seconds_of(partial(_upload, site, paths)))
    yield compare("1,000 files of 1 KiB", bench.database, "files/s", ours, yardstick, FLOOR)


def _upload(site: Librarian, paths: list[Path]) -> None:
    items = (UploadItem(path, f"small/{path.name}", null_obsid=True) for path in paths)
    outcomes = list(site.upload_many(items))
    errors = [outcome.error for outcome in outcomes if outcome.error is not None]
    if errors or len(outcomes) != len(paths):
        raise RuntimeError(f"{len(errors)} uploads failed, such as: {errors[:1]}")


def _copy(bare: BareDatabase, paths: list[Path], target: Path) -> None:
    for path in paths:
        with path.open("rb") as source, (target / path.name).open("wb") as copy:
            copy.write(source.read())
            copy.flush()
            os.fsync(copy.fileno())
        bare.begin()
        bare.execute("INSERT INTO bare VALUES (?, ?)", (path.name, path.stat().st_size))
        bare.commit()
