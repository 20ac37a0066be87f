"""A source that is dead, slow or wrong harms no other, and does not keep a worker from ending."""

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from app.clock import SystemClock
from app.store.landing import sql_url
from app.store.sql import open_store
from app.store.sql import tables as t
from tests import works
from tests.collectors.loopback import Server, answer
from tests.jobs.shift import at_work, ran

LISTS = """\
# {title}
system: {title}
role: tms
transport: http_json
address: {address}
plants: P1
{more}
feeds:
  moves:
    get: /moves
    into: business_event
    records: $.items
    contract: {{id: text, order_no: text, item: text, lot: text?, qty: number, at: instant,
                rev: integer?}}
"""


def add_list(folder: Path, name: str, address: str, more: str = "") -> None:
    """Another source of the works, one that is asked over HTTP."""
    text = LISTS.format(title=name.upper(), address=address, more=more)
    (folder / f"sources/{name}.yml").write_text(text, "utf-8")
    (folder / f"mappings/{name}.moves.sql").write_text(
        (folder / "mappings/mes.moves.sql").read_text("utf-8"), "utf-8"
    )


def feeds(folder: Path) -> dict[str, str]:
    """How every feed is that was pulled."""
    store = open_store(sql_url(folder / "var"))
    c = t.feed_state.c
    with store.read() as connection:
        found = {
            f"{source}/{feed}": outcome
            for source, feed, outcome in connection.execute(sa.select(c.source, c.feed, c.outcome))
        }
    store.close()
    return found


def told(folder: Path) -> list[object]:
    """The orders about which there are exceptions."""
    store = open_store(sql_url(folder / "var"))
    with store.read() as connection:
        found = connection.execute(sa.select(t.exception.c.key)).scalars().all()
    store.close()
    return sorted(str(key.get("order_no")) for key in found)


@pytest.fixture
def held_back():
    """A server that answers nothing until it is let go, and how to let it go."""
    free = threading.Event()

    def hold(request):
        free.wait(300)
        return answer({"items": []})

    server = Server(hold)
    yield server, free
    free.set()
    server.stop()


def test_dead_slow_and_wrong_sources_delay_no_other(fresh, brisk, quiet, held_back):
    slow, free = held_back
    add_list(fresh, "slow", slow.address)
    add_list(fresh, "dead", "http://127.0.0.1:1")
    # the file of its secret does not exist: not even the way to it can be opened
    add_list(fresh, "locked", slow.address, "auth: {bearer: 'file:nowhere'}")
    with at_work(fresh) as services:

        def known() -> bool:
            services.clock.sleep(1)
            return len(told(fresh)) == 3

        works.until(known, "what disagrees is known")
        works.until(lambda: slow.requests, "the slow one is asked")
        found = feeds(fresh)
        free.set()
        works.until(lambda: "slow/moves" in feeds(fresh), "the slow one is done")
    assert found["mes/moves"] == found["erp/stock"] == "ok"
    assert "slow/moves" not in found
    assert feeds(fresh) == dict.fromkeys(found, "ok") | {
        "slow/moves": "ok",
        "dead/moves": "unreachable",
        "locked/moves": "denied",
    }


def test_stopping_breaks_off_what_a_source_does_not_answer_and_blames_nobody(
    fresh, brisk, quiet, held_back
):
    slow, _ = held_back
    add_list(fresh, "slow", slow.address)
    with at_work(fresh):
        works.until(lambda: slow.requests, "the slow one is asked")
    assert "slow/moves" not in feeds(fresh)


@pytest.fixture
def start():
    """Starts workers in processes of their own, of which none is left at the end."""
    started = []

    def begin(folder: Path) -> subprocess.Popen[str]:
        script = "from app.cli import main; main()"
        command = [sys.executable, "-c", script, "--landscape", str(folder), "work"]
        pipe = subprocess.PIPE
        started.append(subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True))
        return started[-1]

    yield begin
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_is_told_to_end_ends_and_the_next_start_is_clean(fresh, start, number):
    works.fill(fresh, SystemClock().now())
    process = start(fresh)
    try:
        works.until((fresh / "var/tieout.sqlite").exists, "there is a store")
        works.until(lambda: set(feeds(fresh)) >= {"mes/moves", "wms/stock"}, "all is collected")
    finally:
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert out == ""
    assert "Traceback" not in err
    with works.working(fresh, SystemClock().now()) as services:
        works.work(services)
        assert "running" not in [state for _, state, _ in ran(services.store.sql, "reconcile")]
    assert len(told(fresh)) == 3


@pytest.mark.slow
def test_a_second_worker_on_a_landscape_says_who_works_on_it_and_ends(fresh, start):
    first = start(fresh)
    try:
        assert first.stderr is not None
        assert first.stderr.readline().startswith("working on ")
        second = start(fresh)
        out, err = second.communicate(timeout=60)
        assert (second.returncode, out) == (3, "")
        assert f":{first.pid} works on this landscape" in err
        assert len(err.splitlines()) == 1
    finally:
        first.send_signal(signal.SIGTERM)
        first.communicate(timeout=60)
    assert first.returncode == 0


@pytest.mark.slow
def test_a_source_that_does_not_answer_keeps_no_worker_from_ending(fresh, start, held_back):
    slow, _ = held_back
    add_list(fresh, "slow", slow.address)
    process = start(fresh)
    try:
        works.until(lambda: slow.requests, "the slow one is asked")
    finally:
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=20)  # less than any answer may take
    assert process.returncode == 0, err
    assert "Traceback" not in err
    with works.working(fresh, SystemClock().now()):
        assert "slow/moves" not in feeds(fresh), "that we ended is no failure of the source"
