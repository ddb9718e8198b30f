"""Offers of neighbours: each file is accepted, there already, or refused alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog_service.bulk import Row, insert_dicts, is_one_of, table_of
from catalog_service.clock import database_time
from catalog_service.incoming import next_number, take_batch
from catalog_service.incoming_abandoned import give_up_abandoned
from catalog_service.incoming_records import (
    OfferedFile,
    check_offered,
    find_observations,
    is_of_offer,
    origin_of,
    refuse_other_observation,
)
from catalog_service.metadata import MetadataKeys, to_json
from catalog_service.store_choice import Candidate, choose_store, keep_room, load_candidates
from catalog_service.tables import Agent, IncomingBatch, Store, Upload
from catalog_service.uploads import (
    KnownFile,
    find_files,
    load_places,
    refuse_other_contents,
)
from librarian.errors import (
    ConflictError,
    InvalidRequestError,
    LibrarianError,
    StateError,
    StoreFullError,
)
from librarian.names import show_name

_UPLOADS = table_of(Upload)
# Far more than a neighbour of ours puts into one: each call may read as many rows.
_MAX_BATCH_FILES = 20_000


class Verdict(Enum):
    """What becomes of an offered file, named as in messages."""

    ACCEPTED = auto()
    HELD = auto()
    CONFLICT = auto()
    NO_ROOM = auto()
    REFUSED = auto()
    LATER = auto()
    ARRIVED = auto()


# Then nothing is to come in of it any more, whatever was accepted before.
_NOT_WANTED = (Verdict.HELD, Verdict.CONFLICT, Verdict.REFUSED)


@dataclass(frozen=True)
class Offer:
    """Files that a neighbour offers together."""

    account_name: str
    site_id: str
    site_name: str
    batch_id: str
    fence: int
    files: Sequence[OfferedFile]
    # What holds here for what arrives.
    lease: timedelta
    deletion_allowed: bool


@dataclass(frozen=True)
class Answer:
    """What became of one offered file."""

    verdict: Verdict
    upload_id: str = ""
    message: str = ""


@dataclass(frozen=True)
class OfferOutcome:
    """What became of an offer: an answer for each file, and the store that takes the batch."""

    answers: list[Answer]
    place: tuple[Store, Agent] | None


def take_offer(db: Session, offer: Offer) -> OfferOutcome:
    """Put what is accepted on record, and reserve its room; a repeated offer changes nothing."""
    batch = take_batch(
        db, offer.batch_id, offer.account_name, offer.fence, offer.site_id, offer.site_name
    )
    taker = _Taker(db, offer, batch)
    answers = [taker.answer(item) for item in offer.files]
    taker.flush()
    wanted = [batch.store_id for a in answers if a.verdict is Verdict.ACCEPTED and batch.store_id]
    places = load_places(db, wanted)
    return OfferOutcome(answers, next(iter(places.values()), None))


def _request_id(batch_id: str, transfer_id: int) -> str:
    return f"transfer/{batch_id}/{transfer_id}"


class _Taker:
    """Takes the files of one offer."""

    def __init__(self, db: Session, offer: Offer, batch: IncomingBatch) -> None:
        self._db = db
        self._offer = offer
        self._batch = batch
        self._earlier = self._load_earlier()
        self._next_number = next_number(db, batch)
        names = [item.name for item in offer.files]
        self._files = find_files(db, names)
        self._observations = find_observations(db, offer.files)
        # First, for their room counts.
        give_up_abandoned(db, batch, names, offer.lease)
        keep_room(db)
        self._candidates = load_candidates(db)
        self._keys = MetadataKeys(db)
        self._time = database_time(db)
        self._names: set[str] = set()
        self._rows: list[Row] = []

    def answer(self, offered: OfferedFile) -> Answer:
        """Accept or refuse one file."""
        try:
            answer = self._taken(check_offered(offered))
        except LibrarianError as error:
            answer = Answer(_verdict_of(error), message=str(error))
        earlier = self._earlier.get(offered.transfer_id)
        is_open = earlier is not None and earlier.state == "RECEIVING" and not earlier.sent
        if earlier is not None and is_open and answer.verdict in _NOT_WANTED:
            self._put_aside(earlier)
        return answer

    def flush(self) -> None:
        """Write what was accepted."""
        self._db.flush()
        insert_dicts(self._db, _UPLOADS, self._rows)

    def _taken(self, item: OfferedFile) -> Answer:
        earlier = self._earlier.get(item.transfer_id)
        if earlier is not None and not is_of_offer(earlier, item):
            self._put_aside(earlier)
            earlier = None
        file = self._files.get(item.name)
        if file is not None:
            refuse_other_contents(file, item.size_bytes, item.checksum)
            if _is_held(file, item, earlier):
                return Answer(Verdict.HELD)
        if earlier is not None and _has_arrived(earlier):
            return Answer(Verdict.ARRIVED, earlier.id)
        self._check_records(item)
        if earlier is not None and earlier.state == "RECEIVING":
            return self._continued(earlier, item)
        if earlier is not None:
            self._put_aside(earlier)
        return self._begun(item)

    def _check_records(self, item: OfferedFile) -> None:
        if item.name in self._names:
            raise StateError(
                f"{show_name(item.name)} is in the offer twice: offer one after the other."
            )
        self._names.add(item.name)
        known = self._observations.get(item.observation.obsid) if item.observation else None
        if item.observation is not None and known is not None:
            refuse_other_observation(item.observation, known)
        try:
            self._keys.check(item.metadata)
        except InvalidRequestError as error:
            raise ConflictError(str(error)) from None

    def _continued(self, upload: Upload, item: OfferedFile) -> Answer:
        store = self._store_of_batch()
        if upload.store_id != store.id:
            return self._moved(upload, item, store)
        self._keys.settle(item.metadata)
        self._batch.store_id = store.id
        for column, value in self._said(item).items():
            setattr(upload, "custom" if column == "metadata" else column, value)
        return Answer(Verdict.ACCEPTED, upload.id)

    def _moved(self, upload: Upload, item: OfferedFile, store: Candidate) -> Answer:
        """Begin a file anew on the store of its batch: what is accepted has one way in."""
        left = next(store for store in self._candidates if store.id == upload.store_id)
        if left.problem and store.room_bytes < item.size_bytes:
            # What has come of it counts again once that store is in order.
            raise StateError(f"The store {left.name} {left.problem}: offer it later.")
        self._put_aside(upload)
        return self._begun(item)

    def _begun(self, item: OfferedFile) -> Answer:
        if self._next_number >= _MAX_BATCH_FILES:
            raise StoreFullError(
                f"A batch takes at most {_MAX_BATCH_FILES:,} files: offer it in another one."
            )
        store = choose_store([self._store_of_batch()], item.size_bytes, "")
        # Last, for a key is there for good: none is made for what is refused.
        self._keys.settle(item.metadata)
        if self._batch.store_id != store.id:
            self._batch.store_id = store.id
        row = {
            "id": f"{self._offer.batch_id}-{self._next_number}",
            "account_name": self._offer.account_name,
            "request_id": _request_id(self._offer.batch_id, item.transfer_id),
            "file_name": item.name,
            "parent_dirs": item.parent_dirs,
            "size_bytes": item.size_bytes,
            "store_id": store.id,
            "state": "RECEIVING",
            "checksum": item.checksum,
            "incoming_batch_id": self._offer.batch_id,
            "transfer_id": item.transfer_id,
            "create_time": self._time,
            **self._said(item),
        }
        self._next_number += 1
        self._rows.append(row)
        return Answer(Verdict.ACCEPTED, str(row["id"]))

    def _said(self, item: OfferedFile) -> Row:
        """Return what the latest offer says, and until when it holds."""
        origin = origin_of(item, self._offer.site_name, self._offer.account_name)
        return {
            "null_obsid": item.observation is None,
            "observation": item.observation.to_json() if item.observation else None,
            "metadata": to_json(item.metadata),
            "origin": origin.to_json(),
            "deletion_allowed": self._offer.deletion_allowed,
            "expire_time": self._time + self._offer.lease,
        }

    def _store_of_batch(self) -> Candidate:
        """Return the store that takes the batch: its own while it can be used, or the roomiest.

        Raises StoreUnusableError when none can.
        """
        usable = [store for store in self._candidates if not store.problem]
        own = [store for store in usable if store.id == self._batch.store_id]
        if not usable:
            # Tells why.
            return choose_store(self._candidates, 0, "")
        return own[0] if own else max(usable, key=lambda store: store.room_bytes)

    def _put_aside(self, upload: Upload) -> None:
        """Keep an upload that is over, for its place may still have to be discarded."""
        if upload.state == "RECEIVING":
            upload.state, upload.error = "CANCELLED", "It was offered anew."
            upload.fence += 1
        upload.request_id = f"over:{upload.id}"
        self._db.flush()

    def _load_earlier(self) -> dict[int, Upload]:
        wanted = {
            _request_id(self._offer.batch_id, item.transfer_id): item.transfer_id
            for item in self._offer.files
        }
        statement = select(Upload).where(
            Upload.account_name == self._offer.account_name,
            is_one_of(self._db, Upload.request_id, wanted),
        )
        locked = statement.order_by(Upload.id).with_for_update()
        rows = self._db.scalars(locked.execution_options(populate_existing=True))
        return {wanted[upload.request_id]: upload for upload in rows}


def _is_held(file: KnownFile, item: OfferedFile, earlier: Upload | None) -> bool:
    """Tell whether the file on record is known to be the one offered, and is available."""
    was_done = earlier is not None and earlier.state == "DONE"
    return file.instance_count > 0 and (file.checksum == item.checksum or was_done)


def _has_arrived(upload: Upload) -> bool:
    """Tell whether the watch of its batch says, or will say, what became of an upload."""
    return upload.state in ("VERIFIED", "FAILED") or (upload.state == "RECEIVING" and upload.sent)


def _verdict_of(error: LibrarianError) -> Verdict:
    match error:
        case ConflictError():
            return Verdict.CONFLICT
        case StoreFullError():
            return Verdict.NO_ROOM
        case StateError():
            return Verdict.LATER
        case InvalidRequestError():
            return Verdict.REFUSED
    raise error
