"""1 GiB uploaded on the same host and through the stream, beside `cp` and `sync` of it."""

import os
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from librarian import Librarian
from librarian.client.upload_paths import WAY_VARIABLE
from tests.benchmarks.bench_sites import Bench
from tests.benchmarks.made_files import make_files
from tests.benchmarks.measurements import Bound, Measurement, compare, seconds_of
from tests.benchmarks.processes import own_pid, read_bytes

SIZE_BYTES = 1 << 30
ROUNDS = 5
WAYS = {"path": ("same host", Bound("ratio", "<=", 1.3)), "stream": ("", Bound("ratio", "<=", 2.5))}
READ_ONCE = Bound("ratio", "<=", 1.02)
MEBIBYTE = 1 << 20


def measure(bench: Bench) -> Iterator[Measurement]:
    """Measure seconds by each way, and what the client reads for it."""
    source = make_files(bench.directory / "source", "large", count=1, size_bytes=SIZE_BYTES)[0]
    with bench.site.librarian() as site:
        for way, (place, bound) in WAYS.items():
            _upload(site, make_files(bench.directory / way, way, count=1, size_bytes=1)[0], way, 0)
            ours, yardstick, read = [], [], []
            for number in range(ROUNDS):
                yardstick.append(seconds_of(partial(_copy, source, bench.directory / "copy")))
                _empty(bench.directory / "copy")
                before = read_bytes(own_pid())
                ours.append(seconds_of(partial(_upload, site, source, way, number)))
                read.append((read_bytes(own_pid()) - before) / MEBIBYTE)
                _empty(_instance(bench, way, number))
            case = f"1 GiB by {way}{place and f', {place}'}"
            yield compare(case, bench.database, "s", ours, yardstick, bound)
            size = [SIZE_BYTES / MEBIBYTE]
            yield compare(f"{case}: client reads", bench.database, "MiB", read, size, READ_ONCE)


def _upload(site: Librarian, source: Path, way: str, number: int) -> None:
    os.environ[WAY_VARIABLE] = way
    try:
        site.upload(source, f"large/{source.stem}-{way}-{number}", null_obsid=True)
    finally:
        del os.environ[WAY_VARIABLE]


def _instance(bench: Bench, way: str, number: int) -> Path:
    return next((bench.site.layout.store / "large").glob(f"large-*-{way}-{number}"))


def _copy(source: Path, target: Path) -> None:
    subprocess.run(["cp", str(source), str(target)], check=True)
    subprocess.run(["sync", str(target)], check=True)


def _empty(path: Path) -> None:
    """Give the space back, and let the disk come to rest before the other side's turn."""
    path.unlink()
    os.sync()
