"""Hashing beside reading and writing: on a second core, while the first one copies."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from librarian.checksums import Hasher

PIECE_BYTES = 1 << 20
PIECES_HELD = 4

Piece = bytes | memoryview


@contextmanager
def hashing_beside(hasher: Hasher, size_bytes: int) -> Iterator[Callable[[Piece], object]]:
    """Give a function that hashes pieces on another thread, while the caller reads and writes.

    At the end of the block all are hashed. The last pieces, as many as `PIECES_HELD`, may still
    be read meanwhile, so that the caller must not change them. Little is hashed at once.
    """
    if size_bytes <= PIECE_BYTES:
        yield hasher.update
        return
    hashings: deque[Future[object]] = deque()
    with ThreadPoolExecutor(1, thread_name_prefix="hashing") as executor:

        def update(piece: Piece) -> None:
            if len(hashings) >= PIECES_HELD:
                hashings.popleft().result()
            hashings.append(executor.submit(hasher.update, piece))

        yield update
    for hashing in hashings:
        hashing.result()


class PieceBuffers:
    """Buffers for pieces that are hashed beside: each is used again once it is hashed."""

    def __init__(self) -> None:
        self._buffers: deque[memoryview] = deque()

    def next(self, size_bytes: int) -> memoryview:
        """Return a buffer that is hashed already; it is no larger than need be."""
        if size_bytes <= PIECE_BYTES:
            return memoryview(bytearray(size_bytes))
        if not self._buffers:
            self._buffers.extend(memoryview(bytearray(PIECE_BYTES)) for _ in range(PIECES_HELD + 1))
        self._buffers.rotate()
        return self._buffers[0]
