"""maintenance/order_finished: a work order ends with its repair."""

from typing import Any

import pytest

from tests.rules.house import IN_ORDER, Case, House, Played, Record

RULE = "maintenance/order_finished"
BEFORE, DUE, LATER, LAST = (
    "2026-11-04 07:59:59", "2026-11-04 08:00", "2026-11-04 10:00", "2026-11-11 08:00",
)  # fmt: skip
RUNS = [BEFORE, DUE, LATER, LAST]
AGED = ("opened", "graded")


def order(tag: str, **more: Any) -> Record:
    """Work order `tag` as it was released at 07:00."""
    told = {"source": "cmms", "feed": "repairs", "source_key": f"{tag}-o1", "order_no": tag}
    return {**told, "status": "released", "at": "07:00", **more}


def stop(tag: str, number: int = 1, **more: Any) -> Record:
    """The machine stood for it from 07:00 until 08:00."""
    told = {"source": "cmms", "feed": "stops", "source_key": f"{tag}-s{number}", "equipment": "M1"}
    return {**told, "at": "07:00", "ended_at": "08:00", "maintenance_order_no": tag, **more}


def still_open(tag: str, **more: Any) -> Record:
    """What a reader sees of an order that stays open."""
    return {
        "code": "status_drift", "also": None, "title": "Work order open in CMMS, machine running",
        "key": {"order_no": tag}, "expected": [f"{tag}-o1"], "observed": [f"{tag}-s1"],
        "quantities": (None, None, None), "value": None, "owner": "maintenance",
        "severity": "warning", "cause": "released, though M1 runs again",
        "due": "2026-11-04 08:00", "state": "open", **more,
    }  # fmt: skip


def stands(tag: str, **more: Any) -> dict[str, Record | None]:
    row = still_open(tag, **more)
    return {DUE: row, LAST: row | {"severity": "major"}}


DONE = {"status": "done", "at": "09:00"}
CASES = [
    Case("an order that ends with its repair ties out", "done",
         (order("done"), stop("done"), order("done", **DONE))),
    Case("one that stays open speaks after 48 working hours", "open",
         (order("open"), stop("open")), stands("open"), AGED),
    Case("and so does one somebody holds", "held", (order("held", status="held"), stop("held")),
         stands("held", cause="held, though M1 runs again"), AGED),
    Case("a machine that still stands is not running", "down",
         (order("down"), stop("down", ended_at=None))),
    Case("nor one that stands again for the same order", "second",
         (order("second"), stop("second"), stop("second", 2, at="08:30", ended_at=None))),
    Case("an order nobody stopped a machine for is not judged", "idle", (order("idle"),)),
    Case("what was called off is over", "off",
         (order("off"), stop("off"), order("off", status="cancelled", at="09:00"))),
    Case("what is told again is one order", "again",
         (order("again"), stop("again"), order("again", **DONE),
          order("again", **DONE, known=LATER))),
    Case("an order that is ended late closes it", "late",
         (order("late"), stop("late"), order("late", status="done", at=LATER)),
         {DUE: {"code": "status_drift"}, LATER: None}, ("opened", "resolved")),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_order_finished(played: Played, case: Case) -> None:
    assert played.course(case) == case.course(RUNS)


def test_one_more_run_changes_nothing_and_all_is_in_order(played: Played) -> None:
    assert played.order() == IN_ORDER


def test_nothing_is_said_while_its_stops_are_silent(house: House) -> None:
    house.land(order("dark"), stop("dark"))
    assert house.run(DUE, silent=["cmms/stops"]) == []
    assert house.report.outcome == "not_evaluated"
    assert [row["code"] for row in house.run(DUE)] == ["status_drift"]
