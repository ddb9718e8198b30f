"""Which observation a file belongs to."""

from pathlib import Path
from typing import Any

import pytest

from catalog_service.observation_rules import (
    Evidence,
    ObservationFacts,
    check_facts,
    name_prefix,
    resolve_observation,
)
from deploy.demo.synthetic_night import Stretch, write_miriad, write_uvh5
from librarian.errors import InvalidRequestError
from librarian.times import obsid_to_jd
from librarian.v1 import observations_pb2
from tests.catalog_service.ingest_site import IngestSite

STRETCH = Stretch(2458432.34569459)
STRETCH_OBSID = 1225829886
OBSID = 1_200_000_000
FOUND = ObservationFacts(OBSID, 2458000.0, 2458000.1, 5.0)
"""What a file says of itself."""


def resolve(
    said: ObservationFacts | None = None,
    found: ObservationFacts | None = None,
    *,
    null_obsid: bool = False,
    kin: list[ObservationFacts] | None = None,
) -> ObservationFacts | None:
    evidence = Evidence("zen.2458432.34569.png", said, found, null_obsid)
    return resolve_observation(evidence, {"zen.2458432.34569.": kin or []})


def test_a_file_may_speak_for_itself() -> None:
    assert resolve(found=FOUND) == FOUND


def test_what_the_caller_says_comes_first() -> None:
    said = ObservationFacts(OBSID + 600)
    resolved = resolve(said, FOUND)
    assert resolved == ObservationFacts(OBSID + 600, obsid_to_jd(OBSID + 600))


def test_the_file_fills_in_what_the_caller_left_out() -> None:
    assert resolve(ObservationFacts(OBSID, stop_time_jd=2458000.2), FOUND) == ObservationFacts(
        OBSID, 2458000.0, 2458000.2, 5.0
    )


def test_the_files_of_one_prefix_speak_for_one_that_is_silent() -> None:
    assert resolve(kin=[FOUND, FOUND]) == FOUND


def test_two_observations_of_one_prefix_speak_for_none() -> None:
    with pytest.raises(InvalidRequestError, match="2 of them"):
        resolve(kin=[FOUND, ObservationFacts(OBSID + 1)])


def test_a_silent_file_is_refused_with_what_to_do() -> None:
    with pytest.raises(InvalidRequestError, match="--null-obsid"):
        resolve()


def test_a_file_may_be_declared_to_have_none() -> None:
    assert resolve(null_obsid=True) is None


def test_a_file_that_has_one_cannot_be_declared_to_have_none() -> None:
    with pytest.raises(InvalidRequestError, match=str(OBSID)):
        resolve(found=FOUND, null_obsid=True)


@pytest.mark.parametrize(
    ("name", "prefix"),
    [
        ("zen.2458432.34569.uvh5", "zen.2458432.34569."),
        ("zen.2458043.12552.xx.HH.uvA", "zen.2458043.12552."),
        ("zen.2458432.34569", None),
        ("notes", None),
    ],
)
def test_the_prefix_of_a_name_is_its_first_three_parts(name: str, prefix: str | None) -> None:
    assert name_prefix(name) == prefix


@pytest.mark.parametrize(
    "facts",
    [
        {"obsid": -1},
        {"obsid": 1 << 62},
        {"start_time_jd": float("nan")},
        {"start_time_jd": -1.0},
        {"start_time_jd": 2458001.0, "stop_time_jd": 2458000.0},
        {"start_lst_hr": 24.0},
        {"start_lst_hr": float("inf")},
    ],
)
def test_an_observation_that_cannot_be_is_refused(facts: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError):
        check_facts(ObservationFacts(**{"obsid": OBSID, **facts}))


@pytest.fixture
def uvh5(tmp_path: Path) -> bytes:
    write_uvh5(tmp_path / "made.uvh5", STRETCH)
    return (tmp_path / "made.uvh5").read_bytes()


@pytest.fixture
def miriad(tmp_path: Path) -> dict[str, bytes]:
    write_miriad(tmp_path / "made.uv", STRETCH)
    return {path.name: path.read_bytes() for path in (tmp_path / "made.uv").iterdir()}


def assert_is_of_stretch(observation: observations_pb2.Observation) -> None:
    assert observation.start_time_jd == STRETCH.start_jd
    assert observation.stop_time_jd == pytest.approx(STRETCH.stop_jd, abs=1e-9)
    assert observation.HasField("start_lst_hr")


def test_a_uvh5_file_brings_its_observation_with_it(site: IngestSite, uvh5: bytes) -> None:
    answer = site.upload("zen.2458432.34569.uvh5", uvh5, null_obsid=False)
    assert answer.file.obsid == STRETCH_OBSID
    assert_is_of_stretch(site.get_observation(STRETCH_OBSID))


def test_a_miriad_dataset_brings_its_observation_with_it(
    site: IngestSite, miriad: dict[str, bytes]
) -> None:
    answer = site.upload("zen.2458432.34569.HH.uv", miriad, null_obsid=False)
    assert answer.file.obsid == STRETCH_OBSID
    assert_is_of_stretch(site.get_observation(STRETCH_OBSID))


def test_a_file_registered_in_place_brings_its_observation_with_it(
    site: IngestSite, root: Path, uvh5: bytes
) -> None:
    (root / "zen.uvh5").write_bytes(uvh5)
    done = site.register(["zen.uvh5"], null_obsid=False)
    assert (done.registered_count, site.get_file("zen.uvh5").obsid) == (1, STRETCH_OBSID)
    assert_is_of_stretch(site.get_observation(STRETCH_OBSID))


def test_a_silent_file_takes_the_observation_of_its_prefix(site: IngestSite, uvh5: bytes) -> None:
    site.upload("zen.2458432.34569.uvh5", uvh5, null_obsid=False)
    answer = site.upload("zen.2458432.34569.png", b"a plot", null_obsid=False)
    assert answer.file.obsid == STRETCH_OBSID
    assert site.get_observation(STRETCH_OBSID).file_count == 2


def test_files_that_come_together_speak_for_one_another(
    site: IngestSite, root: Path, uvh5: bytes
) -> None:
    (root / "zen.2458432.34569.uvh5").write_bytes(uvh5)
    (root / "zen.2458432.34569.png").write_bytes(b"a plot")
    done = site.register(["zen.2458432.34569.png", "zen.2458432.34569.uvh5"], null_obsid=False)
    assert done.registered_count == 2
    assert site.get_file("zen.2458432.34569.png").obsid == STRETCH_OBSID


def test_a_file_with_an_observation_is_not_taken_as_one_without(
    site: IngestSite, uvh5: bytes
) -> None:
    answer = site.upload("zen.uvh5", uvh5, null_obsid=True)
    assert answer.failure.reason == InvalidRequestError.reason
    assert site.staged() == []


def test_a_silent_file_is_not_taken_by_accident(site: IngestSite) -> None:
    answer = site.upload("zen.png", b"a plot", null_obsid=False)
    assert answer.failure.reason == InvalidRequestError.reason
    assert "--null-obsid" in answer.failure.message
    assert site.staged() == []


def test_what_is_learned_of_an_observation_later_is_added(site: IngestSite, uvh5: bytes) -> None:
    bare = observations_pb2.Observation(obsid=STRETCH_OBSID)
    site.upload("zen.log", b"first", observation=bare)
    assert not site.get_observation(STRETCH_OBSID).HasField("start_lst_hr")
    site.upload("zen.uvh5", uvh5, null_obsid=False)
    assert site.get_observation(STRETCH_OBSID).HasField("start_lst_hr")
