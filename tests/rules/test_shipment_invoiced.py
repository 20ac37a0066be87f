"""finance/shipment_invoiced: what left the building is invoiced, and what is invoiced left."""

from typing import Any

import pytest

from tests.rules.house import IN_ORDER, Case, House, Played, Record
from tests.rules.matching import AGED

RULE = "finance/shipment_invoiced"
# What is shipped at 08:00 is due two days later; an invoice of 08:00 without shipment at noon.
ORPHAN_BEFORE, ORPHAN_DUE = "11:59:59", "12:00"
BEFORE, DUE, LATER = "2026-11-04 07:59:59", "2026-11-04 08:00", "2026-11-05 08:00"
RUNS = [ORPHAN_BEFORE, ORPHAN_DUE, BEFORE, DUE, LATER]
NIGHT = "2026-11-03 01:00"
STOOD = {"state": "open"}
CLOSED = ("opened", "resolved")


def shipped(tag: str, number: int = 1, quantity: float = 10, **more: Any) -> Record:
    """A lot of item A left with delivery `tag` at 08:00."""
    told = {"source": "wms", "source_key": f"{tag}-e{number}", "kind": "ship_confirm"}
    named = {"order_no": tag, "item": "A", "lot": f"{tag}{number}", "at": "08:00"}
    return {**told, **named, "quantity": -quantity, **more}


def invoiced(tag: str, number: int = 1, quantity: float = 10, **more: Any) -> Record:
    """So much of item A of delivery `tag` was invoiced in the night."""
    told = {"source": "erp", "source_key": f"{tag}-o{number}", "kind": "invoiced", "at": NIGHT}
    return {**told, "order_no": tag, "item": "A", "quantity": -quantity, **more}


def exception(tag: str, code: str, title: str, **more: Any) -> Record:
    """What a reader sees of an item of a delivery."""
    return {
        "code": code, "also": None, "title": title, "key": {"order_no": tag, "item": "A"},
        "owner": "accounts-receivable", "severity": "warning", "state": "open", **more,
    }  # fmt: skip


CASES = [
    Case("what is invoiced in full ties out", "full", (shipped("full"), invoiced("full"))),
    Case("lots of an item are one line of the invoice", "lots",
         (shipped("lots", 1, 4), shipped("lots", 2, 6), invoiced("lots"))),
    Case("a shipment of the month invoiced in the next is invoiced", "month",
         (shipped("month"), invoiced("month", posting_on="2026-12-01"))),
    Case("what is not invoiced speaks once it is due", "none", (shipped("none"),),
         {DUE: exception("none", "missing_posting", "WMS shipment without invoice in ERP",
                         quantities=("-10", None, "10"), value="125.00 EUR",
                         expected=["none-e1"], observed=[], due=DUE)}, ("opened",)),
    Case("an invoice of another item is none of it", "item",
         (shipped("item"), invoiced("item", item="B", at="2026-11-05 07:00")),
         {DUE: {"code": "missing_posting"}}, ("opened",)),
    Case("what is invoiced late closes its exception", "late",
         (shipped("late"), invoiced("late", known=LATER)), {DUE: STOOD, LATER: None}, CLOSED),
    Case("what is invoiced and was never shipped speaks sooner", "ghost",
         (invoiced("ghost", at="08:00"),),
         {ORPHAN_DUE: exception("ghost", "orphan_posting", "ERP invoice without shipment in WMS",
                                quantities=(None, "-10", "-10"), value="125.00 EUR",
                                expected=[], observed=["ghost-o1"], due="2026-11-02 12:00")},
         ("opened",)),
    Case("a shipment told after its invoice closes it", "found",
         (invoiced("found", at="08:00"), shipped("found", known=BEFORE)),
         {ORPHAN_DUE: STOOD, BEFORE: None}, CLOSED),
    Case("an invoice that is cancelled counts no more", "cancelled",
         (invoiced("cancelled", at="08:00"),
          invoiced("cancelled", 2, -10, at="09:00", is_reversal=True,
                   reverses_key="cancelled-o1"))),
    Case("less invoiced than shipped is a variance", "short",
         (shipped("short"), invoiced("short", 1, 6)),
         {DUE: exception("short", "quantity_variance", "WMS shipment, other quantity in ERP",
                         quantities=("-10", "-6", "4"), value="50.00 EUR")}, ("opened",)),
    Case("invoiced twice is a duplicate", "twice",
         (shipped("twice"), invoiced("twice"), invoiced("twice", 2)),
         {DUE: {"code": "duplicate_posting", "quantities": ("-10", "-20", "-10")}}, ("opened",)),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_shipment_invoiced(played: Played, case: Case) -> None:
    assert played.course(case) == case.course(RUNS)


def test_one_more_run_changes_nothing_and_all_is_in_order(played: Played) -> None:
    assert played.order() == IN_ORDER


def test_it_gets_worse_with_its_age(house: House) -> None:
    house.land(shipped("old"))
    seen = {}
    for when in (DUE, "2026-11-07 08:00", "2026-11-11 08:00"):
        [row] = house.run(when)
        seen[when] = row["severity"]
    assert list(seen.values()) == ["warning", "major", "critical"]
    assert tuple(house.history(row["id"])) == AGED
