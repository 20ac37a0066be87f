"""The simulated maintenance system, collected by the ordinary pack: orders, downtimes and parts."""

from datetime import timedelta

import pytest

from app.clock import SetClock
from app.demo.group import Group, Kind, simulate
from app.demo.replay import Server
from app.demo.systems.cmms import LISTS, Cmms
from app.demo.systems.erp import event_id, reference
from app.demo.systems.rest import RestService
from app.jobs.collect import collect
from app.services import opened
from tests.collectors.conftest import Plant
from tests.demo.systems.house import write

TOKEN = "maintenance token"
SOURCE = """\
pack: cmms/json
address: "%s"
auth: {bearer: "file:../cmms.token"}
plants: [%s]
"""
KINDS = (
    Kind.MAINTENANCE_OPENED,
    Kind.MAINTENANCE_COMPLETED,
    Kind.DOWNTIME_STARTED,
    Kind.DOWNTIME_ENDED,
    Kind.SPARE_ISSUED,
)


@pytest.fixture(scope="module")
def maintenance(tmp_path_factory):
    """A group of two plants after two days, by kind, and a landscape that read its maintenance."""
    group = Group(seed=7, days=2, plants=2)
    service = RestService(LISTS, TOKEN)
    cmms, told = Cmms(group, service), {kind: [] for kind in KINDS}
    for happening in simulate(group):
        cmms.hear(happening, happening.at + timedelta(minutes=3))
        if happening.kind in KINDS:
            told[happening.kind].append(happening)
    clock = SetClock(group.ends_at, running=False)
    server = Server(service, clock)
    plants = ", ".join(f"'{plant.code}'" for plant in group.sites)
    more = {"landscape/sources/cmms.yml": SOURCE % (server.address, plants), "cmms.token": TOKEN}
    landscape = write(tmp_path_factory.mktemp("maintenance"), group, server.address, more)
    with opened(landscape, clock=clock) as services:
        reports = collect(services, {"cmms": None})
        yield told, Plant(services), reports
    server.stop()
    service.close()


def test_nothing_is_rejected(maintenance):
    _, plant, reports = maintenance
    assert [report.error for report in reports] == [None, None, None]
    assert plant.rejects() == []


def test_every_work_order_is_open_until_its_paper_work_is_done(maintenance):
    told, plant, _ = maintenance
    done = {h.order_no: h.at for h in told[Kind.MAINTENANCE_COMPLETED]}
    columns = "order_no, plant, status, released_at, actual_end_at, changed_at, reference_no"
    rows = plant.facts("order_state", f"{columns}, attributes", "order_kind = 'maintenance'")
    assert {row["order_no"]: list(row.values())[1:7] for row in rows} == {
        h.order_no: [
            h.plant,
            "done" if h.order_no in done else "released",
            h.at,
            done.get(h.order_no),
            done.get(h.order_no, h.at) + timedelta(minutes=3),
            h.reason,
        ]
        for h in told[Kind.MAINTENANCE_OPENED]
    }
    assert {row["status"] for row in rows} == {"done", "released"}
    assert any('"preventive"' in row["attributes"] for row in rows)


def test_every_downtime_has_its_ends_and_the_order_opened_meanwhile(maintenance):
    told, plant, _ = maintenance
    ended = {(h.equipment, h.since): h.at for h in told[Kind.DOWNTIME_ENDED]}
    columns = "source_key, equipment, plant, state, is_planned, started_at, ended_at, reason"
    rows = plant.facts("asset_state", f"{columns}, maintenance_order_no")
    assert {row["source_key"]: list(row.values())[1:8] for row in rows} == {
        event_id(h.no): [
            h.equipment,
            h.plant,
            "down",
            h.reason == "service",
            h.at,
            ended.get((h.equipment, h.at)),
            h.reason,
        ]
        for h in told[Kind.DOWNTIME_STARTED]
    }
    linked = [row["maintenance_order_no"] for row in rows if row["maintenance_order_no"]]
    assert sorted(linked) == sorted(h.order_no for h in told[Kind.MAINTENANCE_OPENED])
    assert any(row["is_planned"] for row in rows)


def test_every_spare_part_leaves_its_store_with_the_reference_the_books_get(maintenance):
    told, plant, _ = maintenance
    columns = "correlation_id, kind, plant, location, item, quantity, unit_source, order_no"
    rows = plant.facts("business_event", f"{columns}, occurred_at, equipment")
    assert {row["correlation_id"]: list(row.values())[1:] for row in rows} == {
        reference(h.no): [
            "spare_issue",
            h.plant,
            h.from_place,
            h.item.lstrip("0"),
            -h.quantity,
            h.unit,
            h.order_no,
            h.at,
            h.equipment,
        ]
        for h in told[Kind.SPARE_ISSUED]
    }
    assert rows


def test_ends_of_what_nobody_told_are_ignored():
    group = Group(seed=7, days=1, plants=1)
    service = RestService(LISTS, TOKEN)
    cmms = Cmms(group, service)
    for happening in simulate(group):
        if happening.kind in (Kind.MAINTENANCE_COMPLETED, Kind.DOWNTIME_ENDED):
            cmms.hear(happening)
    for one in LISTS:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        assert service.answer("GET", f"/{one.path}", headers, b"")[1] == b'{"items":[],"total":0}'
    service.close()
