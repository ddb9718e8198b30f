"""Accounts and their roles, passwords, tokens and sign-in links. For administrators."""

from flask import Blueprint, current_app, flash, g, render_template, request, url_for
from werkzeug.wrappers import Response

from librarian.client.account_records import Account
from librarian.errors import (
    ConflictError,
    InvalidRequestError,
    NotAllowedError,
    NotFoundError,
    StateError,
    UnknownAccountError,
)
from web_frontend.catalogue import librarian
from web_frontend.forms.accounts import (
    LIFETIMES,
    ROLE_WORDS,
    TokenForm,
    check_new_password,
    read_token_form,
    roles_up_to,
)
from web_frontend.requests import go_to
from web_frontend.rights import ROLES
from web_frontend.views.own_account import token_page

blueprint = Blueprint("accounts", __name__)

_ALL_ROLES = [(role, f"{role}: {ROLE_WORDS[role]}") for role in ROLES]
_PERSON = "PERSON"


@blueprint.get("/accounts")
def list() -> str:
    """Show all accounts: a site has tens or hundreds."""
    found = librarian().list_users()
    persons = [one for one in found if one.kind == _PERSON]
    machines = [one for one in found if one.kind != _PERSON]
    return render_template("accounts/list.html", persons=persons, machines=machines)


# No account can be called `-`: a name begins with a letter or a digit.
@blueprint.get("/accounts/-/new")
def new() -> str:
    """Show the form of a new account."""
    return _new_page({}, {"role": "READONLY"})


@blueprint.post("/accounts/-/new")
def create() -> Response | tuple[str, int]:
    """Create an account."""
    values = {key: request.form.get(key, "").strip() for key in ("name", "role")}
    password = request.form.get("new", "")
    errors = check_new_password(password, request.form.get("again", "")) if password else {}
    if not values["name"]:
        errors["name"] = "Give it a name, such as ada."
    if errors:
        return _new_page(errors, values), 400
    try:
        made = librarian().create_user(values["name"], values["role"], password or None)
    except (ConflictError, InvalidRequestError) as error:
        return _new_page({"name": str(error)}, values), 409
    flash(f"The account {made.name} is created.", "success")
    return go_to(url_for("accounts.show", name=made.name))


@blueprint.get("/accounts/<name>")
def show(name: str) -> str:
    """Show an account: its role, its tokens, and what an administrator does with it."""
    account = _get(name)
    return _page(account, TokenForm(role=account.role))


@blueprint.post("/accounts/<name>/role")
def set_role(name: str) -> Response:
    """Change what an account may do."""
    account = librarian().set_role(name, request.form.get("role", ""))
    flash(f"{account.name} has the role {account.role} now.", "success")
    return go_to(url_for("accounts.show", name=name))


@blueprint.post("/accounts/<name>/password")
def set_password(name: str) -> Response | tuple[str, int]:
    """Give an account another password."""
    account = _get(name)
    form = TokenForm(role=account.role)
    password = request.form.get("new", "")
    form.errors = check_new_password(password, request.form.get("again", ""))
    if form.errors:
        return _page(account, form), 400
    try:
        librarian().set_password(password, user=name)
    except NotAllowedError:
        # An administrator's own takes the old one.
        return go_to(url_for("own_account.show_password"))
    flash(f"{name} has a new password, and is signed out everywhere.", "success")
    return go_to(url_for("accounts.show", name=name))


@blueprint.post("/accounts/<name>/delete")
def delete(name: str) -> Response:
    """Delete an account and its tokens."""
    librarian().delete_user(name)
    flash(f"The account {name} is deleted, with all its tokens.", "success")
    return go_to(url_for("accounts.list"))


@blueprint.post("/accounts/<name>/sign-in-link")
def create_link(name: str) -> str:
    """Create a link that signs a person in, and show it this once."""
    link = librarian().create_sign_in_link(name)
    pages = current_app.config["PUBLIC_URL"] or request.host_url
    return render_template("accounts/link.html", name=name, link=link, url=link.url(pages))


@blueprint.post("/accounts/<name>/tokens")
def create_token(name: str) -> str | tuple[str, int]:
    """Create a token for an account, and show it this once."""
    account, form = _get(name), read_token_form(request.form)
    if not form.validate():
        return _page(account, form), 400
    try:
        made = librarian().create_token(
            form.name, user=name, role=form.role, lifetime=form.lifetime
        )
    except (InvalidRequestError, NotAllowedError, StateError) as error:
        form.errors[""] = str(error)
        return _page(account, form), 400
    return token_page(made, url_for("accounts.show", name=name))


@blueprint.post("/accounts/<name>/tokens/<token_id>/revoke")
def revoke_token(name: str, token_id: str) -> Response:
    """End a token of an account."""
    try:
        librarian().revoke_token(token_id)
        flash(f"The token of {name} is revoked.", "success")
    except NotFoundError:
        flash("This token had ended already.", "info")
    return go_to(url_for("accounts.show", name=name))


def _get(name: str) -> Account:
    for account in librarian().list_users():
        if account.name == name:
            return account
    raise UnknownAccountError(f"There is no account {name!r:.80}.")


def _new_page(errors: dict[str, str], values: dict[str, str]) -> str:
    return render_template("accounts/new.html", errors=errors, values=values, roles=_ALL_ROLES)


def _page(account: Account, form: TokenForm) -> str:
    return render_template(
        "accounts/show.html",
        account=account,
        tokens=librarian().list_tokens(account.name),
        form=form,
        roles=_ALL_ROLES,
        lifetimes=LIFETIMES,
        token_roles=roles_up_to(account.role),
        is_person=account.kind == _PERSON,
        is_own=account.name == g.person.account,
    )
