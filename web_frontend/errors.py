"""What went wrong, as a page with one sentence and what to do."""

import logging
from typing import NamedTuple

from flask import Flask, g, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from librarian import errors
from web_frontend import people
from web_frontend.catalogue import catalogue
from web_frontend.requests import is_fragment

logger = logging.getLogger(__name__)


class Advice(NamedTuple):
    """How an error is shown."""

    status: int
    title: str
    what_to_do: str


# The first class that an error is of counts.
_ADVICE: dict[type[Exception], Advice] = {
    errors.NotAllowedError: Advice(
        403, "Not allowed", "Ask an administrator of this site if you need it."
    ),
    errors.NotFoundError: Advice(404, "Not found", "Check the name, or search for it."),
    errors.InvalidRequestError: Advice(
        400, "Not understood", "Go back, correct it, and try again."
    ),
    errors.ConflictError: Advice(409, "Already there", "Go back and choose another name."),
    errors.StateError: Advice(409, "Not possible now", "Change what is in the way, and try again."),
    errors.BusyError: Advice(503, "Busy", "Try again in a moment."),
    errors.StoreFullError: Advice(507, "No room", "Free space, or choose another place."),
    errors.CorruptContentsError: Advice(
        500, "Contents are damaged", "Tell an administrator of this site: a person must look."
    ),
    errors.WaitTimedOutError: Advice(
        504, "No answer in time", "Try again; it may have been done nevertheless."
    ),
    errors.NotReachableError: Advice(
        503, "Out of reach", "This page looks again by itself, and comes back when it can."
    ),
    errors.LibrarianError: Advice(
        500, "That did not work", "Try again; tell an administrator if it stays so."
    ),
}

_SENTENCES: dict[int, tuple[str, str, str]] = {
    400: (
        "Not understood",
        "The request is not one that this page takes.",
        "Go back and try again.",
    ),
    404: ("Not found", "There is no such page.", "Check the address, or begin at the search."),
    405: ("Not understood", "This page cannot be asked for in this way.", "Open it from a link."),
    413: ("Too large", "What was sent is larger than any form of this site.", "Send less of it."),
    414: ("Too long", "The address is too long.", "Make the search shorter, or save it."),
}
_AWAY = "The catalogue of this site does not answer just now."
_AGENT_AWAY = "The store agent that has this does not answer just now."
_SLOW = "The catalogue of this site took too long to answer."
_OTHERWISE = (
    "That did not work",
    "Something went wrong here; it is in the log of the web front end.",
    "Try again; tell an administrator if it stays so.",
)


def register_error_pages(app: Flask) -> None:
    """Have every error end in a page, or in a fragment where one was asked for."""
    app.register_error_handler(errors.NotSignedInError, _sign_in_again)
    app.register_error_handler(errors.LibrarianError, show_error)
    app.register_error_handler(CSRFError, _show_forged)
    app.register_error_handler(HTTPException, _show_http_error)
    app.register_error_handler(Exception, _show_defect)


def advice_for(error: Exception) -> Advice:
    """Return how an error of the catalogue's is shown."""
    return next(advice for kind, advice in _ADVICE.items() if isinstance(error, kind))


def show_error(error: errors.LibrarianError) -> Response:
    """Return the page of an error of `librarian.errors`."""
    advice = advice_for(error)
    # Where the catalogue listens is for the log alone.
    if isinstance(error, errors.WaitTimedOutError) and "did not answer in time" in str(error):
        logger.warning("%s", error)
        return _show_slowness(advice)
    if isinstance(error, errors.NotReachableError):
        logger.warning("%s", error)
        return _show_distance(advice, str(error))
    return _page(advice, str(error).replace(catalogue().address, "the catalogue") or advice.title)


def _show_distance(advice: Advice, told: str) -> Response:
    """Say what is out of reach: without the catalogue there is no page, without an agent a file."""
    if catalogue().address in told or not catalogue().answers():
        return _page(advice, _AWAY, comes_back=True)
    # A page that asked an agent would ask it again and again, if it came back by itself.
    later = advice._replace(what_to_do="Try again later; the page of stores tells whether it runs.")
    return _page(later, _AGENT_AWAY if "Nothing answers at" in told else told)


def _show_slowness(advice: Advice) -> Response:
    if request.method != "GET":
        return _page(advice, _SLOW)
    if catalogue().answers():
        # A page that is too much for it would be too much again: it does not come back by itself.
        return _page(advice._replace(what_to_do="Try again, or ask for less at once."), _SLOW)
    return _page(_ADVICE[errors.NotReachableError], _AWAY, comes_back=True)


def _sign_in_again(error: errors.NotSignedInError) -> Response:
    from web_frontend.views.sign_in import to_sign_in

    # What was learnt of the person a moment ago would lead them back here, again and again.
    back = to_sign_in(ended=True)
    people.forget()
    return back


def _show_forged(error: CSRFError) -> Response:
    advice = Advice(400, "Form out of date", "Go back, load the page again, and send it once more.")
    return _page(advice, "This form is not of your present sign-in, so nothing was done.")


def _show_http_error(error: HTTPException) -> Response:
    status = error.code or 500
    if status < 400:
        return error.get_response()
    title, sentence, what_to_do = _SENTENCES.get(status, _OTHERWISE)
    answer = _page(Advice(status, title, what_to_do), sentence)
    for name in ("Allow", "Retry-After"):
        if name in error.get_response().headers:
            answer.headers[name] = error.get_response().headers[name]
    return answer


def _show_defect(error: Exception) -> Response:
    logger.error("%s %s failed.", request.method, request.path, exc_info=error)
    title, sentence, what_to_do = _OTHERWISE
    return _page(Advice(500, title, what_to_do), sentence)


def _page(advice: Advice, sentence: str, *, comes_back: bool = False) -> Response:
    # A page of an error must not fail for want of whoever asked.
    g.setdefault("person", None)
    template = "errors/_error.html" if is_fragment() else "errors/error.html"
    text = render_template(template, advice=advice, sentence=sentence, comes_back=comes_back)
    answer = make_response(text, advice.status)
    if advice.status == 503:
        answer.headers["Retry-After"] = "5"
    return answer
