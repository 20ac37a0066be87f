"""quality/lot_has_origin: what production uses was made or received by somebody."""

from typing import Any

import pytest
from pydantic import ValidationError

from reconcilers.genealogy.spec import GenealogySpec
from tests.rules.house import IN_ORDER, Case, House, Played, Record
from tests.rules.matching import maker

RULE = "quality/lot_has_origin"
USED = maker("mes", "goods_issue", "e", -1, order_no="{tag}", lot="{tag}")
RECEIVED = maker("erp", "receipt", "o", lot="{tag}")
BEFORE, DUE, LATER, MAJOR = "11:59:59", "12:00", "13:00", "2026-11-03 12:00"
RUNS = [BEFORE, DUE, LATER, MAJOR]
AGED = ("opened", "graded")
CLOSED = ("opened", "resolved")
LONG_AGO, NOT_SO_LONG = "2025-10-01 08:00", "2026-09-30 08:00"


def gap(tag: str, **more: Any) -> Record:
    """What a reader sees of a lot that came from nowhere."""
    return {
        "code": "genealogy_gap", "also": None, "title": "Lot used in MES, of unknown origin",
        "key": {"item": "A", "lot": tag}, "expected": [f"{tag}-e1"], "observed": [],
        "quantities": ("10", "0", "-10"), "value": "125.00 EUR", "owner": "quality",
        "severity": "warning", "cause": "nobody made or received it",
        "due": "2026-11-02 12:00", "state": "open", **more,
    }  # fmt: skip


def stays(row: Record) -> dict[str, Record | None]:
    """An exception that gets worse with its age."""
    return {DUE: row, MAJOR: row | {"severity": "major"}}


def speaks(says: str, tag: str, *facts: Record, **more: Any) -> Case:
    """A case in which the lot `tag` has no origin, beside these facts."""
    return Case(says, tag, (USED(tag), *facts), stays(gap(tag, **more)), AGED)


def back(make: Any, side: str, tag: str, **more: Any) -> Record:
    """What takes the first posting of a side back."""
    record: Record = make(tag, 9, -10, is_reversal=True, reverses_key=f"{tag}-{side}1", **more)
    return record


STANDS = {"code": "genealogy_gap", "state": "open"}
CASES = [
    Case("books are told since long ago", "begin", (RECEIVED("begin", at=LONG_AGO),)),
    speaks("a lot nobody made or received speaks once that is due", "alone"),
    Case("what was received may be used", "received", (RECEIVED("received"), USED("received"))),
    *(
        Case(f"so may what came by {kind}", kind, (RECEIVED(kind, kind=kind), USED(kind)))
        for kind in ("fg_receipt", "op_complete", "adjust", "transfer", "return")
    ),
    Case("a receipt the warehouse alone knows is an origin", "wms",
         (RECEIVED("wms", source="wms"), USED("wms"))),
    Case("so is one of long ago, and one that is told later than the use", "old",
         (RECEIVED("old", at=LONG_AGO), USED("old"))),
    Case("however much of it there was", "more", (RECEIVED("more", 1, 1), USED("more"))),
    Case("a lot nobody uses lies in stock", "unused", (RECEIVED("unused"),)),
    speaks("a lot of another item is another lot", "item", RECEIVED("item", item="B")),
    speaks("what left stock is no origin", "out", RECEIVED("out", 1, -10, kind="adjust")),
    speaks("an issue in the books is none either", "issue", RECEIVED("issue", kind="goods_issue")),
    speaks("nor is a receipt that failed", "failed", RECEIVED("failed", state="failed")),
    speaks("nor one that was taken back", "undone", RECEIVED("undone"),
           back(RECEIVED, "o", "undone")),
    Case("what was used before the books could tell may be older than they are", "older",
         (USED("older", at=NOT_SO_LONG),)),
    Case("what comes back to stock uses nothing", "return-in", (USED("return-in", 1, -10),)),
    Case("what is not counted in lots has no lot to come from", "nolot",
         (USED("nolot", lot=None),)),
    Case("a use that was taken back used nothing", "back", (USED("back"), back(USED, "e", "back"))),
    Case("all uses of a lot are one exception", "many", (USED("many"), USED("many", 2, 5,
         at="08:30", known=LATER)),
         {DUE: gap("many"),
          LATER: gap("many", expected=["many-e1", "many-e2"], quantities=("15", "0", "-15"),
                     value="187.50 EUR"), MAJOR: {"severity": "major"}},
         ("opened", "changed", "graded")),
    Case("an origin that is told late closes it", "late", (USED("late"),
         RECEIVED("late", known=LATER)), {DUE: STANDS, LATER: None}, CLOSED),
    Case("so does a use that is corrected", "typed", (USED("typed"),
         USED("typed", lot="begin", known=LATER)), {DUE: STANDS, LATER: None}, CLOSED),
    Case("and one that is taken back", "reversed", (USED("reversed"),
         back(USED, "e", "reversed", known=LATER)), {DUE: STANDS, LATER: None}, CLOSED),
    Case("a record that is told again is one use", "twice", (USED("twice"),
         USED("twice", known=LATER)), stays(gap("twice")), AGED),
]  # fmt: skip


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"used": {"from": "lot_link"}}, "genealogy compares business events"),
        ({"key": ["order_no"]}, "Input should be 'plant', 'item', 'lot' or 'serial'"),
        ({"key": []}, "at least 1 item"),
    ],
)
def test_what_a_rule_may_not_ask_is_said(parameters: Record, told: str) -> None:
    usual = {"used": {"role": "mes"}, "origins": {"role": "erp"}, "due": "PT4H"}
    with pytest.raises(ValidationError, match=told):
        GenealogySpec.model_validate(usual | parameters)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_lot_has_origin(played: Played, case: Case) -> None:
    assert played.course(case) == case.course(RUNS)


def test_one_more_run_changes_nothing_and_all_is_in_order(played: Played) -> None:
    assert played.order() == IN_ORDER


def test_nothing_is_said_of_what_a_side_has_not_told(house: House) -> None:
    seen = []

    def look(when: str, *silent: str) -> None:
        lots = sorted(row["key"]["lot"] for row in house.run(when, silent=silent))
        seen.append((house.report.outcome, house.report.reason, lots))

    house.land(RECEIVED("begin", at=LONG_AGO), USED("first"))
    look(DUE, "wms")
    look(DUE)
    house.land(USED("next", at="09:00"))
    look(LATER, "erp")
    look(LATER)
    assert seen == [
        ("not_evaluated", "wms/events was never collected", []),
        ("drifted", None, ["first"]),
        ("drifted", None, ["first"]),
        ("drifted", None, ["first", "next"]),
    ]
