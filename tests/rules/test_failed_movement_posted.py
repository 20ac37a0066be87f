"""production/failed_movement_posted: what left the list of failed movements was posted."""

import pytest

from tests.rules.house import IN_ORDER, Case, House, Played, Record
from tests.rules.matching import maker

RULE = "production/failed_movement_posted"
RUNS = ["08:30", "10:00", "10:29:59", "10:30", "14:30", "2026-11-03 10:30"]
GONE, DUE, MAJOR, CRITICAL = RUNS[1], RUNS[3], RUNS[4], RUNS[5]
AGED = ("opened", "graded", "graded")
_KEYS = {"order_no": "{tag}", "lot": "{tag}"}
EFFECT = maker("erp", "fg_receipt", "o", **_KEYS, correlation_id="{tag}-id")
ORIGIN = maker("wms", "receipt", "e", **_KEYS, correlation_id="{tag}-id")
_ENTRY = maker(
    "erp", "", "f", **_KEYS, correlation_id="{tag}-id", feed="failed", plant="P1",
    status="failed", channel="failed goods movements", business_kind="fg_receipt",
    error_text="material locked",
)  # fmt: skip


def entry(tag: str, number: int = 1, quantity: object = 10, **more: object) -> Record:
    """A failed receipt of 10 of item A, `<tag>-f<number>`, listed from 08:00 on."""
    record = _ENTRY(tag, number, quantity, **more)
    del record["kind"]
    return record


def gone(tag: str, number: int = 1, known: str = GONE) -> Record:
    """The same is no longer listed."""
    return {"source": "erp", "feed": "failed", "source_key": f"{tag}-f{number}", "gone": known}


def exception(tag: str, **more: object) -> Record:
    """What a reader sees of a failed movement that was deleted."""
    return {
        "code": "missing_posting",
        "also": None,
        "title": "Failed goods receipt deleted in ERP, never posted",
        "key": {
            "channel": "failed goods movements", "correlation_id": f"{tag}-id", "plant": "P1",
            "order_no": tag, "item": "A", "lot": tag, "quantity": "10",
        },
        "expected": [f"{tag}-f1"],
        "observed": [],
        "carried": [],
        "quantities": ("10", "0", "-10"),
        "value": "125.00 EUR",
        "owner": "production-control",
        "severity": "warning",
        "cause": "gone from failed goods movements: material locked",
        "due": "2026-11-02 10:30",
        "state": "open",
        **more,
    }  # fmt: skip


def aged(row: Record) -> dict[str, Record | None]:
    """An exception that stays: it gets worse with its age."""
    return {DUE: row, MAJOR: row | {"severity": "major"}, CRITICAL: row | {"severity": "critical"}}


def speaks(says: str, tag: str, *facts: Record, **more: object) -> Case:
    """A case in which the entry `<tag>-f1` is gone and without effect, beside these facts."""
    return Case(says, tag, (entry(tag), gone(tag), *facts), aged(exception(tag, **more)), AGED)


CASES = [
    speaks("what is gone and not posted speaks once it is due", "deleted"),
    speaks("the business fact it was of is shown with it", "fact", ORIGIN("fact"),
           carried=["fact-e1"]),
    speaks("a posting of another receipt of the order is not its effect", "other",
           EFFECT("other", 2, correlation_id="other-2"),
           ORIGIN("other", 2, correlation_id="other-2"), ORIGIN("other"), carried=["other-e1"]),
    speaks("nor is one of another quantity", "less", EFFECT("less", 1, 9, correlation_id=None)),
    speaks("nor one that was taken back", "undone", EFFECT("undone"),
           EFFECT("undone", 9, -10, is_reversal=True, reverses_key="undone-o1")),
    Case("what stands in the list may still be posted", "listed", (entry("listed"),)),
    Case("what was posted again is gone from the list, and there", "reposted",
         (entry("reposted"), gone("reposted"), EFFECT("reposted", known=GONE))),
    Case("where the entry has no id, order, item, lot and quantity lead to the posting", "noid",
         (entry("noid", correlation_id=None), gone("noid"), EFFECT("noid", known=GONE))),
    Case("posted late, it closes", "late",
         (entry("late"), gone("late"), EFFECT("late", known=MAJOR)),
         {DUE: exception("late"), MAJOR: None}, ("opened", "resolved")),
    Case("listed again, it closes", "back",
         (entry("back"), gone("back"), entry("back", known=MAJOR)),
         {DUE: exception("back"), MAJOR: None}, ("opened", "resolved")),
    Case("much value at risk is critical at once", "dear",
         (entry("dear", 1, 800), gone("dear")),
         {DUE: {"value": "10000.00 EUR", "severity": "critical"}}, ("opened",)),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_failed_movement_posted(played: Played, case: Case) -> None:
    assert played.course(case) == case.course(RUNS)


def test_one_more_run_changes_nothing_and_all_is_in_order(played: Played) -> None:
    assert played.order() == IN_ORDER


def test_nothing_is_said_of_what_a_side_has_not_told(house: House) -> None:
    house.land(entry("first"))
    house.run("08:30")
    house.land(gone("first"))
    assert house.run(GONE, silent=["erp/failed"]) == []
    assert house.run(DUE) == []  # it was seen to be gone only now
    [row] = house.run("11:00")
    assert (row["expected"], row["due"]) == (["first-f1"], "2026-11-02 11:00")
