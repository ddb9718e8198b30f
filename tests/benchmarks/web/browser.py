"""A person's browser as the web server sees it: one connection, a cookie, pages and forms."""

import http.client
import time
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

from selectolax.lexbor import LexborHTMLParser

from tests.benchmarks.web.asked import Asked

_TIMEOUT_SECONDS = 120.0


@dataclass(frozen=True)
class Answer:
    """What came, and how long it took until all of it was there."""

    status: int
    body: bytes
    milliseconds: float


class Browser:
    """Asks for pages over one connection that is kept."""

    def __init__(self, address: str) -> None:
        self._connection = http.client.HTTPConnection(address, timeout=_TIMEOUT_SECONDS)
        self._cookies = SimpleCookie()
        self._csrf_token = ""

    def sign_in(self, code: str) -> None:
        """Sign in with the code of a link."""
        self._read_token()
        answer = self.ask(Asked("/sign-in/link", form={"code": code}))
        if answer.status != http.client.SEE_OTHER:
            raise RuntimeError(f"Signing in was answered by {answer.status}.")
        self._read_token()

    def ask(self, asked: Asked) -> Answer:
        """Ask for a page or send a form, and read the whole answer."""
        began = time.perf_counter()
        response = self.begin(asked)
        body = response.read()
        milliseconds = (time.perf_counter() - began) * 1000
        return Answer(response.status, body, milliseconds)

    def begin(self, asked: Asked) -> http.client.HTTPResponse:
        """Ask for what the caller reads."""
        headers = {"Cookie": self._cookies.output(header="", sep=";").strip(), "Accept": "*/*"}
        if asked.is_fragment:
            headers["HX-Request"] = "true"
        body = None
        if asked.form is not None:
            body = urlencode({"csrf_token": self._csrf_token, **asked.form})
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self._connection.request("GET" if body is None else "POST", asked.path, body, headers)
        response = self._connection.getresponse()
        for value in response.headers.get_all("Set-Cookie") or ():
            self._cookies.load(value)
        return response

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def twin(self) -> "Browser":
        """Return another connection of the same person."""
        other: Any = Browser(f"{self._connection.host}:{self._connection.port}")
        other._cookies, other._csrf_token = self._cookies, self._csrf_token
        return other  # type: ignore[no-any-return]

    def _read_token(self) -> None:
        page = LexborHTMLParser(self.ask(Asked("/sign-in/link")).body.decode())
        found = page.css_first("#link-form [name=csrf_token]")
        if found is None:
            raise RuntimeError("The page for links has no form.")
        self._csrf_token = found.attributes["value"] or ""
