"""What is written while uploads are completed: first that they are verified, then that they are in.

Between the two the upload holds its name, so that no other contents get that far.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, bindparam, func, select, update
from sqlalchemy.orm import Session

from catalog_service.bulk import execute_many, is_one_of, is_sqlite, table_of, update_rows
from catalog_service.incoming_records import origin_from_json
from catalog_service.kin import Kin, find_kin
from catalog_service.observation_rules import (
    Evidence,
    facts_from_json,
    needs_kin,
    resolve_observation,
)
from catalog_service.recording import NewInstance, record_instances
from catalog_service.tables import Store, Upload
from catalog_service.upload_agents import Verified
from catalog_service.upload_claims import Claim, lock_claimed
from catalog_service.uploads import (
    KnownFile,
    algorithm_of,
    find_files,
    refuse_other_contents,
)
from librarian.errors import LibrarianError

_STORES = table_of(Store)
_UPLOADS = table_of(Upload)
# Number of the PostgreSQL lock under which names are taken: shared by uploads, which claim theirs
# by a unique column, and held alone by a registration, which does not.
_NAMES_LOCK = 0x4C696272

# What becomes of an upload that was verified, or failed: values in this order.
_OUTCOME = (
    "id",
    "state",
    "checksum",
    "inode",
    "claimed_name",
    "observation",
    "error",
    "error_reason",
)
_Outcome = tuple[Any, ...]

# What goes from an upload onto the record of its file. From VERIFIED on nobody changes it.
_PLACED = select(
    *(_UPLOADS.c.id, _UPLOADS.c.file_name, _UPLOADS.c.size_bytes, _UPLOADS.c.checksum),
    *(_UPLOADS.c.observation, _UPLOADS.c.origin, _UPLOADS.c.account_name, _UPLOADS.c.parent_dirs),
    *(_UPLOADS.c.deletion_allowed, _UPLOADS.c.metadata.label("custom")),
)


@dataclass
class VerifiedRound:
    """What became of verified uploads: ready for their place, over, or held up by another."""

    ready: list[Claim] = field(default_factory=list)
    over: dict[Claim, KnownFile | LibrarianError] = field(default_factory=dict)
    held_up: list[Claim] = field(default_factory=list)
    rows: list[_Outcome] = field(default_factory=list)


def share_names(db: Session) -> None:
    """Keep registrations from taking names until this transaction ends."""
    if not is_sqlite(db):
        db.execute(select(func.pg_advisory_xact_lock_shared(_NAMES_LOCK)))


def take_names(db: Session) -> None:
    """Keep everyone else from taking names until this transaction ends."""
    if not is_sqlite(db):
        db.execute(select(func.pg_advisory_xact_lock(_NAMES_LOCK)))


def find_claimed_names(db: Session, names: Iterable[str], but_not: Iterable[str] = ()) -> set[str]:
    """Return those of the names that uploads, other than those given by id, have claimed."""
    columns = select(_UPLOADS.c.id, _UPLOADS.c.claimed_name)
    rows = db.execute(columns.where(is_one_of(db, _UPLOADS.c.claimed_name, names)))
    own_ids = set(but_not)
    return {name for upload_id, name in rows if upload_id not in own_ids}


def record_verified(db: Session, results: Mapping[Claim, Verified]) -> VerifiedRound:
    """Record what was verified, and claim the names; what is on record already is compared."""
    share_names(db)
    mine = lock_claimed(db, list(results))
    names = [claim.upload.file_name for claim in results]
    claimed_names = find_claimed_names(db, names, [claim.upload.id for claim in results])
    decider = _Decider(find_files(db, names), claimed_names, _load_kin(db, results))
    # In the order of their names, for two calls must not wait for each other's.
    for claim in sorted(results, key=lambda claim: claim.upload.file_name):
        if claim.upload.id in mine:
            decider.decide(claim, results[claim])
    update_rows(db, _UPLOADS, _OUTCOME, decider.round.rows)
    return decider.round


def _load_kin(db: Session, results: Mapping[Claim, Verified]) -> Kin:
    evidence = [_evidence(claim, verified) for claim, verified in results.items()]
    asking = [item.file_name for item in evidence if needs_kin(item)]
    return find_kin(db, asking, evidence) if asking else {}


class _Decider:
    """Decides one batch of verified uploads."""

    def __init__(self, files: Mapping[str, KnownFile], claimed_names: set[str], kin: Kin) -> None:
        self.round = VerifiedRound()
        self._files = files
        self._claimed_names = claimed_names
        self._kin = kin

    def decide(self, claim: Claim, verified: Verified) -> None:
        """Decide one upload."""
        name = claim.upload.file_name
        file = self._files.get(name)
        try:
            if file is not None and not _is_comparable(file, verified):
                self.round.held_up.append(claim)
            elif file is not None and file.instance_count > 0:
                self._settle(claim, verified, file)
            elif name in self._claimed_names:
                self.round.held_up.append(claim)
            else:
                self._ready(claim, verified, file)
        except LibrarianError as error:
            self._fail(claim, error)

    def _settle(self, claim: Claim, verified: Verified, file: KnownFile) -> None:
        if not verified.equals_record:
            refuse_other_contents(file, claim.upload.size_bytes, verified.checksum)
        self.round.over[claim] = file
        self.round.rows.append(_done(claim, verified))

    def _ready(self, claim: Claim, verified: Verified, file: KnownFile | None) -> None:
        if file is not None and not verified.equals_record:
            refuse_other_contents(file, claim.upload.size_bytes, verified.checksum)
        facts = resolve_observation(_evidence(claim, verified), self._kin)
        upload = claim.upload
        upload.checksum = file.checksum if file is not None else verified.checksum
        upload.inode = verified.inode
        observation = facts.to_json() if facts else None
        found = (upload.id, "VERIFIED", upload.checksum, upload.inode)
        self.round.rows.append((*found, upload.file_name, observation, "", ""))
        self._claimed_names.add(upload.file_name)
        self.round.ready.append(claim)

    def _fail(self, claim: Claim, error: LibrarianError) -> None:
        self.round.over[claim] = error
        self.round.rows.append(_failure(claim, error))


def _is_comparable(file: KnownFile, verified: Verified) -> bool:
    return verified.equals_record or algorithm_of(verified.checksum) == algorithm_of(file.checksum)


def _evidence(claim: Claim, verified: Verified) -> Evidence:
    upload = claim.upload
    said = facts_from_json(upload.observation)
    # What a neighbour has on record for a file holds, whatever newer readers find in it.
    is_settled = upload.origin is not None and upload.null_obsid
    found = None if is_settled else verified.observation
    return Evidence(upload.file_name, said, found, upload.null_obsid)


def record_failures(db: Session, failures: Mapping[Claim, LibrarianError]) -> None:
    """Record that uploads have failed for good."""
    mine = lock_claimed(db, list(failures))
    rows = [_failure(claim, failures[claim]) for claim in failures if claim.upload.id in mine]
    update_rows(db, _UPLOADS, _OUTCOME, rows)


def record_placed(
    db: Session, placed: Sequence[Claim], mine: set[str], discarded_ids: set[str]
) -> dict[Claim, KnownFile]:
    """Put placed uploads on record and end them; return the files of those still this worker's.

    `mine` are the ids of these, which the caller has locked, `discarded_ids` of those of which
    nothing is left in staging.
    """
    wanted = is_one_of(db, _UPLOADS.c.id, [c.upload.id for c in placed if c.upload.id in mine])
    rows = db.execute(_PLACED.where(wanted, _UPLOADS.c.state == "VERIFIED")).all()
    uploads = {row.id: row for row in rows}
    claims = [claim for claim in placed if claim.upload.id in uploads]
    names = [claim.upload.file_name for claim in claims]
    known = {name: file.id for name, file in find_files(db, names).items()}
    record_instances(db, [_new_instance(c, uploads[c.upload.id]) for c in claims], known)
    _take_room(db, claims)
    _end_uploads(db, uploads.keys() & discarded_ids, discarded=True)
    _end_uploads(db, uploads.keys() - discarded_ids, discarded=False)
    files = find_files(db, names)
    return {claim: files[claim.upload.file_name] for claim in claims}


def _new_instance(claim: Claim, upload: Row[*tuple[Any, ...]]) -> NewInstance:
    origin = origin_from_json(upload.origin) if upload.origin else None
    return NewInstance(
        file_name=upload.file_name,
        size_bytes=upload.size_bytes,
        checksum=upload.checksum,
        observation=facts_from_json(upload.observation),
        source=origin.source if origin else upload.account_name,
        store_id=claim.store.id,
        store_name=claim.store.name,
        parent_dirs=upload.parent_dirs,
        deletion_allowed=upload.deletion_allowed,
        metadata_json=upload.custom,
        create_time=origin.create_time if origin else None,
        came_from=origin.site_name if origin else "",
        observing_session=origin.observing_session if origin else None,
    )


def _take_room(db: Session, claims: Sequence[Claim]) -> None:
    """Take ended uploads off their stores' free space, for nothing is reserved for them any more.

    The agents' next reports take the place of this.
    """
    sizes: Counter[int] = Counter()
    for claim in claims:
        sizes[claim.store.id] += claim.upload.size_bytes
    statement = update(_STORES).where(_STORES.c.id == bindparam("key"))
    left = _STORES.c.free_bytes - bindparam("size")
    execute_many(
        db,
        statement.values(free_bytes=left),
        [{"key": key, "size": sizes[key]} for key in sorted(sizes)],
    )


def _end_uploads(db: Session, upload_ids: Iterable[str], *, discarded: bool) -> None:
    ids = sorted(upload_ids)
    statement = update(_UPLOADS).where(is_one_of(db, _UPLOADS.c.id, ids))
    over = {"state": "DONE", "claimed_name": None, "worker": None, "worker_until": None}
    if ids:
        db.connection().execute(statement.values(**over, discarded=discarded))


def mark_discarded(db: Session, upload_ids: Iterable[str]) -> None:
    """Record that nothing is left of uploads in their stores' staging places."""
    ids = sorted(upload_ids)
    statement = update(_UPLOADS).where(is_one_of(db, _UPLOADS.c.id, ids))
    if ids:
        db.connection().execute(statement.values(discarded=True))


def _done(claim: Claim, verified: Verified) -> _Outcome:
    observation = claim.upload.observation
    found = (verified.checksum, verified.inode)
    return (claim.upload.id, "DONE", *found, None, observation, "", "")


def _failure(claim: Claim, error: LibrarianError) -> _Outcome:
    upload = claim.upload
    found = (upload.checksum, upload.inode, None, upload.observation)
    return (upload.id, "FAILED", *found, str(error), error.reason)
