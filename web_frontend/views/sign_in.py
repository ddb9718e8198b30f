"""Signing in and out: a name and a password, or the one-time code of a link."""

from contextlib import suppress
from urllib.parse import urlencode

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from librarian.errors import BusyError, LibrarianError, NotReachableError, NotSignedInError
from librarian.v1 import accounts_pb2
from web_frontend import people
from web_frontend.catalogue import catalogue
from web_frontend.errors import advice_for
from web_frontend.requests import SEE_OTHER, go_to, own_path, this_page

blueprint = Blueprint("sign_in", __name__)

# The same words whatever is wrong: others would tell which names there are, and who is slowed down.
_REFUSED = (
    "The name or the password is wrong. After several failures, wait before the next try: up to"
    " five minutes."
)


def to_sign_in(*, ended: bool = False) -> Response:
    """Lead to the page to sign in, and from there back to this one."""
    back = this_page()
    values = {
        "next": back if back != "/" else None,
        "ended": "1" if ended or g.get("sign_in_ended") else None,
    }
    query = urlencode({name: value for name, value in values.items() if value})
    return go_to(url_for("sign_in.show_sign_in") + (f"?{query}" if query else ""))


@blueprint.get("/sign-in")
def show_sign_in() -> str | Response:
    """Ask for a name and a password."""
    with suppress(NotReachableError):
        # Whoever is signed in has no use for this page.
        if people.current_person():
            return go_to(own_path(request.args.get("next")))
    return _form("")


@blueprint.post("/sign-in")
def sign_in() -> Response | tuple[str, int]:
    """Sign in with a name and a password."""
    name, password = request.form.get("name", "").strip(), request.form.get("password", "")
    asked = accounts_pb2.SignInRequest(account_name=name, password=password)
    return _trade(asked, _REFUSED)


@blueprint.get("/sign-in/link")
def show_link() -> str:
    """Take the code of a link, which only the browser knows: it is after the `#`."""
    return render_template("sign_in/link.html", failure="")


@blueprint.post("/sign-in/link")
def sign_in_by_link() -> Response | tuple[str, int]:
    """Sign in with the code of a link."""
    asked = accounts_pb2.SignInRequest(code=request.form.get("code", "").strip())
    return _trade(asked, "This link has been used, or its time is over: ask for another.")


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """End this sign-in, here and at the catalogue."""
    token = people.current_token()
    token_id = people.forget()
    if token and token_id:
        with suppress(LibrarianError):
            catalogue().librarian(token, request.remote_addr or "").revoke_token(token_id)
    return redirect(url_for("sign_in.show_sign_in"), SEE_OTHER)


def _trade(asked: accounts_pb2.SignInRequest, refusal: str) -> Response | tuple[str, int]:
    """Trade what was said for a token, and go where the person wanted to go."""
    try:
        people.sign_in(asked)
    except NotSignedInError:
        return _form(refusal), 401
    except BusyError as error:
        return _form(str(error)), 429
    except LibrarianError as error:
        if advice_for(error).status >= 500:
            raise
        return _form(refusal), 401
    return go_to(own_path(request.form.get("next")))


def _form(failure: str) -> str:
    return render_template(
        "sign_in/sign_in.html",
        failure=failure,
        name=request.form.get("name", "")[:64],
        next=own_path(request.values.get("next")),
        ended="ended" in request.args and not failure,
    )
