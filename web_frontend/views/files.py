"""One file: what it is, where its copies are, what happened to it, and what can be done."""

from collections.abc import Sequence

from flask import Blueprint, flash, render_template, request, url_for
from werkzeug.wrappers import Response

from librarian.client.records import VerifiedInstance
from librarian.errors import InvalidRequestError
from web_frontend.catalogue import librarian
from web_frontend.requests import go_to, is_fragment
from web_frontend.rights import may
from web_frontend.searching.quoting import quote_value
from web_frontend.shown.events import show_event
from web_frontend.shown.metadata import show_metadata
from web_frontend.streams import long_work

blueprint = Blueprint("files", __name__)

blueprint.add_app_template_filter(quote_value, "quoted")

_EVENTS_A_PAGE = 50
# The largest files are read from slow disks; whoever waits longer asks an operator.
_VERIFY_SECONDS = 15 * 60.0


@blueprint.get("/files/<name>", endpoint="show")
def show_file(name: str) -> str:
    """Show one file."""
    site = librarian()
    file = site.get_file(name)
    token = request.args.get("events", "")
    page = site.list_file_event_page(name, page_size=_EVENTS_A_PAGE, page_token=token)
    return render_template(
        "files/show.html",
        file=file,
        search=name_search(name),
        instances=site.list_instances(name),
        remote_instances=site.list_remote_instances(name),
        observation=None if file.obsid is None else site.get_observation(file.obsid),
        metadata=show_metadata(file.metadata),
        events=[show_event(event) for event in page.events],
        is_first_page=not token,
        next_page_token=page.next_page_token,
        neighbours=[(one.name, one.name) for one in site.list_librarians()]
        if may("files.send")
        else (),
    )


@blueprint.get("/files/<name>/explain", endpoint="explain")
def explain_file(name: str) -> str:
    """Say in words why the file is where it is."""
    explanation = librarian().explain_file(name)
    template = "files/_explain.html" if is_fragment() else "files/explain.html"
    return render_template(template, name=name, explanation=explanation)


@blueprint.post("/files/<name>/verify", endpoint="verify")
def verify_file(name: str) -> Response | str:
    """Have each copy read and compared with the record."""
    site = librarian()
    with long_work():
        found = site.verify_file(name, timeout_seconds=_VERIFY_SECONDS)
    verdict, kind = _verdict(found)
    if not is_fragment():
        flash(verdict, kind)
        return go_to(url_for("files.show", name=name))
    return render_template(
        "files/_instances.html",
        name=name,
        instances=site.list_instances(name),
        verdict=verdict,
        verdict_kind=kind,
        errors={one.instance.path: one.error for one in found if one.error},
    )


@blueprint.post("/files/<name>/send", endpoint="send")
def send_file(name: str) -> Response:
    """Queue a transfer of the file to a neighbour."""
    neighbour = request.form.get("librarian", "")
    if not neighbour:
        raise InvalidRequestError("No neighbour was chosen: choose one to send the file to.")
    sent = librarian().send(neighbour, {"name-is-exactly": name})
    if sent.queued_count:
        flash(f"A transfer to {neighbour} is queued.", "success")
    elif sent.there_count:
        flash(f"{neighbour} has this file already.", "info")
    elif sent.active_count:
        flash(f"This file is on its way to {neighbour} already.", "info")
    else:
        flash("There is no copy here that could be sent.", "warning")
    return go_to(url_for("files.show", name=name))


def name_search(name: str) -> str:
    """Return the search that finds this file alone."""
    return f"name:{quote_value(name)}"


def _verdict(found: Sequence[VerifiedInstance]) -> tuple[str, str]:
    """Return what a check of all copies came to, and how grave it is."""
    good = sum(one.is_good for one in found)
    if good == len(found):
        return ("The copy is good." if good == 1 else f"All {good} copies are good."), "success"
    unread = sum(1 for one in found if one.error)
    bad = len(found) - good - unread
    parts = [
        f"{bad} of {len(found)} copies differ from the record" if bad else "",
        f"{unread} of {len(found)} could not be read" if unread else "",
    ]
    return f"{', and '.join(filter(None, parts))}.", "danger" if bad else "warning"
