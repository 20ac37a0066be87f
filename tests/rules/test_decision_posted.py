"""quality/decision_posted: what quality decided of an inspection lot is what the ERP posted."""

from typing import Any

import pytest

from tests.rules.house import IN_ORDER, Case, Played, Record

RULE = "quality/decision_posted"
BEFORE, DUE, LATER, MAJOR, CRITICAL = "11:59:59", "12:00", "13:00", "20:00", "2026-11-03 12:00"
RUNS = [BEFORE, DUE, LATER, MAJOR, CRITICAL]
AGED = ("opened", "graded", "graded")
CLOSED = ("opened", "resolved")


def decision(source: str, tag: str, status: str, free: object = None, **more: Any) -> Record:
    """What a system knows since 08:00 of the inspection of 10 of item A."""
    told = {"source": source, "feed": "holds", "source_key": f"{tag}-{source}", "event_key": tag}
    named = {"kind": "usage_decision", "status": status, "item": "A", "lot": tag, "at": "08:00"}
    return {**told, **named, "quantity": 10, "quantity_free": free, **more}


def qms(tag: str, status: str, free: object = None, **more: Any) -> Record:
    return decision("qms", tag, status, free, **more)


def erp(tag: str, status: str, free: object = 0, **more: Any) -> Record:
    return decision("erp", tag, status, free, **more)


def exception(tag: str, code: str, title: str, **more: Any) -> Record:
    """What a reader sees of an inspection both know."""
    return {
        "code": code, "also": None, "title": title, "key": {"event_key": tag},
        "expected": [f"{tag}-qms"], "observed": [f"{tag}-erp"], "quantities": ("10", "10", "0"),
        "value": "125.00 EUR", "owner": "quality", "severity": "warning",
        "due": "2026-11-02 12:00", "state": "open", **more,
    }  # fmt: skip


def ages(row: Record) -> dict[str, Record | None]:
    """An exception that stays: it gets worse with its age."""
    grades = {MAJOR: "major", CRITICAL: "critical"}
    return {DUE: row, **{when: row | {"severity": grade} for when, grade in grades.items()}}


OTHERWISE = "QMS usage decision, stock status differs in ERP"
DRIFT = "Usage decision status differs, QMS and ERP"
CASES = [
    Case("what is posted as decided ties out", "same",
         (qms("same", "decided", 6), erp("same", "stock_posted", 6))),
    Case("what waits for a decision does so on both sides", "open",
         (qms("open", "open"), erp("open", "open"))),
    Case("what the ERP inspects alone is none of quality's", "own", (erp("own", "stock_posted"),)),
    Case("what quality has not decided on need not be known", "new", (qms("new", "open"),)),
    Case("rejected goods that are free are another stock status", "good",
         (qms("good", "decided", 0), erp("good", "stock_posted", 10)),
         ages(exception("good", "attribute_mismatch", OTHERWISE,
                        cause="Free 0 against 10 EA")), AGED),
    Case("as many as are free on one side only are at risk", "some",
         (qms("some", "decided", 6), erp("some", "stock_posted", 8)),
         ages({"value": "25.00 EUR", "cause": "Free 6 against 8 EA", "severity": "warning"}), AGED),
    Case("a decision of which a rest is not posted drifts", "rest",
         (qms("rest", "decided", 10), erp("rest", "decided", 8)),
         ages(exception("rest", "status_drift", DRIFT,
                        cause="decided on one side, decided on the other")), AGED),
    Case("so does one the ERP has not heard of", "unheard",
         (qms("unheard", "decided", 10), erp("unheard", "open")),
         ages(exception("unheard", "status_drift", DRIFT,
                        cause="decided on one side, open on the other")), AGED),
    Case("and what is posted before anybody decided", "early",
         (qms("early", "open"), erp("early", "stock_posted", 10)),
         ages(exception("early", "status_drift", DRIFT,
                        cause="open on one side, stock_posted on the other")), AGED),
    Case("a decision of an inspection the ERP does not know speaks", "unknown",
         (qms("unknown", "decided", 10),),
         ages(exception("unknown", "missing_counterpart", "Usage decision in QMS, unknown in ERP",
                        observed=[], quantities=("10", None, None),
                        cause="decided, unknown on the other side")), AGED),
    Case("the rest that is posted later closes it", "mended",
         (qms("mended", "decided", 10), erp("mended", "decided", 8),
          erp("mended", "stock_posted", 10, at="12:30", known=LATER)),
         {DUE: {"code": "status_drift"}, LATER: None}, CLOSED),
    Case("another quantity inspected is told as well", "quantity",
         (qms("quantity", "decided", 10), erp("quantity", "stock_posted", 10, quantity=12)),
         {DUE: {"code": "attribute_mismatch", "quantities": ("10", "12", "2")},
          MAJOR: {"code": "attribute_mismatch"}, CRITICAL: {"code": "attribute_mismatch"}}, AGED),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_decision_posted(played: Played, case: Case) -> None:
    assert played.course(case) == case.course(RUNS)


def test_one_more_run_changes_nothing_and_all_is_in_order(played: Played) -> None:
    assert played.order() == IN_ORDER
