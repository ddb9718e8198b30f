"""The commands beside the pages: the audit log, and a link that signs one in."""

import json

from tests.system.site import Site
from tests.web_frontend.pages import WebClient
from tests.web_frontend.people import People


def test_a_link_of_the_command_signs_one_in(
    web_site: Site, stranger: WebClient, people: People, web_address: str
) -> None:
    name = people.name("READWRITE")
    printed = web_site.run("sign-in-link", "local", "--account", name).stdout.strip()
    page, _, code = printed.partition("#")
    assert page == f"{web_address}/sign-in/link"
    assert stranger.post("/sign-in/link", {"code": code}).status == 303
    assert name in stranger.page("/account/tokens").words("header")
    arguments = ("sign-in-link", "local", "--web", "https://pages.example.org/", "--json")
    document = json.loads(web_site.run(*arguments).stdout)
    assert document["url"] == f"https://pages.example.org/sign-in/link#{document['code']}"


def test_the_log_is_listed_for_people_and_for_programs(web_site: Site) -> None:
    web_site.run("create-user", "local", "seen-in-log", "READONLY", "--no-password")
    arguments = ("audit-log", "local", "--subject", "seen-in-log", "--action", "Accounts/")
    listed = web_site.run(*arguments).stdout
    assert "Accounts/CreateAccount" in listed
    assert "127.0.0.1" in listed
    [entry] = [json.loads(line) for line in web_site.run(*arguments, "--json").stdout.splitlines()]
    assert (entry["account"], entry["details"]["role"]) == ("admin", "READONLY")
    assert (
        len(web_site.run("audit-log", "local", "--limit", "2", "--json").stdout.splitlines()) == 2
    )
