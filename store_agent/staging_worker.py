"""A process that copies staged files: Python's threads would wait for one another.

It is told what to do by lines of JSON on its standard input, and answers by such lines. When the
input ends, its agent is gone: it takes its unfinished copy away and ends.
"""

import json
import os
import queue
import sys
import threading
import time
from pathlib import Path
from typing import Any

from librarian.errors import LibrarianError
from store_agent.destinations import StagingPrefix
from store_agent.faults import explained
from store_agent.quick_copies import StagedCopy
from store_agent.reading import Reader, Stop
from store_agent.staged_copies import CopyStager
from store_agent.stores import open_marked_root

_REPORT_SECONDS = 0.2


class _Inbox:
    """What the agent says: tasks one after the other, and which of them to stop."""

    def __init__(self) -> None:
        self.tasks: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._stopped: set[int] = set()
        self._ended = False
        threading.Thread(target=self._read, daemon=True).start()

    def is_stopped(self, task_id: int) -> bool:
        return self._ended or task_id in self._stopped

    def _read(self) -> None:
        for line in sys.stdin.buffer:
            message = json.loads(line)
            if "stop" in message:
                self._stopped.add(message["stop"])
            else:
                self.tasks.put(message)
        self._ended = True
        self.tasks.put(None)


class _Report:
    """Tells the agent what is done, often enough for people and no oftener."""

    def __init__(self) -> None:
        self._files: list[tuple[int, str, str]] = []
        self._bytes = 0
        self._last = time.monotonic()

    def add_bytes(self, count: int) -> None:
        self._bytes += count
        if time.monotonic() - self._last > _REPORT_SECONDS:
            self.send()

    def add_file(self, key: int, error: LibrarianError | None, missing_bytes: int) -> None:
        self._files.append((key, error.reason, str(error)) if error else (key, "", ""))
        self.add_bytes(missing_bytes)

    def send(self, *, end: bool = False) -> None:
        message = {"files": self._files, "bytes": self._bytes, "end": end}
        sys.stdout.buffer.write(json.dumps(message).encode() + b"\n")
        sys.stdout.buffer.flush()
        self._files, self._bytes, self._last = [], 0, time.monotonic()


class _Task:
    """The files of one store that go into one destination."""

    def __init__(self, message: dict[str, Any], inbox: _Inbox) -> None:
        self._message = message
        self._report = _Report()
        self._read_bytes = 0
        self._stop = Stop(lambda: inbox.is_stopped(message["task"]))
        self._reader = Reader(self._stop, self._count)

    def run(self) -> None:
        files = [StagedCopy(*fields) for fields in self._message["files"]]
        try:
            self._stage(files)
        except LibrarianError as error:
            for item in files:
                self._report.add_file(item.key, error, 0)
        self._report.send(end=True)

    def _stage(self, files: list[StagedCopy]) -> None:
        name, root, store_id = self._message["store"]
        prefix = StagingPrefix(Path(self._message["prefix"]))
        root_fd = open_marked_root(name, Path(root), store_id)
        try:
            with prefix.opened(self._message["destination"]) as destination_fd:
                self._stage_files(files, root_fd, destination_fd)
        finally:
            os.close(root_fd)

    def _stage_files(self, files: list[StagedCopy], root_fd: int, destination_fd: int) -> None:
        stager = CopyStager(destination_fd, self._message["job"], self._reader)
        try:
            for item in files:
                self._stage_file(stager, root_fd, item)
        finally:
            stager.close()

    def _stage_file(self, stager: CopyStager, root_fd: int, item: StagedCopy) -> None:
        self._read_bytes = 0
        failure: LibrarianError | None = None
        try:
            self._stop.check()
            with explained("The store, or the staging destination,"):
                stager.stage(root_fd, item)
        except LibrarianError as error:
            failure = error
        # However often its bytes were read, a file counts once.
        self._report.add_file(item.key, failure, item.size_bytes - self._read_bytes)

    def _count(self, count: int) -> None:
        self._read_bytes += count
        self._report.add_bytes(count)


def main() -> None:
    """Copy until the agent has gone."""
    inbox = _Inbox()
    while (message := inbox.tasks.get()) is not None:
        _Task(message, inbox).run()


if __name__ == "__main__":
    main()
