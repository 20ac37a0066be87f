"""The words of an exception: a title for every code, and causes as far as the data tell them."""

import re
from datetime import date, timedelta
from decimal import Decimal
from importlib import resources
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.triage import words
from tests.works import NOON

SIDES = {"left": "MES", "right": "ERP", "noun": "completion"}
WITHIN = {"left": "ERP", "right": "ERP", "noun": "goods receipt", "other": "completion"}
FAMILIES = (
    "match", "balance", "rollforward", "tally", "state", "delivery", "interval", "genealogy",
    "silence", "agreement", "money",
)  # fmt: skip


def codes() -> set[str]:
    """Every code the families give: what stands in quotes where they name it."""
    found: set[str] = set()
    for family in FAMILIES:
        for stage in resources.files(f"reconcilers.{family}").iterdir():
            if stage.name.endswith(".sql"):
                found |= set(re.findall(r"'([a-z]+(?:_[a-z]+)+)'", stage.read_text("utf-8")))
    return found


def finding(code: str, **more: Any) -> dict[str, Any]:
    """A finding with nothing but what matters for its cause."""
    given = {
        "code": code, "note": None, "quantity_expected": None, "quantity_observed": None,
        "variance": None, "unit": None, "factor": None, "lead_no": 1,
    }  # fmt: skip
    return given | more


def fact(number: int, source: str = "mes", **more: Any) -> dict[str, Any]:
    return {"fact_no": number, "source": source, "source_key": f"K{number}"} | more


def test_every_code_a_family_gives_has_its_title():
    named = {code for code in codes() if code in words.TITLES}
    assert named == set(words.TITLES), "a title for a code nobody gives"
    ends = ("_posting", "_mismatch", "_drift", "_variance", "_lost", "_counterpart", "_propagated")
    assert {code for code in codes() if code.endswith(ends)} <= set(words.TITLES)


@pytest.mark.parametrize(
    ("code", "said", "title"),
    [
        ("missing_posting", SIDES, "MES completion not posted in ERP"),
        ("missing_posting", WITHIN, "ERP goods receipt without completion"),
        ("orphan_posting", WITHIN, "ERP completion without goods receipt"),
        ("reversal_lost", SIDES, "Completion withdrawn on one side only, MES and ERP"),
        ("dead_letter", SIDES, "Completion message dead-lettered, no effect in ERP"),
        ("stuck_message", {"channel": "erp.in"}, "Messages waiting in erp.in"),
        ("price_differs", SIDES, "Price differs"),
        ("missing_posting", {**SIDES, "noun": "{left} 100%"}, "MES {left} 100% not posted in ERP"),
        ("missing_counterpart", SIDES, "Order in present, unknown in absent"),
    ],
)
def test_a_title_says_in_one_line_what_disagrees(code, said, title):
    assert words.title(code, said) == title


def test_both_sides_in_one_system_are_told_apart_only_where_the_rule_names_the_other():
    without = {name: word for name, word in WITHIN.items() if name != "other"}
    assert words.title("missing_posting", without) == "ERP goods receipt not posted in ERP"
    assert words.title("status_drift", WITHIN) == "Status drift"


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        ({"status": "dead_lettered", "channel": "erp.in", "error_text": "no order"},
         "Dead-lettered in erp.in: no order"),
        ({"status": "dead_lettered", "channel": "erp.in", "stuck_reason": "expired"},
         "Dead-lettered in erp.in: expired"),
        ({"status": "dead_lettered", "channel": "erp.in"}, "Dead-lettered in erp.in"),
        ({"status": "dead_lettered"}, "Dead-lettered"),
        ({"status": "in_flight", "channel": "erp.in"}, "Message in flight in erp.in"),
        ({"status": "in_flight"}, "Message in flight"),
        ({"status": "delivered", "channel": "erp.in"}, None),
        ({"status": "done", "channel": "erp.in"}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_what_became_of_its_message_is_the_cause(message, cause):
    assert words.cause_of(finding("missing_posting"), {"carried": [message]}) == cause


@pytest.mark.parametrize(
    ("found", "expected", "observed", "cause"),
    [
        (finding("duplicate_posting"), [fact(1)], [fact(number) for number in range(2, 9)],
         "7 postings for 1: K2, K3, K4, K5, K6 and 2 more"),
        (finding("orphan_posting"), [], [fact(2, "erp")], "Only in erp: K2"),
        (finding("wrong_period"), [fact(1, occurred_on=date(2026, 10, 31))],
         [fact(2, posting_on=date(2026, 11, 1))], "Happened 31 Oct 2026, posted 1 Nov 2026"),
        (finding("wrong_period"), [fact(1)], [fact(2)],
         "Happened on an unknown day, posted on an unknown day"),
        (finding("quantity_variance", quantity_expected=Decimal("1200.500"),
                 quantity_observed=Decimal("1E+3"), unit="KG"), [], [], "1,200.5 against 1,000 KG"),
        (finding("quantity_variance", quantity_expected=Decimal(1)), [], [], "1 against nothing"),
        (finding("unit_mismatch", quantity_expected=Decimal(12), quantity_observed=Decimal(1),
                 variance=Decimal(-11), unit="EA", factor=Decimal(12)), [], [],
         "12 against 1 EA, factor 12"),
        (finding("unit_mismatch", factor=Decimal("0.05")), [fact(1, unit="EA"), fact(2, unit="BX")],
         [fact(3, unit="CS")], "BX and EA against CS: not compared until "
         "cross_reference/unit.csv leads to one unit, factor 0.05"),
        (finding("posting_failed"), [fact(1)], [fact(2, "erp", state="failed")],
         "Held as failed in erp: K2"),
        (finding("posting_failed"), [fact(1)], [fact(2, "erp", state="posted")], None),
        (finding("reversal_lost", lead_no=1), [fact(1)], [fact(2, "erp", state="cancelled")],
         "Withdrawn in erp: K2"),
        (finding("reversal_lost", lead_no=2), [fact(1, state="posted")], [fact(2, "erp")],
         "Withdrawn in mes: K1"),
        (finding("attribute_mismatch"), [fact(1, lot="L1", location="A")],
         [fact(2, lot="L1", location="B")], "Location A against B"),
        (finding("attribute_mismatch"), [fact(1, lot="L1")], [fact(2)], None),
        (finding("missing_posting", note="told by the rule"), [fact(1)], [], "told by the rule"),
        (finding("missing_posting"), [fact(1)], [], None),
    ],
)  # fmt: skip
def test_a_cause_says_what_the_facts_show_and_is_silent_where_they_do_not(
    found, expected, observed, cause
):
    assert words.cause_of(found, {"expected": expected, "observed": observed}) == cause


def channel(minutes_old: float | None, ready: int = 3) -> dict[str, Any]:
    """A channel nobody takes from; the message at its head came so long before noon."""
    oldest = None if minutes_old is None else NOON - timedelta(minutes=minutes_old)
    return {"channel": f"q{minutes_old}", "ready": ready, "oldest_at": oldest}


LOST = "No message of it on any watched channel: never sent, or lost on the way"


@pytest.mark.parametrize(
    ("channels", "said"),
    [
        ([channel(5)], "Likely among the 3 messages waiting in q5, which nobody takes"),
        ([channel(0)], "Likely among the 3 messages waiting in q0, which nobody takes"),
        ([channel(-1)], LOST),
        ([channel(-1), channel(None)],
         "Likely among the 3 messages waiting in qNone, which nobody takes"),
        ([channel(5, ready=1)], "Likely among the 1 message waiting in q5, which nobody takes"),
        ([channel(5), channel(6)],
         "Likely among the 3 messages waiting in q5, which nobody takes, "
         "3 messages waiting in q6, which nobody takes"),
        ([], LOST),
    ],
)  # fmt: skip
def test_a_fact_may_wait_in_a_queue_whose_head_is_no_younger_than_it(channels, said):
    assert words.waiting_in(channels, NOON) == said


def test_a_fact_of_an_unknown_time_may_wait_in_any_queue():
    assert str(words.waiting_in([channel(-60)], None)).startswith("Likely among")


ATTRIBUTES = st.dictionaries(st.sampled_from(["lot", "location", "item"]), st.none() | st.text())


@given(ATTRIBUTES, ATTRIBUTES)
def test_an_attribute_differs_only_where_both_sides_know_it(left, right):
    name = words.differing([left], [right])
    assert words.differing([right], [left]) == name
    if name is None:
        both = [key for key in left if left[key] and right.get(key)]
        assert all(left[key] == right[key] for key in both)
    else:
        assert len({left[name], right[name]} - {None, ""}) == 2


@pytest.mark.parametrize(
    ("kinds", "noun"),
    [((), "posting"), (("op_complete", "fg_receipt"), "completion"), (("sub_part",), "sub part")],
)
def test_a_kind_is_called_what_people_call_it(kinds, noun):
    assert words.noun(kinds) == noun


@pytest.mark.parametrize(
    ("roles", "name"), [([], "source"), (["mes"], "MES"), (["mes", "lims"], "MES or lims")]
)
def test_a_side_is_called_by_its_roles(roles, name):
    assert words.role_name(roles) == name


def test_a_rule_may_word_its_titles() -> None:
    said = {"left": "WMS", "right": "ERP", "noun": "shipment", "other": "invoice"}
    own = {"missing_posting": "{left} {noun} without {other} in {right}"}
    assert words.title("missing_posting", said, own) == "WMS shipment without invoice in ERP"
    assert words.title("quantity_variance", said, own) == "WMS shipment, other quantity in ERP"


def test_a_decision_is_told_with_what_is_free_on_both_sides() -> None:
    sides = {
        "expected": [{"quantity_free": Decimal(6)}], "observed": [{"quantity_free": Decimal(8)}]
    }  # fmt: skip
    finding = {"code": "attribute_mismatch", "note": None, "unit": "EA"}
    assert words.cause_of(finding, sides) == "Free 6 against 8 EA"
