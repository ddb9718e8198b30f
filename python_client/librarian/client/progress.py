"""Progress: counted by what works, shown as a bar to a person, or handed to a function."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from librarian.client.records import Record

_REPORT_INTERVAL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Progress(Record):
    """How far an upload or a download is; rate and time left are None until they are known."""

    files_total: int
    files_done: int
    bytes_total: int
    bytes_done: int
    rate_bytes_per_second: float | None
    seconds_left: float | None


class Counted(Protocol):
    """What a bar shows: a Progress, or a Job."""

    @property
    def files_total(self) -> int:
        """Number of files in all."""

    @property
    def files_done(self) -> int:
        """Number of files done."""

    @property
    def bytes_total(self) -> int:
        """Bytes in all."""

    @property
    def bytes_done(self) -> int:
        """Bytes done."""


ProgressOption = bool | Callable[[Any], object] | None
"""True for a bar where a person can see one; a function to be called now and then; or nothing."""


class ProgressMeter:
    """Counts what several threads do, and reports it ten times a second at most."""

    def __init__(self, report: Callable[[Progress], object]) -> None:
        self._report = report
        self._lock = threading.Lock()
        self._files_total = self._files_done = self._bytes_total = self._bytes_done = 0
        self._start = time.monotonic()
        self._last_report = 0.0

    def expect(self, size_bytes: int) -> None:
        """Count one more file of that size among all."""
        with self._lock:
            self._files_total += 1
            self._bytes_total += size_bytes

    def advance(self, size_bytes: int) -> None:
        """Count bytes as done; negative when they must be done again."""
        with self._lock:
            self._bytes_done += size_bytes
        self._report_if_due()

    def finish_file(self) -> None:
        """Count a file as done, or as refused."""
        with self._lock:
            self._files_done += 1
        self._report_if_due()

    def report(self) -> None:
        """Report now."""
        with self._lock:
            self._last_report = time.monotonic()
            self._report(self._progress(self._last_report - self._start))

    def _report_if_due(self) -> None:
        if time.monotonic() - self._last_report >= _REPORT_INTERVAL_SECONDS:
            self.report()

    def _progress(self, seconds: float) -> Progress:
        rate = self._bytes_done / seconds if self._bytes_done > 0 and seconds > 0 else None
        left = max(0, self._bytes_total - self._bytes_done) / rate if rate else None
        return Progress(
            self._files_total, self._files_done, self._bytes_total, self._bytes_done, rate, left
        )


@contextmanager
def metered(option: ProgressOption, title: str) -> Iterator[ProgressMeter]:
    """Give a meter that reports to what the caller chose; it reports once more at the end."""
    with follow(option, title) as report:
        meter = ProgressMeter(report)
        try:
            yield meter
        finally:
            meter.report()


@contextmanager
def follow(option: ProgressOption, title: str) -> Iterator[Callable[[Any], object]]:
    """Give the function to report to: the caller's own, a bar's, or one that does nothing."""
    if callable(option):
        yield option
    elif option:
        with _bar(title) as report:
            yield report
    else:
        yield lambda _: None


@contextmanager
def _bar(title: str) -> Iterator[Callable[[Counted], None]]:
    # Imported late: programs that show no bar need not load it.
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )
    from rich.progress import Progress as Bars

    console = Console(stderr=True)
    if not (console.is_terminal or console.is_jupyter):
        yield lambda _: None
        return
    files = TextColumn("{task.fields[files_done]}/{task.fields[files_total]} {task.fields[unit]}")
    columns = [BarColumn(), files, DownloadColumn(), TransferSpeedColumn()]
    bars = Bars(TextColumn("{task.description}"), *columns, TimeRemainingColumn(), console=console)
    with bars:
        task = bars.add_task(title, total=None, files_done=0, files_total=0, unit="files")

        def report(counted: Counted) -> None:
            bars.update(
                task,
                # A total of nothing would be shown as a bar that never ends.
                total=max(counted.bytes_total, 1),
                completed=counted.bytes_done,
                files_done=counted.files_done,
                files_total=counted.files_total,
                unit="file" if counted.files_total == 1 else "files",
            )

        yield report
