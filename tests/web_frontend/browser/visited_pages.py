"""Every page that one can look at, by name, as addresses of a filled site."""

from urllib.parse import quote

from librarian.client.librarian import Librarian
from tests.web_frontend.browser.filled_site import LONG_NAME, FilledSite

# What stands in braces is known once there is a site: see `places_of`.
PAGES = {
    "home": "/",
    "suspect-copies": "/suspect-copies",
    "search": "/search",
    "search-mistake": "/search?search=type:uv+siez:5",
    "search-nothing": "/search?search=name:nothing-is-called-so",
    "search-sessions": "/search?search=start:%3E2458432&kind=sessions",
    "search-observations": "/search?search=start:%3E2458432&kind=observations",
    "results": "/search?search=type:uvh5",
    "results-night": "/search?search=name:{night}*",
    "saved-searches": "/search/saved",
    "file": "/files/{first}",
    "file-explained": "/files/{first}/explain",
    "file-spoilt": "/files/{spoilt}",
    "file-long-name": f"/files/{quote(LONG_NAME)}",
    "observations": "/observations",
    "observation": "/observations/{obsid}",
    "sessions": "/sessions",
    "session": "/sessions/{obsid}",
    "coverage": "/coverage",
    "coverage-by-files": "/coverage?by=files",
    "coverage-nothing": "/coverage?from=2450000&to=2450100",
    "growth": "/coverage/growth",
    "stagings": "/staging",
    "staging-new": "/staging/new?search=name:{first}",
    "staging-nothing": "/staging/new?search=name:nothing-is-called-so",
    "staging-running": "/staging/{running}",
    "staging-succeeded": "/staging/{succeeded}",
    "staging-failed": "/staging/{failed}",
    "staging-errors": "/staging/{failed}/errors",
    "stores": "/stores",
    "store": "/stores/store",
    "store-disabled": "/stores/retired",
    "librarians": "/librarians",
    "librarian": "/librarians/archive",
    "librarian-paused": "/librarians/mirror",
    "librarian-new": "/librarians/-/new",
    "librarian-edit": "/librarians/archive/edit",
    "transfers": "/transfers",
    "transfers-failed": "/transfers?state=FAILED",
    "transfer": "/transfers/{queued_transfer}",
    "transfer-failed": "/transfers/{failed_transfer}",
    "orders": "/orders",
    "order": "/orders/maintenance",
    "order-edit": "/orders/maintenance/edit",
    "order-new": "/orders/-/new?search=type:uvh5",
    "order-preview": "/orders/nightly-products/preview",
    "tokens": "/account/tokens",
    "password": "/account/password",
    "accounts": "/accounts",
    "account": "/accounts/web-readwrite",
    "account-new": "/accounts/-/new",
    "audit": "/audit",
    "unknown-page": "/nowhere",
    "unknown-file": "/files/zen.nothing.uvh5",
}
# And those of a site where there is nothing yet.
EMPTY = {
    "empty-home": "/",
    "empty-search": "/search",
    "empty-saved-searches": "/search/saved",
    "empty-observations": "/observations",
    "empty-sessions": "/sessions",
    "empty-coverage": "/coverage",
    "empty-growth": "/coverage/growth",
    "empty-stagings": "/staging",
    "empty-librarians": "/librarians",
    "empty-transfers": "/transfers",
    "empty-orders": "/orders",
    "empty-tokens": "/account/tokens",
    "empty-suspect-copies": "/suspect-copies",
}


def places_of(filled: FilledSite) -> dict[str, object]:
    """Return what the addresses of a site's pages name."""
    names = list(filled.files)
    with filled.site.librarian() as admin:
        return {
            "first": names[0],
            "spoilt": names[5],
            "night": names[0][:11],
            "obsid": admin.get_file(names[0]).obsid,
            **{job.state.lower(): job.id for job in admin.list_jobs()},
            **_transfers_of(admin),
        }


def pages_of(filled: FilledSite) -> dict[str, str]:
    """Return the address of each page, by name."""
    places = places_of(filled)
    return {name: address.format(**places) for name, address in PAGES.items()}


def _transfers_of(admin: Librarian) -> dict[str, object]:
    queued = next(iter(admin.list_transfers("mirror")))
    failed = next(iter(admin.list_transfers("archive", states=["FAILED"])))
    return {"queued_transfer": queued.id, "failed_transfer": failed.id}
