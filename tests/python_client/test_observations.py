import fcntl
import os
import random
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from deploy.demo.synthetic_night import Stretch, mean_sidereal_radians, write_miriad, write_uvh5
from librarian.errors import InvalidRequestError
from librarian.observations import ObservationFacts, read_observation

STRETCH = Stretch(2458432.34569459)
LST_HR = float(mean_sidereal_radians(STRETCH.times_jd)[0]) * 12 / np.pi


def observation(path: Path) -> ObservationFacts | None:
    fd = os.open(path, os.O_RDONLY)
    try:
        return read_observation(fd)
    finally:
        os.close(fd)


@pytest.fixture
def uvh5(tmp_path: Path) -> Path:
    write_uvh5(tmp_path / "zen.uvh5", STRETCH)
    return tmp_path / "zen.uvh5"


@pytest.fixture
def miriad(tmp_path: Path) -> Path:
    write_miriad(tmp_path / "zen.uv", STRETCH)
    return tmp_path / "zen.uv"


@pytest.fixture(params=["uvh5", "miriad"])
def dataset(request: pytest.FixtureRequest) -> Path:
    path = request.getfixturevalue(request.param)
    assert isinstance(path, Path)
    return path


def assert_facts_of_stretch(facts: ObservationFacts | None) -> None:
    assert facts is not None
    assert facts.obsid == 1225829886
    assert facts.start_time_jd == STRETCH.start_jd
    assert facts.stop_time_jd == pytest.approx(STRETCH.stop_jd, abs=1e-9)
    assert facts.start_lst_hr == pytest.approx(LST_HR, abs=1e-9)


def test_a_dataset_tells_obsid_times_and_sidereal_time(dataset: Path) -> None:
    assert_facts_of_stretch(observation(dataset))


def test_the_contents_decide_and_not_the_name(dataset: Path) -> None:
    assert_facts_of_stretch(observation(dataset.rename(dataset.with_name("notes.txt"))))


def test_neighbouring_files_adjoin(tmp_path: Path) -> None:
    write_miriad(tmp_path / "next.uv", Stretch(STRETCH.stop_jd))
    write_uvh5(tmp_path / "zen.uvh5", STRETCH)
    this, following = observation(tmp_path / "zen.uvh5"), observation(tmp_path / "next.uv")
    assert this is not None
    assert following is not None
    assert this.stop_time_jd == pytest.approx(following.start_time_jd, abs=1e-9)


@pytest.mark.parametrize("data", [b"", b"x", b"\x89HDF", b"plain text\n", b"\0" * 5000])
def test_a_file_of_another_kind_tells_of_none(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "zen.2458432.34569.uvh5").write_bytes(data)
    assert observation(tmp_path / "zen.2458432.34569.uvh5") is None


def test_hdf5_without_a_uvh5_header_tells_of_none(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["Header/something"] = 1
    assert observation(tmp_path / "other.h5") is None


@pytest.mark.parametrize("missing", ["header", "vartable", "visdata"])
def test_a_directory_that_is_not_miriad_visibilities_tells_of_none(
    miriad: Path, missing: str
) -> None:
    (miriad / missing).unlink()
    assert observation(miriad) is None


def test_an_item_that_is_a_link_out_of_the_dataset_is_not_followed(miriad: Path) -> None:
    outside = (miriad / "visdata").rename(miriad.parent / "visdata")
    (miriad / "visdata").symlink_to(outside)
    assert observation(miriad) is None


def test_an_item_that_is_a_fifo_is_not_waited_for(miriad: Path) -> None:
    (miriad / "visdata").unlink()
    os.mkfifo(miriad / "visdata")
    assert observation(miriad) is None


def test_uvh5_rows_may_come_in_any_order(uvh5: Path) -> None:
    with h5py.File(uvh5, "r+") as file:
        for key in ("time_array", "lst_array"):
            file["Header"][key][:] = file["Header"][key][:][::-1]
    assert_facts_of_stretch(observation(uvh5))


def test_uvh5_without_the_optional_rows_tells_what_it_has(uvh5: Path) -> None:
    with h5py.File(uvh5, "r+") as file:
        del file["Header/lst_array"], file["Header/integration_time"]
    assert observation(uvh5) == ObservationFacts(1225829886, STRETCH.start_jd)


def test_uvh5_that_its_writer_still_has_locked_can_be_looked_into(uvh5: Path) -> None:
    with uvh5.open("rb") as writer:
        fcntl.flock(writer, fcntl.LOCK_EX)
        assert_facts_of_stretch(observation(uvh5))


def replace_times(path: Path, values: object) -> None:
    with h5py.File(path, "r+") as file:
        del file["Header/time_array"]
        file["Header/time_array"] = values


@pytest.mark.parametrize(
    "times",
    [
        np.array([]),
        np.array([np.nan, 2458432.5]),
        np.array([2458432.5, np.inf]),
        np.array([0.0, 0.0]),
        np.array([1e300]),
        np.array([2458432.5, 2468432.5]),
        np.array([2458432, 2458433]),
        np.array([b"2458432.5"]),
        np.zeros((2, 2)),
        2458432.5,
    ],
)
def test_uvh5_times_that_cannot_be_true_are_refused(uvh5: Path, times: object) -> None:
    replace_times(uvh5, times)
    with pytest.raises(InvalidRequestError):
        observation(uvh5)


def test_uvh5_that_claims_more_rows_than_any_file_has_is_refused(uvh5: Path) -> None:
    with h5py.File(uvh5, "r+") as file:
        del file["Header/time_array"]
        file["Header"].create_dataset("time_array", shape=(10**12,), chunks=(1000,), dtype="f8")
    with pytest.raises(InvalidRequestError, match="impossible number"):
        observation(uvh5)


@pytest.mark.parametrize("link", [h5py.ExternalLink("other.h5", "/times"), h5py.SoftLink("/Data")])
def test_uvh5_times_that_lie_elsewhere_are_not_looked_for(uvh5: Path, link: object) -> None:
    with h5py.File(uvh5.with_name("other.h5"), "w") as other:
        other["times"] = STRETCH.times_jd
    replace_times(uvh5, link)
    assert observation(uvh5) is None


def test_uvh5_times_out_of_another_file_are_refused(uvh5: Path) -> None:
    secret = uvh5.with_name("secret")
    secret.write_bytes(STRETCH.times_jd.tobytes())
    with h5py.File(uvh5, "r+") as file:
        del file["Header/time_array"]
        file["Header"].create_dataset(
            "time_array", shape=(8,), dtype="f8", external=[(str(secret), 0, 64)]
        )
    with pytest.raises(InvalidRequestError, match="other files"):
        observation(uvh5)


def test_the_last_miriad_time_is_read_when_ntimes_is_wrong(miriad: Path) -> None:
    replace_number(miriad, "ntimes", struct.pack(">i", 5))
    assert_facts_of_stretch(observation(miriad))


def test_ntimes_stands_in_where_the_end_of_a_miriad_stream_is_unclear(miriad: Path) -> None:
    with (miriad / "visdata").open("r+b") as visdata:
        visdata.seek(-8, os.SEEK_END)
        visdata.write(b"\xff" * 8)
    assert_facts_of_stretch(observation(miriad))


def test_what_only_looks_like_a_time_among_miriad_data_is_not_believed(miriad: Path) -> None:
    """Visibilities that, read as entries, set a later time and another size, and then fail."""
    replace_number(miriad, "ntimes", struct.pack(">i", 5))
    names = [line.split()[1] for line in (miriad / "vartable").read_text().splitlines()]
    time, corr = names.index("time"), names.index("corr")
    fake = struct.pack(">4B4xd", time, 0, 1, 0, STRETCH.stop_jd + 0.5)
    fake += struct.pack(">4Bi8s", corr, 0, 0, 0, 8, b"\xff" * 8)
    data = bytearray((miriad / "visdata").read_bytes())
    at = len(data) // 8 * 8 - 64
    data[at : at + len(fake)] = fake
    (miriad / "visdata").write_bytes(data)
    assert_facts_of_stretch(observation(miriad))


def replace_number(miriad: Path, name: str, value: bytes) -> None:
    """Replace the first value of a variable in the stream."""
    names = [line.split()[1] for line in (miriad / "vartable").read_text().splitlines()]
    data = bytearray((miriad / "visdata").read_bytes())
    at = data.index(bytes((names.index(name), 0, 1, 0))) + (4 if len(value) == 4 else 8)
    data[at : at + len(value)] = value
    (miriad / "visdata").write_bytes(data)


@pytest.mark.parametrize("time", [0.0, -1.0, 1e300, float("nan"), float("inf")])
def test_a_miriad_time_that_cannot_be_true_is_refused(miriad: Path, time: float) -> None:
    replace_number(miriad, "time", struct.pack(">d", time))
    with pytest.raises(InvalidRequestError):
        observation(miriad)


@pytest.mark.parametrize("lst", [float("nan"), float("inf")])
def test_a_sidereal_time_that_is_no_number_is_refused(miriad: Path, lst: float) -> None:
    replace_number(miriad, "lst", struct.pack(">d", lst))
    with pytest.raises(InvalidRequestError, match="sidereal"):
        observation(miriad)


def test_a_dataset_that_is_cut_short_is_refused(dataset: Path) -> None:
    path = dataset / "visdata" if dataset.is_dir() else dataset
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(InvalidRequestError, match="cut short or damaged"):
        observation(dataset)


@pytest.mark.parametrize("item", ["vartable", "visdata"])
@pytest.mark.parametrize("data", [b"", b"\xff" * 4096, b"\0" * 4096, b"x\n" * 999, b"i a\n" * 999])
def test_a_miriad_item_of_garbage_is_refused(miriad: Path, item: str, data: bytes) -> None:
    shutil.copy("/dev/null", miriad / "header")
    (miriad / item).write_bytes(data)
    with pytest.raises(InvalidRequestError):
        observation(miriad)


def test_a_miriad_stream_that_claims_huge_values_is_skipped_and_not_read(miriad: Path) -> None:
    """A size of 2 GiB for the first variable, in a file that has the length but no blocks."""
    with (miriad / "visdata").open("wb") as visdata:
        visdata.write(struct.pack(">4Bi4B", 0, 0, 0, 0, 2**31 - 8, 0, 0, 1, 0))
        visdata.truncate(1 << 40)
    (miriad / "header").write_bytes(b"")
    with pytest.raises(InvalidRequestError):
        observation(miriad)


def observation_unless_refused(path: Path) -> ObservationFacts | None:
    try:
        return observation(path)
    except InvalidRequestError:
        return None


@pytest.mark.parametrize("seed", range(200))
def test_a_dataset_with_bytes_flipped_is_read_or_refused(dataset: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - to damage the same bytes again
    paths = sorted(dataset.iterdir()) if dataset.is_dir() else [dataset]
    for path in paths:
        data = bytearray(path.read_bytes())
        for _ in range(chance.choice((1, 5, 50))):
            data[min(int(chance.expovariate(0.0005)), len(data) - 1)] ^= chance.randrange(1, 256)
        path.write_bytes(data)
    facts = observation_unless_refused(dataset)
    assert facts is None or 0 <= facts.obsid < 2**40


def test_without_h5py_uvh5_tells_of_none_and_it_is_logged_once(uvh5: Path) -> None:
    code = (
        "import logging, os, sys; sys.modules['h5py'] = None; logging.basicConfig(level='INFO')\n"
        "from librarian.observations import read_observation\n"
        "print([read_observation(os.open(sys.argv[1], os.O_RDONLY)) for _ in range(3)])\n"
    )
    command = [sys.executable, "-c", code, str(uvh5)]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[None, None, None]"
    assert result.stderr.count("the extra 'uvh5'") == 1
