"""Observations: a list, newest first, and each by itself."""

from flask import Blueprint, render_template, request

from librarian.client.librarian import Librarian
from librarian.client.records import Observation
from librarian.errors import InvalidRequestError
from web_frontend.catalogue import librarian
from web_frontend.forms.places import newest_first_from
from web_frontend.shown.times import duration_seconds, lst_after

blueprint = Blueprint("observations", __name__)

_OBSERVATIONS_A_PAGE = 50
_FILES_A_PAGE = 50


@blueprint.get("/observations", endpoint="list")
def list_observations() -> str | tuple[str, int]:
    """Show observations, newest first."""
    at, token = request.args.get("at", ""), request.args.get("page", "")
    try:
        search = newest_first_from(at)
    except InvalidRequestError as error:
        return render_template("observations/list.html", problem=str(error), at=at), 400
    found = librarian().search_observations(
        search,
        limit=_OBSERVATIONS_A_PAGE,
        order_by="obsid,desc",
        page_token=token,
    )
    observations = list(found)
    is_full = len(observations) == _OBSERVATIONS_A_PAGE
    return render_template(
        "observations/list.html",
        observations=observations,
        at=at,
        is_first_page=not token,
        next_page_token=found.page_token if is_full else "",
        duration_of=duration_of,
    )


@blueprint.get("/observations/<int(max=9223372036854775807):obsid>", endpoint="show")
def show_observation(obsid: int) -> str:
    """Show one observation, with its files."""
    site = librarian()
    observation = site.get_observation(obsid)
    token = request.args.get("page", "")
    files = site.search_files(
        f"obsid:{obsid}", limit=_FILES_A_PAGE, order_by="name", page_token=token
    )
    rows = list(files)
    duration = duration_of(observation)
    return render_template(
        "observations/show.html",
        observation=observation,
        duration=duration,
        stop_lst_hr=lst_after(observation.start_lst_hr, duration),
        earlier=_beside(site, f"obsid:<{obsid}", "obsid,desc"),
        later=_beside(site, f"obsid:>{obsid}", "obsid"),
        types=site.count_file_types(obsid=obsid),
        files=rows,
        is_first_page=not token,
        next_page_token=files.page_token if len(rows) == _FILES_A_PAGE else "",
    )


def duration_of(observation: Observation) -> float | None:
    """Return how many seconds an observation lasted; None when that is not known."""
    return duration_seconds(observation.start_time_jd, observation.stop_time_jd)


def _beside(site: Librarian, search: str, order_by: str) -> Observation | None:
    return next(iter(site.search_observations(search, limit=1, order_by=order_by)), None)
