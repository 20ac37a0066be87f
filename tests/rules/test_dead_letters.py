"""integration/dead_letters: what was given up on its way, and did not happen on the other side."""

import pytest

from tests.rules import messages
from tests.rules.house import IN_ORDER, Case, House, Played
from tests.rules.messages import (
    CRITICAL,
    DUE,
    EFFECT,
    MAJOR,
    SILENCE,
    Sent,
    Told,
    in_the_dark,
    usual,
)

RULE = "integration/dead_letters"
SENT = Sent(
    "dead_lettered", "dead_letter", "Completion message dead-lettered, no effect in ERP",
    "lot unknown",
)  # fmt: skip
RUNS = messages.RUNS
CASES = [
    *usual(SENT),
    Case("an effect that names the lot only is the effect", "lotonly",
         (SENT.message("lotonly"), EFFECT("lotonly", order_no=None, correlation_id=None))),
    *(
        Case(f"a message that was {status} is as dead", f"is{status}",
             (SENT.message(f"is{status}", status=status),),
             SENT.aged(SENT.exception(f"is{status}")), messages.AGED)
        for status in ("failed", "abandoned")
    ),
    *(
        Case(f"a message that is {status} is not dead", status,
             (SENT.message(status, status=status),))
        for status in ("queued", "retrying", "blocked", "duplicate_dropped")
    ),
    Case("what no posting follows from is none of the rule", "order",
         (SENT.message("order", business_kind="order_release"),)),
    Case("why it died is the cause where nobody says more", "reason",
         (SENT.message("reason") | {"error_text": None, "stuck_reason": "expired"},),
         SENT.aged(SENT.exception("reason", cause="completions: expired")), messages.AGED),
    Case("it is called after the fact it carries", "shipped",
         (SENT.message("shipped", business_kind="ship_confirm"),),
         SENT.aged({"title": "Shipment message dead-lettered, no effect in ERP"}), messages.AGED),
    Case("much value at risk is critical at once", "dear", (SENT.message("dear", 1, 800),),
         {DUE: SENT.exception("dear", quantities=("800", "0", "-800"), value="10000.00 EUR",
                              severity="critical")}, ("opened",)),
    Case("just less is not", "cheap", (SENT.message("cheap", 1, 799),),
         {DUE: {"value": "9987.50 EUR", "severity": "warning"},
          MAJOR: {"severity": "major"}, CRITICAL: {"severity": "critical"}}, messages.AGED),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_dead_letters(played: Played, case: Case) -> None:
    assert played.course(case) == case.course(RUNS)


def test_one_more_run_changes_nothing_and_all_is_in_order(played: Played) -> None:
    assert played.order() == IN_ORDER


@pytest.mark.parametrize(("silent", "told"), SILENCE.items())
def test_nothing_is_said_of_what_a_side_has_not_told(house: House, silent: str, told: Told) -> None:
    assert in_the_dark(house, SENT, silent) == told
