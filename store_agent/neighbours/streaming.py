"""The stream way: contents go to the neighbour's agent, several streams at once.

Small files share a call; large ones have their own, and go on at the byte where they broke off.
"""

import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from librarian.client.channel import Connection
from librarian.errors import UnknownStoreError
from store_agent.neighbours.stream_calls import StreamCalls
from store_agent.neighbours.stream_watch import StreamWatch
from store_agent.pushing.bandwidth import Bandwidth
from store_agent.pushing.ways import Progress, Push, PushFile, TroubleError, WayName
from store_agent.reading import Stop
from store_agent.stores import Stores

_BUNDLE_BYTES = 8 << 20
_BUNDLE_FILES = 256


class StreamWay:
    """Sends instances to the neighbour's agent."""

    name = WayName.STREAM

    def __init__(self, stores: Stores, streams: int) -> None:
        self._stores = stores
        self._streams = streams

    def problem(self, push: Push) -> str | None:
        """Return why nothing can be streamed, or None."""
        if not (push.way_in.agent_address and push.way_in.ticket):
            return "The neighbour named no agent that takes a stream."
        return None

    def bring(self, push: Push, files: Sequence[PushFile], progress: Progress, stop: Stop) -> None:
        """Send files."""
        bundles = deque(_bundles(_served(self._stores, files, progress)))
        count = min(self._streams, len(bundles))
        failed = threading.Event()
        own_stop = Stop(lambda: failed.is_set() or stop.is_asked())
        bandwidth = Bandwidth(push.bandwidth_bytes_per_second, own_stop)

        def send(_: int) -> None:
            try:
                self._send(push, bundles, progress, bandwidth, own_stop)
            except BaseException:
                failed.set()
                raise

        with ThreadPoolExecutor(max(1, count), thread_name_prefix="push-stream") as executor:
            outcomes = [executor.submit(send, number) for number in range(count)]
        errors = [error for outcome in outcomes if (error := outcome.exception())]
        stop.check()
        # Once one has failed, the others were only told to stop.
        for error in sorted(errors, key=lambda error: not isinstance(error, TroubleError)):
            raise error

    def _send(
        self,
        push: Push,
        bundles: "deque[list[PushFile]]",
        progress: Progress,
        bandwidth: Bandwidth,
        stop: Stop,
    ) -> None:
        """Send bundles on one connection, until there are no more."""
        way_in = push.way_in
        connection = Connection(
            way_in.agent_address, token=way_in.ticket, tls=way_in.agent_tls, ca_pem=push.ca_pem
        )
        with StreamWatch(connection, stop) as watch:
            calls = StreamCalls(connection, self._stores, way_in.store_name, bandwidth, watch)
            while bundles:
                try:
                    bundle = bundles.popleft()
                except IndexError:
                    return
                calls.send(bundle, progress)


def _served(stores: Stores, files: Sequence[PushFile], progress: Progress) -> Iterator[PushFile]:
    """Yield the files on stores that are served here, and settle the others."""
    for file in files:
        try:
            stores.get_store(file.store_name)
        except UnknownStoreError as error:
            progress.settle(file, error)
        else:
            yield file


def _bundles(files: Iterable[PushFile]) -> Iterator[list[PushFile]]:
    """Yield files that share a call: of one store, many small ones, or one that is large."""
    bundle: list[PushFile] = []
    size_bytes = 0
    for file in sorted(files, key=lambda file: (file.store_name, -file.size_bytes)):
        full = len(bundle) >= _BUNDLE_FILES or size_bytes + file.size_bytes > _BUNDLE_BYTES
        if bundle and (full or file.store_name != bundle[0].store_name):
            yield bundle
            bundle, size_bytes = [], 0
        bundle.append(file)
        size_bytes += file.size_bytes
    if bundle:
        yield bundle
