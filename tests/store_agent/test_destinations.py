from pathlib import Path

import pytest

from librarian.errors import (
    BusyError,
    ConflictError,
    InvalidRequestError,
    StateError,
)
from tests.store_agent import stagings
from tests.store_agent.running_agent import Agent, running_agent


@pytest.mark.parametrize(
    "destination",
    ["{prefix}-evil/x", "{prefix}/../x", "/etc/x", "{prefix}", "../x", "", "a/../../x"],
)
def test_stage_does_not_admit_stage_evil(agent: Agent, destination: str) -> None:
    Path(f"{agent.staging}-evil").mkdir()
    with pytest.raises(InvalidRequestError, match="beneath"):
        stagings.check(agent, destination.format(prefix=agent.staging))


def test_a_destination_through_a_link_is_refused(agent: Agent, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (agent.staging / "link").symlink_to(tmp_path / "outside")
    for destination in ("link/x", "link"):
        with pytest.raises(InvalidRequestError, match="symbolic link"):
            stagings.check(agent, destination)
        with pytest.raises(InvalidRequestError, match="symbolic link"):
            stagings.begin(agent, agent.staging / destination)
    assert list((tmp_path / "outside").iterdir()) == []


def test_a_destination_is_told_absolute_and_not_made(agent: Agent) -> None:
    assert stagings.check(agent, "a//b/./c/") == f"{agent.staging}/a/b/c"
    assert stagings.check(agent, f"{agent.staging}/a") == f"{agent.staging}/a"
    assert list(agent.staging.iterdir()) == []


def test_without_a_prefix_nothing_is_staged(tmp_path: Path) -> None:
    with (
        running_agent(tmp_path, staging_prefix=None) as agent,
        pytest.raises(StateError, match="staging_prefix"),
    ):
        stagings.check(agent, "x")


def test_the_marker_names_its_job_and_old_marks_go(agent: Agent, destination: Path) -> None:
    destination.mkdir(parents=True)
    (destination / "STAGING-SUCCEEDED").write_text("of old\n")
    (destination / "STAGING-ERRORS").write_text("of old\n")
    stagings.begin(agent, destination, job=7)
    assert stagings.markers(destination) == {"IN-PROGRESS"}
    text = (destination / "STAGING-IN-PROGRESS").read_text()
    assert text.splitlines()[1] == "site site-1 job 7 fence 1"


@pytest.mark.parametrize(
    "text", ["2017-01-01 12:00:00 UTC\n", "", "x\nsite site-2 job 1 fence 1\n"]
)
def test_another_librarians_staging_is_not_disturbed(
    agent: Agent, destination: Path, text: str
) -> None:
    destination.mkdir(parents=True)
    marker = destination / "STAGING-IN-PROGRESS"
    marker.write_text(text)
    with pytest.raises(ConflictError, match="Another staging"):
        stagings.begin(agent, destination)
    assert marker.read_text() == text


def test_a_lock_left_by_a_crash_of_our_own_is_taken_over(agent: Agent, destination: Path) -> None:
    stagings.begin(agent, destination, job=1)
    stagings.begin(agent, destination, job=2)
    with pytest.raises(BusyError, match="taken over"):
        stagings.stage(agent, destination, job=1)
    stagings.end(agent, destination, job=2)
    assert stagings.markers(destination) == {"SUCCEEDED"}


def test_a_worker_of_the_past_is_refused_even_after_a_restart(tmp_path: Path) -> None:
    destination = tmp_path / "stage" / "run"
    with running_agent(tmp_path) as agent:
        stagings.begin(agent, destination, fence=2)
        for late in (stagings.begin, stagings.stage, stagings.end):
            with pytest.raises(BusyError, match="taken over"):
                late(agent, destination, fence=1)
    with running_agent(tmp_path) as agent, pytest.raises(BusyError, match="taken over"):
        stagings.stage(agent, destination, fence=1)
    assert stagings.markers(destination) == {"IN-PROGRESS"}


def test_ending_twice_is_harmless(agent: Agent, destination: Path) -> None:
    stagings.begin(agent, destination)
    stagings.end(agent, destination, ["one failed"])
    stagings.end(agent, destination, ["one failed"])
    assert stagings.markers(destination) == {"ERRORS"}


def test_a_cancelled_staging_claims_no_success(agent: Agent, destination: Path) -> None:
    stagings.begin(agent, destination)
    stagings.end(agent, destination, cancelled=True)
    assert (destination / "STAGING-ERRORS").read_text() == "The staging was cancelled.\n"
