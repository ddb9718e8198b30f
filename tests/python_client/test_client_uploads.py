"""Uploads by the client: each way in, repeated, refused, and all at once."""

import fcntl
import hashlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from librarian import Librarian, UploadItem
from librarian.client import upload_batches
from librarian.client.progress import Progress
from librarian.client.sources import read_source
from librarian.client.upload_paths import is_path_open
from librarian.errors import (
    BusyError,
    ChangedWhileReadError,
    FileMismatchError,
    InvalidRequestError,
    LibrarianError,
    NotFoundError,
    NotReachableError,
    UnknownFileError,
    UnknownStoreError,
)
from librarian.v1 import uploads_pb2, uploads_pb2_grpc
from tests.polling import wait_until
from tests.system.site import Site


def tree_of(root: Path) -> dict[str, bytes | None]:
    """Return what a directory holds: contents by path, None for a directory."""
    found = {str(path.relative_to(root)): path for path in sorted(root.rglob("*"))}
    return {name: path.read_bytes() if path.is_file() else None for name, path in found.items()}


def staging_places(site: Site) -> list[Path]:
    return list((site.layout.store / ".librarian" / "staging").iterdir())


def test_a_flat_file_comes_in_each_way(
    client_site: Site, librarian: Librarian, way: str, flat: Path
) -> None:
    file = librarian.upload(flat, f"flat/{way}/flat.{way}", null_obsid=True)
    stored = client_site.layout.store / "flat" / way / f"flat.{way}"
    assert stored.read_bytes() == flat.read_bytes()
    assert (file.name, file.type, file.size_bytes) == (f"flat.{way}", way, 3_500_000)
    assert file == librarian.get_file(file.name)


def test_a_directory_comes_in_each_way(
    client_site: Site, librarian: Librarian, way: str, tree: Path
) -> None:
    file = librarian.upload(tree, f"trees/tree.{way}", null_obsid=True)
    assert tree_of(client_site.layout.store / "trees" / f"tree.{way}") == tree_of(tree)
    assert file.size_bytes == 2_500_006


def test_both_ways_agree_on_the_checksum_of_a_directory(
    librarian: Librarian, monkeypatch: pytest.MonkeyPatch, tree: Path
) -> None:
    checksums = set()
    for way in ("path", "stream"):
        monkeypatch.setenv("LIBRARIAN_UPLOAD_WAY", way)
        file = librarian.upload(tree, f"agree.{way}", null_obsid=True)
        checksums.add(file.checksum)
    assert len(checksums) == 1


def test_an_empty_file_comes_in_each_way(
    client_site: Site, librarian: Librarian, way: str, tmp_path: Path
) -> None:
    (tmp_path / "empty").write_bytes(b"")
    librarian.upload(tmp_path / "empty", f"empty.{way}", null_obsid=True)
    assert (client_site.layout.store / f"empty.{way}").read_bytes() == b""


def test_many_entries_come_in_each_way(
    client_site: Site, librarian: Librarian, way: str, tmp_path: Path
) -> None:
    root = tmp_path / "many"
    for number in range(300):
        (root / f"d{number % 7}").mkdir(parents=True, exist_ok=True)
        (root / f"d{number % 7}" / f"{number}").write_bytes(b"x" * number)
    librarian.upload(root, f"many.{way}", null_obsid=True)
    assert tree_of(client_site.layout.store / f"many.{way}") == tree_of(root)


def test_the_same_upload_again_is_the_file_on_record(
    librarian: Librarian, way: str, flat: Path
) -> None:
    dest = f"again/again.{way}"
    first = librarian.upload(flat, dest, null_obsid=True)
    assert librarian.upload(flat, dest, null_obsid=True) == first


def test_the_same_contents_from_another_place_are_the_file_on_record(
    librarian: Librarian, way: str, flat: Path, tmp_path: Path
) -> None:
    first = librarian.upload(flat, f"copy.{way}", null_obsid=True)
    (tmp_path / "copy").write_bytes(flat.read_bytes())
    assert librarian.upload(tmp_path / "copy", f"copy.{way}", null_obsid=True) == first


@pytest.mark.parametrize("is_longer", [True, False])
def test_other_contents_under_a_known_name_are_refused(
    client_site: Site, librarian: Librarian, way: str, flat: Path, is_longer: bool
) -> None:
    name = f"mismatch-{is_longer}.{way}"
    librarian.upload(flat, name, null_obsid=True)
    before = flat.read_bytes()
    flat.write_bytes(before + b"more" if is_longer else before[::-1])
    with pytest.raises(FileMismatchError, match="choose another name"):
        librarian.upload(flat, name, null_obsid=True)
    assert (client_site.layout.store / name).read_bytes() == before


@pytest.mark.parametrize("algorithm", ["md5", "sha256"])
def test_a_checksum_that_is_given_is_compared_and_kept(
    librarian: Librarian, way: str, flat: Path, algorithm: str
) -> None:
    checksum = f"{algorithm}:{hashlib.new(algorithm, flat.read_bytes()).hexdigest()}"
    file = librarian.upload(flat, f"given-{algorithm}.{way}", null_obsid=True, checksum=checksum)
    assert file.checksum == checksum


def test_contents_that_differ_from_the_given_checksum_are_refused(
    client_site: Site, librarian: Librarian, way: str, flat: Path
) -> None:
    wrong = "md5:" + "0" * 32
    with pytest.raises(InvalidRequestError, match="and not md5:0000"):
        librarian.upload(flat, f"wrong.{way}", null_obsid=True, checksum=wrong)
    with pytest.raises(UnknownFileError):
        librarian.get_file(f"wrong.{way}")
    wait_until(lambda: not staging_places(client_site), what="nothing left of it")


@pytest.mark.usefixtures("reported_at_once")
def test_a_file_that_changes_while_it_is_read_is_refused_and_nothing_is_left(
    client_site: Site, librarian: Librarian, way: str, flat: Path
) -> None:
    def change(progress: Progress) -> None:
        if progress.bytes_done:
            with flat.open("r+b") as file:
                file.write(b"changed")

    with pytest.raises(ChangedWhileReadError, match="wait until its writer is done"):
        librarian.upload(flat, f"changing.{way}", null_obsid=True, progress=change)
    with pytest.raises(UnknownFileError):
        librarian.get_file(f"changing.{way}")
    wait_until(lambda: not staging_places(client_site), what="nothing left of it")


@pytest.mark.parametrize(
    ("dest", "options", "error"),
    [
        ("a/../b", {"null_obsid": True}, InvalidRequestError),
        ("no-observation.dat", {}, InvalidRequestError),
        ("nowhere.dat", {"null_obsid": True, "store": "nowhere"}, UnknownStoreError),
    ],
)
def test_a_refused_upload_says_why(
    librarian: Librarian,
    flat: Path,
    dest: str,
    options: dict[str, bool | str],
    error: type[LibrarianError],
) -> None:
    with pytest.raises(error):
        librarian.upload(flat, dest, **options)  # type: ignore[arg-type]


def test_an_obsid_that_is_given_is_the_files(librarian: Librarian, flat: Path) -> None:
    file = librarian.upload(flat, "with-obsid.dat", obsid=1_192_756_818)
    assert file.obsid == 1_192_756_818
    assert librarian.get_observation(1_192_756_818).file_count == 1


def test_progress_ends_at_the_whole(librarian: Librarian, way: str, flat: Path) -> None:
    seen: list[Progress] = []
    librarian.upload(flat, f"progress.{way}", null_obsid=True, progress=seen.append)
    last = seen[-1]
    assert (last.files_done, last.files_total) == (1, 1)
    assert last.bytes_done == last.bytes_total == 3_500_000


def test_what_another_process_is_uploading_is_busy(
    librarian: Librarian, flat: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_batches, "_PATIENCE_SECONDS", 0.2)
    source = read_source(UploadItem(flat, "busy.dat", null_obsid=True))
    staging_path = start(librarian, source.request_id("admin")).staging_path
    fd = os.open(staging_path, os.O_RDONLY)
    fcntl.flock(fd, fcntl.LOCK_EX)
    try:
        with pytest.raises(BusyError, match="under way in another process"):
            librarian.upload(flat, "busy.dat", null_obsid=True)
    finally:
        os.close(fd)
    assert librarian.upload(flat, "busy.dat", null_obsid=True).name == "busy.dat"


def start(librarian: Librarian, request_id: str) -> uploads_pb2.WayIn:
    new = uploads_pb2.NewUpload(
        file_name="busy.dat", size_bytes=3_500_000, request_id=request_id, null_obsid=True
    )
    stub = librarian._link.catalog(uploads_pb2_grpc.UploadsStub)
    answer = stub.StartUploads(uploads_pb2.StartUploadsRequest(uploads=[new]))
    way_in: uploads_pb2.WayIn = answer.uploads[0].way_in
    return way_in


def test_a_staging_place_of_another_login_is_not_written_to(tmp_path: Path) -> None:
    assert is_path_open(uploads_pb2.WayIn(staging_path=str(tmp_path)))
    os.chown(tmp_path, os.getuid() + 1, -1)
    assert not is_path_open(uploads_pb2.WayIn(staging_path=str(tmp_path)))


def test_a_staging_place_on_another_host_is_not_there(tmp_path: Path) -> None:
    assert not is_path_open(uploads_pb2.WayIn(staging_path=str(tmp_path / "elsewhere")))


@pytest.fixture
def many(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"many-{number}" for number in range(600)]
    for number, path in enumerate(paths):
        path.write_bytes(f"contents {number}".encode())
    return paths


def test_many_files_come_in_and_their_outcomes_in_order(
    client_site: Site, librarian: Librarian, way: str, many: list[Path]
) -> None:
    items = [UploadItem(path, f"many-{way}/{path.name}.{way}", null_obsid=True) for path in many]
    outcomes = list(librarian.upload_many(iter(items)))
    assert [outcome.item for outcome in outcomes] == items
    assert {outcome.error for outcome in outcomes} == {None}
    stored = client_site.layout.store / f"many-{way}"
    assert all((stored / f"{p.name}.{way}").read_bytes() == p.read_bytes() for p in many)


def test_one_that_is_refused_holds_back_no_other(
    librarian: Librarian, way: str, many: list[Path], tmp_path: Path
) -> None:
    librarian.upload(many[0], f"taken.{way}", null_obsid=True)
    items = [
        UploadItem(many[1], f"good-1.{way}", null_obsid=True),
        UploadItem(tmp_path / "missing", f"missing.{way}", null_obsid=True),
        UploadItem(many[2], f"taken.{way}", null_obsid=True),
        UploadItem(many[3], "-illegal", null_obsid=True),
        UploadItem(many[4], f"good-2.{way}", null_obsid=True),
    ]
    errors = [type(outcome.error) for outcome in librarian.upload_many(items)]
    assert errors == [type(None), NotFoundError, FileMismatchError, InvalidRequestError, type(None)]


def test_two_files_of_one_name_are_not_both_taken(
    librarian: Librarian, way: str, many: list[Path]
) -> None:
    items = [UploadItem(path, f"twice.{way}", null_obsid=True) for path in many[10:12]]
    errors = [outcome.error for outcome in librarian.upload_many(items)]
    assert [type(error) for error in errors if error] == [FileMismatchError]


def test_whoever_stops_reading_outcomes_stops_the_uploads(
    librarian: Librarian, many: list[Path]
) -> None:
    looked_at = []

    def items() -> Iterator[UploadItem]:
        for path in many * 100:
            looked_at.append(path)
            yield UploadItem(path, f"stopped/{path.name}.stopped", null_obsid=True)

    outcomes = librarian.upload_many(items())
    next(outcomes)
    outcomes.close()  # type: ignore[attr-defined]
    assert len(looked_at) < 2000
    wait_until(lambda: not upload_threads(), what="the end of the uploads under way")


def upload_threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("upload-batch")]


def test_an_agent_that_is_down_is_not_reachable(own_site: Site, flat: Path) -> None:
    own_site.kill("store_agent")
    with own_site.librarian() as site, pytest.raises(NotReachableError):
        site.upload(flat, "down.dat", null_obsid=True)


def test_a_catalogue_that_is_down_is_not_reachable(own_site: Site, flat: Path) -> None:
    own_site.kill("catalog_service")
    with own_site.librarian() as site, pytest.raises(NotReachableError, match="Nothing answers"):
        site.upload(flat, "down.dat", null_obsid=True)
