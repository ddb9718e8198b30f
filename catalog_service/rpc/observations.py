"""The Observations service."""

from typing import Protocol

import grpc
from sqlalchemy.orm import Session

from catalog_service.database import Database
from catalog_service.observations import (
    count_observation_types,
    count_session_types,
    get_observation,
    get_observing_session,
)
from catalog_service.observing_sessions import assign_sessions
from catalog_service.retrying import run_transaction
from catalog_service.rpc import messages
from librarian.errors import InvalidRequestError
from librarian.v1 import observations_pb2 as pb
from librarian.v1 import observations_pb2_grpc


class ObservationsParts(Protocol):
    """What of the catalogue the service needs."""

    @property
    def database(self) -> Database:
        """The catalogue's database."""
        ...


class ObservationsServicer(observations_pb2_grpc.ObservationsServicer):
    """Serves librarian.v1.Observations."""

    def __init__(self, catalog: ObservationsParts) -> None:
        self._database = catalog.database

    def GetObservation(
        self, request: pb.GetObservationRequest, context: grpc.ServicerContext
    ) -> pb.Observation:
        """Return one observation."""
        return run_transaction(
            self._database.readings,
            lambda db: messages.observation_message(get_observation(db, request.obsid)),
        )

    def CountFileTypes(
        self, request: pb.CountFileTypesRequest, context: grpc.ServicerContext
    ) -> pb.CountFileTypesResponse:
        """Count the files of an observation or an observing session by type."""
        if request.HasField("obsid") == request.HasField("session_id"):
            raise InvalidRequestError("Give either an obsid or an observing session.")
        return run_transaction(self._database.readings, lambda db: _file_types(db, request))

    def AssignSessions(
        self, request: pb.AssignSessionsRequest, context: grpc.ServicerContext
    ) -> pb.AssignSessionsResponse:
        """Group observations into observing sessions."""
        earliest = request.min_start_time_jd if request.HasField("min_start_time_jd") else None
        latest = request.max_start_time_jd if request.HasField("max_start_time_jd") else None
        done = run_transaction(
            self._database.transactions, lambda db: assign_sessions(db, earliest, latest)
        )
        return pb.AssignSessionsResponse(
            new_sessions=map(messages.observing_session_message, done.new_sessions),
            joined_count=done.joined_count,
        )


def _file_types(db: Session, request: pb.CountFileTypesRequest) -> pb.CountFileTypesResponse:
    response = pb.CountFileTypesResponse()
    if request.HasField("session_id"):
        found = get_observing_session(db, request.session_id)
        response.session.CopyFrom(messages.observing_session_message(found))
        counts = count_session_types(db, request.session_id)
    else:
        counts = count_observation_types(db, request.obsid)
    for one in counts:
        response.counts.add(**one._asdict())
    return response
