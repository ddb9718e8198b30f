"""Stores as pages show them: how full, in what state, and where that leads."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from librarian.client.librarian import Librarian
from librarian.client.records import Agent, Store
from librarian.client.statistics import StoreUsage
from librarian.errors import LibrarianError
from web_frontend.plots.usage import UsageChart, chart_usage
from web_frontend.shown.estimates import FillEstimate, Used, estimate_fill
from web_frontend.shown.states import ShownState, fill_state, store_state

TREND_DAYS = 90
# What lies further back says little about what is to come.
_ESTIMATE_SPAN = timedelta(days=30)
_ROWS = 30


@dataclass(frozen=True, slots=True)
class ShownStore:
    """A store, its agent if that is known, and what is computed of both."""

    store: Store
    agent: Agent | None
    state: ShownState
    fill: ShownState
    used_bytes: int
    # A part of the whole, between 0 and 1.
    used_share: float


@dataclass(frozen=True, slots=True)
class Trend:
    """How full a store was; `error` says why that is not known."""

    chart: UsageChart | None = None
    # Some of the samples, the newest first.
    samples: Sequence[StoreUsage] = ()
    estimate: FillEstimate | None = None
    error: str = ""


def show_store(store: Store, agent: Agent | None) -> ShownStore:
    """Return a store as pages show it."""
    whole = store.capacity_bytes
    used = max(0, whole - store.free_bytes)
    share = min(1.0, used / whole) if whole else 0.0
    return ShownStore(store, agent, store_state(store), fill_state(share), used, share)


def show_stores(site: Librarian) -> list[ShownStore]:
    """Return all stores of a site by name."""
    agents = {agent.name: agent for agent in site.list_agents()}
    return [show_store(store, agents.get(store.agent)) for store in site.list_stores()]


def read_trend(site: Librarian, store: Store) -> Trend:
    """Return how full a store was; that it cannot be had is no reason to show nothing."""
    try:
        samples = site.list_store_usage(store.name, days=TREND_DAYS)
    except LibrarianError as error:
        return Trend(error=str(error))
    return Trend(chart_usage(samples), _thinned(samples), _estimate(store, samples))


def _estimate(store: Store, samples: Sequence[StoreUsage]) -> FillEstimate | None:
    if not samples:
        return None
    oldest = samples[-1].time - _ESTIMATE_SPAN
    used = [
        Used(sample.time, sample.capacity_bytes - sample.free_bytes)
        for sample in samples
        if sample.time >= oldest
    ]
    return estimate_fill(used, store.free_bytes)


def _thinned(samples: Sequence[StoreUsage]) -> list[StoreUsage]:
    """Return some samples, evenly chosen from the newest to the oldest."""
    step = -(-len(samples) // _ROWS) or 1
    return list(samples[::-1][::step])
