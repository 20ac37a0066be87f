"""One worker at a time: the lease, its fence, and what happens to one that comes back too late."""

import subprocess
import sys
import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.clock import SetClock
from app.store.lease import LIFE, LeaseHeldError, LeaseLostError, leased
from app.store.sql import open_store
from app.store.sql import tables as t
from tests.works import NOON

HOLD = """
import sys, time
from app.clock import SystemClock
from app.store.lease import LeaseHeldError, leased
from app.store.sql import open_store

store = open_store(sys.argv[1])
try:
    with leased(store, SystemClock()) as fence:
        print("held", fence, flush=True)
        sys.stdin.readline()
except LeaseHeldError as error:
    print("refused", error, flush=True)
"""


@pytest.fixture
def clock():
    return SetClock(NOON, running=False)


@pytest.fixture
def elsewhere(store):
    """Makes the lease belong to a process of another machine, dead or alive."""

    def move(expires_at):
        with store.write() as connection:
            connection.execute(
                sa.update(t.lease).values(holder="elsewhere:1", expires_at=expires_at)
            )

    return move


def start(url):
    """A process that tries to hold the lease and says how it went."""
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", HOLD, url], stdin=pipe, stdout=pipe, text=True)


def end(*processes):
    for process in processes:
        process.communicate("\n")


def test_the_fence_only_grows(store, clock):
    fences = []
    for _ in range(3):
        with leased(store, clock) as fence:
            fences.append(fence)
    assert fences == [1, 2, 3]


def test_a_lease_that_is_held_is_refused_until_it_expires(store, clock, elsewhere):
    with leased(store, clock):
        pass
    elsewhere(NOON + timedelta(seconds=1))
    with (
        pytest.raises(LeaseHeldError, match="elsewhere:1 works on this landscape"),
        leased(store, clock),
    ):
        pass
    clock.set(NOON + timedelta(seconds=1))
    with leased(store, clock) as fence:
        assert fence == 2


def test_an_old_holder_writes_nothing_after_a_takeover(store, url, clock):
    other = open_store(url)
    with leased(store, clock):
        with other.write() as connection:
            connection.execute(sa.update(t.lease).values(fence=2, holder="elsewhere:1"))
        with pytest.raises(LeaseLostError), store.write() as connection:
            connection.execute(sa.insert(t.triaged).values(rule="r", change_no=1))
    with other.read() as connection:
        assert connection.execute(sa.select(t.triaged)).all() == []
        held = connection.execute(sa.select(t.lease.c.holder)).scalar()
    assert held == "elsewhere:1"
    other.close()


def test_leaving_gives_the_lease_free_at_once(store, clock):
    with leased(store, clock):
        pass
    with store.read() as connection:
        assert connection.execute(sa.select(t.lease.c.holder)).scalar() == ""


def test_a_holder_that_died_here_is_succeeded_at_once(store, url, clock):
    process = start(url)
    assert process.stdout.readline() == "held 1\n"
    process.kill()
    process.communicate()
    with leased(store, clock) as fence:
        assert fence == 2


def test_of_many_that_start_at_the_same_moment_one_works_and_the_others_say_who(store, url):
    started = [start(url) for _ in range(3)]
    said = [process.stdout.readline() for process in started]
    end(*started)
    (holder,) = [process for process, line in zip(started, said, strict=True) if line == "held 1\n"]
    refused = [line for line in said if line.startswith("refused ")]
    assert len(refused) == 2
    assert all(f":{holder.pid} works on this landscape" in line for line in refused)


def test_the_lease_is_renewed_while_it_is_held(store, clock, monkeypatch):
    monkeypatch.setattr("app.store.lease.LIFE", timedelta(milliseconds=30))
    renewed = threading.Event()
    sa.event.listen(
        store.engine,
        "after_cursor_execute",
        lambda *call: renewed.set() if "SET expires_at" in call[2] else None,
    )
    with leased(store, clock):
        assert renewed.wait(30)


def test_a_lease_lives_long_enough_to_be_renewed_and_short_enough_to_be_waited_for():
    assert timedelta(seconds=30) <= LIFE <= timedelta(minutes=2)
