"""finance/received_invoiced: what was received of an order line is invoiced, and the other way."""

from typing import Any

import pytest

from tests.rules.house import IN_ORDER, Case, House, Played, Record

RULE = "finance/received_invoiced"
LONG_AGO = "2026-09-03 08:00"  # sixty days before the runs begin to be due
BEFORE, DUE, LATER = "07:59:59", "08:00", "09:00"
RUNS = [BEFORE, DUE, LATER]
OPENED, MENDED = ("opened",), ("opened", "resolved")


def entry(tag: str, key: str, amount: str, at: str = LONG_AGO, **more: Any) -> Record:
    """A line of the account for goods and invoices received; a credit is a receipt."""
    return {
        "source": "erp", "feed": "entries", "source_key": f"{tag}-{key}", "account": "191100",
        "account_kind": "gr_ir", "document_no": f"{tag}-{key}", "order_no": tag,
        "order_line": "10", "amount": amount, "at": at, **more,
    }  # fmt: skip


def open_(tag: str, **more: Any) -> Record:
    """What a reader sees of a line of which 100 EUR are received and nothing is invoiced."""
    return {
        "code": "cutoff_balance", "title": "Order line received and invoiced unalike",
        "key": {"order_no": tag, "order_line": "10"}, "expected": [f"{tag}-r"], "observed": [],
        "quantities": ("100", "0", "-100"), "unexplained": "-100", "value": "100.00 EUR",
        "owner": "accounts-payable", "severity": "warning", "due": "2026-11-02 08:00",
        "cause": "Received and not invoiced", "state": "open", **more,
    }  # fmt: skip


STANDS = {"code": "cutoff_balance", "state": "open"}
CASES = [
    Case("what is invoiced is cleared", "cleared",
         (entry("cleared", "r", "-100"), entry("cleared", "i", "100"))),
    Case("in parts as well", "parts", (entry("parts", "r", "-100"), entry("parts", "i", "30"),
         entry("parts", "j", "70"))),
    Case("what is never invoiced is told once it is due", "never", (entry("never", "r", "-100"),),
         {DUE: open_("never")}, OPENED),
    Case("an invoice without goods is told as well", "ghost", (entry("ghost", "i", "100"),),
         {DUE: open_("ghost", expected=[], observed=["ghost-i"], quantities=("0", "100", "100"),
                     unexplained="100", cause="Invoiced and not received")}, OPENED),
    Case("so is what was received twice", "double",
         (entry("double", "r", "-100"), entry("double", "s", "-100"), entry("double", "i", "100")),
         {DUE: open_("double", expected=["double-r", "double-s"], observed=["double-i"],
                     quantities=("200", "100", "-100"), cause="Less invoiced than received")},
         OPENED),
    Case("an Euro is none", "cent", (entry("cent", "r", "-100"), entry("cent", "i", "101"))),
    Case("just inside its time nothing is said", "young",
         (entry("young", "r", "-100", "2026-09-03 09:00:01"),)),
    Case("the oldest is cleared first, and the rest is as old as it is", "fifo",
         (entry("fifo", "r", "-100"), entry("fifo", "s", "-50", "2026-10-01 08:00"),
          entry("fifo", "i", "100", "2026-10-02 08:00"))),
    Case("an invoice that comes late closes it", "late",
         (entry("late", "r", "-100"), entry("late", "i", "100", LATER)),
         {DUE: STANDS, LATER: None}, MENDED),
    Case("so does a receipt that is taken back", "back",
         (entry("back", "r", "-100"), entry("back", "s", "100", LATER)),
         {DUE: STANDS, LATER: None}, MENDED),
    Case("so does an entry that is corrected", "typed",
         (entry("typed", "r", "-100"), entry("typed", "i", "10"),
          entry("typed", "i", "100", known=LATER)), {DUE: STANDS, LATER: None}, MENDED),
    Case("an entry that is told again is one entry", "twice",
         (entry("twice", "r", "-100"), entry("twice", "i", "100"),
          entry("twice", "i", "100", known=DUE))),
    Case("another line of the order clears nothing", "lines",
         (entry("lines", "r", "-100"), entry("lines", "i", "100", LATER, order_line="20")),
         {DUE: open_("lines")}, OPENED),
    Case("an entry of no order is left out", "nobody",
         (entry("nobody", "r", "-1", order_no=None),)),
    Case("another account is no business of this rule", "stock",
         (entry("stock", "r", "-100", account_kind="stock"),)),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_received_invoiced(played: Played, case: Case) -> None:
    assert played.course(case) == case.course(RUNS)


def test_one_more_run_changes_nothing_and_all_is_in_order(played: Played) -> None:
    assert played.order() == IN_ORDER


def test_nothing_is_said_beyond_what_the_ledger_has_told(house: House) -> None:
    house.land(entry("x", "r", "-100"))
    assert house.run(BEFORE) == []
    assert house.run(LATER, silent=["erp"]) == []
    assert house.report.accounts["ledger"].unknown == 1
    assert [row["key"]["order_no"] for row in house.run(LATER)] == ["x"]
