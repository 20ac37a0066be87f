"""integration/channel_taken: where messages wait, somebody takes them."""

from typing import Any

import pytest

from tests.rules.house import IN_ORDER, Case, House, Played, Record

RULE = "integration/channel_taken"
BEFORE, DUE, LATER, MAJOR, CRITICAL = "08:14:59", "08:15", "09:00", "09:15", "12:15"
RUNS = [BEFORE, DUE, LATER, MAJOR, CRITICAL]
AGED = ("opened", "graded", "graded")
CLOSED = ("opened", "resolved")


def channel(tag: str, **more: Any) -> Record:
    """A sample of 08:10: three messages wait in channel `tag`, idle since 08:00, no consumer."""
    told = {"source": "middleware", "feed": "channels", "channel": tag, "at": "08:10"}
    return {**told, "ready": 3, "consumers": 0, "idle_since": "08:00", **more}


def untaken(tag: str, **more: Any) -> Record:
    """What a reader sees of a channel nobody takes from."""
    return {
        "code": "stuck_message", "also": None, "title": f"Messages waiting in {tag}",
        "key": {"channel": tag}, "expected": [tag], "observed": [],
        "quantities": ("3", "0", "-3"), "value": None, "owner": "integration-support",
        "severity": "warning", "cause": f"{tag}: 3 waiting, nobody takes them",
        "due": "2026-11-02 08:15", "state": "open", **more,
    }  # fmt: skip


def aged(row: Record) -> dict[str, Record | None]:
    """An exception that stays: it gets worse with its age."""
    return {DUE: row, MAJOR: row | {"severity": "major"}, CRITICAL: row | {"severity": "critical"}}


STANDS = {"code": "stuck_message", "state": "open"}
CASES = [
    Case("what waits where nobody takes it speaks once it is due", "idle", (channel("idle"),),
         aged(untaken("idle")), AGED),
    Case("a retry queue is to be taken from as well", "retry",
         (channel("retry", channel_role="retry"),), aged(untaken("retry")), AGED),
    Case("a queue of dead letters is not: that has a rule of its own", "dlq",
         (channel("dlq", channel_role="dead_letter"),)),
    Case("a queue somebody takes from is in order, however long", "taken",
         (channel("taken", ready=5000, consumers=1),)),
    Case("an empty queue needs nobody", "empty", (channel("empty", ready=0),)),
    Case("where the broker does not say since when, it counts from the sample", "since",
         (channel("since", idle_since=None),),
         {LATER: untaken("since", due="2026-11-02 08:25"),
          CRITICAL: {"severity": "major"}}, ("opened", "graded")),
    Case("a queue that has stopped just now has its time", "just",
         (channel("just", idle_since="08:05"),),
         {LATER: untaken("just", due="2026-11-02 08:20"), CRITICAL: {"severity": "major"}},
         ("opened", "graded")),
    Case("the newest sample counts: it is the same exception with more to it", "grows",
         (channel("grows"), channel("grows", ready=40, at="08:50", known=LATER)),
         {DUE: untaken("grows"),
          LATER: untaken("grows", quantities=("40", "0", "-40"),
                         cause="grows: 40 waiting, nobody takes them"),
          MAJOR: {"severity": "major"}, CRITICAL: {"severity": "critical"}},
         ("opened", "changed", "graded", "graded")),
    Case("a queue that is still written to is never idle, and nobody takes from it all the same",
         "fills", (channel("fills", idle_since=None, at="08:00", known=BEFORE),
                   channel("fills", idle_since=None, ready=40, at=DUE),
                   channel("fills", idle_since="08:59", ready=50, at=LATER)),
         {DUE: untaken("fills", quantities=("40", "0", "-40"),
                       cause="fills: 40 waiting, nobody takes them"),
          LATER: {"quantities": ("50", "0", "-50"), "due": "2026-11-02 08:15"},
          MAJOR: {"severity": "major"}, CRITICAL: {"severity": "critical"}},
         ("opened", "changed", "graded", "graded")),
    Case("it counts from when the last consumer was seen", "left",
         (channel("left", at="07:00", idle_since=None, known=BEFORE),
          channel("left", at="08:10", idle_since=None, consumers=1, known=BEFORE),
          channel("left", at="08:50", idle_since=None, ready=4, known=LATER)),
         {MAJOR: untaken("left", due="2026-11-02 09:05", quantities=("4", "0", "-4"),
                         cause="left: 4 waiting, nobody takes them"),
          CRITICAL: {"severity": "major"}}, ("opened", "graded")),
    Case("a consumer closes it, whatever waits still", "back",
         (channel("back"), channel("back", consumers=1, at="08:50", known=LATER)),
         {DUE: STANDS, LATER: None}, CLOSED),
    Case("so does an empty queue", "purged",
         (channel("purged"), channel("purged", ready=0, at="08:50", known=LATER)),
         {DUE: STANDS, LATER: None}, CLOSED),
    Case("stopped again, the same exception opens again", "again",
         (channel("again"), channel("again", consumers=1, at="08:50", known=LATER),
          channel("again", at="09:10", idle_since="09:00", known=MAJOR)),
         {DUE: STANDS, LATER: None,
          MAJOR: untaken("again", due="2026-11-02 09:15", state="regressed"),
          CRITICAL: {"severity": "major", "state": "regressed"}},
         (*CLOSED, "regressed", "graded")),
    Case("a queue without a sample since is as it was", "quiet",
         (channel("quiet", at="07:00", idle_since="06:00", known=BEFORE),),
         {BEFORE: {"due": "2026-11-02 06:15", "severity": "major"},
          "12:15": {"severity": "critical"}}, ("opened", "graded")),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_channel_taken(played: Played, case: Case) -> None:
    assert played.course(case) == case.course(RUNS)


def test_one_more_run_changes_nothing_and_all_is_in_order(played: Played) -> None:
    assert played.order() == IN_ORDER


def test_nothing_is_said_of_what_the_broker_has_not_told(house: House) -> None:
    seen = []

    def look(when: str, *silent: str) -> None:
        channels = sorted(row["key"]["channel"] for row in house.run(when, silent=silent))
        seen.append((house.report.outcome, house.report.reason, channels))

    house.land(channel("first"))
    look(BEFORE, "middleware")
    look(BEFORE)
    house.land(channel("first", consumers=1, at=LATER), channel("next", at=LATER))
    look(MAJOR, "middleware")
    look(MAJOR)
    assert seen == [
        ("not_evaluated", "middleware/channels was never collected", []),
        ("tied_out", None, []),
        ("tied_out", None, []),
        ("drifted", None, ["next"]),
    ]
