"""production/order_moves: an order that was begun is not forgotten."""

from typing import Any

import pytest

from tests.rules.house import IN_ORDER, Case, House, Played, Record

RULE = "production/order_moves"
BEFORE, DUE, LATER, LAST = (
    "2026-11-07 07:59:59", "2026-11-07 08:00", "2026-11-07 10:00", "2026-11-14 08:00",
)  # fmt: skip
RUNS = [BEFORE, DUE, LATER, LAST]
AGED = ("opened", "graded")


def order(source: str, tag: str, status: str, **more: Any) -> Record:
    """An order of 10 of item A as a side sees it since 08:00."""
    told = {"source": source, "feed": "orders", "order_no": tag, "status": status, "at": "08:00"}
    return {**told, "item": "A", "quantity": 10, **more}


def begun(tag: str, books: str = "partially_done", **more: Any) -> tuple[Record, Record]:
    """An order at work, in the books and on the shop floor."""
    return order("erp", tag, books, **more), order("mes", tag, "in_progress", at="07:30")


def forgotten(tag: str, **more: Any) -> Record:
    """What a reader sees of an order nobody reports any more."""
    return {
        "code": "status_drift", "also": None, "title": "Order begun and not finished, ERP and MES",
        "key": {"order_no": tag}, "expected": [tag], "observed": [tag],
        "quantities": ("10", "10", "0"), "value": "125.00 EUR", "owner": "production-control",
        "severity": "warning", "cause": "partially_done, and nothing changed since",
        "due": "2026-11-07 08:00", "state": "open", **more,
    }  # fmt: skip


def stands(tag: str, **more: Any) -> dict[str, Record | None]:
    row = forgotten(tag, **more)
    return {DUE: row, LAST: row | {"severity": "major"}}


CASES = [
    Case("an order begun and not finished speaks after five working days", "old", begun("old"),
         stands("old"), AGED),
    Case("one that was finished ties out", "done",
         (*begun("done"), order("erp", "done", "done", at="09:00"),
          order("mes", "done", "done", at="09:00"))),
    Case("finished on one side it is a matter of the states", "half",
         (*begun("half"), order("erp", "half", "closed", at="09:00"))),
    Case("what was released may wait", "waits",
         (order("erp", "waits", "released"), order("mes", "waits", "released"))),
    Case("a change on either side begins the time anew", "moved",
         (*begun("moved"), order("mes", "moved", "in_progress", quantity=12,
                                 at="2026-11-04 08:00", known=BEFORE)),
         {LAST: {"code": "status_drift", "due": "2026-11-09 08:00"}}, ("opened",)),
    Case("what only one side knows is none of this", "ghost",
         (order("mes", "ghost", "in_progress"),)),
    Case("what is told again did not change", "again",
         (*begun("again"), {**order("erp", "again", "partially_done"), "known": LATER}),
         stands("again"), AGED),
    Case("finished later, it closes", "late",
         (*begun("late"), order("erp", "late", "done", at=LATER),
          order("mes", "late", "done", at=LATER)),
         {DUE: {"code": "status_drift"}, LATER: None}, ("opened", "resolved")),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_order_moves(played: Played, case: Case) -> None:
    assert played.course(case) == case.course(RUNS)


def test_one_more_run_changes_nothing_and_all_is_in_order(played: Played) -> None:
    assert played.order() == IN_ORDER


def test_nothing_is_said_while_the_shop_floor_is_silent(house: House) -> None:
    house.land(*begun("dark"))
    assert house.run(DUE, silent=["mes"]) == []
    assert house.report.outcome == "not_evaluated"
