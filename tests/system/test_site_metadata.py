"""Custom metadata from the command to the index and back, on real sites."""

import itertools
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from catalog_service.database import open_database
from catalog_service.tables import MetadataKey
from librarian.supervisor.layout import DEFAULT_STORE
from tests.polling import wait_until
from tests.system.site import Site

METADATA = ("antenna=12", "pol=xx", 'label="12"', "good=true", "seen=2018-10-01T12:00:00Z")
GIVEN = {
    "antenna": 12,
    "good": True,
    "label": "12",
    "pol": "xx",
    "seen": "2018-10-01T12:00:00+00:00",
}
_numbers = itertools.count(1)


@pytest.fixture
def local(tmp_path: Path) -> Path:
    """Make a file whose name no other test has put into the shared sites."""
    path = tmp_path / f"metadata.{os.getpid()}.{next(_numbers)}.log"
    path.write_bytes(b"contents")
    return path


def run(site: Site, *arguments: str | Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = site.run(*arguments)
    assert done.returncode == code, done.stderr
    return done


def upload(site: Site, local: Path) -> None:
    options = [word for setting in METADATA for word in ("--meta", setting)]
    run(site, "upload", "local", local, f"logs/{local.name}", "--null-obsid", *options)


def shown(site: Site, name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(run(site, "show-file", "local", name, "--json").stdout)
    return document


def test_a_file_is_uploaded_with_metadata_and_found_by_them(shared_site: Site, local: Path) -> None:
    upload(shared_site, local)
    assert shown(shared_site, local.name)["metadata"] == GIVEN
    search = f"name:{local.name} meta.antenna:12 meta.seen:<2018-10-02 meta.good:true"
    found = run(shared_site, "search-files", "local", search, "--names").stdout
    assert found.split() == [local.name]


def test_metadata_are_shown_to_people(shared_site: Site, local: Path) -> None:
    upload(shared_site, local)
    lines = run(shared_site, "show-file", "local", local.name).stdout.splitlines()
    assert [line.split() for line in lines if line.startswith("meta.")] == [
        ["meta.antenna", "12"],
        ["meta.good", "true"],
        ["meta.label", "12"],
        ["meta.pol", "xx"],
        ["meta.seen", "2018-10-01T12:00:00+00:00"],
    ]


def test_metadata_are_changed_and_that_is_logged(shared_site: Site, local: Path) -> None:
    upload(shared_site, local)
    changed = run(
        shared_site, "set-metadata", "local", local.name, "antenna=13.5", "--remove", "pol"
    )
    assert ["meta.antenna", "13.5"] in [line.split() for line in changed.stdout.splitlines()]
    file = shown(shared_site, local.name)
    expected = {**GIVEN, "antenna": 13.5}
    del expected["pol"]
    assert file["metadata"] == expected
    assert file["events"][-1]["type"] == "update_metadata"
    assert file["events"][-1]["payload"] == {
        "set": {"antenna": 13.5},
        "removed": ["pol"],
        "before": {"antenna": 12, "pol": "xx"},
    }


def test_registered_files_have_the_metadata_that_were_given(shared_site: Site, local: Path) -> None:
    place = shared_site.layout.store / local.name
    place.write_bytes(local.read_bytes())
    run(
        shared_site,
        "register",
        "local",
        DEFAULT_STORE,
        place,
        "--null-obsid",
        "--meta",
        "antenna=7",
    )
    assert shown(shared_site, local.name)["metadata"] == {"antenna": 7}


def test_keys_are_listed(shared_site: Site, local: Path) -> None:
    upload(shared_site, local)
    lines = run(shared_site, "list-metadata-keys", "local", "--json").stdout.splitlines()
    types = {key["name"]: key["type"] for key in map(json.loads, lines)}
    assert types.items() >= {
        ("antenna", "NUMBER"),
        ("good", "BOOLEAN"),
        ("label", "TEXT"),
        ("pol", "TEXT"),
        ("seen", "TIME"),
    }


def test_a_value_of_another_type_uploads_nothing(shared_site: Site, local: Path) -> None:
    upload(shared_site, local)
    other = local.with_name(f"other.{local.name}")
    other.write_bytes(b"contents")
    arguments = ("upload", "local", other, other.name, "--null-obsid", "--meta", "antenna=twelve")
    assert "'antenna' takes a number" in run(shared_site, *arguments, code=2).stderr
    assert "no file" in run(shared_site, "show-file", "local", other.name, code=3).stderr


@pytest.mark.parametrize(
    "arguments", [["antenna"], ["=12"], [], ["--remove"], ["antenna=12", "--remove", "antenna"]]
)
def test_what_says_no_change_is_told(shared_site: Site, local: Path, arguments: list[str]) -> None:
    done = shared_site.run("set-metadata", "local", local.name, *arguments)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)


def test_the_catalogue_indexes_keys_by_itself(site: Site, database_url: str, local: Path) -> None:
    upload(site, local)
    database = open_database(database_url)

    def indexed() -> list[bool]:
        with database.readings.begin() as db:
            return list(db.execute(select(MetadataKey.indexed)).scalars())

    try:
        wait_until(lambda: indexed() == [True] * len(METADATA), what="an index for each key")
    finally:
        database.dispose()
