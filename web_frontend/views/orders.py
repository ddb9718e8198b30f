"""Standing orders: what is pushed to a neighbour as soon as it is here."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, render_template, request, url_for
from werkzeug.wrappers import Response

from librarian.client.standing_orders import StandingOrder
from librarian.errors import ConflictError, InvalidRequestError, LibrarianError, NotFoundError
from web_frontend.catalogue import librarian
from web_frontend.formats import format_count
from web_frontend.forms.orders import (
    RATE_UNITS,
    OrderForm,
    known_timezones,
    order_form,
    read_order_form,
)
from web_frontend.requests import go_to, is_fragment
from web_frontend.searching.mistakes import meaning_of
from web_frontend.shown.states import order_state
from web_frontend.streams import long_work

blueprint = Blueprint("orders", __name__)

blueprint.add_app_template_filter(order_state)

# What a person can correct in the form; all else is a page of its own.
_CORRECTABLE = (InvalidRequestError, ConflictError, NotFoundError)


@blueprint.get("/orders", endpoint="list")
def list_orders() -> str:
    """Show all standing orders."""
    return render_template("orders/list.html", orders=librarian().list_standing_orders())


@blueprint.get("/orders/-/rows")
def list_rows() -> str:
    """Show the standing orders as they are now, on a page that is open."""
    return render_template("orders/_rows.html", orders=librarian().list_standing_orders())


# No order can be called `-`: a name begins with a letter or a digit.
@blueprint.get("/orders/-/new", endpoint="new")
def new_order() -> str:
    """Show the form of a new standing order."""
    given = request.args.get
    return _form(OrderForm(given("name", ""), given("librarian", ""), given("search", "")))


@blueprint.post("/orders/-/new")
def create_order() -> Response | tuple[str, int]:
    """Make a standing order."""
    form = read_order_form(request.form)
    return _save(form, None, lambda: _create(form))


@blueprint.get("/orders/-/check")
def check_search() -> str:
    """Say what a search means, or what is wrong with it, while it is typed."""
    return render_template(
        "orders/_check.html", **meaning_of(librarian(), request.args.get("search", ""))
    )


@blueprint.post("/orders/-/preview")
@long_work()
def preview_new() -> str:
    """Say what an order that is in the form would send."""
    form = read_order_form(request.form)
    preview = _preview("", form)
    if is_fragment():
        return render_template("orders/_preview.html", **preview)
    # Without scripts the whole page comes again, with the preview in it.
    known = librarian().list_standing_orders()
    order = next((one for one in known if one.name == form.name), None)
    return _form(form, order, **preview)


@blueprint.get("/orders/<name>", endpoint="show")
def show_order(name: str) -> str:
    """Show one standing order."""
    return _page(name)


@blueprint.get("/orders/<name>/state")
def show_state(name: str) -> str:
    """Show how an order is now, on a page that is open."""
    return render_template("orders/_state.html", order=librarian().get_standing_order(name))


@blueprint.get("/orders/<name>/preview")
@long_work()
def preview_order(name: str) -> str:
    """Say what an order would send if it were enabled now."""
    preview = _preview(name, None)
    if is_fragment():
        return render_template("orders/_preview.html", **preview)
    return _page(name, **preview)


@blueprint.get("/orders/<name>/edit", endpoint="edit")
def edit_order(name: str) -> str:
    """Show the form that changes a standing order."""
    order = librarian().get_standing_order(name)
    return _form(order_form(order), order)


@blueprint.post("/orders/<name>/edit")
def update_order(name: str) -> Response | tuple[str, int]:
    """Change a standing order."""
    order = librarian().get_standing_order(name)
    form = read_order_form(request.form)
    # An order keeps its name and its neighbour.
    form.name, form.librarian = order.name, order.librarian
    return _save(form, order, lambda: _update(form))


@blueprint.post("/orders/<name>/enabled")
def enable_order(name: str) -> Response:
    """Enable a standing order, or disable it."""
    enabled = request.form.get("enabled") == "yes"
    order = librarian().update_standing_order(name, enabled=enabled)
    flash(f"{order.name} is {'enabled' if enabled else 'disabled'}.")
    return go_to(url_for("orders.show", name=order.name))


@blueprint.post("/orders/<name>/delete")
def delete_order(name: str) -> Response:
    """Delete a standing order, and cancel what it has queued."""
    cancelled = librarian().delete_standing_order(name)
    flash(f"{name} is deleted; {format_count(cancelled)} queued transfers were cancelled.")
    return go_to(url_for("orders.list"))


def _create(form: OrderForm) -> StandingOrder:
    return librarian().create_standing_order(
        form.name, form.librarian, form.search, enabled=form.enabled, **_terms(form)
    )


def _update(form: OrderForm) -> StandingOrder:
    return librarian().update_standing_order(
        form.name, search=form.search, enabled=form.enabled, **_terms(form)
    )


def _terms(form: OrderForm) -> dict[str, Any]:
    return {
        "priority": form.priority_number,
        "hours": form.hours,
        "timezone": form.timezone,
        "bandwidth_bytes_per_second": form.bytes_per_second,
    }


def _save(
    form: OrderForm, order: StandingOrder | None, save: Callable[[], StandingOrder]
) -> Response | tuple[str, int]:
    """Save what is in a form and lead to the order, or show the form again with what is wrong."""
    if not form.validate():
        return _form(form, order), 400
    try:
        saved = save()
    except _CORRECTABLE as error:
        form.errors[""] = str(error)
        return _form(form, order), 409 if isinstance(error, ConflictError) else 400
    flash(f"{saved.name} is saved.")
    return go_to(url_for("orders.show", name=saved.name))


def _page(name: str, **preview: Any) -> str:
    order = librarian().get_standing_order(name)
    return render_template(
        "orders/show.html", order=order, **meaning_of(librarian(), order.search), **preview
    )


def _form(form: OrderForm, order: StandingOrder | None = None, **preview: Any) -> str:
    return render_template(
        "orders/form.html",
        form=form,
        order=order,
        neighbours=[(one.name, one.name) for one in librarian().list_librarians()],
        timezones=known_timezones(),
        units=RATE_UNITS,
        **meaning_of(librarian(), form.search),
        **preview,
    )


def _preview(name: str, form: OrderForm | None) -> dict[str, Any]:
    """Count what an order would send; why that cannot be told is told in its place."""
    described: dict[str, Any] = {}
    if form is not None:
        if not (form.librarian and form.search):
            return {"previewed": True, "preview": None, "preview_error": ""}
        described = {"to": form.librarian, "search": form.search}
        described["bandwidth_bytes_per_second"] = form.bytes_per_second
    try:
        preview = librarian().preview_standing_order(name, **described)
    except LibrarianError as error:
        return {"previewed": True, "preview": None, "preview_error": str(error)}
    return {"previewed": True, "preview": preview, "preview_error": ""}
