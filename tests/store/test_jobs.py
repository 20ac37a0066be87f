"""What ran: once per job and window, in both databases, whoever asks."""

import threading

import pytest
import sqlalchemy as sa

from app.store.jobs import Jobs
from app.store.sql import open_store
from app.store.sql import tables as t
from tests.works import NOON

WINDOW = "2026-11-03T12:00:00+00:00"


@pytest.fixture
def jobs(store):
    return Jobs(store)


def test_a_window_of_a_job_is_claimed_once(jobs):
    assert jobs.claim("reconcile", WINDOW, 1, NOON)
    assert not jobs.claim("reconcile", WINDOW, 1, NOON)
    assert jobs.claim("reconcile", "2026-11-03T12:01:00+00:00", 1, NOON)
    assert jobs.claim("housekeeping", WINDOW, 1, NOON)


def test_what_is_done_is_not_done_again_by_a_later_holder(jobs):
    jobs.claim("reconcile", WINDOW, 1, NOON)
    jobs.finish("reconcile", WINDOW, "done", None, NOON)
    assert not jobs.claim("reconcile", WINDOW, 2, NOON)


def test_what_a_dead_holder_left_running_is_taken_up_by_the_next(jobs):
    jobs.claim("reconcile", WINDOW, 1, NOON)
    assert jobs.claim("reconcile", WINDOW, 2, NOON)
    assert not jobs.claim("reconcile", WINDOW, 2, NOON)
    assert not jobs.claim("reconcile", WINDOW, 1, NOON)


def test_how_a_run_ended_is_kept(store, jobs):
    jobs.claim("reconcile", WINDOW, 1, NOON)
    jobs.finish("reconcile", WINDOW, "failed", "disk is full", NOON)
    with store.read() as connection:
        row = connection.execute(sa.select(t.job_run)).mappings().one()
    assert (row["state"], row["detail"], row["ended_at"]) == ("failed", "disk is full", NOON)


def test_of_many_that_claim_at_once_one_gets_it(url, jobs):
    claims = []

    def claim():
        own = open_store(url)
        claims.append(Jobs(own).claim("reconcile", WINDOW, 1, NOON))
        own.close()

    threads = [threading.Thread(target=claim) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claims) == [False] * 5 + [True]
