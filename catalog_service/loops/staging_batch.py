"""One batch of a staging: each agent copies the files of its own stores, all at the same time."""

import queue
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from catalog_service.agents.staging import (
    Destination,
    StagingProgress,
    StagingStream,
    stage_files,
)
from catalog_service.staging_files import StagingItem
from librarian.errors import NotReachableError

# An agent that lives says something every second.
_SILENCE_SECONDS = 120.0

_Event = tuple[int, StagingProgress | BaseException | None]


class StagingBatch:
    """The streams of one batch, by agent."""

    def __init__(
        self, destination: Destination, items: Sequence[StagingItem], stubs: dict[int, Any]
    ) -> None:
        self.items = items
        self.last_number = items[-1].number
        self._events: queue.SimpleQueue[_Event] = queue.SimpleQueue()
        self._bytes_by_agent: dict[int, int] = defaultdict(int)
        self._streams: dict[int, StagingStream] = {}
        for agent_id, stub in stubs.items():
            mine = [item for item in items if item.agent_id == agent_id]
            self._streams[agent_id] = stage_files(stub, destination, mine)
            threading.Thread(
                target=self._listen, args=(agent_id,), name="staging-stream", daemon=True
            ).start()

    @property
    def bytes_done(self) -> int:
        """The bytes of the batch that were copied or there, with those of unfinished files."""
        return sum(self._bytes_by_agent.values())

    def progress(self, beat_seconds: float) -> Iterator[StagingProgress | None]:
        """Yield what is done as it comes, and nothing at each beat, until all agents are done.

        Raises the error that ended a stream, NotReachableError when an agent has gone silent.
        """
        running = set(self._streams)
        last_news = time.monotonic()
        while running:
            try:
                agent_id, event = self._events.get(timeout=beat_seconds)
            except queue.Empty:
                if time.monotonic() - last_news > _SILENCE_SECONDS:
                    raise NotReachableError("The store agent says nothing any more.") from None
                yield None
                continue
            last_news = time.monotonic()
            if isinstance(event, BaseException):
                raise event
            if event is None:
                running.discard(agent_id)
            else:
                self._bytes_by_agent[agent_id] = event.bytes_done
                yield event

    def cancel(self) -> None:
        """Let the agents stop soon; a stream that has ended does not mind."""
        for stream in self._streams.values():
            stream.cancel()

    def _listen(self, agent_id: int) -> None:
        try:
            for progress in self._streams[agent_id]:
                self._events.put((agent_id, progress))
            self._events.put((agent_id, None))
        except BaseException as error:
            self._events.put((agent_id, error))
