"""Jobs: each is taken by one worker at a time, and a late worker's writes are refused."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from catalog_service import jobs
from catalog_service.clock import database_time
from catalog_service.database import Database
from catalog_service.jobs import Claim, LostClaimError
from catalog_service.tables import Job
from librarian.errors import NotAllowedError, UnknownJobError
from tests.catalog_service.staging_rows import add_job, opened


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with opened(database_url) as database:
        yield database


def claim(database: Database, worker: str = "one", **options: object) -> Job | None:
    with database.transactions.begin() as db:
        return jobs.claim_job(db, "STAGING", worker, **options)  # type: ignore[arg-type]


def claimed(database: Database, worker: str = "one", **options: object) -> Claim:
    job = claim(database, worker, **options)
    assert job is not None
    return Claim(job.id, job.fence)


def read(database: Database, job_id: int) -> Job:
    with database.readings.begin() as db:
        return jobs.get_job(db, job_id)


def test_eight_workers_take_each_of_two_hundred_jobs_once(database: Database) -> None:
    with database.transactions.begin() as db:
        for number in range(200):
            add_job(db, number)
    start = threading.Barrier(8)

    def work(worker: int) -> list[int]:
        start.wait()
        taken = []
        while (job := claim(database, f"worker-{worker}")) is not None:
            taken.append(job.id)
        return taken

    with ThreadPoolExecutor(8) as pool:
        taken = [job_id for ids in pool.map(work, range(8)) for job_id in ids]
    assert len(taken) == 200
    assert len(set(taken)) == 200


def test_an_expired_lease_is_taken_over_and_the_late_workers_writes_are_refused(
    database: Database,
) -> None:
    with database.transactions.begin() as db:
        add_job(db)
    late = claimed(database, "late", lease_seconds=-1)
    new = claimed(database, "new")
    assert (new.job_id, new.fence) == (late.job_id, late.fence + 1)
    for write in (
        lambda db: jobs.renew_job(db, late, files_done=7),
        lambda db: jobs.finish_job(db, late, "SUCCEEDED"),
        lambda db: jobs.postpone_job(db, late, "late"),
        lambda db: jobs.release_job(db, late),
    ):
        with pytest.raises(LostClaimError), database.transactions.begin() as db:
            write(db)
    job = read(database, new.job_id)
    assert (job.state, job.worker, job.files_done) == ("RUNNING", "new", 0)


def test_a_lease_that_lasts_is_respected(database: Database) -> None:
    with database.transactions.begin() as db:
        add_job(db)
    claimed(database, "one")
    assert claim(database, "two") is None


def test_the_job_of_a_worker_that_is_gone_is_taken_at_once(database: Database) -> None:
    with database.transactions.begin() as db:
        add_job(db)
    claimed(database, "dead")
    assert claim(database, "two", is_gone=lambda worker: worker == "two") is None
    assert claim(database, "two", is_gone=lambda worker: worker == "dead") is not None


def test_an_ended_job_is_never_taken_again_and_frees_its_destination(database: Database) -> None:
    with database.transactions.begin() as db:
        add_job(db)
    hold = claimed(database)
    with database.transactions.begin() as db:
        jobs.finish_job(db, hold, "FAILED", "It was no use.")
    job = read(database, hold.job_id)
    assert claim(database) is None
    assert (job.state, job.error, job.claimed_destination) == ("FAILED", "It was no use.", None)
    assert job.end_time is not None


def test_a_postponed_job_waits_longer_each_time_and_at_last_is_not_postponed(
    database: Database,
) -> None:
    with database.transactions.begin() as db:
        job_id = add_job(db).id
    for attempt in range(1, jobs.MAX_ATTEMPTS + 1):
        hold = claimed(database)
        with database.transactions.begin() as db:
            now = database_time(db)
            postponed = jobs.postpone_job(db, hold, "The agent is away.")
            job = jobs.get_job(db, job_id)
            assert postponed == (attempt < jobs.MAX_ATTEMPTS)
            if postponed:
                assert (
                    timedelta() <= job.run_time - now <= timedelta(seconds=min(2**attempt, 60) + 1)
                )
                job.run_time = now
    assert (job.state, job.error) == ("RUNNING", "The agent is away.")


def test_a_job_that_is_to_run_later_is_not_taken_now(database: Database) -> None:
    with database.transactions.begin() as db:
        add_job(db, run_time=database_time(db) + timedelta(minutes=1))
    assert claim(database) is None


def test_a_released_job_is_free_at_once_and_was_no_attempt(database: Database) -> None:
    with database.transactions.begin() as db:
        add_job(db)
    with database.transactions.begin() as db:
        jobs.release_job(db, claimed_in(db))
    again = claim(database, "two")
    assert again is not None
    assert again.attempts == 1


def claimed_in(db: object) -> Claim:
    job = jobs.claim_job(db, "STAGING", "one")  # type: ignore[arg-type]
    assert job is not None
    return Claim(job.id, job.fence)


def test_a_renewal_tells_that_the_job_was_asked_to_stop(database: Database) -> None:
    with database.transactions.begin() as db:
        add_job(db)
    hold = claimed(database)
    with database.transactions.begin() as db:
        assert not jobs.renew_job(db, hold, bytes_done=5)
        jobs.request_cancel(db, hold.job_id, by="ada", is_administrator=False)
        assert jobs.renew_job(db, hold)
    assert read(database, hold.job_id).bytes_done == 5


def test_only_the_owner_or_an_administrator_cancels(database: Database) -> None:
    with database.transactions.begin() as db:
        first, second = add_job(db, 1).id, add_job(db, 2).id
    with database.transactions.begin() as db:
        with pytest.raises(NotAllowedError, match="ada's"):
            jobs.request_cancel(db, first, by="eve", is_administrator=False)
        jobs.request_cancel(db, first, by="ada", is_administrator=False)
        jobs.request_cancel(db, second, by="root", is_administrator=True)
    for job_id in (first, second):
        job = read(database, job_id)
        assert (job.state, job.claimed_destination) == ("CANCELLED", None)


def test_a_job_that_has_ended_stays_as_it_is_when_cancelled(database: Database) -> None:
    with database.transactions.begin() as db:
        job_id = add_job(db, state="SUCCEEDED", claimed_destination=None).id
    with database.transactions.begin() as db:
        job = jobs.request_cancel(db, job_id, by="ada", is_administrator=False)
        assert (job.state, job.cancel_requested) == ("SUCCEEDED", False)


def test_jobs_are_listed_newest_first_page_by_page(database: Database) -> None:
    with database.transactions.begin() as db:
        ids = [add_job(db, n, owner="ada" if n % 2 else "bob").id for n in range(6)]
        jobs.request_cancel(db, ids[5], by="ada", is_administrator=False)

    def listed(**options: object) -> list[int]:
        defaults = {"active_only": False, "owner": "", "kind": "", "before_id": None, "limit": 100}
        with database.readings.begin() as db:
            found = jobs.list_jobs(db, **{**defaults, **options})  # type: ignore[arg-type]
            return [job.id for job in found]

    assert listed() == ids[::-1]
    assert listed(limit=2, before_id=ids[4]) == [ids[3], ids[2]]
    assert listed(active_only=True, owner="ada") == [ids[3], ids[1]]


def test_a_listed_job_has_the_beginning_of_its_search(database: Database) -> None:
    search = '{"name-in": ["zen.1"' + ', "zen.2"' * 1000 + "]}"
    with database.transactions.begin() as db:
        job_id = add_job(db).id
        jobs.get_job(db, job_id).search = search
    with database.transactions.begin() as db:
        (listed,) = jobs.list_jobs(
            db, active_only=False, owner="", kind="", before_id=None, limit=5
        )
        assert listed.search == search[:1000]
    assert read(database, job_id).search == search


def test_an_unknown_job_is_said_to_be_unknown(database: Database) -> None:
    with database.readings.begin() as db, pytest.raises(UnknownJobError, match="no job 77"):
        jobs.get_job(db, 77)
