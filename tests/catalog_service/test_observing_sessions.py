"""Observations are grouped into observing sessions by the gaps between their starts."""

from typing import NamedTuple

import pytest
from sqlalchemy import insert

from catalog_service.observing_sessions import cut_into_groups
from catalog_service.tables import Observation, ObservingSession
from librarian.errors import StateError
from librarian.v1 import observations_pb2 as pb
from tests.catalog_service.ingest_site import IngestSite

NIGHT = 2458432.0
LENGTH = 0.004


class Start(NamedTuple):
    """An observation, as far as cutting goes."""

    start_time_jd: float


def add(site: IngestSite, *starts: float, length: float | None = LENGTH) -> None:
    """Put observations on record; the obsid tells the start in millionths of a day."""
    rows = [
        {
            "obsid": round(start * 1_000_000),
            "start_time_jd": NIGHT + start,
            "stop_time_jd": None if length is None else NIGHT + start + length,
            "file_count": 2,
            "total_bytes": 10,
        }
        for start in starts
    ]
    with site.parts.database.transactions.begin() as db:
        db.execute(insert(Observation), rows)


def assign(site: IngestSite, **limits: float) -> pb.AssignSessionsResponse:
    answer: pb.AssignSessionsResponse = site.observations.AssignSessions(
        pb.AssignSessionsRequest(**limits)
    )
    return answer


@pytest.mark.parametrize(
    ("starts", "sizes"),
    [
        ([], []),
        ([0.0], [1]),
        ([0.0, 0.005, 0.010], [3]),
        # 20 times the first gap of 0.005 days.
        ([0.0, 0.005, 0.104], [3]),
        ([0.0, 0.005, 0.1051], [2, 1]),
        # Half a day at most, whatever the first gap was.
        ([0.0, 0.1, 0.59], [3]),
        ([0.0, 0.1, 0.61], [2, 1]),
        ([0.0, 0.6, 0.605], [1, 2]),
        # A minute at least: gaps of a tenth of a second would otherwise cut after two.
        ([0.0, 0.000001, 0.0005], [3]),
        ([0.0, 0.000001, 0.0008], [2, 1]),
    ],
)
def test_observations_are_cut_where_the_gap_is_large(starts: list[float], sizes: list[int]) -> None:
    groups = cut_into_groups([Start(start) for start in starts])
    assert [len(group) for group in groups] == sizes


def test_two_nights_are_two_observing_sessions(site: IngestSite) -> None:
    add(site, 0.1, 0.105, 0.11, 1.1, 1.105)
    done = assign(site)
    assert [found.id for found in done.new_sessions] == [100_000, 1_100_000]
    first = done.new_sessions[0]
    assert (first.observation_count, first.file_count, first.total_bytes) == (3, 6, 30)
    assert first.start_time_jd == NIGHT + 0.1
    assert first.stop_time_jd == pytest.approx(NIGHT + 0.114)
    assert site.get_observation(110_000).session_id == 100_000


def test_assigning_again_changes_nothing(site: IngestSite) -> None:
    add(site, 0.1, 0.105)
    assign(site)
    again = assign(site)
    assert (len(again.new_sessions), again.joined_count) == (0, 0)


def test_an_observation_within_a_known_observing_session_joins_it(site: IngestSite) -> None:
    add(site, 0.1, 0.105, 0.115)
    assign(site)
    add(site, 0.11)
    done = assign(site)
    assert (len(done.new_sessions), done.joined_count) == (0, 1)
    assert site.get_observation(110_000).session_id == 100_000


def test_an_observation_that_juts_out_does_not_join(site: IngestSite) -> None:
    add(site, 0.1, 0.105)
    assign(site)
    add(site, 0.107)
    done = assign(site)
    assert [found.id for found in done.new_sessions] == [107_000]


def test_the_last_observation_must_have_ended(site: IngestSite) -> None:
    add(site, 0.1)
    add(site, 0.105, length=None)
    with pytest.raises(StateError, match="105000"):
        assign(site)


def test_limits_leave_the_others_alone(site: IngestSite) -> None:
    add(site, 0.1, 1.1, 2.1)
    done = assign(site, min_start_time_jd=NIGHT + 1, max_start_time_jd=NIGHT + 2)
    assert [found.id for found in done.new_sessions] == [1_100_000]
    assert not site.get_observation(100_000).HasField("session_id")


def test_files_that_come_later_are_counted(site: IngestSite) -> None:
    add(site, 0.1, 0.105)
    assign(site)
    site.upload("zen.log", b"12345", observation=pb.Observation(obsid=105_000))
    add(site, 0.101)
    assign(site)
    with site.parts.database.readings.begin() as db:
        found = db.get_one(ObservingSession, 100_000)
        assert (found.observation_count, found.file_count, found.total_bytes) == (3, 7, 35)


def test_a_year_of_observations_is_grouped_in_one_call(site: IngestSite) -> None:
    add(site, *(night + 0.005 * number for night in range(500) for number in range(20)))
    assert [found.observation_count for found in assign(site).new_sessions] == [20] * 500
