"""inventory/stock_agrees: what a difference is put down to, and when it is not looked at."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from app.plain import worth
from tests.rules.house import IN_ORDER, Case, House, Played, Record

RULE = "inventory/stock_agrees"
SEEN, BEFORE, DUE = "08:35", "08:39:59", "08:40"  # a shipment of 08:10 is due half an hour later
RECEIPT_BEFORE, RECEIPT_DUE, AGAIN, NEXT_DAY = "12:09:59", "12:10", "13:00", "2026-11-03 08:10"
RUNS = [SEEN, BEFORE, DUE, RECEIPT_BEFORE, RECEIPT_DUE, AGAIN, NEXT_DAY]
# Each side counts twice, at times of its own: the ERP first, then the ERP last.
COUNTED = {"erp": {"08:15": SEEN, AGAIN: AGAIN}, "wms": {"08:30": SEEN, "12:55": AGAIN}}
CLOSED = ("opened", "resolved")


def counted(
    source: str, tag: str, first: object, second: object = None, **more: Any
) -> list[Record]:
    """What a side has of lot `tag`, at its two snapshots; alike unless told."""
    line = {"source": source, "feed": "stock", "item": "A", "lot": tag, "location": "L1", **more}
    quantities = (first, first if second is None else second)
    return [
        {**line, "quantity": quantity, "at": taken, "known": known}
        for (taken, known), quantity in zip(COUNTED[source].items(), quantities, strict=True)
    ]


def held(tag: str, erp: object, wms: object, **more: Any) -> list[Record]:
    """Both sides, which do not change."""
    return [*counted("erp", tag, erp, **more), *counted("wms", tag, wms, **more)]


def moved(
    source: str, tag: str, kind: str, quantity: object, number: int = 1, **more: Any
) -> Record:
    """A movement of 08:10, found by its document."""
    told = {"source": source, "source_key": f"{tag}-{source}{number}", "kind": kind, "at": "08:10"}
    named = {"item": "A", "lot": tag, "document_no": f"{tag}-{number}", "quantity": quantity}
    return {**told, **named, **more}


def variance(
    tag: str, quantities: tuple[str, str, str], parts: Mapping[str, str], rest: str = "0",
    **more: Any,
) -> Record:  # fmt: skip
    """What a reader sees of a lot that is off."""
    off = abs(Decimal(quantities[2]))
    assert sum(map(Decimal, parts.values()), Decimal(rest)) == Decimal(quantities[2])
    return {
        "code": "balance_variance", "also": None, "title": "Stock differs, ERP and WMS",
        "key": {"plant": "P1", "item": "A", "lot": tag}, "expected": [f"A/{tag}/L1"],
        "observed": [f"A/{tag}/L1"], "quantities": quantities,
        "value": f"{worth(off, Decimal('12.5'))} EUR", "owner": "warehouse", "severity": "warning",
        "cause": None, "explained": dict(parts), "unexplained": rest,
        "due": f"2026-11-02 {DUE}", "state": "open", **more,
    }  # fmt: skip


def off(says: str, tag: str, since: str, row: Record, *facts: Record) -> Case:
    """A lot that is off from a run on, and stays so."""
    return Case(says, tag, facts, {since: row}, ("opened",))


def shipped(cause: str, *facts: Record) -> Case:
    """A shipment of 3 that the warehouse has booked, and the ERP not as it should."""
    row = variance(cause, ("10", "7", "-3"), {cause: "-3"})
    ours = (*held(cause, 10, 7), moved("wms", cause, "ship_confirm", -3))
    return off(f"a shipment may be {cause} in the ERP", cause, DUE, row, *ours, *facts)


AGREEING = [
    Case("what was booked on both sides between the two snapshots is no difference", "rolled",
         (*counted("erp", "rolled", 10, 15), *counted("wms", "rolled", 15),
          moved("erp", "rolled", "fg_receipt", 5, at="08:20"),
          moved("wms", "rolled", "receipt", 5, at="08:20"))),
    Case("whichever side was counted first", "ahead",
         (*counted("erp", "ahead", 10, 7), *counted("wms", "ahead", 10),
          *(moved(source, "ahead", "ship_confirm", -3, at="12:58") for source in ("erp", "wms")))),
    Case("what was booked after both is in neither", "past",
         (*held("past", 10, 10),
          *(moved(source, "past", "receipt", 5, at="13:00:01", known=NEXT_DAY)
            for source in ("erp", "wms")))),
    Case("a line of nothing is no line", "nothing", tuple(counted("wms", "nothing", 0))),
]  # fmt: skip
PARTS = [
    shipped("missing"),
    shipped("failed", moved("erp", "failed", "ship_confirm", -3, state="failed")),
    shipped("queued", {"source": "middleware", "feed": "messages", "source_key": "queued-m1",
                       "at": "08:10", "status": "queued", "document_no": "queued-1"}),
    off("a receipt has four hours", "receipt", RECEIPT_DUE,
        variance("receipt", ("10", "15", "5"), {"missing": "5"}, due="2026-11-02 12:10"),
        *held("receipt", 10, 15), moved("wms", "receipt", "receipt", 5)),
    off("a count difference has a day", "adjust", NEXT_DAY,
        variance("adjust", ("10", "9", "-1"), {"missing": "-1"}, due="2026-11-03 08:10"),
        *held("adjust", 10, 9), moved("wms", "adjust", "adjust", -1)),
    off("what the ERP has booked alone is without a source", "orphan", DUE,
        variance("orphan", ("7", "10", "3"), {"orphan": "3"}),
        *held("orphan", 7, 10), moved("erp", "orphan", "ship_confirm", -3)),
    off("what it has booked twice is a duplicate", "twice", DUE,
        variance("twice", ("4", "7", "3"), {"duplicate": "3"}),
        *held("twice", 4, 7), moved("wms", "twice", "ship_confirm", -3),
        moved("erp", "twice", "ship_confirm", -3),
        moved("erp", "twice", "ship_confirm", -3, 2, document_no="twice-1")),
    off("of another quantity the difference counts", "short", DUE,
        variance("short", ("8", "7", "-1"), {"quantity": "-1"}),
        *held("short", 8, 7), moved("wms", "short", "ship_confirm", -3),
        moved("erp", "short", "ship_confirm", -2)),
    off("what its parts are worth is what it is worth, to the cent", "cents", SEEN,
        {"quantities": ("1", "1.0024", "0.0024"), "unexplained": "0", "value": "0.03 EUR",
         "explained_value": "0.03"},
        *held("cents", "1", "1.0024"), moved("wms", "cents", "return", "0.0012", 2),
        moved("wms", "cents", "receipt", "0.0012", 3)),
    off("a movement of a kind that is not compared is an adjustment of one side", "return", SEEN,
        variance("return", ("10", "12", "2"), {"adjustment": "2"}, due="2026-11-02 08:10"),
        *held("return", 10, 12), moved("wms", "return", "return", 2)),
    Case("what both have, on different sides of the instant, is cut-off until they count again",
         "cutoff",
         (*counted("erp", "cutoff", 10, 7), *counted("wms", "cutoff", 7),
          moved("wms", "cutoff", "ship_confirm", -3, at="08:29"),
          moved("erp", "cutoff", "ship_confirm", -3, at="08:33")),
         {SEEN: {"explained": {"cutoff": "-3"}, "unexplained": "0"}, AGAIN: None},
         ("opened", "graded", "resolved")),
    Case("parts and rest make up the variance, and a part changes its cause when it is due",
         "parts",
         (*held("parts", "20.5", "8.25"), moved("wms", "parts", "return", "1.5", 2),
          moved("wms", "parts", "ship_confirm", -4), moved("erp", "parts", "ship_confirm", -2),
          moved("wms", "parts", "receipt", 3, 3)),
         {when: variance("parts", ("20.5", "8.25", "-12.25"), {**parts, "adjustment": "1.5"},
                         "-14.75", due="2026-11-02 08:10")
          for when, parts in ((SEEN, {"not_due": "1"}), (DUE, {"quantity": "-2", "not_due": "3"}),
                              (RECEIPT_DUE, {"quantity": "-2", "missing": "3"}))}, ("opened",)),
    *(
        off(f"what one lot lacks and another has {tag} is put down to the lot", tag, SEEN,
            {"key": {"plant": "P1", "item": "B", "lot": tag}, "quantities": (erp, wms, share),
             "explained": {"lot": share}, "unexplained": "0", "value": None},
            *held(tag, erp, wms, item="B"))
        for tag, erp, wms, share in (("less", "10", "8", "-2"), ("more", "5", "7", "2"))
    ),
    off("a lot the warehouse does not know is compared with nothing", "erponly", SEEN,
        {"quantities": ("2", "0", "-2"), "expected": ["A/erponly/L1"], "observed": [],
         "explained": {}, "unexplained": "-2"}, *counted("erp", "erponly", 2)),
    off("so is one the ERP does not know", "wmsonly", SEEN,
        {"quantities": ("0", "5", "5"), "expected": [], "observed": ["A/wmsonly/L1"],
         "explained": {}, "unexplained": "5"}, *counted("wms", "wmsonly", 5)),
]  # fmt: skip
CASES = [*AGREEING, *PARTS]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_stock_taken_apart(played: Played, case: Case) -> None:
    assert played.course(case) == case.course(RUNS)


def test_one_more_run_changes_nothing_and_all_is_in_order(played: Played) -> None:
    assert played.order() == IN_ORDER


def seen(house: House, when: str, *silent: str) -> tuple[str, str | None, list[str]]:
    """How a run went, and the lots that speak."""
    lots = sorted(row["key"]["lot"] for row in house.run(when, silent=silent))
    return house.report.outcome, house.report.reason, lots


@pytest.mark.parametrize("source", ["erp", "wms"])
def test_nothing_is_said_without_both_counts_and_fresh_ones(house: House, source: str) -> None:
    first = [*held("first", 10, 8), *counted("erp", "next", 5), *counted("wms", "next", 5, 4)]
    house.land(*(line for line in first if line["known"] == SEEN))
    never = ("not_evaluated", f"{source}/stock was never collected", [])
    assert seen(house, SEEN, source) == never
    assert seen(house, SEEN) == ("drifted", None, ["first"])
    house.land(*(line for line in first if line["known"] == AGAIN))
    counted_at = {"erp": "08:15", "wms": "08:30"}[source]
    stale = f"{source}/stock: last good snapshot 2026-11-02 {counted_at} UTC"
    assert seen(house, AGAIN, source) == ("not_evaluated", stale, ["first"])
    assert seen(house, AGAIN) == ("drifted", None, ["first", "next"])


@pytest.mark.parametrize("source", ["erp", "wms"])
def test_nothing_is_said_while_movements_are_not_told(house: House, source: str) -> None:
    feed = f"{source}/events"
    house.land(*(line for line in held("first", 10, 8) if line["known"] == SEEN))
    assert seen(house, SEEN, feed) == ("not_evaluated", f"{feed} was never collected", [])
    assert seen(house, SEEN) == ("drifted", None, ["first"])
    house.land(*(line for line in held("first", 10, 10) if line["known"] == AGAIN))
    stale = ("not_evaluated", f"{feed}: known until 2026-11-02 08:35 UTC", ["first"])
    assert seen(house, AGAIN, feed) == stale
    assert seen(house, AGAIN) == ("tied_out", None, [])
