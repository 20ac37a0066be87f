"""production/completion_posted: what the shop floor completed is posted in the ERP."""

import pytest

from tests.rules.house import IN_ORDER, Case, House, Played
from tests.rules.matching import Terms, dark, in_the_dark, maker, other_lot, usual

RULE = "production/completion_posted"
FACT = maker("mes", "op_complete", "e", order_no="{tag}", op_no="10", lot="{tag}")
EFFECT = maker("erp", "fg_receipt", "o", order_no="{tag}", lot="{tag}")
TERMS = Terms(
    FACT, EFFECT, "MES", "ERP", "completion",
    {"plant": "P1", "order_no": "{tag}", "op_no": "10", "lot": "{tag}"},
    before="08:29:59", due="08:30", later="09:00", major="12:30", critical="2026-11-03 08:30",
)  # fmt: skip
RUNS = TERMS.runs
CASES = [
    *usual(TERMS),
    other_lot(TERMS),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_completion_posted(played: Played, case: Case) -> None:
    assert played.course(case) == case.course(RUNS)


def test_one_more_run_changes_nothing_and_all_is_in_order(played: Played) -> None:
    assert played.order() == IN_ORDER


def test_nothing_is_said_of_what_the_other_side_has_not_told(house: House) -> None:
    assert in_the_dark(house, TERMS) == dark("erp")
