"""What ran: one row per (job, window).

Whoever inserts the row runs the job; everyone else finds it taken.
"""

from datetime import datetime

import sqlalchemy as sa

from app.store.sql import SqlStore, insert_or_ignore
from app.store.sql import tables as t


class Jobs:
    """The truth behind the alarm clock."""

    def __init__(self, sql: SqlStore) -> None:
        self._sql = sql

    def claim(self, job: str, window: str, fence: int, now: datetime) -> bool:
        """Whether this run of the job is ours.

        A run that its holder did not finish (an older fence) may be taken again.
        """
        with self._sql.write() as connection:
            row = {
                "job": job,
                "window": window,
                "fence": fence,
                "state": "running",
                "started_at": now,
            }
            if insert_or_ignore(connection, t.job_run, row):
                return True
            c = t.job_run.c
            again = sa.update(t.job_run).where(
                c.job == job, c.window == window, c.state == "running", c.fence < fence
            )
            return connection.execute(again.values(fence=fence, started_at=now)).rowcount == 1

    def finish(self, job: str, window: str, state: str, detail: str | None, now: datetime) -> None:
        """Note how a run ended: done or failed."""
        c = t.job_run.c
        with self._sql.write() as connection:
            connection.execute(
                sa.update(t.job_run)
                .where(c.job == job, c.window == window)
                .values(state=state, detail=detail, ended_at=now)
            )
