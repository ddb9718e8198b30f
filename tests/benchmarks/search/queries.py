"""The searches that are measured, each with other values at every run."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Any, Literal

from tests.benchmarks.search.catalogue import (
    ANTENNAS,
    FIRST_NIGHT,
    OTHER_EVENTS,
    POLARISATIONS,
    STORES,
    night_count,
)

Item = Literal["files", "observations", "sessions"]

FIRST_ROWS = 100
PAGE_ROWS = 50
LISTED_NAMES = 100_000
# A plain search of one thing has less to do.
FLOOR_MS = {"postgresql": 100.0, "sqlite": 200.0}
PLAIN_FLOOR_MS = {"postgresql": 20.0, "sqlite": 200.0}

# Those of which a night has many.
_TYPES = ("uv", "uvh5", "calfits", "uvfits", "json")


@dataclass(frozen=True)
class Ask:
    """One search, and how much of its answer is read."""

    search: Mapping[str, Any]
    item: Item = "files"
    order_by: str = ""
    limit: int = FIRST_ROWS
    # Rows that an earlier search has read, and this one goes on after.
    skipped: int = 0
    counts: bool = False

    @cached_property
    def text(self) -> str:
        """The search as text."""
        return json.dumps(self.search)


@dataclass(frozen=True)
class Known:
    """What of a catalogue the searches are made from."""

    size: int
    # Of files all over the catalogue, taken at random: enough for a long list.
    names: list[str]
    obsids: list[int]
    observing_sessions: list[int]

    def night(self, random: Random) -> int:
        """Return the number of one of its nights."""
        return FIRST_NIGHT + random.randrange(night_count(self.size))


Make = Callable[[Random, Known], Ask]


@dataclass(frozen=True)
class Query:
    """One row of the table."""

    name: str
    make: Make
    is_plain: bool = False

    def floor_ms(self, database: str) -> float:
        """Return what its slow runs may take."""
        return (PLAIN_FLOOR_MS if self.is_plain else FLOOR_MS)[database]


def _exact_name(random: Random, known: Known) -> Ask:
    return Ask({"name-is-exactly": random.choice(known.names)})


def _prefix(random: Random, known: Known) -> Ask:
    tenth = random.choice(("", ".", ".2", ".3", ".4"))
    return Ask({"name-matches": f"zen.{known.night(random)}{tenth}%"})


def _open_pattern(random: Random, known: Known) -> Ask:
    return Ask({"name-matches": f"%.{known.night(random)}.%HH%"})


def _substring(random: Random, known: Known) -> Ask:
    name = random.choice(known.names)
    first, length = random.choice(((4, 10), (7, 8), (9, 8), (12, 9), (12, 5), (21, 7)))
    return Ask({"name-matches": f"%{name[first : first + length]}%"})


def _obsid(random: Random, known: Known) -> Ask:
    return Ask({"obsid-is-exactly": random.choice(known.obsids)})


def _type_and_jd(random: Random, known: Known) -> Ask:
    start = known.night(random) + random.uniform(0.2, 0.4)
    return Ask(
        {
            "type-is-exactly": random.choice(("uv", "uvh5", "calfits")),
            "start-time-jd-in-range": [start, start + 0.2],
        }
    )


def _lst(random: Random, known: Known) -> Ask:
    hours = [round(random.uniform(22.0, 23.9), 2), round(random.uniform(0.1, 2.0), 2)]
    tens = f"zen.{known.night(random) // 10}"
    start = random.choice(("", "zen.", tens))
    pattern = f"{start}%.{random.choice(POLARISATIONS)}.HH.uvh5"
    return Ask({"start-lst-hr-in-wrapping-range": hours, "name-matches": pattern})


def _size_page(random: Random, known: Known) -> Ask:
    smallest = int(10 ** random.uniform(8.7, 9.1))
    return Ask(
        {"size-in-range": [smallest, 2 * smallest]},
        order_by=random.choice(("size", "size,desc")),
        limit=PAGE_ROWS,
        skipped=49 * PAGE_ROWS,
    )


def _no_instances(random: Random, known: Known) -> Ask:
    further: dict[str, Any] = random.choice(
        ({}, {"type-is-exactly": random.choice(_TYPES)}, {"obsid-less-than": 1 << 40})
    )
    return Ask({"num-instances-is-exactly": 0, **further})


def _on_store(random: Random, known: Known) -> Ask:
    further: dict[str, Any] = random.choice(
        ({}, {"type-is-exactly": random.choice(_TYPES)}, {"size-greater-than": 10**6})
    )
    return Ask({"has-instance-on": random.choice(STORES), **further})


def _metadata_equality(random: Random, known: Known) -> Ask:
    antenna = {"meta.antenna-is-exactly": random.randrange(ANTENNAS)}
    polarisation = {"meta.polarisation-is-exactly": random.choice(POLARISATIONS)}
    return Ask(random.choice((antenna, {**antenna, **polarisation})))


def _metadata_range(random: Random, known: Known) -> Ask:
    width = 10 ** random.uniform(-4.0, -0.3)
    low = random.uniform(0.0, 1.0 - width)
    return Ask({"meta.quality-in-range": [low, low + width]})


def _lacks_event(random: Random, known: Known) -> Ask:
    further: dict[str, Any] = random.choice(
        (
            {},
            {"type-is-exactly": random.choice(_TYPES)},
            {"name-matches": f"zen.{known.night(random)}.%"},
        )
    )
    return Ask({"lacks-event": random.choice(list(OTHER_EVENTS)), **further})


def _observations(random: Random, known: Known) -> Ask:
    search = random.choice(
        (
            {"duration-less-than": 0.002, "num-files-less-than": 30},
            {
                "duration-in-range": [0.0040, random.uniform(0.00402, 0.0041)],
                "num-files-at-least": 40,
            },
            {"duration-at-least": random.uniform(0.0040, 0.0041), "num-files-is-exactly": 33},
        )
    )
    return Ask(search, item="observations")


def _sessions(random: Random, known: Known) -> Ask:
    return Ask({"num-obs-at-least": random.randrange(80, 116)}, item="sessions")


def _name_list(random: Random, known: Known) -> Ask:
    names = known.names[:]
    random.shuffle(names)
    return Ask({"name-in": names[:LISTED_NAMES]})


def _count_of_a_night(random: Random, known: Known) -> Ask:
    of_night = {"name-matches": f"zen.{known.night(random)}.%"}
    of_session = {"session-id-is-exactly": random.choice(known.observing_sessions)}
    return Ask(random.choice((of_night, of_session)), counts=True)


def _nothing(random: Random, known: Known) -> Ask:
    number = random.randrange(10_000)
    searches: tuple[dict[str, Any], ...] = (
        {"name-is-exactly": f"zen.{number}.nothing"},
        {"name-matches": f"%.{known.night(random)}.%QQ{number:04}%"},
        {"name-matches": f"zen.{known.night(random)}.9%"},
        {"obsid-is-exactly": number},
        {"type-is-exactly": f"type{number}", "start-lst-hr-greater-than": 12},
        {"size-greater-than": 10**15 + number},
        {"meta.antenna-is-exactly": 1000 + number},
        {"meta.quality-greater-than": 2 + number},
        {"has-event": f"event{number}"},
        {"num-instances-is-exactly": 7, "type-is-exactly": "uvh5"},
    )
    return Ask(random.choice(searches))


QUERIES = (
    Query("exact name", _exact_name, is_plain=True),
    Query("name prefix, first 100", _prefix),
    Query("pattern with open ends, first 100", _open_pattern),
    Query("substring of names, first 100", _substring),
    Query("obsid", _obsid, is_plain=True),
    Query("type and JD range, first 100", _type_and_jd),
    Query("LST range over 24 h and name pattern, first 100", _lst),
    Query("size range by size, page 50 of 50 rows", _size_page),
    Query("instance-count of 0, first 100", _no_instances),
    Query("has-instance-on, first 100", _on_store),
    Query("metadata equality, first 100", _metadata_equality),
    Query("metadata range, first 100", _metadata_range),
    Query("lacks-event, first 100", _lacks_event),
    Query("observations by duration and file count, first 100", _observations),
    Query("observing sessions by number of observations, first 100", _sessions),
    Query("100,000 names, first 100", _name_list),
    Query("count of all files of a night", _count_of_a_night),
    Query("a search that matches nothing", _nothing),
)
