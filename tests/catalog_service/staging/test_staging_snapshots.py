"""Stagings held to what was shown, and what they say before they are started."""

from pathlib import Path

import pytest

from catalog_service.tables import Store
from librarian.errors import ConflictError, InvalidRequestError, StateError
from librarian.v1 import search_pb2, staging_pb2
from tests.catalog_service.staging.calls import EVERYTHING, NIGHT, add_night, start
from tests.catalog_service.staging_agent import Node
from tests.catalog_service.staging_rows import add_file
from tests.catalog_service.staging_site import Served


def preview(catalog: Served, destination: str = "", snapshot: int | None = None) -> dict[str, int]:
    request = staging_pb2.PreviewStagingRequest(
        search=EVERYTHING, destination=destination, snapshot=snapshot
    )
    answer = catalog.staging().PreviewStaging(request)
    assert answer.staging_prefixes
    return {
        "files": answer.file_count,
        "bytes": answer.total_bytes,
        "without": answer.without_instance_count,
    }


def shown(catalog: Served) -> int:
    [page] = catalog.search().SearchFiles(search_pb2.SearchFilesRequest(search=EVERYTHING))
    return int(page.snapshot)


def test_a_staging_as_shown_leaves_out_what_came_later(catalog: Served, node: Node) -> None:
    add_night(node)
    snapshot = shown(catalog)
    node.add_file("zen.4.uvh5", b"later")
    as_shown = start(catalog, "as-shown", snapshot=snapshot)
    anew = start(catalog, "anew")
    assert (as_shown.files_total, as_shown.as_shown) == (3, True)
    assert (anew.files_total, anew.as_shown) == (4, False)


def test_only_the_first_page_of_a_stream_tells_the_snapshot(catalog: Served, node: Node) -> None:
    with catalog.parts.database.transactions.begin() as db:
        newest = max(add_file(db, f"f{number:03d}.x").id for number in range(150))
    request = search_pb2.SearchFilesRequest(search=EVERYTHING)
    assert [page.snapshot for page in catalog.search().SearchFiles(request)] == [newest, 0]


def test_a_snapshot_that_no_search_gave_out_is_refused(catalog: Served, node: Node) -> None:
    with pytest.raises(InvalidRequestError, match="snapshot"):
        start(catalog, snapshot=-1)
    with pytest.raises(InvalidRequestError, match="snapshot"):
        preview(catalog, snapshot=-1)


def test_a_preview_counts_what_the_staging_then_has(catalog: Served, node: Node) -> None:
    add_night(node)
    snapshot = shown(catalog)
    node.add_file("zen.4.uvh5", b"later")
    size_bytes = sum(map(len, NIGHT.values()))
    assert preview(catalog, "job", snapshot) == {"files": 3, "bytes": size_bytes, "without": 0}
    assert preview(catalog)["files"] == 4
    job = start(catalog, snapshot=snapshot)
    assert (job.files_total, job.bytes_total) == (3, size_bytes)


def test_a_preview_tells_of_files_without_a_copy_to_take(catalog: Served, node: Node) -> None:
    add_night(node)
    node.add_store("pot2")
    node.add_file("zen.4.uvh5", b"four", store="pot2")
    with catalog.parts.database.transactions.begin() as db:
        db.query(Store).filter_by(name="pot1").one().enabled = False
    found = preview(catalog, "job")
    assert (found["files"], found["without"]) == (4, 3)
    assert start(catalog).files_failed == 3


def test_a_preview_says_where_the_files_would_go(catalog: Served, node: Node) -> None:
    request = staging_pb2.PreviewStagingRequest(search=EVERYTHING, destination="ada//night/")
    answer = catalog.staging().PreviewStaging(request)
    assert answer.destination == str(node.prefix / "ada/night")
    assert list(answer.staging_prefixes) == [str(node.prefix)]


@pytest.mark.parametrize(
    "destination", ["../job", "/etc/job", "{prefix}-evil/job", "a\nb", "link/x"]
)
def test_a_preview_refuses_what_the_staging_would(
    catalog: Served, node: Node, destination: str
) -> None:
    Path(f"{node.prefix}-evil").mkdir()
    (node.prefix / "link").symlink_to(node.directory)
    with pytest.raises(InvalidRequestError):
        preview(catalog, destination.format(prefix=node.prefix))


def test_a_preview_tells_that_a_directory_is_being_filled(catalog: Served, node: Node) -> None:
    job = start(catalog)
    with pytest.raises(ConflictError, match=f"Job {job.id} of ada"):
        preview(catalog, "job")


def test_a_preview_at_a_site_that_stages_nothing_says_so(catalog: Served) -> None:
    with pytest.raises(StateError, match="no staging prefix"):
        catalog.staging().PreviewStaging(staging_pb2.PreviewStagingRequest(search=EVERYTHING))
