"""The worker on PostgreSQL: as on the file, and through a server that goes away for a while."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from app import scheduler
from app.jobs import collect
from app.scheduler import Worker
from app.services import Services
from app.store.reading import Wanted
from app.store.sql import open_store
from app.store.sql import tables as t
from tests import works
from tests.jobs.shift import at_work, counts, ended, ran
from tests.works import NOON, minutes


@pytest.fixture
def url(postgresql: Callable[[], str]) -> str:
    """Where an empty SQL store is."""
    return postgresql()


@pytest.fixture
def based(tmp_path: Path, url: str) -> Path:
    """The small works with its SQL store on the server; nothing collected yet."""
    store = "{folder: var, database: 'file:database.url'}"
    folder = works.write_works(tmp_path / "works", store=store)
    (folder / "database.url").write_text(url, "utf-8")
    (folder / "database.url").chmod(0o600)
    works.fill(folder)
    return folder


def held(url: str) -> dict[str, int]:
    """How many rows each table has."""
    store = open_store(url)
    with store.read() as connection:
        found = counts(connection)
    store.close()
    return found


def orders(services: Services) -> set[str]:
    """What the exceptions are about, and how many there are."""
    found = services.reader.exceptions(Wanted())
    assert len(found) == 3
    return {row["key"].get("order_no") or row["key"]["lot"] for row in found}


def test_a_worker_collects_judges_and_tells_by_itself(based, url, brisk, quiet):
    with at_work(based) as services:

        def told() -> bool:
            services.clock.sleep(1)
            return held(url)["notification"] == 3

        works.until(told, "everyone is told")
        assert orders(services) == {"O2", "O9", "L1"}
    assert not (based / "var/tieout.sqlite").exists()


def test_a_window_is_run_once_however_many_workers_ring(based, url, quiet):
    with works.working(based) as services:
        works.work(services)
        workers = [Worker(services) for _ in range(3)]
        for worker in workers:
            worker.start()
        works.until(ended(services), "the rules are run")
        for worker in workers:
            worker.stop()
        assert [state for _, state, _ in ran(services.store.sql, "reconcile")] == ["done"]
        assert [state for _, state, _ in ran(services.store.sql, "housekeeping")] == ["done"]
    assert held(url)["notification"] == 3


def test_a_worker_that_lost_its_lease_ends_by_itself_and_writes_nothing_more(
    based, url, monkeypatch, quiet
):
    before = {}
    real = scheduler.signals.refresh

    def lose(services):
        other = open_store(url)
        with other.write() as connection:
            connection.execute(sa.update(t.lease).values(holder="elsewhere:1", fence=99))
            before.update(counts(connection))
        other.close()
        return real(services)

    with works.working(based) as services:
        works.work(services)
        monkeypatch.setattr(scheduler.signals, "refresh", lose)
        worker = Worker(services)
        worker.start()
        works.until(lambda: before, "the lease is taken over")
        worker.stop()
    assert held(url) == before
    assert "lease lost" in {record.message for record in quiet.records}


@pytest.mark.parametrize("during", ["INSERT INTO exception", "INSERT INTO notification"])
def test_a_server_that_goes_away_in_the_middle_of_a_transaction_loses_and_doubles_nothing(
    based, url, during, quiet
):
    with works.working(based) as services:
        list(collect.collect(services))
    cut: list[str] = []
    for number, now in enumerate((NOON, NOON + minutes(1)), 1):
        with works.working(based, now) as services:
            engine = services.store.sql.engine
            sa.event.listen(engine, "before_cursor_execute", cutting(url, during, cut))
            worker = Worker(services)
            worker.start()
            works.until(ended(services, count=number), "the rules are run")
            worker.stop()
            states = [state for _, state, _ in ran(services.store.sql, "reconcile")]
            known = orders(services) if number == 2 else set()
    assert cut
    assert states[-1] == "done"
    assert known == {"O2", "O9", "L1"}
    assert held(url)["notification"] == 3


def cutting(url: str, during: str, cut: list[str]) -> Callable[..., None]:
    """Has the server end a connection before the first statement that begins so."""

    def before(connection: sa.Connection, cursor: object, statement: str, *rest: object) -> None:
        if statement.startswith(during) and not cut:
            cut.append(statement)
            number = connection.connection.dbapi_connection.info.backend_pid  # type: ignore[union-attr]
            with psycopg.connect(url, autocommit=True) as own:
                own.execute("SELECT pg_terminate_backend(%s)", [number])

    return before


def start(folder: Path) -> subprocess.Popen[str]:
    """A worker in a process of its own."""
    script = "from app.cli import main; main()"
    command = [sys.executable, "-c", script, "--landscape", str(folder), "work"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_of_two_workers_started_at_once_one_works_and_ends_when_told(based, url):
    open_store(url).close()
    started = [start(based) for _ in range(2)]
    try:
        works.until(
            lambda: any(process.poll() is not None for process in started), "one of them is refused"
        )
        working, refused = sorted(started, key=lambda process: process.poll() is not None)
        assert refused.returncode == 3
        out, err = refused.communicate(timeout=60)
        assert (out, len(err.splitlines())) == ("", 1)
        assert f":{working.pid} works on this landscape" in err
    finally:
        for process in started:
            process.send_signal(signal.SIGTERM)
        out, err = working.communicate(timeout=60)
    assert (working.returncode, out) == (0, "")
    assert "Traceback" not in err
    assert held(url)["lease"] == 1
