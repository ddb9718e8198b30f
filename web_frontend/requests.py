"""What a request asks for: a page or a part of one, and where to go afterwards."""

from urllib.parse import urlsplit

from flask import make_response, redirect, request
from werkzeug.routing import IntegerConverter, Map
from werkzeug.urls import iri_to_uri
from werkzeug.wrappers import Response

SEE_OTHER = 303
_LARGEST_ID = 2**63 - 1


class IdConverter(IntegerConverter):
    """A number on record as a part of an address, `<id:NAME>`; without end, it is no address."""

    regex = r"\d{1,19}"

    def __init__(self, map: Map) -> None:
        super().__init__(map, max=_LARGEST_ID)


def is_fragment() -> bool:
    """Say whether htmx asks for a part of a page."""
    return "HX-Request" in request.headers and "HX-Boosted" not in request.headers


def go_to(address: str) -> Response:
    """Return an answer that leads a browser to another page, also when htmx asked."""
    if is_fragment():
        answer = make_response("", 200)
        # Headers hold no other letters than those of ASCII.
        answer.headers["HX-Redirect"] = iri_to_uri(address)
        return answer
    return redirect(address, SEE_OTHER)


def own_path(address: str | None) -> str:
    """Return an address if it is a path of this site, and `/` otherwise."""
    text = address or ""
    # Browsers read `\` as `/`, and leave control characters out: `/\t/host` is another host.
    plain = text.isprintable() and "\\" not in text and text.startswith("/")
    if not plain or text.startswith("//") or len(text) > 4096:
        return "/"
    try:
        parts = urlsplit(text)
    except ValueError:
        return "/"
    return text if not parts.scheme and not parts.netloc else "/"


def this_page() -> str:
    """Return the path and query of the page that a person looks at."""
    if is_fragment():
        return _path_of(request.headers.get("HX-Current-URL", "/"))
    if request.method != "GET":
        # A form's own address shows nothing: who must sign in first goes back to the form.
        sender = request.headers.get("Referer", "")
        return _path_of(sender) if sender.startswith(request.host_url) else "/"
    return own_path(request.full_path.rstrip("?"))


def _path_of(address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:
        return "/"
    return own_path(f"{parts.path}?{parts.query}" if parts.query else parts.path)
