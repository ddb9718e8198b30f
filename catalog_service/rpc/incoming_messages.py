"""Messages of the Incoming service."""

from collections.abc import Iterable
from datetime import datetime

from catalog_service.agents.observations import facts_of
from catalog_service.incoming import SettledUpload
from catalog_service.incoming_offers import Answer
from catalog_service.incoming_records import OfferedFile
from catalog_service.observation_rules import ObservationFacts
from catalog_service.rpc.metadata_messages import read_metadata, read_time
from catalog_service.travelling_sessions import SessionFacts
from librarian.errors import InvalidRequestError
from librarian.failures import failure_message
from librarian.v1 import files_pb2
from librarian.v1 import incoming_pb2 as pb

_PREFIX = "PUSH_WAY_"
_OWN_WAYS = (pb.PUSH_WAY_SHARED, pb.PUSH_WAY_RSYNC, pb.PUSH_WAY_STREAM)
_KEY_LIMIT = 1 << 63


def offered_file(message: pb.OfferedFile) -> OfferedFile:
    """Return a file that is offered, with its records."""
    file = message.file
    return OfferedFile(
        transfer_id=message.transfer_id,
        name=file.name,
        parent_dirs=message.parent_dirs,
        size_bytes=file.size_bytes,
        checksum=file.checksum,
        source=file.source,
        create_time=_time_of(file),
        # One without a value is refused when it is checked.
        metadata=read_metadata(file.metadata),
        observation=_observation_of(message),
        observing_session=_session_of(message),
    )


def _time_of(file: files_pb2.File) -> datetime | None:
    return read_time(file.create_time) if file.HasField("create_time") else None


def _observation_of(message: pb.OfferedFile) -> ObservationFacts | None:
    if message.HasField("observation"):
        return facts_of(message.observation)
    return ObservationFacts(message.file.obsid) if message.file.HasField("obsid") else None


def _session_of(message: pb.OfferedFile) -> SessionFacts | None:
    if not message.HasField("observing_session"):
        return None
    session = message.observing_session
    return SessionFacts(session.id, session.start_time_jd, session.stop_time_jd)


def check_transfer_ids(files: Iterable[pb.OfferedFile]) -> None:
    """Raise InvalidRequestError unless each file has a number of its own."""
    ids = [file.transfer_id for file in files]
    if len(set(ids)) < len(ids) or any(not 0 < number < _KEY_LIMIT for number in ids):
        raise InvalidRequestError("Each file of an offer has a transfer_id of its own, above 0.")


def answer_message(answer: Answer) -> pb.OfferAnswer:
    """Return what became of one offered file."""
    return pb.OfferAnswer(
        verdict=answer.verdict.name,
        upload_id=answer.upload_id,
        message=answer.message,
    )


def settled_message(settled: SettledUpload) -> pb.SettledFile:
    """Return a file of a batch that is settled."""
    message = pb.SettledFile(
        upload_id=settled.upload_id, transfer_id=settled.transfer_id, checksum=settled.checksum
    )
    if settled.error is not None:
        message.failure.CopyFrom(failure_message(settled.error))
    return message


def way_name(way: int) -> str:
    """Return a way as rows have it, empty when none is said; raise InvalidRequestError."""
    if way not in (pb.PUSH_WAY_UNSPECIFIED, *_OWN_WAYS):
        raise InvalidRequestError(f"There is no way {way} to push files.")
    return pb.PushWay.Name(way).removeprefix(_PREFIX) if way else ""


def choose_ways(wanted: Iterable[int], *, has_ssh: bool) -> list[pb.PushWay]:
    """Return those ways, the best first, that are wanted (empty: all) and possible."""
    ranks = {way: rank for rank, way in enumerate(wanted)} or dict.fromkeys(_OWN_WAYS, 0)
    ways = sorted((way for way in _OWN_WAYS if way in ranks), key=lambda way: ranks[way])
    return [way for way in ways if has_ssh or way != pb.PUSH_WAY_RSYNC]
