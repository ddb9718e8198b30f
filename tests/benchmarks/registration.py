"""100,000 files registered in place, beside bare bulk inserts of the same rows."""

import os
from collections.abc import Iterator
from functools import partial
from typing import Any

from catalog_service import migrate
from librarian import Librarian
from tests.benchmarks.bench_sites import BareDatabase, Bench, opened
from tests.benchmarks.made_files import make_empty_files
from tests.benchmarks.measurements import Bound, Measurement, compare, seconds_of
from tests.benchmarks.processes import own_pid, peak_bytes, reset_peak

COUNT = 100_000
PER_DIRECTORY = 1000
ROUNDS = 3
FLOOR = Bound("ratio", ">=", 0.25)
MEMORY = Bound("ours", "<=", 64)
TABLES = ("file", "instance", "file_event")
# What the rows of the three refer to, in the order in which they can be put in.
REFERRED = ("agent", "store")
MEBIBYTE = 1 << 20


def measure(bench: Bench) -> Iterator[Measurement]:
    """Measure files a second, and by how much each process grew at most."""
    migrate.upgrade(bench.yardstick_url)
    ours, yardstick = [], []
    with bench.site.librarian() as site, opened(bench.open_yardstick()) as bare:
        # What is loaded with the first call of its kind is no growth with the number of files.
        _register(bench, site, "warm", count=PER_DIRECTORY)
        _copy_rows(bench, bare, REFERRED + TABLES)
        watched = {"client": own_pid(), "catalogue": bench.site.pid("catalog_service")}
        watched["agent"] = bench.site.pid("store_agent")
        growth = dict.fromkeys(watched, 0.0)
        for number in range(ROUNDS):
            make_empty_files(
                bench.site.layout.store / f"night-{number}",
                f"night-{number}",
                count=COUNT,
                per_directory=PER_DIRECTORY,
            )
            before = {who: reset_peak(pid) for who, pid in watched.items()}
            ours.append(COUNT / seconds_of(partial(_register, bench, site, f"night-{number}")))
            for who, pid in watched.items():
                growth[who] = max(growth[who], (peak_bytes(pid) - before[who]) / MEBIBYTE)
            os.sync()
            yardstick.append(COUNT / _copy_rows(bench, bare, TABLES))
    case = "100,000 files registered"
    yield compare(case, bench.database, "files/s", ours, yardstick, FLOOR)
    for who, grown in growth.items():
        yield Measurement(f"{case}: {who} grew", bench.database, "MiB", grown, None, MEMORY)


def _register(bench: Bench, site: Librarian, folder: str, count: int = COUNT) -> None:
    if not (bench.site.layout.store / folder).exists():
        make_empty_files(
            bench.site.layout.store / folder, folder, count=count, per_directory=PER_DIRECTORY
        )
    done = list(site.register("store", [folder], recursive=True, null_obsid=True))
    failures = [failure for progress in done for failure in progress.failures]
    registered_count = sum(progress.registered_count for progress in done)
    if failures or registered_count != count:
        raise RuntimeError(f"{registered_count} of {count} were registered: {failures[:1]}")


def _copy_rows(bench: Bench, bare: BareDatabase, tables: tuple[str, ...]) -> float:
    """Insert what the catalogue has and the yardstick has not; return how long that took."""
    new: dict[str, list[tuple[Any, ...]]] = {}
    columns = {table: bare.columns(table) for table in tables}
    with opened(bench.open_catalog()) as catalog:
        for table in tables:
            last = bare.fetch(f"SELECT coalesce(max(id), 0) FROM {table}")[0][0]  # noqa: S608
            names = ", ".join(columns[table])
            statement = f"SELECT {names} FROM {table} WHERE id > ? ORDER BY id"  # noqa: S608
            new[table] = catalog.fetch(statement, (last,))
    return seconds_of(partial(_insert, bare, columns, new))


def _insert(
    bare: BareDatabase, columns: dict[str, list[str]], new: dict[str, list[tuple[Any, ...]]]
) -> None:
    bare.begin()
    for table, rows in new.items():
        bare.insert(table, columns[table], rows)
    bare.commit()
