"""production/receipt_follows_completion: what the ERP says is completed came into its stock."""

import pytest

from tests.rules.house import IN_ORDER, Case, House, Played, Record
from tests.rules.matching import Terms, dark, in_the_dark, maker, other_lot, usual

RULE = "production/receipt_follows_completion"
FACT = maker("erp", "op_complete", "e", order_no="{tag}", lot="{tag}")
EFFECT = maker("erp", "fg_receipt", "o", order_no="{tag}", lot="{tag}")
TERMS = Terms(
    FACT, EFFECT, "ERP", "ERP", "completion",
    {"plant": "P1", "order_no": "{tag}", "lot": "{tag}"},
    before="08:29:59", due="08:30", later="09:00", major="16:30", critical="2026-11-03 08:30",
    owners={"quantity_variance": "warehouse", "attribute_mismatch": "warehouse"}, cause=None,
    within="9.99",
    titles={
        "missing_posting": "ERP completion without goods receipt",
        "orphan_posting": "ERP goods receipt without completion",
        "posting_failed": "ERP goods receipt of a completion held as failed",
        "quantity_variance": "ERP goods receipt, other quantity than its completion",
        "duplicate_posting": "ERP goods receipt posted twice for one completion",
        "unit_mismatch": "ERP goods receipt in another unit than its completion",
        "wrong_period": "ERP goods receipt in another period than its completion",
        "attribute_mismatch": "ERP goods receipt, other lot than its completion",
        "reversal_lost": "ERP completion and goods receipt, one of them withdrawn",
    },
)  # fmt: skip
RUNS = TERMS.runs


def _operation(number: str) -> Record:
    line = {"source": "erp", "feed": "lines", "source_key": f"ops/{number}", "order_no": "ops"}
    return {**line, "op_no": number, "at": "08:00"}


CASES = [
    *usual(TERMS),
    other_lot(TERMS),
    Case(
        "of an order with operations only the last one brings goods",
        "ops",
        (
            _operation("10"),
            _operation("20"),
            FACT("ops", 1, 10, op_no="10"),
            FACT("ops", 2, 9, op_no="20", at="08:40"),
            EFFECT("ops", 1, 9, at="08:45"),
        ),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_receipt_follows_completion(played: Played, case: Case) -> None:
    assert played.course(case) == case.course(RUNS)


def test_one_more_run_changes_nothing_and_all_is_in_order(played: Played) -> None:
    assert played.order() == IN_ORDER


def test_nothing_is_said_of_what_the_other_side_has_not_told(house: House) -> None:
    assert in_the_dark(house, TERMS) == dark("erp")
