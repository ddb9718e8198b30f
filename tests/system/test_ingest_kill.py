"""Uploads by real processes that are killed between every two steps: absent or complete."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from librarian import Librarian, UploadItem
from librarian.errors import NotReachableError, UnknownFileError
from tests.polling import wait_until
from tests.postgres_cluster import PostgresCluster
from tests.system.site import Service, Site

UPLOAD = """
import sys
from librarian import Librarian, UploadItem
config, *pairs = sys.argv[1:]
with Librarian.connect("local", config_file=config) as site:
    given = {"null_obsid": True, "metadata": {"antenna": 12}}
    items = [UploadItem(*pair.split("|"), **given) for pair in pairs]
    print(list(site.upload_many(items)))
"""
METADATA = {"antenna": 12}
CATALOG_POINTS = [
    "start.recorded",
    "start.prepared",
    "ingest.claimed",
    "ingest.inspected",
    "ingest.verified",
    "ingest.placed",
    "ingest.discarded",
    "ingest.recorded",
]
AGENT_POINTS = [
    "agent.prepared",
    "agent.written",
    "agent.hashed",
    "agent.verified",
    "agent.parents_made",
    "agent.moved",
    "agent.read_only",
    "agent.placed",
    "agent.discarded",
]
POINTS: list[tuple[Service, str]] = [
    *(("catalog_service", point) for point in CATALOG_POINTS),
    *(("store_agent", point) for point in AGENT_POINTS),
]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """Run a site that all these tests break and mend."""
    url = ""
    if request.param == "postgresql":
        cluster: PostgresCluster = request.getfixturevalue("postgres_cluster")
        cluster.create_database("ingest_kill")
        url = cluster.url("ingest_kill")
    with Site(tmp_path_factory.mktemp("killed-site"), url) as running:
        yield running


class Night:
    """A flat file and a dataset that are uploaded together."""

    def __init__(self, directory: Path, point: str) -> None:
        """Make them; their names tell the point."""
        flat, dataset = directory / f"{point}.dat", directory / f"{point}.uv"
        flat.write_bytes(os.urandom(300_000))
        (dataset / "more").mkdir(parents=True)
        for path in ("header", "visdata", "more/flags"):
            (dataset / path).write_bytes(os.urandom(20_000))
        self.point = point
        self.paths = {path.name: path for path in (flat, dataset)}

    def dest(self, name: str) -> str:
        return f"killed/{self.point}/{name}"

    def items(self) -> list[UploadItem]:
        return [
            UploadItem(path, self.dest(name), null_obsid=True, metadata=METADATA)
            for name, path in self.paths.items()
        ]

    def arguments(self) -> list[str]:
        return [f"{path}|{self.dest(name)}" for name, path in self.paths.items()]


def contents_of(path: Path) -> dict[str, bytes]:
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
    return {str(file.relative_to(path)): file.read_bytes() for file in files}


def upload_until_killed(site: Site, service: Service, night: Night) -> None:
    """Upload until the service dies, and the client with it."""
    environment = site.client_environment()
    if night.point == "agent.written":
        environment["LIBRARIAN_UPLOAD_WAY"] = "stream"
    command = [sys.executable, "-c", UPLOAD, str(site.client_config), *night.arguments()]
    with subprocess.Popen(command, env=environment) as client:
        try:
            wait_until(
                lambda: not site.is_running(service) or client.poll() is not None,
                what=f"death at {night.point}",
                timeout_seconds=100,
            )
        finally:
            client.kill()
    assert not site.is_running(service), f"nothing was killed at {night.point}"


def assert_absent_or_complete(site: Site, librarian: Librarian, night: Night) -> None:
    for name, path in night.paths.items():
        try:
            file = librarian.get_file(name)
        except UnknownFileError:
            continue
        assert file.metadata == METADATA
        assert contents_of(site.layout.store / night.dest(name)) == contents_of(path)


def staging_places(site: Site) -> list[str]:
    return os.listdir(site.layout.store / ".librarian/staging")


def is_uploaded(librarian: Librarian, night: Night) -> bool:
    """Upload once more; tell whether the agent, new as it is, was there for it."""
    errors = [outcome.error for outcome in librarian.upload_many(night.items())]
    assert all(error is None or isinstance(error, NotReachableError) for error in errors), errors
    return errors == [None, None]


@pytest.mark.parametrize(("service", "point"), POINTS, ids=[point for _, point in POINTS])
def test_a_killed_upload_is_absent_or_complete_and_a_repeat_finishes_it(
    site: Site, service: Service, point: str, tmp_path: Path
) -> None:
    night = Night(tmp_path, point)
    site.restart_to_die_at(service, point)
    site.wait_for_agent()
    upload_until_killed(site, service, night)
    site.restart(service, environment={})
    site.wait_for_agent()
    with site.librarian() as librarian:
        assert_absent_or_complete(site, librarian, night)
        wait_until(lambda: is_uploaded(librarian, night), what="the repeat to finish it")
        for name, path in night.paths.items():
            assert contents_of(site.layout.store / night.dest(name)) == contents_of(path)
            assert [i.state for i in librarian.list_instances(name)] == ["AVAILABLE"]
            assert librarian.get_file(name).instance_count == 1
    wait_until(lambda: not staging_places(site), what="nothing left in staging")
