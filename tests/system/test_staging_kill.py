"""Staging by real processes that are killed: it goes on where it was, and success means success."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from librarian.client.librarian import Librarian
from tests.polling import wait_until
from tests.system.site import Service, Site

# Long enough to be copied for seconds, in files that a kill leaves done, half done and not begun.
FILES = 40
FILE_BYTES = 16 << 20


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    # The tests' PostgreSQL runs without fsync: no test cuts the machine's power.
    unsafe = {"LIBRARIAN_CATALOG_SERVICE__ALLOW_UNSAFE_DATABASE": "true"}
    with Site(tmp_path / "site", database_url, environment={"catalog_service": unsafe}) as site:
        yield site


def contents(number: int) -> bytes:
    return number.to_bytes(4, "big") * (FILE_BYTES // 4)


def register_night(site: Site, lib: Librarian) -> None:
    directory = site.layout.store / "night"
    directory.mkdir()
    for number in range(FILES):
        (directory / f"zen.{number:03d}.raw").write_bytes(contents(number))
    done = list(lib.register("store", ["night"], recursive=True, null_obsid=True))
    assert done[-1].registered_count == FILES


@pytest.mark.parametrize("victim", ["store_agent", "catalog_service"])
def test_a_staging_whose_process_is_killed_goes_on_where_it_was(
    site: Site, victim: Service
) -> None:
    with site.librarian() as lib:
        register_night(site, lib)
        job = lib.stage_files('{"name-matches": "zen.%.raw"}', "job")
        destination = Path(job.destination)
        copies = destination / "night"
        wait_until(
            lambda: copies.exists() and len(list(copies.glob("zen.*"))) > 2, what="first copies"
        )
        site.kill(victim)
        assert (destination / "STAGING-IN-PROGRESS").exists()
    kept = {path.name: path.stat().st_ino for path in copies.glob("zen.*")}
    assert len(kept) < FILES
    site.restart(victim)
    with site.librarian() as lib:
        ended = lib.get_job(job.id).wait(timeout_seconds=90)
    assert ended.state == "SUCCEEDED"
    assert {path.name for path in destination.iterdir()} == {"night", "STAGING-SUCCEEDED"}
    assert {path.name: path.stat().st_ino for path in copies.iterdir()}.items() >= kept.items()
    for number in range(FILES):
        assert (copies / f"zen.{number:03d}.raw").read_bytes() == contents(number)


def test_a_retried_staging_whose_catalogue_is_killed_goes_on_where_it_was(site: Site) -> None:
    with site.librarian() as lib:
        register_night(site, lib)
        night, away = site.layout.store / "night", site.layout.store / "away"
        away.mkdir()
        for number in range(3, FILES):
            (night / f"zen.{number:03d}.raw").rename(away / f"zen.{number:03d}.raw")
        job = lib.stage_files('{"name-matches": "zen.%.raw"}', "job").wait(timeout_seconds=60)
        assert (job.state, job.files_done) == ("FAILED", 3)
        copies = Path(job.destination) / "night"
        kept = {path.name: path.stat().st_ino for path in copies.glob("zen.*")}
        for path in away.iterdir():
            path.rename(night / path.name)
        lib.retry_staging(job.id)
        wait_until(lambda: len(list(copies.glob("zen.*"))) > len(kept), what="another copy")
        site.kill("catalog_service")
    site.restart("catalog_service")
    with site.librarian() as lib:
        ended = lib.get_job(job.id).wait(timeout_seconds=90)
    assert (ended.state, ended.files_done, ended.files_failed) == ("SUCCEEDED", FILES, 0)
    assert {path.name: path.stat().st_ino for path in copies.iterdir()}.items() >= kept.items()
    for number in range(FILES):
        assert (copies / f"zen.{number:03d}.raw").read_bytes() == contents(number)
