"""The shared way: a neighbour that names another directory than its own gets nothing there."""

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from librarian.errors import InvalidRequestError
from librarian.v1 import librarians_pb2
from tests.store_agent.pushing_contract import (
    BATCH,
    HERE,
    THERE,
    Outcome,
    SharedSetup,
    Sites,
    running_sites,
)

STAGING = ".librarian/staging"


class HostileSetup(SharedSetup):
    """A neighbour that names any directory."""

    path = ""

    def sender_settings(self, directory: Path) -> dict[str, object]:
        # The widest prefix that an administrator could have chosen.
        return {"shared_prefixes": [directory]}

    def way_in(self, sites: Sites) -> dict[str, object]:
        return {"staging_path": self.path or f"{sites.root_there}/{STAGING}"}


@pytest.fixture
def setup() -> HostileSetup:
    return HostileSetup()


@pytest.fixture
def sites(tmp_path: Path, setup: HostileSetup) -> Iterator[Sites]:
    with running_sites(tmp_path, setup) as running:
        yield running


def _push_to(sites: Sites, setup: HostileSetup, path: str | Path) -> Outcome:
    files = sites.put({"a": b"hostile"})
    setup.path = str(path)
    before = _contents(sites.here.directory.parent)
    outcome = sites.push(files)
    assert _contents(sites.here.directory.parent) == before
    assert outcome.there == []
    assert outcome.trouble is not None
    assert outcome.trouble.cause == librarians_pb2.Link.MISCONFIGURED
    return outcome


def _contents(directory: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in directory.rglob("*") if p.is_file()}


def _fake_store(root: Path, *upload_ids: str) -> Path:
    """Make what looks like another site's store, with staging places."""
    for upload_id in upload_ids or (f"{BATCH}-0",):
        (root / STAGING / upload_id).mkdir(parents=True, exist_ok=True)
    (root / ".librarian-store").write_text('{"id": "another"}')
    return root / STAGING


def test_our_own_store_is_refused(sites: Sites, setup: HostileSetup) -> None:
    sites.here.prepare(HERE, f"{BATCH}-0")
    _push_to(sites, setup, sites.root / STAGING)


def test_a_directory_within_our_own_store_is_refused(sites: Sites, setup: HostileSetup) -> None:
    outcome = _push_to(sites, setup, _fake_store(sites.root / "within"))
    assert outcome.trouble is not None
    assert "not in a store of another site" in outcome.trouble.message


def test_a_path_that_leaves_the_prefix_is_refused(
    sites: Sites, setup: HostileSetup, tmp_path: Path
) -> None:
    staging = _fake_store(tmp_path.parent / f"{tmp_path.name}-outside")
    for path in (staging, f"{tmp_path}/../{tmp_path.name}-outside/{STAGING}", "relative", ""):
        _push_to(sites, setup, path or "/")


def test_a_path_through_a_link_is_refused(
    sites: Sites, setup: HostileSetup, tmp_path: Path
) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-linked"
    _fake_store(outside)
    (tmp_path / "link").symlink_to(outside)
    _push_to(sites, setup, tmp_path / "link" / STAGING)
    (tmp_path / "fake").mkdir()
    (tmp_path / "fake" / ".librarian-store").write_text('{"id": "another"}')
    (tmp_path / "fake" / ".librarian").symlink_to(outside / ".librarian")
    _push_to(sites, setup, tmp_path / "fake" / STAGING)


def test_a_staging_place_that_is_a_link_is_not_followed(
    sites: Sites, setup: HostileSetup, tmp_path: Path
) -> None:
    (tmp_path / "canary").mkdir()
    files = sites.put({"a": b"hostile"})
    place = sites.root_there / STAGING / files[0].upload_id
    place.rmdir()
    place.symlink_to(tmp_path / "canary")
    assert sites.push(files).there == []
    assert list((tmp_path / "canary").iterdir()) == []


def test_a_link_in_a_staging_place_is_replaced_and_not_followed(
    sites: Sites, tmp_path: Path
) -> None:
    (tmp_path / "canary").write_bytes(b"untouched")
    files = sites.put({"a": b"good"})
    (sites.root_there / STAGING / files[0].upload_id / "data").symlink_to(tmp_path / "canary")
    sites.push(files)
    assert (tmp_path / "canary").read_bytes() == b"untouched"
    assert sites.refused(files) == {}


@pytest.mark.parametrize("upload_id", ["ffff-0", f"{BATCH}", f"{BATCH}-0/..", "../x", "."])
def test_an_upload_of_another_batch_is_not_written(sites: Sites, upload_id: str) -> None:
    [file] = sites.put({"a": b"hostile"})
    sites.there.prepare(THERE, "ffff-0")
    file.upload_id = upload_id
    with pytest.raises(InvalidRequestError):
        sites.push([file])
    assert list((sites.root_there / STAGING).glob("*/*")) == []


def test_a_place_that_somebody_writes_to_is_left_alone(sites: Sites) -> None:
    files = sites.put({"a": b"good"})
    fd = os.open(sites.root_there / STAGING / files[0].upload_id, os.O_RDONLY)
    fcntl.flock(fd, fcntl.LOCK_EX)
    outcome = sites.push(files)
    os.close(fd)
    assert outcome.trouble is not None
    assert outcome.trouble.cause == librarians_pb2.Link.UNREACHABLE
