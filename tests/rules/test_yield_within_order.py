"""production/yield_within_order: no operation reports more than is ordered and allowed."""

from typing import Any

import pytest

from tests.rules.house import IN_ORDER, Case, House, Played, Record

RULE = "production/yield_within_order"
BEFORE, DUE, LATER, LAST = "15:59:59", "16:00", "19:00", "2026-11-03 16:00"
RUNS = [BEFORE, DUE, LATER, LAST]
AGED = ("opened", "graded")


def order(tag: str, quantity: object = 100, **more: Any) -> Record:
    """An order of item A in the books."""
    told = {"source": "erp", "feed": "orders", "order_no": tag, "status": "released"}
    return {**told, "at": "06:00", "item": "A", "quantity": quantity, **more}


def report(
    tag: str, number: int, quantity: object, kind: str = "op_complete", **more: Any
) -> Record:
    """A report of operation 0010, at 08:00."""
    told = {"source": "mes", "source_key": f"{tag}-r{number}", "kind": kind, "at": "08:00"}
    return {**told, "order_no": tag, "op_no": "0010", "item": "A", "quantity": quantity, **more}


def over(tag: str, *reports: str, observed: str, variance: str, **more: Any) -> Record:
    """What a reader sees of an order of 100 of which too much is reported."""
    return {
        "code": "quantity_variance", "also": None, "title": "MES reports more than ERP ordered",
        "key": {"order_no": tag, "op_no": "0010"}, "expected": [tag], "observed": [*reports],
        "quantities": ("100", observed, variance), "owner": "production-control",
        "severity": "warning", "cause": f"100 against {observed} EA", "due": f"2026-11-02 {DUE}",
        "state": "open", **more,
    }  # fmt: skip


def stands(row: Record) -> dict[str, Record | None]:
    return {DUE: row, LAST: row | {"severity": "major"}}


TWICE = over("twice", "twice-r1", "twice-r2", observed="120", variance="20", value="250.00 EUR")
CASES = [
    Case("what is reported beyond the order and the over-delivery speaks when it is due", "twice",
         (order("twice"), report("twice", 1, 60), report("twice", 2, 60)), stands(TWICE), AGED),
    Case("scrap is made as well", "scrap",
         (order("scrap"), report("scrap", 1, 100), report("scrap", 2, 11, "scrap")),
         stands(over("scrap", "scrap-r1", "scrap-r2", observed="111", variance="11")), AGED),
    Case("as much as is allowed ties out", "allowed",
         (order("allowed"), report("allowed", 1, 60), report("allowed", 2, 50))),
    Case("each operation makes what is ordered", "steps",
         (order("steps"), report("steps", 1, 100), report("steps", 2, 100, op_no="0020"))),
    Case("told again it counts once", "again",
         (order("again"), report("again", 1, 100), report("again", 1, 100, known=LATER))),
    Case("taken back within the shift it was never too much", "back",
         (order("back"), report("back", 1, 100), report("back", 2, 40, at="09:00"),
          report("back", 3, -40, at="15:00", is_reversal=True, reverses_key="back-r2"))),
    Case("a reversal that names nobody counts with its sign", "nameless",
         (order("nameless"), report("nameless", 1, 100), report("nameless", 2, 40),
          report("nameless", 3, -40, at="15:00", is_reversal=True))),
    Case("a report that was called off counts nothing", "off",
         (order("off"), report("off", 1, 200, state="cancelled"))),
    Case("taken back later, it closes", "late",
         (order("late"), report("late", 1, 130),
          report("late", 2, -130, at=LATER, is_reversal=True, reverses_key="late-r1"),
          report("late", 3, 100, at=LATER)),
         {DUE: {"code": "quantity_variance"}, LATER: None}, ("opened", "resolved")),
    Case("once the order is raised it closes", "raised",
         (order("raised"), report("raised", 1, 130), order("raised", 130, at=LATER)),
         {DUE: {"code": "quantity_variance"}, LATER: None}, ("opened", "resolved")),
    Case("more of the same is the same exception, due since it went too far", "more",
         (order("more"), report("more", 1, 120), report("more", 2, 10, at=LATER)),
         {DUE: over("more", "more-r1", observed="120", variance="20"),
          LATER: over("more", "more-r1", "more-r2", observed="130", variance="30"),
          LAST: over("more", "more-r1", "more-r2", observed="130", variance="30",
                     severity="major")},
         ("opened", "changed", "graded")),
    Case("of an order nobody knows nothing is said", "ghost", (report("ghost", 1, 500),)),
    Case("another unit is not compared", "unit",
         (order("unit"), report("unit", 1, 500, unit="KG"))),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_yield_within_order(played: Played, case: Case) -> None:
    assert played.course(case) == case.course(RUNS)


def test_one_more_run_changes_nothing_and_all_is_in_order(played: Played) -> None:
    assert played.order() == IN_ORDER


@pytest.mark.parametrize("silent", ["mes", "erp"])
def test_nothing_is_said_while_a_side_is_silent(house: House, silent: str) -> None:
    house.land(order("dark"), report("dark", 1, 500))
    assert house.run(DUE, silent=[silent]) == []
    assert house.report.outcome == "not_evaluated"
