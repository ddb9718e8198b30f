"""Staging: copies of a job's files into its destination, several at a time."""

import queue
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from librarian.errors import LibrarianError, error_classes
from store_agent.destinations import StagingPrefix
from store_agent.quick_copies import StagedCopy
from store_agent.reading import Stop
from store_agent.staging_workers import StagingWorkers
from store_agent.stores import Store, Stores

_MAX_TASK_FILES = 100
_MAX_TASK_BYTES = 64 << 20
_REPORT_SECONDS = 0.25

_CLASSES = error_classes()


@dataclass(frozen=True)
class StagingProgress:
    """Files that are done since the last report, with their errors, and bytes done in all."""

    files: list[tuple[int, LibrarianError | None]] = field(default_factory=list)
    bytes_done: int = 0


class Stager:
    """Stages files by worker processes, those of each store apart."""

    def __init__(self, stores: Stores, prefix: StagingPrefix, worker_count: int) -> None:
        self._stores = stores
        self._prefix = prefix
        self._worker_count = worker_count
        self._workers: dict[str, StagingWorkers] = {}
        self._lock = threading.Lock()

    def stage(
        self, destination: str, job_id: int, files: Iterable[StagedCopy], stop: Stop
    ) -> Iterator[StagingProgress]:
        """Stage files, and report every quarter of a second until all are done.

        When it is stopped it waits for the copies to be given up, which leave nothing behind.
        """
        run = _Run()
        told: dict[str, Any] = {
            "prefix": str(self._prefix.path),
            "destination": self._prefix.relative(destination),
            "job": job_id,
        }
        try:
            for store_name, items in _by_store(files).items():
                self._submit(store_name, items, told, run)
            yield from run.reports(stop)
        finally:
            run.end()

    def close(self) -> None:
        """End all worker processes."""
        with self._lock:
            for workers in self._workers.values():
                workers.close()
            self._workers.clear()

    def _submit(
        self, store_name: str, items: list[StagedCopy], told: dict[str, Any], run: "_Run"
    ) -> None:
        try:
            store = self._stores.get_store(store_name)
        except LibrarianError as error:
            run.fail(items, error)
            return
        named = {"store": (store.name, str(store.root), store.id)}
        for part in _parts(items):
            run.start(self._workers_of(store), {**told, **named}, part)

    def _workers_of(self, store: Store) -> StagingWorkers:
        with self._lock:
            if store.name not in self._workers:
                self._workers[store.name] = StagingWorkers(self._worker_count)
            return self._workers[store.name]


class _Run:
    """One call under way: its tasks, and what they reported and nobody was told yet."""

    def __init__(self) -> None:
        self._reports: queue.SimpleQueue[tuple[list[tuple[int, LibrarianError | None]], int]]
        self._reports = queue.SimpleQueue()
        self._stop = threading.Event()
        self._tasks: list[tuple[Future[None], list[StagedCopy]]] = []
        self._done: set[int] = set()
        self._bytes_done = 0

    def start(self, workers: StagingWorkers, task: dict[str, Any], items: list[StagedCopy]) -> None:
        future = workers.submit({**task, "files": items}, self._take, self._stop)
        self._tasks.append((future, items))
        # Wakes `reports`, which would else look only after its time.
        future.add_done_callback(lambda _: self._reports.put(([], 0)))

    def fail(self, items: list[StagedCopy], error: LibrarianError) -> None:
        size_bytes = sum(item.size_bytes for item in items)
        self._reports.put(([(item.key, error) for item in items], size_bytes))

    def reports(self, stop: Stop) -> Iterator[StagingProgress]:
        """Yield what was reported; raise BusyError when it is stopped."""
        running = True
        while running:
            running = not all(future.done() for future, _ in self._tasks)
            stop.check()
            if not running:
                self._fail_lost()
            files = self._gather(wait=running)
            yield StagingProgress(files, self._bytes_done)

    def end(self) -> None:
        """Have the workers give up what is not done, and wait until they have."""
        self._stop.set()
        for future, _ in self._tasks:
            future.cancel()
        for future, _ in self._tasks:
            if not future.cancelled():
                future.exception()

    def _take(self, files: list[tuple[int, str, str]], count: int) -> None:
        done = [(key, _error(reason, message)) for key, reason, message in files]
        self._reports.put((done, count))

    def _gather(self, *, wait: bool) -> list[tuple[int, LibrarianError | None]]:
        gathered: list[tuple[int, LibrarianError | None]] = []
        block = wait
        try:
            while True:
                files, count = self._reports.get(block=block, timeout=_REPORT_SECONDS)
                gathered += files
                self._bytes_done += count
                block = False
        except queue.Empty:
            self._done.update(key for key, _ in gathered)
            return gathered

    def _fail_lost(self) -> None:
        """Report the files of tasks whose worker ended before it was done."""
        for future, items in self._tasks:
            error = future.exception()
            if isinstance(error, LibrarianError):
                self.fail([item for item in items if item.key not in self._done], error)
            elif error is not None:
                raise error


def _by_store(files: Iterable[StagedCopy]) -> dict[str, list[StagedCopy]]:
    found: dict[str, list[StagedCopy]] = {}
    for item in files:
        found.setdefault(item.store_name, []).append(item)
    return found


def _parts(items: list[StagedCopy]) -> Iterator[list[StagedCopy]]:
    """Cut a store's files into tasks that are short enough to keep all workers busy."""
    size_bytes = 0
    part: list[StagedCopy] = []
    for item in items:
        if part and (
            len(part) >= _MAX_TASK_FILES or size_bytes + item.size_bytes > _MAX_TASK_BYTES
        ):
            yield part
            part, size_bytes = [], 0
        part.append(item)
        size_bytes += item.size_bytes
    if part:
        yield part


def _error(reason: str, message: str) -> LibrarianError | None:
    return _CLASSES.get(reason, LibrarianError)(message) if reason else None
