"""The simulated quality system, collected by the ordinary pack: its holds, from when to when."""

import pytest

from app.clock import SetClock
from app.demo.group import Group, Kind, simulate
from app.demo.replay import Server
from app.demo.systems.qms import LISTS, Qms
from app.demo.systems.rest import UNAVAILABLE, RestService
from app.jobs.collect import collect
from app.services import opened
from tests.collectors.conftest import Plant
from tests.demo.systems.house import write

TOKEN = "quality token"
SOURCE = """\
pack: qms/json
address: "%s"
auth: {bearer: "file:../qms.token"}
plants: [%s]
feeds:
  holds: {page: {size: 3}}
"""


@pytest.fixture(scope="module")
def quality(tmp_path_factory):
    """A group of two plants after five days: its holds, and a landscape that read them."""
    group = Group(seed=7, days=5, plants=2)
    clock = SetClock(group.ends_at, running=False)
    service = RestService(LISTS, TOKEN, busy_every=3, busy=UNAVAILABLE)
    qms, holds = Qms(group, service), []
    for happening in simulate(group):
        qms.hear(happening)
        if happening.kind in (Kind.HOLD_PLACED, Kind.HOLD_RELEASED):
            holds.append(happening)
    server = Server(service, clock)
    plants = ", ".join(f"'{plant.code}'" for plant in group.sites)
    more = {"landscape/sources/qms.yml": SOURCE % (server.address, plants), "qms.token": TOKEN}
    landscape = write(tmp_path_factory.mktemp("quality"), group, server.address, more)
    with opened(landscape, clock=clock) as services:
        (report,) = collect(services, {"qms": None})
        yield holds, Plant(services), report
    server.stop()
    service.close()


def test_every_hold_is_held_once_with_its_lot_and_its_end(quality):
    holds, plant, report = quality
    ended = {h.document: h.at for h in holds if h.kind is Kind.HOLD_RELEASED}
    expected = {
        h.document: (
            "closed" if h.document in ended else "decided",
            h.plant,
            h.item.lstrip("0"),
            h.lot,
            h.quantity,
            h.reason,
            h.at,
            ended.get(h.document),
        )
        for h in holds
        if h.kind is Kind.HOLD_PLACED
    }
    assert (report.error, report.landed.rejects, report.landed.held) == (None, 0, len(expected))
    rows = plant.facts(
        "quality_disposition",
        "source_key, status, plant, item, lot, quantity, reason, effective_at, ended_at",
    )
    assert {key: tuple(rest) for key, *rest in map(dict.values, rows)} == expected
    assert {row["plant"] for row in rows} == {h.plant for h in holds}
    assert {row["status"] for row in rows} == {"decided", "closed"}


def test_the_end_of_a_hold_is_a_change_of_it_and_of_no_other():
    group = Group(days=5, plants=1)
    service = RestService(LISTS, TOKEN)
    qms = Qms(group, service)
    holds = [h for h in simulate(group) if h.kind in (Kind.HOLD_PLACED, Kind.HOLD_RELEASED)]
    released = next(h for h in holds if h.kind is Kind.HOLD_RELEASED)
    qms.hear(released)
    qms.hear(next(h for h in holds if h.document == released.document))
    qms.hear(released)
    since = f"changed_since={released.at:%Y-%m-%dT%H:%M:%SZ}"
    headers = {"Authorization": f"Bearer {TOKEN}"}
    for query, total in (("", 1), (f"?{since}", 1), (f"?{since}&lot=other", 0)):
        body = service.answer("GET", f"/holds{query}", headers, b"")[1]
        assert f'"total":{total}'.encode() in body
    service.close()
