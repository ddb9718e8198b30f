"""The stores that the agent serves: which directory is whose, and whether it is still there."""

import json
import logging
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from librarian.errors import (
    BusyError,
    ConflictError,
    LibrarianError,
    StoreUnusableError,
    UnknownStoreError,
)
from librarian.names import RESERVED_PREFIX, show_name
from store_agent.batch_locks import INCOMING
from store_agent.faults import explain, explained
from store_agent.paths import DIRECTORY_FLAGS, FILE_FLAGS, make_directories, open_beneath
from store_agent.store_roots import StoreRoots
from store_agent.writing import put_durable

logger = logging.getLogger(__name__)

MARK = f"{RESERVED_PREFIX}-store"
OWN_DIRECTORY = RESERVED_PREFIX
STAGING = f"{OWN_DIRECTORY}/staging"
SPARE_PLACES = f"{OWN_DIRECTORY}/spare"
MANIFESTS = f"{OWN_DIRECTORY}/manifests"
TRASH = f"{OWN_DIRECTORY}/trash"

_MAX_MARK_BYTES = 4096
_SLOT_WAIT_SECONDS = 2.0
_FLUSH_THREADS = 8
_WORK_THREADS = 8


@dataclass(frozen=True)
class StoreSpace:
    """Size and free bytes of a store's file system, and what is wrong, in a sentence."""

    capacity_bytes: int = 0
    free_bytes: int = 0
    problem: str = ""


@dataclass(frozen=True)
class Limits:
    """How many calls, and how many streams of contents, one store serves at once."""

    calls: int
    streams: int


class Store:
    """One store: a directory that bears the store's mark.

    Its threads and its slots are its own, so that a disk that hangs keeps only its own callers.
    """

    def __init__(self, name: str, root: Path, store_id: str, limits: Limits) -> None:
        self.name = name
        self.root = root
        self.id = store_id
        self.work = ThreadPoolExecutor(_WORK_THREADS, thread_name_prefix=f"{name}-work")
        self.flush = ThreadPoolExecutor(_FLUSH_THREADS, thread_name_prefix=f"{name}-flush")
        self._calls = threading.BoundedSemaphore(limits.calls)
        self._streams = threading.BoundedSemaphore(limits.streams)

    @contextmanager
    def opened(self, *, streaming: bool = False) -> Iterator[int]:
        """Give the root, open, once its mark is checked; errors inside tell of this store.

        `streaming` says that somebody far away decides how long it takes: who does cannot keep
        the catalogue's own calls out. Raises BusyError when too many are under way.

        The root is opened anew each time: a descriptor that was kept would keep the disk from
        being unmounted, and hide that it was.
        """
        slots = self._streams if streaming else self._calls
        with self._slot(slots), explained(f"The store {show_name(self.name)}"):
            root_fd = open_marked_root(self.name, self.root, self.id)
            try:
                yield root_fd
            finally:
                os.close(root_fd)

    def measure(self) -> StoreSpace:
        """Measure the store's file system, and check that it can be used."""
        try:
            root_fd = open_marked_root(self.name, self.root, self.id)
        except LibrarianError as error:
            return StoreSpace(problem=str(error))
        try:
            space = os.fstatvfs(root_fd)
        finally:
            os.close(root_fd)
        problem = "The store's file system is mounted read-only: mount it writable."
        read_only = space.f_flag & os.ST_RDONLY
        return StoreSpace(
            space.f_blocks * space.f_frsize,
            space.f_bavail * space.f_frsize,
            problem if read_only else "",
        )

    def close(self) -> None:
        """Let its threads end."""
        self.work.shutdown(wait=False, cancel_futures=True)
        self.flush.shutdown(wait=False, cancel_futures=True)

    @contextmanager
    def _slot(self, slots: threading.BoundedSemaphore) -> Iterator[None]:
        if not slots.acquire(timeout=_SLOT_WAIT_SECONDS):
            raise BusyError(
                f"The store {show_name(self.name)} is busy with other calls: repeat later."
            )
        try:
            yield
        finally:
            slots.release()


def open_marked_root(name: str, root: Path, store_id: str) -> int:
    """Open a store's root; raise StoreUnusableError when it does not bear the store's mark."""
    try:
        root_fd = os.open(root, DIRECTORY_FLAGS)
    except OSError as error:
        raise _not_there(name, root, error.strerror or "it cannot be opened") from error
    try:
        if find_mark(root_fd) != store_id:
            raise _not_there(name, root, "it does not bear this store's mark")
    except BaseException:
        os.close(root_fd)
        raise
    return root_fd


def _not_there(name: str, root: Path, why: str) -> StoreUnusableError:
    return StoreUnusableError(
        f"The store {show_name(name)} is not at {show_name(str(root))} ({why}): is its disk"
        " mounted?"
    )


class Stores:
    """The stores that this agent serves, by name."""

    def __init__(self, roots: StoreRoots, limits: Limits) -> None:
        self._roots = roots
        self._limits = limits
        self._stores: dict[str, Store] = {}
        self._opened: set[str] = set()
        self._lock = threading.Lock()

    def get_store(self, name: str) -> Store:
        """Return a store; raise UnknownStoreError when none here has that name."""
        store = self._stores.get(name)
        if store is None:
            raise UnknownStoreError(f"This agent serves no store {show_name(name)}.")
        return store

    def list_stores(self) -> list[Store]:
        """Return all stores."""
        return [*self._stores.values()]

    def serve_store(self, name: str, root: Path, store_id: str) -> Store:
        """Serve a store that is on record; whether it is there is checked at each use."""
        self._roots.check_root(root)
        with self._lock:
            store = self._stores.get(name)
            if store is None or (store.root, store.id) != (root, store_id):
                store = Store(name, root, store_id, self._limits)
                self._stores[name] = store
        return store

    def open_store(self, name: str, root: Path, store_id: str) -> Store:
        """Make and mark a store's root, where that is still to do, and serve the store.

        Raises InvalidRequestError where the agent may serve none, and ConflictError when the
        directory is another store's.
        """
        prefix = self._roots.check_new_root(root)
        if name not in self._opened:
            with explained(f"The directory {show_name(str(root))}"):
                _make_root(prefix, str(root.relative_to(prefix)), store_id, name)
        store = self.serve_store(name, root, store_id)
        with store.opened():
            self._opened.add(name)
        return store

    def close(self) -> None:
        """Let all threads end."""
        for store in self.list_stores():
            store.close()


def _make_root(prefix: Path, path: str, store_id: str, name: str) -> None:
    prefix.mkdir(parents=True, exist_ok=True)
    prefix_fd = os.open(prefix, DIRECTORY_FLAGS)
    try:
        root_fd = make_directories(prefix_fd, path, durable=True)
    finally:
        os.close(prefix_fd)
    try:
        found = find_mark(root_fd)
        if found is None:
            mark = json.dumps({"id": store_id, "name": name})
            put_durable(root_fd, MARK, f"{mark}\n".encode())
        elif found != store_id:
            raise ConflictError(
                f"The directory of store {show_name(name)} bears another store's mark: choose"
                " another directory."
            )
        for directory in (STAGING, MANIFESTS, TRASH, INCOMING):
            os.close(make_directories(root_fd, directory, durable=True, mode=0o700))
    finally:
        os.close(root_fd)


def find_mark(root_fd: int) -> str | None:
    """Return the id that a root is marked with, or None when it bears no mark."""
    try:
        fd = open_beneath(root_fd, MARK, FILE_FLAGS)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise explain(error, "The store's mark") from error
    try:
        return str(json.loads(os.pread(fd, _MAX_MARK_BYTES, 0))["id"])
    except (ValueError, KeyError, TypeError):
        return ""
    finally:
        os.close(fd)
