"""Observations as messages have them."""

from catalog_service.observation_rules import ObservationFacts
from librarian.v1 import observations_pb2


def facts_of(message: observations_pb2.Observation) -> ObservationFacts:
    """Return what a message says of an observation."""
    return ObservationFacts(
        message.obsid,
        message.start_time_jd if message.HasField("start_time_jd") else None,
        message.stop_time_jd if message.HasField("stop_time_jd") else None,
        message.start_lst_hr if message.HasField("start_lst_hr") else None,
    )
