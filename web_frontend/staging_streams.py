"""The live page of a staging: what it shows, sent as server-sent events or asked for.

Nothing is kept between two events: a stream that breaks off, here or at the catalogue, goes on
with the next that is asked for.
"""

import json
import time
from collections.abc import Callable, Iterator

from flask import render_template

from librarian.client.jobs import Job, JobErrorPage
from librarian.client.librarian import Librarian
from librarian.errors import (
    BusyError,
    LibrarianError,
    NotReachableError,
    NotSignedInError,
)
from web_frontend.shown.jobs import job_progress, job_state
from web_frontend.streams import HEARTBEAT, event

SHOWN_ERRORS = 20
"""Errors on the page of a staging; there is a page for all of them."""

# A watch is asked for anew so often, and the browser told that somebody is here.
_WATCH_SECONDS = 5.0
# A watch that a busy catalogue ends is asked for again after this, and one that is away.
_PAUSE_SECONDS = 1.0
# A stream is ended after this, for the next: no answer lasts for ever.
_LONGEST_SECONDS = 1800.0

Errors = Callable[[Job], JobErrorPage]


def live_parts(job: Job, errors: JobErrorPage) -> dict[str, object]:
    """Return the parts of the page that change, by their places."""
    known = {"job": job, "state": job_state(job)}
    return {
        "state": render_template("staging/_state.html", **known),
        "progress": render_template("staging/_progress.html", bar=job_progress(job), **known),
        "actions": render_template("staging/_actions.html", **known),
        "errors": render_template("staging/_errors.html", errors=errors, **known),
        "ended": job.has_ended,
    }


def read_errors(site: Librarian, job: Job) -> JobErrorPage:
    """Return the first errors of a staging; it is not asked when there are none."""
    if not job.files_failed:
        return JobErrorPage([], "")
    return site.list_job_error_page(job.id, page_size=SHOWN_ERRORS)


def stream_job(site: Librarian, id: int) -> Iterator[bytes]:
    """Yield the parts of a staging's page as it changes, until it ends or nobody looks."""
    until = time.monotonic() + _LONGEST_SECONDS
    told = ""
    while time.monotonic() < until:
        try:
            for job in site.watch_job(id, _WATCH_SECONDS):
                said = json.dumps(live_parts(job, read_errors(site, job)))
                if said != told:
                    yield event(said, "staging")
                    told = said
                if job.has_ended:
                    return
            yield HEARTBEAT
        except NotSignedInError:
            yield event("", "reload")
            return
        except (NotReachableError, BusyError):
            yield event("", "away")
            told = ""
        except LibrarianError:
            # The page itself tells what it is.
            yield event("", "reload")
            return
        time.sleep(_PAUSE_SECONDS)
