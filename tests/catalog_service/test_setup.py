"""Setting a site up: once, again, several at once, and killed in between."""

import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from catalog_service.database import open_database
from catalog_service.migrate import upgrade
from catalog_service.roles import Role
from catalog_service.secrets import Secrets
from catalog_service.tables import Account, Site, Token
from catalog_service.tokens import find_holder
from librarian.service.config import ConfigError

POINTS = [
    "setup.keys",
    "migrations.0004",
    "setup.migrated",
    "setup.administrator",
    "setup.agent_token",
    "setup.agent",
    # The transfer service's lies between the two, and is made by the same lines.
    "setup.web_frontend_token",
    "setup.web_frontend",
]


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """Return the URL of a database that holds nothing; SQLite's is not even there."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'site' / 'catalog.sqlite'}"
        return
    cluster = request.getfixturevalue("postgres_cluster")
    cluster.create_database("empty_site")
    yield cluster.url("empty_site")
    cluster.drop_database("empty_site")


class NewSite:
    """A site's configuration, and the command that sets it up."""

    def __init__(self, directory: Path, database_url: str) -> None:
        self.database_url = database_url
        self.config_file = directory / "site.toml"
        self.key_file = directory / "secrets" / "keys"
        self.token_file = directory / "secrets" / "agent.token"
        self.transfer_token_file = directory / "secrets" / "transfer.token"
        self.web_token_file = directory / "secrets" / "web.token"
        self.cookie_key_file = directory / "secrets" / "cookies"
        self.config_file.write_text(
            f'[site]\nname = "here"\n'
            f'[catalog_service]\ndatabase_url = "{database_url}"\n'
            f'secret_key_file = "{self.key_file}"\n'
            f'[store_agent]\nname = "node1"\ntoken_file = "{self.token_file}"\n'
            f'store_prefixes = ["/data"]\n'
            f'[transfer_service]\ntoken_file = "{self.transfer_token_file}"\n'
            f'[web_frontend]\ntoken_file = "{self.web_token_file}"\n'
            f'secret_key_file = "{self.cookie_key_file}"\n'
        )

    def start(self, **environment: str) -> subprocess.Popen[str]:
        """Start a setup."""
        return subprocess.Popen(
            [sys.executable, "-m", "catalog_service", "setup", "--config", str(self.config_file)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **environment},
        )

    def set_up(self) -> dict[str, Any]:
        """Set the site up, and return what that printed."""
        process = self.start()
        printed, said = process.communicate(timeout=240)
        assert process.returncode == 0, said
        answer: dict[str, Any] = json.loads(printed)
        return answer

    def who_bears(self, token: str) -> tuple[str, Role] | None:
        """Return the account and the role of a token."""
        database = open_database(self.database_url)
        with database.readings() as db:
            holder = find_holder(db, token)
        database.dispose()
        return (holder.account_name, holder.role) if holder else None

    def rows(self, table: Any) -> list[Any]:
        """Return a table's rows."""
        database = open_database(self.database_url)
        with database.readings() as db:
            found = list(db.scalars(select(table)))
        database.dispose()
        return found


@pytest.fixture
def site(empty_url: str, tmp_path: Path) -> NewSite:
    return NewSite(tmp_path, empty_url)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def check_complete(site: NewSite, answer: dict[str, Any]) -> None:
    assert site.who_bears(answer["administrator"]["token"]) == ("admin", Role.ADMIN)
    assert answer["agent_token_written"] == str(site.token_file)
    assert site.who_bears(site.token_file.read_text().strip()) == ("node1", Role.NONE)
    assert answer["transfer_token_written"] == str(site.transfer_token_file)
    transfer_token = site.transfer_token_file.read_text().strip()
    assert site.who_bears(transfer_token) == ("transfer", Role.NONE)
    assert answer["web_token_written"] == str(site.web_token_file)
    assert site.who_bears(site.web_token_file.read_text().strip()) == ("web", Role.NONE)
    assert len(site.cookie_key_file.read_text().strip()) == 43
    kinds = {account.name: account.kind for account in site.rows(Account)}
    assert kinds == {
        "admin": "PERSON",
        "node1": "AGENT",
        "transfer": "TRANSFER_SERVICE",
        "web": "WEB_FRONTEND",
    }
    assert [row.name for row in site.rows(Site)] == ["here"]
    assert {mode(path) for path in site.key_file.parent.iterdir()} == {0o600}
    secrets = Secrets(site.key_file)
    assert secrets.decrypt(secrets.encrypt(b"ticket")) == b"ticket"


def test_a_setup_makes_all_that_a_site_needs(site: NewSite) -> None:
    answer = site.set_up()
    check_complete(site, answer)
    assert answer["administrator"]["name"] == "admin"
    assert mode(site.key_file.parent) == 0o700


def test_a_site_in_use_is_left_as_it_is(site: NewSite) -> None:
    site.set_up()
    before = _secrets_of(site)
    use_the_administrator(site)
    answer = site.set_up()
    after = _secrets_of(site)
    assert answer["administrator"] is None
    assert after == before
    assert len(site.rows(Token)) == 4


def _secrets_of(site: NewSite) -> tuple[Any, ...]:
    files = (site.key_file, site.token_file, site.web_token_file, site.cookie_key_file)
    return (*(path.read_bytes() for path in files), site.rows(Site)[0].site_id)


def use_the_administrator(site: NewSite) -> None:
    database = open_database(site.database_url)
    with database.transactions.begin() as db:
        db.execute(update(Token).values(last_use_time=Token.create_time))
    database.dispose()


def test_an_administrator_whom_nobody_has_used_gets_another_token(site: NewSite) -> None:
    first, second = site.set_up(), site.set_up()
    assert first["administrator"]["token"] != second["administrator"]["token"]
    assert site.who_bears(first["administrator"]["token"]) == ("admin", Role.ADMIN)
    check_complete(site, second)


@pytest.mark.parametrize("point", POINTS)
def test_a_setup_that_was_killed_is_completed_by_the_next(site: NewSite, point: str) -> None:
    killed = site.start(LIBRARIAN_KILL_AT=point)
    killed.communicate(timeout=240)
    assert killed.returncode == -signal.SIGKILL
    check_complete(site, site.set_up())


def test_setups_at_once_take_turns(site: NewSite) -> None:
    processes = [site.start() for _ in range(3)]
    said = [process.communicate(timeout=240) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], said
    for printed, _ in said:
        check_complete(site, json.loads(printed))


def test_an_agents_token_that_opens_nothing_is_replaced(site: NewSite) -> None:
    site.set_up()
    site.token_file.write_text("lib_0123456789abcdef_wrong\n")
    site.set_up()
    assert site.who_bears(site.token_file.read_text().strip()) == ("node1", Role.NONE)


def test_the_environment_goes_before_the_file(site: NewSite, tmp_path: Path) -> None:
    other = tmp_path / "secrets" / "other.token"
    process = site.start(
        LIBRARIAN_STORE_AGENT__TOKEN_FILE=str(other), LIBRARIAN_STORE_AGENT__NAME="node9"
    )
    process.communicate(timeout=240)
    assert site.who_bears(other.read_text().strip()) == ("node9", Role.NONE)


def test_a_sqlite_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "deeper" / "catalog.sqlite"
    NewSite(tmp_path, f"sqlite:///{path}").set_up()
    assert mode(path) == 0o600


def test_a_database_that_does_not_answer_is_told_in_a_sentence(tmp_path: Path) -> None:
    site = NewSite(tmp_path, "postgresql://somebody:hunter2@127.0.0.1:1/x")
    process = site.start()
    printed, said = process.communicate(timeout=240)
    assert (process.returncode, printed, said.count("\n")) == (1, "", 1)
    assert "cannot be used" in said
    assert "hunter2" not in said


@pytest.mark.parametrize("url", ["mysql://me:hunter2@here/x", "sqlite", "", "postgresql+asyncpg:"])
def test_a_database_of_another_kind_is_refused(tmp_path: Path, url: str) -> None:
    printed, said = NewSite(tmp_path, url).start().communicate(timeout=240)
    assert (printed, said.count("\n")) == ("", 1)
    assert "sqlite:////absolute/path or postgresql://" in said
    assert "hunter2" not in said


def test_a_site_without_an_agent_gets_none(site: NewSite) -> None:
    text = site.config_file.read_text()
    site.config_file.write_text(text.partition("[store_agent]")[0])
    assert site.set_up()["agent_token_written"] is None
    assert [account.name for account in site.rows(Account)] == ["admin"]


def test_a_database_of_a_newer_version_stays_as_it_is(database_url: str) -> None:
    database = open_database(database_url)
    with database.transactions.begin() as db:
        db.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    upgrade(database_url)
    with database.readings() as db:
        version = db.connection().exec_driver_sql("SELECT version_num FROM alembic_version")
        assert version.scalar_one() == "9999"
    database.dispose()


def test_keys_that_others_may_read_are_refused(tmp_path: Path) -> None:
    site = NewSite(tmp_path, f"sqlite:///{tmp_path / 'catalog.sqlite'}")
    site.set_up()
    site.key_file.chmod(0o640)
    with pytest.raises(ConfigError, match="chmod 600"):
        Secrets(site.key_file)


@pytest.mark.parametrize("key", ["STORE_AGENT", "TRANSFER_SERVICE"])
def test_a_service_does_not_take_the_account_of_another(tmp_path: Path, key: str) -> None:
    site = NewSite(tmp_path, f"sqlite:///{tmp_path / 'catalog.sqlite'}")
    said = site.start(**{f"LIBRARIAN_{key}__NAME": "admin"}).communicate(timeout=240)[1]
    service = key.lower().replace("_", " ")
    assert f"The account 'admin' is a person's: give the {service} another name." in said
