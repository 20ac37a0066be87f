"""maintenance/part_issued: a spare part a work order took is issued in the ERP."""

import pytest

from tests.rules.house import IN_ORDER, Case, House, Played
from tests.rules.matching import Terms, dark, in_the_dark, maker, other_lot, usual

RULE = "maintenance/part_issued"
FACT = maker("cmms", "spare_issue", "e", -1, order_no="{tag}", lot="lot")
EFFECT = maker("erp", "spare_issue", "o", -1, order_no="{tag}", lot="lot")
TERMS = Terms(
    FACT, EFFECT, "CMMS", "ERP", "spare part issue",
    {"plant": "P1", "order_no": "{tag}", "item": "A"},
    before="11:59:59", due="12:00", later="12:30", major="2026-11-03 12:00",
    critical="2026-11-05 12:00", owner="maintenance",
    owners={"quantity_variance": "warehouse", "orphan_posting": "warehouse"}, sign=-1,
    missing="spare_part_unposted",
    titles={"spare_part_unposted": "Spare part taken in CMMS, not issued in ERP"},
)  # fmt: skip
RUNS = TERMS.runs
CASES = [
    *usual(TERMS),
    other_lot(TERMS),
    Case(
        "parts of one order are told apart by their id",
        "ids",
        (
            FACT("ids", 1, 2, correlation_id="ids-1"),
            FACT("ids", 2, 3, correlation_id="ids-2"),
            EFFECT("ids", 1, 2, correlation_id="ids-1"),
        ),
        {
            TERMS.due: {
                "code": "spare_part_unposted",
                "expected": ["ids-e2"],
                "quantities": ("-3", None, "3"),
            }
        },
        ("opened", "graded", "graded"),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_part_issued(played: Played, case: Case) -> None:
    assert played.course(case) == case.course(RUNS)


def test_one_more_run_changes_nothing_and_all_is_in_order(played: Played) -> None:
    assert played.order() == IN_ORDER


def test_nothing_is_said_of_what_the_other_side_has_not_told(house: House) -> None:
    assert in_the_dark(house, TERMS) == dark("erp")
