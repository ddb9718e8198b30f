"""Waiting for a signal to stop, or for a child to end, without missing either."""

import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType


class StopSignals:
    """While entered, notes SIGTERM and SIGINT, and wakes its waiter for them and for SIGCHLD."""

    def __init__(self) -> None:
        self.received = False
        self._raising = False

    def __enter__(self) -> "StopSignals":
        """Take the signals over."""
        self._read_end, self._write_end = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._old_wakeup = signal.set_wakeup_fd(self._write_end, warn_on_full_buffer=False)
        self._old = {
            number: signal.signal(number, self._note)
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)
        }
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Give the signals back."""
        for number, handler in self._old.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._old_wakeup)
        os.close(self._read_end)
        os.close(self._write_end)

    def wait(self, timeout_seconds: float) -> None:
        """Wait until a signal comes or the time is over."""
        if self.received:
            return
        # A signal that came since the last wait left a byte, so none slips between the two.
        if select.select([self._read_end], [], [], timeout_seconds)[0]:
            os.read(self._read_end, 4096)

    @contextmanager
    def raising(self) -> Iterator[None]:
        """Have a signal to stop end what is inside by KeyboardInterrupt."""
        self._raising = True
        try:
            if self.received:
                raise KeyboardInterrupt
            yield
        finally:
            self._raising = False

    def _note(self, number: int, frame: FrameType | None) -> None:
        if number == signal.SIGCHLD:
            return
        self.received = True
        if self._raising:
            raise KeyboardInterrupt
