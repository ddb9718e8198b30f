"""Neighbours on record: adding one, changing it, taking it off. For administrators."""

from collections.abc import Callable

from flask import Blueprint, flash, render_template, request, url_for
from werkzeug.wrappers import Response

from librarian.client.librarians import Neighbour
from librarian.errors import ConflictError, LibrarianError, NotAllowedError, NotSignedInError
from web_frontend.catalogue import librarian
from web_frontend.formats import format_count
from web_frontend.forms.librarians import LibrarianForm, librarian_form, read_librarian_form
from web_frontend.requests import go_to
from web_frontend.streams import long_work

blueprint = Blueprint("librarian_settings", __name__)

# All else that is wrong when a neighbour is put on record can be corrected in the form.
_NOT_CORRECTABLE = (NotAllowedError, NotSignedInError)


# No neighbour can be called `-`: a name begins with a letter or a digit.
@blueprint.get("/librarians/-/new")
def new_librarian() -> str:
    """Show the form of a new neighbour."""
    return _form(LibrarianForm(), None)


@blueprint.post("/librarians/-/new")
@long_work()
def add_librarian() -> Response | tuple[str, int]:
    """Put a neighbour on record."""
    form = read_librarian_form(request.form)
    return _save(form, None, lambda: _add(form))


@blueprint.get("/librarians/<name>/edit")
def edit_librarian(name: str) -> str:
    """Show the form that changes a neighbour."""
    neighbour = librarian().get_librarian(name)
    return _form(librarian_form(neighbour), neighbour)


@blueprint.post("/librarians/<name>/edit")
@long_work()
def update_librarian(name: str) -> Response | tuple[str, int]:
    """Change a neighbour."""
    neighbour = librarian().get_librarian(name)
    form = read_librarian_form(request.form)
    form.name = neighbour.name
    return _save(form, neighbour, lambda: _update(form))


@blueprint.post("/librarians/<name>/remove")
@long_work()
def remove_librarian(name: str) -> Response:
    """Take a neighbour off the record."""
    removed = librarian().remove_librarian(name, cancel_transfers="cancel" in request.form)
    believed = format_count(removed.remote_instance_count)
    cancelled = format_count(removed.cancelled_count)
    flash(f"{name} is removed: {believed} remote instances forgotten, {cancelled} cancelled.")
    return go_to(url_for("librarians.list"))


def _add(form: LibrarianForm) -> Neighbour:
    return librarian().add_librarian(form.name, form.url, form.authenticator or "", **form.settings)


def _update(form: LibrarianForm) -> Neighbour:
    return librarian().update_librarian(
        form.name, url=form.url, authenticator=form.authenticator, **form.settings
    )


def _save(
    form: LibrarianForm, before: Neighbour | None, save: Callable[[], Neighbour]
) -> Response | tuple[str, int]:
    if not form.validate(before):
        return _form(form, before), 400
    try:
        saved = save()
    except _NOT_CORRECTABLE:
        raise
    except LibrarianError as error:
        form.errors[""] = str(error)
        return _form(form, before), 409 if isinstance(error, ConflictError) else 400
    flash(f"{saved.name} is saved.")
    return go_to(url_for("librarians.show", name=saved.name))


def _form(form: LibrarianForm, neighbour: Neighbour | None) -> str:
    return render_template("librarians/form.html", form=form, neighbour=neighbour)
