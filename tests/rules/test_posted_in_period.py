"""finance/posted_in_period: nothing is dated into a period after that was closed."""

from typing import Any

import pytest

from tests.rules.house import IN_ORDER, Case, House, Played, Record

RULE = "finance/posted_in_period"
FIRST, SECOND, LATER = "09:00", "10:00", "11:00"
RUNS = [FIRST, SECOND, LATER]
OPENED, MENDED = ("opened",), ("opened", "resolved")
LAST_DAY = "2026-10-31"


def period(name: str, starts_on: str, ends_on: str, closed_at: str | None, **more: Any) -> Record:
    """A fiscal period, the end not in it."""
    return {
        "source": "erp", "feed": "periods", "source_key": name, "period": name,
        "starts_on": starts_on, "ends_on": ends_on, "closed_at": closed_at, "at": FIRST, **more,
    }  # fmt: skip


CLOSED_AT = "2026-11-02T08:00:00Z"
OCTOBER = period("10", "2026-10-01", "2026-11-01", CLOSED_AT)
STOCK = period("10", "2026-10-01", "2026-11-01", "2026-11-02T06:00:00Z", ledger="stock")
NOVEMBER = period("11", "2026-11-01", "2026-12-01", None)


def entry(tag: str, key: str, amount: str, at: str, on: str = LAST_DAY, **more: Any) -> Record:
    """A line of a document that is named like the case."""
    return {
        "source": "erp", "feed": "entries", "source_key": f"{tag}-{key}", "account": "300",
        "account_kind": "stock", "document_no": tag, "amount": amount, "posting_on": on, "at": at,
        **more,
    }  # fmt: skip


def dated(tag: str, **more: Any) -> Record:
    """What a reader sees of a document of October that was entered after it was closed."""
    return {
        "code": "wrong_period", "title": "Posted into a closed period",
        "key": {"company": "C1", "fiscal_year": "2026", "document_no": tag},
        "expected": [], "observed": [f"{tag}-1"], "quantities": (None, None, None),
        "value": "100.00 EUR", "owner": "controlling", "severity": "major",
        "due": "2026-11-02 08:30", "state": "open",
        "cause": "Dated 2026-10-31, entered after period 10 was closed", **more,
    }  # fmt: skip


STANDS = {"code": "wrong_period", "state": "open"}
CASES = [
    Case("that stock was closed before closes nothing else", "periods", (STOCK, OCTOBER, NOVEMBER)),
    Case("what is entered before its period is closed is right", "before",
         (entry("before", "1", "100", "07:59:59"),)),
    Case("in the moment it is closed as well", "moment", (entry("moment", "1", "100", "08:00"),)),
    Case("what is entered after it is told", "after", (entry("after", "1", "100", "08:30"),),
         {FIRST: dated("after")}, OPENED),
    Case("a document is told once, by the larger of its sides", "sides",
         (entry("sides", "1", "100", "08:30"), entry("sides", "2", "50", "08:30"),
          entry("sides", "3", "-120", "08:30")),
         {FIRST: dated("sides", value="150.00 EUR",
                       observed=["sides-1", "sides-2", "sides-3"])}, OPENED),
    Case("what is dated into an open period is right", "open",
         (entry("open", "1", "100", "08:30", on="2026-11-01"),)),
    Case("a reversal dated into the same period is told as well", "back",
         (entry("back", "1", "100", "07:00"), entry("back", "2", "-100", "08:30",
          document_no="back-r")),
         {FIRST: dated("back-r", observed=["back-2"])}, OPENED),
    Case("an entry that is told again is one entry", "twice",
         (entry("twice", "1", "100", "08:30"), entry("twice", "1", "100", "08:30", known=SECOND)),
         {FIRST: dated("twice")}, OPENED),
    Case("a date that is corrected closes it", "typed",
         (entry("typed", "1", "100", "08:30"),
          entry("typed", "1", "100", "08:30", on="2026-11-01", known=SECOND)),
         {FIRST: STANDS, SECOND: None}, MENDED),
    Case("much of it is worse", "much", (entry("much", "1", "-10000", "08:30"),),
         {FIRST: {"value": "10000.00 EUR", "severity": "critical"}}, OPENED),
    Case("a date nobody has a period for is unknown", "old",
         (entry("old", "1", "100", "08:30", on="2025-10-31"),)),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_posted_in_period(played: Played, case: Case) -> None:
    assert played.course(case) == case.course(RUNS)


def test_one_more_run_changes_nothing_and_all_is_in_order(played: Played) -> None:
    assert played.order() == IN_ORDER


def test_what_was_closed_is_known_late_and_told_then(house: House) -> None:
    house.land(OCTOBER | {"closed_at": None}, entry("x", "1", "100", "08:30"))
    assert house.run(FIRST) == []
    house.land(OCTOBER)
    assert [row["key"]["document_no"] for row in house.run(SECOND)] == ["x"]


def test_without_anybody_who_tells_periods_nothing_is_judged(house: House) -> None:
    house.land(entry("x", "1", "100", "08:30"))
    assert house.run(FIRST, silent=["erp/periods"]) == []
    assert house.report.reason == "erp/periods was never collected"
