"""Exports: what a search finds, or what was selected of it, as a file."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from flask import Blueprint, request
from werkzeug.wrappers import Response

from librarian.client.librarian import Librarian
from librarian.client.records import Record
from librarian.errors import InvalidRequestError
from web_frontend.catalogue import librarian
from web_frontend.forms.stagings import search_of_names
from web_frontend.searching.columns import RECORDS, chosen_columns
from web_frontend.searching.exporting import (
    path_line,
    typed_columns,
    write_json,
    write_lines,
    write_table,
)
from web_frontend.searching.queries import Query
from web_frontend.streams import streamed

blueprint = Blueprint("exports", __name__)

_SUFFIXES = {"csv": "csv", "json": "json", "parquet": "parquet", "names": "txt", "paths": "txt"}
_MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "parquet": "application/vnd.apache.parquet",
    "txt": "text/plain; charset=utf-8",
}
_KEYS = {"files": "name", "observations": "obsid", "sessions": "id"}


@blueprint.get("/search/export")
def get_export() -> Response:
    """Send all that a search finds."""
    return _export(Query.read(request.args), request.args.get("format", ""))


@blueprint.post("/search/export")
def send_export() -> Response:
    """Send all that a search finds, or the files that are selected."""
    query = Query.read(request.form)
    selected = request.form.get("selected", "")
    if not selected:
        return _export(query, request.form.get("format", ""))
    names = request.form.getlist("name")
    if not names:
        raise InvalidRequestError("No file is selected: select some, or export all that match.")
    return _export(query.changed(search=search_of_names(names), kind="files"), selected)


def _export(query: Query, format: str) -> Response:
    if format not in _SUFFIXES or (format == "paths" and query.kind != "files"):
        raise InvalidRequestError(
            "There is no such export: choose CSV, JSON, Parquet, names, or paths of files."
        )
    suffix = _SUFFIXES[format]
    parts = _parts(librarian(), query, format)
    answer = streamed(parts, media_type="text/plain", begun=True)
    answer.headers["Content-Type"] = _MEDIA_TYPES[suffix]
    what = "paths" if format == "paths" else query.kind
    file_name = f"{what}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.{suffix}"
    answer.headers["Content-Disposition"] = f'attachment; filename="{file_name}"'
    return answer


def _parts(site: Librarian, query: Query, format: str) -> Iterator[bytes]:
    if format == "paths":
        return write_lines(site.search_instances(query.search), path_line)
    keys = list(site.list_metadata_keys()) if query.kind == "files" else []
    columns = chosen_columns(query, keys)
    wanted = format == "json" or any(column.needs_metadata for column in columns)
    more = {"with_metadata": True} if wanted and query.kind == "files" else {}
    search: Callable[..., Iterator[Record]] = getattr(site, f"search_{query.kind}")
    found = search(query.search, order_by=query.order, **more)
    if format == "json":
        return write_json(found)
    if format == "names":
        return write_lines(found, lambda record: str(getattr(record, _KEYS[query.kind])))
    return write_table(found, typed_columns(RECORDS[query.kind], columns, keys), format)
