"""quality/hold_obeyed: nothing of a held lot is consumed or shipped."""

from typing import Any

import pytest

from tests.rules.house import IN_ORDER, Case, House, Played, Record

RULE = "quality/hold_obeyed"
BEFORE, MOVED, LATER, LAST = "08:00", "08:30", "09:00", "2026-11-03 12:00"
RUNS = [BEFORE, MOVED, LATER, LAST]
CLOSED = ("opened", "resolved")


def hold(tag: str, number: int = 1, **more: Any) -> Record:
    """A hold of 08:00 about lot `tag` of item A, from the MES."""
    told = {"source": "mes", "feed": "holds", "source_key": f"{tag}-h{number}", "kind": "hold"}
    return {**told, "item": "A", "lot": tag, "at": "08:00", **more}


def moved(tag: str, number: int = 1, **more: Any) -> Record:
    """A shipment of 10 of lot `tag`, confirmed by the warehouse at 08:30."""
    told = {"source": "wms", "source_key": f"{tag}-s{number}", "kind": "ship_confirm", "at": MOVED}
    return {**told, "item": "A", "lot": tag, "location": "DOCK", "quantity": -10, **more}


def back(tag: str, quantity: int = 10, **more: Any) -> Record:
    """The posting that takes the first movement back."""
    told = {"quantity": quantity, "is_reversal": True, "reverses_key": f"{tag}-s1"}
    return moved(tag, 9, **told, **more)


def violation(tag: str, **more: Any) -> Record:
    """What a reader sees of a movement that did not obey."""
    return {
        "code": "hold_violated", "also": None, "title": "Lot moved while on hold",
        "key": {"item": "A", "lot": tag}, "expected": [f"{tag}-h1"], "observed": [f"{tag}-s1"],
        "quantities": (None, "-10", None), "value": "125.00 EUR", "owner": "quality",
        "severity": "critical", "cause": "shipped from DOCK", "due": "2026-11-02 08:30",
        "state": "open", **more,
    }  # fmt: skip


def speaks(says: str, tag: str, *facts: Record, **more: Any) -> Case:
    """A movement of 08:30 that speaks at once and stays."""
    return Case(says, tag, facts, {MOVED: violation(tag, **more)}, ("opened",))


def silent(says: str, tag: str, *facts: Record) -> Case:
    return Case(says, tag, facts)


def on_day(tag: str, day: str) -> Record:
    """A movement of which only the day is known."""
    return moved(tag, at=None, posting_on=day, known=LAST)


STOOD = {"code": "hold_violated", "state": "open"}
CASES = [
    speaks("what is shipped of a held lot is critical at once", "shipped",
           hold("shipped"), moved("shipped")),
    speaks("what is consumed of it as well", "used", hold("used"),
           moved("used", source="mes", kind="goods_issue", location=None),
           cause="issued"),
    speaks("whoever holds it, and whoever moves it", "erp", hold("erp", source="erp"),
           moved("erp", source="erp")),
    speaks("a hold that names no item binds the lot", "noitem", hold("noitem", item=None),
           moved("noitem"), key={"lot": "noitem"}),
    speaks("a nonconformance holds", "nonconf", hold("nonconf", kind="nonconformance"),
           moved("nonconf")),
    speaks("a hold that ends after the movement was in force", "after",
           hold("after", ended_at=LATER, status="closed"), moved("after")),
    speaks("of two holds the end of one leaves the other", "second", hold("second"),
           hold("second", 2, at="08:10", ended_at="08:20"), moved("second")),
    Case("what moves at the instant of the hold moves while it holds", "instant",
         (hold("instant"), moved("instant", at="08:00")),
         {BEFORE: violation("instant", due="2026-11-02 08:00")}, ("opened",)),
    Case("every movement is an exception of its own", "each",
         (hold("each"), moved("each"), moved("each", 2, at=LATER, known=LATER),
          back("each", known=LATER)),
         {MOVED: violation("each"),
          LATER: violation("each", observed=["each-s2"], due="2026-11-02 09:00")},
         ("opened", "resolved", "opened")),
    Case("a movement two systems tell of violates once, whichever of them is first", "both",
         (hold("both"), moved("both", source="erp", correlation_id="both-c"),
          moved("both", 2, correlation_id="both-c", known=LATER)),
         {MOVED: violation("both"), LATER: violation("both", observed=["both-s1", "both-s2"])},
         ("opened",)),
    silent("what comes back did obey", "home", hold("home"),
           moved("home", kind="goods_issue", quantity=10)),
    silent("what moved before the hold did obey", "earlier", hold("earlier"),
           moved("earlier", at="07:59:59")),
    silent("so did what moved when the hold was over", "over", hold("over", ended_at=MOVED),
           moved("over")),
    silent("so did what moved after its release", "released", hold("released"),
           hold("released", 2, kind="release", at="08:29"), moved("released")),
    silent("another lot is free to go", "other", hold("other"), moved("other", lot="other-2")),
    silent("so is another item of that lot number", "twins", hold("twins"),
           moved("twins", item="B")),
    silent("a decision that is still open binds nothing", "draft", hold("draft", status="open"),
           moved("draft")),
    silent("to be moved within the house is to obey", "within", hold("within"),
           moved("within", kind="transfer")),
    silent("so is to be scrapped", "scrap", hold("scrap"), moved("scrap", kind="scrap")),
    *(
        silent(f"what is {state} did not move", state, hold(state), moved(state, state=state))
        for state in ("failed", "pending", "planned", "cancelled")
    ),
    silent("what was taken back did not move", "back", hold("back"), moved("back"), back("back")),
    speaks("a reversal that failed takes nothing back", "failback", hold("failback"),
           moved("failback"), back("failback", state="failed")),
    speaks("nor does one of a part, since the rest did move", "partback", hold("partback"),
           moved("partback"), back("partback", 4)),
    silent("a movement known to the day is not of the day the hold began", "day0",
           hold("day0"), on_day("day0", "2026-11-02")),
    Case("it is of the day after", "day1", (hold("day1"), on_day("day1", "2026-11-03")),
         {LAST: violation("day1", due="2026-11-03 00:00")}, ("opened",)),
    silent("and not of the day the hold ended", "day2",
           hold("day2", ended_at="2026-11-03 08:00"), on_day("day2", "2026-11-03")),
    Case("a reversal closes it", "undone", (hold("undone"), moved("undone"),
         back("undone", known=LATER)), {MOVED: STOOD, LATER: None}, CLOSED),
    Case("so does a hold whose beginning is corrected", "begin",
         (hold("begin"), moved("begin"), hold("begin", at="08:45", known=LATER)),
         {MOVED: STOOD, LATER: None}, CLOSED),
    Case("the end of the hold does not: the goods are gone", "ended",
         (hold("ended"), moved("ended"), hold("ended", ended_at="08:45", known=LATER)),
         {MOVED: violation("ended")}, ("opened",)),
    Case("a hold set for the past shows all that has left since", "past",
         (moved("past"), hold("past", known=LATER)), {LATER: violation("past")}, ("opened",)),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_hold_obeyed(played: Played, case: Case) -> None:
    assert played.course(case) == case.course(RUNS)


def test_one_more_run_changes_nothing_and_all_is_in_order(played: Played) -> None:
    assert played.order() == IN_ORDER


@pytest.mark.parametrize(("silent", "feed"), [("mes", "mes/holds"), ("wms", "wms/events")])
def test_nothing_is_said_of_what_a_side_has_not_told(house: House, silent: str, feed: str) -> None:
    seen = []

    def look(when: str, *silent: str) -> None:
        lots = sorted(row["key"]["lot"] for row in house.run(when, silent=silent))
        seen.append((house.report.outcome, house.report.reason, lots))

    house.land(hold("first", source="erp"), moved("first", source="erp"))
    look(MOVED, silent)
    look(MOVED)
    house.land(hold("next", source="erp"), moved("next", source="erp", at=LATER))
    look(LAST, silent)
    look(LAST)
    assert seen == [
        ("not_evaluated", f"{feed} was never collected", []),
        ("drifted", None, ["first"]),
        ("drifted", None, ["first"]),
        ("drifted", None, ["first", "next"]),
    ]
