"""Staging: asked for, watched, stopped, gone on with."""

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, flash, g, render_template, request, stream_with_context, url_for
from werkzeug.wrappers import Response

from librarian.client.jobs import Job
from librarian.client.records import StagingPreview
from librarian.errors import ConflictError, InvalidRequestError, StateError, UnknownJobError
from web_frontend.catalogue import librarian
from web_frontend.errors import advice_for
from web_frontend.forms.stagings import StagingForm, suggest_subdirectory
from web_frontend.requests import go_to
from web_frontend.rights import covers
from web_frontend.searching.found import find_page
from web_frontend.searching.queries import Query
from web_frontend.shown.jobs import job_state
from web_frontend.staging_streams import live_parts, read_errors, stream_job
from web_frontend.streams import long_work, streamed

blueprint = Blueprint("staging", __name__)

_PAGE_JOBS = 50
_PAGE_ERRORS = 200
# Finds nothing, so that only the destination is looked at.
_NOTHING = '{"always-false": true}'
# Orders all files by an index: its first page says at once which file is the newest.
_EVERYTHING = '{"always-true": true}'


@blueprint.get("/staging", endpoint="list")
def list_stagings() -> str:
    """Show one's own stagings, or everybody's to an administrator, the newest first."""
    return render_template("staging/list.html", **_listed())


@blueprint.get("/staging/-/rows")
def list_rows() -> str:
    """Show the first page as it is now, on a page that is open."""
    return render_template("staging/_rows.html", **_listed())


@blueprint.route("/staging/new", methods=["GET", "POST"], endpoint="new")
def show_launch() -> str | tuple[str, int]:
    """Show what would be staged, and ask where to."""
    return _launch(StagingForm.read(request.values))


@blueprint.post("/staging/-/preview")
def preview() -> str:
    """Count the files that would be staged."""
    form = StagingForm.read(request.form)
    return render_template("staging/_preview.html", found=_counted(form))


@blueprint.post("/staging/-/destination")
def check_destination() -> str:
    """Say whether a directory can be filled, while its name is typed."""
    form = StagingForm.read(request.form)
    try:
        found = librarian().preview_staging(_NOTHING, form.destination)
    except (InvalidRequestError, ConflictError, StateError) as error:
        return render_template("staging/_destination.html", problem=str(error))
    return render_template("staging/_destination.html", destination=found.destination)


@blueprint.post("/staging")
@long_work()
def start() -> Response | str | tuple[str, int]:
    """Start a staging, and go to its page."""
    form = StagingForm.read(request.form)
    try:
        job = librarian().stage_files(
            form.search,
            form.destination,
            user=(form.user or "").strip(),
            snapshot=form.held_to,
            request_id=form.request_id,
        )
    except (InvalidRequestError, ConflictError, StateError) as error:
        return _launch(form, str(error)), advice_for(error).status
    return go_to(url_for("staging.show", id=job.id))


@blueprint.get("/staging/<id:id>", endpoint="show")
def show_staging(id: int) -> str:
    """Show a staging, live while it runs."""
    job = _get(id)
    errors = read_errors(librarian(), job)
    return render_template("staging/show.html", job=job, parts=live_parts(job, errors))


@blueprint.get("/staging/<id:id>/parts")
def show_parts(id: int) -> dict[str, object]:
    """Return the parts of the page as they are now, where they cannot be streamed."""
    job = _get(id)
    return live_parts(job, read_errors(librarian(), job))


@blueprint.get("/staging/<id:id>/stream")
def stream(id: int) -> Response:
    """Send the parts of the page as they change."""
    _get(id)
    events = stream_with_context(stream_job(librarian(), id))
    return streamed(events, media_type="text/event-stream")


@blueprint.get("/staging/<id:id>/errors")
def list_errors(id: int) -> str:
    """Show all files that failed, a page at a time, by name."""
    job = _get(id)
    errors = librarian().list_job_error_page(
        job.id, page_size=_PAGE_ERRORS, page_token=request.args.get("page", "")
    )
    return render_template("staging/errors.html", job=job, errors=errors)


@blueprint.post("/staging/<id:id>/cancel")
def cancel(id: int) -> Response:
    """Ask a staging to stop."""
    job = _get(id).cancel()
    if job.has_ended and job.state != "CANCELLED":
        flash("It had ended already.", "info")
    return go_to(url_for("staging.show", id=id))


@blueprint.post("/staging/<id:id>/retry")
@long_work()
def retry(id: int) -> Response:
    """Let a staging go on with what is not done."""
    try:
        librarian().retry_staging(_get(id).id)
    except StateError:
        # Else a second click, or another window, was quicker.
        if _get(id).has_ended:
            raise
        flash("It goes on already.", "info")
    return go_to(url_for("staging.show", id=id))


@blueprint.app_template_test("mine")
def is_mine(job: Job) -> bool:
    """Say whether who asks may stop a staging and go on with it."""
    return job.owner == g.person.account or covers(g.person.role, "ADMIN")


def _listed() -> dict[str, Any]:
    everybody = g.person.role == "ADMIN" and request.args.get("whose") != "mine"
    later = request.args.get("page", "")
    page = librarian().list_staging_page(
        None if everybody else g.person.account, page_size=_PAGE_JOBS, page_token=later
    )
    return {
        "page": page,
        "later": later,
        "everybody": everybody,
        "whose": request.args.get("whose"),
        "job_state": job_state,
        # What is under way is among the newest.
        "live": not later,
    }


def _get(id: int) -> Job:
    job = librarian().get_job(id)
    if job.kind != "STAGING":
        raise UnknownJobError(f"There is no staging {id}: that number is of another job.")
    return job


def _launch(form: StagingForm, problem: str = "") -> str:
    if not form.search.strip():
        return render_template("staging/nothing.html")
    site = librarian()
    try:
        prefixes = site.preview_staging(_NOTHING).staging_prefixes
    except StateError as error:
        return render_template("staging/not_here.html", problem=str(error))
    return render_template(
        "staging/new.html",
        form=form,
        meaning=site.explain_search(form.search).meaning,
        prefixes=prefixes,
        user=g.person.account if form.user is None else form.user,
        found=_counted(form) if request.values.get("count") else None,
        problem=problem,
        now=datetime.now(UTC),
        newest=form.snapshot if form.snapshot is not None else _newest(),
        suggestion=suggest_subdirectory(g.person.account, datetime.now(UTC)),
    )


def _counted(form: StagingForm) -> StagingPreview:
    with long_work():
        return librarian().preview_staging(form.search, snapshot=form.held_to)


def _newest() -> int:
    """Return what holds a staging to the files that are on record now."""
    found = find_page(librarian(), Query(_EVERYTHING), page_size=1)
    return found.snapshot or 0
