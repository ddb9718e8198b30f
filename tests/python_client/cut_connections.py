"""A connection between a client and a server that breaks when it is told to."""

import contextlib
import socket
import threading
from types import TracebackType


class CutProxy:
    """Forwards TCP connections to a port of this host, and counts the bytes that are sent there.

    Once `cut_after_bytes` have been sent, or `cut_after_answered_bytes` have come back, all
    connections break, and that limit is taken off.
    """

    def __init__(self) -> None:
        self.target_port = 0
        self.cut_after_bytes: int | None = None
        self.cut_after_answered_bytes: int | None = None
        self.sent_bytes = 0
        self.answered_bytes = 0
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> "CutProxy":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _close(self._listener)
        self._cut()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                try:
                    far = socket.create_connection(("127.0.0.1", self.target_port))
                except OSError:
                    _close(near)
                    continue
                with self._lock:
                    self._sockets += [near, far]
                for pair in ((near, far, True), (far, near, False)):
                    threading.Thread(target=self._forward, args=pair, daemon=True).start()

    def _forward(self, source: socket.socket, target: socket.socket, is_sent: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                target.sendall(data)
                if is_sent:
                    self._count_sent(len(data))
                else:
                    self._count_answered(len(data))
        _close(source)
        _close(target)

    def _count_sent(self, size_bytes: int) -> None:
        with self._lock:
            self.sent_bytes += size_bytes
            is_over = self.cut_after_bytes is not None and self.sent_bytes >= self.cut_after_bytes
            if is_over:
                self.cut_after_bytes = None
        if is_over:
            self._cut()

    def _count_answered(self, size_bytes: int) -> None:
        with self._lock:
            self.answered_bytes += size_bytes
            limit = self.cut_after_answered_bytes
            is_over = limit is not None and self.answered_bytes >= limit
            if is_over:
                self.cut_after_answered_bytes = None
        if is_over:
            self._cut()

    def _cut(self) -> None:
        with self._lock:
            sockets, self._sockets = self._sockets, []
        for one in sockets:
            _close(one)


def _close(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
