"""masterdata/key_known: what is posted is posted under a key the ERP has a record of."""

from typing import Any

import pytest

from tests.rules.house import IN_ORDER, Case, House, Played, Record
from tests.rules.matching import maker

RULE = "masterdata/key_known"
BEFORE, DUE, LATER, MAJOR = "11:59:59", "12:00", "12:30", "2026-11-03 12:00"
RUNS = [BEFORE, DUE, LATER, MAJOR]
DONE, SHIPPED = maker("mes", "op_complete", "e"), maker("wms", "ship_confirm", "s", -1)
CLOSED = ("opened", "resolved")


def record(tag: str, **more: Any) -> Record:
    """An item as the ERP knows it."""
    told = {"source": "erp", "feed": "items", "item": tag, "at": "07:00", "active": True}
    return {**told, **more}


def done(tag: str, number: int = 1, **more: Any) -> Record:
    return DONE(tag, number, **{"item": tag, **more})


def shipped(tag: str, number: int = 1, **more: Any) -> Record:
    return SHIPPED(tag, number, **{"item": tag, **more})


def stray(tag: str, *facts: str, **more: Any) -> Record:
    return {
        "code": "unmapped_key", "also": None, "title": "MES or WMS item without a record in ERP",
        "key": {"source": "mes", "item": tag}, "expected": [*facts], "observed": [],
        "quantities": (None, None, None), "value": None, "owner": "master-data",
        "severity": "warning", "cause": f"{tag} is no key of a record",
        "due": "2026-11-02 12:00", "state": "open", **more,
    }  # fmt: skip


CASES = [
    Case("a key with a record ties out", "known", (record("known"), done("known"))),
    Case("a key without one drifts, once for all that came with it", "stray",
         (done("stray"), done("stray", 2, at="09:00")),
         {DUE: stray("stray", "stray-e1", "stray-e2"), MAJOR: {"severity": "major"}},
         ("opened", "graded")),
    Case("a warehouse is asked as well", "left", (shipped("left"),),
         {DUE: stray("left", "left-s1", key={"source": "wms", "item": "left"}),
          MAJOR: {"severity": "major"}}, ("opened", "graded")),
    Case("just inside the grace the record comes", "inside",
         (done("inside"), record("inside", at=BEFORE))),
    Case("a record that comes late closes it", "late",
         (done("late"), record("late", at=LATER)), {DUE: {"code": "unmapped_key"}, LATER: None},
         CLOSED),
    Case("one that is out of use is known", "old", (record("old", active=False), done("old"))),
    Case("what came twice is one", "twice", (done("twice"), done("twice", known=LATER)),
         {DUE: stray("twice", "twice-e1"), MAJOR: {"severity": "major"}}, ("opened", "graded")),
    Case("a late correction of the key closes it", "mended",
         (record("mended"), done("mended", item="mended-x"), done("mended", known=LATER)),
         {DUE: {"code": "unmapped_key"}, LATER: None}, CLOSED),
    Case("a record that is gone was known", "gone",
         (record("gone"), done("gone"), record("gone", gone=LATER, at=LATER))),
    Case("what is taken back closes it", "back",
         (done("back"), done("back", 2, at="09:00", known=LATER, quantity=-10, is_reversal=True,
                             reverses_key="back-e1")),
         {DUE: stray("back", "back-e1"), LATER: None}, CLOSED),
    Case("what takes no effect says nothing", "draft", (done("draft", state="draft"),)),
    Case("what names no item has no key", "none", (done("none", item=None),)),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_key_known(played: Played, case: Case) -> None:
    assert played.course(case) == case.course(RUNS)


def test_one_more_run_changes_nothing_and_all_is_in_order(played: Played) -> None:
    assert played.order() == IN_ORDER


def test_nothing_is_said_while_the_records_are_not_told(house: House) -> None:
    house.land(done("first"), record("other"))
    assert house.run(DUE, silent=["erp"]) == []
    reason = "erp/items was never collected"
    assert (house.report.outcome, house.report.reason) == ("not_evaluated", reason)
    assert [row["key"]["item"] for row in house.run(DUE)] == ["first"]
