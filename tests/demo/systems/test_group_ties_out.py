"""A group in which nothing goes wrong, seen through its ERP and MES: nobody may find anything."""

import heapq
import itertools
from datetime import timedelta
from random import Random

import pytest

from app.clock import SetClock
from app.demo.group import Group, Kind, simulate
from app.demo.replay import Server
from app.demo.systems.erp import Erp
from app.demo.systems.mes import Mes
from app.demo.systems.odata import ODataService
from app.demo.systems.sap import ROOT, SETS
from app.jobs.collect import collect
from app.jobs.reconcile import reconcile
from app.landscape.rule_files import SHIPPED
from app.services import opened
from app.store.reading import Wanted
from tests.collectors.conftest import Plant
from tests.demo.systems.house import write

RULES = ("production/completion_posted", "production/issue_posted", "production/order_in_step")
OF_THE_ERP = {Kind.ORDER_RELEASED, Kind.ORDER_CHANGED, Kind.ORDER_CANCELLED, Kind.ORDER_CLOSED}
MES = """\
pack: mes/sql
database: "file:../mes%(plant)s.url"
plants: ["%(plant)s"]
feeds:
  holds: off
  lot_links: off
  completions:
    statement: >
      SELECT event_id, order_no, op, item, qty_good, qty_scrap, qty_rework, uom, lot, equipment,
        started_at, ended_at, sent_at, ack_at, erp_doc, reverses, changed_at
      FROM v_completion
      WHERE :cursor IS NULL OR changed_at >= :cursor
  consumption:
    statement: >
      SELECT event_id, order_no, op, item, lot, qty, uom, location, at, reverses, changed_at
      FROM v_consumption
      WHERE :cursor IS NULL OR changed_at >= :cursor
"""


def play(group, erp, floors):
    """Everybody hears what happens: whoever does it at once, the others some minutes later."""
    chance, order, waiting = Random(group.seed), itertools.count(), []

    def deliver(until):
        while waiting and waiting[0][0] <= until:
            at, _, system, happening = heapq.heappop(waiting)
            system.hear(happening, at)

    for happening in simulate(group):
        deliver(happening.at)
        floor = floors[happening.plant]
        first, second = (erp, floor) if happening.kind in OF_THE_ERP else (floor, erp)
        first.hear(happening)
        at = happening.at + timedelta(seconds=chance.randint(20, 300))
        heapq.heappush(waiting, (at, next(order), second, happening))
    deliver(group.ends_at)


def floors_and_rule(folder, group):
    """The sources of the shop floors. Confirmations are compared, not the receipts that follow."""
    completion = (SHIPPED / "production" / "completion_posted.yml").read_text("utf-8")
    for was, now in (("[op_complete, fg_receipt]", "op_complete"), (", lot: same", "")):
        assert was in completion
        completion = completion.replace(was, now)
    files = {"landscape/rules/production/completion_posted.yml": completion}
    for plant in group.sites:
        files[f"landscape/sources/mes{plant.code}.yml"] = MES % {"plant": plant.code}
        files[f"mes{plant.code}.url"] = f"sqlite:///{folder}/mes{plant.code}.sqlite"
    return files


@pytest.fixture(params=[7, 8])
def tower(request, tmp_path):
    group = Group(seed=request.param, days=2, plants=2)
    clock = SetClock(group.ends_at, running=False)
    service = ODataService(ROOT, SETS, "tower", "pass")
    floors = {
        plant.code: Mes(group, plant.code, tmp_path / f"mes{plant.code}.sqlite")
        for plant in group.sites
    }
    play(group, Erp(group, service), floors)
    server = Server(service, clock)
    landscape = write(tmp_path, group, server.address, floors_and_rule(tmp_path, group))
    with opened(landscape, clock=clock) as services:
        yield services
    server.stop()
    for system in (service, *floors.values()):
        system.close()


def test_where_nothing_goes_wrong_nothing_is_found(tower):
    for report in collect(tower):
        assert (report.error, report.landed.rejects) == (None, 0)
    reports = list(reconcile(tower, RULES))
    judged = {report.rule: (report.outcome, report.reason) for report in reports}
    assert judged == dict.fromkeys(RULES, ("tied_out", None))
    assert tower.reader.exceptions(Wanted(states=())) == []
    sides = Plant(tower).rows(
        "SELECT kind, count(*) FILTER (source = 'erp') AS erp, "
        "count(*) FILTER (source <> 'erp') AS mes, count(*) FILTER (is_reversal) AS back "
        "FROM business_event WHERE kind = 'op_complete' "
        "OR (kind = 'goods_issue' AND order_kind = 'production') GROUP BY kind"
    )
    assert len(sides) == 2
    for side in sides:
        assert side["mes"] > 300
        assert side["mes"] - side["erp"] in range(6)  # a few were still on their way
        assert side["back"]
