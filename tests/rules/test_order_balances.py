"""production/order_balances: what goes into an order comes out of it, or is scrap."""

from typing import Any

import pytest

from tests.rules.house import IN_ORDER, Case, House, Played, Record

RULE = "production/order_balances"
BEFORE, DUE, LATER, LAST = "17:59:59", "18:00", "20:00", "2026-11-03 18:00"
RUNS = [BEFORE, DUE, LATER, LAST]
AGED = ("opened", "graded")


def order(tag: str, status: str = "done", **more: Any) -> Record:
    """An order of 100 of item A on the shop floor, finished at 11:00."""
    told = {"source": "mes", "feed": "orders", "order_no": tag, "status": status, "at": "11:00"}
    return {**told, "item": "A", "quantity": 100, **more}


def report(tag: str, op: int, quantity: object, kind: str = "op_complete", **more: Any) -> Record:
    """A report of an operation, which are an hour apart; that of operation 20 at 10:00."""
    key = f"{tag}-{op}{kind[0]}"
    told = {"source": "mes", "source_key": key, "kind": kind, "at": f"{8 + op // 10:02}:00"}
    return {**told, "order_no": tag, "op_no": str(op), "item": "A", "quantity": quantity, **more}


def flow(tag: str, last: object, *more: Record, status: str = "done") -> tuple[Record, ...]:
    """100 go in at operation 10, `last` come out of operation 20."""
    return (order(tag, status), report(tag, 10, 100), report(tag, 20, last), *more)


def lost(tag: str, **more: Any) -> Record:
    """What a reader sees of an order that lost 5 of 100."""
    return {
        "code": "quantity_variance", "also": None,
        "title": "Lost in an order and not reported in MES", "key": {"order_no": tag},
        "expected": [tag], "observed": [f"{tag}-10o", f"{tag}-20o"],
        "quantities": ("100", "95", "-5"), "value": "62.50 EUR", "owner": "production-control",
        "severity": "warning", "cause": "100 against 95 EA", "due": f"2026-11-02 {DUE}",
        "state": "open", **more,
    }  # fmt: skip


CASES = [
    Case("what is gone and nobody reported speaks when it is due", "gone", flow("gone", 95),
         {DUE: lost("gone"), LAST: lost("gone", severity="major")}, AGED),
    Case("scrap on the way is no loss", "scrap",
         flow("scrap", 95, report("scrap", 20, 5, "scrap"))),
    Case("scrap of the first operation never went on", "first",
         flow("first", 95, report("first", 10, 5, "scrap")),
         {DUE: {"code": "quantity_variance", "quantities": ("100", "95", "-5")}}, AGED),
    Case("as much as may be lost ties out", "little", flow("little", 98)),
    Case("more out than in is no loss", "more", flow("more", 105)),
    Case("an order at work is not judged", "works", flow("works", 50, status="in_progress")),
    Case("nor is one without operations between which anything is lost", "single",
         (order("single"), report("single", 10, 100))),
    Case("operations in between may count otherwise", "between",
         (order("between"), report("between", 8, 100, at="08:00"), report("between", 10, 90),
          report("between", 20, 100))),
    Case("told again it counts once", "again",
         flow("again", 100, {**report("again", 10, 100), "known": LATER})),
    Case("a count taken back is none", "back",
         flow("back", 95, report("back", 20, -95, source_key="back-r", is_reversal=True,
                                 reverses_key="back-20o"),
              report("back", 20, 100, source_key="back-n"))),
    Case("scrap that is told late closes it", "late",
         flow("late", 95, report("late", 20, 5, "scrap", at="10:00", known=LATER)),
         {DUE: lost("late"), LATER: None}, ("opened", "resolved")),
    Case("closed in the meantime it is the same", "closed",
         flow("closed", 95, order("closed", "closed", at=LATER)),
         {DUE: lost("closed"), LAST: lost("closed", severity="major")}, AGED),
    Case("of an order nobody knows nothing is said", "ghost",
         (report("ghost", 10, 100), report("ghost", 20, 50))),
    Case("units that differ are not added up", "unit",
         (order("unit"), report("unit", 10, 100), report("unit", 20, 50, unit="KG"))),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_order_balances(played: Played, case: Case) -> None:
    assert played.course(case) == case.course(RUNS)


def test_one_more_run_changes_nothing_and_all_is_in_order(played: Played) -> None:
    assert played.order() == IN_ORDER


def test_nothing_is_said_while_the_shop_floor_is_silent(house: House) -> None:
    house.land(*flow("dark", 50))
    assert house.run(DUE, silent=["mes"]) == []
    assert house.report.outcome == "not_evaluated"
