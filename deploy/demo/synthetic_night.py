"""Makes a small observing night in the formats of HERA: true times, invented visibilities."""

import argparse
import gzip
import math
import random
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from deploy.demo.synthetic_miriad import write_miriad
from deploy.demo.synthetic_stretch import (
    ALTITUDE_M,
    ANTENNAS,
    CHANNELS,
    LATITUDE_DEG,
    LONGITUDE_DEG,
    PAIRS,
    POLARIZATIONS,
    Stretch,
    mean_sidereal_radians,
)

__all__ = ["Stretch", "make_night", "mean_sidereal_radians", "write_miriad", "write_uvh5"]


def make_night(
    directory: Path, *, files: int = 24, start_jd: float = 2458432.34569, seed: int = 1
) -> list[Path]:
    """Make a night in a directory: UVH5 files, one MIRIAD dataset, one maintenance file.

    The same seed gives the same bytes. Returns the paths in the order of their times.
    """
    directory.mkdir(parents=True, exist_ok=True)
    stretch = Stretch(start_jd, seed=seed)
    paths = []
    for number in range(files):
        paths.append(directory / stretch.name("uvh5"))
        write_uvh5(paths[-1], stretch)
        stretch = Stretch(stretch.stop_jd, seed=seed + number + 1)
    paths.append(directory / stretch.name("uv"))
    write_miriad(paths[-1], stretch)
    paths.append(directory / f"maintenance-{math.floor(start_jd)}.sql.gz")
    _write_dump(paths[-1], seed)
    return paths


def write_uvh5(path: Path, stretch: Stretch) -> None:
    """Write a stretch as a UVH5 file."""
    times = np.repeat(stretch.times_jd, len(PAIRS))
    ant_1, ant_2 = np.tile(np.array(PAIRS), (stretch.integrations, 1)).T
    header = {
        **_telescope_header(),
        "Nblts": len(times),
        "Ntimes": stretch.integrations,
        "time_array": times,
        "lst_array": mean_sidereal_radians(times),
        "integration_time": np.full(len(times), stretch.integration_seconds),
        "ant_1_array": ant_1,
        "ant_2_array": ant_2,
        "uvw_array": np.stack([14.6 * (ant_2 - ant_1), 0.0 * times, 0.0 * times], axis=1),
    }
    shape = (len(times), 1, CHANNELS, len(POLARIZATIONS))
    with h5py.File(path, "w") as file:
        for key, value in header.items():
            file[f"Header/{key}"] = np.bytes_(value) if isinstance(value, str) else value
        file["Data/visdata"] = _visibilities(stretch.seed, shape)
        file.create_dataset("Data/flags", data=np.zeros(shape, bool), compression="gzip")
        file.create_dataset("Data/nsamples", data=np.ones(shape, "f4"), compression="gzip")


def _telescope_header() -> dict[str, object]:
    return {
        "Nants_data": len(ANTENNAS),
        "Nants_telescope": len(ANTENNAS),
        "Nbls": len(PAIRS),
        "Nfreqs": CHANNELS,
        "Npols": len(POLARIZATIONS),
        "Nspws": 1,
        "altitude": ALTITUDE_M,
        "antenna_names": np.array([f"HH{number}" for number in ANTENNAS], "S"),
        "antenna_numbers": np.array(ANTENNAS),
        "antenna_positions": np.array([[0.0, 14.6 * number, 0.0] for number in ANTENNAS]),
        "channel_width": 122070.3125,
        "freq_array": 1e8 + 122070.3125 * np.arange(CHANNELS)[np.newaxis],
        "history": "Made by synthetic_night: times are true, visibilities are invented.",
        "instrument": "HERA",
        "latitude": LATITUDE_DEG,
        "longitude": LONGITUDE_DEG,
        "object_name": "zenith",
        "phase_type": "drift",
        "polarization_array": np.array(POLARIZATIONS),
        "spw_array": np.array([1]),
        "telescope_name": "HERA",
        "vis_units": "uncalib",
    }


def _visibilities(seed: int, shape: tuple[int, ...]) -> NDArray[np.complex64]:
    generator = np.random.default_rng(seed)
    parts = generator.standard_normal((2, *shape), dtype=np.float32)
    return np.asarray(parts[0] + 1j * parts[1], np.complex64)


def _write_dump(path: Path, seed: int) -> None:
    """Write what stands for a database dump: a file that belongs to no observation."""
    generator = random.Random(seed)  # noqa: S311 - the same night again, not a secret
    rows = (f"{generator.uniform(-5, 35):.2f}\t{generator.uniform(0, 90):.1f}" for _ in range(500))
    path.write_bytes(
        gzip.compress("\n".join(["COPY weather FROM stdin;", *rows]).encode(), mtime=0)
    )


def main() -> None:
    """Make a night in the directory that the command line names."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--files", type=int, default=24, help="how many UVH5 files (24)")
    arguments = parser.parse_args()
    for path in make_night(arguments.directory, files=arguments.files):
        print(path)


if __name__ == "__main__":
    main()
