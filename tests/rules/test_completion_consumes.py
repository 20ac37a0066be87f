"""production/completion_consumes: what was made was made of something."""

from typing import Any

import pytest

from tests.rules.house import IN_ORDER, Case, House, Played, Record

RULE = "production/completion_consumes"
BEFORE, DUE, LATER, LAST = "11:59:59", "12:00", "14:00", "2026-11-03 12:00"
RUNS = [BEFORE, DUE, LATER, LAST]
AGED = ("opened", "graded")


def made(tag: str, number: int = 1, quantity: object = 10, **more: Any) -> Record:
    """A yield of operation 0010 of an order, at 08:00; every case has a product of its own."""
    told = {"source": "mes", "source_key": f"{tag}-e{number}", "kind": "op_complete", "at": "08:00"}
    of_order = {"order_no": tag, "op_no": "0010", "item": f"I-{tag}"}
    return {**told, **of_order, "quantity": quantity, **more}


def used(tag: str, number: int = 1, quantity: object = -20, **more: Any) -> Record:
    """What the operation of the order used of component C."""
    told = {"source": "mes", "source_key": f"{tag}-u{number}", "kind": "goods_issue", "at": "08:00"}
    return {**told, "order_no": tag, "op_no": "0010", "item": "C", "quantity": quantity, **more}


def before(tag: str) -> tuple[Record, Record]:
    """Another order of the product, which used something."""
    return (
        made(tag, 90, order_no=f"{tag}-0", at="07:00"),
        used(tag, 90, order_no=f"{tag}-0", at="07:00"),
    )


def untouched(tag: str, *facts: str, quantity: str = "10", **more: Any) -> Record:
    """What a reader sees of a yield that used nothing."""
    return {
        "code": "missing_posting", "also": None,
        "title": "Operation done in MES, components untouched",
        "key": {"order_no": tag, "op_no": "0010"}, "expected": [*(facts or (f"{tag}-e1",))],
        "observed": [], "quantities": (quantity, None, f"-{quantity}"), "value": None,
        "owner": "production-control", "severity": "warning",
        "cause": f"other orders of I-{tag} used material at operation 0010",
        "due": f"2026-11-02 {DUE}", "state": "open", **more,
    }  # fmt: skip


CASES = [
    Case("a yield that used nothing speaks when it is due", "none", (*before("none"), made("none")),
         {DUE: untouched("none"), LAST: untouched("none", severity="major")}, AGED),
    Case("one that used something ties out", "some",
         (*before("some"), made("some"), used("some", at="11:00"))),
    Case("just before it is due is in time", "just",
         (*before("just"), made("just"), used("just", at=BEFORE))),
    Case("where no order ever used anything nothing is missing", "never",
         (made("never"), made("never", 2, order_no="never-2"))),
    Case("what is used at another operation says nothing of this one", "other",
         (made("other"), made("other", 2, order_no="other-2"),
          used("other", 2, order_no="other-2", op_no="0020"))),
    Case("what names no operation speaks for all of the order", "whole",
         (*before("whole"), made("whole"), used("whole", op_no=None))),
    Case("what came back was not used", "back",
         (*before("back"), made("back"), used("back"), used("back", 2, 20, at="09:00")),
         {DUE: untouched("back"), LAST: untouched("back", severity="major")}, AGED),
    Case("nor was what was taken back", "undone",
         (*before("undone"), made("undone"), used("undone"),
          used("undone", 2, 20, at="09:00", is_reversal=True, reverses_key="undone-u1")),
         {DUE: untouched("undone"), LAST: untouched("undone", severity="major")}, AGED),
    Case("a yield taken back needs nothing", "taken",
         (*before("taken"), made("taken"),
          made("taken", 2, -10, is_reversal=True, reverses_key="taken-e1"))),
    Case("the yields of an operation are one matter, told again or not", "several",
         (*before("several"), made("several"), made("several", 2, 5, at="10:00"),
          made("several", known=LATER)),
         {DUE: untouched("several", "several-e1", "several-e2", quantity="15"),
          LAST: untouched("several", "several-e1", "several-e2", quantity="15",
                          severity="major")}, AGED),
    Case("used later, it closes", "late", (*before("late"), made("late"), used("late", at=LATER)),
         {DUE: untouched("late"), LATER: None}, ("opened", "resolved")),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_completion_consumes(played: Played, case: Case) -> None:
    assert played.course(case) == case.course(RUNS)


def test_one_more_run_changes_nothing_and_all_is_in_order(played: Played) -> None:
    assert played.order() == IN_ORDER


def test_nothing_is_said_while_the_shop_floor_is_silent(house: House) -> None:
    house.land(*before("dark"), made("dark"))
    assert house.run(DUE, silent=["mes"]) == []
    assert house.report.outcome == "not_evaluated"
