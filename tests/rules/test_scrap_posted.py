"""production/scrap_posted: scrap the shop floor counted is posted in the ERP."""

import pytest

from tests.rules.house import IN_ORDER, Case, House, Played
from tests.rules.matching import Terms, dark, in_the_dark, maker, usual

RULE = "production/scrap_posted"
FACT = maker("mes", "scrap", "e", -1, order_no="{tag}", lot="{tag}")
EFFECT = maker("erp", "scrap", "o", -1, order_no="{tag}", lot="{tag}")
TERMS = Terms(
    FACT, EFFECT, "MES", "ERP", "scrap",
    {"plant": "P1", "order_no": "{tag}", "item": "A", "lot": "{tag}"},
    before="15:59:59", due="16:00", later="16:30", major="2026-11-03 16:00",
    critical="2026-11-05 16:00", owners={"quantity_variance": "quality"}, sign=-1,
)  # fmt: skip
RUNS = TERMS.runs
CASES = [
    *usual(TERMS),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_scrap_posted(played: Played, case: Case) -> None:
    assert played.course(case) == case.course(RUNS)


def test_one_more_run_changes_nothing_and_all_is_in_order(played: Played) -> None:
    assert played.order() == IN_ORDER


def test_nothing_is_said_of_what_the_other_side_has_not_told(house: House) -> None:
    assert in_the_dark(house, TERMS) == dark("erp")
