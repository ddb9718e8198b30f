"""Who asks for a page: the token in the signed cookie, and whom the catalogue takes it for."""

from typing import Any

from flask import g, request
from flask import session as cookie

from librarian.client.account_records import NewToken, SiteInfo
from librarian.client.librarian import Librarian
from librarian.client.messages import read_new_token
from librarian.errors import NotSignedInError
from librarian.v1 import accounts_pb2, accounts_pb2_grpc
from web_frontend.catalogue import catalogue

_TOKEN, _TOKEN_ID = "token", "token_id"
# A password is slow to judge, and may wait for others.
_PATIENCE_SECONDS = 30.0


def current_person() -> SiteInfo | None:
    """Return who is signed in; None for nobody, or for a sign-in that has ended."""
    if "person" not in g:
        g.token = current_token()
        g.person = _ask(g.token) if g.token else None
    found: SiteInfo | None = g.person
    return found


def current_token() -> str:
    """Return the token of this sign-in; empty for none."""
    return str(cookie.get(_TOKEN, ""))


def patient(token: str) -> Librarian:
    """Return the Librarian of a token for what has to do with passwords, which takes its time."""
    address = request.remote_addr or ""
    return catalogue().librarian(token, address, timeout_seconds=_PATIENCE_SECONDS)


def sign_in(asked: accounts_pb2.SignInRequest) -> None:
    """Trade what was said for a token, and keep that; raise what the catalogue says of it."""
    stub = patient("").link.catalog(accounts_pb2_grpc.AccountsStub)
    remember(read_new_token(stub.SignIn(asked)))


def remember(new: NewToken) -> None:
    """Sign in: begin a new cookie with a token in it."""
    cookie.clear()
    cookie[_TOKEN], cookie[_TOKEN_ID] = new.secret, new.token.id
    g.token = new.secret
    g.pop("person", None)
    g.pop("librarian", None)


def forget() -> str:
    """Sign out here: empty the cookie; return the public part of the token it held."""
    token_id: Any = cookie.get(_TOKEN_ID, "")
    catalogue().forget(current_token())
    cookie.clear()
    g.person, g.token = None, ""
    return str(token_id)


def _ask(token: str) -> SiteInfo | None:
    try:
        return catalogue().who_is(token, request.remote_addr or "")
    except NotSignedInError:
        g.sign_in_ended = True
        cookie.clear()
        return None
