"""Reconciliations: what is believed to be at a neighbour, compared with what is."""

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from librarian.client.jobs import Job
from librarian.client.reconciliations import Reconciliation
from web_frontend.catalogue import librarian
from web_frontend.requests import go_to

blueprint = Blueprint("reconciliations", __name__)


@blueprint.post("/librarians/<name>/reconcile")
def start_reconciliation(name: str) -> Response:
    """Begin to compare with a neighbour, and lead to the page that follows it."""
    job = librarian().reconcile(name, queue_missing="queue_missing" in request.form)
    return go_to(url_for("reconciliations.show_reconciliation", id=job.id))


@blueprint.get("/reconciliations/<id:id>")
def show_reconciliation(id: int) -> str:
    """Show what a reconciliation has found so far."""
    return render_template("reconciliations/show.html", **_found(id))


@blueprint.get("/reconciliations/<id:id>/state")
def show_state(id: int) -> str:
    """Show how far a reconciliation is now, on a page that is open."""
    return render_template("reconciliations/_state.html", **_found(id))


@blueprint.post("/reconciliations/<id:id>/cancel")
def cancel_reconciliation(id: int) -> Response:
    """Stop a reconciliation; what it has mended stays."""
    site = librarian()
    # Of another kind of job this page shows nothing: it is not stopped here either.
    site.get_reconciliation(id)
    site.get_job(id).cancel()
    return go_to(url_for("reconciliations.show_reconciliation", id=id))


def _found(id: int) -> dict[str, Job | Reconciliation]:
    site = librarian()
    return {"found": site.get_reconciliation(id), "job": site.get_job(id)}
