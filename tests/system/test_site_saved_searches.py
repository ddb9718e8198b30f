"""Saved searches by the command, run as a person would on a real site."""

import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.system.site import Site
from tests.system.terminals import Terminal

_numbers = itertools.count(1)


class People:
    """A site with three files, and someone who may only read beside the administrator."""

    def __init__(self, site: Site, directory: Path) -> None:
        self.site = site
        # The site is shared, and on each database there is one.
        number = next(_numbers)
        self.prefix = f"kept{number}"
        self.name = f"n{number}"
        self.reader = site.connect_as(f"reader{number}", "READONLY")
        with site.librarian() as client:
            for name in ("one.uv", "two.uv", "three.txt"):
                path = directory / f"{self.prefix}.{name}"
                path.write_text(name)
                client.upload(path, f"{self.prefix}/{path.name}", null_obsid=True)

    def run(
        self, *arguments: str, connection: str = "local", code: int = 0, stdin: str = ""
    ) -> str:
        """Run a command, whose connection comes second; return what it printed."""
        command, *others = arguments
        done = self.site.run(command, connection, *others, stdin=stdin)
        assert done.returncode == code, done.stderr
        return done.stderr if code else done.stdout

    def listed(self, connection: str = "local") -> list[dict[str, Any]]:
        """Return the documents of this test's saved searches."""
        lines = self.run("list-searches", "--json", connection=connection).splitlines()
        return [one for one in map(json.loads, lines) if one["name"].startswith(self.name)]


@pytest.fixture
def people(shared_site: Site, tmp_path: Path) -> People:
    return People(shared_site, tmp_path)


def test_a_search_is_saved_used_staged_and_deleted(people: People) -> None:
    name, prefix = people.name, people.prefix
    told = people.run("save-search", name, f"name:{prefix}.%", "-type:txt")
    assert told == f"Saved: @{name} stands for it.\n"
    found = people.run("search-files", f"@{name}", "--names").splitlines()
    assert found == [f"{prefix}.one.uv", f"{prefix}.two.uv"]
    assert people.run("search-files", f"name:{prefix}.%", f"-@{name}", "--count") == "1\n"
    [job] = map(
        json.loads, people.run("stage-files", name, f"@{name}", "--wait", "--json").split("\n")[:1]
    )
    assert (job["state"], job["files_done"]) == ("SUCCEEDED", 2)
    assert people.run("delete-search", name) == f"Deleted {name}.\n"
    assert "There is no saved search" in people.run("search-files", f"@{name}", code=2)
    assert "has no saved search" in people.run("delete-search", name, code=3)


def test_a_search_is_shared(people: People) -> None:
    name, reader = people.name, people.reader
    told = people.run("save-search", name, f"name:{people.prefix}.%", "--shared", connection=reader)
    assert told == f"Saved: @{name} stands for it, and @{reader}/{name} for others.\n"
    people.run("save-search", f"{name}.private", "type:uv", connection=reader)
    assert [one["name"] for one in people.listed()] == [name]
    for typed in (name, f"{reader}/{name}"):
        assert people.run("search-files", f"@{typed}", "--count") == "3\n"
    assert "administrator" in people.run(
        "delete-search", name, "--owner", "admin", code=4, connection=reader
    )
    people.run("delete-search", name, "--owner", reader)
    assert [one["name"] for one in people.listed(reader)] == [f"{name}.private"]


def test_what_it_finds_is_said(people: People) -> None:
    saved = people.run("save-search", people.name, "duration:>5m", "--obs", "--json")
    people.run("save-search", f"{people.name}s", "-", "--sessions", stdin='{"age-less-than": 3}')
    assert [one["item_kind"] for one in people.listed()] == ["observations", "sessions"]
    assert json.loads(saved) == people.listed()[0]
    people.run("search-obs", f"@{people.name}")
    people.run("search-sessions", f"@{people.name}s")
    refused = people.run("search-files", f"@{people.name}", code=2)
    assert "line 1, column" in refused
    assert "finds observations" in refused
    people.run("save-search", people.name, "type:uv", "--obs", "--sessions", code=2)


def test_the_table_says_what_to_type_behind_the_at_sign(people: People) -> None:
    name, reader = people.name, people.reader
    search = f'{{"name-matches": "{people.prefix}.%",\n "type-is-not": "{"x" * 99}"}}'
    people.run("save-search", name, "-", "--shared", stdin=search, connection=reader)
    [row] = [line for line in people.run("list-searches").splitlines() if f"/{name} " in line]
    assert row.split()[:4] == [f"{reader}/{name}", reader, "files", "yes"]
    assert "x" * 99 in row
    [own] = people.run("list-searches", connection=reader).splitlines()[1:]
    assert own.split()[0] == name
    shown = Terminal(people.site, "list-searches", reader).read_to_end()
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert f'{{"name-matches": "{people.prefix}.%", "type-is-not":' in plain
    assert "xx…" in plain
    assert "x" * 60 not in plain


def test_who_has_none_is_told(people: People) -> None:
    with people.site.librarian() as client:
        for saved in client.list_saved_searches():
            client.delete_saved_search(saved.name, saved.owner)
    done = people.site.run("list-searches", people.reader)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "There are no saved searches.\n"
