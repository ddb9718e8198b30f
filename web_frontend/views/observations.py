"""Observations: a list, newest first, and each by itself."""

import json

from flask import Blueprint, render_template, request

from librarian.errors import InvalidRequestError
from web_frontend.catalogue import librarian
from web_frontend.forms.places import newest_first_from
from web_frontend.searching.found import find_first, find_page
from web_frontend.searching.queries import Query
from web_frontend.shown.times import duration_of, lst_after

blueprint = Blueprint("observations", __name__)


@blueprint.get("/observations", endpoint="list")
def list_observations() -> str | tuple[str, int]:
    """Show observations, newest first."""
    at, token = request.args.get("at", ""), request.args.get("page", "")
    try:
        search = newest_first_from(at)
    except InvalidRequestError as error:
        return render_template("observations/list.html", problem=str(error), at=at), 400
    query = Query(json.dumps(search), "observations", "obsid,desc", page=token)
    found = find_page(librarian(), query)
    return render_template(
        "observations/list.html",
        observations=found.records,
        at=at,
        is_first_page=not token,
        next_page_token=found.next_page,
        duration_of=duration_of,
    )


@blueprint.get("/observations/<id:obsid>", endpoint="show")
def show_observation(obsid: int) -> str:
    """Show one observation, with its files."""
    site = librarian()
    observation = site.get_observation(obsid)
    token = request.args.get("page", "")
    files = find_page(site, Query(f"obsid:{obsid}", order="name", page=token))
    duration = duration_of(observation)
    return render_template(
        "observations/show.html",
        observation=observation,
        duration=duration,
        stop_lst_hr=lst_after(observation.start_lst_hr, duration),
        earlier=find_first(site, Query(f"obsid:<{obsid}", "observations", "obsid,desc")),
        later=find_first(site, Query(f"obsid:>{obsid}", "observations", "obsid")),
        types=site.count_file_types(obsid=obsid),
        files=files.records,
        is_first_page=not token,
        next_page_token=files.next_page,
    )
