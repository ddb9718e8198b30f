"""Writes a stretch of a synthetic night as a MIRIAD dataset."""

import math
import struct
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from deploy.demo.synthetic_stretch import (
    CHANNELS,
    LATITUDE_DEG,
    LONGITUDE_DEG,
    PAIRS,
    POLARIZATIONS,
    Stretch,
    mean_sidereal_radians,
)

_PACKING = {"i": "i", "d": "d", "r": "f"}
_ALIGNMENT = {"i": 4, "d": 8, "r": 4, "a": 1}
_VARIABLES = {
    "nchan": "i",
    "inttime": "d",
    "ntimes": "i",
    "telescop": "a",
    "source": "a",
    "longitu": "d",
    "latitud": "d",
    "pol": "i",
    "lst": "d",
    "time": "d",
    "baseline": "r",
    "corr": "r",
}


@dataclass
class _Visdata:
    """Writes the stream of variables: a size when it changes, a value when it changes."""

    data: bytearray = field(default_factory=bytearray)
    _last: dict[str, bytes] = field(default_factory=dict)

    def set(self, name: str, *values: float) -> None:
        """Give a variable numbers; they hold until it is set again."""
        kind = _VARIABLES[name]
        self.set_bytes(name, struct.pack(f">{len(values)}{_PACKING[kind]}", *values))

    def set_bytes(self, name: str, value: bytes) -> None:
        """Give a variable text, or numbers that are packed already."""
        if len(value) != len(self._last.get(name, b"")):
            self._entry(name, 0, struct.pack(">i", len(value)), 4)
        if value != self._last.get(name):
            self._entry(name, 1, value, _ALIGNMENT[_VARIABLES[name]])
        self._last[name] = value

    def end_record(self) -> None:
        """End a record: what the variables hold now is one visibility spectrum."""
        self.data += b"\0\0\2\0\0\0\0\0"

    def _entry(self, name: str, kind: int, value: bytes, alignment: int) -> None:
        self.data += bytes((list(_VARIABLES).index(name), 0, kind, 0))
        self.data += b"\0" * (-len(self.data) % alignment) + value
        self.data += b"\0" * (-len(self.data) % 8)


def write_miriad(path: Path, stretch: Stretch) -> None:
    """Write a stretch as a MIRIAD dataset: a directory of items."""
    path.mkdir()
    visdata = _visdata(stretch)
    types = "".join(f"{kind} {name}\n" for name, kind in _VARIABLES.items())
    correlations = stretch.integrations * len(PAIRS) * CHANNELS
    header = _item(b"vislen", 8, struct.pack(">4xq", len(visdata)))
    header += _item(b"ncorr", 8, struct.pack(">4xq", correlations))
    header += _item(b"obstype", 1, b"mixed-auto-cross")
    (path / "header").write_bytes(header)
    (path / "vartable").write_text(types)
    # The padding after the last record is counted in the length, but not written.
    (path / "visdata").write_bytes(visdata[:-4])
    (path / "flags").write_bytes(struct.pack(">i", 2) + b"\x7f\xff\xff\xff" * (correlations // 31))
    (path / "history").write_text("Made by synthetic_night: the visibilities are invented.\n")


def _visdata(stretch: Stretch) -> bytes:
    stream = _Visdata()
    stream.set("nchan", CHANNELS)
    stream.set("inttime", stretch.integration_seconds)
    stream.set("ntimes", stretch.integrations)
    stream.set_bytes("telescop", b"HERA\0")
    stream.set_bytes("source", b"zenith\0")
    stream.set("longitu", math.radians(LONGITUDE_DEG))
    stream.set("latitud", math.radians(LATITUDE_DEG))
    stream.set("pol", POLARIZATIONS[0])
    shape = (stretch.integrations, len(PAIRS), CHANNELS * 2)
    values = np.random.default_rng(stretch.seed).standard_normal(shape, dtype=np.float32)
    lsts = mean_sidereal_radians(stretch.times_jd)
    for time, lst, of_time in zip(stretch.times_jd, lsts, values, strict=True):
        for (one, two), of_pair in zip(PAIRS, of_time, strict=True):
            stream.set("lst", float(lst))
            stream.set("time", float(time))
            stream.set("baseline", 256.0 * (one + 1) + two + 1)
            stream.set("corr", *of_pair.tolist())
            stream.end_record()
    return bytes(stream.data)


def _item(name: bytes, kind: int, value: bytes) -> bytes:
    """Return a header item: name, length, type and value, padded to 16 bytes."""
    value = struct.pack(">i", kind) + value
    item = name.ljust(15, b"\0") + bytes([len(value)]) + value
    return item + b"\0" * (-len(item) % 16)
