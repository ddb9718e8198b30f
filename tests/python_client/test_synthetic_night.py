import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from deploy.demo.synthetic_night import make_night, mean_sidereal_radians
from librarian.manifests import describe_contents
from librarian.observations import ObservationFacts, read_observation
from librarian.times import jd_to_obsid

START_JD = 2458432.34569


def read(path: Path) -> ObservationFacts | None:
    fd = os.open(path, os.O_RDONLY)
    try:
        return read_observation(fd)
    finally:
        os.close(fd)


def checksum(path: Path) -> str:
    fd = os.open(path, os.O_RDONLY)
    try:
        return describe_contents(fd).checksums["blake3"]
    finally:
        os.close(fd)


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return make_night(tmp_path_factory.mktemp("night"), files=5, start_jd=START_JD)


def test_a_night_has_its_uvh5_files_a_miriad_directory_and_a_maintenance_file(
    night: list[Path],
) -> None:
    assert [path.name for path in night] == [
        "zen.2458432.34569.HH.uvh5",
        "zen.2458432.34649.HH.uvh5",
        "zen.2458432.34728.HH.uvh5",
        "zen.2458432.34808.HH.uvh5",
        "zen.2458432.34887.HH.uvh5",
        "zen.2458432.34967.HH.uv",
        "maintenance-2458432.sql.gz",
    ]
    assert night[5].is_dir()


def test_every_observation_of_a_night_begins_where_the_one_before_ended(night: list[Path]) -> None:
    facts = [fact for fact in map(read, night) if fact]
    assert len(facts) == 6
    assert facts[0].obsid == jd_to_obsid(START_JD)
    for one, following in pairwise(facts):
        assert one.stop_time_jd == pytest.approx(following.start_time_jd, abs=1e-9)
        assert one.obsid < following.obsid


def test_the_maintenance_file_tells_of_no_observation(night: list[Path]) -> None:
    assert read(night[-1]) is None


def test_the_files_are_small(night: list[Path]) -> None:
    assert max(path.stat().st_size for path in night) < 100_000


def test_the_same_seed_gives_the_same_night_and_another_seed_another(
    night: list[Path], tmp_path: Path
) -> None:
    again = make_night(tmp_path / "again", files=5, start_jd=START_JD)
    other = make_night(tmp_path / "other", files=5, start_jd=START_JD, seed=2)
    assert list(map(checksum, again)) == list(map(checksum, night))
    assert not {*map(checksum, other)} & {*map(checksum, night)}


def test_no_two_files_of_a_night_hold_the_same(night: list[Path]) -> None:
    assert len({*map(checksum, night)}) == len(night)


def test_the_mean_sidereal_time_is_right_to_a_second_or_two() -> None:
    """Two values out of HERA's own files, which hold the apparent sidereal time."""
    jds, radians = [2458432.3456945866, 2458043.125519117], [0.2588136949, 4.7461489597]
    for jd, expected in zip(jds, radians, strict=True):
        assert mean_sidereal_radians(np.array(jd)) == pytest.approx(expected, abs=1.5e-4)
