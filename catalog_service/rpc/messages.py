"""Rows as messages."""

from typing import Any

from catalog_service.instances import LocatedInstance
from catalog_service.tables import Observation, ObservingSession, Upload
from librarian.v1 import files_pb2, instances_pb2, observations_pb2, uploads_pb2


def file_message(file: Any) -> files_pb2.File:
    """Return a file, given as anything with the columns of its row."""
    return files_pb2.File(
        name=file.name,
        type=file.type,
        size_bytes=file.size_bytes,
        checksum=file.checksum,
        obsid=file.obsid,
        create_time=file.create_time,
        source=file.source,
        instance_count=file.instance_count,
    )


def file_event_message(event: Any) -> files_pb2.FileEvent:
    """Return an event, given as anything with the columns of its row."""
    return files_pb2.FileEvent(time=event.time, type=event.type, payload_json=event.payload)


def instance_message(located: LocatedInstance) -> instances_pb2.Instance:
    """Return an instance with the place where it lies."""
    pb, instance = instances_pb2.Instance, located.instance
    return pb(
        file_name=located.file_name,
        store_name=located.store.name,
        parent_dirs=instance.parent_dirs,
        state=pb.AVAILABLE if instance.available else pb.UNAVAILABLE,
        deletion_policy=pb.ALLOWED if instance.deletion_allowed else pb.DISALLOWED,
        create_time=instance.create_time,
        host=located.agent.host,
        path=located.path,
        problem=instance.problem,
        verify_time=instance.verify_time,
    )


def observation_message(observation: Observation) -> observations_pb2.Observation:
    """Return an observation."""
    return observations_pb2.Observation(
        obsid=observation.obsid,
        start_time_jd=observation.start_time_jd,
        stop_time_jd=observation.stop_time_jd,
        start_lst_hr=observation.start_lst_hr,
        session_id=observation.session_id,
        file_count=observation.file_count,
        total_bytes=observation.total_bytes,
    )


def observing_session_message(found: ObservingSession) -> observations_pb2.ObservingSession:
    """Return an observing session."""
    return observations_pb2.ObservingSession(
        id=found.id,
        start_time_jd=found.start_time_jd,
        stop_time_jd=found.stop_time_jd,
        observation_count=found.observation_count,
        file_count=found.file_count,
        total_bytes=found.total_bytes,
    )


def upload_message(upload: Upload, store_name: str) -> uploads_pb2.Upload:
    """Return an upload."""
    return uploads_pb2.Upload(
        id=upload.id,
        file_name=upload.file_name,
        parent_dirs=upload.parent_dirs,
        size_bytes=upload.size_bytes,
        store_name=store_name,
        state=upload.state,
        error=upload.error,
        expire_time=upload.expire_time,
    )
