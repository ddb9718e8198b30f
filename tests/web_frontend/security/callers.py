"""Who calls the pages from where: Flask's client at an address, and plain HTTP to a real server."""

import re
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from email.message import Message
from http.cookiejar import CookieJar
from typing import Any
from urllib.parse import urlencode

from flask import Flask

from tests.web_frontend.pages import WebClient

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def client_at(app: Flask, address: str) -> WebClient:
    """Return a client whose browser is at an address of its own."""
    web = WebClient(app)
    web.client.environ_base["REMOTE_ADDR"] = address
    return web


@dataclass(frozen=True)
class Answer:
    """What a server answered."""

    status: int
    headers: Message
    data: bytes

    @property
    def text(self) -> str:
        """Return the body as text."""
        return self.data.decode("utf-8", "replace")


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


class HttpCaller:
    """A browser without scripts that speaks to a real server."""

    def __init__(self, address: str, trust: ssl.SSLContext | None = None) -> None:
        self.address = address
        self.cookies = CookieJar()
        handlers: list[Any] = [urllib.request.HTTPCookieProcessor(self.cookies), _NoRedirects()]
        if trust:
            handlers.append(urllib.request.HTTPSHandler(context=trust))
        self._opener = urllib.request.build_opener(*handlers)

    def get(self, path: str, **headers: str) -> Answer:
        """Return what is at a path, without following."""
        return self._ask(self.address + path, None, headers)

    def post(self, path: str, form: dict[str, str], **headers: str) -> Answer:
        """Send a form with its token."""
        data = urlencode({"csrf_token": self.csrf_token(), **form}).encode()
        return self._ask(self.address + path, data, headers)

    def csrf_token(self) -> str:
        """Return the token of this sign-in's forms."""
        found = _TOKEN.search(self.get("/sign-in/link").text)
        assert found is not None
        return found.group(1)

    def sign_in(self, name: str, password: str) -> Answer:
        """Sign in by the form."""
        return self.post("/sign-in", {"name": name, "password": password})

    def cookie_header(self) -> str:
        """Return the cookies as they are sent."""
        return "; ".join(f"{one.name}={one.value}" for one in self.cookies)

    def _ask(self, url: str, data: bytes | None, headers: dict[str, str]) -> Answer:
        request = urllib.request.Request(url, data, _named(headers))  # noqa: S310 - HTTP alone
        try:
            with self._opener.open(request, timeout=60) as answer:
                return Answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers, error.read())


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
