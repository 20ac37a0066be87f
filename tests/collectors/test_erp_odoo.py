"""The Odoo pack against what was recorded of a real Odoo 17, three pulls at their own times."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from app.clock import SetClock
from app.demo.replay import Odoo, Server
from app.demo.stage import PULLS
from app.jobs.collect import Report
from tests.collectors.odoo import (
    COMPANY,
    CURRENT,
    MODELS,
    RECORDED,
    TABLES,
    last_seen,
    pulls_of,
    recorded,
    source,
)


class Collected:
    """The three recorded pulls at their own times; reports by pull."""

    def __init__(self, erp: Any) -> None:
        self.erp = erp
        self.reports: dict[str, dict[str, Report]] = {}


@pytest.fixture(scope="module")
def odoo(
    tmp_path_factory: pytest.TempPathFactory, plant_at: Any, secret: Any
) -> Iterator[Collected]:
    """An ERP collected as it was on the three days of the recording."""
    folder = tmp_path_factory.mktemp("odoo")
    password = secret(folder, "letmein")
    recording, clock = Odoo(RECORDED, "letmein"), SetClock(PULLS["inc_20260907"], running=False)
    server = Server(recording)
    with plant_at(folder, COMPANY, {"erp": source(server.address, password)}, clock) as erp:
        collected = Collected(erp)
        for name, moment in PULLS.items():
            recording.generation = name
            clock.set(moment)
            asked = {feed for feed in MODELS if name in pulls_of(feed)}
            collected.reports[name] = erp.collect({"erp": asked})
        yield collected
    server.stop()


@pytest.mark.parametrize("feed", MODELS)
def test_every_record_that_came_is_accounted_for(odoo: Collected, feed: str) -> None:
    """A sweep lists everything seen until then; layers are swept weekly, the rest every day."""
    seen: set[int] = set()
    for name in pulls_of(feed):
        changed = {row["id"] for row in recorded(name, MODELS[feed])}
        seen |= changed
        landed = odoo.reports[name][f"erp/{feed}"].landed
        is_sweep = (feed, name) != ("valuation_layers", "asof")
        assert landed.records == len(seen if is_sweep else changed)
        assert landed.records == landed.held + landed.unchanged + landed.rejects + landed.left_out
        assert (landed.rejects, landed.left_out, landed.deleted) == (0, 0, 0)


@pytest.mark.parametrize("feed", MODELS)
def test_every_recorded_record_is_held_exactly_once(odoo: Collected, feed: str) -> None:
    newest = "snapshot_id = (SELECT max(snapshot_id) FROM stock_balance)"
    keys: dict[str, list[str]] = {}
    for table in TABLES[feed]:
        where = newest if table == "stock_balance" else CURRENT
        held = odoo.erp.rows(f"SELECT source_key FROM {table} WHERE feed = '{feed}' AND {where}")
        keys[table] = [row["source_key"] for row in held]
        assert len(keys[table]) == len(set(keys[table]))
    told = {int(re.search(r"\d+", key)[0]) for found in keys.values() for key in found}
    assert told == last_seen(MODELS[feed]).keys()


# What a table says of a record, and the field it must be to the last digit Odoo shows.
QUANTITIES = [
    ("productions", "order_state", "quantity_source", "product_qty"),
    ("productions", "order_state", "quantity_good", "qty_produced"),
    ("workorders", "order_line", "quantity_done", "qty_produced"),
    ("moves", "order_line", "quantity_source", "product_uom_qty"),
    ("move_lines", "business_event", "abs(quantity_source)", "quantity"),
    ("move_lines", "business_event", "abs(quantity)", "quantity_product_uom"),
    ("scraps", "order_state", "quantity_source", "scrap_qty"),
    ("purchase_lines", "order_line", "quantity_source", "product_qty"),
    ("purchase_lines", "order_line", "quantity_done", "qty_received"),
    ("sale_lines", "order_line", "quantity_source", "product_uom_qty"),
    ("sale_lines", "order_line", "quantity_done", "qty_delivered"),
    ("quants", "stock_balance", "quantity", "quantity"),
    ("quants", "stock_balance", "quantity_reserved", "reserved_quantity"),
    ("valuation_layers", "business_event", "amount", "value"),
]


@pytest.mark.parametrize(("feed", "table", "column", "field"), QUANTITIES)
def test_quantities_are_the_recorded_ones(
    odoo: Collected, feed: str, table: str, column: str, field: str
) -> None:
    where = CURRENT if table != "stock_balance" else "true"
    held = odoo.erp.rows(
        f"SELECT source_key, {column} AS quantity FROM {table} WHERE feed = '{feed}' AND {where}"
    )
    records = last_seen(MODELS[feed])
    said = {
        row["source_key"]: records[int(re.search(r"\d+", row["source_key"])[0])] for row in held
    }
    assert len(held) >= len(records) > 0
    assert {row["source_key"]: row["quantity"] for row in held} == {
        key: round(Decimal(str(record[field])), 6) for key, record in said.items()
    }


# What a table says of a record at what instant, and the field that is: naive text in UTC.
INSTANTS = [
    ("move_lines", "business_event", "occurred_at", "date", "state = 'posted'"),
    ("productions", "business_event", "occurred_at", "date_finished", "sub_kind = 'done'"),
    ("productions", "order_state", "planned_start_at", "date_start", "status = 'released'"),
    ("productions", "order_state", "changed_at", "write_date", "true"),
    ("pickings", "order_state", "actual_end_at", "date_done", "status = 'done'"),
    ("lots", "master_record", "valid_from", "create_date", "true"),
]


@pytest.mark.parametrize(("feed", "table", "column", "field", "which"), INSTANTS)
def test_naive_times_are_utc(
    odoo: Collected, feed: str, table: str, column: str, field: str, which: str
) -> None:
    held = odoo.erp.rows(
        f"SELECT source_key, strftime({column} AT TIME ZONE 'UTC', '%Y-%m-%d %H:%M:%S') AS told "
        f"FROM {table} WHERE feed = '{feed}' AND {CURRENT} AND {which}"
    )
    records = last_seen(MODELS[feed])
    assert len(held) > 1
    for row in held:
        assert row["told"] == records[int(re.search(r"\d+", row["source_key"])[0])][field]


def test_days_are_days_in_the_plant(odoo: Collected) -> None:
    """Hamilton is behind UTC: what happens after 20:00 there is the next day in UTC."""
    late = odoo.erp.rows(
        "SELECT count(*) AS events FROM business_event WHERE plant = 'HAM' AND occurred_on <> "
        f"CAST(occurred_at AT TIME ZONE 'UTC' AS DATE) AND {CURRENT}"
    )
    assert late[0]["events"] > 0
    wrong = odoo.erp.rows(
        "SELECT source_key FROM business_event WHERE plant = 'HAM' AND occurred_on <> "
        f"CAST(occurred_at AT TIME ZONE 'America/Toronto' AS DATE) AND {CURRENT}"
    )
    assert wrong == []


def test_nothing_is_rejected_and_no_unit_is_unknown(odoo: Collected) -> None:
    assert odoo.erp.rejects() == []
    waiting = "SELECT DISTINCT object, of_key FROM unresolved ORDER BY ALL"
    assert odoo.erp.rows(waiting) == [
        {"object": "plant", "of_key": place} for place in ("CHIC1", "WH")
    ]
    assert odoo.erp.services.store.state.doubled() == {}


def test_an_order_has_its_family_through_every_renaming(odoo: Collected) -> None:
    """X was seen before it became X-001: the record is held with both names, the newer counts."""
    renamed = odoo.erp.rows(
        "SELECT source_key, array_agg(DISTINCT order_no ORDER BY order_no) AS names, "
        "count(DISTINCT order_family) AS families FROM order_state "
        "WHERE feed = 'productions' GROUP BY ALL HAVING count(DISTINCT order_no) > 1"
    )
    for row in renamed:
        before, after = row["names"]
        assert (after, row["families"]) == (f"{before}-001", 1)
    families = odoo.erp.rows(
        "SELECT order_family, count(*) AS parts FROM order_state WHERE feed = 'productions' "
        f"AND {CURRENT} GROUP BY ALL"
    )
    group = {row["procurement_group_id"][1] for row in last_seen("mrp.production").values()}
    assert {row["order_family"] for row in families if row["parts"] > 1} <= group


def test_an_order_closed_in_part_is_one_family(odoo: Collected) -> None:
    parts = odoo.erp.facts(
        "order_state", "order_no, quantity, quantity_good, status", "order_family = 'HAM/MO/00017'"
    )
    assert [(part["order_no"], part["quantity_good"], part["status"]) for part in parts] == [
        ("HAM/MO/00017-001", 7, "done"),
        ("HAM/MO/00017-002", 7, "done"),
        ("HAM/MO/00017-003", 6, "done"),
    ]
    assert odoo.erp.facts("order_state", "order_family", "order_no = 'HAM/MO/00018'") == [
        {"order_family": "HAM/MO/00018"}
    ]


def test_events_call_an_order_what_it_was_released_as(odoo: Collected) -> None:
    completions = odoo.erp.facts(
        "business_event",
        "document_no, quantity",
        "kind = 'op_complete' AND order_no = 'HAM/MO/00017'",
    )
    assert [(event["document_no"], event["quantity"]) for event in completions] == [
        ("HAM/MO/00017-001", 7),
        ("HAM/MO/00017-002", 7),
        ("HAM/MO/00017-003", 6),
    ]


def test_every_completion_has_its_receipt(odoo: Collected) -> None:
    sums = (
        "SELECT plant, order_no, item, lot, sum(quantity) AS quantity FROM business_event "
        "WHERE {} GROUP BY ALL ORDER BY ALL"
    )
    where = f"{CURRENT} AND state = 'posted' AND kind = '{{}}'"
    completed = odoo.erp.rows(sums.format(where.format("op_complete")))
    assert len(completed) > 30
    assert completed == odoo.erp.rows(sums.format(where.format("fg_receipt")))


def test_an_order_is_found_by_its_record(odoo: Collected) -> None:
    assert odoo.erp.facts("cross_reference", "key", "of_key = 'mrp.production,9'") == [
        {"key": "HAM/MO/00003-001"}
    ]


def test_dozens_received_are_units_in_stock(odoo: Collected) -> None:
    events = odoo.erp.facts(
        "business_event",
        "source_key, quantity_source, quantity, unit",
        "unit_source = 'Dozens' AND state = 'posted'",
    )
    expected = {
        f"{row['id']}/in": (
            Decimal(str(row["quantity"])),
            Decimal(str(row["quantity_product_uom"])),
            "Units",
        )
        for row in last_seen("stock.move.line").values()
        if row["product_uom_id"][1] == "Dozens" and row["state"] == "done"
    }
    assert len(expected) >= 3
    assert {
        event["source_key"]: (event["quantity_source"], event["quantity"], event["unit"])
        for event in events
    } == expected


def test_units_convert_to_the_reference_of_their_category(odoo: Collected) -> None:
    factors = {
        row["of_key"]: (row["key"], row["factor"])
        for row in odoo.erp.facts("cross_reference", "of_key, key, factor", "object = 'unit'")
    }
    assert factors["Dozens"] == ("Units", 12)
    assert factors["g"] == ("kg", Decimal("0.001"))
    assert factors["ft³"] == ("L", Decimal("28.3168"))
    assert factors["lb"] == ("kg", Decimal("0.45359290943564"))
    assert all(factors[name] == (name, 1) for name in ("Units", "kg", "m²", "L", "Days"))


def test_plants_are_those_of_location_and_warehouse(odoo: Collected) -> None:
    made = odoo.erp.rows(
        f"SELECT DISTINCT plant FROM order_state WHERE {CURRENT} AND order_no LIKE 'HAM/MO/%'"
    )
    moved = odoo.erp.rows(
        "SELECT DISTINCT plant, split_part(location, '/', 1) AS place FROM business_event "
        f"WHERE {CURRENT} AND feed = 'move_lines' ORDER BY ALL"
    )
    assert made == [{"plant": "HAM"}]
    assert moved == [
        {"plant": "CHIC1", "place": "CHIC1"},
        {"plant": "HAM", "place": "HAM"},
        {"plant": "OAK", "place": "OAK"},
        {"plant": "WH", "place": "WH"},
        {"plant": None, "place": "Inter-site transit"},
    ]


def test_the_two_legs_of_a_transfer_sum_to_zero(odoo: Collected) -> None:
    legs = odoo.erp.rows(
        "SELECT correlation_id, count(*) AS legs, sum(quantity) AS rest FROM "
        f"business_event WHERE {CURRENT} AND kind = 'transfer' GROUP BY ALL"
    )
    assert len(legs) == 16
    assert {(leg["legs"], leg["rest"]) for leg in legs} == {(2, 0)}


def test_one_unit_is_still_between_the_sites(odoo: Collected) -> None:
    where = f"{CURRENT} AND state = 'posted' AND location = 'Inter-site transit'"
    assert odoo.erp.rows(f"SELECT sum(quantity) AS rest FROM business_event WHERE {where}") == [
        {"rest": 1}
    ]


def test_vendors_customers_production_and_losses_are_not_stock(odoo: Collected) -> None:
    places = odoo.erp.rows(
        "SELECT DISTINCT location FROM business_event WHERE feed = 'move_lines' UNION "
        "SELECT DISTINCT location FROM stock_balance"
    )
    assert not [
        place
        for place in places
        if place["location"].startswith(("Partners/", "Virtual Locations/"))
    ]


def test_quants_are_one_whole_snapshot_a_pull(odoo: Collected) -> None:
    snapshots = odoo.erp.rows(
        "SELECT snapshot_id, count(*) AS lines, count(DISTINCT source_key) AS quants, "
        "count(DISTINCT balance_at) AS instants FROM stock_balance GROUP BY ALL"
    )
    assert [(row["lines"], row["quants"], row["instants"]) for row in snapshots] == [(90, 90, 1)]


def test_posted_move_lines_add_up_to_the_quants(odoo: Collected) -> None:
    """Nothing else has an effect of its own, so every place ties out to the digit."""
    grain = "item, location, coalesce(lot, '') AS lot, sum(quantity) AS quantity"
    last = "snapshot_id = (SELECT max(snapshot_id) FROM stock_balance)"
    moved = odoo.erp.rows(
        f"SELECT {grain} FROM business_event WHERE {CURRENT} AND state = 'posted' AND "
        "location IS NOT NULL GROUP BY ALL HAVING sum(quantity) <> 0 ORDER BY ALL"
    )
    held = odoo.erp.rows(
        f"SELECT {grain} FROM stock_balance WHERE {last} GROUP BY ALL HAVING sum(quantity) "
        "<> 0 ORDER BY ALL"
    )
    assert len(held) > 40
    assert moved == held


def test_blocked_and_travelling_stock_says_so(odoo: Collected) -> None:
    found = odoo.erp.rows(
        "SELECT DISTINCT location, stock_status FROM stock_balance WHERE stock_status <> "
        "'free' ORDER BY ALL"
    )
    assert found == [
        {"location": "HAM/QHOLD", "stock_status": "blocked"},
        {"location": "Inter-site transit", "stock_status": "transit"},
    ]


def test_what_is_only_reserved_has_no_effect(odoo: Collected) -> None:
    states = odoo.erp.rows(
        "SELECT DISTINCT state, occurred_at IS NULL AS is_open FROM business_event WHERE "
        f"{CURRENT} AND feed = 'move_lines' ORDER BY ALL"
    )
    assert states == [{"state": "planned", "is_open": True}, {"state": "posted", "is_open": False}]


def test_moves_are_lines_of_their_orders(odoo: Collected) -> None:
    lines = odoo.erp.facts(
        "order_line",
        "line_kind, item, quantity, quantity_done",
        "feed = 'moves' AND order_no = 'HAM/MO/00020'",
    )
    told = {
        (line["line_kind"], line["item"]): (line["quantity"], line["quantity_done"])
        for line in lines
    }
    assert told["component", "DR-440"] == (2, 2)
    assert told["component", "WD-110"] == (Decimal("1.85"), Decimal("1.85"))
    assert told["output", "CB-550"] == (1, 1)


def test_scrap_keeps_the_number_its_sender_gave_it(odoo: Collected) -> None:
    (scrap,) = odoo.erp.facts(
        "order_state", "reference_no, item, lot, quantity, plant", "order_no = 'SP/00005'"
    )
    assert scrap == {
        "reference_no": "MES-HAM-000032",
        "item": "DR-440",
        "lot": "HAM260908-0003",
        "quantity": 2,
        "plant": "HAM",
    }
    (event,) = odoo.erp.facts(
        "business_event", "quantity, lot", "kind = 'scrap' AND document_no = 'SP/00005'"
    )
    assert event == {"quantity": -2, "lot": "HAM260908-0003"}


def test_equipment_has_one_name_in_requests_and_master_data(odoo: Collected) -> None:
    known = {row["key"] for row in odoo.erp.facts("master_record", "key", "object = 'equipment'")}
    assert "HAM-PNT-03" in known
    assert {row["equipment"] for row in odoo.erp.facts("asset_state", "equipment")} <= known


def test_an_item_is_told_in_base_units_and_whether_it_is_kept_by_lots(odoo: Collected) -> None:
    base = {row["name"] for row in recorded("asof", "uom.uom") if row["uom_type"] == "reference"}
    columns = "key, item, unit, unit_source, attributes"
    items = odoo.erp.facts("master_record", columns, "object = 'item'")
    tracked = {}
    for row in items:
        assert (row["item"], row["unit"] in base) == (row["key"], True)
        told = json.loads(row["attributes"])
        tracked[row["key"]] = told["tracking"]
        assert told["lot_controlled"] == (told["tracking"] == "lot")
    assert {"lot", "none"} <= {*tracked.values()}


def test_cost_follows_the_standard_price(odoo: Collected) -> None:
    (cost,) = odoo.erp.facts("item_cost", "unit_cost, unit", "item = 'WD-110'")
    price = next(
        row["standard_price"]
        for row in recorded("asof", "product.product")
        if row["default_code"] == "WD-110"
    )
    assert cost == {"unit_cost": round(Decimal(str(price)), 9), "unit": "m²"}
    assert odoo.erp.facts("item_cost", "item", "unit_cost = 0") == []


def test_valuation_carries_money_and_no_quantity(odoo: Collected) -> None:
    (total,) = odoo.erp.rows(
        "SELECT count(*) AS layers, count(quantity) AS moved, sum(amount) AS amount FROM "
        f"business_event WHERE {CURRENT} AND kind = 'valuation'"
    )
    layers = {
        row["id"]: Decimal(str(row["value"])) for row in last_seen("stock.valuation.layer").values()
    }
    assert (total["layers"], total["moved"], total["amount"]) == (
        len(layers),
        0,
        sum(layers.values()),
    )


def test_no_name_of_a_person_becomes_a_document(odoo: Collected) -> None:
    texts = (
        "SELECT document_no AS text FROM business_event UNION SELECT order_no FROM order_line "
        "UNION SELECT reason FROM business_event"
    )
    assert [row for row in odoo.erp.rows(texts) if "Mitchell" in (row["text"] or "")] == []
