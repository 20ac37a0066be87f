"""The worker: what it does by itself, once per window, and what stops it and what does not."""

import signal
import sqlite3
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from app import scheduler
from app.scheduler import Worker
from app.store.reading import Wanted
from app.store.sql import SqlStore
from app.store.sql import tables as t
from tests import works
from tests.jobs.shift import at_work, ended, held_now, ran, take_over
from tests.works import NOON, minutes


def test_a_worker_collects_judges_and_tells_by_itself(fresh, brisk, quiet):
    with at_work(fresh) as services:

        def told() -> bool:
            services.clock.sleep(1)
            found = {row["key"].get("order_no") for row in services.reader.exceptions(Wanted())}
            return found == {"O2", "O9", None} and bool(held_now(fresh)["notification"])

        works.until(told, "both rules have found what is wrong, and somebody is told")


def test_a_window_is_run_once_however_many_workers_ring(worked, monkeypatch, quiet):
    ends = []
    real = scheduler.results.publish
    monkeypatch.setattr(
        scheduler.results, "publish", lambda services: ends.append(real(services)) or 0
    )
    with works.working(worked) as services:
        workers = [Worker(services) for _ in range(3)]
        for worker in workers:
            worker.start()
        works.until(ended(services), "the rules are run")
        for worker in workers:
            worker.stop()
        assert [state for _, state, _ in ran(services.store.sql, "reconcile")] == ["done"]
    assert len(ends) == 1


@pytest.mark.parametrize(
    ("away", "job", "windows"),
    [
        (minutes(1), "reconcile", ["2026-11-03T12:00", "2026-11-03T12:01"]),
        (minutes(60 * 72.5), "reconcile", ["2026-11-03T12:00", "2026-11-06T12:30"]),
        (minutes(60 * 72.5), "housekeeping", ["2026-11-03T00:00", "2026-11-06T00:00"]),
    ],
)
def test_windows_that_were_missed_are_caught_up_in_one_run(worked, away, job, windows, quiet):
    for number, now in enumerate((NOON, NOON + away), 1):
        with at_work(worked, now) as services:
            works.until(ended(services, job, number), f"{job} is done")
            found = ran(services.store.sql, job)
    assert [(window, state) for window, state, _ in found] == [
        (f"{window}:00+00:00", "done") for window in windows
    ]


def test_a_run_that_its_worker_did_not_live_to_end_is_run_again_in_its_window(worked):
    with works.working(worked) as services, services.store.sql.write() as connection:
        row = {"job": "reconcile", "window": NOON.isoformat(), "fence": services.fence}
        connection.execute(sa.insert(t.job_run).values(**row, state="running", started_at=NOON))
    with at_work(worked) as services:
        works.until(ended(services), "the rules are run")
        assert [state for _, state, _ in ran(services.store.sql, "reconcile")] == ["done"]


def test_a_job_that_fails_is_kept_with_its_error_and_runs_in_the_next_window(
    worked, monkeypatch, quiet
):
    def full(services):
        raise OSError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(scheduler.signals, "refresh", full)
        with at_work(worked) as services:
            works.until(ended(services), "the rules are run")
    with at_work(worked, NOON + minutes(1)) as services:
        works.until(ended(services, count=2), "the rules are run again")
        runs = ran(services.store.sql, "reconcile")
    assert [(state, detail) for _, state, detail in runs] == [
        ("failed", "OSError: No space left on device"),
        ("done", "2 rules, 2 drifted, 3 notifications"),
    ]
    (said,) = [record for record in quiet.records if record.message == "job failed"]
    assert (said.job, said.error) == ("reconcile", "OSError: No space left on device")


@pytest.mark.parametrize("moment", ["refresh", "publish"])
def test_a_worker_that_lost_its_lease_ends_by_itself_and_writes_nothing_more(
    worked, moment, monkeypatch, quiet
):
    """It is lost in the middle of a run, or between its last step and the note of its end."""
    held = {}
    module = {"refresh": scheduler.signals, "publish": scheduler.results}[moment]
    real = getattr(module, moment)

    def lose(services):
        held.update(take_over(worked))
        return real(services)

    monkeypatch.setattr(module, moment, lose)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with works.working(worked) as services:
            Worker(services).run_forever()
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    assert held
    assert held_now(worked) == held
    assert {record.job for record in quiet.records if record.message == "lease lost"} >= {
        "reconcile"
    }


def test_no_room_for_the_note_of_a_run_stops_nothing_and_is_said(worked, brisk, quiet):
    """The SQL store refuses writes for a while: what it missed is made up for."""
    with works.working(worked) as services:
        refused: list[str] = []

        def refuse(call: str) -> bool:
            if not refused and call.startswith("UPDATE job_run"):
                refused.append(call)
                return True
            return False

        refusing(services.store.sql, refuse)
        worker = Worker(services)
        worker.start()

        def done() -> bool:
            services.clock.sleep(1)
            return "done" in [state for _, state, _ in ran(services.store.sql, "reconcile")]

        works.until(done, "a run after it is noted")
        worker.stop()
    assert refused
    (said,) = [record for record in quiet.records if record.message == "job failed"]
    assert "database or disk is full" in said.error


def refusing(sql: SqlStore, refuse: Callable[[str], bool]) -> None:
    """Have statements fail as they do on a full disk."""

    def before(connection, cursor, statement, *rest):
        if refuse(statement):
            raise sqlite3.OperationalError("database or disk is full")

    sa.event.listen(sql.engine, "before_cursor_execute", before)
