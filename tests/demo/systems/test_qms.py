"""The simulated quality system, collected by the ordinary pack: its holds, from when to when, and
what was found of what it inspected.
"""

from collections import Counter, defaultdict

import pytest

from app.clock import SetClock
from app.demo.group import Group, Kind, simulate
from app.demo.group.masterdata import BLOCKED, UNRESTRICTED
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
  inspections: {page: {size: 50}}
"""


@pytest.fixture(scope="module")
def quality(tmp_path_factory):
    """A group of two plants after five days: what it was told, and a landscape that read it."""
    group = Group(seed=7, days=5, plants=2)
    clock = SetClock(group.ends_at, running=False)
    service = RestService(LISTS, TOKEN, busy_every=3, busy=UNAVAILABLE)
    qms, told = Qms(group, service), list(simulate(group))
    for happening in told:
        qms.hear(happening)
    server = Server(service, clock)
    plants = ", ".join(f"'{plant.code}'" for plant in group.sites)
    more = {"landscape/sources/qms.yml": SOURCE % (server.address, plants), "qms.token": TOKEN}
    landscape = write(tmp_path_factory.mktemp("quality"), group, server.address, more)
    with opened(landscape, clock=clock) as services:
        reports = {report.feed: report for report in collect(services, {"qms": None})}
        yield told, Plant(services), reports
    server.stop()
    service.close()


def test_every_hold_is_held_once_with_its_lot_and_its_end(quality):
    told, plant, reports = quality
    holds = [h for h in told if h.kind in (Kind.HOLD_PLACED, Kind.HOLD_RELEASED)]
    report = reports["holds"]
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
        "kind = 'hold'",
    )
    assert {key: tuple(rest) for key, *rest in map(dict.values, rows)} == expected
    assert {row["plant"] for row in rows} == {h.plant for h in holds}
    assert {row["status"] for row in rows} == {"decided", "closed"}


def test_every_inspection_is_held_once_with_what_was_found(quality):
    told, plant, reports = quality
    found, ends = defaultdict(Counter), {}
    for h in told:
        if h.kind is Kind.INSPECTION_DECIDED:
            found[h.document][h.to_status] += h.quantity
            ends[h.document] = h.at
    expected = {}
    for h in (h for h in told if h.kind is Kind.INSPECTION_OPENED):
        one = found.get(h.document)
        counts = (one[UNRESTRICTED], one[BLOCKED]) if one else (None, None)
        status, lot = "decided" if one else "open", h.lot or None
        thing = (h.document, h.plant, h.item.lstrip("0"), lot, h.quantity)
        expected[h.document] = (status, *thing, *counts, ends.get(h.document))
    report = reports["inspections"]
    assert (report.error, report.landed.rejects, report.landed.held) == (None, 0, len(expected))
    rows = plant.facts(
        "quality_disposition",
        "source_key, status, event_key, plant, item, lot, quantity, quantity_free, "
        "quantity_blocked, effective_at",
        "kind = 'usage_decision'",
    )
    assert {key: tuple(rest) for key, *rest in map(dict.values, rows)} == expected
    assert {row["status"] for row in rows} == {"open", "decided"}
    assert any(row["quantity_blocked"] and row["quantity_free"] for row in rows)


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
