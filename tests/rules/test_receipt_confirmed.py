"""inventory/receipt_confirmed: what the warehouse took in is in the book stock."""

import pytest

from tests.rules.house import IN_ORDER, Case, House, Played
from tests.rules.matching import Terms, dark, in_the_dark, maker, other_lot, usual

RULE = "inventory/receipt_confirmed"
FACT = maker("wms", "receipt", "e", document_no="{tag}", lot="{tag}")
EFFECT = maker("erp", "receipt", "o", document_no="{tag}", lot="{tag}")
TERMS = Terms(
    FACT, EFFECT, "WMS", "ERP", "receipt",
    {"document_no": "{tag}", "item": "A", "lot": "{tag}"},
    before="11:59:59", due="12:00", later="12:30", major="20:00", critical="2026-11-03 12:00",
    owners={"orphan_posting": "warehouse", "quantity_variance": "warehouse"}, within="9.99",
    limit=2000,
)  # fmt: skip
RUNS = TERMS.runs
CASES = [
    *usual(TERMS),
    other_lot(TERMS),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_receipt_confirmed(played: Played, case: Case) -> None:
    assert played.course(case) == case.course(RUNS)


def test_one_more_run_changes_nothing_and_all_is_in_order(played: Played) -> None:
    assert played.order() == IN_ORDER


def test_nothing_is_said_of_what_the_other_side_has_not_told(house: House) -> None:
    assert in_the_dark(house, TERMS) == dark("erp")
