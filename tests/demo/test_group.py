"""The group where nothing goes wrong: everything is held, and nothing is found."""

from collections import Counter, defaultdict
from datetime import date, timedelta

import pytest

from app.demo.faults import Plan
from app.demo.group import MOVES, Group, Kind
from app.demo.group.masterdata import UNRESTRICTED, WIP
from app.demo.ledgers import odoo_plants, sap_plants
from app.demo.systems.edi import FINISHED_GOODS, partnered
from app.demo.systems.erp import correlation, event_id, reference
from app.store.reading import Wanted
from tests.demo.played import played

NONE = Plan(decoys=False)
COUNTED = {Kind.OPERATION_COMPLETED, Kind.OPERATION_SCRAPPED, Kind.OPERATION_REWORKED}
USED = {Kind.COMPONENT_ISSUED, Kind.COMPONENT_RETURNED}
# The night the clocks show an hour twice (Berlin, 25 October) is among them.
GROUP = Group(seed=8, start=date(2026, 10, 24), days=3, plants=3)
BOOKS = {"erp": sap_plants(GROUP), "odoo": odoo_plants(GROUP)}


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
    confirmed = Counter(h.kind for h in quiet.history if h.plant in BOOKS["erp"])
    assert made == confirmed[Kind.OPERATION_COMPLETED] < counts[Kind.OPERATION_COMPLETED]
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

    def told(role, kinds, name, fits=lambda h: True):
        found = {}
        for h in heard(quiet, role):
            if h.kind in kinds and h.quantity and fits(h):
                found.setdefault(name(h), abs(h.quantity))
        return found

    def by_reference(h):
        return reference(h.no)

    def lists(table, column, source, feed="%"):
        query = (
            f"SELECT DISTINCT {column} FROM {table} "
            f"WHERE source LIKE '{source}%' AND feed LIKE '{feed}'"
        )
        return {value for (value,) in con.execute(query).fetchall()}

    def numbers(role, kind, name):
        return {name(h) for h in heard(quiet, role) if h.kind is kind}

    def is_advised(h):
        return h.plant in partnered(GROUP) and {h.from_place, h.to_place} <= {*FINISHED_GOODS, ""}

    def has_place(h):
        return bool({h.from_place, h.to_place} - {"", WIP}) and not is_advised(h)

    assert held("mes", "kind NOT IN ('goods_issue', 'labor')") == told(
        "mes", COUNTED, correlation_of_report
    )
    booked = numbers("mes", Kind.LABOUR_BOOKED, correlation_of_report)
    assert lists("business_event", "correlation_id", "mes", "labour") == booked
    assert held("mes", "kind = 'goods_issue'") == told("mes", USED, by_reference)
    assert held("erp", "length(correlation_id) = 16") == told("erp", MOVES, by_reference)
    assert held("erp", "length(correlation_id) = 36 AND kind <> 'labor'") == told(
        "erp", COUNTED, correlation
    )
    moved = MOVES - {Kind.DELIVERY_PICKED}  # no record of its own
    assert held("wms") == told("wms", moved, by_reference, has_place)
    advised = told("wms", moved, lambda h: reference(h.reverses or h.no), is_advised)
    assert held("threepl") == advised
    assert {*partnered(GROUP)} == {"2000"}
    assert len(advised) > 100
    assert held("cmms") == told("cmms", {Kind.SPARE_ISSUED}, by_reference)
    assert lists("asset_state", "source_key", "cmms") == numbers(
        "cmms", Kind.DOWNTIME_STARTED, lambda h: event_id(h.no)
    )
    for role in ("erp", "mes"):
        assert lists("order_state", "order_no", role) == numbers(role, Kind.ORDER_RELEASED, order)
    for feed, kind in (
        ("productions", Kind.ORDER_RELEASED),
        ("purchase_orders", Kind.PURCHASE_ORDERED),
        ("sale_orders", Kind.SALES_ORDERED),
    ):
        assert lists("order_state", "order_no", "odoo", feed) == numbers("odoo", kind, order)
    asked = con.execute("SELECT count(*) FROM order_line WHERE source LIKE 'supplier%'").fetchone()
    assert asked == (sum(h.kind is Kind.ASN_SENT for h in quiet.history),)
    assert quiet.services.store.state.doubled() == {}


def test_every_inspection_and_invoice_is_held_as_it_was_told(quiet):
    con = quiet.services.store.state.cursor()
    invoiced = con.execute(
        "SELECT document_no, count(*) FROM business_event WHERE kind = 'invoiced' GROUP BY 1"
    )
    assert dict(invoiced.fetchall()) == Counter(
        h.document for h in heard(quiet, "erp") if h.kind is Kind.CUSTOMER_INVOICED
    )
    decided = con.execute(
        "SELECT DISTINCT source_key FROM quality_disposition WHERE source = 'qms'"
    )
    assert {number for (number,) in decided.fetchall()} == {
        h.document
        for h in heard(quiet, "qms")
        if h.kind in (Kind.HOLD_PLACED, Kind.INSPECTION_OPENED)
    }
    for role in ("erp", "qms"):
        inspected = (
            "SELECT event_key, quantity FROM quality_disposition "
            f"WHERE kind = 'usage_decision' AND source = '{role}'"
        )
        assert dict(con.execute(inspected).fetchall()) == {
            h.document: h.quantity for h in heard(quiet, role) if h.kind is Kind.INSPECTION_OPENED
        }


def test_the_odoo_is_held_line_by_line_as_it_was_corrected(quiet):
    expected, issued = {}, defaultdict(list)
    for h in heard(quiet, "odoo"):
        if h.kind is Kind.OPERATION_SCRAPPED:
            expected[event_id(h.reverses or h.no)] = 0 if h.reverses else h.quantity
        elif h.kind in MOVES - {Kind.DELIVERY_PICKED, Kind.COMPONENT_RETURNED} and h.quantity:
            expected[reference(h.reverses or h.no)] = 0 if h.reverses else abs(h.quantity)
        if h.kind is Kind.COMPONENT_ISSUED and not h.reverses:
            issued[h.order_no, h.item, h.lot].append(reference(h.no))
        elif h.kind is Kind.COMPONENT_RETURNED:
            rest = h.quantity
            for name in reversed(issued[h.order_no, h.item, h.lot]):
                less = min(rest, expected[name])
                expected[name], rest = expected[name] - less, rest - less
            if h.to_status != UNRESTRICTED:
                expected[reference(h.no)] = h.quantity
    rows = quiet.services.store.state.cursor().execute(
        "SELECT correlation_id, max(abs(quantity)) FROM business_event "
        "WHERE source = 'odoo' AND feed = 'move_lines' AND superseded_at IS NULL GROUP BY 1"
    )
    assert dict(rows.fetchall()) == expected
    assert 0 in expected.values()


def heard(quiet, role):
    """What a system was told; of the two ERPs, each of its own plants."""
    for one in quiet.planting.told:
        h = one.happening
        if one.system == {"odoo": "erp"}.get(role, role) and (
            role not in BOOKS or {h.plant, h.from_plant} & {*BOOKS[role]}
        ):
            yield h


def order(h):
    return h.order_no.lstrip("0")


def correlation_of_report(h):
    return event_id(h.no)
