"""The least role for each page and action; what is not in the table is refused.

The catalogue decides. This table spares people what it would refuse, and pages the actions.
"""

from contextlib import suppress

from flask import current_app, g, request
from werkzeug.wrappers import Response

from librarian.errors import LibrarianError, NotAllowedError
from web_frontend.people import current_person

ANYONE = "anyone"
ROLES = ("NONE", "READONLY", "CALLBACK", "READAPPEND", "READWRITE", "ADMIN")

RIGHTS: dict[str, str] = {
    # The frame.
    "assets.send_asset": ANYONE,
    "health.show_health": ANYONE,
    "sign_in.show_sign_in": ANYONE,
    "sign_in.sign_in": ANYONE,
    "sign_in.show_link": ANYONE,
    "sign_in.sign_in_by_link": ANYONE,
    "sign_in.sign_out": ANYONE,
    "home.list_suspects": "READONLY",
    "home.show_home": "READONLY",
    "home.show_lately": "READONLY",
    "home.show_now": "READONLY",
    # Stagings; the catalogue lets only their owners and administrators change them.
    "staging.list": "READONLY",
    "staging.list_rows": "READONLY",
    "staging.new": "READONLY",
    "staging.preview": "READONLY",
    "staging.check_destination": "READONLY",
    "staging.start": "READONLY",
    "staging.show": "READONLY",
    "staging.show_parts": "READONLY",
    "staging.stream": "READONLY",
    "staging.list_errors": "READONLY",
    "staging.cancel": "READONLY",
    "staging.retry": "READONLY",
    # Searches, and what is done with what they find.
    "search.results": "READONLY",
    "search.check": "READONLY",
    "search.build": "READONLY",
    "search.count": "READONLY",
    "exports.get_export": "READONLY",
    "exports.send_export": "READONLY",
    "saved_searches.list": "READONLY",
    "saved_searches.save": "READONLY",
    "saved_searches.delete": "READONLY",
    "saved_searches.show": "READONLY",
    "sending.confirm": "READWRITE",
    "sending.queue": "READWRITE",
    # Pictures of what is in the archive.
    "coverage.growth": "READONLY",
    "coverage.show": "READONLY",
    # Files, observations and observing sessions.
    "downloads.send": "READONLY",
    "files.explain": "READONLY",
    "files.send": "READWRITE",
    "files.show": "READONLY",
    "files.verify": "READWRITE",
    "observations.list": "READONLY",
    "observations.show": "READONLY",
    "sessions.bar": "READONLY",
    "sessions.list": "READONLY",
    "sessions.show": "READONLY",
    # Stores.
    "stores.list": "READONLY",
    "stores.list_rows": "READONLY",
    "stores.show": "READONLY",
    "stores.show_state": "READONLY",
    "stores.change_settings": "ADMIN",
    # Neighbouring librarians.
    "librarians.list": "READONLY",
    "librarians.list_rows": "READONLY",
    "librarians.show": "READONLY",
    "librarians.show_state": "READONLY",
    "librarians.show_counts": "READONLY",
    "librarians.test_connection": "READWRITE",
    "librarians.enable_transfers": "ADMIN",
    "librarian_settings.new_librarian": "ADMIN",
    "librarian_settings.add_librarian": "ADMIN",
    "librarian_settings.edit_librarian": "ADMIN",
    "librarian_settings.update_librarian": "ADMIN",
    "librarian_settings.remove_librarian": "ADMIN",
    "reconciliations.start_reconciliation": "READWRITE",
    "reconciliations.show_reconciliation": "READONLY",
    "reconciliations.show_state": "READONLY",
    "reconciliations.cancel_reconciliation": "READWRITE",
    # Transfers.
    "transfers.list": "READONLY",
    "transfers.show_queue": "READONLY",
    "transfers.show": "READONLY",
    "transfers.show_state": "READONLY",
    "transfers.change_transfers": "READWRITE",
    # One's own tokens and password.
    "own_account.list_tokens": "READONLY",
    "own_account.create_token": "READONLY",
    "own_account.revoke_token": "READONLY",
    "own_account.show_password": "READONLY",
    "own_account.change_password": "READONLY",
    # Administration.
    "accounts.list": "ADMIN",
    "accounts.new": "ADMIN",
    "accounts.create": "ADMIN",
    "accounts.show": "ADMIN",
    "accounts.set_role": "ADMIN",
    "accounts.set_password": "ADMIN",
    "accounts.delete": "ADMIN",
    "accounts.create_link": "ADMIN",
    "accounts.create_token": "ADMIN",
    "accounts.revoke_token": "ADMIN",
    "audit.list": "ADMIN",
    # Standing orders.
    "orders.list": "READONLY",
    "orders.list_rows": "READONLY",
    "orders.check_search": "READONLY",
    "orders.show": "READONLY",
    "orders.show_state": "READONLY",
    "orders.preview_order": "READONLY",
    "orders.new": "READWRITE",
    "orders.create_order": "READWRITE",
    "orders.preview_new": "READWRITE",
    "orders.edit": "READWRITE",
    "orders.update_order": "READWRITE",
    "orders.enable_order": "READWRITE",
    "orders.delete_order": "READWRITE",
}


def covers(role: str, least: str) -> bool:
    """Say whether a role may do what asks for at least another."""
    return least == ANYONE or ROLES.index(role) >= ROLES.index(least)


def may(endpoint: str) -> bool:
    """Say whether who asks for this page may do something: for pages, to show the action."""
    least, person = RIGHTS.get(endpoint), g.get("person")
    if least is None or endpoint not in current_app.view_functions:
        return False
    return least == ANYONE or (person is not None and covers(person.role, least))


def check_rights() -> Response | None:
    """Refuse a request that its sender may not make, before anything else is done for it."""
    # Imported late: the page to sign in is a page too.
    from web_frontend.views.sign_in import to_sign_in

    if request.endpoint is None:
        # No such page: all are told that alike, and who is signed in keeps the way to others.
        with suppress(LibrarianError):
            current_person()
        return None
    least = RIGHTS.get(request.endpoint)
    if least == ANYONE:
        return None
    person = current_person()
    if person is None:
        return to_sign_in()
    if least is None or not covers(person.role, least):
        raise NotAllowedError(_why(person.role, least))
    return None


def _why(role: str, least: str | None) -> str:
    if least is None:
        return "This page is for nobody."
    return f"This takes the role {least}, and you are signed in with {role}."
