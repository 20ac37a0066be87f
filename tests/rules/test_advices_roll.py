"""inventory/advices_roll: a warehouse has what it said came, went and was adjusted."""

import pytest

from tests.rules.house import IN_ORDER, Case, House, Played
from tests.rules.rolling import FIRST, INSIDE, LAST, LATER, RUNS, SECOND, booked, listed

RULE = "inventory/advices_roll"
OFF = {
    "code": "ledger_mismatch", "title": "WMS stock is not what its movements make it",
    "quantities": ("10", "12", "2"), "value": "25.00 EUR", "owner": "warehouse",
    "severity": "warning", "state": "open",
}  # fmt: skip

CASES = [
    Case("846 = 944 - 945 +/- 947", "same",
         (*listed("wms", "same", {FIRST: 10, SECOND: 13}),
          booked("wms", "same", "944", 6, "08:10"),
          booked("wms", "same", "945", -2, "08:20", kind="ship_confirm"),
          booked("wms", "same", "947", -1, "08:30", kind="adjust"))),
    Case("what was found and not told speaks", "found",
         (*listed("wms", "found", {FIRST: 10, SECOND: 12}),), {SECOND: OFF}, ("opened",)),
    Case("until its advice comes, late", "late",
         (*listed("wms", "late", {FIRST: 10, SECOND: 12}),
          booked("wms", "late", "947", 2, "08:30", kind="adjust", known=LATER)),
         {SECOND: OFF, LATER: None}, ("opened", "resolved")),
    Case("or the list is as it was", "undone",
         (*listed("wms", "undone", {FIRST: 10, SECOND: 12, LAST: 10}),),
         {SECOND: OFF, LAST: None}, ("opened", "resolved")),
    Case("an advice that comes twice is one", "again",
         (*listed("wms", "again", {FIRST: 10, SECOND: 12}),
          *[booked("wms", "again", "947", 2, "08:30", known=run) for run in (SECOND, LATER)])),
    Case("one that takes another back takes it out of the list", "back",
         (*listed("wms", "back", {FIRST: 10, SECOND: 12, LAST: 10}),
          booked("wms", "back", "944", 2, "08:30"),
          booked("wms", "back", "945", -2, "10:00", is_reversal=True, reverses_key="back-944"))),
    Case("what is advised minutes before the list may not be in it yet", "near",
         (*listed("wms", "near", {FIRST: 10, INSIDE: 12}),
          booked("wms", "near", "944", 2, "08:56"))),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_advices_roll(played: Played, case: Case) -> None:
    assert played.course(case) == case.course(RUNS)


def test_one_more_run_changes_nothing_and_all_is_in_order(played: Played) -> None:
    assert played.order() == IN_ORDER


@pytest.mark.parametrize("silent", ["wms/stock", "wms/events"])
def test_while_the_warehouse_is_silent_nothing_opens(house: House, silent: str) -> None:
    for run, quantity in ((FIRST, 10), (LAST, 12)):
        house.land(*(one for one in listed("wms", "x", {run: quantity}) if one["at"] == run))
        house.run(run, silent=[silent] if run == LAST else [])
    assert (house.report.outcome, house.known()) == ("not_evaluated", [])
