"""Librarians: the neighbours that files are pushed to, and how the links to them are."""

from datetime import UTC, datetime

from flask import Blueprint, flash, render_template, request, url_for
from werkzeug.wrappers import Response

from librarian.client.librarians import Neighbour
from librarian.errors import LibrarianError
from web_frontend.catalogue import librarian
from web_frontend.plots.throughput import SPANS, ThroughputChart, chart_throughput
from web_frontend.requests import go_to, is_fragment
from web_frontend.shown.states import cause_words, link_state
from web_frontend.streams import long_work

blueprint = Blueprint("librarians", __name__)
blueprint.add_app_template_filter(cause_words)


@blueprint.get("/librarians", endpoint="list")
def list_librarians() -> str:
    """Show all neighbours."""
    return render_template("librarians/list.html", neighbours=_listed())


@blueprint.get("/librarians/-/rows")
def list_rows() -> str:
    """Show the neighbours as they are now, on a page that is open."""
    return render_template("librarians/_rows.html", neighbours=_listed())


@blueprint.get("/librarians/<name>", endpoint="show")
def show_librarian(name: str) -> str:
    """Show one neighbour: how its link is, what went there, and what failed."""
    neighbour = _find(name)
    return render_template(
        "librarians/show.html",
        neighbour=neighbour,
        state=link_state(neighbour),
        **_chart(neighbour),
    )


@blueprint.get("/librarians/<name>/state")
def show_state(name: str) -> str:
    """Show how a neighbour is now, on a page that is open."""
    neighbour = _find(name)
    return render_template(
        "librarians/_state.html", neighbour=neighbour, state=link_state(neighbour)
    )


@blueprint.get("/librarians/<name>/counts")
def show_counts(name: str) -> str:
    """Show how many transfers to a neighbour wait, are under way, and failed."""
    return render_template("librarians/_counts.html", neighbour=librarian().get_librarian(name))


@blueprint.post("/librarians/<name>/test")
@long_work()
def test_connection(name: str) -> str | Response:
    """Have the site sign in at a neighbour, and show what it answered."""
    answer = librarian().ping_librarian(name)
    if is_fragment():
        return render_template("librarians/_answer.html", answer=answer)
    if answer.error:
        flash(answer.error, "danger")
    else:
        flash(f"{answer.site_name} answered; the account has the role {answer.role}.", "success")
    return go_to(url_for("librarians.show", name=name))


@blueprint.post("/librarians/<name>/transfers")
def enable_transfers(name: str) -> Response:
    """Pause what is pushed to a neighbour, or resume it."""
    enabled = request.form.get("enabled") == "yes"
    neighbour = librarian().set_librarian_transfer(name, enabled)
    flash(f"Transfers to {neighbour.name} {'go on' if enabled else 'are paused'}.")
    return go_to(url_for("librarians.show", name=neighbour.name))


def _find(name: str) -> Neighbour:
    """Return a neighbour without counts: there may be millions of transfers to it."""
    site = librarian()
    found = (one for one in site.list_librarians() if one.name == name)
    return next(found, None) or site.get_librarian(name)


def _listed() -> list[tuple[Neighbour, object]]:
    return [(one, link_state(one)) for one in librarian().list_librarians()]


def _chart(neighbour: Neighbour) -> dict[str, ThroughputChart | str | None]:
    """Return what was sent; that it cannot be had is no reason to show nothing."""
    span = SPANS.get(request.args.get("span", ""), SPANS["day"])
    try:
        samples = librarian().list_throughput(neighbour.name, span.hours)
    except LibrarianError as error:
        return {"chart": None, "chart_error": str(error)}
    return {"chart": chart_throughput(samples, span, datetime.now(UTC)), "chart_error": ""}
