"""Each role at each route, with forms that are in order: what it may not do is not done."""

import pytest
from flask import Flask

from librarian.client.librarian import Librarian
from tests.web_frontend.conftest import WebAs
from tests.web_frontend.pages import PageOf, WebClient
from tests.web_frontend.people import ROLES
from tests.web_frontend.security.fields import Target, targets
from web_frontend.rights import ANYONE, RIGHTS, covers

MACHINES = ("AGENT", "TRANSFER_SERVICE")


def path_of(target: Target) -> str:
    """Return an address that reaches a target, of something that there is not."""
    numbers = ("id", "obsid", "number")
    return target.path({name: "1" if name in numbers else "x" for name in target.parts})


def state_of(admin: Librarian) -> list[object]:
    """Return what a change would leave its mark in."""
    (newest,) = admin.list_audit_page(page_size=1).entries
    people = sorted((one.name, one.role) for one in admin.list_users())
    stores = [(one.name, one.enabled, one.ingestible) for one in admin.list_stores()]
    return [newest.id, people, stores, [one.name for one in admin.list_standing_orders()]]


def ask(web: WebClient, target: Target, token: str) -> PageOf:
    form = {"csrf_token": token} if target.method == "POST" else None
    return PageOf(web.client.open(path_of(target), method=target.method, data=form))


def test_every_route_is_in_the_table(web_app: Flask) -> None:
    missing = [one.rule.rule for one in targets(web_app) if one.endpoint not in RIGHTS]
    assert missing == []


@pytest.mark.parametrize("role", ROLES)
def test_a_role_does_what_it_may_and_nothing_else(
    web_app: Flask, web_as: WebAs, admin: Librarian, role: str
) -> None:
    web = web_as(role)
    token, before = web.csrf_token(), state_of(admin)
    forbidden = [one for one in targets(web_app) if not covers(role, RIGHTS[one.endpoint])]
    assert bool(forbidden) is (role != "ADMIN")
    for target in forbidden:
        answer = ask(web, target, token)
        assert answer.status == 403, (target.method, target.rule.rule, answer.status)
        assert f"you are signed in with {role}" in answer.words()
    for target in [one for one in targets(web_app) if one not in forbidden]:
        # Without a form's token, nothing is done: the right is looked at before.
        allowed = web.client.open(path_of(target), method=target.method)
        allowed.close()
        assert allowed.status_code != 403, (target.method, target.rule.rule)
    assert state_of(admin) == before


def test_a_stranger_is_led_to_the_sign_in_and_does_nothing(
    web_app: Flask, stranger: WebClient, admin: Librarian
) -> None:
    token, before = stranger.csrf_token(), state_of(admin)
    for target in targets(web_app):
        if RIGHTS[target.endpoint] == ANYONE:
            continue
        answer = ask(stranger, target, token)
        assert (answer.status, answer.location[:8]) == (303, "/sign-in"), target.rule.rule
        assert answer.words("body").startswith("Redirecting")
    assert state_of(admin) == before


@pytest.mark.parametrize("kind", MACHINES)
def test_a_machines_token_is_good_for_nothing_here(
    web_app: Flask, admin: Librarian, kind: str
) -> None:
    name = f"roles-{kind.lower().replace('_', '-')}"
    is_agent = kind == "AGENT"
    admin.create_user(name, "NONE", is_agent=is_agent, is_transfer_service=not is_agent)
    secret = admin.create_token("roles", user=name)
    web = WebClient(web_app)
    assert web.sign_in(name, secret.secret).status == 401
    # What only the front end itself could do: it signs the cookie.
    with web.client.session_transaction() as cookie:
        cookie["token"], cookie["token_id"] = secret.secret, secret.token.id
    token, before = web.csrf_token(), state_of(admin)
    for target in targets(web_app):
        if RIGHTS[target.endpoint] != ANYONE:
            assert ask(web, target, token).status == 403, target.rule.rule
    assert state_of(admin) == before
