"""Holds against movements: what several systems tell of one movement is one violation."""

from datetime import timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any

import duckdb
import pytest

from reconcilers.family import Bind
from reconcilers.interval import Interval
from reconcilers.interval.spec import IntervalSpec
from reconcilers.run import Pairing, evaluate
from tests.reconcilers import plant
from tests.reconcilers.plant import at, event
from tests.reconcilers.stock import line, snapshot

NOON = at("12:00")
Row = dict[str, Any]
SOURCES = ("wms", "erp", "mes")
PAIRING = Pairing({"holds": ("qms",), "movements": SOURCES, "stock": SOURCES}, ("P1",))
MOVES = {"role": list(SOURCES), "kind": ["goods_issue", "ship_confirm"]}
OBEYED = {"holds": {"from": "quality_disposition", "role": "qms"}, "movements": MOVES}
STOCKED = [("A", "wip"), ("B", "free"), ("C", "blocked")]


def hold(lot: str = "L") -> Row:
    """Quality holds a lot from 07:00 on."""
    return {
        "source": "qms", "source_key": f"h-{lot}", "kind": "hold", "status": "decided",
        "plant": "P1", "item": "A", "lot": lot, "effective_at": at("07:00"),
    }  # fmt: skip


def shipped(source: str, key: str, quantity: object = -10, when: str = "08:00", **more: Any) -> Row:
    """A shipment of lot L, as a system tells it."""
    told = {"kind": "ship_confirm", "item": "A", "lot": "L"}
    amount = None if quantity is None else str(quantity)
    return event(source, key, amount, at(when), **told | more)


FOUND = """
SELECT finding.*, (
    SELECT list_sort(list(fact.source_key)) FROM part JOIN business_event AS fact USING (fact_no)
    WHERE part.subject = finding.subject AND role = 'observed'
) AS facts FROM finding ORDER BY facts
"""


def found(con: duckdb.DuckDBPyConnection, *moves: Row, holds: tuple[Row, ...] = ()) -> list[Row]:
    """What a run finds of these movements while lot L is on hold."""
    plant.add(con, "quality_disposition", holds or [hold()])
    plant.add(con, "business_event", moves)
    spec = IntervalSpec.model_validate(OBEYED)
    evaluate(con, Interval(), spec, PAIRING, Bind(as_of=NOON, horizon=NOON))
    return con.sql(FOUND).to_arrow_table().to_pylist()


def told(rows: list[Row]) -> list[tuple[str, str]]:
    """The records and the quantity of each violation."""
    return [(" ".join(row["facts"]), f"{row['quantity_observed']:f}".split(".")[0]) for row in rows]


def subjects(*moves: Row) -> set[str]:
    with plant.ledger() as con:
        return {row["subject"] for row in found(con, *moves)}


ONE = [
    ("one correlation id", {"correlation_id": "X"}, {"correlation_id": "X"}),
    ("one correlation id under documents of their own",
     {"correlation_id": "X", "document_no": "D1"}, {"correlation_id": "X", "document_no": "D2"}),
    ("one correlation id under kinds of their own",
     {"correlation_id": "X"}, {"correlation_id": "X", "kind": "goods_issue"}),
    ("one document", {"document_no": "D"}, {"document_no": "D"}),
    ("one document, which only one of them calls by an id",
     {"correlation_id": "X", "document_no": "D"}, {"document_no": "D"}),
]  # fmt: skip
TWO = [
    ("nothing in common", {}, {}),
    ("ids of their own", {"correlation_id": "X"}, {"correlation_id": "Y"}),
    ("one document, but ids of their own",
     {"correlation_id": "X", "document_no": "D"}, {"correlation_id": "Y", "document_no": "D"}),
    ("documents of their own", {"document_no": "D"}, {"document_no": "E"}),
    ("one document of two kinds", {"document_no": "D"},
     {"document_no": "D", "kind": "goods_issue"}),
    ("one document of two items", {"document_no": "D"}, {"document_no": "D", "item": "B"}),
]  # fmt: skip


@pytest.mark.parametrize(("_says", "left", "right"), ONE, ids=[says for says, *_ in ONE])
def test_one_movement_told_by_two_systems_violates_once(con, _says, left, right):
    rows = found(con, shipped("wms", "s1", **left), shipped("erp", "p1", when="08:05", **right))
    assert told(rows) == [("p1 s1", "-10")]
    assert rows[0]["at_risk"] == Decimal(10)
    assert rows[0]["occurred_at"] == rows[0]["due_at"] == at("08:00")


@pytest.mark.parametrize(("_says", "left", "right"), TWO, ids=[says for says, *_ in TWO])
def test_what_no_key_puts_together_are_movements_of_their_own(con, _says, left, right):
    held = {**hold(), "item": None}
    rows = found(con, shipped("wms", "s1", **left), shipped("erp", "p1", **right), holds=(held,))
    assert told(rows) == [("p1", "-10"), ("s1", "-10")]


@pytest.mark.parametrize(
    "known", [{"correlation_id": "X", "document_no": "D"}, {"document_no": "D"}]
)
def test_a_violation_is_the_same_whoever_tells_of_it_first(known):
    one, other = shipped("wms", "s1", **known), shipped("erp", "p1", **known)
    first = subjects(one)
    assert len(first) == 1
    assert first == subjects(other) == subjects(one, other) == subjects(other, one)


def test_the_quantity_is_that_of_the_system_that_tells_of_most(con):
    moves = [
        shipped("wms", "s1", -4, correlation_id="X"),
        shipped("wms", "s2", -5, when="08:10", correlation_id="X"),
        shipped("erp", "p1", -8, correlation_id="X"),
    ]
    assert told(found(con, *moves)) == [("p1 s1 s2", "-9")]


def test_quantities_in_different_units_are_not_added_up(con):
    moves = [
        shipped("wms", "s1", -4, correlation_id="X", unit="BX"),
        shipped("wms", "s2", -50, correlation_id="X"),
    ]
    [row] = found(con, *moves)
    assert (row["quantity_observed"], row["unit"]) == (Decimal(-50), "EA")


def test_two_holds_do_not_double_what_left(con):
    again = {**hold(), "source_key": "h2", "effective_at": at("07:30")}
    moves = [
        shipped("wms", "s1", -4, correlation_id="X"), shipped("wms", "s2", -5, correlation_id="X")
    ]  # fmt: skip
    assert told(found(con, *moves, holds=(hold(), again))) == [("s1 s2", "-9")]


def test_one_delivery_of_two_held_lots_is_two_violations(con):
    moves = [
        shipped("wms", "s1", -4, correlation_id="X"),
        shipped("wms", "s2", -5, correlation_id="X", lot="M"),
    ]
    assert told(found(con, *moves, holds=(hold(), hold("M")))) == [("s1", "-4"), ("s2", "-5")]


def test_what_a_posting_without_id_sums_up_is_one_movement_by_its_document(con):
    moves = [
        shipped("wms", "s1", -4, correlation_id="X", document_no="D"),
        shipped("wms", "s2", -5, correlation_id="Y", document_no="D"),
        shipped("erp", "p1", -9, document_no="D"),
    ]
    assert told(found(con, *moves)) == [("p1 s1 s2", "-9")]


def test_what_one_system_took_back_still_left_by_the_other(con):
    gone, undone = (
        shipped("wms", "s1", correlation_id="X"),
        shipped("erp", "p1", correlation_id="X"),
    )
    back = shipped("erp", "p2", 10, correlation_id="X", is_reversal=True, reverses_key="p1")
    assert told(found(con, gone, undone, back)) == [("s1", "-10")]


def test_the_order_records_came_in_changes_nothing():
    moves = [
        shipped("wms", "s1", -10, correlation_id="X", document_no="D"),
        shipped("erp", "p1", -8, document_no="D"),
        shipped("mes", "m1", -10, when="08:20", correlation_id="X", location="DOCK"),
    ]
    answers = []
    for order in permutations(moves):
        with plant.ledger() as con:
            rows = found(con, *order)
            answers.append([{**row, "lead_no": None} for row in rows])
    assert all(answer == answers[0] for answer in answers)
    assert told(answers[0]) == [("m1 p1 s1", "-10")]


@pytest.mark.parametrize(
    ("more", "note"),
    [
        ({"location": "DOCK"}, "shipped from DOCK"),
        ({}, "shipped"),
        ({"kind": "goods_issue", "location": "RAW-1"}, "issued from RAW-1"),
    ],
)
def test_how_a_held_lot_left_is_told_in_plain_words(con, more, note):
    [row] = found(con, shipped("wms", "s1", **more))
    assert row["note"] == note


def test_the_places_a_movement_left_from_are_told_once_each(con):
    moves = [
        shipped("wms", "s1", -4, correlation_id="X", location="DOCK"),
        shipped("wms", "s2", -5, correlation_id="X", location="DOCK"),
        shipped("erp", "p1", -9, correlation_id="X", location="A-01"),
    ]
    [row] = found(con, *moves)
    assert row["note"] == "shipped from A-01, DOCK"


def test_a_rule_may_watch_stock_and_movements_at_once(con):
    plant.add(con, "quality_disposition", [hold()])
    plant.add(con, "business_event", [shipped("wms", "s1")])
    lines = [line("wms", 3, lot="L", location=place, stock_status=told) for place, told in STOCKED]
    snapshot(con, "wms", at("09:00"), lines)
    stock = {"stock": {"from": "stock_balance", "role": "wms"}, "due": timedelta(minutes=2)}
    spec = IntervalSpec.model_validate(OBEYED | stock)
    evaluate(con, Interval(), spec, PAIRING, Bind(as_of=NOON, horizon=NOON))
    notes = con.execute("SELECT code, note FROM finding ORDER BY code").fetchall()
    assert notes == [
        ("hold_not_propagated", "free stock in B, work in progress in A"),
        ("hold_violated", "shipped"),
    ]
