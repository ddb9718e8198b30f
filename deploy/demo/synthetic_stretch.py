"""What is common to every file of a synthetic night: where, when, and what it observed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LATITUDE_DEG, LONGITUDE_DEG, ALTITUDE_M = -30.72152612068938, 21.428303826863015, 1051.69
"""Where HERA stands, as its files have it."""


_DAY_SECONDS = 86400.0
ANTENNAS = (0, 1, 12)
PAIRS = [(one, two) for one in ANTENNAS for two in ANTENNAS if one <= two]
CHANNELS = 32
POLARIZATIONS = (-5, -6, -7, -8)


@dataclass(frozen=True)
class Stretch:
    """One stretch of data taking: what goes into one file."""

    start_jd: float
    integrations: int = 8
    integration_seconds: float = 8.589934592
    seed: int = 0

    @property
    def stop_jd(self) -> float:
        """Return the Julian date at which the next stretch begins."""
        return self.start_jd + self.integrations * self.integration_seconds / _DAY_SECONDS

    @property
    def times_jd(self) -> NDArray[np.float64]:
        """Return the Julian dates of the integrations."""
        steps = np.arange(self.integrations) * (self.integration_seconds / _DAY_SECONDS)
        return np.asarray(self.start_jd + steps)

    def name(self, file_type: str) -> str:
        """Return the name of this stretch's file, as HERA names them."""
        return f"zen.{self.start_jd:.5f}.HH.{file_type}"


def mean_sidereal_radians(jd: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the local mean sidereal time at HERA, in [0, 2 pi).

    Meeus, Astronomical Algorithms, 2nd edition (1998), formula 12.4, with UTC in place of UT1
    (they differ by less than a second).
    """
    days = jd - 2451545.0
    centuries = days / 36525.0
    degrees = 280.46061837 + 360.98564736629 * days + 0.000387933 * centuries**2
    degrees += LONGITUDE_DEG - centuries**3 / 38710000.0
    return np.asarray(np.radians(degrees % 360.0))
