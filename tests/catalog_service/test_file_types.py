"""The files of an observation, or of an observing session, by type."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import insert

from catalog_service.tables import File, Observation, ObservingSession
from librarian.errors import InvalidRequestError, NotFoundError
from librarian.v1 import observations_pb2 as pb
from tests.catalog_service.ingest_site import IngestSite

SESSION = 1000
FILES = [("a.uvh5", 1000, 5), ("b.uvh5", 1001, 7), ("c.png", 1000, 0), ("log", 1001, 2)]


@pytest.fixture(autouse=True)
def night(site: IngestSite) -> None:
    """Put an observing session of two observations on record, and one beside it."""
    times = {"start_time_jd": 2458432.0, "stop_time_jd": 2458432.1}
    of_session = [1000, 1001]
    files: list[dict[str, Any]] = [
        {
            "name": name,
            "type": name.rpartition(".")[2] if "." in name else "",
            "size_bytes": size_bytes,
            "checksum": "blake3:00",
            "obsid": obsid,
            "create_time": datetime(2026, 3, 1, tzinfo=UTC),
            "source": "telescope",
        }
        for name, obsid, size_bytes in [*FILES, ("x.uvh5", 2000, 9)]
    ]
    with site.parts.database.transactions.begin() as db:
        db.execute(insert(ObservingSession), [{"id": SESSION, "observation_count": 2, **times}])
        rows = [
            {"obsid": obsid, "session_id": SESSION if obsid in of_session else None, **times}
            for obsid in [*of_session, 2000, 3000]
        ]
        db.execute(insert(Observation), rows)
        db.execute(insert(File), files)


def counted(site: IngestSite, **which: int) -> pb.CountFileTypesResponse:
    answer: pb.CountFileTypesResponse = site.observations.CountFileTypes(
        pb.CountFileTypesRequest(**which)
    )
    return answer


def rows(answer: pb.CountFileTypesResponse) -> list[tuple[str, int, int]]:
    return [(one.type, one.file_count, one.total_bytes) for one in answer.counts]


def test_files_of_an_observing_session_are_counted_by_type(site: IngestSite) -> None:
    answer = counted(site, session_id=SESSION)
    assert rows(answer) == [("", 1, 2), ("png", 1, 0), ("uvh5", 2, 12)]
    assert (answer.session.id, answer.session.observation_count) == (SESSION, 2)


def test_files_of_an_observation_are_counted_by_type(site: IngestSite) -> None:
    answer = counted(site, obsid=1000)
    assert rows(answer) == [("png", 1, 0), ("uvh5", 1, 5)]
    assert not answer.HasField("session")


def test_an_observation_without_files_has_no_types(site: IngestSite) -> None:
    assert rows(counted(site, obsid=3000)) == []


@pytest.mark.parametrize("which", [{"obsid": 7}, {"session_id": 2000}, {"session_id": -1}])
def test_what_is_not_there_is_told(site: IngestSite, which: dict[str, int]) -> None:
    with pytest.raises(NotFoundError):
        counted(site, **which)


@pytest.mark.parametrize("which", [{}, {"obsid": 1000, "session_id": SESSION}])
def test_it_is_either_the_one_or_the_other(site: IngestSite, which: dict[str, int]) -> None:
    with pytest.raises(InvalidRequestError, match="either"):
        counted(site, **which)
