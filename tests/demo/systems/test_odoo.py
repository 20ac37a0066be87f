"""The second ERP, collected by the ordinary pack: what it heard is held once, and exactly."""

import json
from collections import Counter
from decimal import Decimal

import pytest

from app.clock import SetClock
from app.demo.group import MOVES, Group, Happening, Kind, Stock, simulate
from app.demo.group.masterdata import DOCK, FINISHED, RAW, TRANSIT, UNRESTRICTED
from app.demo.replay import Server
from app.demo.systems.erp import event_id, reference
from app.demo.systems.odoo import TRANSIT as BETWEEN
from app.demo.systems.odoo import Odoo, OdooService, places, source
from app.jobs.collect import collect
from app.services import opened
from tests.collectors.conftest import CURRENT, Plant
from tests.demo.systems.house import write

GROUP = Group(seed=7, days=2, plants=2)
THEIRS, OURS = (site.code for site in GROUP.sites)
STATUSES = {"unrestricted": "free", "inspection": "inspect", "blocked": "blocked"}
KINDS = {
    Kind.STOCK_OPENED: "adjust",
    Kind.ADJUSTMENT_COUNTED: "adjust",
    Kind.SCRAP_DECLARED: "scrap",
    Kind.COMPONENT_ISSUED: "goods_issue",
    Kind.SPARE_ISSUED: "spare_issue",
    Kind.FINISHED_RECEIVED: "fg_receipt",
    Kind.PURCHASE_RECEIVED: "receipt",
    Kind.SPARE_RECEIVED: "receipt",
    Kind.DELIVERY_SHIPPED: "ship_confirm",
    Kind.TRANSFER_SHIPPED: "transfer",
    Kind.TRANSFER_RECEIVED: "transfer",
    Kind.STOCK_STATUS_CHANGED: "status_change",
}
IN_STOCK = f"{CURRENT} AND feed = 'move_lines' AND location <> '{BETWEEN}'"


@pytest.fixture(scope="module")
def books(tmp_path_factory):
    """Two days of a group whose second plant has an Odoo, collected in the middle and at the end:
    the history, the true stock, what is held, and the reports of the last collection.
    """
    folder = tmp_path_factory.mktemp("odoo")
    history, stock = list(simulate(GROUP)), Stock()
    half = len(history) // 2
    clock = SetClock(history[half].at, running=False)
    service = OdooService("group", "tower", "pass")
    odoo, server = Odoo(GROUP, service, [OURS]), Server(service, clock)
    with opened(told_landscape(folder, server.address, "pass"), clock=clock) as services:
        for part, until in ((history[:half], clock.now()), (history[half:], GROUP.ends_at)):
            for happening in part:
                stock.post(happening)
                odoo.hear(happening)
            clock.set(until)
            reports = {report.feed: report for report in collect(services)}
        yield history, stock, Plant(services), reports
    server.stop()


def told_landscape(folder, address, password):
    words = [f"odoo,{name},{place}" for name, place in places([OURS]).items()]
    told = {
        "landscape/sources/odoo.yml": source(address, "file:../odoo.key", [OURS]),
        "landscape/cross_reference/location.csv": "\n".join(["source,source_key,key", *words, ""]),
    }
    path = write(folder, GROUP, address, {**told, "odoo.key": password})
    (path / "sources" / "erp.yml").unlink()
    return path


def ours(history, *kinds):
    return [h for h in history if h.kind in kinds and h.plant == OURS]


def moved(history):
    """What truly came to a place of the plant or left it: kind, place, item, lot and status."""
    for h in history:
        kind, quantity = KINDS.get(h.kind, "goods_issue"), h.quantity
        if h.kind not in MOVES or h.kind is Kind.DELIVERY_PICKED:
            continue
        ends = [
            (h.from_plant or h.plant, h.from_place, h.from_status, -quantity),
            (h.plant, h.to_place, h.to_status, quantity),
        ]
        for plant, place, status, change in ends:
            if plant == OURS and place:
                yield kind, *shelf(h, place, status), change
        if h.kind is Kind.COMPONENT_RETURNED and h.plant == OURS:
            # What comes back was not used: it lies where it was until somebody puts it elsewhere.
            free, there = shelf(h, h.to_place, UNRESTRICTED), shelf(h, h.to_place, h.to_status)
            for name, place, change in (
                ("goods_issue", there, -quantity),
                ("goods_issue", free, quantity),
                ("status_change", free, -quantity),
                ("status_change", there, quantity),
            ):
                yield name, *place, change


def shelf(h, place, status):
    store = FINISHED if place == DOCK else place
    return store, h.item.lstrip("0"), h.lot or None, STATUSES[status]


def summed(rows):
    """Quantities by all that stands before them; none of nothing."""
    sums = Counter()
    for *key, quantity in rows:
        sums[tuple(key)] += quantity
    return {key: quantity for key, quantity in sums.items() if quantity}


def values(rows):
    return [tuple(row.values()) for row in rows]


def test_everything_is_held_exactly_once(books):
    _, _, plant, reports = books
    assert {feed: report.error for feed, report in reports.items()} == dict.fromkeys(reports)
    for report in reports.values():
        assert (report.landed.rejects, report.landed.unresolved) == (0, 0)
        assert report.landed.records
    assert plant.rejects() == []
    assert plant.rows("SELECT * FROM unresolved") == []
    assert plant.services.store.state.doubled() == {}


def test_every_movement_is_told_in_base_units_with_place_lot_and_status(books):
    history, _, plant, _ = books
    rows = plant.rows(
        "SELECT kind, location, item, lot, stock_status, quantity FROM business_event "
        f"WHERE {IN_STOCK} AND plant = '{OURS}'"
    )
    assert summed(values(rows)) == summed(moved(history))
    assert {row["kind"] for row in rows} == set(KINDS.values())
    assert any(h.reverses for h in ours(history, *MOVES))


def test_every_movement_is_one_line_with_the_reference_everybody_uses(books):
    history, _, plant, _ = books
    rows = plant.rows(
        "SELECT DISTINCT split_part(source_key, '/', 1), kind, occurred_at, "
        f"correlation_id FROM business_event WHERE {IN_STOCK}"
    )
    expected = [
        (KINDS[h.kind], h.at, reference(h.no))
        for h in history
        if h.kind in KINDS and h.quantity and not h.reverses
        if OURS in (h.plant, h.from_plant)
    ]
    is_put = {reference(h.no) for h in ours(history, Kind.COMPONENT_RETURNED)}
    assert len(expected) > 900
    assert Counter(row[1:] for row in values(rows) if row[3] not in is_put) == Counter(expected)


def test_the_books_hold_the_true_stock_and_the_movements_lead_to_it(books):
    _, stock, plant, _ = books
    true = ((*shelf_of(held), held.quantity) for held in stock.balances(OURS))
    names = "location, item, lot, stock_status, unit, quantity"
    held = plant.rows(
        f"SELECT {names} FROM stock_balance WHERE plant = '{OURS}' AND snapshot_id = "
        "(SELECT max(snapshot_id) FROM stock_balance)"
    )
    events = plant.rows(f"SELECT {names} FROM business_event WHERE {IN_STOCK}")
    assert summed(values(held)) == summed(values(events)) == summed(true)


def shelf_of(held):
    item = GROUP.items[held.item]
    place = FINISHED if held.place == DOCK else held.place
    lot = item.lot(held.lot) or None
    return place, held.item.lstrip("0"), lot, STATUSES[held.status], item.unit


def test_raw_material_is_weighed_in_grams(books):
    _, _, plant, _ = books
    told = plant.rows(
        "SELECT DISTINCT item, unit_source, unit FROM business_event WHERE item <> ''"
    )
    grams = {row["item"] for row in told if (row["unit_source"], row["unit"]) == ("G", "KG")}
    assert grams == {row["item"] for row in told if row["unit_source"] != row["unit"]}
    assert len(grams) > 5


def test_what_things_are_worth_is_left_to_who_knows_it(books):
    assert books[2].rows("SELECT * FROM item_cost") == []


def test_goods_of_another_plant_come_from_between_the_plants(books):
    history, _, plant, _ = books
    expected = summed(
        (h.item.lstrip("0"), h.lot, -h.quantity if h.plant == OURS else h.quantity)
        for h in history
        if {h.plant, h.from_plant} == {THEIRS, OURS}
    )
    rows = plant.facts("business_event", "item, lot, quantity", f"location = '{BETWEEN}'")
    assert expected
    assert summed(values(rows)) == expected
    balances = plant.rows("SELECT DISTINCT location FROM stock_balance")
    assert BETWEEN not in {row["location"] for row in balances}


# Orders and documents -----------------------------------------------------------------------------


def yields(history):
    """What each operation of each order reported as good."""
    made = Counter()
    for h in ours(history, Kind.OPERATION_COMPLETED):
        made[h.order_no.lstrip("0"), h.operation] += h.quantity
    return made


def test_orders_stand_where_the_group_left_them(books):
    history, _, plant, _ = books
    ends = {
        Kind.ORDER_CANCELLED: "cancelled",
        Kind.ORDER_COMPLETED: "done",
        Kind.ORDER_CLOSED: "done",
    }
    reported = Kind.OPERATION_COMPLETED, Kind.OPERATION_SCRAPPED, Kind.LABOUR_BOOKED
    begun = {h.order_no.lstrip("0") for h in ours(history, *reported)}
    made, expected = yields(history), {}
    for h in history:
        number = h.order_no.lstrip("0")
        if h.plant != OURS or not h.kind.startswith("order_"):
            continue
        last = GROUP.items[h.item].routing[-1].no
        planned = expected.get(number, (None, None, None))[2]
        if h.kind in (Kind.ORDER_RELEASED, Kind.ORDER_CHANGED):
            planned = h.quantity
        expected[number] = ends.get(h.kind), h.item.lstrip("0"), planned, made[number, last]
    expected = {
        number: (end or ("in_progress" if number in begun else "released"), *rest)
        for number, (end, *rest) in expected.items()
    }
    rows = plant.facts(
        "order_state",
        "order_no, status, item, quantity, quantity_good",
        f"feed = 'productions' AND plant = '{OURS}' AND reference_no = lpad(order_no, 12, '0')",
    )
    assert {row[0]: row[1:] for row in values(rows)} == expected
    assert {status for status, *_ in expected.values()} == {"released", "in_progress", "done"}


def test_what_is_made_is_told_once_for_each_order_and_operation(books):
    history, _, plant, _ = books
    made = yields(history)
    lasts = {
        h.order_no.lstrip("0"): GROUP.items[h.item].routing[-1].no
        for h in ours(history, Kind.ORDER_RELEASED)
    }
    orders = plant.facts("business_event", "order_no, quantity", "kind = 'op_complete'")
    assert len({row["order_no"] for row in orders}) == len(orders)
    assert summed(values(orders)) == {
        (number,): made[number, last] for number, last in lasts.items() if made[number, last]
    }
    lines = plant.facts(
        "order_line",
        "order_no, op_no, quantity_done, attributes ->> 'minutes' AS minutes",
        "feed = 'workorders'",
    )
    assert summed((row["order_no"], row["op_no"], row["quantity_done"]) for row in lines) == made
    worked = summed(
        (h.order_no.lstrip("0"), h.operation, h.minutes) for h in ours(history, Kind.LABOUR_BOOKED)
    )
    told = ((row["order_no"], row["op_no"], Decimal(row["minutes"])) for row in lines)
    assert summed(told) == worked


def test_what_an_operation_lost_is_scrap_that_never_was_in_stock(books):
    history, _, plant, _ = books
    expected = {}
    for h in ours(history, Kind.OPERATION_SCRAPPED):
        expected[event_id(h.reverses or h.no)] = Decimal(0) if h.reverses else h.quantity
    rows = plant.facts(
        "business_event",
        "correlation_id, quantity",
        f"kind = 'scrap' AND plant = '{OURS}' AND location IS NULL",
    )
    assert len(rows) == len(expected) > 50
    assert {row["correlation_id"]: row["quantity"] for row in rows} == expected
    assert 0 in expected.values()
    lost = plant.facts("order_state", "parent_no, reference_no", "order_kind = 'scrap'")
    of_orders = {row["reference_no"] for row in lost if row["parent_no"]}
    assert of_orders == set(expected)


def test_what_repairs_take_is_told_apart_from_what_production_takes_and_loses(books):
    history, _, plant, _ = books
    rows = plant.facts(
        "business_event",
        "order_kind, order_no",
        "kind IN ('goods_issue', 'spare_issue') AND location IN ('MRO1', 'RAW1', 'WIP1')",
    )
    orders = {
        "maintenance": {h.order_no for h in ours(history, Kind.SPARE_ISSUED)},
        "production": {h.order_no.lstrip("0") for h in ours(history, Kind.COMPONENT_ISSUED)},
    }
    assert {kind: {no for of, no in values(rows) if of == kind} for kind in orders} == orders
    lost = plant.facts("business_event", "order_kind", "kind = 'scrap' AND location IS NULL")
    assert {row["order_kind"] for row in lost} == {"production"}


def test_deliveries_and_receipts_have_the_numbers_of_their_documents(books):
    history, _, plant, _ = books
    kinds = {
        k: KINDS[k] for k in (Kind.DELIVERY_SHIPPED, Kind.PURCHASE_RECEIVED, Kind.SPARE_RECEIVED)
    }
    expected = Counter((kinds[h.kind], h.document) for h in ours(history, *kinds))
    rows = plant.facts("business_event", "kind, document_no", "kind IN ('receipt', 'ship_confirm')")
    assert Counter(values(rows)) == expected
    shipped = {h.document for h in ours(history, Kind.DELIVERY_SHIPPED)}
    created = {h.document for h in ours(history, Kind.DELIVERY_CREATED)}
    rows = plant.facts("order_state", "order_no, status", "order_kind = 'delivery'")
    assert dict(values(rows)) == {
        number: "done" if number in shipped else "released" for number in created
    }
    assert shipped < created


@pytest.mark.parametrize(
    ("order_kind", "ordered", "settled"),
    [
        ("purchase", Kind.PURCHASE_ORDERED, (Kind.PURCHASE_RECEIVED, Kind.SPARE_RECEIVED)),
        ("sales", Kind.SALES_ORDERED, (Kind.DELIVERY_SHIPPED,)),
    ],
)
def test_order_lines_know_what_of_them_is_done(books, order_kind, ordered, settled):
    history, _, plant, _ = books
    wanted, done = Counter(), Counter()
    for h in ours(history, ordered):
        wanted[h.order_no, h.item.lstrip("0")] += h.quantity
    for h in ours(history, *settled):
        done[h.order_no, h.item.lstrip("0")] += h.quantity
    columns = "order_no, item, quantity, quantity_done * quantity / quantity_source AS done, status"
    rows = plant.facts("order_line", columns, f"order_kind = '{order_kind}'")
    assert summed(row[:3] for row in values(rows)) == wanted
    assert summed((*row[:2], row[3]) for row in values(rows)) == done
    open_orders = {no for (no, item), quantity in wanted.items() if done[no, item] < quantity}
    states = dict(
        values(plant.facts("order_state", "order_no, status", f"order_kind = '{order_kind}'"))
    )
    assert {no for no, status in states.items() if status != "done"} == open_orders
    assert set(states) == {no for no, _ in wanted}
    assert "done" in states.values()


def test_maintenance_requests_bear_the_number_of_their_work_order(books):
    history, _, plant, _ = books
    done = {h.order_no for h in ours(history, Kind.MAINTENANCE_COMPLETED)}
    expected = {
        h.order_no: ("done" if h.order_no in done else "in_progress", h.equipment)
        for h in ours(history, Kind.MAINTENANCE_OPENED)
    }
    rows = plant.rows(
        "SELECT o.reference_no, o.status, a.equipment FROM order_state AS o "
        "JOIN asset_state AS a USING (source_key) WHERE o.superseded_at IS NULL "
        "AND a.superseded_at IS NULL AND o.order_kind = 'maintenance'"
    )
    assert {row[0]: row[1:] for row in values(rows)} == expected


# How it answers -----------------------------------------------------------------------------------

AT = GROUP.starts_at


@pytest.fixture
def told():
    """An Odoo of one plant that heard nothing yet, and a way to ask it."""
    service = OdooService("group", "tower", "pass")

    def ask(model, domain=(), password="pass", method="search_read", **options):
        arguments = ["group", 2, password, model, method, [list(domain)], options]
        return call(service, "object", "execute_kw", arguments)

    return Odoo(GROUP, service, [OURS]), ask, service


def call(service, name, method, arguments):
    params = {"service": name, "method": method, "args": arguments}
    body = json.dumps({"jsonrpc": "2.0", "id": 7, "method": "call", "params": params})
    status, answer, _ = service.answer("POST", "/jsonrpc", {}, body.encode())
    document = json.loads(answer)
    assert (status, document["jsonrpc"], document["id"]) == (200, "2.0", 7)
    return document.get("result", document.get("error"))


@pytest.mark.parametrize(("method", "more"), [("login", []), ("authenticate", [{}])])
def test_only_who_knows_the_password_gets_a_user_id(told, method, more):
    service = told[2]
    assert call(service, "common", method, ["group", "tower", "pass", *more]) == 2
    assert call(service, "common", method, ["group", "tower", "wrong", *more]) is False


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ({"model": "stock.move", "password": "wrong"}, "odoo.exceptions.AccessDenied"),
        ({"model": "stock.move", "method": "unlink"}, "odoo.exceptions.AccessError"),
        ({"model": "stock.moves"}, "builtins.KeyError"),
        ({"model": "stock.move", "fields": ["colour"]}, "builtins.ValueError"),
        ({"model": "stock.move", "sort": "id"}, "builtins.TypeError"),
        ({"model": "stock.location", "domain": [["usage", "like", "x"]]}, "builtins.KeyError"),
    ],
)
def test_an_error_comes_with_the_name_of_its_class(told, asked, name):
    error = told[1](**asked)
    assert (error["code"], error["message"]) == (200, "Odoo Server Error")
    assert error["data"]["name"] == name
    assert name in error["data"]["debug"]


def test_what_is_no_call_is_refused(told):
    service = told[2]
    assert service.answer("POST", "/jsonrpc", {}, b"{")[0] == 400
    assert service.answer("GET", "/jsonrpc", {}, b"")[0] == 404
    assert service.answer("POST", "/web", {}, b"{}")[0] == 404


def test_records_come_in_pages_in_the_order_asked_for(told):
    ask = told[1]
    rows = ask("product.product", fields=["default_code"], order="write_date asc, id desc")
    ids = [row["id"] for row in rows]
    assert ids == sorted(ids, reverse=True)
    assert set(rows[0]) == {"id", "default_code"}
    assert ask("product.product", fields=["default_code"], limit=3, offset=4)[0]["id"] == 5
    assert ask("product.product", [["write_date", ">", "2027-01-01 00:00:00"]]) == []


def test_archived_records_come_when_they_are_asked_for(told):
    _, ask, service = told
    service.put("uom.uom", {"id": 1, "name": "EA", "active": False, "rounding": Decimal("0.5")})
    assert 1 not in {row["id"] for row in ask("uom.uom")}
    (row,) = ask("uom.uom", [["id", "=", 1]], context={"active_test": False})
    assert (row["rounding"], row["category_id"]) == (0.5, False)


def test_a_field_the_model_does_not_have_is_a_mistake_of_ours(told):
    with pytest.raises(KeyError, match="colour"):
        told[2].put("uom.uom", {"id": 1, "colour": "red"})


def test_a_wrong_password_in_the_landscape_is_denied(tmp_path):
    clock = SetClock(GROUP.ends_at, running=False)
    server = Server(OdooService("group", "tower", "pass"), clock)
    path = told_landscape(tmp_path, server.address, "wrong")
    with opened(path, clock=clock) as services:
        reports = [report for report in collect(services) if report.source == "odoo"]
    server.stop()
    assert all("refused" in report.error for report in reports)


# What it makes of single happenings ---------------------------------------------------------------


def happened(number, kind, quantity, **more):
    told = {"item": "0000502001", "lot": "L1", "unit": "EA", "quantity": Decimal(quantity)}
    told |= {"from_status": UNRESTRICTED, "to_status": UNRESTRICTED}
    return Happening(number, AT, OURS, kind, **(told | more))


def lines(ask):
    return [
        (row["location_id"][1], row["location_dest_id"][1], row["quantity"])
        for row in ask("stock.move.line")
    ]


def test_what_is_taken_back_is_taken_off_the_line_that_was_booked(told):
    odoo, ask, _ = told
    odoo.hear(happened(1, Kind.FINISHED_RECEIVED, 5, to_place=FINISHED, order_no="0001"))
    back = happened(2, Kind.FINISHED_RECEIVED, -5, to_place=FINISHED, order_no="0001", reverses=1)
    odoo.hear(back)
    odoo.hear(back)
    odoo.hear(happened(4, Kind.FINISHED_RECEIVED, -5, to_place=FINISHED, reverses=3))
    assert lines(ask) == [("Virtual Locations/Production", f"{OURS}/FG01", 0)]
    assert [row["quantity"] for row in ask("stock.quant")] == [0]
    assert [row["quantity"] for row in ask("stock.move")] == [0]


def test_what_comes_back_from_production_was_not_used_the_last_lines_first(told):
    odoo, ask, _ = told
    told_of = {"order_no": "0001"}
    odoo.hear(happened(1, Kind.COMPONENT_ISSUED, 5, from_place=RAW, **told_of))
    odoo.hear(happened(2, Kind.COMPONENT_ISSUED, 3, from_place=RAW, **told_of))
    more = {"to_place": RAW, "to_status": "blocked"}
    odoo.hear(happened(3, Kind.COMPONENT_RETURNED, 4, **more, **told_of))
    assert lines(ask) == [
        (f"{OURS}/RAW1", "Virtual Locations/Production", 4),
        (f"{OURS}/RAW1", "Virtual Locations/Production", 0),
        (f"{OURS}/RAW1", f"{OURS}/RAW1/Blocked", 4),
    ]


def test_other_plants_and_picks_are_none_of_its_business(told):
    odoo, ask, _ = told
    odoo.hear(Happening(1, AT, THEIRS, Kind.DELIVERY_SHIPPED, quantity=Decimal(1)))
    odoo.hear(happened(2, Kind.DELIVERY_PICKED, 1, from_place=FINISHED, to_place=DOCK))
    odoo.hear(happened(3, Kind.OPERATION_COMPLETED, 1, order_no="unheard of", operation="0010"))
    assert [ask(model) for model in ("stock.move.line", "stock.quant", "mrp.workorder")] == [[]] * 3


def test_every_kind_that_moves_stock_is_told(told):
    odoo, ask, _ = told
    for number, kind in enumerate(sorted(MOVES - {Kind.COMPONENT_RETURNED}), 1):
        to_place = TRANSIT if kind is Kind.TRANSFER_SHIPPED else FINISHED
        is_in = kind in (Kind.FINISHED_RECEIVED, Kind.PURCHASE_RECEIVED, Kind.SPARE_RECEIVED)
        is_in = is_in or kind in (Kind.STOCK_OPENED, Kind.ADJUSTMENT_COUNTED)
        odoo.hear(happened(number, kind, 1, from_place="" if is_in else RAW, to_place=to_place))
        assert len(ask("stock.move.line")) == number
