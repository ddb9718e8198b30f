"""The first page: what arrived lately, how all is, and what needs a person."""

from datetime import UTC, datetime
from itertools import islice
from typing import Any

from flask import Blueprint, g, render_template

from librarian.client.librarian import Librarian
from web_frontend.catalogue import librarian
from web_frontend.plots.arrivals import chart_arrivals, first_day
from web_frontend.searching.found import find_page
from web_frontend.searching.queries import Query
from web_frontend.shown.concerns import (
    MOST_COUNTED,
    concerns_of_copies,
    concerns_of_neighbours,
    concerns_of_orders,
    concerns_of_stagings,
    concerns_of_stores,
    worst_first,
)
from web_frontend.shown.health import (
    MOST_JOBS,
    health_of_jobs,
    health_of_neighbours,
    health_of_stores,
)
from web_frontend.shown.jobs import job_progress, job_state
from web_frontend.shown.stores import show_store

blueprint = Blueprint("home", __name__)

_SESSIONS, _STAGINGS = 6, 5
# Stagings are looked through so far for those that failed.
_STAGINGS_SEEN = 50
_SUSPECTS = 100


@blueprint.get("/")
def show_home() -> str:
    """Show what is new."""
    site = librarian()
    return render_template("home/home.html", **_now(site), **_lately(site))


@blueprint.get("/home/now")
def show_now() -> str:
    """Show how all is at this moment, on a page that is open."""
    return render_template("home/_now.html", **_now(librarian()))


@blueprint.get("/home/lately")
def show_lately() -> str:
    """Show what arrived lately, on a page that is open."""
    return render_template("home/_lately.html", **_lately(librarian()))


@blueprint.get("/suspect-copies")
def list_suspects() -> str:
    """Show copies with something wrong with them."""
    suspects = librarian().list_suspect_instances(_SUSPECTS + 1)
    return render_template(
        "home/suspects.html", suspects=suspects[:_SUSPECTS], has_more=len(suspects) > _SUSPECTS
    )


def _now(site: Librarian) -> dict[str, Any]:
    agents = {agent.name: agent for agent in site.list_agents()}
    stores = [show_store(store, agents.get(store.agent)) for store in site.list_stores()]
    neighbours = site.list_librarians()
    # Administrators see to everybody's; others cannot do anything about them.
    is_administrator, me = g.person.role == "ADMIN", g.person.account
    seen = site.list_staging_page(None if is_administrator else me, page_size=_STAGINGS_SEEN).jobs
    mine = site.list_staging_page(me, page_size=_STAGINGS).jobs if is_administrator else seen
    concerns = [
        *concerns_of_stores(stores, agents.values()),
        *concerns_of_neighbours(site, neighbours),
        *concerns_of_orders(site.list_standing_orders()),
        *concerns_of_copies(len(site.list_suspect_instances(MOST_COUNTED))),
        *concerns_of_stagings(seen),
    ]
    jobs = list(islice(site.list_jobs(active_only=True), MOST_JOBS))
    return {
        "concerns": worst_first(concerns),
        "health": [
            health_of_stores(stores),
            health_of_neighbours(neighbours),
            health_of_jobs(jobs),
        ],
        "stagings": mine[:_STAGINGS],
        "job_state": job_state,
        "job_progress": job_progress,
    }


def _lately(site: Librarian) -> dict[str, Any]:
    today = datetime.now(UTC).date()
    newest = Query('{"always-true": true}', "sessions", "session-id,desc")
    return {
        "totals": site.get_totals(),
        "arrivals": chart_arrivals(site.list_arrivals(first_day(today)), today),
        "sessions": find_page(site, newest, page_size=_SESSIONS).records,
    }
