"""Commands that look whether a staging and a file are as they should be, and mend what is not."""

import json
import os
import subprocess
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.system.site import Site

_numbers = count()


@pytest.fixture
def uploaded(shared_site: Site, tmp_path: Path) -> Path:
    """Upload a file of 5,000 bytes that belongs to no observation; return its local path."""
    local = tmp_path / f"mending.{os.getpid()}.{next(_numbers)}.log"
    local.write_bytes(b"5 kB\n" * 1000)
    done = shared_site.run("upload", "local", local, f"logs/{local.name}", "--null-obsid")
    assert done.returncode == 0, done.stderr
    return local


def documents(done: subprocess.CompletedProcess[str], code: int = 0) -> list[dict[str, Any]]:
    """Return the JSON documents that a command printed, a line each."""
    assert done.returncode == code, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_staging_is_previewed_and_what_failed_is_retried(
    shared_site: Site, uploaded: Path
) -> None:
    search = json.dumps({"name-is-exactly": uploaded.name})
    arguments = ("stage-files", "local", f"retried-{uploaded.name}", search)
    directory = shared_site.layout.staging / f"retried-{uploaded.name}"
    [preview] = documents(shared_site.run(*arguments, "--preview", "--json"))
    assert (preview["file_count"], preview["destination"]) == (1, str(directory))
    assert not directory.exists()
    assert "5.0 kB" in shared_site.run(*arguments, "--preview").stdout
    stored = shared_site.layout.store / "logs" / uploaded.name
    stored.rename(away := stored.with_suffix(".away"))
    [failed] = documents(shared_site.run(*arguments, "--wait", "--json"), code=5)
    away.rename(stored)
    number = str(failed["job"])
    [job] = documents(shared_site.run("retry-job", "local", number, "--wait", "--json"))
    assert (job["state"], job["files_done"]) == ("SUCCEEDED", 1)
    again = shared_site.run("retry-job", "local", number)
    assert (again.returncode, again.stderr.count("nothing is left to do")) == (1, 1)


def test_the_copies_of_a_file_are_verified(shared_site: Site, uploaded: Path) -> None:
    stored = shared_site.layout.store / "logs" / uploaded.name
    assert "good" in shared_site.run("verify-file", "local", uploaded.name).stdout
    stored.chmod(0o644)
    stored.write_bytes(b"no more")
    [found] = documents(shared_site.run("verify-file", "local", uploaded.name, "--json"), code=1)
    assert (found["good"], found["error"]) == (False, "")
    assert "is not what is on record" in found["instance"]["problem"]
    done = shared_site.run("verify-file", "local", uploaded.name)
    assert "1 of 1 copies are bad." in done.stderr
