"""Sending what a search finds, or what was selected of it, to a neighbour."""

from flask import Blueprint, flash, render_template, request, url_for
from werkzeug.wrappers import Response

from librarian.errors import InvalidRequestError
from web_frontend.catalogue import librarian
from web_frontend.formats import format_count
from web_frontend.forms.stagings import search_of_names
from web_frontend.requests import go_to
from web_frontend.searching.found import count_matches
from web_frontend.searching.queries import Query
from web_frontend.streams import long_work

blueprint = Blueprint("sending", __name__)


@blueprint.post("/search/send", endpoint="confirm")
@long_work()
def confirm_sending() -> str:
    """Ask before anything is sent: how many files, and to whom."""
    query = Query.read(request.form)
    if request.form.get("of") == "selection":
        names = request.form.getlist("name")
        if not names:
            raise InvalidRequestError("No file is selected: select some, or send all that match.")
        query = query.changed(search=search_of_names(names), kind="files")
    site = librarian()
    return render_template(
        "sending/confirm.html",
        query=query,
        selected=request.form.get("of") == "selection",
        count=count_matches(site, query),
        neighbour_options=[(one.name, one.name) for one in site.list_librarians()],
    )


@blueprint.post("/search/send/queue", endpoint="queue")
@long_work()
def queue_files() -> Response:
    """Queue a transfer for each file."""
    query = Query.read(request.form)
    neighbour = request.form.get("librarian", "")
    sent = librarian().send(neighbour, query.search)
    flash(
        f"{format_count(sent.queued_count)} of {format_count(sent.file_count)} files are queued for"
        f" {neighbour}; the others are there or on their way.",
        "success",
    )
    return go_to(url_for("transfers.list", to=neighbour))
