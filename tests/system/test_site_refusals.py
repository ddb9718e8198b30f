"""Bad input and broken sites: a sentence, the right number, and nothing left behind."""

import itertools
import json
import os
import socket
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.system.site import Site, librarian_command

_numbers = itertools.count(1)


@pytest.fixture
def local(tmp_path: Path) -> Path:
    """Return a local file that could be uploaded."""
    path = tmp_path / f"refused.{os.getpid()}.{next(_numbers)}.log"
    path.write_bytes(b"contents")
    return path


def refused(done: subprocess.CompletedProcess[str], code: int) -> str:
    """Check that a command was refused as it should; return its sentence."""
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("librarian: ")
    assert done.stderr.count("\n") == 1, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def staged_things(site: Site) -> list[Path]:
    """Return what lies in the store's staging places."""
    return list((site.layout.store / ".librarian" / "staging").rglob("*"))


BAD_NAMES = {
    "..": "'..'",
    ".": "'.'",
    "": "no name at its end",
    "a/../b": "'..'",
    "/etc/passwd": "relative",
    "a//b": "empty",
    "dir/": "no name at its end",
    "new\nline": "control character",
    "dir/-option": "begins with '-'",
    "e\u0301.log": "NFC",
    "x" * 256: "255",
    "\u202egol.exe": "direction",
    ".librarian/staging": "reserved",
}


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_bad_name_is_refused_with_the_rule_it_breaks(
    sqlite_site: Site, local: Path, name: str
) -> None:
    done = sqlite_site.run("upload", "local", local, name, "--null-obsid")
    assert BAD_NAMES[name] in refused(done, 2)
    assert staged_things(sqlite_site) == []


def test_a_name_that_is_not_utf8_is_refused(sqlite_site: Site, local: Path) -> None:
    done = sqlite_site.run("upload", "local", local, os.fsdecode(b"a\xff.log"), "--null-obsid")
    assert r"'a\udcff.log' is not valid UTF-8" in refused(done, 2)


def test_a_local_path_that_is_not_utf8_is_no_obstacle(sqlite_site: Site, local: Path) -> None:
    strange = local.rename(local.with_name(os.fsdecode(b"\xff.log")))
    done = sqlite_site.run("upload", "local", strange, local.name, "--null-obsid")
    assert done.returncode == 0, done.stderr


def make_fifo(path: Path) -> None:
    os.mkfifo(path)


def make_link(path: Path) -> None:
    path.symlink_to("/etc/hostname")


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(path))


def make_device(path: Path) -> None:
    os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 3))


def make_nothing(path: Path) -> None:
    """Leave the path missing."""


def make_empty_directory(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize(
    "make", [make_fifo, make_socket, make_device, make_nothing, make_empty_directory]
)
def test_what_is_no_file_is_refused_and_named(
    sqlite_site: Site, tmp_path: Path, make: Callable[[Path], None]
) -> None:
    path = tmp_path / "no-file"
    make(path)
    done = sqlite_site.run("upload", "local", path, f"{make.__name__}.log", "--null-obsid")
    assert "no-file" in refused(done, done.returncode)
    assert done.returncode in (1, 2, 3)
    assert staged_things(sqlite_site) == []


@pytest.mark.parametrize("make", [make_fifo, make_socket, make_device, make_link])
def test_a_dataset_with_what_is_no_file_is_refused(
    sqlite_site: Site, tmp_path: Path, make: Callable[[Path], None]
) -> None:
    dataset = tmp_path / "dataset"
    dataset.mkdir()
    (dataset / "good").write_text("good")
    make(dataset / "bad")
    done = sqlite_site.run("upload", "local", dataset, f"{make.__name__}.uv", "--null-obsid")
    assert "'bad'" in refused(done, 2)
    assert staged_things(sqlite_site) == []


def test_a_file_without_an_observation_is_refused_unless_it_is_meant(
    sqlite_site: Site, local: Path
) -> None:
    done = sqlite_site.run("upload", "local", local, local.name)
    assert "(--obsid), or say that it belongs to none (--null-obsid)" in refused(done, 2)
    assert staged_things(sqlite_site) == []


def test_other_contents_under_a_known_name_are_a_conflict(shared_site: Site, local: Path) -> None:
    arguments = ("upload", "local", local, local.name, "--null-obsid")
    assert shared_site.run(*arguments).returncode == 0
    local.write_bytes(b"other contents")
    assert local.name in refused(shared_site.run(*arguments), 6)
    assert staged_things(shared_site) == []


def test_a_wrong_checksum_is_refused(sqlite_site: Site, local: Path) -> None:
    wrong = f"blake3:{'0' * 64}"
    arguments = ("upload", "local", local, local.name, "--null-obsid", "--checksum", wrong)
    assert wrong in refused(sqlite_site.run(*arguments), 2)
    assert refused(sqlite_site.run("show-file", "local", local.name), 3)


@pytest.mark.parametrize(
    "arguments",
    [
        ["show-file", "local", "no.such.file"],
        ["locate-file", "local", "no.such.file"],
        ["get", "local", "no.such.file"],
        ["add-file-event", "local", "no.such.file", "seen", "by=me"],
        ["show-job", "local", "999999"],
        ["cancel-job", "local", "999999"],
        ["set-store-state", "local", "no-such-store", "--disabled"],
        ["register", "local", "no-such-store", "path"],
        ["delete-user", "local", "no-such-user"],
        ["revoke-token", "local", "no-such-token"],
        ["search-files", "no-such-connection", "{}"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_what_is_not_there_is_not_found(sqlite_site: Site, arguments: list[str]) -> None:
    refused(sqlite_site.run(*arguments), 3)


def nested(depth: int) -> str:
    return '{"and":[' * depth + "]}" * depth


@pytest.mark.parametrize("command", ["search-files", "stage-files"])
@pytest.mark.parametrize(
    ("search", "words"),
    [
        ("naem:zen", "'name'"),
        ('{"name-matches"', "line 1, column 16"),
        (nested(6_000), "nest"),
        ("name:x" + " " * 70_000, "65,536 bytes"),
        ('{"name-matchs": "x"}', "name-matches"),
        ('{"size-greater-than": "big"}', "size-greater-than"),
    ],
    ids=["text", "unfinished", "nested", "long", "unknown", "value"],
)
def test_a_bad_search_is_told_why(sqlite_site: Site, command: str, search: str, words: str) -> None:
    destination = ["nowhere"] if command == "stage-files" else []
    done = sqlite_site.run(command, "local", *destination, "-", stdin=search)
    assert words in refused(done, 2)
    assert not (sqlite_site.layout.staging / "nowhere").exists()


@pytest.mark.parametrize("destination", ["/etc", "../outside", "{staging}-evil", "link/there"])
def test_staging_outside_the_prefix_is_refused(sqlite_site: Site, destination: str) -> None:
    staging = sqlite_site.layout.staging
    link = staging / "link"
    link.unlink(missing_ok=True)
    link.symlink_to(staging.parent)
    destination = destination.replace("{staging}", str(staging))
    done = sqlite_site.run("stage-files", "local", destination, '{"name-matches": "%"}')
    refused(done, 2)
    assert not (staging.parent / "there").exists()
    assert not Path(f"{staging}-evil").exists()


def test_an_account_may_do_what_its_role_says_and_no_more(shared_site: Site, local: Path) -> None:
    name = shared_site.connect_as(f"reader{next(_numbers)}.{os.getpid()}", "READONLY")
    assert shared_site.run("search-files", name, '{"name-matches": "x"}').returncode == 0
    refused(shared_site.run("upload", name, local, local.name, "--null-obsid"), 4)
    refused(shared_site.run("list-users", name), 4)


@pytest.mark.parametrize("authenticator", ["lib_wrong_token", "nobody:wrong-password"])
def test_who_is_not_known_is_not_signed_in(
    sqlite_site: Site, tmp_path: Path, authenticator: str
) -> None:
    config = client_config(tmp_path, f"127.0.0.1:{sqlite_site.port}", authenticator)
    environment = {"LIBRARIAN_CLIENT_CONFIG": str(config)}
    done = sqlite_site.run("get-store-list", "local", environment=environment)
    sentence = refused(done, 4)
    assert authenticator.rpartition(":")[2] not in sentence
    checked = sqlite_site.run("check-connections", environment=environment)
    assert checked.returncode == 4
    assert authenticator.rpartition(":")[2] not in checked.stdout + checked.stderr


def client_config(directory: Path, url: str, authenticator: str) -> Path:
    path = directory / "other.cfg"
    entry = {"url": url, "authenticator": authenticator}
    path.write_text(json.dumps({"connections": {"local": entry}}))
    return path


@pytest.mark.parametrize(
    ("text", "words"),
    [("{", "JSON"), ('{"connections": []}', "object"), ('{"connections": {"local": {}}}', "url")],
)
def test_a_client_configuration_that_is_wrong_is_told_where(
    tmp_path: Path, text: str, words: str
) -> None:
    config = tmp_path / "client.cfg"
    config.write_text(text)
    done = subprocess.run(
        librarian_command("list-jobs", "local"),
        capture_output=True,
        text=True,
        env={**os.environ, "LIBRARIAN_CLIENT_CONFIG": str(config)},
        check=False,
    )
    assert words in refused(done, 2)


@pytest.fixture
def broken_site(tmp_path: Path) -> Iterator[Site]:
    """Run a site of the test's own, with one file on it."""
    with Site(tmp_path / "site") as site:
        (tmp_path / "one.log").write_text("one")
        done = site.run("upload", "local", tmp_path / "one.log", "one.log", "--null-obsid")
        assert done.returncode == 0, done.stderr
        yield site


def test_a_catalogue_that_is_down_is_not_reachable(broken_site: Site) -> None:
    broken_site.kill("catalog_service")
    sentence = refused(broken_site.run("show-file", "local", "one.log"), 7)
    assert f"127.0.0.1:{broken_site.port}" in sentence
    assert broken_site.run("check-connections").returncode == 7


def test_an_agent_that_is_down_keeps_nothing_but_bytes_away(broken_site: Site, local: Path) -> None:
    broken_site.kill("store_agent")
    assert broken_site.run("show-file", "local", "one.log").returncode == 0
    done = broken_site.run("upload", "local", local, local.name, "--null-obsid")
    assert done.returncode in (1, 7)
    assert refused(done, done.returncode)
    broken_site.restart("store_agent")
    broken_site.wait_for_agent()
    again = broken_site.run("upload", "local", local, local.name, "--null-obsid")
    assert again.returncode == 0, again.stderr


def test_a_copy_that_rotted_is_not_handed_out(broken_site: Site, tmp_path: Path) -> None:
    copy = broken_site.layout.store / "one.log"
    copy.chmod(0o600)
    copy.write_text("two")
    refused(broken_site.run("get", "local", "one.log", tmp_path / "got"), 1)
    assert not (tmp_path / "got").exists()
