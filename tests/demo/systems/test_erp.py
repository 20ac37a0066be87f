"""The simulated ERP, collected by the ordinary pack: its books are the truth, record for record."""

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest

from app.clock import SetClock
from app.demo.group import MOVES, Group, Kind, Stock, simulate
from app.demo.group.masterdata import BLOCKED, DOCK, FINISHED, INSPECTION, UNRESTRICTED
from app.demo.replay import Server
from app.demo.systems.erp import REPORTED, Erp, event_id, failure
from app.demo.systems.inspection import InspectionLots
from app.demo.systems.odata import ODataService
from app.demo.systems.sap import FAILED, ROOT, SETS
from app.jobs.collect import collect
from app.services import opened
from tests.collectors.conftest import Plant
from tests.demo.systems.house import write

INSPECTED = (Kind.INSPECTION_OPENED, Kind.INSPECTION_DECIDED, Kind.STOCK_STATUS_CHANGED)
STATUSES = {"unrestricted": "free", "inspection": "inspect", "blocked": "blocked"}


@pytest.fixture(scope="module")
def books(tmp_path_factory):
    """A group of two plants after four days: its history, and a landscape that read its ERP."""
    group = Group(days=4, plants=2)
    history, stock = list(simulate(group)), Stock()
    folder = tmp_path_factory.mktemp("group")
    clock = SetClock(group.ends_at, running=False)
    service = ODataService(ROOT, SETS, "tower", "pass", page_size=500)
    erp = Erp(group, service)
    for happening in history:
        stock.post(happening)
        erp.hear(happening)
    server = Server(service, clock)
    landscape = write(folder, group, server.address)
    with opened(landscape, clock=clock) as services:
        reports = {report.feed: report for report in collect(services, {"erp": None})}
        yield group, history, stock, Plant(services), reports
    server.stop()
    service.close()


def test_everything_is_held_exactly_once(books):
    _, _, _, plant, reports = books
    assert {feed: report.error for feed, report in reports.items()} == dict.fromkeys(reports)
    for report in reports.values():
        landed = report.landed
        assert landed.records == landed.held + landed.left_out
        assert (landed.unchanged, landed.rejects, landed.unresolved) == (0, 0, 0)
    assert plant.rejects() == []
    assert plant.services.store.state.doubled() == {}


def test_every_report_of_the_shop_floor_is_a_confirmation(books):
    _, history, _, plant, _ = books
    kinds = {
        Kind.OPERATION_COMPLETED: "op_complete",
        Kind.OPERATION_SCRAPPED: "scrap",
        Kind.OPERATION_REWORKED: "rework",
        Kind.LABOUR_BOOKED: "labor",
    }
    expected = {
        (event_id(h.reverses or h.no), h.reverses is not None): (
            kinds[h.kind],
            h.order_no.lstrip("0"),
            h.operation,
            h.minutes if h.kind is Kind.LABOUR_BOOKED else h.quantity,
            h.at,
        )
        for h in history
        if h.kind in REPORTED
    }
    rows = plant.facts(
        "business_event",
        "correlation_id, is_reversal, kind, order_no, op_no, "
        "coalesce(quantity, labor_minutes) AS measured, "
        "occurred_at",
        "feed = 'confirmations'",
    )
    held = [tuple(row.values()) for row in rows]
    assert {(one, back): rest for one, back, *rest in held} == {
        key: list(rest) for key, rest in expected.items()
    }
    assert len(held) == len(expected)
    assert any(h.reverses for h in history if h.kind in REPORTED)


def test_the_movements_add_up_to_the_stock_of_the_books_and_that_is_the_truth(books):
    _, history, stock, plant, _ = books
    true = Counter()
    for held in stock.balances():
        place = FINISHED if held.place == DOCK else held.place
        has_serial = held.lot.startswith("S")
        lot = None if has_serial or not held.lot else held.lot
        key = held.plant, place, held.item.lstrip("0"), lot, STATUSES[held.status]
        true[key] += held.quantity
    names = "plant, location, item, lot, stock_status"
    lines = plant.facts("stock_balance", f"{names}, quantity")
    assert {tuple(row.values())[:-1]: row["quantity"] for row in lines} == dict(true)
    sums = plant.rows(
        f"SELECT {names}, sum(quantity) AS quantity FROM business_event "
        "WHERE feed = 'goods_movements' AND superseded_at IS NULL GROUP BY ALL "
        "HAVING sum(quantity) <> 0"
    )
    assert {tuple(row.values())[:-1]: row["quantity"] for row in sums} == dict(true)
    assert any(h.reverses for h in history if h.kind in MOVES)


def test_every_line_of_an_invoice_is_held_with_its_delivery(books):
    _, history, _, plant, _ = books
    expected = {
        (h.document, h.position): (h.plant, h.reference, h.item.lstrip("0"), -h.quantity)
        for h in history
        if h.kind is Kind.CUSTOMER_INVOICED
    }
    rows = plant.facts(
        "business_event",
        "document_no, order_line, plant, order_no, item, quantity",
        "kind = 'invoiced'",
    )
    held = [tuple(row.values()) for row in rows]
    assert {(number, line): tuple(rest) for number, line, *rest in held} == expected
    assert len(held) == len(expected)


def test_an_inspection_lot_says_what_was_posted_of_it(books):
    _, history, _, plant, _ = books
    posted, decided = defaultdict(Counter), set()
    for h in history:
        if h.kind is Kind.STOCK_STATUS_CHANGED and h.from_status == INSPECTION:
            posted[h.reference][h.to_status] += h.quantity
        elif h.kind is Kind.INSPECTION_DECIDED:
            decided.add(h.document)
    expected = {
        h.document: (
            "stock_posted" if h.document in decided else "open",
            h.plant,
            h.item.lstrip("0"),
            h.lot or None,
            h.quantity,
            posted[h.document][UNRESTRICTED],
            posted[h.document][BLOCKED],
        )
        for h in history
        if h.kind is Kind.INSPECTION_OPENED
    }
    rows = plant.facts(
        "quality_disposition",
        "event_key, status, plant, item, lot, quantity, quantity_free, quantity_blocked",
    )
    assert {key: tuple(rest) for key, *rest in map(dict.values, rows)} == expected
    assert len(rows) == len(expected)


def test_what_is_decided_and_posted_in_part_is_only_decided(books):
    _, history, *_ = books
    told, lots = [], InspectionLots(SimpleNamespace(put=lambda name, rows: told.extend(rows)))
    opened = next(h for h in history if h.kind is Kind.INSPECTION_OPENED)
    for h in history:
        if opened.document in (h.document, h.reference) and h.kind in INSPECTED:
            is_posted = h.kind is Kind.STOCK_STATUS_CHANGED
            lots.hear(replace(h, quantity=h.quantity / 2) if is_posted else h, h.at)
    assert told[-1]["InspectionLotHasUsageDecision"] == "X"
    assert told[-1]["InspLotIsStockPostingCompleted"] == ""


def test_orders_stand_where_the_group_left_them(books):
    _, history, _, plant, _ = books
    last, confirmed, planned = {}, set(), {}
    for h in history:
        if h.kind.startswith("order_"):
            last[h.order_no.lstrip("0")] = h.kind
            if h.kind in (Kind.ORDER_RELEASED, Kind.ORDER_CHANGED):
                planned[h.order_no.lstrip("0")] = h.quantity
        elif h.kind in REPORTED:
            confirmed.add(h.order_no.lstrip("0"))
    ends = {
        Kind.ORDER_CANCELLED: "cancelled",
        Kind.ORDER_COMPLETED: "done",
        Kind.ORDER_CLOSED: "closed",
    }
    expected = {
        number: (
            ends.get(kind, "in_progress" if number in confirmed else "released"),
            planned[number],
        )
        for number, kind in last.items()
    }
    rows = plant.facts("order_state", "order_no, status, quantity")
    assert {row["order_no"]: (row["status"], row["quantity"]) for row in rows} == expected
    assert len({status for status, _ in expected.values()}) >= 4


def test_what_is_entered_late_has_the_fiscal_date_of_its_entry(tmp_path):
    group = Group(days=1, plants=1)
    service = ODataService(ROOT, SETS, "tower", "pass")
    erp = Erp(group, service)
    made = next(h for h in simulate(group) if h.kind is Kind.FINISHED_RECEIVED)
    erp.hear(made, made.at + timedelta(days=40))
    assert service.count("A_MaterialDocumentItem") == 1
    headers = {"Authorization": "Basic dG93ZXI6cGFzcw=="}
    path = f"{ROOT}/API_MATERIAL_DOCUMENT_SRV/A_MaterialDocumentHeader"
    _, body, _ = service.answer("GET", path, headers, b"")
    posted, dated = (
        body.split(f'"{name}":"/Date('.encode())[1][:13] for name in ("PostingDate", "DocumentDate")
    )
    assert int(posted) - int(dated) == 40 * 86_400_000
    assert made.quantity > Decimal(0)
    service.close()


@pytest.fixture
def failing():
    """An ERP that could not post a receipt, and the receipt."""
    group = Group(days=1, plants=1)
    service = ODataService(ROOT, SETS, "tower", "pass")
    erp = Erp(group, service)
    made = next(h for h in simulate(group) if h.kind is Kind.FINISHED_RECEIVED)
    erp.fail(made, made.at)
    yield service, erp, made
    service.close()


def test_what_cannot_be_posted_is_listed_and_changes_no_stock(failing):
    service, _, made = failing
    assert (service.count(FAILED), service.count("A_MaterialDocumentItem")) == (1, 0)
    assert service.count("A_MatlStkInAcctMod") == 0
    assert failure(made.no) == f"{made.no:010}/1"


def test_posted_again_it_is_listed_no_longer(failing):
    service, erp, made = failing
    erp.hear(made, made.at + timedelta(minutes=5))
    assert (service.count(FAILED), service.count("A_MaterialDocumentItem")) == (0, 1)


def test_deleted_it_is_neither_listed_nor_posted(failing):
    service, erp, made = failing
    erp.delete(made)
    erp.delete(made)
    assert (service.count(FAILED), service.count("A_MaterialDocumentItem")) == (0, 0)


def test_of_a_transfer_to_other_books_it_has_its_own_end():
    group = Group(days=4, plants=2)
    first, second = (site.code for site in group.sites)
    between = [h for h in simulate(group) if {h.plant, h.from_plant} == {first, second}]
    kept = Kept()
    erp = Erp(group, kept, [first])
    for happening in between:
        erp.hear(happening)
    ends = [("303" if h.from_plant == first else "305", first, second) for h in between]
    told = [
        (row["GoodsMovementType"], row["Plant"], row["IssuingOrReceivingPlant"])
        for row in kept.rows["A_MaterialDocumentItem"]
    ]
    assert told == ends
    assert {kind for kind, *_ in told} == {"303", "305"}


class Kept:
    """A shelf that keeps all it is given."""

    def __init__(self):
        self.rows = defaultdict(list)

    def put(self, name, rows, gone=()):
        self.rows[name] += rows
