"""What is told of each item: the columns of rows, in the order of the messages' fields."""

from collections.abc import Mapping
from typing import Any

from catalog_service.search.attributes import ItemKind
from catalog_service.tables import Agent, File, Instance, Observation, ObservingSession, Store

Columns = tuple[Any, ...]

FILE_COLUMNS: Columns = (
    File.name,
    File.type,
    File.size_bytes,
    File.checksum,
    File.obsid,
    File.create_time,
    File.source,
    File.instance_count,
)
OBSERVATION_COLUMNS: Columns = (
    Observation.obsid,
    Observation.start_time_jd,
    Observation.stop_time_jd,
    Observation.start_lst_hr,
    Observation.session_id,
    Observation.file_count,
    Observation.total_bytes,
)
SESSION_COLUMNS: Columns = (
    ObservingSession.id,
    ObservingSession.start_time_jd,
    ObservingSession.stop_time_jd,
    ObservingSession.observation_count,
    ObservingSession.file_count,
    ObservingSession.total_bytes,
)
# The path of an instance is made of the store's root, the directories and the file's name.
INSTANCE_COLUMNS: Columns = (
    File.name,
    Store.name,
    Instance.parent_dirs,
    Instance.available,
    Instance.deletion_allowed,
    Instance.create_time,
    Agent.host,
    Store.root,
    Instance.problem,
    Instance.verify_time,
)

ITEM_COLUMNS: Mapping[ItemKind, Columns] = {
    ItemKind.FILES: FILE_COLUMNS,
    ItemKind.OBSERVATIONS: OBSERVATION_COLUMNS,
    ItemKind.SESSIONS: SESSION_COLUMNS,
}
