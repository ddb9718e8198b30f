"""Random catalogues, of what random search trees look for."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from sqlalchemy import insert
from sqlalchemy.orm import Session

from catalog_service.tables import (
    Agent,
    File,
    FileEvent,
    Instance,
    Librarian,
    MetadataKey,
    Observation,
    ObservingSession,
    RemoteInstance,
    Store,
)
from tests.catalog_service.search import trees
from tests.catalog_service.search.trees import NOW

LIBRARIAN_KEYS = {name: number for number, name in enumerate(trees.LIBRARIANS, start=1)}
STORE_KEYS = {name: number for number, name in enumerate(trees.STORES, start=1)}


@dataclass(frozen=True)
class SampleSession:
    """An observing session."""

    id: int
    start_time_jd: float
    stop_time_jd: float
    observation_count: int
    file_count: int
    total_bytes: int


@dataclass(frozen=True)
class SampleObservation:
    """An observation, of which little may be known."""

    obsid: int
    start_time_jd: float
    stop_time_jd: float | None
    start_lst_hr: float | None
    session: SampleSession | None
    file_count: int
    total_bytes: int


@dataclass(frozen=True)
class SampleFile:
    """A file with all that hangs on it."""

    name: str
    type: str
    size_bytes: int
    checksum: str
    observation: SampleObservation | None
    create_time: datetime
    source: str
    # Store by store, whether the copy is there.
    copies: dict[str, bool]
    events: list[str]
    metadata: dict[str, Any]
    # Librarians that are believed to have it.
    elsewhere: set[str]


@dataclass(frozen=True)
class Catalogue:
    """What is on record."""

    sessions: list[SampleSession]
    observations: list[SampleObservation]
    files: list[SampleFile] = field(default_factory=list)


_sizes = st.sampled_from(trees.SIZES)
_counts = st.sampled_from(trees.COUNTS)
_jds = st.sampled_from(trees.JDS)
_durations = st.sampled_from(trees.DURATIONS)
_times = st.sampled_from([0.0, 0.25, 1.0, 2.0, 399.9, 400.0, 1e5]).map(
    lambda days: NOW - timedelta(days=days)
)
_metadata = st.fixed_dictionaries(
    {}, optional={key: st.sampled_from(values) for key, (_, values) in trees.METADATA.items()}
)


@st.composite
def catalogues(draw: st.DrawFn) -> Catalogue:
    """Draw a catalogue of a few files, observations and observing sessions."""
    sessions = [
        SampleSession(key, jd, jd + draw(_durations), draw(_counts), draw(_counts), draw(_sizes))
        for key, jd in draw(_keyed(_jds))
    ]
    observations = [draw(_observation(obsid, jd, sessions)) for obsid, jd in draw(_keyed(_jds))]
    names = draw(st.lists(st.sampled_from(trees.NAMES), unique=True, max_size=7))
    return Catalogue(sessions, observations, [draw(_file(name, observations)) for name in names])


def _keyed(values: st.SearchStrategy[float]) -> st.SearchStrategy[list[tuple[int, float]]]:
    pairs = st.tuples(st.sampled_from(trees.OBSIDS), values)
    return st.lists(pairs, unique_by=lambda pair: pair[0], max_size=3)


def _observation(
    obsid: int, jd: float, sessions: list[SampleSession]
) -> st.SearchStrategy[SampleObservation]:
    return st.builds(
        SampleObservation,
        st.just(obsid),
        st.just(jd),
        st.none() | _durations.map(lambda duration: jd + duration),
        st.none() | st.sampled_from(trees.LSTS),
        st.none() | st.sampled_from(sessions) if sessions else st.none(),
        _counts,
        _sizes,
    )


def _file(name: str, observations: list[SampleObservation]) -> st.SearchStrategy[SampleFile]:
    return st.builds(
        SampleFile,
        st.just(name),
        st.sampled_from(trees.TYPES),
        _sizes,
        st.sampled_from(trees.CHECKSUMS),
        st.none() | st.sampled_from(observations) if observations else st.none(),
        _times,
        st.sampled_from(trees.SOURCES),
        st.dictionaries(st.sampled_from(trees.STORES), st.booleans()),
        st.lists(st.sampled_from(trees.EVENTS), max_size=3),
        _metadata,
        st.sets(st.sampled_from(trees.LIBRARIANS)),
    )


def put_frame(db: Session) -> None:
    """Write what all catalogues share: an agent, stores, librarians, and the metadata keys."""
    agent = Agent(
        name="agent",
        host="pot",
        address="pot:1",
        tls=False,
        staging_prefix="",
        ticket_key=b"",
        version="1",
        report_time=NOW,
    )
    db.add(agent)
    db.flush()
    for name, key in STORE_KEYS.items():
        # One seems to be large: its instances are looked for in another way.
        places = {"root": f"/{name}", "enabled": True, "instance_count": 10**6 * (key - 1)}
        db.add(
            Store(id=key, name=name, store_id=name, agent_id=agent.id, ingestible=True, **places)
        )
    for name, key in LIBRARIAN_KEYS.items():
        access = {"url": f"{name}:1", "tls": True, "account_name": "here", "secret": b""}
        count = {"remote_instance_count": 10**6 * (key - 1)}
        db.add(Librarian(id=key, name=name, create_time=NOW, **access, **count))
    for name, (kind, _) in trees.METADATA.items():
        db.add(MetadataKey(name=name, type=kind.upper()))
    db.flush()


def put_on_record(db: Session, catalogue: Catalogue) -> None:
    """Write a catalogue into an empty database with its frame."""
    rows: dict[Any, list[dict[str, Any]]] = {
        ObservingSession: [vars(session) for session in catalogue.sessions],
        Observation: [_observation_row(observation) for observation in catalogue.observations],
        File: [_file_row(number, file) for number, file in _numbered(catalogue)],
        Instance: [row for number, file in _numbered(catalogue) for row in _copies(number, file)],
        RemoteInstance: [
            {"file_id": number, "file_name": file.name, "confirm_time": NOW}
            | {"librarian_id": LIBRARIAN_KEYS[name]}
            for number, file in _numbered(catalogue)
            for name in file.elsewhere
        ],
        FileEvent: [row for number, file in _numbered(catalogue) for row in _events(number, file)],
    }
    for table, written in rows.items():
        if written:
            db.execute(insert(table), written)


def _numbered(catalogue: Catalogue) -> list[tuple[int, SampleFile]]:
    return list(enumerate(catalogue.files, start=1))


def _observation_row(observation: SampleObservation) -> dict[str, Any]:
    row = {key: value for key, value in vars(observation).items() if key != "session"}
    return row | {"session_id": observation.session and observation.session.id}


def _file_row(number: int, file: SampleFile) -> dict[str, Any]:
    own = ("name", "type", "size_bytes", "checksum", "create_time", "source")
    return {key: getattr(file, key) for key in own} | {
        "id": number,
        "obsid": file.observation and file.observation.obsid,
        "instance_count": sum(file.copies.values()),
        "custom": file.metadata,
    }


def _copies(number: int, file: SampleFile) -> list[dict[str, Any]]:
    return [
        {
            "file_id": number,
            "store_id": STORE_KEYS[store],
            "parent_dirs": "",
            "available": available,
            "deletion_allowed": False,
            "create_time": NOW,
        }
        for store, available in file.copies.items()
    ]


def _events(number: int, file: SampleFile) -> list[dict[str, Any]]:
    return [
        {"file_id": number, "time": NOW, "type": event, "payload": "{}"} for event in file.events
    ]
