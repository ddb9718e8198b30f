"""Giving a site new keys: under way, killed, repeated, and while a catalogue serves."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import insert, select

from catalog_service import key_rotation
from catalog_service.database import Database, open_database
from catalog_service.key_rotation import rotate_keys
from catalog_service.secrets import Secrets, make_key_file, write_secret
from catalog_service.tables import Agent, Librarian
from librarian.cli.program import program
from librarian.service.config import ConfigError
from tests.catalog_service.catalog_site import config_of

POINTS = ["rotation.added", "rotation.encrypted", "rotation.dropped"]
NAMES = ["karoo", "minnesota"]


class KeyedSite:
    """A site with two librarians and an agent on record, whose secrets are kept under its key."""

    def __init__(self, database_url: str, directory: Path) -> None:
        self.config = config_of(database_url, directory)
        self.config_file = directory / "site.toml"
        self.key_file = self.config.secret_key_file
        self.config_file.write_text(
            f'[catalog_service]\ndatabase_url = "{database_url}"\n'
            f'secret_key_file = "{self.key_file}"\n'
        )
        make_key_file(self.key_file)
        self.first_key = self.key_file.read_text()
        # As a catalogue that was started before any rotation.
        self.serving = Secrets(self.key_file)
        self.database: Database = open_database(database_url)
        for name in NAMES:
            self.add_librarian(name, self.serving.encrypt(f"secret of {name}".encode()))
        self._add_agent(self.serving.encrypt(b"ticket key"))

    def add_librarian(self, name: str, secret: bytes) -> None:
        values = {"name": name, "url": "localhost:1", "tls": False, "account_name": "here"}
        row = {**values, "secret": secret, "create_time": datetime.now(UTC)}
        with self.database.transactions.begin() as db:
            db.execute(insert(Librarian).values(row))

    def _add_agent(self, ticket_key: bytes) -> None:
        values = {"name": "node1", "host": "", "address": "", "tls": False, "staging_prefix": ""}
        row = {**values, "ticket_key": ticket_key, "version": "", "report_time": datetime.now(UTC)}
        with self.database.transactions.begin() as db:
            db.execute(insert(Agent).values(row))

    def kept(self) -> dict[str, bytes]:
        with self.database.readings() as db:
            rows = [
                *db.execute(select(Librarian.name, Librarian.secret)),
                *db.execute(select(Agent.name, Agent.ticket_key)),
            ]
        return {name: bytes(data) for name, data in rows}

    def read(self, secrets: Secrets) -> dict[str, bytes]:
        return {name: secrets.decrypt(data) for name, data in self.kept().items()}

    def rotate(self, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "catalog_service", "rotate-keys"]
        return subprocess.run(
            [*command, "--config", str(self.config_file)],
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, **environment},
            check=False,
        )


PLAIN = {**{name: f"secret of {name}".encode() for name in NAMES}, "node1": b"ticket key"}


@pytest.fixture
def site(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[KeyedSite]:
    monkeypatch.setattr("catalog_service.key_rotation._SETTLE_SECONDS", 0.0)
    made = KeyedSite(database_url, tmp_path)
    yield made
    made.database.dispose()


def check_rotated(site: KeyedSite) -> None:
    """Check that one new key opens all, and the first one opens nothing."""
    assert len(site.key_file.read_text().split()) == 1
    assert site.key_file.read_text() != site.first_key
    assert site.read(Secrets(site.key_file)) == PLAIN
    for data in site.kept().values():
        with pytest.raises(InvalidToken):
            Fernet(site.first_key.strip()).decrypt(data)


def test_a_rotation_encrypts_all_anew_and_drops_the_old_key(site: KeyedSite) -> None:
    done = site.rotate()
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"encrypted": 3, "unreadable_agents": []}
    check_rotated(site)
    assert site.key_file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("point", POINTS)
def test_a_rotation_that_was_killed_is_completed_by_the_next(site: KeyedSite, point: str) -> None:
    killed = site.rotate(LIBRARIAN_KILL_AT=point)
    assert killed.returncode == -signal.SIGKILL
    # Whoever serves, or starts now, reads all of it.
    assert site.read(site.serving) == PLAIN
    assert site.read(Secrets(site.key_file)) == PLAIN
    rotate_keys(site.config)
    check_rotated(site)


def test_a_catalogue_goes_on_while_keys_rotate(site: KeyedSite) -> None:
    before = site.kept()
    rotate_keys(site.config)
    # What it has read before, what is on record now, and what it writes from now on.
    assert {name: site.serving.decrypt(data) for name, data in before.items()} == PLAIN
    assert site.read(site.serving) == PLAIN
    site.add_librarian("archive", site.serving.encrypt(b"new"))
    assert Secrets(site.key_file).decrypt(site.kept()["archive"]) == b"new"


def test_a_person_rotates_keys_with_a_command(site: KeyedSite) -> None:
    done = CliRunner().invoke(program, ["rotate-keys", "--config", str(site.config_file)])
    assert (done.exit_code, done.stdout) == (0, "Encrypted 3 secrets under a new key.\n")
    check_rotated(site)
    wrong = CliRunner().invoke(program, ["rotate-keys", "--dir", "/nowhere"])
    assert wrong.exit_code == 1
    assert "/nowhere/site.toml" in wrong.stderr


def test_a_catalogue_encrypts_under_the_new_key_as_soon_as_it_is_there(site: KeyedSite) -> None:
    new = Fernet.generate_key().decode()
    write_secret(site.key_file, f"{new}\n{site.first_key}")
    assert Fernet(new).decrypt(site.serving.encrypt(b"secret")) == b"secret"


def test_a_secret_that_opens_with_no_key_keeps_the_old_ones(site: KeyedSite) -> None:
    site.add_librarian("lost", Fernet(Fernet.generate_key()).encrypt(b"secret"))
    with pytest.raises(ConfigError, match="the librarian 'lost'"):
        rotate_keys(site.config)
    assert site.key_file.read_text() == site.first_key


def test_what_is_written_late_under_an_old_key_is_not_lost(
    site: KeyedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = site.serving.encrypt(b"late")

    def write_late(point: str) -> None:
        if point == "rotation.dropped":
            site.add_librarian("sutherland", late)

    monkeypatch.setattr(key_rotation, "reach", write_late)
    rotate_keys(site.config)
    assert site.read(Secrets(site.key_file))["sutherland"] == b"late"
