"""The domain's records as messages, and back."""

from collections.abc import Iterable, Iterator, Sized
from typing import TypeVar

from librarian.datasets import DatasetEntry
from librarian.errors import InvalidRequestError, LibrarianError
from librarian.failures import failure_message
from librarian.observations import ObservationFacts
from librarian.v1 import observations_pb2, store_agent_pb2, stores_pb2
from store_agent.inspecting import Inspected
from store_agent.placing import Placement
from store_agent.quick_copies import StagedCopy
from store_agent.staging import StagingProgress
from store_agent.stores import Store, StoreSpace
from store_agent.verifying import Expected, Verified

_Item = TypeVar("_Item")

_MAX_BATCH = 1000


def check_batch(items: Sized, most: int = _MAX_BATCH) -> None:
    """Raise InvalidRequestError when a call has more items than it may."""
    count = len(items)
    if count > most:
        raise InvalidRequestError(f"A call takes at most {most} items, and got {count}.")


def batches(items: Iterable[_Item], size: int) -> Iterator[list[_Item]]:
    """Yield items in lists of a size, the last one shorter."""
    batch: list[_Item] = []
    for item in items:
        batch.append(item)
        if len(batch) >= size:
            yield batch
            batch = []
    if batch:
        yield batch


def store_report(store: Store, space: StoreSpace) -> stores_pb2.StoreReport:
    """Return the message that tells how a store is."""
    return stores_pb2.StoreReport(
        name=store.name,
        capacity_bytes=space.capacity_bytes,
        free_bytes=space.free_bytes,
        problem=space.problem,
    )


def observation_message(facts: ObservationFacts) -> observations_pb2.Observation:
    """Return the message that tells of an observation."""
    return observations_pb2.Observation(
        obsid=facts.obsid,
        start_time_jd=facts.start_time_jd,
        stop_time_jd=facts.stop_time_jd,
        start_lst_hr=facts.start_lst_hr,
    )


def arrived_entries(entries: Iterable[DatasetEntry]) -> list[store_agent_pb2.ArrivedEntry]:
    """Return the messages that tell of entries."""
    return [
        store_agent_pb2.ArrivedEntry(path=entry.path, size_bytes=entry.size_bytes)
        for entry in entries
    ]


def expected(upload: store_agent_pb2.VerifyUpload) -> Expected:
    """Return what an upload must be."""
    return Expected(upload.upload.upload_id, upload.size_bytes, upload.checksum)


def verified_upload(
    upload_id: str, outcome: Verified | LibrarianError
) -> store_agent_pb2.VerifiedUpload:
    """Return the message that tells what an upload was found to be."""
    message = store_agent_pb2.VerifiedUpload(upload_id=upload_id)
    if isinstance(outcome, LibrarianError):
        message.failure.CopyFrom(failure_message(outcome))
        return message
    message.checksum = outcome.checksum
    message.inode = outcome.inode
    if outcome.observation is not None:
        message.observation.CopyFrom(observation_message(outcome.observation))
    return message


def placement(upload: store_agent_pb2.PlaceUpload) -> Placement:
    """Return where an upload goes."""
    return Placement(upload.upload.upload_id, upload.parent_dirs, upload.file_name, upload.inode)


def inspected_file(found: Inspected) -> store_agent_pb2.InspectedFile:
    """Return the message that tells of a file that was inspected."""
    message = store_agent_pb2.InspectedFile(
        path=found.path, size_bytes=found.size_bytes, checksum=found.checksum
    )
    if found.observation is not None:
        message.observation.CopyFrom(observation_message(found.observation))
    if found.error is not None:
        message.failure.CopyFrom(failure_message(found.error))
    return message


def staged_copy(file: store_agent_pb2.StageFile) -> StagedCopy:
    """Return the file to stage."""
    return StagedCopy(
        file.key,
        file.store_name,
        file.parent_dirs,
        file.file_name,
        file.size_bytes,
        file.checksum,
    )


def staging_progress(progress: StagingProgress) -> store_agent_pb2.StageFilesResponse:
    """Return the message that tells how far a staging is."""
    message = store_agent_pb2.StageFilesResponse(bytes_done=progress.bytes_done)
    for key, error in progress.files:
        file = message.files.add(key=key)
        if error is not None:
            file.failure.CopyFrom(failure_message(error))
    return message
