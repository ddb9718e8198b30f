"""The commands about neighbours, against two real catalogues."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import insert, update

from catalog_service.bulk import table_of
from catalog_service.librarians import get_librarian
from catalog_service.remote_instances import add_remote_instances
from catalog_service.tables import File, Librarian
from librarian.cli.program import program
from librarian.client.connections import ConnectionSettings, write_connection
from librarian.v1 import accounts_pb2
from tests.catalog_service.catalog_site import CatalogSite, catalog_site

NOW = datetime.now(UTC)
SECRET = "a password: with colons"
Run = Callable[..., Result]


@pytest.fixture
def run(catalog: CatalogSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command as a person whose connection `home` leads to the site."""
    config = tmp_path / "client.cfg"
    monkeypatch.setenv("LIBRARIAN_CLIENT_CONFIG", str(config))
    write_connection("home", ConnectionSettings(catalog.address, catalog.admin_token), config)
    return lambda *arguments: CliRunner().invoke(program, [*map(str, arguments)])


def test_a_neighbour_is_added_listed_changed_and_removed(
    run: Run, catalog: CatalogSite, tmp_path: Path
) -> None:
    directory = tmp_path / "far"
    directory.mkdir()
    with catalog_site(f"sqlite:///{directory / 'catalog.sqlite'}", directory) as far:
        far.add("here", accounts_pb2.READAPPEND, SECRET)
        named = ("home", "--name", "karoo")
        added = run(
            "add-librarian", *named, "--url", far.address, "--authenticator", f"here:{SECRET}"
        )
        assert (added.exit_code, added.stdout) == (
            0,
            f"Added karoo: {far.address}, transfers enabled.\n",
        )
        listed = run("get-librarian-list", "home", "--ping", "--json")
        document = json.loads(listed.stdout)
        assert (listed.exit_code, document["ping"]["role"]) == (0, "READAPPEND")
        assert SECRET not in listed.stdout
        token_file = tmp_path / "authenticator"
        token_file.write_text(f":{far.token_of('here')}\n")
        changed = run("update-librarian", *named, "--authenticator-file", token_file)
        assert changed.exit_code == 0, changed.stderr
        stopped = run("set-librarian-transfer", *named, "--disabled", "--json")
        assert json.loads(stopped.stdout)["transfers_enabled"] is False
    lost = run("get-librarian-list", "home", "--ping")
    assert lost.exit_code == 1
    assert "1 of 1 librarian did not answer" in lost.stderr
    assert "did not answer (without TLS)" in lost.stdout
    removed = run("remove-librarian", *named)
    assert removed.stdout == (
        "Removed karoo, with 0 remote instances and the record of 0 transfers, 0 of them cancelled"
        " by that.\n"
    )
    assert run("remove-librarian", *named).exit_code == 3


def test_the_list_tells_since_when_and_why_a_link_is_down(run: Run, catalog: CatalogSite) -> None:
    added = run(
        *("add-librarian", "home", "--name", "karoo", "--url", "localhost:1"),
        *("--authenticator", "here:x", "--do-not-check-connection", "--way", "stream"),
    )
    assert added.exit_code == 0, added.stderr
    with catalog.database.transactions.begin() as db:
        values = {"link_state": "OPEN", "link_cause": "FULL", "link_error": "No room."}
        since = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
        db.execute(update(Librarian).values(link_open_time=since, **values))
    assert (
        "full since 2026-01-02 03:04:05 UTC: No room." in run("get-librarian-list", "home").stdout
    )


def test_what_would_travel_unencrypted_is_refused(run: Run) -> None:
    refused = run(
        *("add-librarian", "home", "--name", "karoo", "--url", "far.example.org:21106"),
        *("--authenticator", "here:hunter2", "--do-not-check-connection"),
    )
    assert refused.exit_code == 2
    assert "unencrypted" in refused.stderr
    assert "hunter2" not in refused.stderr


def test_show_file_and_locate_file_tell_where_else_a_file_is(
    run: Run, catalog: CatalogSite
) -> None:
    run(
        *("add-librarian", "home", "--name", "karoo", "--url", "localhost:1"),
        *("--authenticator", "here:x", "--do-not-check-connection"),
    )
    row = {"id": 1, "name": "zen.1", "type": "1", "size_bytes": 1, "checksum": "md5:0"}
    with catalog.database.transactions.begin() as db:
        db.execute(insert(table_of(File)), [{**row, "create_time": NOW, "source": "test"}])
        add_remote_instances(db, get_librarian(db, "karoo").id, [1])
    assert "karoo" in run("show-file", "home", "zen.1").stdout
    document = json.loads(run("show-file", "home", "zen.1", "--json").stdout)
    assert [one["librarian_name"] for one in document["remote_instances"]] == ["karoo"]
    located = run("locate-file", "home", "zen.1")
    assert located.exit_code == 3
    assert "believed to be at karoo" in located.stderr
