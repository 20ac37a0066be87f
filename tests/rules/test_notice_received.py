"""supply/notice_received: what a supplier announces comes in, and nothing else."""

import pytest

from tests.rules.house import IN_ORDER, Case, House, Played
from tests.rules.matching import Terms, dark, in_the_dark, maker

RULE = "supply/notice_received"
NOTICE = maker("supplier", "asn", "e", document_no="{tag}")
RECEIPT = maker("wms", "receipt", "o", document_no="{tag}", partner="S-1")
DUE, AFTER_4_HOURS, LATER = "2026-11-04 08:00", "12:00", "2026-11-04 12:00"
TERMS = Terms(
    NOTICE, RECEIPT, "Supplier", "WMS", "shipping notice", {},
    before="2026-11-04 07:59:59", due=DUE, later=LATER, major="2026-11-07 08:00",
    critical="2026-11-11 08:00",
)  # fmt: skip
RUNS = ["11:59:59", AFTER_4_HOURS, *TERMS.runs]
AGED = ("opened", "graded", "graded")


def row(tag: str, code: str, title: str, **more: object) -> dict[str, object]:
    """What a reader sees of a notice of 10."""
    return {
        "code": code, "title": title, "key": {"plant": "P1", "document_no": tag, "item": "A"},
        "expected": [f"{tag}-e1"], "observed": [], "quantities": ("10", None, "-10"),
        "value": "125.00 EUR", "owner": "purchasing", "severity": "warning", "state": "open",
        "due": DUE, **more,
    }  # fmt: skip


def ages(told: dict[str, object]) -> dict[str, dict[str, object] | None]:
    return {
        DUE: told,
        TERMS.major: told | {"severity": "major"},
        TERMS.critical: told | {"severity": "critical"},
    }


MISSING = row("none", "missing_posting", "Supplier shipping notice not received in WMS")
SHORT = row(
    "short", "quantity_variance", "Supplier shipping notice, other quantity in WMS",
    observed=["short-o1"], quantities=("10", "6", "-4"), value="50.00 EUR",
)  # fmt: skip
ALONE = row(
    "alone", "missing_counterpart", "WMS receipt, unknown in Supplier", expected=[],
    observed=["alone-o1"], quantities=(None, "10", "10"), owner="warehouse",
    due="2026-11-02 12:00",
)  # fmt: skip
CASES = [
    Case("what comes in full ties out", "full", (NOTICE("full"), RECEIPT("full"))),
    Case("what comes in two lots adds up", "lots",
         (NOTICE("lots"), RECEIPT("lots", 1, 4, lot="a"), RECEIPT("lots", 2, 6, lot="b"))),
    Case("two lines of a notice are told apart by their item", "lines",
         (NOTICE("lines"), NOTICE("lines", 2, 5, item="B"), RECEIPT("lines"),
          RECEIPT("lines", 2, 5, item="B"))),
    Case("what never comes speaks after 48 working hours", "none", (NOTICE("none"),),
         ages(MISSING), AGED),
    Case("what comes short speaks when the rest is due", "short",
         (NOTICE("short"), RECEIPT("short", 1, 6)), ages(SHORT), AGED),
    Case("the rest that comes closes it", "rest",
         (NOTICE("rest"), RECEIPT("rest", 1, 6), RECEIPT("rest", 2, 4, known=LATER)),
         {DUE: {"code": "quantity_variance"}, LATER: None}, ("opened", "resolved")),
    Case("what nobody announced speaks after 4 hours", "alone", (RECEIPT("alone"),),
         {AFTER_4_HOURS: ALONE, TERMS.major: ALONE | {"severity": "major"},
          TERMS.critical: ALONE | {"severity": "critical"}}, AGED),
    Case("a notice that comes later closes it", "found",
         (RECEIPT("found"), NOTICE("found", known=DUE)),
         {AFTER_4_HOURS: {"code": "missing_counterpart"}, DUE: None}, ("opened", "resolved")),
    Case("what production puts away nobody announces", "made", (RECEIPT("made", partner=None),)),
    Case("a notice that is told again is one notice", "again",
         (NOTICE("again"), RECEIPT("again"), {**NOTICE("again"), "known": LATER})),
    Case("what was called off is not waited for", "off", (NOTICE("off", state="cancelled"),)),
    Case("a receipt taken back was none", "back",
         (NOTICE("back"), RECEIPT("back"),
          RECEIPT("back", 9, -10, is_reversal=True, reverses_key="back-o1")),
         {DUE: {"code": "reversal_lost"}, TERMS.major: {"severity": "major"},
          TERMS.critical: {"severity": "critical"}}, AGED),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_notice_received(played: Played, case: Case) -> None:
    assert played.course(case) == case.course(RUNS)


def test_one_more_run_changes_nothing_and_all_is_in_order(played: Played) -> None:
    assert played.order() == IN_ORDER


def test_nothing_is_said_of_what_the_other_side_has_not_told(house: House) -> None:
    assert in_the_dark(house, TERMS) == dark("wms")
