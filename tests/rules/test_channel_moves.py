"""integration/channel_moves: the first message of a queue gets through, at the first tries."""

from typing import Any

import pytest
from pydantic import ValidationError

from reconcilers.delivery.spec import DeliverySpec
from tests.rules.house import IN_ORDER, Case, House, Played, Record

RULE = "integration/channel_moves"
BEFORE, DUE, LATER, MAJOR, CRITICAL = "08:29:59", "08:30", "08:45", "09:30", "12:30"
RUNS = [BEFORE, DUE, LATER, MAJOR, CRITICAL]
AGED = ("opened", "graded", "graded")


def channel(tag: str, **more: Any) -> Record:
    """A sample of 08:10: three messages wait in channel `tag`, the first since 08:00."""
    told = {"source": "middleware", "feed": "channels", "channel": tag, "at": "08:10"}
    return {**told, "ready": 3, "consumers": 1, "oldest_at": "08:00", **more}


def stands(tag: str, **more: Any) -> Record:
    """What a reader sees of a channel whose first message does not move."""
    return {
        "code": "stuck_message", "also": None, "title": f"Messages waiting in {tag}",
        "key": {"channel": tag}, "expected": [tag], "observed": [],
        "quantities": ("3", "0", "-3"), "value": None, "owner": "integration-support",
        "severity": "warning", "cause": f"{tag}: 3 waiting, the first does not get through",
        "due": "2026-11-02 08:30", "state": "open", **more,
    }  # fmt: skip


def aged(row: Record) -> dict[str, Record | None]:
    """An exception that stays: it gets worse with its age."""
    return {DUE: row, MAJOR: row | {"severity": "major"}, CRITICAL: row | {"severity": "critical"}}


CASES = [
    Case("a first message that does not get through speaks once it is due", "stuck",
         (channel("stuck"),), aged(stands("stuck")), AGED),
    Case("a queue that moves is in order, however full", "moves",
         (channel("moves", ready=5000), channel("moves", ready=5000, oldest_at="08:25", at="08:29",
                                                known=BEFORE),
          channel("moves", ready=5000, oldest_at="12:20", at="12:25", known=DUE))),
    Case("one nobody takes from has a rule of its own", "untaken",
         (channel("untaken", consumers=0),)),
    Case("one in the hands of a consumer who does not answer gets through no better", "hands",
         (channel("hands", ready=1, in_flight=2),), aged(stands("hands")), AGED),
    Case("nor where the consumer has all there is", "all", (channel("all", ready=0, in_flight=3),),
         aged(stands("all")), AGED),
    Case("an empty queue has no first message", "empty", (channel("empty", ready=0),)),
    Case("where nobody stamps messages nobody knows", "unknown",
         (channel("unknown", oldest_at=None),)),
    Case("dead letters lie as long as they like", "dlq",
         (channel("dlq", channel_role="dead_letter"),)),
    Case("and what is tried again comes back to the work queue", "retry",
         (channel("retry", channel_role="retry"),)),
    Case("the newest sample counts", "grows",
         (channel("grows"), channel("grows", ready=40, at="08:40", known=LATER)),
         {DUE: stands("grows"),
          LATER: stands("grows", quantities=("40", "0", "-40"),
                        cause="grows: 40 waiting, the first does not get through"),
          MAJOR: {"severity": "major"}, CRITICAL: {"severity": "critical"}},
         ("opened", "changed", "graded", "graded")),
    Case("one that is refused again and again is a storm of retries", "storm",
         (channel("storm", refused=10),),
         aged(stands("storm", code="retry_storm", title="A message tried again and again in storm",
                     cause="storm: 3 waiting, the first does not get through, 10 deliveries refused"
                           " within an hour")), AGED),
    Case("some tries are nothing: then it stands for another reason", "tries",
         (channel("tries", refused=9),), aged(stands("tries")), AGED),
    Case("what the consumer has and does not answer was not refused", "given",
         (channel("given", ready=0, in_flight=12, refused=12),),
         {DUE: {"code": "stuck_message", "quantities": ("12", "0", "-12")},
          MAJOR: {"severity": "major"}, CRITICAL: {"severity": "critical"}}, AGED),
    Case("what he had an hour before says nothing of the tries since", "long",
         (channel("long", ready=0, in_flight=12, at="06:00"),
          channel("long", ready=0, in_flight=13, refused=11)),
         {DUE: {"code": "retry_storm",
                "cause": "long: 13 waiting, the first does not get through, 10 deliveries refused"
                         " within an hour"},
          MAJOR: {"severity": "major"}, CRITICAL: {"severity": "critical"}}, AGED),
    Case("a queue that moves may be refused as often as it likes", "busy",
         (channel("busy", refused=500), channel("busy", refused=500, oldest_at="08:25", at="08:29",
                                                known=BEFORE),
          channel("busy", refused=500, oldest_at="12:20", at="12:25", known=DUE))),
    Case("where tries begin later it is the same exception by its right name", "begins",
         (channel("begins"), channel("begins", refused=20, at="08:40", known=LATER)),
         {DUE: {"code": "stuck_message"}, LATER: {"code": "retry_storm", "state": "open"},
          MAJOR: {"severity": "major"}, CRITICAL: {"severity": "critical"}},
         ("opened", "changed", "graded", "graded")),
    Case("it closes when the first message is gone", "gone",
         (channel("gone"), channel("gone", ready=0, oldest_at=None, at="08:40", known=LATER)),
         {DUE: {"code": "stuck_message"}, LATER: None}, ("opened", "resolved")),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_channel_moves(played: Played, case: Case) -> None:
    assert played.course(case) == case.course(RUNS)


def test_one_more_run_changes_nothing_and_all_is_in_order(played: Played) -> None:
    assert played.order() == IN_ORDER


def test_nothing_is_said_of_a_broker_that_is_silent(house: House) -> None:
    house.land(channel("dark"))
    assert house.run(DUE, silent=["middleware"]) == []
    assert house.report.outcome == "not_evaluated"


def test_tries_are_counted_where_a_first_message_does_not_move() -> None:
    asked = {"channels": {"from": "channel_depth"}, "due": "PT30M", "retries": 10}
    with pytest.raises(ValidationError, match="'retries' are counted of 'channels' with 'watch"):
        DeliverySpec.model_validate(asked)
