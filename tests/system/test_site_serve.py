"""`librarian serve`: a whole site from one command, and its ends, good and bad."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError

import pytest

from deploy.demo.ports import find_free_port
from tests.polling import wait_until
from tests.system.following import follow
from tests.system.serving import Serve, serving, wait_until_ended

ENOUGH_SECONDS = 90
MISSPELT = """
[catalog_service]
database_url = "sqlite:////nowhere"
secret_key_file = "/nowhere"
listem = "127.0.0.1:1"
"""


SERVICES = {"catalog_service", "store_agent", "transfer_service", "web_frontend"}


@pytest.fixture
def port() -> int:
    return find_free_port()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "client.cfg"


@pytest.fixture
def serve(tmp_path: Path, config: Path, port: int) -> Iterator[Serve]:
    with serving("--dir", tmp_path / "D", "--port", str(port), client_config=config) as started:
        yield started


def refused(*arguments: str | Path, config: Path, program: list[str] | None = None) -> str:
    """Run a serve that must not start; return its one sentence."""
    command = program or [sys.executable, "-m", "librarian.cli"]
    done = subprocess.run(
        [*command, "serve", *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, "LIBRARIAN_CLIENT_CONFIG": str(config)},
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_site_gives_its_administrator_a_connection(
    serve: Serve, config: Path, port: int
) -> None:
    lines = serve.read_until("ready")
    connection = json.loads(config.read_text())["connections"]["local"]
    assert connection["url"] == f"127.0.0.1:{port}"
    assert sum(connection["authenticator"] in line for line in lines) == 1
    assert mode(config) == 0o600
    assert serve.run("check-connections").returncode == 0


def test_a_new_site_gives_a_link_that_opens_its_web_pages(serve: Serve) -> None:
    (line,) = (line for line in serve.read_until("ready") if line.startswith("signed in"))
    assert "Sign out" in follow(line.split()[-1])
    with pytest.raises(HTTPError, match="401"):
        follow(line.split()[-1])


def test_a_new_site_has_the_store_and_the_staging_prefix_of_its_directory(
    serve: Serve, tmp_path: Path
) -> None:
    serve.read_until("ready")
    listed = serve.run("get-store-list", "local", "--json")
    store = json.loads(listed.stdout)
    assert (store["name"], store["root"]) == ("store", str(tmp_path / "D" / "store"))
    assert f'staging_prefix = "{tmp_path}/D/staging"' in (tmp_path / "D/site.toml").read_text()


def test_secrets_are_for_the_owner_alone(serve: Serve, tmp_path: Path) -> None:
    serve.read_until("ready")
    secrets = tmp_path / "D" / "secrets"
    files = [path for path in secrets.rglob("*") if path.is_file()]
    assert mode(secrets) == 0o700
    assert files
    assert {mode(path) for path in files} == {0o600}


def test_the_token_is_shown_though_the_connection_cannot_be_written(
    tmp_path: Path, config: Path, port: int
) -> None:
    config.write_text("{")
    arguments = ("--dir", tmp_path / "D", "--port", str(port))
    with serving(*arguments, client_config=config) as serve:
        lines = serve.read_until("ready")
        code, said = serve.end()
    assert any(line.startswith("token ") for line in lines)
    assert "The connection 'local' was not written" in said
    assert config.read_text() == "{"
    assert code == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_site_in_good_order(serve: Serve, number: signal.Signals) -> None:
    serve.read_until("ready")
    children = serve.children()
    assert set(children) == SERVICES
    assert serve.end(number) == (0, "")
    wait_until_ended(*children.values())


def test_the_second_start_goes_on_where_the_first_was(
    serve: Serve, tmp_path: Path, config: Path
) -> None:
    serve.read_until("ready")
    serve.run("create-user", "local", "somebody", "READONLY")
    serve.end()
    before = config.read_bytes()
    with serving("--dir", tmp_path / "D", client_config=config) as again:
        lines = again.read_until("ready")
        users = again.run("list-users", "local").stdout
    assert "somebody" in users
    assert not any("lib_" in line or "/sign-in/link" in line for line in lines)
    assert config.read_bytes() == before


def test_a_site_keeps_its_port(serve: Serve, tmp_path: Path, config: Path, port: int) -> None:
    serve.read_until("ready")
    serve.end()
    before = (config.read_bytes(), (tmp_path / "D" / "site.toml").read_bytes())
    other = find_free_port()
    sentence = refused("--dir", tmp_path / "D", "--port", str(other), config=config)
    assert f"this one listens on '127.0.0.1:{port}'" in sentence
    assert (config.read_bytes(), (tmp_path / "D" / "site.toml").read_bytes()) == before
    arguments = ("--dir", tmp_path / "D", "--port", str(port))
    with serving(*arguments, client_config=config) as again:
        again.read_until("ready")


def test_json_tells_of_the_site_in_one_document(tmp_path: Path, config: Path, port: int) -> None:
    arguments = ("--dir", tmp_path / "D", "--port", str(port), "--json")
    with serving(*arguments, client_config=config) as serve:
        assert serve.process.stdout is not None
        ready = json.loads(serve.process.stdout.readline())
    connection = json.loads(config.read_text())["connections"]["local"]
    assert ready["token"] == connection["authenticator"]
    assert ready["addresses"]["catalog_service"] == f"127.0.0.1:{port}"
    assert ready["web_url"] == f"http://127.0.0.1:{port + 3}"
    assert ready["sign_in_link"].startswith(f"{ready['web_url']}/sign-in/link#")


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_a_service_that_dies_is_started_again(serve: Serve, service: str) -> None:
    serve.read_until("ready")
    old = serve.children()[service]
    os.kill(old, signal.SIGKILL)
    wait_until(
        lambda: serve.children().get(service, old) != old,
        what="a new process",
        timeout_seconds=ENOUGH_SECONDS,
    )
    wait_until(
        lambda: serve.run("check-connections").returncode == 0,
        what="the site to be in order again",
        timeout_seconds=ENOUGH_SECONDS,
    )
    code, said = serve.end()
    assert code == 0
    assert f"{service} ended with status -9" in said


def test_no_service_outlives_a_supervisor_that_is_killed(serve: Serve) -> None:
    serve.read_until("ready")
    children = serve.children()
    serve.process.kill()
    wait_until_ended(*children.values())


def test_two_do_not_serve_one_directory(serve: Serve, tmp_path: Path, config: Path) -> None:
    serve.read_until("ready")
    sentence = refused("--dir", tmp_path / "D", config=config)
    assert "Another `librarian serve` is running" in sentence


def test_a_port_in_use_is_named(tmp_path: Path, config: Path, port: int) -> None:
    with socket.create_server(("127.0.0.1", port + 1)):
        sentence = refused("--dir", tmp_path / "D", "--port", str(port), config=config)
    assert f"127.0.0.1:{port + 1}" in sentence
    assert "choose another port" in sentence
    assert not (tmp_path / "D" / "site.toml").exists()


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path, config: Path) -> None:
    (tmp_path / "file").touch()
    assert "file/D" in refused("--dir", tmp_path / "file" / "D", config=config)


def test_a_directory_that_would_not_fit_in_a_url_is_refused(tmp_path: Path, config: Path) -> None:
    assert "without '?'" in refused("--dir", tmp_path / "a?b", config=config)


def test_a_client_alone_cannot_serve(tmp_path: Path, config: Path) -> None:
    blocked = "import sys; sys.modules['sqlalchemy'] = None; "
    program = [sys.executable, "-c", blocked + "from librarian.cli.__main__ import main; main()"]
    sentence = refused("--dir", tmp_path / "D", config=config, program=program)
    assert "pip install 'librarian[server]'" in sentence


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "--dir or --config"),
        (["--dir", "a", "--config", "b"], "--dir or --config"),
        (["--config", "b", "--port", "4000"], "--port goes with --dir"),
    ],
)
def test_a_site_is_named_in_one_way(arguments: list[str], words: str) -> None:
    command = [sys.executable, "-m", "librarian.cli", "serve", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert words in done.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "No such file"),
        ("listen", "is not TOML"),
        ("[web]\n", "configures no service"),
        (MISSPELT, "did you mean 'listen'"),
        ('[store_agent]\nlisten = "nowhere"\n', "must be host:port"),
    ],
)
def test_a_configuration_that_is_wrong_is_told_in_a_sentence(
    tmp_path: Path, config: Path, text: str | None, words: str
) -> None:
    path = tmp_path / "site.toml"
    if text is not None:
        path.write_text(text)
    assert words in refused("--config", path, config=config)


def test_a_configuration_file_serves_what_it_has_tables_for(
    serve: Serve, tmp_path: Path, config: Path
) -> None:
    serve.read_until("ready")
    serve.end()
    with serving("--config", tmp_path / "D" / "site.toml", client_config=config) as again:
        again.read_until("ready")
        assert set(again.children()) == SERVICES
        assert again.run("check-connections").returncode == 0


def test_a_service_that_cannot_start_ends_the_others_too(
    serve: Serve, tmp_path: Path, config: Path, port: int
) -> None:
    serve.read_until("ready")
    serve.end()
    site_toml = tmp_path / "D" / "site.toml"
    text = site_toml.read_text()
    site_toml.write_text(text.replace("store_prefixes = [", 'store_prefixes = ["relative", '))
    assert "store_prefixes" in refused("--dir", tmp_path / "D", config=config)
    # The ports are free again.
    for number in range(4):
        socket.create_server(("127.0.0.1", port + number)).close()
