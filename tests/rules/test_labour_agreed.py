"""production/labour_agreed: the minutes worked are those the ERP confirmed."""

from typing import Any

import pytest

from tests.rules.house import IN_ORDER, Case, House, Played, Record

RULE = "production/labour_agreed"
BEFORE, DUE, LATER, LAST = "15:59:59", "16:00", "17:00", "2026-11-05 16:00"
RUNS = [BEFORE, DUE, LATER, LAST]
AGED = ("opened", "graded")


def labour(source: str, tag: str, number: int, minutes: object, **more: Any) -> Record:
    """Minutes worked on an operation, booked at 08:00 under an id both sides know."""
    told = {"source": source, "source_key": f"{tag}-{source[0]}{number}", "kind": "labor"}
    of_order = {"order_no": tag, "op_no": "0010", "at": "08:00", "quantity": None}
    booked = {"correlation_id": f"{tag}-{number}", "labor_minutes": float(str(minutes))}
    return {**told, **of_order, **booked, **more}


def worked(tag: str, number: int = 1, minutes: object = 100, **more: Any) -> Record:
    """What the shop floor booked."""
    return labour("mes", tag, number, minutes, **more)


def confirmed(tag: str, number: int = 1, minutes: object = 100, **more: Any) -> Record:
    """The activity the ERP has."""
    return labour("erp", tag, number, minutes, **more)


def differs(tag: str, code: str, title: str, mine: str | None, other: str | None, variance: str,
            owner: str = "integration-support", **more: Any) -> Record:  # fmt: skip
    """What a reader sees of minutes that differ."""
    return {
        "code": code, "title": title, "quantities": (mine, other, variance), "value": None,
        "owner": owner, "severity": "warning", "due": f"2026-11-02 {DUE}", "state": "open", **more,
    }  # fmt: skip


def stands(row: Record) -> dict[str, Record | None]:
    return {DUE: row, LAST: row | {"severity": "major"}}


LOST = ("missing_posting", "MES labour not posted in ERP", "100", None, "-100")
CASES = [
    Case("minutes the ERP does not have speak when they are due", "gone", (worked("gone"),),
         stands(differs("gone", *LOST, expected=["gone-m1"], observed=[])), AGED),
    Case("those of an operation are one matter", "both", (worked("both"), worked("both", 2, 50)),
         stands(differs("both", "missing_posting", LOST[1], "150", None, "-150")), AGED),
    Case("a confirmation posted twice counts twice", "twice",
         (worked("twice"), confirmed("twice"), confirmed("twice", source_key="twice-e9")),
         stands(differs("twice", "duplicate_posting", "MES labour posted twice in ERP",
                        "100", "200", "100")), AGED),
    Case("the same minutes tie out", "same", (worked("same"), confirmed("same", at="15:00"))),
    Case("six minutes are none", "few", (worked("few", minutes=30), confirmed("few", minutes=36))),
    Case("nor are five of a hundred", "share",
         (worked("share", minutes=200), confirmed("share", minutes=190))),
    Case("more than both is a difference", "more",
         (worked("more", minutes=200), confirmed("more", minutes=188)),
         stands(differs("more", "quantity_variance", "MES labour, other quantity in ERP",
                        "200", "188", "-12", "production-control")), AGED),
    Case("the sum of a shift is as good as its bookings", "sum",
         (worked("sum"), worked("sum", 2, 50),
          confirmed("sum", 9, 150, correlation_id=None))),
    Case("told again it counts once", "again",
         (worked("again"), confirmed("again"), confirmed("again", known=LATER))),
    Case("minutes nobody worked", "none", (confirmed("none"),),
         stands(differs("none", "orphan_posting", "ERP labour without one in MES", None, "100",
                        "100", "production-control")), AGED),
    Case("taken back on both sides they are gone", "back",
         (worked("back"), confirmed("back"),
          worked("back", 2, -100, is_reversal=True, reverses_key="back-m1"),
          confirmed("back", 2, -100, is_reversal=True, correlation_id="back-1"))),
    Case("confirmed later, it closes", "late", (worked("late"), confirmed("late", at=LATER)),
         {DUE: differs("late", *LOST), LATER: None}, ("opened", "resolved")),
    Case("corrected later, it closes", "mended",
         (worked("mended"), confirmed("mended", minutes=50),
          {**confirmed("mended"), "known": LATER}),
         {DUE: {"code": "quantity_variance"}, LATER: None}, ("opened", "resolved")),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_labour_agreed(played: Played, case: Case) -> None:
    assert played.course(case) == case.course(RUNS)


def test_one_more_run_changes_nothing_and_all_is_in_order(played: Played) -> None:
    assert played.order() == IN_ORDER


def test_nothing_is_said_while_the_books_are_silent(house: House) -> None:
    house.land(worked("dark"))
    assert house.run(DUE, silent=["erp"]) == []
    assert house.report.outcome == "not_evaluated"
