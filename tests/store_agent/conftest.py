"""An agent for each test, with a store in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.store_agent.running_agent import UPLOAD, Agent, running_agent


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    with running_agent(tmp_path) as running:
        yield running


@pytest.fixture
def root(agent: Agent) -> Path:
    return agent.add_store("s1")


@pytest.fixture
def place(agent: Agent, root: Path) -> Path:
    """Return the staging place of an upload."""
    return agent.prepare("s1", UPLOAD)[0]


@pytest.fixture
def destination(agent: Agent) -> Path:
    return agent.staging / "me" / "run"
