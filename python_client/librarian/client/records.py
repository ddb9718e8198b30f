"""What the client's calls return: records that do not change, each with `to_json()`."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from os import PathLike
from typing import Any

from librarian.errors import LibrarianError

MetadataValue = str | int | float | bool | datetime
"""A value of custom metadata; the first that a site is given decides the type of its key."""


@dataclass(frozen=True)
class Record:
    """What all records share."""

    def to_json(self) -> dict[str, Any]:
        """Return the record as JSON's own types; times are ISO 8601, UTC."""
        return {item.name: to_json(getattr(self, item.name)) for item in fields(self)}


def to_json(value: Any) -> Any:
    """Return a record's value as JSON's own types."""
    match value:
        case datetime():
            return value.isoformat()
        case Record():
            return value.to_json()
        case dict():
            return {key: to_json(item) for key, item in value.items()}
        case list() | tuple():
            return [to_json(item) for item in value]
        case _:
            return value


@dataclass(frozen=True, slots=True)
class File(Record):
    """A data product: one flat file or one directory tree."""

    name: str
    type: str
    size_bytes: int
    checksum: str
    obsid: int | None
    create_time: datetime
    source: str
    instance_count: int
    # Custom metadata by key, where the call tells it.
    metadata: dict[str, MetadataValue] = field(default_factory=dict, hash=False)

    def to_json(self) -> dict[str, Any]:
        """Return the record as JSON's own types, with metadata where there are any."""
        document = Record.to_json(self)
        if not self.metadata:
            del document["metadata"]
        return document


@dataclass(frozen=True, slots=True)
class MetadataKey(Record):
    """A key of custom metadata; its type is TEXT, NUMBER, BOOLEAN or TIME for all files."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Instance(Record):
    """A copy of a file on one of the site's stores; `path` is that on `host`."""

    file_name: str
    store: str
    parent_dirs: str
    host: str
    path: str
    state: str
    deletion_policy: str
    create_time: datetime
    # What was found wrong with it; empty when nothing was.
    problem: str = ""
    # When it was last read whole and found good; None when it never was.
    verify_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class VerifiedInstance(Record):
    """A copy that was to be read whole; `error` says why it could not be, empty when it was."""

    instance: Instance
    error: str

    @property
    def is_good(self) -> bool:
        """Tell whether it was read, and is what is on record."""
        return not self.error and not self.instance.problem


@dataclass(frozen=True, slots=True)
class FileEvent(Record):
    """Something that happened to a file at this site."""

    type: str
    time: datetime
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class FileEventPage(Record):
    """One page of events; the token of the next is empty on the last."""

    events: list[FileEvent]
    next_page_token: str


@dataclass(frozen=True, slots=True)
class Observation(Record):
    """One stretch of data taking; what is not known of it is None."""

    obsid: int
    start_time_jd: float | None
    stop_time_jd: float | None
    start_lst_hr: float | None
    session_id: int | None
    file_count: int
    total_bytes: int


@dataclass(frozen=True, slots=True)
class ObservingSession(Record):
    """A run of adjoining observations; its id is the obsid of the first."""

    id: int
    start_time_jd: float
    stop_time_jd: float
    observation_count: int
    file_count: int
    total_bytes: int


@dataclass(frozen=True, slots=True)
class FileTypeCount(Record):
    """The files of one type; the type is empty for names without a dot."""

    type: str
    file_count: int
    total_bytes: int


@dataclass(frozen=True, slots=True)
class SavedSearch(Record):
    """A search with a name; it finds files, observations or sessions."""

    name: str
    owner: str
    search: str
    item_kind: str
    shared: bool
    update_time: datetime


@dataclass(frozen=True, slots=True)
class Store(Record):
    """A directory tree on one storage node that holds instances."""

    name: str
    agent: str
    host: str
    root: str
    enabled: bool
    ingestible: bool
    reachable: bool
    problem: str
    capacity_bytes: int
    free_bytes: int
    reserved_bytes: int
    instance_count: int
    report_time: datetime | None


@dataclass(frozen=True, slots=True)
class Agent(Record):
    """A store agent, as the catalogue last heard of it."""

    name: str
    host: str
    address: str
    tls: bool
    staging_prefix: str
    version: str
    report_time: datetime | None


@dataclass(frozen=True, slots=True)
class JobError(Record):
    """A file that a job could not do, and why."""

    name: str
    message: str


@dataclass(frozen=True, slots=True)
class StagingPreview(Record):
    """What a staging would copy, and where to; the destination is empty when none was given."""

    file_count: int
    total_bytes: int
    without_instance_count: int
    destination: str
    staging_prefixes: list[str]


@dataclass(frozen=True, slots=True)
class RegistrationFailure(Record):
    """A path that could not be put on record, and why."""

    path: str
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class RegistrationProgress(Record):
    """What became of one batch of paths."""

    registered_count: int
    known_count: int
    registered_bytes: int
    failures: list[RegistrationFailure]


@dataclass(frozen=True)
class UploadItem:
    """A local file or directory tree to upload, and the file it shall be.

    `dest` is the whole relative path at the site, `parent/dirs/name`. `checksum` is that of the
    contents where it is known already, as `algorithm:hex`; `metadata` those of a file that is new.
    """

    local_path: str | PathLike[str]
    dest: str
    null_obsid: bool = False
    obsid: int | None = None
    store: str | None = None
    deletion_allowed: bool = False
    checksum: str | None = None
    metadata: Mapping[str, MetadataValue] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class UploadOutcome:
    """What became of one upload: the file on record, or the error that refused it."""

    item: UploadItem
    file: File | None = None
    error: LibrarianError | None = None
