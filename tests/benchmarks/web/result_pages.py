"""The pages of results that are measured: by each attribute, in each order, far on, and empty."""

from collections.abc import Iterator
from functools import partial

from tests.benchmarks.search.queries import QUERIES, Query
from tests.benchmarks.web.asked import Around, Asked, PageKind, at
from web_frontend.searching.columns import ORDERS

_DEEP_ROWS = 49 * 50
_TYPES = ("uv", "uvh5", "calfits", "uvfits", "json")
# What takes a long list, and what counts, is no page.
_NO_PAGES = ("100,000 names, first 100", "count of all files of a night")
_SCANNED = ("type:{type}", "size:>1kB", "name:*", "lst:2..9", "created:>2010-01-01", "source:rtp")


def result_pages() -> Iterator[PageKind]:
    """Yield the kinds of result pages."""
    yield PageKind("search, nothing asked for yet", lambda around: at("/search"))
    for query in QUERIES:
        if query.name not in _NO_PAGES:
            yield PageKind(f"results: {query.name.split(',')[0]}", partial(_of_query, query))
    yield PageKind("results: put on record in a day, newest first", _created)
    for order, words in ORDERS["files"].items():
        yield PageKind(f"results: selective, by {words}", partial(_selective, order))
        yield PageKind(f"results: unselective, by {words}", partial(_unselective, order))
        yield PageKind(f"results: unselective, page 50, by {words}", partial(_deep, order))
    for kind in ("observations", "sessions"):
        for order, words in ORDERS[kind].items():
            yield PageKind(f"results: all {kind}, by {words}", partial(_all_of, kind, order))
    yield PageKind("results: with columns of metadata", _with_metadata)
    yield PageKind("results: a mistake", lambda a: at("/search", search=f"nme:{a.night}"), (400,))
    yield PageKind("search: checked while typing", _checked)
    yield PageKind("search: built from rows", _built)


def _of_query(query: Query, around: Around) -> Asked:
    ask = query.make(around.random, around.known)
    kind = ask.item if ask.item != "files" else ""
    token = _token(around, ask.text, ask.order_by) if ask.skipped else ""
    return at("/search", search=ask.text, kind=kind, order=ask.order_by, page=token)


def _created(around: Around) -> Asked:
    day = around.site.get_file(around.name).create_time
    search = f"created:{day:%Y-%m-%d}..{day:%Y-%m-%d}"
    return at("/search", search=search, order="create-time,desc")


def _order(around: Around, order: str) -> str:
    return around.random.choice((order, f"{order},desc"))


def _selective(order: str, around: Around) -> Asked:
    search = f"name:zen.{around.night}.* type:{around.random.choice(_TYPES)}"
    return at("/search", search=search, order=_order(around, order))


def _scanned(around: Around) -> str:
    return around.random.choice(_SCANNED).format(type=around.random.choice(_TYPES))


def _unselective(order: str, around: Around) -> Asked:
    return at("/search", search=_scanned(around), order=_order(around, order))


def _deep(order: str, around: Around) -> Asked:
    search, chosen = _scanned(around), _order(around, order)
    return at("/search", search=search, order=chosen, page=_token(around, search, chosen))


def _token(around: Around, search: str, order: str) -> str:
    """Return where page 50 begins."""
    found = around.site.search_files(search, limit=_DEEP_ROWS, order_by=order)
    for _ in found:
        pass
    return str(found.page_token or "")


def _all_of(kind: str, order: str, around: Around) -> Asked:
    least = around.random.randrange(10)
    return at("/search", search=f"files:>{least}", kind=kind, order=_order(around, order))


def _with_metadata(around: Around) -> Asked:
    search = f"name:zen.{around.night}.*"
    return at("/search", search=search, columns="name,size_bytes,meta.antenna,meta.quality")


def _checked(around: Around) -> Asked:
    form = {"search": f"name:zen.{around.night}.* size:>{around.random.randrange(1, 99)}MB"}
    return Asked("/search/check", is_fragment=True, form=form)


def _built(around: Around) -> Asked:
    value = f"zen.{around.night}.*"
    form = {"how": "all", "group": "0", "clause": "name-matches", "value": value, "second": ""}
    return Asked("/search/build", is_fragment=True, form=form)
