"""The kinds of what a search finds, as a person sees them."""

from collections.abc import Sequence
from dataclasses import dataclass

from librarian.client.records import File, Instance, Observation, ObservingSession, Record


@dataclass(frozen=True)
class Found:
    """A kind of what is found, and how it is told."""

    record: type[Record]
    plural: str
    # The column that names one.
    key: str
    # The columns of a table, and which of them may be left away on a narrow terminal.
    table: Sequence[str]
    spare: frozenset[str] = frozenset()
    # Said when there is none.
    empty: str = ""


FILES = Found(
    File,
    "files",
    "name",
    ("name", "create_time", "obsid", "type", "size_bytes", "instance_count"),
    frozenset({"create_time", "type", "instance_count"}),
    "No file matches.",
)
OBSERVATIONS = Found(
    Observation,
    "observations",
    "obsid",
    (
        "obsid",
        "start_time_jd",
        "stop_time_jd",
        "start_lst_hr",
        "session_id",
        "file_count",
        "total_bytes",
    ),
    frozenset({"stop_time_jd", "start_lst_hr", "session_id"}),
    "No observation matches.",
)
SESSIONS = Found(
    ObservingSession,
    "sessions",
    "id",
    ("id", "start_time_jd", "stop_time_jd", "observation_count", "file_count", "total_bytes"),
    frozenset({"stop_time_jd", "total_bytes"}),
    "No observing session matches.",
)
INSTANCES = Found(
    Instance,
    "instances",
    "file_name",
    ("file_name", "store", "state", "host", "path"),
    frozenset({"state", "host"}),
    "No copy of a file that matches is here.",
)
