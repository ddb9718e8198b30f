"""Forms that are sent twice: by reloading, by going back, from two windows."""

import re

from playwright.sync_api import Page, expect

from librarian.client.librarian import Librarian
from tests.web_frontend.pages import WebClient
from tests.web_frontend.people import People


def test_reloading_what_a_form_answered_does_not_send_it_again(
    browser_page: Page, admin: Librarian, people: People
) -> None:
    browser_page.goto("/account/tokens")
    browser_page.get_by_label(re.compile("What it is for")).fill("posted-once")
    browser_page.get_by_role("button", name="Create token").click()
    expect(browser_page.get_by_role("heading", level=1)).to_contain_text("posted-once")
    browser_page.reload()
    expect(browser_page.get_by_role("heading", level=1)).to_contain_text("Your tokens")
    made = [
        token for token in admin.list_tokens(people.name("ADMIN")) if token.name == "posted-once"
    ]
    assert len(made) == 1


def test_what_a_form_refused_is_left_by_going_back(browser_page: Page) -> None:
    browser_page.goto("/accounts/-/new")
    browser_page.get_by_label("Name").fill("no such/name")
    browser_page.get_by_role("button", name="Create account").click()
    expect(browser_page.get_by_text("An account's name has")).to_be_visible()
    browser_page.goto("/stores")
    browser_page.go_back()
    expect(browser_page.get_by_role("heading", level=1)).to_contain_text("New account")
    browser_page.reload()
    expect(browser_page.get_by_text("An account's name has")).to_be_hidden()


def test_a_token_that_ended_in_another_window_is_no_dead_end(
    web: WebClient, admin: Librarian, people: People
) -> None:
    token = admin.create_token("posted-twice", user=people.name("ADMIN")).token
    for told in ("The token is revoked.", "This token had ended already."):
        assert web.post(f"/account/tokens/{token.id}/revoke").status == 303
        assert told in web.page("/account/tokens").words()
