"""How stores, neighbours and jobs are: a line each."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flask import url_for

from librarian.client.jobs import Job
from librarian.client.librarians import Neighbour
from web_frontend.formats import format_count, format_size
from web_frontend.shown.states import Kind, ShownState, link_state
from web_frontend.shown.stores import ShownStore

# The worst first: the line has the colour of the worst that is in it.
_KINDS: tuple[Kind, ...] = ("bad", "warning", "busy", "good", "idle")
MOST_JOBS = 100


@dataclass(frozen=True, slots=True)
class HealthLine:
    """How all of one noun are."""

    noun: str
    href: str
    kind: Kind
    word: str
    sentence: str


def health_of_stores(stores: Sequence[ShownStore]) -> HealthLine:
    """Return how the stores are, and what room they have."""
    free = sum(shown.store.free_bytes for shown in stores if shown.state.kind == "good")
    rest = f", {format_size(free)} free" if stores else ""
    href = url_for("stores.list")
    return _line("Stores", href, [shown.state for shown in stores], rest, "none yet")


def health_of_neighbours(neighbours: Iterable[Neighbour]) -> HealthLine:
    """Return how the links to neighbours are."""
    states = [link_state(one) for one in neighbours]
    return _line("Librarians", url_for("librarians.list"), states, "", "no neighbours")


def health_of_jobs(jobs: Sequence[Job]) -> HealthLine:
    """Return what the jobs that have not ended are at."""
    counts = Counter(job.state for job in jobs)
    words = [f"{format_count(counts[state])} {state.lower()}" for state in sorted(counts)]
    more = " and more" if len(jobs) >= MOST_JOBS else ""
    href = url_for("staging.list")
    if not jobs:
        return HealthLine("Jobs", href, "good", "idle", "nothing waits")
    waits = not counts["RUNNING"]
    sentence = ", ".join(words[::-1]) + more
    return HealthLine("Jobs", href, "warning" if waits else "busy", _job_word(waits), sentence)


def _job_word(waits: bool) -> str:
    return "waiting" if waits else "working"


def _line(
    noun: str, href: str, states: Sequence[ShownState], rest: str, nothing: str
) -> HealthLine:
    if not states:
        return HealthLine(noun, href, "idle", nothing, "")
    worst = next(kind for kind in _KINDS if kind in {state.kind for state in states})
    counts = Counter(state.word for state in states)
    words = ", ".join(f"{count} {word}" for word, count in counts.most_common())
    word = {"bad": "problem", "warning": "look", "busy": "working", "idle": "not used"}
    return HealthLine(noun, href, worst, word.get(worst, "well"), words + rest)
