"""What is installed: a client without the server's libraries, a catalogue that can migrate."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.source_tree import ROOT
from tests.test_layers import SERVER_LIBRARIES

# Stands in for an installation without extras: what belongs to an extra cannot be imported.
IMPORT_WITHOUT_EXTRAS = """
import sys
sys.modules.update(dict.fromkeys({names!r}))
import librarian
import librarian.client
import librarian.cli.__main__
"""


@pytest.fixture(scope="module")
def wheel_names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Build the wheel and return the names of the files in it."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory"]
    subprocess.run([*build, str(folder)], check=True, cwd=ROOT, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


def test_an_installed_catalogue_can_migrate_its_database(wheel_names: set[str]) -> None:
    migrations = ROOT / "migrations"
    versions = {path.relative_to(migrations) for path in migrations.glob("versions/*.py")}
    assert versions
    expected = {f"catalog_service/migrations/{path}" for path in {*versions, Path("env.py")}}
    assert expected <= wheel_names


def test_only_what_runs_is_installed(wheel_names: set[str]) -> None:
    parts = {name.partition("/")[0] for name in wheel_names if ".dist-info/" not in name}
    assert parts == {
        "catalog_service",
        "librarian",
        "store_agent",
        "transfer_service",
        "web_frontend",
    }


def test_the_pages_are_installed_with_all_they_need(wheel_names: set[str]) -> None:
    folder = ROOT / "web_frontend"
    paths = [path for kind in ("templates", "static") for path in (folder / kind).rglob("*")]
    needed = {path.relative_to(ROOT).as_posix() for path in paths if path.is_file()}
    assert needed
    assert needed <= wheel_names


def test_the_client_is_typed_for_those_who_import_it(wheel_names: set[str]) -> None:
    assert "librarian/py.typed" in wheel_names


def test_the_client_and_the_command_run_without_the_extras() -> None:
    code = IMPORT_WITHOUT_EXTRAS.format(names=(*SERVER_LIBRARIES, "astropy", "h5py", "numpy"))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_locks_hold_hashes_and_no_address() -> None:
    for lock in (ROOT / "requirements").glob("*.txt"):
        text = lock.read_text(encoding="utf-8")
        pinned = re.findall(r"^[a-z0-9-]+==.*$", text, re.MULTILINE)
        assert pinned
        assert [line for line in pinned if not line.endswith("\\")] == []
        assert re.findall(r"^-.*|\w+://\S+", text, re.MULTILINE) == []


def test_make_lists_every_target() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^\.PHONY: (.*)$", text, re.MULTILINE)[0].split()
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert [name for name in targets if f"make {name} " not in listed.stdout] == []
