"""Hostile text in every field, argument and part of an address that the pages take."""

import itertools
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import Flask

from librarian.client.librarian import Librarian
from librarian.service.config import load_config
from tests.system.site import Site
from tests.web_frontend.pages import PageOf, WebClient
from tests.web_frontend.security.fields import Target, WatchedRequest, asked_now, targets
from tests.web_frontend.security.hostile import MORE_THAN_A_FORM, TEXTS, harm_in
from web_frontend.app import create_app
from web_frontend.config import WebFrontendConfig

PASSWORD = "a password among hostile text"
# What ends the sign-in with which all others are asked.
ENDS_SIGN_IN = "sign_in.sign_out"
# Each try to sign in takes a while, whatever is in its fields: all of them are hostile at once.
AT_ONCE = ("sign_in.sign_in", "sign_in.sign_in_by_link")
# Passwords that are wrong are on record.
LEAVES_A_RECORD = (*AT_ONCE, "own_account.change_password")
# What does its work whatever is in its fields, and is given nothing to do it to.
DELETING = ("delete", "remove", "revoke_token", "cancel", "retry")
# So that a field is met with all others in order.
GOOD = {
    "search": "name:fuzz.txt",
    "kind": "files",
    "name": "fuzz.txt",
    "librarian": "fuzz-site",
    "role": "READONLY",
    "days": "1",
    "new": PASSWORD,
    "again": PASSWORD,
    "format": "csv",
    "how": "all",
    "group": "0",
    "clause": "name-matches",
    "value": "x",
    "second": "",
    "subdirectory": "fuzz/one",
    "priority": "10",
    "begin": "22:00",
    "end": "06:00",
    "timezone": "UTC",
    "limit": "5",
    "limit_unit": "MB/s",
    "url": "127.0.0.1:1",
    "account_name": "fuzz",
    "secret": "fuzz-secret",
    "batches": "2",
    "snapshot": "1",
}
# Without these an action is not taken.
ALWAYS = {"check": "", "insecure": "1"}
THINGS = {
    "accounts": "fuzz-person",
    "files": "fuzz.txt",
    "downloads": "fuzz.txt",
    "stores": "store",
    "librarians": "fuzz-site",
    "librarian_settings": "fuzz-site",
    "reconciliations": "fuzz-site",
    "orders": "fuzz-order",
}


@pytest.fixture(scope="module", autouse=True)
def things(admin: Librarian, tmp_path_factory: pytest.TempPathFactory) -> None:
    """What the addresses that are asked for are of."""
    path = tmp_path_factory.mktemp("fuzz") / "contents"
    path.write_bytes(b"fuzz")
    admin.upload(path, "fuzz/fuzz.txt", null_obsid=True)
    admin.create_user("fuzz-person", "READONLY", PASSWORD)
    admin.create_user("fuzz-admin", "ADMIN", PASSWORD)
    admin.add_librarian("fuzz-site", "127.0.0.1:1", "fuzz:secret", check=False)
    admin.create_standing_order("fuzz-order", "fuzz-site", "name:fuzz-nothing", enabled=False)


@pytest.fixture(scope="module")
def watched(web_site: Site) -> Flask:
    """The application, whose requests note what is asked of them."""
    config = load_config(web_site.layout.config_file, "web_frontend", WebFrontendConfig)
    app = create_app(config)
    app.request_class = WatchedRequest
    return app


class Attacker:
    """An administrator who sends nothing that any page expects."""

    def __init__(self, app: Flask) -> None:
        self.web = WebClient(app)
        assert self.web.sign_in("fuzz-admin", PASSWORD).status == 303
        self.token = self.web.csrf_token()
        self._fields: dict[tuple[str, str], list[str]] = {}
        self._numbers = itertools.count()

    def ask(
        self, target: Target, parts: dict[str, str | bytes], sent: dict[str, str | bytes]
    ) -> PageOf:
        """Ask for a target with arguments in the address or fields in a form."""
        path = target.path(parts)
        number = next(self._numbers)
        # Tries to sign in are counted by address.
        self.web.client.environ_base["REMOTE_ADDR"] = f"198.18.{number // 250}.{number % 250}"
        # Parts of pages are asked for, too.
        headers = {"HX-Request": "true"} if number % 5 == 0 else {}
        if target.method == "GET":
            return PageOf(self.web.client.get(path + _query(sent), headers=headers))
        body = "&".join([f"csrf_token={self.token}", _query(sent)[1:]])
        kind = "application/x-www-form-urlencoded"
        return PageOf(self.web.client.post(path, data=body, content_type=kind, headers=headers))

    def fields(self, target: Target) -> list[str]:
        """Return what a target takes: with some of it given, it may ask for more."""
        key = (target.method, target.rule.rule)
        if key not in self._fields:
            self._fields[key] = self._find_fields(target)
        return self._fields[key]

    def _find_fields(self, target: Target) -> list[str]:
        found: set[str] = set()
        while True:
            asked_now()
            self.ask(target, _parts(target), _good(found))
            more = asked_now() - found
            if not more:
                return sorted(found)
            found |= more


@pytest.fixture(scope="module")
def attacker(watched: Flask) -> Attacker:
    return Attacker(watched)


def _parts(target: Target) -> dict[str, str | bytes]:
    blueprint, _, view = target.endpoint.partition(".")
    known = {"id": "1", "obsid": "1", "token_id": "x", "owner": "fuzz-admin", "version": "x"}
    thing = "x" if view.startswith(DELETING) else THINGS.get(blueprint, "x")
    return {name: known.get(name, thing) for name in target.parts}


def _good(names: set[str]) -> dict[str, str | bytes]:
    return {name: GOOD[name] for name in names if name in GOOD}


def _query(sent: dict[str, str | bytes]) -> str:
    pairs = []
    for name, value in sent.items():
        pairs.append(f"{name}={_quoted(value)}")
    return "?" + "&".join(pairs)


@cache
def _quoted(value: str | bytes) -> str:
    return quote(value, safe="")


def _requests(
    attacker: Attacker, target: Target
) -> Iterator[tuple[str, dict[str, str | bytes], dict[str, str | bytes]]]:
    """Yield what is sent: a hostile text in each part, and in each field."""
    parts = _parts(target)
    for part, (kind, text) in itertools.product(target.parts, TEXTS.items()):
        yield f"{part} {kind}", {**parts, part: text}, {}
    fields = attacker.fields(target)
    if target.endpoint in AT_ONCE:
        for kind, text in TEXTS.items():
            yield f"all {kind}", parts, dict.fromkeys(fields, text)
        return
    kinds = list(TEXTS)
    if target.method == "GET":
        # Pages only show: each field meets each text together with others, and a few alone.
        for turn in range(len(kinds)):
            turned = (kinds[(turn + number) % len(kinds)] for number in range(len(fields)))
            yield f"turn {turn}", parts, {f: TEXTS[k] for f, k in zip(fields, turned, strict=True)}
        kinds = ["attribute", "control", "number"]
    for field, kind in itertools.product(fields, kinds):
        yield f"{field} {kind}", parts, {**_good(set(fields)), field: TEXTS[kind]}


def newest_change(admin: Librarian) -> int:
    """Return the number of the last change on record."""
    return admin.list_audit_page(page_size=1).entries[0].id


def _complaint(answer: PageOf) -> str:
    if answer.status >= 500 and answer.status not in (503, 507):
        return f"status {answer.status}: {answer.words('body')[:300]}"
    if "X-Hostile" in answer.headers or "x-hostile=1" in str(answer.headers.get("Set-Cookie")):
        return "a header of the attacker's"
    kind = answer.headers.get("Content-Type", "")
    if kind.startswith("text/html"):
        return harm_in(answer.text, answer.html)
    if answer.status < 300 and "Content-Disposition" not in answer.headers and "event" not in kind:
        return "" if kind.startswith(("application/json", "text/plain")) else f"sent as {kind}"
    return ""


# Thousands of requests.
@pytest.mark.timeout(900)
def test_hostile_text_does_nothing_anywhere(
    attacker: Attacker, watched: Flask, admin: Librarian
) -> None:
    complaints, count = [], 0
    for target in targets(watched):
        if target.endpoint == ENDS_SIGN_IN:
            continue
        attacker.fields(target)
        before, least = newest_change(admin), 500
        for what, parts, sent in _requests(attacker, target):
            count += 1
            answer = attacker.ask(target, parts, sent)
            least = min(least, answer.status)
            if complaint := _complaint(answer):
                complaints.append(f"{target.method} {target.rule.rule} {what}: {complaint}")
        if least >= 400 and target.endpoint not in LEAVES_A_RECORD:
            assert newest_change(admin) == before, target.rule.rule
    assert not complaints, f"{len(complaints)} of {count}:\n" + "\n".join(complaints[:60])
    assert count > 1000
    assert attacker.web.get("/stores").status == 200


def test_a_form_of_more_than_a_mebibyte_is_refused(attacker: Attacker, watched: Flask) -> None:
    for target in targets(watched):
        if target.method == "POST":
            answer = attacker.ask(target, _parts(target), {"name": MORE_THAN_A_FORM})
            assert answer.status == 413, (target.rule.rule, answer.status)
            assert "larger than any form" in answer.text


def test_what_is_asked_of_requests_is_found(attacker: Attacker, watched: Flask) -> None:
    found = {t.endpoint: attacker.fields(t) for t in targets(watched) if t.method == "POST"}
    assert found["sign_in.sign_in"] == ["ended", "name", "next", "password"]
    assert {"name", "librarian", "search", "timezone"} <= set(found["orders.create_order"])


def test_nothing_else_has_happened(admin: Librarian, web_site: Site) -> None:
    assert [store.name for store in admin.list_stores() if store.enabled]
    assert admin.get_file("fuzz.txt").size_bytes == 4
    assert {"fuzz-person", "fuzz-admin"} <= {one.name for one in admin.list_users()}
    assert not Path("/tmp/x-hostile").exists()
    outside = [path for path in web_site.layout.root.parent.iterdir() if "hostile" in path.name]
    assert outside == []
