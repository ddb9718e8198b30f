"""The way by rsync over SSH: one process for all of a batch that lies on one store."""

import os
import selectors
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from librarian.datasets import list_entries
from librarian.errors import BusyError, CorruptContentsError, LibrarianError
from librarian.names import show_name
from store_agent.faults import attempt, explained
from store_agent.pushing.rsync_progress import ProgressReader, trouble_of
from store_agent.pushing.ssh_address import SshAddress, find_address
from store_agent.pushing.ssh_checks import OLDEST_RSYNC, check_answer, check_ssh
from store_agent.pushing.ways import Progress, Push, PushFile, TroubleError, WayName
from store_agent.reading import Stop, is_directory, open_instance
from store_agent.receiving_rsync import rsync_version
from store_agent.stores import Stores

_PATH = os.environ.get("PATH", "/usr/bin:/bin")
_LOOK_SECONDS = 0.2
_GRACE_SECONDS = 3.0
_MAX_SAID_BYTES = 65536
# An fsync each costs as much as all else of small files; the receiver's verification does it.
_SMALL_BYTES = 1 << 20
_SSH_BROKE = 255


class _Source(NamedTuple):
    """What of an instance changes when it is replaced or written to."""

    size_bytes: int
    inode: int
    mtime_ns: int


class RsyncWay:
    """Brings files by rsync over SSH."""

    name = WayName.RSYNC

    def __init__(self, stores: Stores, key_dir: Path | None) -> None:
        self._stores = stores
        self._key_dir = key_dir
        self._checked: set[SshAddress] = set()

    def problem(self, push: Push) -> str | None:
        """Return why rsync cannot be taken from here, or None when it can."""
        try:
            find_address(push, self._key_dir)
        except LibrarianError as error:
            return str(error)
        version = rsync_version(_PATH)
        if version is None or version < OLDEST_RSYNC:
            return f"rsync {'.'.join(map(str, OLDEST_RSYNC))} or newer is not installed here."
        return None

    def bring(self, push: Push, files: Sequence[PushFile], progress: Progress, stop: Stop) -> None:
        """Bring files to the neighbour's store."""
        address = find_address(push, self._key_dir)
        neighbour = show_name(push.librarian_name)
        if address not in self._checked:
            answer = check_ssh(address, push.way_in.rsync_path, neighbour)
            check_answer(answer, sum(file.size_bytes for file in files), neighbour)
            self._checked.add(address)
        stop.check()
        try:
            self._bring(_Rsync(push, address, progress, stop), files)
        except TroubleError:
            self._checked.discard(address)
            raise

    def _bring(self, rsync: "_Rsync", files: Sequence[PushFile]) -> None:
        by_store: dict[str, list[PushFile]] = {}
        for file in files:
            by_store.setdefault(file.store_name, []).append(file)
        outcomes: list[tuple[PushFile, LibrarianError | None]] = []
        for store_name, own in by_store.items():
            outcomes += self._bring_store(rsync, store_name, own)
        # Not before all went one way: what another way brings is looked for elsewhere.
        for file, error in outcomes:
            rsync.progress.settle(file, error)

    def _bring_store(
        self, rsync: "_Rsync", store_name: str, files: Sequence[PushFile]
    ) -> list[tuple[PushFile, LibrarianError | None]]:
        try:
            with self._stores.get_store(store_name).opened(streaming=True) as root_fd:
                before = [_find_source(root_fd, file) for file in files]
                good = [f for f, found in zip(files, before, strict=True) if _is_good(found)]
                if good:
                    rsync.run(root_fd, good)
                return [
                    (
                        file,
                        found
                        if isinstance(found, LibrarianError)
                        else _fault(root_fd, file, found),
                    )
                    for file, found in zip(files, before, strict=True)
                ]
        except (TroubleError, BusyError):
            raise
        except LibrarianError as error:
            return [(file, error) for file in files]


def _is_good(found: _Source | LibrarianError) -> bool:
    return isinstance(found, _Source)


def _find_source(root_fd: int, file: PushFile) -> _Source | LibrarianError:
    """Look at an instance without reading it; return what is wrong with it, if anything is."""
    return attempt(lambda: _look(root_fd, file))


def _look(root_fd: int, file: PushFile) -> _Source:
    with explained(f"The store {show_name(file.store_name)}"):
        fd = open_instance(root_fd, file.path())
        try:
            status = os.fstat(fd)
            size_bytes = status.st_size
            if is_directory(fd):
                size_bytes = sum(entry.size_bytes for entry in list_entries(fd))
        finally:
            os.close(fd)
    if size_bytes != file.size_bytes:
        raise CorruptContentsError(
            f"{show_name(file.name)} has {size_bytes} bytes on the store"
            f" {show_name(file.store_name)}, and {file.size_bytes} on record."
        )
    return _Source(size_bytes, status.st_ino, status.st_mtime_ns)


def _fault(root_fd: int, file: PushFile, before: _Source) -> LibrarianError | None:
    """Return what became wrong with an instance while rsync read it."""
    after = _find_source(root_fd, file)
    if isinstance(after, LibrarianError):
        return after
    if after != before:
        return CorruptContentsError(
            f"{show_name(file.name)} on the store {show_name(file.store_name)} changed while it was"
            " sent."
        )
    return None


class _Rsync:
    """Runs rsync for one push."""

    def __init__(self, push: Push, address: SshAddress, progress: Progress, stop: Stop) -> None:
        self._push = push
        self._address = address
        self._stop = stop
        self.progress = progress

    def run(self, root_fd: int, files: Sequence[PushFile]) -> None:
        """Bring files beneath an open root; raise TroubleError for what is in the way of all."""
        reader = ProgressReader()
        with tempfile.TemporaryDirectory(prefix="librarian-rsync-") as directory:
            known_hosts = Path(directory, "known_hosts")
            known_hosts.write_text(self._address.known_hosts())
            with tempfile.TemporaryFile() as names, tempfile.TemporaryFile() as said:
                # With `./` before it, a name that begins with `#` is no comment.
                names.write(b"".join(b"./" + os.fsencode(file.path()) + b"\0" for file in files))
                names.seek(0)
                command = self._command(files, known_hosts)
                code = self._watch(_started(command, root_fd, names, said), reader)
                said.seek(max(0, said.tell() - _MAX_SAID_BYTES))
                text = said.read().decode(errors="replace")
        self._judge(code, text)
        self.progress.advance(sum(file.size_bytes for file in files) - reader.sent_bytes)

    def _command(self, files: Sequence[PushFile], known_hosts: Path) -> list[str]:
        large = sum(file.size_bytes for file in files) >= _SMALL_BYTES * len(files)
        limit = self._push.bandwidth_bytes_per_second
        return [
            # rsync ends with the agent, even when that is killed outright.
            *("setpriv", "--pdeathsig=KILL", "--", "rsync", "-rt", "--inplace", "--no-whole-file"),
            *(["--fsync"] if large else []),
            *("--files-from=-", "--from0", "--no-links", "--no-D", "--timeout=120"),
            *([f"--bwlimit={max(1, limit // 1024)}"] if limit else []),
            *("--info=progress2", "--no-human-readable", "--outbuf=N"),
            *("-e", self._address.command(known_hosts)),
            *("./", self._address.remote(self._push.way_in.rsync_path)),
        ]

    def _watch(self, process: subprocess.Popen[bytes], reader: ProgressReader) -> int:
        """Report what rsync sends until it ends, and return its exit status."""
        try:
            for data in _pieces(process):
                self._stop.check()
                self.progress.advance(reader.feed(data))
            return process.wait()
        finally:
            _end(process)

    def _judge(self, code: int, said: str) -> None:
        neighbour = show_name(self._push.librarian_name)
        trouble = trouble_of(code, said, neighbour)
        if trouble is None:
            return
        if code == _SSH_BROKE:
            # ssh says little; the check tells what of the connection is wrong, if it still is.
            check_ssh(self._address, self._push.way_in.rsync_path, neighbour)
        raise trouble


def _started(
    command: Sequence[str], root_fd: int, names: IO[bytes], said: IO[bytes]
) -> subprocess.Popen[bytes]:
    # The directory by its descriptor: at its path another could lie by now.
    return subprocess.Popen(
        command,
        cwd=f"/proc/self/fd/{root_fd}",
        stdin=names,
        stdout=subprocess.PIPE,
        stderr=said,
        start_new_session=True,
        # Without RSYNC_… of the agent's own, by which rsync would send other options.
        env={"PATH": _PATH, "LC_ALL": "C", "RSYNC_PROTECT_ARGS": "0"},
    )


def _pieces(process: subprocess.Popen[bytes]) -> Iterator[bytes]:
    """Yield what a process writes, and nothing in between, until it closes its output."""
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    with _ready(process.stdout) as selector:
        while True:
            if not selector.select(_LOOK_SECONDS):
                yield b""
                continue
            data = os.read(process.stdout.fileno(), 65536)
            if not data:
                return
            yield data


@contextmanager
def _ready(stream: IO[bytes]) -> Iterator[selectors.BaseSelector]:
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        yield selector


def _end(process: subprocess.Popen[bytes]) -> None:
    """End rsync and its ssh, if they still run."""
    if process.stdout is not None:
        process.stdout.close()
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            os.killpg(process.pid, number)
            try:
                process.wait(_GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                continue
