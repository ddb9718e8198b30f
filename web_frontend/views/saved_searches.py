"""Saved searches: searches that people keep by name, each with a short address."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from librarian.client.records import SavedSearch
from librarian.errors import NotFoundError
from web_frontend.catalogue import librarian
from web_frontend.people import current_person
from web_frontend.requests import SEE_OTHER, go_to
from web_frontend.searching.queries import KINDS, Query

blueprint = Blueprint("saved_searches", __name__)

_PAGE_SEARCHES = 50
# Three times as many characters may stand for it in an address, which has an end.
_LONGEST_IN_ADDRESS = 3000


@blueprint.get("/search/saved", endpoint="list")
def list_searches() -> str:
    """Show one's own and all shared searches, a page at a time."""
    token = request.args.get("page", "")
    page = librarian().list_saved_search_page(page_size=_PAGE_SEARCHES, page_token=token)
    rows = [
        {
            "saved": saved,
            "mine": _is_mine(saved),
            "call": _call(saved),
            "edit": {**_query(saved, saved.search).fields(), "save_as": saved.name}
            if len(saved.search) <= _LONGEST_IN_ADDRESS
            else {},
        }
        for saved in page.searches
    ]
    return render_template(
        "saved_searches/list.html",
        rows=rows,
        kinds=KINDS,
        is_first_page=not token,
        next_page_token=page.next_page_token,
    )


@blueprint.post("/search/saved", endpoint="save")
def save_search() -> Response:
    """Save a search, in place of one's own of that name."""
    query = Query.read(request.form)
    name = request.form.get("name", "").strip()
    saved = librarian().save_search(name, query.search, query.kind, "shared" in request.form)
    flash(f"Saved: @{saved.name} stands for this search now.", "success")
    return go_to(url_for("saved_searches.list"))


@blueprint.post("/search/saved/delete", endpoint="delete")
def delete_search() -> Response:
    """Delete a saved search."""
    name, owner = request.form.get("name", ""), request.form.get("owner", "")
    person = current_person()
    # To name oneself is for administrators too.
    own = person is not None and owner == person.account
    librarian().delete_saved_search(name, "" if own else owner)
    flash(f"Deleted: {name}.", "success")
    return go_to(url_for("saved_searches.list"))


@blueprint.get("/search/saved/<owner>/<name>", endpoint="show")
def show_search(owner: str, name: str) -> Response:
    """Lead to what a saved search finds."""
    for saved in librarian().list_saved_searches():
        if (saved.owner, saved.name) == (owner, name):
            return redirect(_query(saved, _call(saved)).address(), SEE_OTHER)
    raise NotFoundError(f"There is no saved search {name!r} of {owner!r} that you may use.")


def _is_mine(saved: SavedSearch) -> bool:
    person = current_person()
    return person is not None and saved.owner == person.account


def _call(saved: SavedSearch) -> str:
    """Return what stands for it in a search."""
    return f"@{saved.name}" if _is_mine(saved) else f"@{saved.owner}/{saved.name}"


def _query(saved: SavedSearch, search: str) -> Query:
    kinds: Any = saved.item_kind
    return Query(search, kinds)
