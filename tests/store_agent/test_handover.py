import sys
from pathlib import Path

import pytest

from librarian.errors import (
    InvalidRequestError,
)
from tests.store_agent import stagings
from tests.store_agent.running_agent import Agent, running_agent

HANDOVER = [sys.executable, "-c", "import sys; open(sys.argv[1], 'w').write(repr(sys.argv[2:]))"]


def test_files_are_handed_over_without_a_shell(tmp_path: Path) -> None:
    said = tmp_path / "said"
    with running_agent(tmp_path, handover_command=[*HANDOVER, str(said)]) as agent:
        destination = agent.staging / "a; touch b"
        stagings.begin(agent, destination)
        assert stagings.end(agent, destination, user="plaplant") == ""
    assert said.read_text() == repr(["-u", "plaplant", "-R", "-d", str(destination)])


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ([sys.executable, "-c", "import sys; sys.exit('no such user')"], "no such user"),
        (["/nowhere/chown"], "cannot be run"),
        ([sys.executable, "-c", "input(); import time; time.perf_counter()"], "failed with 1"),
    ],
)
def test_a_handover_that_fails_is_told(tmp_path: Path, command: list[str], said: str) -> None:
    with running_agent(tmp_path, handover_command=command) as agent:
        stagings.begin(agent, agent.staging / "run")
        assert said in stagings.end(agent, agent.staging / "run", user="plaplant")
        assert stagings.markers(agent.staging / "run") == {"SUCCEEDED"}


def test_a_handover_that_hangs_is_ended(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import signal; signal.pause()"]
    with running_agent(tmp_path, handover_command=command, handover_timeout_seconds=0.2) as agent:
        stagings.begin(agent, agent.staging / "run")
        assert "did not end" in stagings.end(agent, agent.staging / "run", user="plaplant")


@pytest.mark.parametrize("user", ["-R", "a b", "root;id", "a/b"])
def test_what_is_no_login_name_is_refused(agent: Agent, destination: Path, user: str) -> None:
    stagings.begin(agent, destination)
    with pytest.raises(InvalidRequestError, match="login name"):
        stagings.end(agent, destination, user=user)
