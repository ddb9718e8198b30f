"""Batches of uploads: each store's part with its root open once, each upload failing alone."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, as_completed
from contextlib import ExitStack
from functools import partial
from typing import TypeVar

from librarian.errors import LibrarianError
from store_agent.digests import StreamedDigests
from store_agent.faults import attempt
from store_agent.place_making import place_maker
from store_agent.placing import Placement, Placer
from store_agent.reading import Stop
from store_agent.stores import Store, Stores
from store_agent.verifying import Expected, Verified, Verifier

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

# Something, and the name of the store that it is on.
OnStore = tuple[str, _Item]

VerifiedPart = list[tuple[str, Verified | LibrarianError]]
_MAX_PART = 16
_MAX_PART_BYTES = 1 << 20


def prepare_uploads(stores: Stores, uploads: Sequence[OnStore[str]]) -> list[str | LibrarianError]:
    """Make uploads' staging places, and return the path of each, or why there is none."""

    def prepare(store: Store, root_fd: int, ids: list[str]) -> list[str | LibrarianError]:
        with place_maker(store, root_fd) as maker:
            made = [attempt(partial(maker.prepare, one)) for one in ids]
            maker.make_durable()
            return made

    return _each_store(stores, uploads, prepare)


def place_uploads(
    stores: Stores, uploads: Sequence[OnStore[Placement]]
) -> list[LibrarianError | None]:
    """Move uploads into place, and return the error of each that failed."""

    def place(store: Store, root_fd: int, items: list[Placement]) -> list[LibrarianError | None]:
        return Placer(store, root_fd).place(items)

    return _each_store(stores, uploads, place)


def discard_uploads(stores: Stores, uploads: Sequence[OnStore[str]]) -> list[LibrarianError | None]:
    """Remove uploads' staging places; return the error of each that failed."""

    def discard(store: Store, root_fd: int, ids: list[str]) -> list[LibrarianError | None]:
        with place_maker(store, root_fd) as maker:
            return [attempt(partial(maker.discard, one)) for one in ids]

    return _each_store(stores, uploads, discard)


def verify_uploads(
    stores: Stores, uploads: Sequence[OnStore[Expected]], digests: StreamedDigests, stop: Stop
) -> Iterator[VerifiedPart]:
    """Verify uploads several at a time, and yield what some came to as soon as it is known."""
    with ExitStack() as opened:
        waiting: list[Future[VerifiedPart]] = []
        # Entered last, left first: no root is closed while a thread still works in it.
        finished = opened.enter_context(ExitStack())
        for store_name, numbers in _by_store(uploads).items():
            items = [uploads[number][1] for number in numbers]
            try:
                store = stores.get_store(store_name)
                root_fd = opened.enter_context(store.opened())
            except LibrarianError as error:
                yield [(item.upload_id, error) for item in items]
                continue
            verifier = Verifier(store, root_fd, digests, stop)
            waiting += (store.work.submit(_verify_part, verifier, part) for part in _parts(items))
        finished.callback(_give_up, waiting)
        for future in as_completed(waiting):
            yield future.result()


def _verify_part(verifier: Verifier, items: Sequence[Expected]) -> VerifiedPart:
    return [(item.upload_id, attempt(partial(verifier.verify, item))) for item in items]


def _parts(items: Sequence[Expected]) -> Iterator[list[Expected]]:
    """Cut uploads into tasks: of small ones several, for a task costs more than a small file."""
    part: list[Expected] = []
    size_bytes = 0
    for item in items:
        if part and (len(part) >= _MAX_PART or size_bytes + item.size_bytes > _MAX_PART_BYTES):
            yield part
            part, size_bytes = [], 0
        part.append(item)
        size_bytes += item.size_bytes
    if part:
        yield part


def _give_up(waiting: Iterable[Future[VerifiedPart]]) -> None:
    for future in waiting:
        future.cancel()
    for future in waiting:
        if not future.cancelled():
            future.exception()


def _each_store(
    stores: Stores,
    items: Sequence[OnStore[_Item]],
    work: Callable[[Store, int, list[_Item]], list[_Result | LibrarianError]],
) -> list[_Result | LibrarianError]:
    """Do the work for each store's items, and return the results in the items' order."""
    results: dict[int, _Result | LibrarianError] = {}
    for store_name, numbers in _by_store(items).items():
        own_items = [items[number][1] for number in numbers]
        try:
            store = stores.get_store(store_name)
            with store.opened() as root_fd:
                own_results = work(store, root_fd, own_items)
        except LibrarianError as error:
            own_results = [error] * len(numbers)
        results.update(zip(numbers, own_results, strict=True))
    return [results[number] for number in range(len(items))]


def _by_store(items: Sequence[OnStore[_Item]]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for number, (store_name, _) in enumerate(items):
        found.setdefault(store_name, []).append(number)
    return found
