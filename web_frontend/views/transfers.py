"""Transfers: what is on its way to neighbours, what failed, and what to do about it."""

from collections.abc import Sequence

from flask import Blueprint, flash, render_template, request, url_for
from werkzeug.wrappers import Response

from librarian.client.transfer_records import Changed
from librarian.errors import InvalidRequestError
from web_frontend.catalogue import librarian
from web_frontend.formats import format_count
from web_frontend.forms.transfers import GROUP_TITLES, TransferFilter, read_filter
from web_frontend.requests import go_to
from web_frontend.shown.batches import batch_of, group_batches
from web_frontend.shown.states import fault_words, transfer_state
from web_frontend.shown.transfers import (
    CONCERNED,
    MOST_AT_ONCE,
    find_concerned,
    list_going,
    list_page,
)
from web_frontend.streams import long_work

blueprint = Blueprint("transfers", __name__)

blueprint.add_app_template_filter(transfer_state)
blueprint.add_app_template_filter(fault_words)

_DONE = {"cancel": "cancelled", "retry": "queued anew"}


@blueprint.get("/transfers", endpoint="list")
def list_transfers() -> str:
    """Show the queue, and what has left it; a page at a time, the newest first."""
    site, chosen = librarian(), read_filter(request.args)
    return render_template(
        "transfers/list.html",
        groups=GROUP_TITLES,
        neighbours=[(one.name, one.name) for one in site.list_librarians()],
        orders=[(one.name, one.name) for one in site.list_standing_orders()],
        **_queue(chosen),
    )


@blueprint.get("/transfers/-/queue")
def show_queue() -> str:
    """Show the first page as it is now, on a page that is open."""
    return render_template("transfers/_queue.html", **_queue(read_filter(request.args)))


@blueprint.get("/transfers/<id:id>", endpoint="show")
def show_transfer(id: int) -> str:
    """Show one transfer."""
    return render_template("transfers/show.html", **_one(id))


@blueprint.get("/transfers/<id:id>/state")
def show_state(id: int) -> str:
    """Show how a transfer is now, on a page that is open."""
    return render_template("transfers/_state.html", **_one(id))


@blueprint.post("/transfers/-/change")
@long_work()
def change_transfers() -> str | Response:
    """Cancel transfers or queue them anew: those that are marked, or all that a filter holds for.

    Without a confirmation it says how many that are, and asks.
    """
    action = request.form.get("action", "")
    if action not in CONCERNED:
        raise InvalidRequestError("Transfers can be cancelled, or queued anew.")
    chosen = read_filter(request.form)
    ids, has_more = _concerned(chosen, action)
    if "confirmed" not in request.form:
        return _ask(action, chosen, ids, has_more=has_more)
    changed = _apply(action, ids)
    flash(_told(action, changed, has_more=has_more))
    return go_to(url_for("transfers.list", **chosen.query()))


def _queue(chosen: TransferFilter) -> dict[str, object]:
    site, token = librarian(), request.args.get("page", "")
    page = list_page(site, chosen, token)
    batches = [] if token else group_batches(list_going(site, chosen))
    return {"chosen": chosen, "page": page, "page_token": token, "batches": batches}


def _one(id: int) -> dict[str, object]:
    transfer = librarian().get_transfer(id)
    return {"transfer": transfer, "batch": batch_of(transfer)}


def _concerned(chosen: TransferFilter, action: str) -> tuple[Sequence[int], bool]:
    """Return the numbers of the transfers that are meant, and whether there are more."""
    if "all" not in request.form:
        return _marked(), False
    found = find_concerned(librarian(), chosen, action, _number(request.form.get("last_id", "0")))
    return found.ids, found.has_more


def _marked() -> list[int]:
    ids = list(dict.fromkeys(_number(text) for text in request.form.getlist("id")))
    if not ids:
        raise InvalidRequestError("No transfer is marked: mark some, or take all that are listed.")
    return ids


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise InvalidRequestError("The number of a transfer is a whole number.")
    return int(text)


def _apply(action: str, ids: Sequence[int]) -> Changed:
    if not ids:
        return Changed()
    site = librarian()
    return site.cancel_transfers(ids) if action == "cancel" else site.retry_transfers(ids)


def _ask(action: str, chosen: TransferFilter, ids: Sequence[int], *, has_more: bool) -> str:
    return render_template(
        "transfers/confirm.html",
        action=action,
        chosen=chosen,
        groups=GROUP_TITLES,
        ids=() if "all" in request.form else ids,
        last_id=max(ids, default=0),
        count=len(ids),
        has_more=has_more,
    )


def _told(action: str, changed: Changed, *, has_more: bool) -> str:
    done = f"{format_count(changed.changed_count)} transfers {_DONE[action]}"
    if changed.changed_count == 1:
        done = f"1 transfer {_DONE[action]}"
    left = changed.unchanged_count
    rest = f", {format_count(left)} left as they are" if left else ""
    more = (
        f" There are more than {format_count(MOST_AT_ONCE)}: do it again for the next."
        if has_more
        else ""
    )
    return f"{done}{rest}.{more}"
