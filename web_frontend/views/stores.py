"""Stores: how full they are, how their agents are, and whether they may be used."""

from flask import Blueprint, flash, render_template, request, url_for
from werkzeug.wrappers import Response

from librarian.errors import InvalidRequestError
from web_frontend.catalogue import librarian
from web_frontend.requests import go_to
from web_frontend.shown.stores import ShownStore, read_trend, show_store, show_stores

blueprint = Blueprint("stores", __name__)

# What an action says to the catalogue, and to the person afterwards.
_ACTIONS = {
    "enable": ({"enabled": True}, "may be used again."),
    "disable": ({"enabled": False}, "is disabled: nothing is read from it or put on it."),
    "open": ({"ingestible": True}, "takes new files again."),
    "close": ({"ingestible": False}, "takes no new files."),
}


@blueprint.get("/stores", endpoint="list")
def list_stores() -> str:
    """Show all stores."""
    return render_template("stores/list.html", stores=show_stores(librarian()))


@blueprint.get("/stores/-/rows")
def list_rows() -> str:
    """Show the stores as they are now, on a page that is open."""
    return render_template("stores/_rows.html", stores=show_stores(librarian()))


@blueprint.get("/stores/<name>", endpoint="show")
def show_one(name: str) -> str:
    """Show one store, and how full it was."""
    shown = _shown(name)
    trend = read_trend(librarian(), shown.store)
    return render_template("stores/show.html", shown=shown, trend=trend)


@blueprint.get("/stores/<name>/state")
def show_state(name: str) -> str:
    """Show how a store is now, on a page that is open."""
    return render_template("stores/_state.html", shown=_shown(name))


@blueprint.post("/stores/<name>/settings")
def change_settings(name: str) -> Response:
    """Enable or disable a store, or keep new files away from it."""
    action = request.form.get("action", "")
    if action not in _ACTIONS:
        raise InvalidRequestError("That is nothing that can be done with a store.")
    changes, done = _ACTIONS[action]
    store = librarian().set_store_state(name, **changes)
    flash(f"{store.name} {done}")
    return go_to(url_for("stores.show", name=store.name))


def _shown(name: str) -> ShownStore:
    site = librarian()
    store = site.get_store(name)
    agents = {agent.name: agent for agent in site.list_agents()}
    return show_store(store, agents.get(store.agent))
