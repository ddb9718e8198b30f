"""What needs a person: each in a sentence, with the page on which one acts."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import url_for

from librarian.client.jobs import Job
from librarian.client.librarian import Librarian
from librarian.client.librarians import Neighbour
from librarian.client.records import Agent
from librarian.client.standing_orders import StandingOrder
from web_frontend.formats import format_count, format_time
from web_frontend.shown.states import Kind, link_state
from web_frontend.shown.stores import ShownStore

# What failed longer ago was seen, or is nobody's concern any more.
LATELY = timedelta(days=7)
_AGENT_SILENCE = timedelta(seconds=60)
MOST_COUNTED = 20
"""Transfers and copies are counted so far: nobody acts otherwise on more."""


@dataclass(frozen=True, slots=True)
class Concern:
    """Something that needs a person."""

    kind: Kind
    icon: str
    about: str
    sentence: str
    href: str
    action: str


def concerns_of_stores(stores: Iterable[ShownStore], agents: Iterable[Agent]) -> Iterator[Concern]:
    """Yield stores with a problem or nearly full, and agents that are silent."""
    shown_stores, silent = list(stores), _silent(agents)
    for agent in silent.values():
        served = [one.store.name for one in shown_stores if one.store.agent == agent.name]
        sentence = (
            f"It has not reported since {format_time(agent.report_time)} UTC: see whether it runs"
            f" on {agent.host}."
        )
        if served:
            sentence += f" It serves {', '.join(served)}."
        href = url_for("stores.list")
        yield Concern("bad", "plug", f"Agent {agent.name}", sentence, href, "See the stores")
    for shown in shown_stores:
        name, href = shown.store.name, url_for("stores.show", name=shown.store.name)
        if shown.store.agent in silent:
            continue
        if shown.state.kind == "bad":
            icon, sentence = shown.state.icon, shown.state.sentence
            yield Concern("bad", icon, f"Store {name}", sentence, href, "See the store")
        elif shown.fill.kind != "good" and shown.store.ingestible and shown.store.enabled:
            sentence = f"{100 * shown.used_share:.0f} % of it is used: make room, or add a store."
            yield Concern(shown.fill.kind, "hdd", f"Store {name}", sentence, href, "See the store")


def _silent(agents: Iterable[Agent]) -> dict[str, Agent]:
    oldest = datetime.now(UTC) - _AGENT_SILENCE
    return {one.name: one for one in agents if one.report_time and one.report_time < oldest}


def concerns_of_neighbours(site: Librarian, neighbours: Iterable[Neighbour]) -> Iterator[Concern]:
    """Yield links that fail, and what failed or was declined on them lately."""
    for neighbour in neighbours:
        name, state = neighbour.name, link_state(neighbour)
        if state.kind == "bad":
            href = url_for("librarians.show", name=name)
            yield Concern(
                "bad", state.icon, f"Link to {name}", state.sentence, href, "See the link"
            )
        count = _count_failed(site, name)
        if count:
            many = f"{MOST_COUNTED} or more" if count >= MOST_COUNTED else format_count(count)
            sentence = f"{many} failed or {'was' if count == 1 else 'were'} declined in 7 days."
            href = url_for("transfers.list", to=name, state="attention")
            yield Concern(
                "bad", "arrow-left-right", f"Transfers to {name}", sentence, href, "Retry or cancel"
            )


def _count_failed(site: Librarian, name: str) -> int:
    page = site.list_transfer_page(
        librarian=name, states=("FAILED", "DECLINED"), page_size=MOST_COUNTED
    )
    oldest = datetime.now(UTC) - LATELY
    return sum(one.end_time is not None and one.end_time >= oldest for one in page.transfers)


def concerns_of_orders(orders: Iterable[StandingOrder]) -> Iterator[Concern]:
    """Yield standing orders that do not work."""
    for order in orders:
        if order.enabled and order.error:
            href = url_for("orders.show", name=order.name)
            about = f"Standing order {order.name}"
            yield Concern("bad", "send", about, order.error, href, "Mend it")


def concerns_of_stagings(jobs: Iterable[Job]) -> Iterator[Concern]:
    """Yield stagings that failed lately."""
    oldest = datetime.now(UTC) - LATELY
    for job in jobs:
        if job.state == "FAILED" and job.end_time is not None and job.end_time >= oldest:
            some = f"{format_count(job.files_failed)} of {format_count(job.files_total)} files"
            sentence = f"{job.destination}: {job.error or f'{some} could not be copied.'}"
            href = url_for("staging.show", id=job.id)
            yield Concern("bad", "x-circle", f"Staging {job.id}", sentence, href, "See and retry")


def concerns_of_copies(suspect_count: int) -> Iterator[Concern]:
    """Yield copies with something wrong with them."""
    if suspect_count:
        many = f"{MOST_COUNTED} or more" if suspect_count >= MOST_COUNTED else str(suspect_count)
        were = "1 copy is" if suspect_count == 1 else f"{many} copies are"
        sentence = f"{were} not as recorded: verify each, and restore it from another."
        href = url_for("home.list_suspects")
        yield Concern("bad", "shield-check", "Suspect copies", sentence, href, "List them")


def worst_first(concerns: Iterable[Concern]) -> Sequence[Concern]:
    """Return concerns in the order in which to look at them."""
    return sorted(concerns, key=lambda one: one.kind != "bad")
