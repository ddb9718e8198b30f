"""Starting uploads: checked, given a store and its space, or known from an earlier call."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog_service.bulk import Row, insert_dicts, is_one_of, table_of
from catalog_service.clock import database_time
from catalog_service.metadata import MetadataKeys, to_json
from catalog_service.store_choice import choose_store, keep_room, load_candidates
from catalog_service.tables import Upload
from catalog_service.uploads import (
    LEASE,
    OPEN_STATES,
    KnownFile,
    NewUpload,
    check_new_upload,
    find_files,
    refuse_other_contents,
)
from librarian.errors import ConflictError, LibrarianError
from librarian.names import show_name

_UPLOADS = table_of(Upload)


@dataclass(frozen=True)
class Started:
    """What became of a new upload: it is under way, its file is on record, or it was refused."""

    upload: Upload | None = None
    file: KnownFile | None = None
    error: LibrarianError | None = None


def start_uploads(
    db: Session, account_name: str, batch: str, items: Sequence[NewUpload]
) -> list[Started]:
    """Put uploads on record and reserve their space; each item is accepted or refused alone."""
    ids = [item.request_id for item in items]
    earlier = _load_earlier(db, account_name, ids)
    files = find_files(db, [item.file_name for item in items])
    keep_room(db)
    starter = _Starter(db, account_name, batch, earlier, files)
    answers = [starter.start(item) for item in items]
    starter.flush()
    return answers


def _load_earlier(db: Session, account_name: str, ids: Sequence[str]) -> dict[str, Upload]:
    statement = select(Upload).where(
        Upload.account_name == account_name, is_one_of(db, Upload.request_id, set(ids))
    )
    # Locked, for what is over is put aside and must not be completed at the same time.
    rows = db.execute(statement.order_by(Upload.id).with_for_update()).scalars()
    return {upload.request_id: upload for upload in rows}


class _Starter:
    """Starts the uploads of one call."""

    def __init__(
        self,
        db: Session,
        account_name: str,
        batch: str,
        earlier: dict[str, Upload],
        files: Mapping[str, KnownFile],
    ) -> None:
        self._db = db
        self._account_name = account_name
        self._batch = batch
        self._earlier = earlier
        self._files = files
        self._candidates = load_candidates(db)
        self._keys = MetadataKeys(db)
        self._time = database_time(db)
        self._rows: list[Row] = []

    def start(self, item: NewUpload) -> Started:
        """Accept or refuse one item."""
        try:
            checked = check_new_upload(item)
            self._keys.check(checked.metadata)
            if file := self._same_file_on_record(checked):
                return Started(file=file)
            return Started(upload=self._continued(checked) or self._begun(checked))
        except LibrarianError as error:
            return Started(error=error)

    def flush(self) -> None:
        """Write what was started."""
        insert_dicts(self._db, _UPLOADS, self._rows)

    def _same_file_on_record(self, item: NewUpload) -> KnownFile | None:
        """Return the file on record when the contents are known to be the same."""
        file = self._files.get(item.file_name)
        if file is None:
            return None
        refuse_other_contents(file, item.size_bytes, item.checksum)
        if file.instance_count == 0:
            return None
        is_known = item.checksum == file.checksum or self._was_done(item)
        return file if is_known else None

    def _was_done(self, item: NewUpload) -> bool:
        earlier = self._earlier.get(item.request_id)
        return (
            earlier is not None
            and earlier.state == "DONE"
            and _substance(earlier)
            == (
                item.file_name,
                item.parent_dirs,
                item.size_bytes,
            )
        )

    def _continued(self, item: NewUpload) -> Upload | None:
        """Return the upload that the same call started before, unless it is over."""
        upload = self._earlier.get(item.request_id)
        if upload is None:
            return None
        if _substance(upload) != (item.file_name, item.parent_dirs, item.size_bytes):
            raise ConflictError(
                f"The request id {show_name(item.request_id)} was used for another upload: use a"
                " new one for each."
            )
        if upload.state == "RECEIVING" and self._is_stranded(upload, item):
            upload.state, upload.error = "CANCELLED", "Its store cannot be used: it began anew."
            upload.fence += 1
        if upload.state in OPEN_STATES:
            upload.expire_time = self._time + LEASE
            if upload.state == "RECEIVING":
                self._keys.settle(item.metadata)
                _take_over(upload, item)
            return upload
        # Its place on disk may still have to be discarded, so the row stays under another key.
        upload.request_id = f"over:{upload.id}"
        self._db.flush()
        del self._earlier[item.request_id]
        return None

    def _is_stranded(self, upload: Upload, item: NewUpload) -> bool:
        """Tell whether its store cannot be used, while another can take it from the start."""
        problems = {store.id: store.problem for store in self._candidates}
        return bool(
            problems[upload.store_id]
            and not item.store_name
            and any(s.room_bytes >= item.size_bytes for s in self._candidates if not s.problem)
        )

    def _begun(self, item: NewUpload) -> Upload:
        store = choose_store(self._candidates, item.size_bytes, item.store_name)
        # Last, for a key is there for good: none is made for what is refused.
        self._keys.settle(item.metadata)
        row = {
            "id": f"{self._batch}-{len(self._rows)}",
            "account_name": self._account_name,
            "request_id": item.request_id,
            "file_name": item.file_name,
            "parent_dirs": item.parent_dirs,
            "size_bytes": item.size_bytes,
            "null_obsid": item.null_obsid,
            "deletion_allowed": item.deletion_allowed,
            "observation": item.observation.to_json() if item.observation else None,
            "store_id": store.id,
            "state": "RECEIVING",
            "checksum": item.checksum,
            "create_time": self._time,
            "expire_time": self._time + LEASE,
        }
        custom = to_json(item.metadata)
        self._rows.append({**row, "metadata": custom})
        # Not added to the session: rows are written together, faster than it would.
        self._earlier[item.request_id] = upload = Upload(
            **row, custom=custom, error="", error_reason=""
        )
        return upload


def _take_over(upload: Upload, item: NewUpload) -> None:
    """Let what is said now hold: who repeats a call after an error may have corrected it."""
    upload.null_obsid = item.null_obsid
    upload.observation = item.observation.to_json() if item.observation else None
    upload.deletion_allowed = item.deletion_allowed
    upload.custom = to_json(item.metadata)
    upload.checksum = item.checksum or upload.checksum


def _substance(upload: Upload) -> tuple[str, str, int]:
    return upload.file_name, upload.parent_dirs, upload.size_bytes
