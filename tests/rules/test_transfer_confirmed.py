"""inventory/transfer_confirmed: a transfer the warehouse made is made in the ERP, leg by leg."""

import pytest

from tests.rules.house import IN_ORDER, Case, House, Played
from tests.rules.matching import Terms, dark, in_the_dark, maker, other_lot, usual

RULE = "inventory/transfer_confirmed"
FACT = maker("wms", "transfer", "e", document_no="{tag}", lot="{tag}", location="B1")
EFFECT = maker("erp", "transfer", "o", document_no="{tag}", lot="{tag}", location="B1")
TERMS = Terms(
    FACT, EFFECT, "WMS", "ERP", "transfer",
    {"document_no": "{tag}", "item": "A", "lot": "{tag}", "location": "B1"},
    before="11:59:59", due="12:00", later="12:30", major="20:00", critical="2026-11-05 12:00",
    owner="warehouse", cause=None, limit=2000,
)  # fmt: skip
RUNS = TERMS.runs
CASES = [
    *usual(TERMS),
    other_lot(TERMS),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_transfer_confirmed(played: Played, case: Case) -> None:
    assert played.course(case) == case.course(RUNS)


def test_one_more_run_changes_nothing_and_all_is_in_order(played: Played) -> None:
    assert played.order() == IN_ORDER


def test_nothing_is_said_of_what_the_other_side_has_not_told(house: House) -> None:
    assert in_the_dark(house, TERMS) == dark("erp")
