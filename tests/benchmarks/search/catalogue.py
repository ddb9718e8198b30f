"""A believable catalogue: what years of nights leave behind, the same rows at every run.

A night is made from its number alone, so a small catalogue is the beginning of a large one, and a
search of one night finds the same in both.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from librarian.times import jd_to_obsid

SEED = 2458000
FIRST_NIGHT = 2458000
FILES_PER_NIGHT = 10_000_000 / 3000
OBSERVATIONS_PER_NIGHT = 100
# A night's observations beside the mean: over ten nights they are the mean again.
_UNEVEN = (-20, 15, -10, 5, 0, 12, -8, 3, 18, -15)
_DUSK = 0.2
_CADENCE_DAYS = 0.00415
# By how much the stars are earlier each night: what is observed follows them.
_EARLIER_DAYS = 0.00273
_LONGITUDE_HOURS = 21.428 / 15

POLARISATIONS = ("xx", "xy", "yx", "yy")
_KINDS = (
    ("HH.uv", 9.0),
    ("HH.uvh5", 9.2),
    ("HH.autos.uvh5", 6.5),
    ("HH.diff.uvh5", 9.1),
    ("HH.uv.first.calfits", 5.5),
    ("HH.uv.omni.calfits", 6.0),
    ("HH.uv.vis.uvfits", 7.5),
    ("HH.uv.ant_metrics.json", 4.0),
    ("HH.uvh5.abs.calfits", 6.1),
    ("HH.uvh5.flags.npz", 5.0),
)
# Names after the time, and the power of ten that the size is about.
_ENDINGS = [(f"{pol}.{kind}", power) for kind, power in _KINDS for pol in POLARISATIONS]
_ENDINGS += [(f"HH.{what}", 4.5) for what in ("firstcal_metrics.json", "rfi.npz", "delay.png")]
_USUAL_FILES, _MANY_FILES, _FEW_FILES = 33, 43, 23
_LOG = ("log.txt", 3.0)

# The main stores fill together, one is new, one is hardly used: shares of the first copies.
STORES = ("pot1", "pot2", "pot3", "pot6", "pot7", "scratch")
_SHARES = (0.5, 0.25, 0.159, 0.09, 0.0, 0.001)
_NEW_SHARES = (0.25, 0.125, 0.079, 0.045, 0.5, 0.001)
# The part of the nights, at the end, in which the new store was there.
_NEW_STORE_SINCE = 0.9
COPY_CREATED = "create_instance"
OTHER_EVENTS = {
    "verify_contents": 0.4,
    "launch_copy": 0.28,
    "standing_order_succeeded:offsite": 0.1,
}
METADATA_KEYS = {
    "antenna": "NUMBER",
    "quality": "NUMBER",
    "polarisation": "TEXT",
    "flagged": "BOOLEAN",
    "calibrated": "TIME",
}
ANTENNAS = 350
SOURCES = ("rtp", "rtp", "rtp", "rtp", "observer", "pipeline")

Columns = dict[str, list[Any]]


@dataclass(frozen=True)
class Night:
    """The rows of one night: columns by their names, by table."""

    tables: dict[str, Columns]


def night_count(size: int) -> int:
    """Return how many nights have about so many files."""
    return max(1, round(size / FILES_PER_NIGHT))


def make_nights(size: int, store_ids: list[int]) -> Iterator[Night]:
    """Yield a catalogue of about so many files, night by night."""
    nights = night_count(size)
    maker = _Maker(store_ids)
    for number in range(nights):
        yield maker.make(number, is_late=number >= nights * _NEW_STORE_SINCE)


class _Maker:
    """Makes nights one after the other, and counts their rows."""

    def __init__(self, store_ids: list[int]) -> None:
        self._stores = np.array(store_ids)
        self._last = {"file": 0, "instance": 0, "file_event": 0}
        self._observations = 0

    def make(self, number: int, *, is_late: bool) -> Night:
        """Make the next night."""
        random = np.random.default_rng([SEED, number])
        observations = _observations(number, random)
        files = self._files(number, observations, random)
        instances = self._instances(files, random, _NEW_SHARES if is_late else _SHARES)
        events = self._events(files, random)
        _count(observations, files)
        return Night(
            {
                "observing_session": _observing_session(observations),
                "observation": observations,
                "file": files,
                "instance": instances,
                "file_event": events,
            }
        )

    def _numbers(self, table: str, count: int) -> list[int]:
        first = self._last[table] + 1
        self._last[table] += count
        return list(range(first, first + count))

    def _files(self, number: int, observations: Columns, random: Any) -> Columns:
        names, obsids, powers, pols = [], [], [], []
        for jd, obsid in zip(observations["start_time_jd"], observations["obsid"], strict=True):
            start = f"zen.{jd:.5f}."
            for ending, power in self._endings():
                names.append(start + ending)
                obsids.append(None if ending == _LOG[0] else obsid)
                powers.append(power)
                pols.append(ending[:2] if ending[:2] in POLARISATIONS else "all")
        count = len(names)
        sizes = np.power(10.0, np.array(powers) + random.normal(0.0, 0.15, count)).astype(np.int64)
        arrived = _times(FIRST_NIGHT + number + 0.8 + np.sort(random.random(count)) * 0.3)
        return {
            "id": self._numbers("file", count),
            "name": names,
            "type": [name.rpartition(".")[2] for name in names],
            "size_bytes": sizes.tolist(),
            "checksum": _checksums(random.bytes(32 * count).hex()),
            "obsid": obsids,
            "create_time": arrived,
            "source": random.choice(SOURCES, count).tolist(),
            "instance_count": [0] * count,
            "metadata": _metadata(pols, arrived, random),
        }

    def _endings(self) -> list[tuple[str, float]]:
        """Return what the files of the next observation are called: few have more, or fewer."""
        which = self._observations % 50
        self._observations += 1
        count = {7: _FEW_FILES, 8: _MANY_FILES}.get(which, _USUAL_FILES)
        return _ENDINGS[:count] + ([_LOG] if self._observations % 3 == 0 else [])

    def _instances(self, files: Columns, random: Any, shares: tuple[float, ...]) -> Columns:
        count = len(files["id"])
        copies = random.choice(3, count, p=(0.02, 0.76, 0.22))
        # Of what has one copy, one in a hundred is gone from its disk.
        is_gone = (copies == 1) & (random.random(count) < 0.01)
        files["instance_count"] = (copies - is_gone).tolist()
        first = random.choice(len(STORES), count, p=shares)
        second = (first + 1) % 4
        rows = np.repeat(np.arange(count), copies)
        is_second = np.concatenate(([False], rows[1:] == rows[:-1]))
        stores = self._stores[np.where(is_second, second[rows], first[rows])]
        day = files["name"][0].split(".")[1]
        return {
            "id": self._numbers("instance", len(rows)),
            "file_id": (rows + files["id"][0]).tolist(),
            "store_id": stores.tolist(),
            "file_name": [files["name"][row] for row in rows.tolist()],
            "parent_dirs": [f"hera/{day}"] * len(rows),
            "available": (~is_gone[rows]).tolist(),
            "deletion_allowed": (random.random(len(rows)) < 0.3).tolist(),
            "create_time": [files["create_time"][row] for row in rows.tolist()],
            "verify_time": [files["create_time"][row] for row in rows.tolist()],
        }

    def _events(self, files: Columns, random: Any) -> Columns:
        count = len(files["id"])
        rows, types = [np.arange(count)], [COPY_CREATED] * count
        # A second copy is an event of its own.
        for event, share in {COPY_CREATED: 0.22, **OTHER_EVENTS}.items():
            chosen = np.nonzero(random.random(count) < share)[0]
            rows.append(chosen)
            types += [event] * len(chosen)
        of_files = np.concatenate(rows).tolist()
        return {
            "id": self._numbers("file_event", len(of_files)),
            "file_id": [files["id"][0] + row for row in of_files],
            "time": [files["create_time"][row] for row in of_files],
            "type": types,
            "payload": ['{"store_name": "pot1", "parent_dirs": "hera"}'] * len(of_files),
        }


def _observations(number: int, random: Any) -> Columns:
    count = OBSERVATIONS_PER_NIGHT + _UNEVEN[number % len(_UNEVEN)]
    first = FIRST_NIGHT + number + _DUSK - (number * _EARLIER_DAYS) % _CADENCE_DAYS
    starts = first + _CADENCE_DAYS * np.arange(count)
    starts = np.round(starts, 5)
    lengths = _CADENCE_DAYS * np.where(random.random(count) < 0.01, 0.3, 0.97)
    lengths *= 1 + 0.02 * random.random(count)
    stops = (starts + lengths).tolist()
    for unknown in np.nonzero(random.random(count) < 0.005)[0].tolist():
        stops[unknown] = None
    greenwich = 18.697374558 + 24.06570982441908 * (starts - 2451545.0)
    obsids = [jd_to_obsid(start) for start in starts.tolist()]
    return {
        "obsid": obsids,
        "start_time_jd": starts.tolist(),
        "stop_time_jd": stops,
        "start_lst_hr": ((greenwich + _LONGITUDE_HOURS) % 24.0).tolist(),
        "session_id": [obsids[0]] * count,
        "file_count": [0] * count,
        "total_bytes": [0] * count,
    }


def _observing_session(observations: Columns) -> Columns:
    return {
        "id": observations["obsid"][:1],
        "start_time_jd": observations["start_time_jd"][:1],
        "stop_time_jd": [observations["start_time_jd"][-1] + _CADENCE_DAYS],
        "observation_count": [len(observations["obsid"])],
        "file_count": [sum(observations["file_count"])],
        "total_bytes": [sum(observations["total_bytes"])],
    }


def _count(observations: Columns, files: Columns) -> None:
    """Put in the observations how many files they have, and how large those are."""
    places = {obsid: place for place, obsid in enumerate(observations["obsid"])}
    for obsid, size_bytes in zip(files["obsid"], files["size_bytes"], strict=True):
        if obsid is not None:
            observations["file_count"][places[obsid]] += 1
            observations["total_bytes"][places[obsid]] += size_bytes


def _metadata(pols: list[str], arrived: list[str], random: Any) -> list[str]:
    count = len(pols)
    antennas = random.integers(0, ANTENNAS, count).tolist()
    qualities = np.round(random.random(count), 6).tolist()
    rare = random.random(count).tolist()
    texts = [
        f'"antenna": {antenna}, "quality": {quality}, "polarisation": "{pol}"'
        for antenna, quality, pol in zip(antennas, qualities, pols, strict=True)
    ]
    for row, chance in enumerate(rare):
        if chance < 0.01:
            flagged = "true" if chance < 0.005 else "false"
            texts[row] += f', "flagged": {flagged}'
        elif chance < 0.02:
            texts[row] += f', "calibrated": "{arrived[row].replace(" ", "T")}Z"'
    return [f"{{{text}}}" for text in texts]


def _checksums(digits: str) -> list[str]:
    return [f"blake3:{digits[first : first + 64]}" for first in range(0, len(digits), 64)]


def _times(jds: Any) -> list[str]:
    microseconds = ((jds - 2440587.5) * 86_400_000_000).astype("int64").astype("datetime64[us]")
    return [str(time).replace("T", " ") for time in np.datetime_as_string(microseconds, "us")]
