"""Calls about files, their instances, their events, and the observations behind them."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

from librarian.client.messages import (
    read_event,
    read_file,
    read_instance,
    read_observation,
    read_observing_session,
)
from librarian.client.records import (
    File,
    FileEvent,
    FileEventPage,
    FileTypeCount,
    Instance,
    Observation,
    ObservingSession,
    VerifiedInstance,
)
from librarian.client.sites import SiteCalls
from librarian.errors import InvalidRequestError, NoInstanceError
from librarian.v1 import (
    files_pb2,
    files_pb2_grpc,
    instances_pb2,
    instances_pb2_grpc,
    observations_pb2,
    observations_pb2_grpc,
)

_PAGE_SIZE = 1000
# The largest files, from the slowest disks.
_VERIFY_TIMEOUT_SECONDS = 24 * 3600.0
# Grouping a long time's observations takes longer than an ordinary call.
_ASSIGN_TIMEOUT_SECONDS = 900.0


class FileCalls(SiteCalls):
    """What one can ask and say about a file."""

    def get_file(self, name: str) -> File:
        """Return a file on record; raises UnknownFileError."""
        stub = self._link.catalog(files_pb2_grpc.FilesStub)
        return read_file(stub.GetFile(files_pb2.GetFileRequest(name=name)))

    def list_instances(self, name: str) -> list[Instance]:
        """Return all instances of a file, available or not; raises UnknownFileError."""
        stub = self._link.catalog(instances_pb2_grpc.InstancesStub)
        answer = stub.ListInstances(instances_pb2.ListInstancesRequest(file_name=name))
        return [read_instance(message) for message in answer.instances]

    def locate_file(self, name: str) -> list[Instance]:
        """Return the available instances of a file; raises NoInstanceError when it has none."""
        found = [one for one in self.list_instances(name) if one.state == "AVAILABLE"]
        if not found:
            raise NoInstanceError(f"{name!r} is on record, but no instance of it is here.")
        return found

    def list_file_events(self, name: str) -> Iterator[FileEvent]:
        """Yield what happened to a file here, oldest first; raises UnknownFileError."""
        stub = self._link.catalog(files_pb2_grpc.FilesStub)
        request = files_pb2.ListFileEventsRequest(file_name=name, page_size=_PAGE_SIZE)
        while True:
            page = stub.ListFileEvents(request)
            yield from map(read_event, page.events)
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    def list_file_event_page(
        self, name: str, *, page_size: int = 100, page_token: str = ""
    ) -> FileEventPage:
        """Return one page of what `list_file_events` yields, at most 1,000 events."""
        stub = self._link.catalog(files_pb2_grpc.FilesStub)
        page = stub.ListFileEvents(
            files_pb2.ListFileEventsRequest(
                file_name=name, page_size=page_size, page_token=page_token
            )
        )
        return FileEventPage([read_event(one) for one in page.events], page.next_page_token)

    def add_file_event(self, name: str, type: str, payload: dict[str, Any]) -> FileEvent:
        """Log an event of the caller's own kind with a file; raises UnknownFileError."""
        try:
            text = json.dumps(payload, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise InvalidRequestError(f"The event's payload is not JSON: {error}.") from error
        request = files_pb2.CreateFileEventRequest(
            file_name=name, type=type, payload_json=text, request_id=uuid.uuid4().hex
        )
        return read_event(self._link.catalog(files_pb2_grpc.FilesStub).CreateFileEvent(request))

    def verify_file(
        self, name: str, timeout_seconds: float = _VERIFY_TIMEOUT_SECONDS
    ) -> list[VerifiedInstance]:
        """Have each available instance of a file read and compared with the record.

        What is found is on record then. Raises UnknownFileError, NoInstanceError, and BusyError
        when too many are read at the moment. It takes as long as the disks need.
        """
        stub = self._link.catalog(instances_pb2_grpc.InstancesStub)
        request = instances_pb2.VerifyFileRequest(file_name=name)
        answer = stub.VerifyFile(request, timeout=timeout_seconds)
        found = answer.instances
        return [VerifiedInstance(read_instance(one.instance), one.error) for one in found]

    def count_file_types(
        self, obsid: int | None = None, session_id: int | None = None
    ) -> list[FileTypeCount]:
        """Return the files of an observation, or of an observing session, by type.

        Raises NotFoundError.
        """
        answer = self._count_types(obsid, session_id)
        return [FileTypeCount(one.type, one.file_count, one.total_bytes) for one in answer.counts]

    def get_observing_session(self, id: int) -> ObservingSession:
        """Return an observing session; raises NotFoundError."""
        return read_observing_session(self._count_types(None, id).session)

    def _count_types(self, obsid: int | None, session_id: int | None) -> Any:
        request = observations_pb2.CountFileTypesRequest(obsid=obsid, session_id=session_id)
        return self._link.catalog(observations_pb2_grpc.ObservationsStub).CountFileTypes(request)

    def get_observation(self, obsid: int) -> Observation:
        """Return an observation; raises NotFoundError."""
        stub = self._link.catalog(observations_pb2_grpc.ObservationsStub)
        request = observations_pb2.GetObservationRequest(obsid=obsid)
        return read_observation(stub.GetObservation(request))

    def assign_sessions(
        self, min_start_time_jd: float | None = None, max_start_time_jd: float | None = None
    ) -> list[ObservingSession]:
        """Group observations into observing sessions, and return the new ones.

        Not to be called while the telescope observes.
        """
        stub = self._link.catalog(observations_pb2_grpc.ObservationsStub)
        request = observations_pb2.AssignSessionsRequest(
            min_start_time_jd=min_start_time_jd, max_start_time_jd=max_start_time_jd
        )
        answer = stub.AssignSessions(request, timeout=_ASSIGN_TIMEOUT_SECONDS)
        return [read_observing_session(message) for message in answer.new_sessions]
