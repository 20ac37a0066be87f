"""inventory/status_agrees: of what both hold as much is free, in inspection and blocked."""

from typing import Any

import pytest

from tests.rules.house import IN_ORDER, Case, House, Played, Record

RULE = "inventory/status_agrees"
# Both count before every run, the ERP five minutes before the warehouse. What changes status at
# 08:00 is due at 09:00.
FIRST, BEFORE, DUE, LATER = "08:10", "08:59:59", "09:00", "10:00"
SNAPSHOTS = {FIRST: "08:05", BEFORE: "08:54:59", DUE: "08:55", LATER: "09:55"}
RUNS = list(SNAPSHOTS)
CLOSED = ("opened", "resolved")


def stock(
    source: str, tag: str, free: float, blocked: float = 0, since: str = "", until: str = "99",
    **more: Any,
) -> list[Record]:  # fmt: skip
    """What a system holds of lot `tag` of item A: lines of each snapshot of that time, if any."""
    line = {"source": source, "feed": "stock", "item": "A", "lot": tag, "location": tag, **more}
    return [
        {**line, "stock_status": status, "quantity": quantity, "at": taken, "known": run}
        for run, booked in SNAPSHOTS.items()
        for status, quantity in (("free", free), ("blocked", blocked))
        for taken in [booked if source == "erp" else run]
        if quantity and since <= run < until
    ]


def blocked(source: str, tag: str, quantity: float, **more: Any) -> list[Record]:
    """So much of lot `tag` is blocked at 08:00: out of one status, into the other."""
    told = {"source": source, "kind": "status_change", "at": "08:00", "item": "A", "lot": tag}
    return [
        {**told, "source_key": f"{tag}-{source}-{status}", "stock_status": status,
         "quantity": signed, "location": tag, "correlation_id": tag, **more}
        for status, signed in (("free", -quantity), ("blocked", quantity))
    ]  # fmt: skip


def variance(tag: str, status: str, quantities: tuple[str, str, str], **more: Any) -> Record:
    """What a reader sees of a status of a lot."""
    return {
        "code": "balance_variance", "also": None, "title": "Stock differs, ERP and WMS",
        "key": {"plant": "P1", "item": "A", "lot": tag, "stock_status": status},
        "quantities": quantities, "owner": "quality", "severity": "warning",
        "unexplained": "0", "state": "open", **more,
    }  # fmt: skip


CASES = [
    Case("the same split ties out", "same", (*stock("erp", "same", 6, 4),
                                             *stock("wms", "same", 6, 4))),
    Case("a total that differs is not looked at", "total",
         (*stock("erp", "total", 6, 4), *stock("wms", "total", 5, 4))),
    Case("nor is it where the split differs too", "both",
         (*stock("erp", "both", 10), *stock("wms", "both", 5, 4))),
    Case("a change both know is none, whenever they counted", "known",
         (*stock("erp", "known", 10, until=BEFORE), *stock("erp", "known", 6, 4, BEFORE),
          *stock("wms", "known", 6, 4), *blocked("erp", "known", 4, at="08:07"),
          *blocked("wms", "known", 4, at="08:06"))),
    Case("one that is posted in time is never spoken of", "intime",
         (*stock("erp", "intime", 10, until=DUE), *stock("erp", "intime", 6, 4, DUE),
          *stock("wms", "intime", 6, 4), *blocked("wms", "intime", 4),
          *blocked("erp", "intime", 4, at="08:55", correlation_id="intime"))),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_status_agrees(played: Played, case: Case) -> None:
    assert played.course(case) == case.course(RUNS)


def test_one_more_run_changes_nothing_and_all_is_in_order(played: Played) -> None:
    assert played.order() == IN_ORDER


def shown(rows: list[Record], *names: str) -> list[Record]:
    """Some fields of exceptions, in order of status."""
    return [
        {name: row[name] for name in names}
        for row in sorted(rows, key=lambda row: row["key"]["stock_status"])
    ]


def test_what_the_books_were_never_told_speaks_once_due_and_closes_when_posted(
    house: House,
) -> None:
    facts = [*stock("erp", "x", 10, until=LATER), *stock("erp", "x", 6, 4, LATER),
             *stock("wms", "x", 6, 4), *blocked("wms", "x", 4, known=FIRST),
             *blocked("erp", "x", 4, at="09:30", known=LATER)]  # fmt: skip
    seen = {}
    for run in RUNS:
        house.land(*(fact for fact in facts if fact["known"] == run))
        seen[run] = house.run(run)
    expected = [
        variance("x", "blocked", ("0", "4", "4"), value="50.00 EUR", explained={"missing": "4"}),
        variance("x", "free", ("10", "6", "-4"), value="50.00 EUR", explained={"missing": "-4"}),
    ]
    assert shown(seen.pop(DUE), *expected[0]) == expected
    assert {*map(len, seen.values())} == {0}


def test_what_no_movement_explains_is_put_down_to_the_other_status(house: House) -> None:
    house.land(*stock("erp", "x", 10, until=BEFORE), *stock("wms", "x", 6, 4, until=BEFORE))
    assert shown(house.run(FIRST), "explained", "unexplained") == [
        {"explained": {"status_class": "4"}, "unexplained": "0"},
        {"explained": {"status_class": "-4"}, "unexplained": "0"},
    ]
