"""production/issue_posted: material the shop floor used left the stock of the ERP."""

import pytest

from tests.rules.house import IN_ORDER, Case, House, Played
from tests.rules.matching import Terms, dark, in_the_dark, maker, other_lot, usual

RULE = "production/issue_posted"
FACT = maker("mes", "goods_issue", "e", -1, order_no="{tag}", lot="{tag}")
OF_ORDER = {"order_no": "{tag}", "lot": "{tag}", "order_kind": "production"}
EFFECT = maker("erp", "goods_issue", "o", -1, **OF_ORDER)
TERMS = Terms(
    FACT, EFFECT, "MES", "ERP", "material issue",
    {"plant": "P1", "order_no": "{tag}", "item": "A", "lot": "{tag}"},
    before="08:29:59", due="08:30", later="09:00", major="16:30", critical="2026-11-03 08:30",
    sign=-1, within="9.99",
)  # fmt: skip
RUNS = TERMS.runs
CASES = [
    *usual(TERMS),
    other_lot(TERMS),
    Case(
        "an issue to a cost centre or a repair concerns no shop floor",
        "costcentre",
        ({**EFFECT("costcentre"), "order_kind": "maintenance"},),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_issue_posted(played: Played, case: Case) -> None:
    assert played.course(case) == case.course(RUNS)


def test_one_more_run_changes_nothing_and_all_is_in_order(played: Played) -> None:
    assert played.order() == IN_ORDER


def test_nothing_is_said_of_what_the_other_side_has_not_told(house: House) -> None:
    assert in_the_dark(house, TERMS) == dark("erp")
