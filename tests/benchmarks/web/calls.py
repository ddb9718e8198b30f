"""The yardstick of pages: the calls that one makes, by the client alone."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient

from librarian import Librarian
from librarian.client.channel import Connection
from librarian.errors import LibrarianError
from librarian.service.config import load_config
from tests.benchmarks.search.sites import SearchedCatalog
from tests.benchmarks.web.asked import Asked
from web_frontend.app import create_app
from web_frontend.config import WebFrontendConfig

_PING = "Ping"


@dataclass(frozen=True)
class Call:
    """A call that a page made."""

    stub_class: type
    method: str
    request: Any


class PageCalls:
    """Finds out which calls a page makes, and makes them without it."""

    def __init__(self, catalog: SearchedCatalog, site: Librarian) -> None:
        config = load_config(catalog.layout.config_file, "web_frontend", WebFrontendConfig)
        self._app = create_app(config)
        self._site = site
        self._client = self._signed_in(site.create_sign_in_link().code)

    def find(self, asked: Asked) -> list[Call]:
        """Return the calls of a page, but for the one that says who asks."""
        calls: list[Call] = []
        headers = {"HX-Request": "true"} if asked.is_fragment else {}
        with _recorded(calls.append):
            if asked.form is None:
                self._client.get(asked.path, headers=headers).close()
            else:
                form = {"csrf_token": self._token(), **asked.form}
                self._client.post(asked.path, data=form, headers=headers).close()
        return [call for call in calls if call.method != _PING]

    def milliseconds(self, calls: list[Call]) -> float:
        """Make calls one after the other, read all that they answer; say how long that took."""
        began = time.perf_counter()
        for call in calls:
            # What was refused to the page is refused again.
            with suppress(LibrarianError):
                self._make(call)
        return (time.perf_counter() - began) * 1000

    def _make(self, call: Call) -> None:
        answer = getattr(self._site.link.catalog(call.stub_class), call.method)(call.request)
        if hasattr(answer, "__next__"):
            for _ in answer:
                pass

    def _signed_in(self, code: str) -> FlaskClient:
        self._client = self._app.test_client()
        form = {"csrf_token": self._token(), "code": code}
        self._client.post("/sign-in/link", data=form).close()
        return self._client

    def _token(self) -> str:
        page = self._client.get("/sign-in/link").get_data(as_text=True)
        return page.partition('name="csrf_token" value="')[2].partition('"')[0]


@contextmanager
def _recorded(note: Callable[[Call], None]) -> Iterator[None]:
    """Note each call that is made meanwhile; stubs are made anew for each request."""
    original = Connection.stub

    def stub(self: Connection, stub_class: Any) -> Any:
        made = original(self, stub_class)
        for name, method in list(vars(made).items()):
            setattr(made, name, _noted(note, stub_class, name, method))
        return made

    Connection.stub = stub  # type: ignore[method-assign]
    try:
        yield
    finally:
        Connection.stub = original  # type: ignore[method-assign]


def _noted(
    note: Callable[[Call], None], stub_class: type, name: str, method: Callable[..., Any]
) -> Callable[..., Any]:
    def call(request: Any, **more: Any) -> Any:
        note(Call(stub_class, name, request))
        return method(request, **more)

    return call
