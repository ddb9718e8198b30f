"""What follows from the times of observations: how long they lasted, and where the sky was then."""

from librarian.client.records import Observation, ObservingSession

_SIDEREAL_RATE = 1.002737909350795


def lst_after(start_lst_hr: float | None, seconds: float | None) -> float | None:
    """Return the sidereal time so many seconds later; None where something is not known."""
    if start_lst_hr is None or seconds is None:
        return None
    return (start_lst_hr + seconds / 3600.0 * _SIDEREAL_RATE) % 24.0


def duration_of(one: Observation | ObservingSession) -> float | None:
    """Return how many seconds something lasted; None when that is not known."""
    return duration_seconds(one.start_time_jd, one.stop_time_jd)


def duration_seconds(start_jd: float | None, stop_jd: float | None) -> float | None:
    """Return how long something lasted; None where an end is not known."""
    # A Julian date in a float is good to 40 microseconds.
    return None if start_jd is None or stop_jd is None else round((stop_jd - start_jd) * 86400.0, 3)
