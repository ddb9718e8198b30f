"""The audit log. For administrators."""

from urllib.parse import urlencode

from flask import Blueprint, render_template, request, url_for

from web_frontend.catalogue import librarian

blueprint = Blueprint("audit", __name__)

_PAGE_ENTRIES = 50
_FILTERS = ("account", "action", "subject")
_LONGEST_FILTER = 255
# What people ask for most, as the beginnings of actions.
ACTIONS = (
    ("", "All"),
    ("Accounts/", "Accounts and tokens"),
    ("Accounts/SignIn", "Sign-ins"),
    ("Accounts/SignIn refused", "Sign-ins that were refused"),
    ("Files/", "Files"),
    ("Uploads/", "Uploads"),
    ("Instances/", "Registering and verifying"),
    ("Staging/", "Stagings"),
    ("Jobs/", "Jobs"),
    ("SavedSearches/", "Saved searches"),
    ("Observations/", "Observing sessions"),
    ("Stores/", "Stores"),
    ("Librarians/", "Librarians"),
    ("Transfers/", "Transfers"),
    ("StandingOrders/", "Standing orders"),
)


@blueprint.get("/audit")
def list() -> str:
    """Show a page of the audit log."""
    wanted = {key: request.args.get(key, "").strip()[:_LONGEST_FILTER] for key in _FILTERS}
    token = request.args.get("page", "")
    page = librarian().list_audit_page(**wanted, page_size=_PAGE_ENTRIES, page_token=token)
    kept = {key: value for key, value in wanted.items() if value}
    following = page.next_page_token
    return render_template(
        "audit/list.html",
        entries=page.entries,
        wanted=wanted,
        actions=_actions(wanted["action"]),
        first=_address(kept) if token else "",
        next=_address({**kept, "page": following}) if following else "",
    )


def _address(values: dict[str, str]) -> str:
    query = urlencode(values)
    return url_for("audit.list") + (f"?{query}" if query else "")


def _actions(chosen: str) -> tuple[tuple[str, str], ...]:
    """Return the choices, with that of the address among them."""
    known = any(action == chosen for action, _ in ACTIONS)
    return ACTIONS if known else ((chosen, chosen), *ACTIONS)
