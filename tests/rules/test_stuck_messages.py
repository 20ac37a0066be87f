"""integration/stuck_messages: what is neither delivered nor given up holds its fact back."""

import pytest

from tests.rules import messages
from tests.rules.house import IN_ORDER, Case, House, Played
from tests.rules.messages import (
    AGED,
    CLOSED,
    CRITICAL,
    DUE,
    EFFECT,
    LATER,
    MAJOR,
    SILENCE,
    Sent,
    Told,
    in_the_dark,
    usual,
)  # fmt: skip

RULE = "integration/stuck_messages"
SENT = Sent("queued", "stuck_message", "Messages waiting in completions", "waits its turn")
UNANSWERED = {"code": "silent_failure", "title": "Completion message accepted, no effect in ERP"}
RUNS = messages.RUNS
CASES = [
    *usual(SENT),
    *(
        Case(f"a message that is {status} waits as well", f"is{status}",
             (SENT.message(f"is{status}", status=status),),
             SENT.aged(SENT.exception(f"is{status}")), AGED)
        for status in ("in_progress", "retrying", "blocked")
    ),
    Case("a message sent without an answer failed silently where its effect is missing", "sent",
         (SENT.message("sent", status="sent_unacked"),),
         SENT.aged(SENT.exception("sent", **UNANSWERED)), AGED),
    Case("where the effect is there, nobody misses the answer", "heard",
         (SENT.message("heard", status="sent_unacked"), EFFECT("heard"))),
    *(
        Case(f"a message that is {status} does not wait", f"is{status}",
             (SENT.message(f"is{status}", status=status),))
        for status in ("dead_lettered", "failed", "abandoned", "delivered", "duplicate_dropped")
    ),
    Case("that a lot was posted says nothing of this order", "lotonly",
         (SENT.message("lotonly"), EFFECT("lotonly", order_no=None, correlation_id=None)),
         SENT.aged(SENT.exception("lotonly")), AGED),
    Case("a message of anything waits, also of what no posting follows from", "order",
         (SENT.message("order", business_kind="order_release"),),
         SENT.aged(SENT.exception("order")), AGED),
    Case("a message that dies is no longer stuck", "dies",
         (SENT.message("dies"), SENT.message("dies", status="dead_lettered", known=LATER)),
         {DUE: {"code": "stuck_message", "state": "open"}, LATER: None}, CLOSED),
    Case("value alone makes it no worse", "dear", (SENT.message("dear", 1, 8000),),
         {DUE: SENT.exception("dear", quantities=("8000", "0", "-8000"), value="100000.00 EUR"),
          MAJOR: {"severity": "major"}, CRITICAL: {"severity": "critical"}}, AGED),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_stuck_messages(played: Played, case: Case) -> None:
    assert played.course(case) == case.course(RUNS)


def test_one_more_run_changes_nothing_and_all_is_in_order(played: Played) -> None:
    assert played.order() == IN_ORDER


@pytest.mark.parametrize(("silent", "told"), SILENCE.items())
def test_nothing_is_said_of_what_a_side_has_not_told(house: House, silent: str, told: Told) -> None:
    assert in_the_dark(house, SENT, silent) == told
