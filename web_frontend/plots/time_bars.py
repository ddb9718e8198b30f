"""When the observations of an observing session were made, as rectangles on a bar of time."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from librarian.client.records import Observation, ObservingSession
from librarian.times import jd_to_datetime

WIDTH, HEIGHT = 1000, 40
_NARROWEST = 0.8
_STEPS_MINUTES = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080)
_MOST_TICKS = 9


@dataclass(frozen=True, slots=True)
class Span:
    """One observation on the bar."""

    obsid: int
    x: float
    width: float
    start: datetime
    has_stop: bool


@dataclass(frozen=True, slots=True)
class Tick:
    """A time written below the bar."""

    x: float
    label: str


@dataclass(frozen=True, slots=True)
class TimeBar:
    """What is drawn, in units of which the bar is `WIDTH` wide."""

    spans: list[Span]
    ticks: list[Tick]
    width: int = WIDTH
    height: int = HEIGHT


def draw_time_bar(session: ObservingSession, observations: Sequence[Observation]) -> TimeBar:
    """Return the bar of an observing session; observations that are not timed are left away."""
    start_jd, stop_jd = session.start_time_jd, session.stop_time_jd
    if not stop_jd > start_jd:
        # One observation whose stop is not known still has a place.
        stop_jd = start_jd + 1 / 1440
    scale = WIDTH / (stop_jd - start_jd)
    spans = [_span(one, start_jd, scale) for one in observations if one.start_time_jd is not None]
    return TimeBar(spans, _ticks(jd_to_datetime(start_jd), jd_to_datetime(stop_jd)))


def _span(observation: Observation, start_jd: float, scale: float) -> Span:
    begin_jd = observation.start_time_jd or start_jd
    end_jd = observation.stop_time_jd
    x = min(max(0.0, (begin_jd - start_jd) * scale), WIDTH - _NARROWEST)
    width = (end_jd - begin_jd) * scale if end_jd is not None else 0.0
    width = min(max(_NARROWEST, width), WIDTH - x)
    start = jd_to_datetime(begin_jd)
    return Span(observation.obsid, round(x, 2), round(width, 2), start, end_jd is not None)


def _ticks(start: datetime, stop: datetime) -> list[Tick]:
    minutes = (stop - start).total_seconds() / 60
    step = next((one for one in _STEPS_MINUTES if minutes / one <= _MOST_TICKS), None)
    step = step or math.ceil(minutes / _MOST_TICKS / 1440) * 1440
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    number = math.ceil((start - midnight).total_seconds() / 60 / step)
    ticks = []
    while (moment := midnight + timedelta(minutes=number * step)) <= stop:
        x = (moment - start) / (stop - start) * WIDTH
        label = moment.strftime("%m-%d" if step % 1440 == 0 else "%H:%M")
        ticks.append(Tick(round(x, 2), label))
        number += 1
    return ticks
