"""inventory/ledger_rolls: the stock list of an ERP is what its own movements make it."""

import pytest

from tests.rules.house import IN_ORDER, Case, House, Played
from tests.rules.rolling import FIRST, INSIDE, LAST, LATER, RUNS, SECOND, booked, listed

RULE = "inventory/ledger_rolls"
OFF = {
    "code": "ledger_mismatch", "title": "ERP stock is not what its movements make it",
    "quantities": ("7", "10", "3"), "unexplained": "3", "value": "37.50 EUR",
    "owner": "integration-support", "severity": "warning", "state": "open",
}  # fmt: skip
BELOW = {
    "code": "negative_stock", "title": "ERP stock below zero",
    "quantities": ("0", "-4", "-4"), "value": "50.00 EUR", "owner": "warehouse",
    "severity": "warning", "state": "open",
}  # fmt: skip
ONE = ("opened",)
MENDED = ("opened", "resolved")

CASES = [
    Case("what it had and moved is what it has", "same",
         (*listed("erp", "same", {FIRST: 10, SECOND: 12}),
          booked("erp", "same", "1", 5, "08:20"), booked("erp", "same", "2", -3, "08:40"))),
    Case("a list that missed a movement speaks, whatever is listed later", "missed",
         (*listed("erp", "missed", {FIRST: 10}), booked("erp", "missed", "1", -3, "08:30")),
         {SECOND: OFF}, ONE),
    Case("it closes when the list is repaired", "repaired",
         (*listed("erp", "repaired", {FIRST: 10, LATER: 7}),
          booked("erp", "repaired", "1", -3, "08:30")),
         {SECOND: OFF, LATER: None}, MENDED),
    Case("a late correction that takes the movement back closes it as well", "back",
         (*listed("erp", "back", {FIRST: 10}), booked("erp", "back", "1", -3, "08:30"),
          booked("erp", "back", "2", 3, "09:10", is_reversal=True, reverses_key="back-1")),
         {SECOND: OFF, INSIDE: None}, MENDED),
    Case("the same movement delivered twice is one", "again",
         (*listed("erp", "again", {FIRST: 10, SECOND: 7}),
          *[booked("erp", "again", "1", -3, "08:30", known=run) for run in (SECOND, LATER)])),
    Case("what was booked minutes before the list may not be in it yet", "near",
         (*listed("erp", "near", {FIRST: 10, INSIDE: 7}), booked("erp", "near", "1", -3, "08:55"))),
    Case("what is told after the list may be in it", "told",
         (*listed("erp", "told", {FIRST: 10, SECOND: 7}),
          booked("erp", "told", "1", -3, "08:30"))),
    Case("what nobody posted moves nothing", "failed",
         (*listed("erp", "failed", {FIRST: 10}),
          booked("erp", "failed", "1", -3, "08:30", state="failed"))),
    Case("a line below zero speaks once a receipt had the time to come", "below",
         (*listed("erp", "below", {SECOND: -4}), booked("erp", "below", "1", -4, "09:00")),
         {LATER: BELOW}, ONE),
    Case("and not where it came in time", "intime",
         (*listed("erp", "intime", {SECOND: -4, INSIDE: 6}),
          booked("erp", "intime", "1", -4, "09:00"), booked("erp", "intime", "2", 10, "09:20"))),
    Case("it closes with the receipt", "came",
         (*listed("erp", "came", {SECOND: -4, LAST: 6}), booked("erp", "came", "1", -4, "09:00"),
          booked("erp", "came", "2", 10, "10:00")),
         {LATER: BELOW, LAST: None}, MENDED),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_ledger_rolls(played: Played, case: Case) -> None:
    assert played.course(case) == case.course(RUNS)


def test_one_more_run_changes_nothing_and_all_is_in_order(played: Played) -> None:
    assert played.order() == IN_ORDER


def test_it_names_the_movement_and_lists_all_it_consists_of(house: House) -> None:
    moved = (("1", 5, "08:20"), ("2", -5, "08:30"), ("3", -3, "08:40"))
    facts = [*listed("erp", "x", {FIRST: 10}), *(booked("erp", "x", *one) for one in moved)]
    for run in (FIRST, SECOND):
        house.land(*(one for one in facts if one.get("known", SECOND) == run))
        house.run(run)
    (row,) = house.known()
    assert row["key"] == {"plant": "P1", "item": "A", "lot": "x", "location": "x"}
    assert row["cause"] == "As if x-3 were not in the stock"
    assert len(row["expected"]) == 4
    assert len(row["observed"]) == 1


@pytest.mark.parametrize("silent", ["erp/stock", "erp/events"])
def test_while_a_source_is_stale_nothing_opens_and_nothing_closes(
    house: House, silent: str
) -> None:
    for run, quantity in ((FIRST, 10), (SECOND, 10), (LAST, 7)):
        house.land(*(one for one in listed("erp", "x", {run: quantity}) if one["at"] == run))
        if run == SECOND:
            house.land(booked("erp", "x", "1", -3, "08:30"))
        house.run(run, silent=[silent] if run == LAST else [])
    assert house.report.outcome == "not_evaluated"
    assert [row["state"] for row in house.known()] == ["open"]
