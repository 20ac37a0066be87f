"""Who may work on a landscape.

One holder at a time, with a number that only grows, so that a late one is refused.
"""

import contextlib
import os
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Protocol

import sqlalchemy as sa

from app.store.sql import SqlStore, StoreError
from app.store.sql import tables as t

NAME = "worker"
LIFE = timedelta(seconds=60)


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The instant, in UTC."""


class LeaseHeldError(StoreError):
    """Somebody else works on this landscape."""


class LeaseLostError(StoreError):
    """Somebody else has taken over: nothing more may be written."""


@contextlib.contextmanager
def leased(sql: SqlStore, clock: Clock) -> Iterator[int]:
    """Hold the lease; every write of `sql` meanwhile proves that it is still ours.

    Yields the fence. Raises `LeaseHeldError`.
    """
    holder = f"{socket.gethostname()}:{os.getpid()}"
    fence = _take(sql, clock, holder)
    sql.proof = lambda connection: _prove(connection, fence)
    stop = threading.Event()
    keeper = threading.Thread(
        target=_keep, args=(sql, clock, fence, stop), name="lease", daemon=True
    )
    keeper.start()
    try:
        yield fence
    finally:
        stop.set()
        keeper.join()
        sql.proof = None
        _release(sql, fence)


def _take(sql: SqlStore, clock: Clock, holder: str) -> int:
    now = clock.now()
    with sql.write() as connection:
        held = (
            connection.execute(sa.select(t.lease).where(t.lease.c.name == NAME)).mappings().first()
        )
        if held is None:
            connection.execute(
                sa.insert(t.lease).values(name=NAME, holder=holder, fence=1, expires_at=now + LIFE)
            )
            return 1
        if held["expires_at"] > now and held["holder"] and not _is_dead(held["holder"]):
            until = f"{held['expires_at']:%H:%M:%S} UTC"
            raise LeaseHeldError(
                f"{held['holder']} works on this landscape (until {until} at least); "
                "stop it first, or ask it"
            )
        fence = int(held["fence"]) + 1
        connection.execute(
            sa.update(t.lease)
            .where(t.lease.c.name == NAME)
            .values(holder=holder, fence=fence, expires_at=now + LIFE)
        )
        return fence


def _is_dead(holder: str) -> bool:
    """Whether the holder was a process of this machine that is no more."""
    host, _, pid = holder.rpartition(":")
    if host != socket.gethostname() or not pid.isdigit():
        return False
    if int(pid) == os.getpid():
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _keep(sql: SqlStore, clock: Clock, fence: int, stop: threading.Event) -> None:
    """Renew until told to stop; a lease that was lost is found out by the next write."""
    while not stop.wait(LIFE.total_seconds() / 3):
        with (
            contextlib.suppress(sa.exc.OperationalError, LeaseLostError),
            sql.write() as connection,
        ):
            connection.execute(
                sa.update(t.lease)
                .where(t.lease.c.name == NAME, t.lease.c.fence == fence)
                .values(expires_at=clock.now() + LIFE)
            )


def _prove(connection: sa.Connection, fence: int) -> None:
    held = connection.execute(sa.select(t.lease.c.fence).where(t.lease.c.name == NAME)).scalar()
    if held != fence:
        raise LeaseLostError("another worker has taken over this landscape")


def _release(sql: SqlStore, fence: int) -> None:
    with sql.write() as connection:
        connection.execute(
            sa.update(t.lease)
            .where(t.lease.c.name == NAME, t.lease.c.fence == fence)
            .values(holder="", expires_at=datetime.fromtimestamp(0, UTC))
        )
