"""The records that travel with a neighbour's files: what is offered, and what is kept of it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog_service.metadata import MetadataValue, check_metadata
from catalog_service.observation_rules import ObservationFacts, check_facts
from catalog_service.tables import Observation, Upload
from catalog_service.travelling_sessions import SessionFacts, check_session
from catalog_service.uploads import MAX_SIZE_BYTES
from librarian.checksums import parse_checksum
from librarian.errors import ConflictError, InvalidRequestError
from librarian.names import check_file_name, check_parent_dirs

_MAX_SOURCE_CHARACTERS = 64
# Of others, what keeps times as text gives none back.
_YEARS = range(1900, 3000)
# An obsid is a start in whole seconds: where no more was known, times are as far apart.
_TIME_TOLERANCE_SECONDS = 1.5
_DAY_SECONDS = 86400.0
_SIDEREAL_DAY_HOURS = 24.0


@dataclass(frozen=True)
class OfferedFile:
    """A file that a neighbour offers, with its records."""

    transfer_id: int
    name: str
    parent_dirs: str
    size_bytes: int
    checksum: str
    source: str = ""
    create_time: datetime | None = None
    metadata: Mapping[str, MetadataValue] = field(default_factory=dict)
    observation: ObservationFacts | None = None
    observing_session: SessionFacts | None = None


class Origin(NamedTuple):
    """What is kept of a file's record at the neighbour until the file is on record here."""

    site_name: str
    # As it was offered: the record here may have another algorithm's.
    checksum: str
    source: str
    create_time: datetime | None
    observing_session: SessionFacts | None

    def to_json(self) -> str:
        """Return it as text that `origin_from_json` reads."""
        session = self.observing_session
        return json.dumps(
            {
                "site_name": self.site_name,
                "checksum": self.checksum,
                "source": self.source,
                "create_time": self.create_time.isoformat() if self.create_time else None,
                "observing_session": asdict(session) if session else None,
            }
        )


def origin_from_json(text: str) -> Origin:
    """Return what was kept as text."""
    kept = json.loads(text)
    session, time = kept["observing_session"], kept["create_time"]
    kept["observing_session"] = SessionFacts(**session) if session else None
    kept["create_time"] = datetime.fromisoformat(time) if time else None
    return Origin(**kept)


def checksum_at_origin(text: str) -> str:
    """Return the checksum of what was kept as text, as it was offered."""
    checksum: str = json.loads(text)["checksum"]
    return checksum


def origin_of(offered: OfferedFile, site_name: str, account_name: str) -> Origin:
    """Return what is kept of an offered file's record."""
    return Origin(
        site_name,
        offered.checksum,
        offered.source or account_name,
        offered.create_time,
        offered.observing_session,
    )


def is_of_offer(upload: Upload, item: OfferedFile) -> bool:
    """Tell whether an upload of this request id is of the file that is offered now."""
    if upload.origin is None:
        return False
    there = (upload.file_name, upload.parent_dirs, upload.size_bytes)
    checksum = checksum_at_origin(upload.origin)
    return (*there, checksum) == (item.name, item.parent_dirs, item.size_bytes, item.checksum)


def check_offered(offered: OfferedFile) -> OfferedFile:
    """Return an offered file with its checksum in our form, or raise InvalidRequestError."""
    check_file_name(offered.name)
    check_parent_dirs(offered.parent_dirs)
    if not 0 <= offered.size_bytes <= MAX_SIZE_BYTES:
        raise InvalidRequestError(f"A file cannot have {offered.size_bytes} bytes.")
    if len(offered.source) > _MAX_SOURCE_CHARACTERS or "\0" in offered.source:
        raise InvalidRequestError(
            f"The source of a file has at most {_MAX_SOURCE_CHARACTERS} characters."
        )
    if offered.create_time is not None and offered.create_time.year not in _YEARS:
        raise InvalidRequestError(f"No file was made in the year {offered.create_time.year}.")
    check_metadata(offered.metadata)
    if offered.observation is not None:
        check_facts(offered.observation)
    session = offered.observing_session
    if session is not None:
        check_session(session)
        session = session if offered.observation is not None else None
    checksum = str(parse_checksum(offered.checksum))
    if checksum == offered.checksum and session is offered.observing_session:
        return offered
    return replace(offered, checksum=checksum, observing_session=session)


def find_observations(db: Session, offered: Sequence[OfferedFile]) -> dict[int, Observation]:
    """Return those observations of offered files that are on record here, by obsid."""
    obsids = {item.observation.obsid for item in offered if item.observation}
    # Nothing is checked yet, and a database has an end to its numbers.
    possible = [obsid for obsid in obsids if abs(obsid) < 1 << 62]
    rows = db.scalars(select(Observation).where(Observation.obsid.in_(possible)))
    return {row.obsid: row for row in rows}


def refuse_other_observation(facts: ObservationFacts, known: Observation) -> None:
    """Raise ConflictError when an observation is not the one on record here."""
    moments = (
        ("start", facts.start_time_jd, known.start_time_jd, _DAY_SECONDS),
        ("stop", facts.stop_time_jd, known.stop_time_jd, _DAY_SECONDS),
        ("start_lst_hr", facts.start_lst_hr, known.start_lst_hr, 3600.0),
    )
    for what, offered, here, unit_seconds in moments:
        if offered is None or here is None:
            continue
        apart = abs(offered - here)
        if what == "start_lst_hr":
            apart = min(apart, _SIDEREAL_DAY_HOURS - apart)
        if apart * unit_seconds > _TIME_TOLERANCE_SECONDS:
            raise ConflictError(
                f"Observation {facts.obsid} is on record here with another {what} ({here}, not"
                f" {offered}): a person must find out which is right."
            )
