"""The group where nothing goes wrong: everything is held, and nothing is found."""

from collections import Counter
from datetime import date, timedelta

import pytest

from app.demo.faults import Plan
from app.demo.group import MOVES, Group, Kind
from app.demo.group.masterdata import WIP
from app.demo.systems.erp import correlation, event_id, reference
from app.store.reading import Wanted
from tests.demo.played import played

NONE = Plan(decoys=False)
COUNTED = {Kind.OPERATION_COMPLETED, Kind.OPERATION_SCRAPPED, Kind.OPERATION_REWORKED}
USED = {Kind.COMPONENT_ISSUED, Kind.COMPONENT_RETURNED}
# The night the clocks show an hour twice (Berlin, 25 October) is among them.
GROUP = Group(seed=8, start=date(2026, 10, 24), days=3, plants=2)


@pytest.fixture(scope="module")
def quiet(tmp_path_factory):
    """A group in which nothing goes wrong."""
    folder = tmp_path_factory.mktemp("quiet")
    with played(folder, GROUP, NONE, every=timedelta(days=2)) as seen:
        yield seen


def test_where_nothing_goes_wrong_nothing_is_found(quiet):
    for pull in quiet.pulls:
        assert (pull.error, pull.landed.rejects, pull.landed.unresolved) == (None, 0, 0)
    outcomes = {report.rule: (report.outcome, report.reason) for report in quiet.reports}
    nobody = {"integration/stuck_messages"}  # no source tells of single messages
    told = {rule for rule, (outcome, _) in outcomes.items() if outcome == "tied_out"}
    assert {*outcomes} - told == nobody
    assert quiet.services.reader.exceptions(Wanted(states=())) == []


def test_what_is_judged_is_what_happened(quiet):
    counts = Counter(h.kind for h in quiet.history)
    accounts = {report.rule: report.accounts for report in quiet.reports}
    made = accounts["production/completion_posted"]["expected"].in_scope
    assert made == counts[Kind.OPERATION_COMPLETED]
    moved = accounts["inventory/shipment_confirmed"]["expected"].in_scope
    assert moved == counts[Kind.DELIVERY_SHIPPED]


def test_every_record_of_every_system_is_held_as_it_was_told(quiet):
    """Counted by id and quantity: what a system was told, and what of it reached the store."""
    con = quiet.services.store.state.cursor()

    def held(role, where="true"):
        rows = con.execute(
            "SELECT correlation_id, max(abs(quantity)) FROM business_event "
            f"WHERE regexp_replace(source, '[0-9]+$', '') = '{role}' AND {where} GROUP BY 1"
        ).fetchall()
        return dict(rows)

    def told(role, kinds, name):
        found = {}
        for one in quiet.planting.told:
            if one.system == role and one.happening.kind in kinds and one.happening.quantity:
                found.setdefault(name(one.happening), abs(one.happening.quantity))
        return found

    def by_reference(h):
        return reference(h.no)

    def lists(table, column, source):
        query = f"SELECT DISTINCT {column} FROM {table} WHERE source LIKE '{source}%'"
        return {value for (value,) in con.execute(query).fetchall()}

    def numbers(role, kind, name):
        one_of = (one.happening for one in quiet.planting.told if one.system == role)
        return {name(h) for h in one_of if h.kind is kind}

    def has_place(role, kinds):
        ends = {
            reference(one.happening.no)
            for one in quiet.planting.told
            if {one.happening.from_place, one.happening.to_place} - {"", WIP}
        }
        return {
            name: told for name, told in told(role, kinds, by_reference).items() if name in ends
        }

    assert held("mes", "kind <> 'goods_issue'") == told("mes", COUNTED, correlation_of_report)
    assert held("mes", "kind = 'goods_issue'") == told("mes", USED, by_reference)
    assert held("erp", "length(correlation_id) = 16") == told("erp", MOVES, by_reference)
    assert held("erp", "length(correlation_id) = 36 AND kind <> 'labor'") == told(
        "erp", COUNTED, correlation
    )
    assert held("wms") == has_place("wms", MOVES - {Kind.DELIVERY_PICKED})  # no record of its own
    assert held("cmms") == told("cmms", {Kind.SPARE_ISSUED}, by_reference)
    assert lists("asset_state", "source_key", "cmms") == numbers(
        "cmms", Kind.DOWNTIME_STARTED, lambda h: event_id(h.no)
    )
    assert lists("quality_disposition", "source_key", "qms") == numbers(
        "qms", Kind.HOLD_PLACED, lambda h: h.document.lstrip("0")
    )
    for role in ("erp", "mes"):
        assert lists("order_state", "order_no", role) == numbers(
            role, Kind.ORDER_RELEASED, lambda h: h.order_no.lstrip("0")
        )
    asked = con.execute("SELECT count(*) FROM order_line WHERE source LIKE 'supplier%'").fetchone()
    assert asked == (sum(h.kind is Kind.ASN_SENT for h in quiet.history),)
    assert quiet.services.store.state.doubled() == {}


def correlation_of_report(h):
    return event_id(h.no)
