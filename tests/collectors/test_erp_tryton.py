"""The Tryton pack against recorded answers of a real Tryton 8.2: an ERP and a warehouse."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.demo.replay import Server, Tryton

RECORDED = Path(__file__).parents[2] / "data" / "recorded" / "tryton"
CURRENT = "superseded_at IS NULL AND NOT is_deleted"
COMPANY = """\
company: Pumps
currency: EUR
plants:
  P1: {name: Pump works, zone: Europe/Berlin}
"""
SOURCE = """\
pack: erp/tryton
role: %(role)s
address: "%(address)s/%(name)s"
auth: {bearer: '%(key)s'}
plants: P1
%(more)s
"""
OFF = "cross_reference: []\nfeeds: {productions: off, works: off, inspections: off}"
TABLES = {
    "products": ["master_record"],
    "locations": ["master_record"],
    "lots": ["master_record"],
    "productions": ["order_state", "cross_reference"],
    "moves": ["business_event"],
    "works": ["order_line"],
    "inspections": ["quality_disposition"],
}


def recorded(name: str) -> Any:
    """One recorded file."""
    return json.loads((RECORDED / f"{name}.json").read_text("utf-8"))


def instant(told: dict[str, Any]) -> datetime:
    """A Tryton datetime, which is naive UTC."""
    parts = ("year", "month", "day", "hour", "minute", "second", "microsecond")
    return datetime(*(told[part] for part in parts), tzinfo=UTC)


def day(told: dict[str, Any]) -> date:
    """A Tryton date."""
    return date(told["year"], told["month"], told["day"])


@pytest.fixture(scope="module")
def company(
    tmp_path_factory: pytest.TempPathFactory, plant_at: Any, secret: Any
) -> Iterator[tuple[Any, dict[str, Any]]]:
    """ERP and warehouse collected, and the reports of that."""
    folder = tmp_path_factory.mktemp("tryton")
    told = {"key": secret(folder, "letmein")}
    server = Server(Tryton(RECORDED, "letmein"))
    told["address"] = server.address
    sources = {
        "erp": SOURCE % {**told, "role": "erp", "name": "erp", "more": ""},
        "wms": SOURCE % {**told, "role": "wms", "name": "wms", "more": OFF},
    }
    with plant_at(folder, COMPANY, sources) as plant:
        yield plant, plant.collect()
    server.stop()


@pytest.mark.parametrize("feed", TABLES)
def test_every_record_of_the_erp_is_held_exactly_once(company: Any, feed: str) -> None:
    plant, reports = company
    rows, landed = recorded(f"erp.{feed}"), reports[f"erp/{feed}"].landed
    assert (landed.records, landed.held) == (len(rows), len(rows))
    assert (landed.unchanged, landed.rejects, landed.left_out) == (0, 0, 0)
    for table in TABLES[feed]:
        held = plant.rows(
            "SELECT regexp_extract(source_key, '[0-9]+') AS id, source_key "
            f"FROM {table} WHERE source = 'erp' AND feed = '{feed}' AND {CURRENT}"
        )
        assert len(held) == len({row["source_key"] for row in held})
        assert {int(row["id"]) for row in held} == {row["id"] for row in rows}


@pytest.mark.parametrize("feed", ["products", "locations", "lots", "moves"])
def test_every_record_of_the_warehouse_is_held(company: Any, feed: str) -> None:
    landed = company[1][f"wms/{feed}"].landed
    assert landed.records == landed.held == len(recorded(f"wms.{feed}"))


def test_nothing_is_rejected_and_no_order_or_lot_is_unknown(company: Any) -> None:
    plant, reports = company
    assert plant.rejects() == []
    assert plant.rows("SELECT * FROM unresolved") == []
    assert plant.services.store.state.doubled() == {}
    assert all(report.landed.unresolved == 0 for report in reports.values())


def test_moves_keep_quantity_item_lot_and_day(company: Any) -> None:
    """A move between two places of stock is two legs; every other one is one, with its sign."""
    outside = {None, "SUP", "CUS", "PROD"}
    expected = {}
    for row in recorded("erp.moves"):
        places = row["from_location"]["code"], row["to_location"]["code"]
        stock = [place for place in places if place not in outside]
        for place in stock:
            sign = 1 if place == places[1] else -1
            suffix = {1: "/in", -1: "/out"}[sign] if len(stock) == 2 else ""
            expected[f"{row['id']}{suffix}"] = (
                sign * Decimal(str(row["quantity"])),
                row["product"]["code"],
                row["lot"]["number"] if row["lot"] else None,
                day(row["effective_date"]) if row["effective_date"] else None,
                place,
            )
    plant, _ = company
    held = plant.facts(
        "business_event", "source_key, quantity, item, lot, posting_on, location", "source = 'erp'"
    )
    assert {row.pop("source_key"): tuple(row.values()) for row in held} == expected


def test_only_moves_that_are_done_took_effect(company: Any) -> None:
    states = {"done": "posted", "cancelled": "cancelled"}
    expected = Counter(states.get(row["state"], "planned") for row in recorded("erp.moves"))
    held = company[0].rows(
        "SELECT state, count(DISTINCT regexp_extract(source_key, '[0-9]+')) AS moves "
        f"FROM business_event WHERE source = 'erp' AND {CURRENT} GROUP BY ALL"
    )
    assert {row["state"]: row["moves"] for row in held} == dict(expected)


def test_moves_are_worth_what_the_decimal_of_their_cost_says(company: Any) -> None:
    row = next(row for row in recorded("erp.moves") if row["cost_price"] and row["quantity"] != 1)
    worth = Decimal(row["cost_price"]["decimal"]) * Decimal(str(row["quantity"]))
    (event,) = company[0].facts(
        "business_event", "amount, currency", f"source = 'erp' AND source_key = '{row['id']}'"
    )
    assert (abs(event["amount"]), event["currency"]) == (worth, "EUR")


def test_goods_made_and_used_name_their_order(company: Any) -> None:
    numbers = {row["id"]: row["number"] for row in recorded("erp.productions")}
    moves = {str(row["id"]): row for row in recorded("erp.moves")}
    held = company[0].facts(
        "business_event", "source_key, kind, order_no", "kind IN ('fg_receipt', 'goods_issue')"
    )
    assert len(held) > 200
    for event in held:
        move = moves[event["source_key"]]
        made = event["kind"] == "fg_receipt"
        order = move["production_output"] if made else move["production_input"]
        assert event["order_no"] == numbers[order]


def test_orders_keep_state_quantity_and_the_time_they_changed(company: Any) -> None:
    words = {"request": "created", "draft": "created", "waiting": "released"}
    words |= {"assigned": "released", "running": "in_progress"}
    held = company[0].facts(
        "order_state", "source_key, order_no, status, quantity, unit, item, changed_at"
    )
    assert {row.pop("source_key"): tuple(row.values()) for row in held} == {
        str(row["id"]): (
            row["number"],
            words.get(row["state"], row["state"]),
            Decimal(str(row["quantity"])),
            row["unit"]["symbol"],
            row["product"]["code"],
            instant(row["write_date"] or row["create_date"]),
        )
        for row in recorded("erp.productions")
    }


def test_operations_name_their_order_and_work_center(company: Any) -> None:
    numbers = {row["id"]: row["number"] for row in recorded("erp.productions")}
    held = company[0].facts("order_line", "source_key, order_no, op_no, work_center, status_source")
    assert {row.pop("source_key"): tuple(row.values()) for row in held} == {
        str(row["id"]): (
            numbers[row["production"]],
            row["operation"]["name"],
            row["work_center"]["name"],
            row["state"],
        )
        for row in recorded("erp.works")
    }


def test_inspections_name_the_lot_their_production_made(company: Any) -> None:
    lots = {
        row["production_output"]: row["lot"]["number"]
        for row in recorded("erp.moves")
        if row["production_output"] and row["lot"]
    }
    held = company[0].facts("quality_disposition", "source_key, lot, kind, effective_at")
    kinds = {"passed": "release", "failed": "hold"}
    assert {row.pop("source_key"): tuple(row.values()) for row in held} == {
        str(row["id"]): (
            lots[int(row["origin"].split(",")[1])],
            kinds[row["state"]],
            instant(row["processed_at"]),
        )
        for row in recorded("erp.inspections")
    }


@pytest.mark.parametrize("source", ["erp", "wms"])
def test_stock_is_told_by_lot_for_every_place_that_stores(company: Any, source: str) -> None:
    expected = {
        (place, row["product"]["code"], row["number"]): Decimal(str(row["quantity"]))
        for place, told in recorded(f"{source}.stock_by_location").items()
        for row in told["stock.lot"]
        if row["quantity"]
    }
    held = company[0].rows(
        "SELECT location, item, lot, quantity, stock_status FROM stock_balance "
        f"WHERE source = '{source}'"
    )
    assert expected
    assert {(row["location"], row["item"], row["lot"]): row["quantity"] for row in held} == expected
    assert {row["stock_status"] for row in held if row["location"] == "QUAR"} <= {"blocked"}


def test_booked_moves_add_up_to_the_stock_of_the_warehouse(company: Any) -> None:
    grain = "location, item, lot, sum(quantity) AS quantity"
    having = "GROUP BY ALL HAVING sum(quantity) <> 0 ORDER BY ALL"
    moved = company[0].rows(
        f"SELECT {grain} FROM business_event WHERE source = 'wms' AND state = 'posted' "
        f"AND {CURRENT} {having}"
    )
    held = company[0].rows(f"SELECT {grain} FROM stock_balance WHERE source = 'wms' {having}")
    assert held
    assert moved == held


def test_a_wrong_key_is_said_and_nothing_is_held(tmp_path: Path, a_plant: Any, secret: Any) -> None:
    server = Server(Tryton(RECORDED, "letmein"))
    told = {"address": server.address, "key": secret(tmp_path, "letmeout"), "more": ""}
    plant = a_plant(COMPANY, {"erp": SOURCE % {**told, "role": "erp", "name": "erp"}})
    report = plant.try_collect()["erp/lots"]
    server.stop()
    assert report.outcome == "denied"
    assert plant.rows("SELECT * FROM master_record") == []
