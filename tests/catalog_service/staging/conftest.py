"""A catalogue that serves, a node with a real agent, and the staging loop."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog_service.loops.runner import LoopRunner
from catalog_service.loops.staging_loop import StagingLoop
from catalog_service.wakeups import JOBS
from tests.catalog_service.staging_agent import Node, running_node
from tests.catalog_service.staging_rows import opened
from tests.catalog_service.staging_site import Served, served


@pytest.fixture
def catalog(database_url: str) -> Iterator[Served]:
    with opened(database_url) as database, served(database) as catalog:
        yield catalog


@pytest.fixture
def node(catalog: Served, tmp_path: Path) -> Iterator[Node]:
    with running_node(catalog.parts, tmp_path) as node:
        yield node


@pytest.fixture
def runner(catalog: Served) -> Iterator[LoopRunner]:
    """The staging loop as the catalogue turns it; a test starts it."""
    runner = LoopRunner(StagingLoop(catalog.parts), catalog.parts.wakeups, JOBS, 0.5, threads=2)
    yield runner
    runner.stop()
