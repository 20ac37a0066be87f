"""When a feed is asked again: at its interval, later while it fails."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from app.jobs import collect
from app.services import Services
from tests import works
from tests.collectors.loopback import Server, answer
from tests.jobs.test_worker_sources import add_list
from tests.works import NOON

SECOND = timedelta(seconds=1)
EVERY = timedelta(minutes=5)  # where neither feed nor source says


@pytest.fixture
def services(fresh: Path) -> Iterator[Services]:
    """The works at work; chance is the same every time."""
    with works.working(fresh) as services:
        services.chance = random.Random(7)
        yield services


def pull(services: Services, name: str, feed: str = "moves") -> collect.Report:
    """Pull one feed now."""
    setup = services.landscape.sources[name]
    (plan,) = [plan for plan in setup.plans if plan.name == feed]
    return collect.collect_feed(services, setup, plan)


def is_due(services: Services, name: str, now: datetime, feed: str = "moves") -> bool:
    """Whether a feed would be pulled at an instant."""
    setup = services.landscape.sources[name]
    (plan,) = [plan for plan in setup.plans if plan.name == feed]
    return collect.is_due(services, setup, plan, now)


def turns_due(services: Services, name: str, now: datetime) -> timedelta:
    """How long a feed is left alone from now on."""
    after = services.store.feed_state(name, "moves")["next_try_at"] or now + EVERY
    assert not is_due(services, name, after - timedelta(microseconds=1))
    assert is_due(services, name, after)
    return after - now


def test_what_was_never_asked_is_due_and_then_at_its_interval(services):
    assert is_due(services, "mes", NOON)
    assert pull(services, "mes").outcome == "ok"
    assert turns_due(services, "mes", NOON) == EVERY
    assert is_due(services, "erp", NOON), "each feed has its own time"


def test_a_failing_feed_waits_longer_and_longer_and_never_over_half_an_hour(fresh, services):
    (fresh / "drop/mes").rename(fresh / "drop/away")
    waits = []
    for count in range(1, 12):
        assert pull(services, "mes").outcome != "ok"
        state = services.store.feed_state("mes", "moves")
        assert (state["failures"], state["failing_since"]) == (count, NOON)
        waits.append(turns_due(services, "mes", services.clock.now()))
        services.clock.set(NOON + sum(waits, timedelta()))
    full = [min(30 * SECOND * 2**number, timedelta(minutes=30)) for number in range(11)]
    assert all(0.8 * most <= wait <= most for wait, most in zip(waits, full, strict=True))
    assert len(set(waits)) == len(waits), "not all sources at the same moment"


def test_a_feed_that_is_well_again_is_asked_at_its_interval_again(fresh, services):
    (fresh / "drop/mes").rename(fresh / "drop/away")
    pull(services, "mes")
    (fresh / "drop/away").rename(fresh / "drop/mes")
    assert pull(services, "mes").outcome == "ok"
    state = services.store.feed_state("mes", "moves")
    assert (state["failures"], state["failing_since"], state["next_try_at"]) == (0, None, None)
    assert turns_due(services, "mes", NOON) == EVERY


def test_a_source_that_denies_us_is_asked_at_most_six_times_an_hour(fresh):
    add_list(fresh, "locked", "http://127.0.0.1:1", "auth: {bearer: 'file:nowhere'}")
    with works.working(fresh) as services:
        waits = []
        for _ in range(8):
            assert pull(services, "locked").outcome == "denied"
            waits.append(turns_due(services, "locked", services.clock.now()))
            services.clock.set(services.clock.now() + waits[-1])
    tens = [1, 2, 3, 4, 5, 6, 6, 6]
    assert waits == [timedelta(minutes=10 * count) for count in tens]


def test_a_source_that_asks_us_to_wait_is_left_alone_for_so_long(fresh):
    server = Server(lambda request: answer({}, status=429, retry_after="7200"))
    try:
        add_list(fresh, "busy", server.address)
        with works.working(fresh) as services:
            assert pull(services, "busy").outcome == "throttled"
            assert turns_due(services, "busy", NOON) >= timedelta(hours=2)
    finally:
        server.stop()


@pytest.mark.parametrize("back", [SECOND, timedelta(hours=1), timedelta(days=400)])
@pytest.mark.parametrize("is_well", [True, False])
def test_a_clock_that_was_put_right_silences_no_feed_until_the_wrong_time(
    fresh, services, back, is_well
):
    """It was ahead when the feed was last pulled, which therefore is not to come for so long."""
    if not is_well:
        (fresh / "drop/mes").rename(fresh / "drop/away")
    pull(services, "mes")
    services.clock.set(NOON - back)
    assert is_due(services, "mes", services.clock.now())
    pull(services, "mes")
    assert turns_due(services, "mes", services.clock.now()) <= EVERY
