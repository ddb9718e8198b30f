"""Pushing few large and many small files by rsync, beside the bare tool, and by the stream."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from librarian.checksums import DEFAULT_ALGORITHM, new_hasher
from tests.benchmarks.bench_pairs import BenchPair
from tests.benchmarks.made_files import make_files
from tests.benchmarks.measurements import Bound, Measurement, compare, seconds_of

BUFFER_BYTES = 1 << 20
EMPTIED_BYTES = 1 << 20
# So many files are sent by a process each, and the time for all is told from that.
SINGLE_FILES = 200


@dataclass(frozen=True)
class Load:
    """What is pushed."""

    title: str
    prefix: str
    count: int
    size_bytes: int
    rounds: int
    rsync_floor: Bound
    stream_floor: Bound


LOADS = (
    Load(
        "2 GiB in 4 files",
        "big",
        4,
        (2 << 30) // 4,
        3,
        Bound("ratio", ">=", 0.9),
        Bound("ratio", ">=", 0.8),
    ),
    Load(
        "10,000 files of 10 KiB",
        "tiny",
        10_000,
        10 << 10,
        3,
        Bound("ratio", ">=", 0.6),
        Bound("ratio", ">=", 1.0),
    ),
)


def measure(bench: BenchPair) -> Iterator[Measurement]:
    """Measure files a second, from the call to the last remote instance on record."""
    warm = make_files(bench.site.layout.store.parent / "warm", "warm", count=10, size_bytes=10)
    for way in ("rsync", "stream"):
        bench.take_way(way)
        bench.register(warm, f"warm-{way}")
        bench.push(f"warm-{way}", len(warm))
    for load in LOADS:
        yield from _measure(bench, load)


def _measure(bench: BenchPair, load: Load) -> Iterator[Measurement]:
    # Links to them will lie in the store, so they are on the same disk.
    made = bench.site.layout.store.parent / load.prefix
    paths = make_files(made, load.prefix, count=load.count, size_bytes=load.size_bytes)
    by_rsync, by_stream, bare = [], [], []
    for number in range(load.rounds):
        bare.append(load.count / _bare(bench, load, made, number))
        by_rsync.append(load.count / _push(bench, load, paths, "rsync", number))
        by_stream.append(load.count / _push(bench, load, paths, "stream", number))
    title, unit = f"{load.title} pushed by", "files/s"
    yield compare(f"{title} rsync", bench.database, unit, by_rsync, bare, load.rsync_floor)
    versus = f"{title} stream, beside ours by rsync"
    yield compare(versus, bench.database, unit, by_stream, by_rsync, load.stream_floor)
    yield compare(f"{title} stream, beside bare rsync", bench.database, unit, by_stream, bare, None)
    if load.size_bytes < EMPTIED_BYTES:
        each = partial(_bare_singly, bench, paths[:SINGLE_FILES], bench.directory / "singly")
        rate = [SINGLE_FILES / seconds_of(each)]
        versus = f"{title} rsync, beside a process a file (told from {SINGLE_FILES})"
        yield compare(versus, bench.database, unit, by_rsync, rate, None)


def _bare(bench: BenchPair, load: Load, made: Path, number: int) -> float:
    """Return the seconds of one bare rsync, and of reading what arrived if that is the promise."""
    target = bench.archive.layout.store.parent / f"bare-{load.prefix}-{number}"
    target.mkdir()
    seconds = seconds_of(partial(bench.bare_rsync, made, target))
    if load.size_bytes >= EMPTIED_BYTES:
        seconds += seconds_of(partial(_check_sums, sorted(target.iterdir())))
    _settle(target)
    return seconds


def _push(bench: BenchPair, load: Load, paths: Sequence[Path], way: str, number: int) -> float:
    prefix = f"{load.prefix}-{way}-{number}"
    bench.take_way(way)
    bench.register(list(paths), prefix)
    os.sync()
    seconds = seconds_of(partial(bench.push, prefix, load.count))
    _settle(bench.archive.layout.store / prefix)
    return seconds


def _bare_singly(bench: BenchPair, paths: Sequence[Path], target: Path) -> None:
    target.mkdir()
    for path in paths:
        bench.bare_rsync(path, target)


def _check_sums(paths: Sequence[Path]) -> None:
    for path in paths:
        hasher = new_hasher(DEFAULT_ALGORITHM)
        with path.open("rb", buffering=0) as file:
            while data := file.read(BUFFER_BYTES):
                hasher.update(data)
        hasher.hexdigest()


def _settle(directory: Path) -> None:
    """Let the disk come to rest, and give it the room of large files again.

    Only contents are removed: to make files soon after many were removed is slow on ext4.
    """
    for path in directory.iterdir():
        if path.stat().st_size > EMPTIED_BYTES:
            path.chmod(0o600)
            os.truncate(path, 0)
    os.sync()
