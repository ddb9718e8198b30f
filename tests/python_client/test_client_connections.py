"""Connections by name: what the configuration file holds, and what it must not give away."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from librarian import Librarian
from librarian.addresses import is_loopback
from librarian.client.connections import (
    ConnectionSettings,
    find_config_file,
    list_connections,
    read_connection,
    write_connection,
)
from librarian.client.sites import SiteLink
from librarian.errors import InvalidRequestError, LibrarianError, NotAllowedError, NotFoundError
from librarian.v1 import accounts_pb2_grpc

SECRET = "lib_abc_verysecretindeed"


@pytest.fixture
def config_file(tmp_path: Path) -> Path:
    return tmp_path / "client.cfg"


def write_document(config_file: Path, connections: Any) -> None:
    config_file.write_text(json.dumps({"connections": connections}))


def test_a_connection_is_read_by_its_name(config_file: Path) -> None:
    write_document(config_file, {"here": {"url": "localhost:21106", "authenticator": SECRET}})
    settings = read_connection("here", config_file)
    assert (settings.url, settings.authenticator) == ("localhost:21106", SECRET)


def test_an_unknown_connection_names_the_known_ones(config_file: Path) -> None:
    entry = {"url": "localhost:21106", "authenticator": SECRET}
    write_document(config_file, {"karoo": entry, "green-bank": entry})
    with pytest.raises(NotFoundError, match="'green-bank', 'karoo'"):
        read_connection("kaaro", config_file)


def test_without_a_file_there_is_no_connection(config_file: Path) -> None:
    assert list_connections(config_file) == []
    with pytest.raises(NotFoundError, match=f"the file {config_file} is missing"):
        read_connection("here", config_file)
    write_document(config_file, {})
    with pytest.raises(NotFoundError, match="it has none"):
        read_connection("here", config_file)


def test_the_environment_names_another_file(
    config_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIBRARIAN_CLIENT_CONFIG", str(config_file))
    assert find_config_file() == config_file


def test_without_it_the_file_is_in_the_home_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LIBRARIAN_CLIENT_CONFIG", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert find_config_file() == tmp_path / ".hl_client.cfg"


@pytest.mark.parametrize("url", ["http://localhost:21106/", "https://archive.example.org"])
def test_a_url_of_the_predecessors_is_explained(config_file: Path, url: str) -> None:
    write_document(config_file, {"here": {"url": url, "authenticator": SECRET}})
    with pytest.raises(InvalidRequestError, match="as earlier Librarians used"):
        read_connection("here", config_file)


@pytest.mark.parametrize("url", ["", "localhost", "localhost:", "localhost:0", "a:65536", "a b:1"])
def test_a_url_must_be_a_host_and_a_port(url: str) -> None:
    with pytest.raises(InvalidRequestError, match="host:port"):
        ConnectionSettings(url, SECRET)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"connections": {"a": {"url": "x:1", "authenticator": "%s"', "is not JSON: see line 1"),
        ('["%s"]', "must be a JSON object"),
        ('{"connections": ["%s"]}', "must be a JSON object"),
        ('{"connections": {"a": "%s"}}', "must be a JSON object with 'url'"),
        ('{"connections": {"a": {"url": "x:1", "authentikator": "%s"}}}', "did you mean"),
        ('{"connections": {"a": {"url": 1, "authenticator": "%s"}}}', "'url' must be text"),
        ('{"connections": {"a": {"url": "http://x", "authenticator": "%s"}}}', "is wrong"),
    ],
)
def test_a_broken_file_is_explained_without_its_secrets(
    config_file: Path, text: str, said: str
) -> None:
    config_file.write_text(text.replace("%s", SECRET))
    with pytest.raises(InvalidRequestError, match=said) as caught:
        read_connection("a", config_file)
    assert SECRET not in str(caught.value)


def test_a_written_connection_is_for_its_owner_alone(config_file: Path) -> None:
    write_connection("here", ConnectionSettings("localhost:21106", SECRET), config_file)
    assert stat.S_IMODE(config_file.stat().st_mode) == 0o600
    assert read_connection("here", config_file).authenticator == SECRET


def test_a_file_that_others_could_read_is_closed_when_it_is_written(config_file: Path) -> None:
    write_document(config_file, {})
    config_file.chmod(0o644)
    write_connection("here", ConnectionSettings("localhost:21106", SECRET), config_file)
    assert stat.S_IMODE(config_file.stat().st_mode) == 0o600


def test_writing_a_connection_keeps_the_others_and_what_else_is_there(config_file: Path) -> None:
    other = {"url": "karoo:21106", "authenticator": "alice:hunter22"}
    config_file.write_text(json.dumps({"connections": {"karoo": other}, "extra": [1]}))
    write_connection("here", ConnectionSettings("localhost:21106", SECRET), config_file)
    document = json.loads(config_file.read_text())
    assert document["connections"]["karoo"] == other
    assert document["extra"] == [1]


def test_a_connection_to_another_site_is_kept_beside_the_new_one(config_file: Path) -> None:
    write_connection("local", ConnectionSettings("localhost:1", SECRET), config_file)
    write_connection("local", ConnectionSettings("localhost:2", SECRET), config_file)
    assert read_connection("local-old", config_file).url == "localhost:1"
    assert read_connection("local", config_file).url == "localhost:2"


def test_a_new_token_for_the_same_site_replaces_the_old_one(config_file: Path) -> None:
    write_connection("local", ConnectionSettings("localhost:1", "old"), config_file)
    write_connection("local", ConnectionSettings("localhost:1", SECRET), config_file)
    assert list_connections(config_file) == ["local"]


def test_all_settings_come_back_as_they_were_written(config_file: Path) -> None:
    settings = ConnectionSettings("karoo:1", SECRET, ca_file="/ca.pem", tls=False, insecure=True)
    write_connection("karoo", settings, config_file)
    assert read_connection("karoo", config_file) == settings


def test_writing_leaves_nothing_else_behind(config_file: Path) -> None:
    write_connection("here", ConnectionSettings("localhost:21106", SECRET), config_file)
    assert list(config_file.parent.iterdir()) == [config_file]


def test_no_secret_is_shown(config_file: Path) -> None:
    write_connection("here", ConnectionSettings("localhost:21106", SECRET), config_file)
    with Librarian.connect("here", config_file) as site:
        assert SECRET not in repr(site) + repr(site.__dict__) + repr(vars(site._link))


@pytest.mark.parametrize(
    ("settings", "uses_tls"),
    [
        (ConnectionSettings("localhost:1", SECRET), False),
        (ConnectionSettings("127.0.0.1:1", SECRET), False),
        (ConnectionSettings("[::1]:1", SECRET), False),
        (ConnectionSettings("localhost:1", SECRET, ca_file="/ca.pem"), True),
        (ConnectionSettings("karoo:1", SECRET), True),
        (ConnectionSettings("10.0.0.1:1", SECRET, insecure=True), False),
        (ConnectionSettings("karoo:1", SECRET, insecure=True, tls=True), True),
        (ConnectionSettings("localhost:1", SECRET, tls=True), True),
    ],
)
def test_a_connection_is_encrypted_beyond_this_host(
    settings: ConnectionSettings, uses_tls: bool
) -> None:
    assert settings.uses_tls is uses_tls


@pytest.mark.parametrize("address", ["karoo:1", "10.0.0.1:1", "0.0.0.0:1", "[2001:db8::1]:1"])
def test_a_token_never_travels_unencrypted_beyond_this_host(address: str) -> None:
    link = SiteLink(ConnectionSettings(address, SECRET, tls=False))
    with pytest.raises(NotAllowedError, match="unencrypted") as caught:
        link.catalog(accounts_pb2_grpc.SiteStub)
    assert SECRET not in str(caught.value)


def test_a_password_never_travels_unencrypted_beyond_this_host() -> None:
    link = SiteLink(ConnectionSettings("karoo:1", "alice:hunter22", tls=False))
    with pytest.raises(NotAllowedError):
        link.catalog(accounts_pb2_grpc.SiteStub)


def test_a_ticket_never_travels_unencrypted_beyond_this_host() -> None:
    link = SiteLink(ConnectionSettings("localhost:1", SECRET))
    with pytest.raises(NotAllowedError):
        link.agent("karoo:21107", "a-ticket", tls=False)


def test_one_may_say_that_the_network_is_ones_own() -> None:
    link = SiteLink(ConnectionSettings("10.255.0.1:1", SECRET, insecure=True))
    assert link.catalog(accounts_pb2_grpc.SiteStub)
    link.close()


@pytest.mark.parametrize("address", ["localhost:1", "127.0.0.1:1", "127.8.9.1:2", "[::1]:3"])
def test_loopback_is_known_in_each_form(address: str) -> None:
    assert is_loopback(address)


def test_a_name_that_only_begins_like_loopback_is_not() -> None:
    assert not is_loopback("localhost.example.org:1")


def test_a_ca_file_that_is_missing_is_a_sentence(tmp_path: Path) -> None:
    missing = tmp_path / "ca.pem"
    site = Librarian("localhost:1", SECRET, ca_file=str(missing))
    with pytest.raises(LibrarianError, match="cannot be read"):
        site.ping()


@pytest.mark.parametrize("secret", ["lib_abc\n", "lib_\u00e9", "lib abc"])
def test_a_token_that_cannot_be_sent_is_refused_and_not_shown(secret: str) -> None:
    with pytest.raises(InvalidRequestError, match="copy the token anew") as caught:
        ConnectionSettings("localhost:21106", secret)
    assert secret not in str(caught.value)
