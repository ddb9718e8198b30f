"""Connections between a client and a server that are as bad as they are told to be."""

import contextlib
import socket
import threading

_PIECE_BYTES = 1 << 16
_SLICE_SECONDS = 0.05


class BadLink:
    """Forwards TCP connections to a port of this host, and counts the bytes that are sent there.

    Once `cut_after_bytes` have been sent, or `cut_after_answered_bytes` have come back, all
    connections break, and that limit is taken off. `silent` swallows answers: the server does what
    it was asked to, and nobody hears of it. `bytes_per_second` slows each direction of each
    connection. All may be changed at any time.
    """

    def __init__(self, target_port: int = 0) -> None:
        self.target_port = target_port
        self.cut_after_bytes: int | None = None
        self.cut_after_answered_bytes: int | None = None
        self.silent = False
        self.bytes_per_second: int | None = None
        self.sent_bytes = 0
        self.answered_bytes = 0
        self.refused_count = 0
        self._refusing = False
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def refusing(self) -> bool:
        """Tell whether nothing gets through: set, it breaks what there is, too."""
        return self._refusing

    @refusing.setter
    def refusing(self, value: bool) -> None:
        self._refusing = value
        if value:
            self.cut()

    def cut(self) -> None:
        """Break all connections that there are."""
        with self._lock:
            sockets, self._sockets = self._sockets, []
        for one in sockets:
            _close(one)

    def __enter__(self) -> "BadLink":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        _close(self._listener)
        self.cut()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                try:
                    far = self._connect()
                except OSError:
                    _close(near)
                    continue
                with self._lock:
                    self._sockets += [near, far]
                for pair in ((near, far, True), (far, near, False)):
                    threading.Thread(target=self._forward, args=pair, daemon=True).start()

    def _connect(self) -> socket.socket:
        if self._refusing:
            self.refused_count += 1
            raise ConnectionRefusedError
        return socket.create_connection(("127.0.0.1", self.target_port))

    def _forward(self, source: socket.socket, target: socket.socket, is_sent: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(_PIECE_BYTES):
                if is_sent:
                    self._send(target, data)
                    self._count_sent(len(data))
                elif not self.silent:
                    self._send(target, data)
                    self._count_answered(len(data))
        _close(source)
        _close(target)

    def _send(self, target: socket.socket, data: bytes) -> None:
        while data:
            rate = self.bytes_per_second
            count = max(1, int(rate * _SLICE_SECONDS)) if rate is not None else len(data)
            target.sendall(data[:count])
            data = data[count:]
            if rate is not None:
                threading.Event().wait(_SLICE_SECONDS)

    def _count_sent(self, size_bytes: int) -> None:
        with self._lock:
            self.sent_bytes += size_bytes
            is_over = self.cut_after_bytes is not None and self.sent_bytes >= self.cut_after_bytes
            if is_over:
                self.cut_after_bytes = None
        if is_over:
            self.cut()

    def _count_answered(self, size_bytes: int) -> None:
        with self._lock:
            self.answered_bytes += size_bytes
            limit = self.cut_after_answered_bytes
            is_over = limit is not None and self.answered_bytes >= limit
            if is_over:
                self.cut_after_answered_bytes = None
        if is_over:
            self.cut()


def _close(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
