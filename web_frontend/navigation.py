"""The places of the site that are always at hand, for those who may go there."""

from typing import NamedTuple

from flask import current_app, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from web_frontend.rights import may


class Place(NamedTuple):
    """An entry of the navigation."""

    path: str
    label: str
    icon: str
    # Pressed after `g`, it leads there.
    key: str
    # Where it begins, a new group does.
    group: str = ""


PLACES = (
    Place("/", "Home", "house", "h"),
    Place("/search", "Search", "search", "f"),
    Place("/observations", "Observations", "broadcast", "o"),
    Place("/sessions", "Sessions", "calendar-week", "n"),
    Place("/coverage", "Coverage", "grid-3x3-gap", "c"),
    Place("/staging", "Staging", "box-arrow-down", "j"),
    Place("/stores", "Stores", "hdd-stack", "s", "Site"),
    Place("/librarians", "Librarians", "diagram-3", "l"),
    Place("/transfers", "Transfers", "arrow-left-right", "t"),
    Place("/orders", "Standing orders", "send", "d"),
    Place("/accounts", "Accounts", "people", "a", "Administration"),
    Place("/audit", "Audit log", "journal-text", "u"),
)

OWN_PLACES = (
    Place("/account/tokens", "Tokens", "key", ""),
    Place("/account/password", "Password", "lock", ""),
)


def reachable(places: tuple[Place, ...]) -> list[Place]:
    """Return those of some places that exist, and that who asks may open."""
    return [place for place in places if may(_endpoint(place.path))]


def is_here(place: Place) -> bool:
    """Say whether the page that is shown belongs to a place."""
    if place.path == "/":
        return request.path == "/"
    return request.path == place.path or request.path.startswith(f"{place.path}/")


def _endpoint(path: str) -> str:
    adapter = current_app.url_map.bind("localhost")
    try:
        return str(adapter.match(path, method="GET")[0])
    except (HTTPException, RequestRedirect):
        return ""
