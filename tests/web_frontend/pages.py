"""Flask's client as a person uses it: pages are parsed, forms carry their token."""

from typing import Any

from flask import Flask
from selectolax.lexbor import LexborHTMLParser, LexborNode
from werkzeug.test import TestResponse


class PageOf:
    """An answer, parsed."""

    def __init__(self, response: TestResponse) -> None:
        self.status = response.status_code
        self.headers = response.headers
        self.location = response.headers.get("Location", "")
        self.data = response.data
        self.text = response.get_data(as_text=True)
        self.html = LexborHTMLParser(self.text)
        response.close()

    def all(self, selector: str) -> list[LexborNode]:
        """Return what a CSS selector finds."""
        return self.html.css(selector)

    def one(self, selector: str) -> LexborNode:
        """Return the one thing that a CSS selector finds."""
        (found,) = self.html.css(selector)
        return found

    def words(self, selector: str = "main") -> str:
        """Return the text of the first thing that a selector finds, with single blanks."""
        found = self.html.css_first(selector)
        assert found is not None, f"no {selector} in {self.text[:2000]}"
        return " ".join(found.text(separator=" ").split())


class WebClient:
    """A browser without scripts: cookies, pages and forms."""

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()

    def page(self, path: str, **more: Any) -> PageOf:
        """Return a page, wherever it led."""
        return PageOf(self.client.get(path, follow_redirects=True, **more))

    def get(self, path: str, **more: Any) -> PageOf:
        """Return what is at a path, without following."""
        return PageOf(self.client.get(path, **more))

    def fragment(self, path: str, **more: Any) -> PageOf:
        """Return a part of a page, as htmx asks for it."""
        return PageOf(self.client.get(path, headers={"HX-Request": "true"}, **more))

    def post(self, path: str, data: dict[str, Any] | None = None, **more: Any) -> PageOf:
        """Send a form with this sign-in's token, without following."""
        form = {"csrf_token": self.csrf_token(), **(data or {})}
        return PageOf(self.client.post(path, data=form, **more))

    def csrf_token(self) -> str:
        """Return the token that forms of this sign-in carry."""
        page = PageOf(self.client.get("/sign-in/link"))
        return page.one("#link-form [name=csrf_token]").attributes["value"] or ""

    def sign_in(self, name: str, password: str, back: str = "/") -> PageOf:
        """Sign in by the form."""
        return self.post("/sign-in", {"name": name, "password": password, "next": back})
