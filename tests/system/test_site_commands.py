"""The command's main paths, run as a person would on a real site."""

import itertools
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from deploy.demo.synthetic_night import make_night
from tests.system.site import Site
from tests.system.terminals import Terminal

FILE_KEYS = {
    "name",
    "type",
    "size_bytes",
    "checksum",
    "obsid",
    "create_time",
    "source",
    "instance_count",
}
JOB_KEYS = {
    "job",
    "state",
    "destination",
    "files_total",
    "bytes_total",
    "files_done",
    "bytes_done",
    "errors",
}
_numbers = itertools.count(1)


@pytest.fixture
def fresh_name() -> str:
    """Return a name that no other test has put into the shared sites."""
    return f"commands.{os.getpid()}.{next(_numbers)}.log"


def documents(done: subprocess.CompletedProcess[str], code: int = 0) -> list[dict[str, Any]]:
    """Return the JSON documents that a command printed, a line each."""
    assert done.returncode == code, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def uploaded(shared_site: Site, tmp_path: Path, fresh_name: str) -> Path:
    """Upload a file of 5,000 bytes that belongs to no observation; return its local path."""
    local = tmp_path / fresh_name
    local.write_bytes(b"5 kB\n" * 1000)
    done = shared_site.run("upload", "local", local, f"logs/{fresh_name}", "--null-obsid")
    assert done.returncode == 0, done.stderr
    return local


def test_an_uploaded_file_is_shown_as_it_was(shared_site: Site, uploaded: Path) -> None:
    [file] = documents(shared_site.run("show-file", "local", uploaded.name, "--json"))
    assert set(file) > FILE_KEYS
    assert (file["size_bytes"], file["type"], file["obsid"]) == (5000, "log", None)
    assert [instance["parent_dirs"] for instance in file["instances"]] == ["logs"]
    assert file["events"]


def test_the_same_upload_again_is_success(
    shared_site: Site, uploaded: Path, tmp_path: Path
) -> None:
    arguments = ("upload", "local", uploaded, f"logs/{uploaded.name}", "--null-obsid", "--json")
    [file] = documents(shared_site.run(*arguments))
    assert set(file) == FILE_KEYS
    assert file["instance_count"] == 1


@pytest.mark.parametrize("way", ["path", "stream"])
def test_a_copy_can_be_read_by_all_and_written_by_none(
    shared_site: Site, tmp_path: Path, fresh_name: str, way: str
) -> None:
    dataset = tmp_path / fresh_name
    (dataset / "inner").mkdir(parents=True)
    (dataset / "inner" / "item").write_text("contents")
    chosen = {"LIBRARIAN_UPLOAD_WAY": way} if way == "stream" else {}
    done = shared_site.run(
        "upload", "local", dataset, fresh_name, "--null-obsid", environment=chosen
    )
    assert done.returncode == 0, done.stderr
    copy = shared_site.layout.store / fresh_name
    found = [path.stat().st_mode & 0o777 for path in (copy, copy / "inner", copy / "inner/item")]
    assert found == [0o555, 0o555, 0o444]


def test_a_copy_is_located_by_host_path_and_store(shared_site: Site, uploaded: Path) -> None:
    [place] = documents(shared_site.run("locate-file", "local", uploaded.name, "--json"))
    assert set(place) == {"host", "path", "store"}
    assert Path(place["path"]).read_bytes() == uploaded.read_bytes()
    text = shared_site.run("locate-file", "local", uploaded.name).stdout
    assert text == f"{place['host']}:{place['path']}\n"


def test_get_brings_back_the_same_bytes(shared_site: Site, uploaded: Path, tmp_path: Path) -> None:
    done = shared_site.run("get", "local", uploaded.name, tmp_path / "back")
    assert done.stdout == f"{tmp_path}/back\n"
    assert (tmp_path / "back").read_bytes() == uploaded.read_bytes()


def test_search_prints_a_line_for_each_file(shared_site: Site, uploaded: Path) -> None:
    search = json.dumps({"name-is-exactly": uploaded.name})
    [file] = documents(shared_site.run("search-files", "local", search, "--json"))
    assert set(file) == FILE_KEYS
    table = shared_site.run("search-files", "local", "-", stdin=search).stdout.splitlines()
    assert table[0].split() == ["Name", "Created", "(UTC)", "Obsid", "Type", "Size", "Copies"]
    assert table[1].split()[0] == uploaded.name
    assert "5.0 kB" in table[1]


def test_a_search_without_matches_is_done(shared_site: Site) -> None:
    done = shared_site.run("search-files", "local", '{"name-is-exactly": "nothing.here"}')
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "No file matches.\n")


def test_an_event_is_logged_with_its_values(shared_site: Site, uploaded: Path) -> None:
    arguments = ("add-file-event", "local", uploaded.name, "inspected", "good=true", "by=me", "n=3")
    [event] = documents(shared_site.run(*arguments, "--json"))
    assert event["payload"] == {"good": True, "by": "me", "n": 3}
    assert "inspected" in shared_site.run("show-file", "local", uploaded.name).stdout


def test_what_is_staged_is_what_was_uploaded(shared_site: Site, uploaded: Path) -> None:
    search = json.dumps({"name-is-exactly": uploaded.name})
    destination = f"staged-{uploaded.name}"
    arguments = ("stage-files", "local", destination, search, "--wait", "--json")
    [job] = documents(shared_site.run(*arguments))
    directory = shared_site.layout.staging / destination
    assert set(job) >= JOB_KEYS
    assert (job["state"], job["files_done"], job["errors"]) == ("SUCCEEDED", 1, [])
    assert job["destination"] == str(directory)
    assert (directory / "logs" / uploaded.name).read_bytes() == uploaded.read_bytes()
    assert (directory / "STAGING-SUCCEEDED").exists()


def test_a_job_is_listed_shown_and_cancelled_too_late(shared_site: Site, uploaded: Path) -> None:
    search = json.dumps({"name-is-exactly": uploaded.name})
    [job] = documents(
        shared_site.run("stage-files", "local", f"jobs-{uploaded.name}", search, "--wait", "--json")
    )
    number = str(job["job"])
    listed = documents(shared_site.run("list-jobs", "local", "--json"))
    assert job["job"] in [one["job"] for one in listed]
    assert f"job          {number}" in shared_site.run("show-job", "local", number).stdout
    late = shared_site.run("cancel-job", "local", number)
    assert (late.returncode, late.stdout) == (0, f"Job {number} has ended: succeeded.\n")


def test_a_whole_night_goes_in_at_once(shared_site: Site, tmp_path: Path) -> None:
    night = tmp_path / "night"
    paths = make_night(night, files=3, start_jd=2458500.25 + next(_numbers))
    paths[-1].unlink()  # The maintenance file belongs to no observation.
    arguments = ("upload", "local", night, "nights", "--recursive", "--json")
    files = documents(shared_site.run(*arguments))
    assert {file["name"] for file in files} == {path.name for path in paths[:-1]}
    assert all(file["obsid"] for file in files)
    assert {file["type"] for file in files} == {"uvh5", "uv"}
    [again] = documents(shared_site.run("search-files", "local", _obsid_search(files[0]), "--json"))
    assert again["name"] == files[0]["name"]
    sessions = documents(shared_site.run("assign-sessions", "local", "--json"))
    assert files[0]["obsid"] in [session["id"] for session in sessions]


def _obsid_search(file: dict[str, Any]) -> str:
    return json.dumps({"obsid-is-exactly": file["obsid"]})


def test_files_under_a_store_are_registered_where_they_lie(
    shared_site: Site, fresh_name: str
) -> None:
    directory = shared_site.layout.store / f"old-{fresh_name}"
    directory.mkdir()
    for number in range(3):
        (directory / f"{number}.{fresh_name}").write_text("old")
    arguments = ("register", "local", "store", directory, "--recursive", "--null-obsid", "--json")
    first, second = (documents(shared_site.run(*arguments))[0] for _ in range(2))
    assert first == {"registered": 3, "known": 0, "registered_bytes": 9, "failed": 0}
    assert second == {"registered": 0, "known": 3, "registered_bytes": 0, "failed": 0}


def test_failures_are_documents_of_one_shape(
    shared_site: Site, fresh_name: str, tmp_path: Path
) -> None:
    night = tmp_path / "night"
    night.mkdir()
    (night / fresh_name).write_bytes(b"new")
    (night / "link.log").symlink_to("/etc/passwd")
    (night / "links").symlink_to("/etc")
    arguments = ("upload", "local", night, "nights", "--recursive", "--null-obsid", "--json")
    done = shared_site.run(*arguments)
    assert "2 of 3 files failed" in done.stderr
    told = {one["path"]: one for one in documents(done, 5)}
    assert told[str(night / fresh_name)]["name"] == fresh_name
    refused = [told[str(night / "link.log")], told[str(night / "links")]]
    assert all("is a symbolic link" in one["error"] for one in refused)
    done = shared_site.run("register", "local", "store", "nowhere.log", "--null-obsid", "--json")
    failure, total = documents(done, 3)
    assert failure.keys() == refused[0].keys() == {"path", "error"}
    assert (failure["path"], total["failed"]) == ("nowhere.log", 1)
    assert done.stderr == "librarian: 1 path could not be put on record.\n"


def test_paths_to_register_are_read_from_stdin(shared_site: Site, fresh_name: str) -> None:
    (shared_site.layout.store / fresh_name).write_text("old")
    done = shared_site.run(
        "register", "local", "store", "--paths-from", "-", "--null-obsid", stdin=f"{fresh_name}\n"
    )
    assert done.stdout == "1 file registered (3 B), 0 known already.\n"


def test_accounts_come_change_and_go(shared_site: Site, fresh_name: str) -> None:
    name = fresh_name.removesuffix(".log")
    run = shared_site.run
    arguments = ("create-user", "local", name, "readonly", "--password-file", "-", "--json")
    [account] = documents(run(*arguments, stdin="correct horse\n"))
    assert (account["role"], account["has_password"]) == ("READONLY", True)
    assert run("set-role", "local", name, "READWRITE").stdout == f"{name}: READWRITE\n"
    changed = run("set-password", "local", "--user", name, "--password-file", "-", stdin="battery1")
    assert changed.returncode == 0, changed.stderr
    assert run("delete-user", "local", name).returncode == 0
    assert name not in run("list-users", "local").stdout


def test_a_token_is_shown_once_and_ended(shared_site: Site) -> None:
    run = shared_site.run
    arguments = ("create-token", "local", "for tests", "--role", "readonly", "--lifetime", "12h")
    [token] = documents(run(*arguments, "--json"))
    listed = run("list-tokens", "local").stdout
    assert token["id"] in listed
    assert token["secret"] not in listed
    assert token["expire_time"] is not None
    assert run("revoke-token", "local", token["id"]).returncode == 0
    assert token["id"] not in run("list-tokens", "local").stdout


def test_a_store_is_added_disabled_and_enabled(shared_site: Site, fresh_name: str) -> None:
    root = shared_site.layout.stores / fresh_name
    run = shared_site.run
    [store] = documents(run("add-store", "local", fresh_name, root, "--no-ingest", "--json"))
    assert (store["root"], store["ingestible"]) == (str(root), False)
    disabled = run("set-store-state", "local", fresh_name, "--disabled").stdout
    assert disabled.startswith(f"{fresh_name}: disabled")
    [enabled] = documents(run("set-store-state", "local", fresh_name, "--enabled", "--json"))
    assert enabled["enabled"] is True


def test_connections_are_checked(shared_site: Site) -> None:
    [trial] = documents(shared_site.run("check-connections", "local", "--json"))
    assert trial["ok"] is True
    assert trial["role"] == "ADMIN"


def test_a_terminal_gets_a_table_and_a_live_bar(sqlite_site: Site, tmp_path: Path) -> None:
    local = tmp_path / "terminal.log"
    local.write_bytes(b"x" * 1000)
    upload = Terminal(sqlite_site, "upload", "local", local, "terminal.log", "--null-obsid")
    assert "1/1 file " in upload.read_to_end()
    search = Terminal(sqlite_site, "search-files", "local", '{"name-matches": "terminal%"}')
    assert "───" in search.read_to_end()


def test_a_search_of_thousands_prints_them_all(sqlite_site: Site, fresh_name: str) -> None:
    directory = sqlite_site.layout.store / f"many-{fresh_name}"
    directory.mkdir()
    for number in range(5000):
        (directory / f"{number}.{fresh_name}").touch()
    registered = sqlite_site.run(
        "register", "local", "store", directory, "-r", "--null-obsid", "--json"
    )
    assert documents(registered)[0]["registered"] == 5000
    done = sqlite_site.run("search-files", "local", json.dumps({"name-matches": f"%{fresh_name}"}))
    assert len(done.stdout.splitlines()) == 5001
