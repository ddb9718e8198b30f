"""Passwords, tokens, codes and keys are in no log of any service, and in no address."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from librarian.client.librarian import Librarian
from tests.system.site import Site
from tests.web_frontend.security.callers import Answer, HttpCaller

PASSWORD = "secrets-first-password"
WRONG = "secrets-wrong-password"
NEW = "secrets-second-password"
AUTHENTICATOR = "secrets-neighbours-token"
CONTROLS = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]")


@pytest.fixture(scope="module")
def used(web_site: Site, web_address: str, admin: Librarian) -> list[str]:
    """Use secrets in every way that pages take them; return them all."""
    admin.create_user("secrets-ada", "ADMIN", PASSWORD)
    code = admin.create_sign_in_link("secrets-ada").code
    secrets = [PASSWORD, WRONG, NEW, AUTHENTICATOR, code]
    with _caller(web_address, secrets) as caller:
        assert caller.post("/sign-in/link", {"code": code}).status == 303
    with _caller(web_address, secrets) as caller:
        caller.sign_in("secrets-ada", WRONG)
        caller.get(f"/sign-in?next=/%3Fpassword={WRONG}")
        assert caller.sign_in("secrets-ada", PASSWORD).status == 303
        token = {"name": "secrets", "role": "READONLY", "days": "1"}
        secrets += _shown(caller.post("/account/tokens", token))
        secrets += _shown(caller.post("/accounts/secrets-ada/tokens", token))
        link = caller.post("/accounts/secrets-ada/sign-in-link", {})
        secrets += re.findall(r"sign-in/link#([\w-]{30,})", link.text)[:1]
        person = {"name": "secrets-bob", "role": "NONE", "new": NEW, "again": NEW}
        assert caller.post("/accounts/-/new", person).status == 303
        assert caller.post("/accounts/secrets-bob/password", person).status == 303
        site = {"name": "secrets-site", "url": "127.0.0.1:1", "batches": "2", "insecure": "1"}
        neighbour = {**site, "account_name": "secrets", "secret": AUTHENTICATOR}
        assert caller.post("/librarians/-/new", neighbour).status == 303
        caller.post("/librarians/secrets-site/test", {})
        change = {"old": PASSWORD, "new": NEW, "again": NEW}
        assert caller.post("/account/password", change).status == 303
        secrets += [one.value or "" for one in caller.cookies]
        caller.post("/sign-out", {})
    # Five of this test's, two tokens, a link, a cookie before and after.
    assert len(set(secrets)) >= 10
    return secrets


class _caller:
    """A caller whose cookies are secrets, too."""

    def __init__(self, address: str, secrets: list[str]) -> None:
        self._caller, self._secrets = HttpCaller(address), secrets

    def __enter__(self) -> HttpCaller:
        return self._caller

    def __exit__(self, *_: object) -> None:
        self._secrets += [one.value or "" for one in self._caller.cookies]


def _shown(page: Answer) -> list[str]:
    found = re.findall(r"lib_\w+_[\w-]{20,}", page.text)
    assert found, page.text
    return found[:1]


def _logs(site: Site) -> Iterator[Path]:
    yield from sorted(site.layout.logs.rglob("*"))


def test_no_log_has_a_secret(web_site: Site, used: list[str]) -> None:
    secret_files = [path for path in web_site.layout.secrets.rglob("*") if path.is_file()]
    secrets = used + [path.read_text().strip() for path in secret_files]
    logs = [path.read_text("utf-8", "replace") for path in _logs(web_site)]
    assert sum(map(len, logs)) > 1000
    for number, secret in enumerate(secrets):
        assert len(secret) >= 8
        assert not any(secret in log for log in logs), f"secret {number}"


def test_the_audit_log_has_no_secret(used: list[str], admin: Librarian) -> None:
    entries = "".join(str(entry.to_json()) for entry in admin.list_audit_page().entries)
    assert "secrets-bob" in entries
    assert not [number for number, secret in enumerate(used) if secret in entries]


def test_no_line_of_a_log_is_forged(web_site: Site, web_address: str) -> None:
    caller = HttpCaller(web_address)
    for text in ("%0d%0aforged", "%00%1b[31m", "%e2%80%aeforged", "%c2%9b", "%0bforged"):
        caller.get(f"/forged-line{text}")
        caller.get("/sign-in", User_Agent="x\tforged", Referer="\x80forged")
        caller.post("/sign-in", {"name": f"forged{text}\r\nforged", "password": "x\r\nforged"})
    for path in _logs(web_site):
        data = path.read_bytes()
        assert not CONTROLS.search(data), path
        assert not re.search(rb"(?m)^forged", data), path
    assert "/forged-line\\r\\nforged" in web_site.log("web_frontend")
