"""maintenance/stop_known: maintenance knows of a machine that stands for an hour."""

from typing import Any

import pytest

from tests.rules.house import IN_ORDER, Case, House, Played, Record

RULE = "maintenance/stop_known"
BEFORE, DUE, LATER, LAST = "08:59:59", "09:00", "12:00", "2026-11-03 09:00"
RUNS = [BEFORE, DUE, LATER, LAST]
AGED = ("opened", "graded")


def stop(tag: str, number: int = 1, **more: Any) -> Record:
    """Machine `tag` stands from 08:00 on, says the MES."""
    told = {"source": "mes", "feed": "stops", "source_key": f"{tag}-s{number}", "equipment": tag}
    return {**told, "at": "08:00", "reason": "jam", **more}


def repair(tag: str, number: int = 1, **more: Any) -> Record:
    """Maintenance knows of it from 08:10 on."""
    told = {"source": "cmms", "feed": "stops", "source_key": f"{tag}-r{number}", "equipment": tag}
    return {**told, "at": "08:10", **more}


def unknown(tag: str, **more: Any) -> Record:
    """What a reader sees of a stop nobody in maintenance knows of."""
    return {
        "code": "downtime_unreflected", "also": None,
        "title": "Machine down in MES, unknown in CMMS",
        "key": {"equipment": tag}, "expected": [f"{tag}-s1"], "observed": [],
        "quantities": (None, None, None), "value": None, "owner": "maintenance",
        "severity": "warning", "cause": "jam, still stands", "due": "2026-11-02 09:00",
        "state": "open", **more,
    }  # fmt: skip


def overlapping(tag: str, **more: Any) -> Record:
    """What a reader sees of a second stop within the first."""
    row = unknown(tag, code="duplicate_posting", title="Stops of a machine overlap in MES")
    return row | {
        "expected": [f"{tag}-s2"], "observed": [f"{tag}-s1"], "owner": "production-control",
        "cause": "within another stop of the machine", "due": "2026-11-02 09:20", **more,
    }  # fmt: skip


def stands(tag: str, **more: Any) -> dict[str, Record | None]:
    row = unknown(tag, **more)
    return {DUE: row, LAST: row | {"severity": "critical"}}


CASES = [
    Case("a stop maintenance works on ties out", "known", (stop("known"), repair("known"))),
    Case("one nobody there knows of speaks after an hour", "alone", (stop("alone"),),
         stands("alone"), AGED),
    Case("one that ended before speaks not", "short", (stop("short", ended_at="08:59"),)),
    Case("one that ended after the hour has to be known all the same", "over",
         (stop("over", ended_at="09:00"),), stands("over", cause="jam"), AGED),
    Case("what maintenance finished before is another stop", "earlier",
         (stop("earlier"), repair("earlier", at="07:00", ended_at="07:30")),
         stands("earlier"), AGED),
    Case("what it begins when the machine runs again as well", "after",
         (stop("after", ended_at="09:00"), repair("after", at="09:01", known=DUE)),
         stands("after", cause="jam"), AGED),
    Case("the repair of another machine is none of this one", "other",
         (stop("other"), repair("other", equipment="other-2")), stands("other"), AGED),
    Case("what is set up does not stand", "setup", (stop("setup", state="setup"),)),
    Case("maintenance that writes it down later closes it", "late",
         (stop("late"), repair("late", known=LATER)),
         {DUE: {"code": "downtime_unreflected"}, LATER: None}, ("opened", "resolved")),
    Case("a stop that is told again is one stop", "again",
         (stop("again"), stop("again", known=LATER), repair("again"))),
    Case("a stop within another is counted twice", "twice",
         (stop("twice", ended_at="10:30", known=LATER), repair("twice"),
          stop("twice", 2, at="08:20", ended_at="10:00", known=LATER)),
         {LATER: overlapping("twice"), LAST: overlapping("twice", severity="major")}, AGED),
    Case("one that begins as the first ends is another", "next",
         (stop("next", ended_at="08:20"), stop("next", 2, at="08:20", ended_at="08:40"))),
    Case("whose ends meet within a minute overlap by the rounding alone", "round",
         (stop("round", ended_at="08:20"), stop("round", 2, at="08:19:30", ended_at="08:40"))),
    Case("one that is put right closes it", "mended",
         (stop("mended", ended_at="10:30", known="09:00"), repair("mended"),
          stop("mended", 2, at="08:20", ended_at="10:00", known=LATER),
          stop("mended", 2, at="10:30", ended_at="10:50", known=LAST)),
         {LATER: {"code": "duplicate_posting"}, LAST: None}, ("opened", "resolved")),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_stop_known(played: Played, case: Case) -> None:
    assert played.course(case) == case.course(RUNS)


def test_one_more_run_changes_nothing_and_all_is_in_order(played: Played) -> None:
    assert played.order() == IN_ORDER


def test_nothing_is_said_while_maintenance_is_silent(house: House) -> None:
    house.land(stop("dark"))
    assert house.run(DUE, silent=["cmms"]) == []
    assert house.report.outcome == "not_evaluated"
    assert [row["code"] for row in house.run(DUE)] == ["downtime_unreflected"]
