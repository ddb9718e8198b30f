"""The search: what was typed, what it means, and what it finds."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, make_response, render_template, request
from werkzeug.wrappers import Response

from librarian.client.librarian import Librarian
from librarian.client.records import MetadataKey
from librarian.client.searches import Explanation
from librarian.errors import InvalidRequestError, LibrarianError
from web_frontend.catalogue import librarian
from web_frontend.people import current_person
from web_frontend.requests import go_to, is_fragment
from web_frontend.rights import may
from web_frontend.searching.builder import HOWS, Builder, Group, Row
from web_frontend.searching.builder_reader import read_search
from web_frontend.searching.builder_writer import write_search
from web_frontend.searching.columns import (
    ORDERS,
    chosen_columns,
    offered_columns,
    shown_columns,
)
from web_frontend.searching.found import count_matches, find_asked
from web_frontend.searching.mistakes import find_mistake, meaning_of
from web_frontend.searching.queries import KINDS, ONE_OF, Query
from web_frontend.searching.snippets import as_command, as_python
from web_frontend.searching.suggestions import EXAMPLES, suggestions
from web_frontend.searching.vocabulary import Vocabulary
from web_frontend.streams import long_work

blueprint = Blueprint("search", __name__)

_EMPTY_BUILDER = Builder((Group("all", (Row(""),)),))


@blueprint.get("/search", endpoint="results")
def show_results() -> str | tuple[str, int]:
    """Show what a search finds, or how to begin one."""
    site, query = librarian(), Query.read(request.args)
    keys = _keys(site, query)
    page: dict[str, Any] = {"query": query, "builder": _EMPTY_BUILDER, **_fixed(query, keys)}
    if not query.search.strip():
        more = {"suggestions": suggestions(query.kind, _neighbours(site, query))}
        return render_template("search/results.html", **page, **more)
    try:
        explanation = site.explain_search(query.search, query.kind)
        page |= {"explanation": explanation, "builder": _builder_of(explanation, query, keys)}
        page |= _results(site, query, keys)
    except InvalidRequestError as error:
        page["mistake"] = find_mistake(query.search, str(error))
        return render_template("search/results.html", **page), 400
    return render_template("search/results.html", **page)


@blueprint.post("/search/check", endpoint="check")
def check_search() -> str:
    """Say what a search means, or where it goes wrong, while it is typed."""
    query = Query.read(request.form)
    meaning = meaning_of(librarian(), query.search, query.kind)
    return render_template("search/_check.html", query=query, **meaning)


@blueprint.post("/search/build", endpoint="build")
def build_search() -> str | Response:
    """Write what the builder's rows say as a search; add and remove rows."""
    site, query = librarian(), Query.read(request.form)
    keys = _keys(site, query)
    builder = Builder.from_form(request.form)
    action = request.form.get("do", "")
    if action not in ("", "search"):
        return _changed_builder(query, builder.change(action), keys)
    try:
        written = site.explain_search(
            write_search(builder, Vocabulary(query.kind, keys)), query.kind
        )
    except InvalidRequestError as error:
        mistake = find_mistake("", str(error))
        return _built(query, builder, keys, {"mistake": mistake})
    query = query.changed(search=written.text)
    if action == "search" or not is_fragment():
        return go_to(query.address())
    return _built(query, builder, keys, {"explanation": written})


@blueprint.post("/search/count", endpoint="count")
@long_work()
def count_results() -> str:
    """Count all that match."""
    query = Query.read(request.form)
    try:
        found = {"count": count_matches(librarian(), query)}
    except InvalidRequestError as error:
        return render_template("search/_count.html", query=query, error=str(error))
    return render_template("search/_count.html", query=query, one_of=ONE_OF, **found)


def _results(site: Librarian, query: Query, keys: Sequence[MetadataKey]) -> dict[str, Any]:
    columns = chosen_columns(query, keys)
    found = find_asked(site, query, with_metadata=any(column.needs_metadata for column in columns))
    person = current_person()
    connection = person.site if person else ""
    return {
        "found": found,
        "columns": shown_columns(query, columns),
        "command": as_command(query, connection),
        "python": as_python(query, connection),
        "neighbours": _neighbours(site, query) if may("sending.confirm") else [],
    }


def _fixed(query: Query, keys: Sequence[MetadataKey]) -> dict[str, Any]:
    """Return what the page offers whatever is searched for."""
    return {
        "kinds": KINDS,
        "one_of": ONE_OF,
        "orders": ORDERS[query.kind],
        "offered": offered_columns(query.kind, keys),
        "examples": EXAMPLES[query.kind],
        "vocabulary": Vocabulary(query.kind, keys),
        "hows": HOWS,
    }


def _builder_of(
    explanation: Explanation, query: Query, keys: Sequence[MetadataKey]
) -> Builder | None:
    return read_search(explanation.json, Vocabulary(query.kind, keys))


def _changed_builder(query: Query, builder: Builder, keys: Sequence[MetadataKey]) -> Response:
    page = {"query": query, "builder": builder, **_fixed(query, keys)}
    if not is_fragment():
        more = {"suggestions": suggestions(query.kind), "builder_open": True}
        return make_response(render_template("search/results.html", **page, **more))
    answer = make_response(render_template("search/_builder.html", **page))
    answer.headers["HX-Retarget"] = "#builder"
    answer.headers["HX-Reswap"] = "outerHTML"
    return answer


def _built(
    query: Query,
    builder: Builder,
    keys: Sequence[MetadataKey],
    meaning: dict[str, Any],
) -> Response:
    """Return what the rows mean, or why they mean nothing."""
    if is_fragment():
        return make_response(render_template("search/_built.html", query=query, **meaning))
    page = {"query": query, "builder": builder, **_fixed(query, keys), **meaning}
    more = {"suggestions": suggestions(query.kind), "builder_open": True}
    return make_response(render_template("search/results.html", **page, **more), 400)


def _keys(site: Librarian, query: Query) -> list[MetadataKey]:
    return list(site.list_metadata_keys()) if query.kind == "files" else []


def _neighbours(site: Librarian, query: Query) -> list[str]:
    """Return the neighbours' names, or none: a page of results is not to fail for them."""
    if query.kind != "files":
        return []
    try:
        return [neighbour.name for neighbour in site.list_librarians()]
    except LibrarianError:
        return []
