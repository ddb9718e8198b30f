"""Follows a sign-in link as a browser does: the code is sent as a form, and cookies are kept."""

from http.cookiejar import CookieJar
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, build_opener

from selectolax.lexbor import LexborHTMLParser

TIMEOUT_SECONDS = 60


def follow(link: str) -> str:
    """Follow a link; return the words of the page on which one lands."""
    browser = build_opener(HTTPCookieProcessor(CookieJar()))
    address, code = link.split("#")
    fields = {
        field.attributes["name"] or "": field.attributes["value"] or ""
        for field in _open(browser, address).css("#link-form input[type=hidden]")
    }
    page = _open(browser, address, {**fields, "code": code})
    assert page.body is not None
    return " ".join(page.body.text(separator=" ").split())


def _open(
    browser: OpenerDirector, address: str, form: dict[str, str] | None = None
) -> LexborHTMLParser:
    sent = urlencode(form).encode() if form else None
    with browser.open(address, sent, timeout=TIMEOUT_SECONDS) as answer:
        return LexborHTMLParser(answer.read())
