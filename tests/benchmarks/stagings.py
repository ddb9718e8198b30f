"""Staging of few large and of many small files, beside `cp -r`."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from librarian import Librarian
from tests.benchmarks.bench_sites import Bench
from tests.benchmarks.made_files import make_files
from tests.benchmarks.measurements import Bound, Measurement, compare, seconds_of

EMPTIED_BYTES = 1 << 20


@dataclass(frozen=True)
class Load:
    """What is staged."""

    title: str
    prefix: str
    count: int
    size_bytes: int
    rounds: int
    floor: Bound


LOADS = (
    Load("staging 2 GiB in 20 files", "big", 20, (2 << 30) // 20, 5, Bound("ratio", ">=", 0.9)),
    Load("staging 10,000 files of 1 KiB", "tiny", 10_000, 1024, 5, Bound("ratio", ">=", 0.6)),
)


def measure(bench: Bench) -> Iterator[Measurement]:
    """Measure files a second, from the call to the job's success."""
    with bench.site.librarian() as site:
        _register(bench, site, Load("", "warm", 10, 10, 1, LOADS[0].floor))
        _stage(site, "warm", 10, "warm")
        for load in LOADS:
            source = _register(bench, site, load)
            ours, yardstick = [], []
            for number in range(load.rounds):
                name = f"{load.prefix}-{number}"
                copy = bench.directory / f"copy-{name}"
                yardstick.append(load.count / seconds_of(partial(_copy, source, copy)))
                _settle(copy)
                stage = partial(_stage, site, load.prefix, load.count, name)
                ours.append(load.count / seconds_of(stage))
                _settle(bench.site.layout.staging / name)
            yield compare(load.title, bench.database, "files/s", ours, yardstick, load.floor)


def _register(bench: Bench, site: Librarian, load: Load) -> Path:
    directory = bench.site.layout.store / load.prefix
    make_files(directory, load.prefix, count=load.count, size_bytes=load.size_bytes)
    done = list(site.register("store", [load.prefix], recursive=True, null_obsid=True))
    if sum(progress.registered_count for progress in done) != load.count:
        raise RuntimeError(f"Not all of {load.count} files were registered: {done}")
    return directory


def _stage(site: Librarian, prefix: str, count: int, destination: str) -> None:
    job = site.stage_files({"name-matches": f"{prefix}-%"}, destination).wait()
    if (job.state, job.files_done) != ("SUCCEEDED", count):
        raise RuntimeError(
            f"The staging ended {job.state} with {job.files_done} files: {job.error}"
        )


def _copy(source: Path, target: Path) -> None:
    subprocess.run(["cp", "-r", str(source), str(target)], check=True)


def _settle(directory: Path) -> None:
    """Let the disk come to rest before the other side's turn, and give it room again.

    Only contents are removed: to make files soon after many were removed is slow on ext4.
    """
    for path in directory.iterdir():
        if path.stat().st_size > EMPTIED_BYTES:
            os.truncate(path, 0)
    os.sync()
