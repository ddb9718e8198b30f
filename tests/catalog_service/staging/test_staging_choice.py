"""Which agent fills a destination, and which instance of a file is copied."""

from collections.abc import Iterator

import pytest
from sqlalchemy import true
from sqlalchemy.orm import Session

from catalog_service import staging, staging_files
from catalog_service.jobs import Claim
from catalog_service.staging import NewStaging
from catalog_service.tables import Job, StagingFile
from librarian.errors import InvalidRequestError, StateError
from tests.catalog_service.staging_rows import (
    add_agent,
    add_file,
    add_instance,
    add_store,
    opened,
)


@pytest.fixture
def db(database_url: str) -> Iterator[Session]:
    with opened(database_url) as database, database.transactions.begin() as db:
        yield db


def begin(db: Session, agent_id: int, destination: str = "/stage/job") -> Job:
    new = NewStaging("ada", "once", "{}", destination, "", agent_id)
    return staging.start_staging(db, new, true())


def chosen(db: Session, job: Job) -> list[tuple[str, str]]:
    items = staging_files.next_items(db, job.id, after_number=0, limit=10)
    return [(item.file_name, item.store_name) for item in items]


def test_a_store_in_order_is_preferred_and_a_disabled_one_not_used(db: Session) -> None:
    agent = add_agent(db)
    stores = [
        add_store(db, agent, "a-disabled", enabled=False),
        add_store(db, agent, "b-in-trouble", problem="The disk is slow."),
        add_store(db, agent, "c-good"),
    ]
    both, trouble, none = (add_file(db, name) for name in ("x", "y", "z"))
    for store in stores:
        add_instance(db, both, store)
    add_instance(db, trouble, stores[1])
    add_instance(db, none, stores[0])
    job = begin(db, agent.id)
    assert chosen(db, job) == [("x", "c-good"), ("y", "b-in-trouble")]
    assert (job.files_total, job.files_failed, job.bytes_total) == (3, 1, 30)
    errors = staging_files.list_job_errors(db, job.id, after_number=0, limit=10)
    assert errors == [(3, "z", staging.NO_INSTANCE)]


def test_a_copy_that_something_is_wrong_with_is_the_last_to_be_taken(db: Session) -> None:
    agent, file = add_agent(db), add_file(db, "x")
    bad = add_instance(db, file, add_store(db, agent, "a-bad"))
    add_instance(db, file, add_store(db, agent, "b-in-trouble", problem="The disk is slow."))
    bad.problem = "It is not what is on record."
    job = begin(db, agent.id)
    assert chosen(db, job) == [("x", "b-in-trouble")]


def test_only_agents_that_reach_the_destination_copy(db: Session) -> None:
    near, near_too = add_agent(db, "near"), add_agent(db, "near-too")
    far = add_agent(db, "far", staging_prefix="/stage-evil")
    for name, agent in (("x", near), ("y", near_too), ("z", far)):
        add_instance(db, add_file(db, name), add_store(db, agent, f"of-{agent.name}"))
    job = begin(db, near.id)
    assert chosen(db, job) == [("x", "of-near"), ("y", "of-near-too")]
    assert job.files_failed == 1


def test_each_instance_is_tried_once_before_a_file_fails(db: Session) -> None:
    agent = add_agent(db)
    first, second = add_store(db, agent, "pot1"), add_store(db, agent, "pot2")
    file = add_file(db, "x")
    ids = [add_instance(db, file, store).id for store in (first, second)]
    job = begin(db, agent.id)
    claim = Claim(job.id, job.fence)
    assert staging_files.turn_to_other_instance(db, claim, 1, "It is corrupt.", {ids[0]})
    assert chosen(db, job) == [("x", "pot2")]
    assert not staging_files.turn_to_other_instance(db, claim, 1, "It is gone.", set(ids))
    row = db.get_one(StagingFile, (job.id, 1))
    assert (row.state, row.error) == ("FAILED", "It is gone.")


def test_files_are_numbered_by_the_bytes_of_their_names(db: Session) -> None:
    agent = add_agent(db)
    store = add_store(db, agent)
    names = ["é", "b", "B", "a_", "a-", "\U0010ffff", "\ue000"]
    for name in names:
        add_instance(db, add_file(db, name), store)
    job = begin(db, agent.id)
    assert [name for name, _ in chosen(db, job)] == sorted(names, key=str.encode)


def test_a_destination_must_lie_beneath_a_prefix_and_stage_does_not_admit_stage_evil(
    db: Session,
) -> None:
    add_agent(db, "one")
    add_agent(db, "two", staging_prefix="/scratch/")
    assert staging.choose_agent(db, "/stage/ada/x").name == "one"
    assert staging.choose_agent(db, "/scratch/ada").name == "two"
    for outside in ("/stage-evil/x", "/stage", "/", "/etc"):
        with pytest.raises(InvalidRequestError, match="beneath /scratch/ or /stage"):
            staging.choose_agent(db, outside)
    with pytest.raises(InvalidRequestError, match="whole path"):
        staging.choose_agent(db, "ada/x")


def test_a_site_without_a_staging_prefix_says_so(db: Session) -> None:
    with pytest.raises(StateError, match="no staging prefix"):
        staging.choose_agent(db, "x")
    add_agent(db, staging_prefix="")
    with pytest.raises(StateError, match="no staging prefix"):
        staging.choose_agent(db, "x")


def test_the_totals_follow_the_files(db: Session) -> None:
    agent = add_agent(db)
    store = add_store(db, agent)
    for name in "abc":
        add_instance(db, add_file(db, name), store)
    job = begin(db, agent.id)
    claim = Claim(job.id, job.fence)
    staging_files.record_done(db, claim, [1, 3])
    staging_files.record_failure(db, claim, 2, "It was no use.")
    totals = staging_files.read_totals(db, job.id)
    assert (totals.files_done, totals.files_failed, totals.bytes_done) == (2, 1, 20)
