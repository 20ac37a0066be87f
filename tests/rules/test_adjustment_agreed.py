"""inventory/adjustment_agreed: a count difference is booked on both sides."""

import pytest

from tests.rules.house import IN_ORDER, Case, House, Played
from tests.rules.matching import Terms, dark, in_the_dark, maker, other_lot, usual

RULE = "inventory/adjustment_agreed"
FACT = maker("wms", "adjust", "e", document_no="{tag}", lot="{tag}")
EFFECT = maker("erp", "adjust", "o", document_no="{tag}", lot="{tag}")
TERMS = Terms(
    FACT, EFFECT, "WMS", "ERP", "adjustment",
    {"document_no": "{tag}", "item": "A", "lot": "{tag}"},
    before="2026-11-03 07:59:59", due="2026-11-03 08:00", later="2026-11-03 08:30",
    major="2026-11-06 08:00", critical="2026-11-10 08:00", owner="warehouse", cause=None,
)  # fmt: skip
RUNS = TERMS.runs
CASES = [
    *usual(TERMS),
    other_lot(TERMS),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_adjustment_agreed(played: Played, case: Case) -> None:
    assert played.course(case) == case.course(RUNS)


def test_one_more_run_changes_nothing_and_all_is_in_order(played: Played) -> None:
    assert played.order() == IN_ORDER


def test_nothing_is_said_of_what_the_other_side_has_not_told(house: House) -> None:
    assert in_the_dark(house, TERMS) == dark("erp")
