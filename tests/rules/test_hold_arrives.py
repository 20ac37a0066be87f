"""quality/hold_arrives: a held lot is free nowhere, and a released one does not stay blocked."""

from typing import Any

import pytest

from tests.rules.house import IN_ORDER, Case, House, Played, Record

RULE = "quality/hold_arrives"
DUE, SEEN, LATER = "08:02", "08:03", "09:00"  # the snapshot of the due time is known a bit later
RELEASE_DUE, RELEASE_SEEN, LAST = "12:00", "12:01", "13:00"
RUNS = ["08:01:59", DUE, SEEN, LATER, "11:59:59", RELEASE_DUE, RELEASE_SEEN, LAST]
SNAPSHOTS = {  # when the warehouse counts: when that is known
    "08:01:59": "08:01:59", DUE: SEEN, LATER: LATER, "11:59:59": "11:59:59",
    RELEASE_DUE: RELEASE_SEEN, LAST: LAST,
}  # fmt: skip
CLOSED = ("opened", "resolved")
PLAIN = {
    "free": "free stock", "blocked": "blocked stock", "inspect": "stock in inspection",
    "restricted": "restricted stock", "returns": "returned stock", "transit": "stock in transit",
    "wip": "work in progress",
}  # fmt: skip


def decision(tag: str, number: int = 1, **more: Any) -> Record:
    """A hold of 08:00 about lot `tag` of item A, from the MES."""
    told = {"source": "mes", "feed": "holds", "source_key": f"{tag}-h{number}", "kind": "hold"}
    return {**told, "item": "A", "lot": tag, "at": "08:00", **more}


def release(tag: str, **more: Any) -> Record:
    return decision(tag, 9, kind="release", **more)


def stock(tag: str, status: str, since: str = "", until: str = "99", **more: Any) -> list[Record]:
    """What the warehouse holds of a lot in a status: a line of each snapshot of that time."""
    line = {"source": "wms", "feed": "stock", "item": "A", "lot": tag, "location": "L1"}
    line |= {"stock_status": status, "quantity": 10, **more}
    return [
        {**line, "at": taken, "known": known}
        for taken, known in SNAPSHOTS.items()
        if since <= taken < until
    ]


def unheld(tag: str, status: str = "free", **more: Any) -> Record:
    """What a reader sees of a lot that is held, and not blocked."""
    return {
        "code": "hold_not_propagated", "also": None,
        "title": "Quality hold in ERP or MES or QMS, stock free in WMS",
        "key": {"item": "A", "lot": tag}, "expected": [f"{tag}-h1"],
        "observed": [f"A/{tag}/L1/{status}"], "quantities": (None, "10", None),
        "value": "125.00 EUR", "owner": "quality", "severity": "critical",
        "cause": f"{PLAIN[status]} in L1", "due": "2026-11-02 08:02", "state": "open", **more,
    }  # fmt: skip


def unreleased(tag: str, status: str = "blocked", **more: Any) -> Record:
    """What a reader sees of a lot that is released, and not free."""
    return unheld(tag, status) | {
        "code": "release_not_propagated", "owner": "warehouse",
        "title": "Released in ERP or MES or QMS, stock blocked in WMS",
        "due": "2026-11-02 12:00", **more,
    }  # fmt: skip


def holds(says: str, tag: str, *facts: Record, **more: Any) -> Case:
    """A lot that stays free although it is held."""
    return Case(says, tag, (*facts, *stock(tag, "free")), {SEEN: unheld(tag, **more)}, ("opened",))


def silent(says: str, tag: str, *facts: Record) -> Case:
    return Case(says, tag, facts)


HELD = [
    holds("a held lot that is free speaks once it had to be blocked", "free", decision("free")),
    *(
        holds(f"a {kind} holds", kind, decision(kind, kind=kind))
        for kind in ("nonconformance", "recall")
    ),
    *(
        silent(f"a decision of kind {kind} holds nothing", kind, decision(kind, kind=kind),
               *stock(kind, "free"))
        for kind in ("usage_decision", "expiry")
    ),
    *(
        holds(f"a decision that is {status} binds", f"is{status}",
              decision(f"is{status}", status=status))
        for status in ("stock_posted", "closed")
    ),
    silent("a decision that is still open does not", "isopen", decision("isopen", status="open"),
           *stock("isopen", "free")),
    *(
        silent(f"stock that is in status {status} is safe", status, decision(status),
               *stock(status, status))
        for status in ("blocked", "inspect", "restricted")
    ),
    *(
        Case(f"stock in status {status} is not", status, (decision(status), *stock(status, status)),
             {SEEN: unheld(status, status)}, ("opened",))
        for status in ("returns", "transit", "wip")
    ),
    silent("a lot of which nothing is there is safe", "none", decision("none")),
    silent("so is an empty line", "empty", decision("empty"), *stock("empty", "free", quantity=0)),
    silent("a lot nobody holds may be free", "nobody", *stock("nobody", "free")),
    holds("whichever system holds it", "erp", decision("erp", source="erp")),
    holds("a hold that names no item binds the lot", "noitem", decision("noitem", item=None),
          key={"lot": "noitem"}),
    silent("a lot of another item that is called alike is another lot", "twins", decision("twins"),
           *stock("twins", "free", item="B"), *stock("twins", "blocked")),
    silent("a hold that binds no lot is about something else", "nolot", decision("nolot", lot=None),
           *stock("nolot", "free")),
    silent("a snapshot from before it was due proves nothing", "old", decision("old"),
           *stock("old", "free", until=DUE), *stock("old", "blocked", since=DUE)),
    Case("only what is free of a lot is at risk", "part",
         (decision("part"), *stock("part", "free", quantity=4), *stock("part", "blocked")),
         {SEEN: unheld("part", quantities=(None, "4", None), value="50.00 EUR")}, ("opened",)),
    Case("what comes in free while the lot is held speaks", "new",
         (decision("new"), *stock("new", "blocked", until=LATER),
          *stock("new", "free", since=LATER)),
         {LATER: unheld("new")}, ("opened",)),
    Case("the first snapshot that shows it blocked closes it", "late",
         (decision("late"), *stock("late", "free", until=LATER),
          *stock("late", "blocked", since=LATER)),
         {SEEN: unheld("late"), LATER: None}, CLOSED),
    Case("the end of the hold closes it", "ended",
         (decision("ended"), decision("ended", ended_at="08:30", known=LATER),
          *stock("ended", "free")),
         {SEEN: unheld("ended"), LATER: None}, CLOSED),
    Case("a release closes it", "released",
         (decision("released"), release("released", at="08:30", known=LATER),
          *stock("released", "free")),
         {SEEN: unheld("released"), LATER: None}, CLOSED),
    Case("an end that is to come does not end it before", "planned",
         (decision("planned", ended_at="11:00"), *stock("planned", "free")),
         {SEEN: unheld("planned"), "11:59:59": None}, CLOSED),
    Case("a hold that is to come binds from then on", "tocome",
         (decision("tocome", at=LATER, known="08:01:59"), *stock("tocome", "free")),
         {"11:59:59": unheld("tocome", due="2026-11-02 09:02")}, ("opened",)),
    Case("of two holds the end of one leaves the other", "second",
         (decision("second"), decision("second", 2, source="erp", ended_at="08:01"),
          *stock("second", "free")), {SEEN: unheld("second")}, ("opened",)),
    Case("held again after its release, it is the same exception", "again",
         (decision("again"), release("again", at="08:30", known=LATER),
          decision("again", 2, at="10:00", known="11:59:59"), *stock("again", "free")),
         {SEEN: unheld("again"), LATER: None,
          "11:59:59": unheld("again", expected=["again-h2"], due="2026-11-02 10:02",
                             state="regressed")},
         (*CLOSED, "regressed")),
]  # fmt: skip
RELEASED = [
    *(
        Case(f"released and still {status} speaks once it had to be free", f"r{status}",
             (decision(f"r{status}", at="07:00"), release(f"r{status}"),
              *stock(f"r{status}", status)),
             {RELEASE_SEEN: unreleased(f"r{status}", status, expected=[f"r{status}-h9"])},
             ("opened",))
        for status in ("blocked", "inspect", "restricted")
    ),
    Case("the end of a hold is its release", "rend",
         (decision("rend", at="07:00", ended_at="08:00", status="closed"),
          *stock("rend", "blocked")), {RELEASE_SEEN: unreleased("rend")}, ("opened",)),
    silent("what another hold still binds is not released", "rheld", decision("rheld", at="07:00"),
           decision("rheld", 2, at="07:30", ended_at="08:00"), *stock("rheld", "blocked")),
    silent("nor what is held anew", "ragain", decision("ragain", at="07:00", ended_at="08:00"),
           decision("ragain", 2, at=LATER), *stock("ragain", "blocked")),
    silent("what is free in time is in order", "rfree", decision("rfree", at="07:00"),
           release("rfree"), *stock("rfree", "blocked", until=RELEASE_DUE),
           *stock("rfree", "free", since=RELEASE_DUE)),
    Case("the first snapshot that shows it free closes it", "rlate",
         (decision("rlate", at="07:00"), release("rlate"),
          *stock("rlate", "blocked", until=LAST), *stock("rlate", "free", since=LAST)),
         {RELEASE_SEEN: unreleased("rlate", expected=["rlate-h9"]), LAST: None}, CLOSED),
]  # fmt: skip
CASES = [*HELD, *RELEASED]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_hold_arrives(played: Played, case: Case) -> None:
    assert played.course(case) == case.course(RUNS)


def test_one_more_run_changes_nothing_and_all_is_in_order(played: Played) -> None:
    assert played.order() == IN_ORDER


def seen(house: House, when: str, *silent: str) -> tuple[str, str | None, list[str]]:
    """How a run went, and the lots that speak."""
    lots = sorted(row["key"]["lot"] for row in house.run(when, silent=silent))
    return house.report.outcome, house.report.reason, lots


def test_nothing_is_said_without_a_fresh_snapshot(house: House) -> None:
    free = [*stock("first", "free"), *stock("next", "free")]
    house.land(decision("first"), *(line for line in free if line["at"] == DUE))
    assert seen(house, SEEN, "wms") == ("not_evaluated", "wms/stock was never collected", [])
    assert seen(house, SEEN) == ("drifted", None, ["first"])
    house.land(decision("first", ended_at="08:30"), decision("next", at=LATER))
    stale = "wms/stock: last good snapshot 2026-11-02 08:02 UTC"
    assert seen(house, LAST, "wms") == ("not_evaluated", stale, ["first"])
    house.land(*(line for line in free if line["at"] == LAST))
    assert seen(house, LAST) == ("drifted", None, ["next"])


def test_nothing_is_said_of_holds_while_their_source_is_silent(house: House) -> None:
    house.land(decision("first"), *stock("first", "free", until=DUE))
    unknown = ("not_evaluated", "erp/holds was never collected", [])
    assert seen(house, "08:01:59", "erp") == unknown
    assert seen(house, "08:01:59") == ("tied_out", None, [])
    house.land(*(line for line in stock("first", "free") if line["at"] == LAST))
    assert seen(house, LAST, "erp") == ("tied_out", None, [])
    assert seen(house, LAST) == ("drifted", None, ["first"])
