"""One's own tokens and password."""

from flask import Blueprint, flash, g, render_template, request, url_for
from werkzeug.wrappers import Response

from librarian.client.account_records import NewToken
from librarian.errors import (
    InvalidRequestError,
    NotAllowedError,
    NotFoundError,
    NotSignedInError,
)
from librarian.v1 import accounts_pb2
from web_frontend import people
from web_frontend.catalogue import librarian
from web_frontend.forms.accounts import (
    LIFETIMES,
    TokenForm,
    check_new_password,
    connection_text,
    read_token_form,
    roles_up_to,
)
from web_frontend.requests import go_to

blueprint = Blueprint("own_account", __name__)


@blueprint.get("/account/tokens")
def list_tokens() -> str:
    """Show the person's tokens, and the form for another."""
    return _page(TokenForm(role=g.person.role))


@blueprint.post("/account/tokens")
def create_token() -> str | tuple[str, int]:
    """Create a token, and show it this once: no address and no cookie ever holds it."""
    form = read_token_form(request.form)
    if not form.validate():
        return _page(form), 400
    try:
        new = librarian().create_token(form.name, role=form.role, lifetime=form.lifetime)
    except (InvalidRequestError, NotAllowedError) as error:
        form.errors[""] = str(error)
        return _page(form), 400
    return token_page(new, url_for("own_account.list_tokens"))


@blueprint.post("/account/tokens/<token_id>/revoke")
def revoke_token(token_id: str) -> Response:
    """End one of the person's tokens."""
    try:
        librarian().revoke_token(token_id)
        flash("The token is revoked.", "success")
    except NotFoundError:
        flash("This token had ended already.", "info")
    return go_to(url_for("own_account.list_tokens"))


@blueprint.get("/account/password")
def show_password() -> str:
    """Ask for the old password and a new one."""
    return render_template("accounts/password.html", errors={})


@blueprint.post("/account/password")
def change_password() -> Response | tuple[str, int]:
    """Change the password; all sign-ins end with it, and this one begins anew."""
    old, new = request.form.get("old", ""), request.form.get("new", "")
    errors = check_new_password(new, request.form.get("again", ""))
    if errors:
        return render_template("accounts/password.html", errors=errors), 400
    try:
        people.patient(g.token).set_password(new, old)
    except (InvalidRequestError, NotAllowedError) as error:
        return render_template("accounts/password.html", errors={"": str(error)}), 400
    return _sign_in_again(g.person.account, new)


def token_page(new: NewToken, back: str) -> str:
    """Return the page that shows a token's secret, once."""
    address = librarian().link.settings.url
    connection = connection_text(g.person.site, address, new.secret)
    return render_template("accounts/secret.html", new=new, connection=connection, back=back)


def _page(form: TokenForm) -> str:
    return render_template(
        "accounts/tokens.html",
        tokens=librarian().list_tokens(),
        this_token=people.current_token().split("_")[1:2],
        form=form,
        roles=roles_up_to(g.person.role),
        lifetimes=LIFETIMES,
    )


def _sign_in_again(name: str, password: str) -> Response:
    people.forget()
    try:
        people.sign_in(accounts_pb2.SignInRequest(account_name=name, password=password))
    except NotSignedInError:
        return go_to(url_for("sign_in.show_sign_in"))
    flash("Your password is changed. Wherever else you were signed in, you are not any more.")
    return go_to(url_for("own_account.list_tokens"))
