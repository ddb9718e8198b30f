"""Guesses at passwords by the pages: slower by account and by address, and they tell nothing."""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing

import pytest
from flask import Flask

from librarian.client.librarian import Librarian
from tests.system.site import Site
from tests.web_frontend.pages import PageOf
from tests.web_frontend.security.callers import client_at

PASSWORD = "a quite long password"
Change = Callable[[str, str], None]


@pytest.fixture(scope="module", autouse=True)
def persons(admin: Librarian) -> None:
    for name in ("limits-ada", "limits-bob", "limits-cy"):
        admin.create_user(name, "READONLY", PASSWORD)


@pytest.fixture
def change(web_site: Site) -> Change:
    """Tell the catalogue of tries that it would take minutes to make."""

    def run(statement: str, key: str) -> None:
        path = web_site.layout.root / "catalog.sqlite"
        with closing(sqlite3.connect(path, timeout=30)) as db, db:
            assert db.execute(statement, (key,)).rowcount == 1

    return run


def sign_in(app: Flask, address: str, name: str, password: str) -> PageOf:
    return client_at(app, address).sign_in(name, password)


def test_who_guesses_at_an_account_waits_wherever_they_come_from(
    web_app: Flask, change: Change
) -> None:
    change("UPDATE account SET failed_sign_ins = 11 WHERE name = ?", "limits-ada")
    assert sign_in(web_app, "192.0.2.1", "limits-ada", "wrong").status == 401
    for address in ("192.0.2.1", "192.0.2.2"):
        refused = sign_in(web_app, address, "limits-ada", PASSWORD)
        assert refused.status == 401
        assert "After several failures, wait before the next try" in refused.words()
    # Others are not kept waiting, from either place.
    assert sign_in(web_app, "192.0.2.1", "limits-bob", PASSWORD).status == 303
    change("UPDATE account SET blocked_until = NULL WHERE name = ?", "limits-ada")
    assert sign_in(web_app, "192.0.2.2", "limits-ada", PASSWORD).status == 303


def test_who_guesses_from_an_address_waits_whichever_account_it_is(
    web_app: Flask, change: Change
) -> None:
    tries = "UPDATE sign_in_address SET failed_sign_ins = 26 WHERE address = ?"
    assert sign_in(web_app, "192.0.2.3", "limits-bob", "wrong").status == 401
    change(tries, "192.0.2.3")
    assert sign_in(web_app, "192.0.2.3", "limits-nobody", "wrong").status == 401
    for name in ("limits-bob", "limits-cy"):
        assert sign_in(web_app, "192.0.2.3", name, PASSWORD).status == 401
        assert sign_in(web_app, "192.0.2.4", name, PASSWORD).status == 303


def test_the_address_that_counts_is_not_what_a_browser_says(web_app: Flask, change: Change) -> None:
    assert sign_in(web_app, "192.0.2.5", "limits-nobody", "wrong").status == 401
    tries = "UPDATE sign_in_address SET failed_sign_ins = 26 WHERE address = ?"
    change(tries, "192.0.2.5")
    assert sign_in(web_app, "192.0.2.5", "limits-nobody", "wrong").status == 401
    told = client_at(web_app, "192.0.2.5")
    told.client.environ_base["HTTP_X_FORWARDED_FOR"] = "192.0.2.6"
    told.client.environ_base["HTTP_LIBRARIAN_CLIENT_ADDRESS"] = "192.0.2.6"
    assert told.sign_in("limits-cy", PASSWORD).status == 401


def test_a_refusal_does_not_tell_which_names_there_are(web_app: Flask, admin: Librarian) -> None:
    admin.create_user("limits-none", "NONE")
    answers = {
        name: sign_in(web_app, "192.0.2.8", name, "wrong wrong").words("main")
        for name in ("limits-bob", "limits-none", "limits-xyz", "agent")
    }
    assert len(set(answers.values())) == 1, answers


def test_a_refusal_takes_as_long_for_names_that_there_are_not(web_app: Flask) -> None:
    taken: dict[str, list[float]] = {"limits-cy": [], "limits-xy": []}
    for turn in range(4):
        for name, times in taken.items():
            begun = time.monotonic()
            sign_in(web_app, f"192.0.2.{20 + turn}", name, "wrong wrong wrong")
            times.append(time.monotonic() - begun)
    known, unknown = (min(times) for times in taken.values())
    # Without its hash, an unknown name would be refused in a tenth of the time.
    assert 0.2 < known / unknown < 5, taken
