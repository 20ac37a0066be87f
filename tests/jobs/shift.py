"""A worker at work, and what can be read of it from outside."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from app.scheduler import Worker
from app.services import Services
from app.store.landing import sql_url
from app.store.sql import SqlStore, open_store
from app.store.sql import tables as t
from tests import works
from tests.works import NOON


@contextmanager
def at_work(
    folder: Path, now: datetime = NOON, prepare: Callable[[Services], object] | None = None
) -> Iterator[Services]:
    """A worker at work at an instant at which time stands still."""
    with works.working(folder, now) as services:
        if prepare:
            prepare(services)
        worker = Worker(services)
        worker.start()
        try:
            yield services
        finally:
            worker.stop()


def ran(sql: SqlStore, job: str) -> list[tuple[str, str, str | None]]:
    """Every run of a job: window, how it ended, and what it says."""
    c = t.job_run.c
    with sql.read() as connection:
        chosen = sa.select(c.window, c.state, c.detail).where(c.job == job).order_by(c.id)
        return [tuple(row) for row in connection.execute(chosen)]


def counts(connection: sa.Connection) -> dict[str, int]:
    """How many rows each table of the SQL store has."""
    return {
        table.name: connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
        for table in t.metadata.sorted_tables
    }


def ended(services: Services, job: str = "reconcile", count: int = 1) -> Callable[[], bool]:
    """Whether so many runs of a job have come to their end."""

    def so() -> bool:
        states = [state for _, state, _ in ran(services.store.sql, job)]
        return len(states) >= count and "running" not in states

    return so


def take_over(folder: Path) -> dict[str, int]:
    """Another worker takes the lease; what was held at that moment."""
    other = open_store(sql_url(folder / "var"))
    with other.write() as connection:
        connection.execute(sa.update(t.lease).values(holder="elsewhere:1", fence=99))
        held = counts(connection)
    other.close()
    return held


def held_now(folder: Path) -> dict[str, int]:
    """How many rows each table of the SQL store of a landscape has."""
    store = open_store(sql_url(folder / "var"))
    with store.read() as connection:
        found = counts(connection)
    store.close()
    return found
