"""Running rsync for a push, and following what it does."""

import os
import selectors
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from typing import IO

from librarian.names import show_name
from store_agent.pushing.rsync_progress import ProgressReader, trouble_of
from store_agent.pushing.ssh_address import SshAddress
from store_agent.pushing.ssh_checks import check_ssh
from store_agent.pushing.ways import Progress, Push, PushFile
from store_agent.reading import Stop

PATH = os.environ.get("PATH", "/usr/bin:/bin")
"""Where rsync and ssh are looked for."""

_LOOK_SECONDS = 0.2
_GRACE_SECONDS = 3.0
_MAX_SAID_BYTES = 65536
# An fsync each costs as much as all else of small files; the receiver's verification does it.
_SMALL_BYTES = 1 << 20
_SSH_BROKE = 255


class Rsync:
    """Runs rsync for one push."""

    def __init__(self, push: Push, address: SshAddress, progress: Progress, stop: Stop) -> None:
        self._push = push
        self._address = address
        self._stop = stop
        self.progress = progress

    def run(self, root_fd: int, files: Sequence[PushFile]) -> None:
        """Bring files beneath an open root; raise TroubleError for what is in the way of all."""
        reader = ProgressReader()
        with tempfile.TemporaryFile() as names:
            # With `./` before it, a name that begins with `#` is no comment.
            names.write(b"".join(b"./" + os.fsencode(file.path()) + b"\0" for file in files))
            names.seek(0)
            process = _started(self._command(files), root_fd, names)
            code, said = self._watch(process, reader)
        self._judge(code, said.decode(errors="replace"))
        self.progress.advance(sum(file.size_bytes for file in files) - reader.sent_bytes)

    def _command(self, files: Sequence[PushFile]) -> list[str]:
        large = sum(file.size_bytes for file in files) >= _SMALL_BYTES * len(files)
        limit = self._push.bandwidth_bytes_per_second
        return [
            # rsync ends with the agent, even when that is killed outright.
            *("setpriv", "--pdeathsig=KILL", "--", "rsync", "-rt", "--inplace", "--no-whole-file"),
            *(["--fsync"] if large else []),
            *("--files-from=-", "--from0", "--no-links", "--no-D", "--timeout=120"),
            *([f"--bwlimit={max(1, limit // 1024)}"] if limit else []),
            *("--info=progress2", "--no-human-readable", "--outbuf=N"),
            *("-e", self._address.command()),
            *("./", self._address.remote(self._push.way_in.rsync_path)),
        ]

    def _watch(self, process: subprocess.Popen[bytes], reader: ProgressReader) -> tuple[int, bytes]:
        """Report what rsync sends until it ends; return its exit status and what it said last."""
        said = b""
        try:
            for stream, data in _pieces(process):
                self._stop.check()
                if stream is process.stderr:
                    # The neighbour decides how much it is.
                    said = (said + data)[-_MAX_SAID_BYTES:]
                else:
                    self.progress.advance(reader.feed(data))
            return process.wait(), said
        finally:
            _end(process)

    def _judge(self, code: int, said: str) -> None:
        neighbour = show_name(self._push.librarian_name)
        trouble = trouble_of(code, said, neighbour)
        if trouble is None:
            return
        if code == _SSH_BROKE:
            # ssh says little; the check tells what of the connection is wrong, if it still is.
            check_ssh(self._address, self._push.way_in.rsync_path, neighbour, self._stop)
        raise trouble


def _started(command: Sequence[str], root_fd: int, names: IO[bytes]) -> subprocess.Popen[bytes]:
    # The directory by its descriptor: at its path another could lie by now.
    return subprocess.Popen(
        command,
        cwd=f"/proc/self/fd/{root_fd}",
        stdin=names,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        # Without RSYNC_… of the agent's own, by which rsync would send other options.
        env={"PATH": PATH, "LC_ALL": "C", "RSYNC_PROTECT_ARGS": "0"},
    )


def _pieces(process: subprocess.Popen[bytes]) -> Iterator[tuple[object, bytes]]:
    """Yield what a process writes, with where to, and nothing in between, until it has ended."""
    with selectors.DefaultSelector() as selector:
        for stream in (process.stdout, process.stderr):
            assert stream is not None  # noqa: S101 - it is a pipe
            selector.register(stream, selectors.EVENT_READ)
        while selector.get_map():
            ready = selector.select(_LOOK_SECONDS)
            # An ssh that outlives its rsync may hold the pipes open.
            if not ready and process.poll() is not None:
                return
            for key, _ in ready:
                data = os.read(key.fd, 65536)
                if not data:
                    selector.unregister(key.fileobj)
                yield key.fileobj, data
            if not ready:
                yield None, b""


def _end(process: subprocess.Popen[bytes]) -> None:
    """End rsync and its ssh, if they still run."""
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            os.killpg(process.pid, number)
            try:
                process.wait(_GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                continue
