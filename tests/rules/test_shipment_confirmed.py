"""inventory/shipment_confirmed: goods that left the building are issued in the ERP."""

import pytest

from tests.rules.house import IN_ORDER, Case, House, Played
from tests.rules.matching import Terms, dark, in_the_dark, maker, other_lot, usual

RULE = "inventory/shipment_confirmed"
FACT = maker("wms", "ship_confirm", "e", -1, document_no="{tag}", lot="{tag}")
EFFECT = maker("erp", "ship_confirm", "o", -1, document_no="{tag}", lot="{tag}")
TERMS = Terms(
    FACT, EFFECT, "WMS", "ERP", "shipment",
    {"document_no": "{tag}", "item": "A", "lot": "{tag}"},
    before="08:29:59", due="08:30", later="09:00", major="10:30", critical="12:30", sign=-1,
    limit=2000,
)  # fmt: skip
RUNS = TERMS.runs
CASES = [
    *usual(TERMS),
    other_lot(TERMS),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_shipment_confirmed(played: Played, case: Case) -> None:
    assert played.course(case) == case.course(RUNS)


def test_one_more_run_changes_nothing_and_all_is_in_order(played: Played) -> None:
    assert played.order() == IN_ORDER


def test_nothing_is_said_of_what_the_other_side_has_not_told(house: House) -> None:
    assert in_the_dark(house, TERMS) == dark("erp")
