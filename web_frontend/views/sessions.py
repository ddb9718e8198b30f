"""Observing sessions: a list, newest first, and each by itself."""

import json

from flask import Blueprint, render_template, request

from librarian.client.librarian import Librarian
from librarian.client.records import ObservingSession
from librarian.errors import InvalidRequestError, NotFoundError
from web_frontend.catalogue import librarian
from web_frontend.forms.places import newest_first_from
from web_frontend.plots.time_bars import draw_time_bar
from web_frontend.requests import is_fragment
from web_frontend.searching.found import find_first, find_page
from web_frontend.searching.queries import Query
from web_frontend.shown.times import duration_of, lst_after

blueprint = Blueprint("sessions", __name__)

# More are too narrow to be told apart, and would take the page too long.
_OBSERVATIONS_DRAWN = 2000


@blueprint.get("/sessions", endpoint="list")
def list_sessions() -> str | tuple[str, int]:
    """Show observing sessions, newest first."""
    at, token = request.args.get("at", ""), request.args.get("page", "")
    try:
        search = newest_first_from(at)
    except InvalidRequestError as error:
        return render_template("sessions/list.html", problem=str(error), at=at), 400
    if "obsid-at-most" in search:
        search = {"session-id-at-most": search["obsid-at-most"]}
    query = Query(json.dumps(search), "sessions", "session-id,desc", page=token)
    found = find_page(librarian(), query)
    return render_template(
        "sessions/list.html",
        sessions=found.records,
        at=at,
        is_first_page=not token,
        next_page_token=found.next_page,
        duration_of=duration_of,
    )


@blueprint.get("/sessions/<id:id>", endpoint="show")
def show_session(id: int) -> str:
    """Show one observing session, with its observations."""
    site = librarian()
    session = _get_session(site, id)
    token = request.args.get("page", "")
    found = find_page(site, Query(f"session:{id}", "observations", "obsid", page=token))
    duration = duration_of(session)
    # An observing session is called after its first observation.
    start_lst_hr = site.get_observation(id).start_lst_hr
    return render_template(
        "sessions/show.html",
        session=session,
        duration=duration,
        start_lst_hr=start_lst_hr,
        stop_lst_hr=lst_after(start_lst_hr, duration),
        earlier=_find(site, f"session:<{id}", "session-id,desc"),
        later=_find(site, f"session:>{id}", "session-id"),
        types=site.count_file_types(session_id=id),
        observations=found.records,
        duration_of=duration_of,
        is_first_page=not token,
        next_page_token=found.next_page,
    )


@blueprint.get("/sessions/<id:id>/bar", endpoint="bar")
def show_bar(id: int) -> str:
    """Show when the observations of an observing session were made, as a picture."""
    site = librarian()
    session = _get_session(site, id)
    query = Query(f"session:{id}", "observations", "obsid")
    observations = find_page(site, query, page_size=_OBSERVATIONS_DRAWN).records
    return render_template(
        "sessions/_bar.html" if is_fragment() else "sessions/bar.html",
        session=session,
        bar=draw_time_bar(session, observations),
        is_cut=session.observation_count > len(observations),
        drawn_count=len(observations),
    )


def _get_session(site: Librarian, id: int) -> ObservingSession:
    session = _find(site, f"session:{id}", "session-id")
    if session is None:
        raise NotFoundError(f"There is no observing session {id}.")
    return session


def _find(site: Librarian, search: str, order: str) -> ObservingSession | None:
    found: ObservingSession | None = find_first(site, Query(search, "sessions", order))
    return found
