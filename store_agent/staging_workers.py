"""The processes that copy staged files, and what they are told and answer."""

import itertools
import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import librarian
import store_agent
from librarian.errors import StoreUnusableError

logger = logging.getLogger(__name__)

_POLL_SECONDS = 0.1
_task_numbers = itertools.count(1)

# Gets the files that are done, as (key, reason, message), and bytes that are done.
OnReport = Callable[[list[tuple[int, str, str]], int], None]


class StagingWorkers:
    """The worker processes of one store, started when they are first needed.

    Each store has its own: a disk that hangs must not keep the copies of others.
    """

    def __init__(self, count: int) -> None:
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="staging")
        self._local = threading.local()
        self._workers: list[_Worker] = []
        self._lock = threading.Lock()

    def submit(
        self, task: dict[str, Any], on_report: OnReport, stop: threading.Event
    ) -> Future[None]:
        """Have a worker do a task, and be told of it from another thread."""
        return self._threads.submit(self._run, task, on_report, stop)

    def close(self) -> None:
        """End the workers; what they had not finished leaves nothing behind."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            for worker in self._workers:
                worker.close()
            self._workers.clear()

    def _run(self, task: dict[str, Any], on_report: OnReport, stop: threading.Event) -> None:
        if stop.is_set():
            return
        worker = self._own_worker()
        try:
            worker.run(task, on_report, stop)
        except (OSError, ValueError) as error:
            logger.warning("A staging worker ended: %s", error)
            self._forget(worker)
            raise StoreUnusableError(
                "The process that copied the files ended before it was done: stage again."
            ) from error

    def _own_worker(self) -> "_Worker":
        worker: _Worker | None = getattr(self._local, "worker", None)
        if worker is None:
            worker = self._local.worker = _Worker()
            with self._lock:
                self._workers.append(worker)
        return worker

    def _forget(self, worker: "_Worker") -> None:
        worker.close()
        self._local.worker = None
        with self._lock:
            if worker in self._workers:
                self._workers.remove(worker)


class _Worker:
    """One process; its thread alone speaks with it, but for `close`."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "store_agent.staging_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": _source_roots()},
            # The terminal's Ctrl-C is for the agent, which lets its workers finish in order.
            start_new_session=True,
        )

    def run(self, task: dict[str, Any], on_report: OnReport, stop: threading.Event) -> None:
        """Do a task to its end, or until it is to stop; raise OSError when the process ends."""
        number = next(_task_numbers)
        self._say({**task, "task": number})
        done = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(number, stop, done), daemon=True)
        watcher.start()
        try:
            while True:
                report = self._hear()
                on_report([tuple(file) for file in report["files"]], report["bytes"])
                if report["end"]:
                    return
        finally:
            done.set()
            watcher.join()

    def close(self) -> None:
        """Tell the process to end, and wait until it has."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _watch(self, number: int, stop: threading.Event, done: threading.Event) -> None:
        while not done.wait(_POLL_SECONDS):
            if stop.is_set():
                # One that has ended, or is being closed, has stopped: who waits for it is told so.
                with suppress(OSError, ValueError):
                    self._say({"stop": number})
                return

    def _say(self, message: dict[str, Any]) -> None:
        if self._process.stdin is None:
            raise OSError("the worker has no input")
        self._process.stdin.write(json.dumps(message).encode() + b"\n")
        self._process.stdin.flush()

    def _hear(self) -> dict[str, Any]:
        line = self._process.stdout.readline() if self._process.stdout else b""
        if not line:
            raise OSError("the worker ended")
        report: dict[str, Any] = json.loads(line)
        return report


def _source_roots() -> str:
    """Return where this process found its packages: the worker must find the same."""
    roots = [Path(str(package.__file__)).parent.parent for package in (store_agent, librarian)]
    given = os.environ.get("PYTHONPATH", "")
    return os.pathsep.join([*map(str, roots), *([given] if given else [])])
