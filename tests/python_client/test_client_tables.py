"""What searches find as tables: pandas data frames and astropy tables, and what they need."""

import math
import subprocess
import sys
from collections.abc import Iterator

import pytest

from librarian import Librarian
from tests.catalog_service.search.searched_site import (
    FIRST_OBSID,
    NIGHT_METADATA,
    START_JD,
    create_time,
    put_metadata,
    put_night,
    searched_site,
)

EVERYTHING = {"always-true": True}


@pytest.fixture
def night(sqlite_url: str) -> Iterator[Librarian]:
    with searched_site(sqlite_url) as site, Librarian(site.address, "ada") as client:
        put_night(site.parts.database)
        put_metadata(site.parts.database, "zen.1.uvh5")
        yield client


def test_a_frame_has_typed_columns(night: Librarian) -> None:
    frame = night.search_files(EVERYTHING).to_pandas()
    assert list(frame["name"]) == ["operations.log", "zen.1.uvh5", "zen.2.uvh5"]
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == {
        "name": "string",
        "type": "string",
        "size_bytes": "int64",
        "checksum": "string",
        "obsid": "Int64",
        "create_time": "datetime64[us, UTC]",
        "source": "string",
        "instance_count": "int64",
    }
    assert [bool(gap) for gap in frame["obsid"].isna()] == [True, False, False]
    assert int(frame["obsid"][2]) == FIRST_OBSID + 600
    assert frame["create_time"][2].to_pydatetime() == create_time(1)
    observations = night.search_observations(EVERYTHING).to_pandas()
    assert math.isnan(observations["stop_time_jd"][1])
    assert str(observations["session_id"].dtype) == "Int64"


def test_metadata_come_where_they_are_asked_for_and_become_columns(night: Librarian) -> None:
    first, second = night.search_files("name:zen.*", with_metadata=True)
    assert first.metadata == NIGHT_METADATA
    assert isinstance(first.metadata["antenna"], int)
    assert second.metadata == {}
    assert next(night.search_files("name:zen.1*")).metadata == {}
    frame = night.search_files("name:zen.*", with_metadata=True).to_pandas()
    assert {n: str(kind) for n, kind in frame.dtypes.items() if n.startswith("meta")} == {
        "meta.antenna": "float64",
        "meta.good": "boolean",
        "meta.night": "datetime64[us, UTC]",
        "meta.observer": "string",
        "meta.quality": "float64",
    }
    assert frame["meta.night"][0].to_pydatetime() == NIGHT_METADATA["night"]
    table = night.search_files("name:zen.*", with_metadata=True).to_table()
    assert table["meta.night"][0].isot == "2018-10-05T04:03:02.000001"
    assert [bool(gap) for gap in table["meta.good"].mask] == [False, True]
    assert table["meta.observer"][0] == "é"


def test_a_table_has_units_and_times(night: Librarian) -> None:
    table = night.search_files(EVERYTHING).to_table()
    assert str(table["size_bytes"].unit) == "byte"
    assert list(table["obsid"].mask) == [True, False, False]
    assert table["create_time"].scale == "utc"
    assert table["create_time"][2].isot == "2026-03-01T12:00:01.000001"
    observations = night.search_observations(EVERYTHING).to_table()
    assert observations["start_time_jd"].jd[0] == START_JD
    assert list(observations["stop_time_jd"].mask) == [False, True]
    assert str(observations["start_lst_hr"].unit) == "hourangle"
    assert observations["start_lst_hr"][0] == 3.25
    assert len(night.search_sessions(EVERYTHING).to_table()) == 1
    instances = night.search_instances(EVERYTHING)
    assert list(instances.to_table()["verify_time"].mask) == [True, True]
    assert str(instances.to_pandas()["verify_time"].dtype) == "datetime64[us, UTC]"


def test_tables_of_nothing_have_their_columns(night: Librarian) -> None:
    nothing = {"always-false": True}
    assert str(night.search_files(nothing).to_pandas()["obsid"].dtype) == "Int64"
    for table in (night.search_files(nothing), night.search_observations(nothing)):
        assert len(table.to_table()) == 0


TABLES_WITHOUT = """
import sys
for name in ("astropy", "astropy.table", "pandas"):
    sys.modules[name] = None
from librarian.client.records import File
from librarian.client.tables import make_frame, make_table
for make in (make_frame, make_table):
    try:
        make(File, [])
    except Exception as error:
        print(type(error).__name__, error)
"""


def test_a_missing_extra_is_told_of_in_a_sentence() -> None:
    command = [sys.executable, "-c", TABLES_WITHOUT]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert output.splitlines() == [
        f"LibrarianError Tables need {name}, which is not here: run `pip install"
        " 'librarian[tables]'`."
        for name in ("pandas", "astropy")
    ]


OFFLINE_TABLE = """
import socket
def refuse(*_): raise AssertionError("the network")
socket.getaddrinfo = socket.socket.connect = socket.create_connection = refuse
import warnings
warnings.simplefilter("error")
from datetime import UTC, datetime
from librarian.client.records import File, Observation
from librarian.client.tables import make_table
time = datetime(2031, 7, 1, 12, tzinfo=UTC)
print(make_table(File, [File("a", "", 1, "c", None, time, "s", 1)])["create_time"].format)
observations = [Observation(1, 2462000.5, None, None, None, 1, 1)]
print(make_table(Observation, observations)["start_time_jd"].jd[0])
"""


def test_a_table_needs_no_network_and_warns_of_nothing() -> None:
    command = [sys.executable, "-c", OFFLINE_TABLE]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["isot", "2462000.5"]
