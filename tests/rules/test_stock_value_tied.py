"""finance/stock_value_tied: the stock accounts say what the stock in them is worth."""

from typing import Any

import pytest

from tests.rules.house import IN_ORDER, Case, House, Played, Record
from tests.rules.rolling import FIRST, LAST, SECOND

RULE = "finance/stock_value_tied"
LATER = "09:30"
RUNS = [FIRST, SECOND, LATER, LAST]
LISTED = {
    FIRST: "07:55",
    SECOND: "08:55",
    LATER: "09:25",
    LAST: "10:55",
}  # all may be in it by then
OPENED, MENDED = ("opened",), ("opened", "resolved")


def listed(tag: str, item: str, quantities: dict[str, float], **more: Any) -> list[Record]:
    """What the list of the ERP, five minutes old, shows of an item from each of the runs on."""
    held, found = 0.0, list[Record]()
    for run in RUNS:
        held = quantities.get(run, held)
        if held:
            line = {"source": "erp", "feed": "stock", "item": item, "lot": tag, "location": "S"}
            found.append({**line, "quantity": held, "at": LISTED[run], "known": run, **more})
    return found


def entry(tag: str, item: str | None, key: str, amount: str, at: str, **more: Any) -> Record:
    """A line of the ledger, in an account named like the case."""
    return {
        "source": "erp", "feed": "entries", "source_key": f"{tag}-{key}", "account": tag,
        "account_kind": "stock", "document_no": f"{tag}-{key}", "item": item, "amount": amount,
        "at": at, **more,
    }  # fmt: skip


def off(tag: str, item: str, **more: Any) -> Record:
    """What a reader sees of ten pieces in an account that says five."""
    return {
        "code": "cutoff_balance", "title": "Stock account is not what its stock is worth",
        "key": {"company": "C1", "account": tag, "plant": "P1"},
        "quantities": ("125", "62.5", "-62.5"), "unexplained": "-62.5", "value": "62.50 EUR",
        "owner": "controlling", "severity": "warning", "state": "open",
        "cause": f"Most of it in item {item}: -62.50 EUR", **more,
    }  # fmt: skip


def ten(tag: str, item: str, *entries: Record) -> tuple[Record, ...]:
    """Ten pieces lie there, which are worth 125 EUR; five were posted long ago."""
    return (*listed(tag, item, {FIRST: 10}), entry(tag, item, "1", "62.50", "06:00"), *entries)


STANDS = {"code": "cutoff_balance", "state": "open"}
CASES = [
    Case("an account that says what lies there is worth ties out", "same",
         ten("same", "M1", entry("same", "M1", "2", "62.50", "07:00"))),
    Case("what was moved and never posted is told", "lost", ten("lost", "M2"),
         {FIRST: off("lost", "M2")}, OPENED),
    Case("a cent is none, nor is an Euro", "cent",
         ten("cent", "M3", entry("cent", "M3", "2", "63.50", "07:00"))),
    Case("a cent more is", "more", ten("more", "M4", entry("more", "M4", "2", "63.51", "07:00")),
         {FIRST: {"quantities": ("125", "126.01", "1.01"), "value": "1.01 EUR"}}, OPENED),
    Case("it closes with the next list once it is posted", "late",
         ten("late", "M5", entry("late", "M5", "2", "62.50", "08:50")),
         {FIRST: STANDS, SECOND: None}, MENDED),
    Case("what is posted just before the list may not be in it", "near",
         ten("near", "M6", entry("near", "M6", "2", "62.50", "07:00"),
             entry("near", "M6", "3", "12.50", "10:51"))),
    Case("what was posted longer before has to be", "far",
         ten("far", "M7", entry("far", "M7", "2", "62.50", "07:00"),
             entry("far", "M7", "3", "12.50", "10:49")),
         {LAST: {"quantities": ("125", "137.5", "12.5"), "value": "12.50 EUR"}}, OPENED),
    Case("an entry that is told again is one entry", "twice",
         ten("twice", "M8", entry("twice", "M8", "2", "62.50", "07:00"),
             entry("twice", "M8", "2", "62.50", "07:00", known=SECOND))),
    Case("an entry that is corrected counts as it is now", "typed",
         ten("typed", "M9", entry("typed", "M9", "2", "26.50", "07:00"),
             entry("typed", "M9", "2", "62.50", "07:00", known=SECOND)),
         {FIRST: {"quantities": ("125", "89", "-36")}, SECOND: None}, MENDED),
    Case("an entry that is taken back counts no more", "back",
         ten("back", "M10", entry("back", "M10", "2", "62.50", "06:30"),
             entry("back", "M10", "3", "-62.50", "07:00")),
         {FIRST: off("back", "M10")}, OPENED),
    Case("a journal without goods explains its share", "journal",
         ten("journal", "M11", entry("journal", "M11", "2", "62.50", "07:00"),
             entry("journal", None, "3", "40", "07:10")),
         {FIRST: {"quantities": ("125", "165", "40"), "explained": {"journal": "40"},
                  "explained_value": "40", "unexplained": "0", "value": "40.00 EUR",
                  "cause": "Most of it in entries that name no item: 40.00 EUR"}}, OPENED),
    Case("stock that is used up leaves nothing in its account", "used",
         (*listed("used", "M12", {FIRST: 10, SECOND: 0}),
          entry("used", "M12", "1", "125", "06:00"), entry("used", "M12", "2", "-25", "08:30")),
         {SECOND: {"quantities": ("0", "100", "100"), "value": "100.00 EUR"}}, OPENED),
    Case("much of it is worse", "much", (*listed("much", "M13", {FIRST: 1000}),
         entry("much", "M13", "1", "0.50", "06:00")),
         {FIRST: {"value": "12499.50 EUR", "severity": "critical"}}, OPENED),
    Case("an account in another currency than the costs is unknown", "dollar",
         (*listed("dollar", "M14", {FIRST: 10}),
          entry("dollar", "M14", "1", "1", "06:00", currency="USD"))),
    Case("what a customer sent back is worth nothing yet", "returned",
         (*listed("returned", "M15", {FIRST: 10}),
          *listed("returned", "M15", {FIRST: 5}, stock_status="returns"),
          entry("returned", "M15", "1", "125", "06:00"))),
    Case("so is stock without any entry: nobody knows its account", "nowhere",
         (*listed("nowhere", "M16", {FIRST: 10}),)),
    Case("so is one with an item that has no cost", "costless",
         (*listed("costless", "X", {FIRST: 10}), entry("costless", "X", "1", "1", "06:00"))),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_stock_value_tied(played: Played, case: Case) -> None:
    assert played.course(case) == case.course(RUNS)


def test_one_more_run_changes_nothing_and_all_is_in_order(played: Played) -> None:
    assert played.order() == IN_ORDER


@pytest.mark.parametrize("silent", ["erp/stock", "erp/entries"])
def test_while_a_source_is_stale_nothing_opens_and_nothing_closes(
    house: House, silent: str
) -> None:
    for run in (FIRST, LAST):
        lines = [one for one in listed("x", "M1", {FIRST: 10, LAST: 5}) if one["known"] == run]
        house.land(*lines, *([entry("x", "M1", "1", "62.50", "06:00")] if run == FIRST else []))
        house.run(run, silent=[silent] if run == LAST else [])
    assert house.report.outcome == "not_evaluated"
    assert [row["state"] for row in house.known()] == ["open"]
    house.run("11:30")
    assert house.known(["open"]) == []
