"""What a rule about messages owes its readers: completions of 08:00, sent, and not (all) posted."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.rules.house import Case, House, Record
from tests.rules.matching import maker

ORIGIN = maker("mes", "op_complete", "e", order_no="{tag}", lot="{tag}", correlation_id="{tag}-id")
EFFECT = maker("erp", "fg_receipt", "o", order_no="{tag}", lot="{tag}", correlation_id="{tag}-id")
_MESSAGE = maker(
    "middleware", "", "m", order_no="{tag}", lot="{tag}", correlation_id="{tag}-id",
    feed="messages", channel="completions", business_kind="op_complete",
)  # fmt: skip
BEFORE, DUE, LATER = "08:29:59", "08:30", "09:00"
MAJOR, CRITICAL = "12:30", "2026-11-03 08:30"
RUNS = [BEFORE, DUE, LATER, MAJOR, CRITICAL]
AGED = ("opened", "graded", "graded")
CLOSED = ("opened", "resolved")
Told = list[tuple[str, str | None, list[str]]]
# What has to come out of `in_the_dark`: an effect that is known closes, whoever else is silent.
SILENCE: Mapping[str, Told] = {
    "erp": [
        ("not_evaluated", "erp/events was never collected", []),
        ("drifted", None, ["first-m1"]),
        ("drifted", None, ["first-m1"]),
        ("drifted", None, ["next-m1"]),
    ],
    "middleware": [
        ("not_evaluated", "middleware/messages was never collected", []),
        ("drifted", None, ["first-m1"]),
        ("tied_out", None, []),
        ("drifted", None, ["next-m1"]),
    ],
}


@dataclass(frozen=True)
class Sent:
    """Terms of a rule: the status its messages are in, and what it says of them."""

    status: str
    code: str
    title: str
    why: str

    def message(self, tag: str, number: int = 1, quantity: object = 10, **more: Any) -> Record:
        """A message of 10 of item A, `<tag>-m<number>`."""
        told = {"status": self.status, "error_text": self.why, **more}
        record = _MESSAGE(tag, number, quantity, **told)
        del record["kind"]
        return record

    def exception(self, tag: str, **more: Any) -> Record:
        """What a reader sees of a message without effect."""
        return {
            "code": self.code,
            "also": None,
            "title": self.title,
            "key": {
                "channel": "completions", "correlation_id": f"{tag}-id", "order_no": tag,
                "lot": tag,
            },
            "expected": [f"{tag}-m1"],
            "observed": [],
            "carried": [],
            "quantities": ("10", "0", "-10"),
            "value": "125.00 EUR",
            "owner": "integration-support",
            "severity": "warning",
            "cause": f"completions: {self.why}",
            "due": f"2026-11-02 {DUE}",
            "state": "open",
            **more,
        }  # fmt: skip

    def aged(self, row: Record) -> Mapping[str, Record | None]:
        """An exception that stays: it gets worse with its age."""
        return {
            DUE: row,
            MAJOR: row | {"severity": "major"},
            CRITICAL: row | {"severity": "critical"},
        }

    def speaks(self, says: str, tag: str, *facts: Record, **more: Any) -> Case:
        """A case in which the message `<tag>-m1` is without effect, beside these facts."""
        row = self.exception(tag, **more)
        return Case(says, tag, (self.message(tag), *facts), self.aged(row), AGED)


def usual(sent: Sent) -> list[Case]:
    """The cases of any rule about messages."""
    return [*_with_effect(sent), *_without(sent), *_over_time(sent)]


def _with_effect(sent: Sent) -> list[Case]:
    message = sent.message
    return [
        Case("what was posted all the same is no matter of the message", "posted",
             (ORIGIN("posted"), message("posted"), EFFECT("posted", order_no=None, lot=None))),
        Case("an effect is found by order and lot where it carries no id", "byhand",
             (message("byhand"), EFFECT("byhand", correlation_id=None))),
        Case("a message that carries no id is found by order and lot", "noid",
             (ORIGIN("noid"), message("noid", correlation_id=None), EFFECT("noid"))),
        Case("the effect of a completion may be called completion", "named",
             (message("named"), EFFECT("named", kind="op_complete"))),
        Case("a message whose payload does not tell what it carries has any effect", "anykind",
             (message("anykind", business_kind="fg_receipt"),
              EFFECT("anykind", kind="op_complete"))),
        Case("what was taken back and posted again is there", "redone",
             (message("redone"), EFFECT("redone"), _back("redone"), EFFECT("redone", 2))),
        Case("a reversal that failed takes nothing back", "stays",
             (message("stays"), EFFECT("stays"), _back("stays", state="failed"))),
        Case("a message that was delivered is none of the rule", "through",
             (message("through", status="done"),)),
    ]  # fmt: skip


def _without(sent: Sent) -> list[Case]:
    at_ten = {"at": "08:10", "known": LATER}
    return [
        sent.speaks("a message without effect speaks once it is due", "alone"),
        sent.speaks("the business fact it was sent for is shown with it", "fact",
                    ORIGIN("fact"), carried=["fact-e1"]),
        sent.speaks("facts of the same order and lot that have another id were not sent with it",
                    "others", ORIGIN("others"), ORIGIN("others", 2, correlation_id="others-2"),
                    carried=["others-e1"]),
        sent.speaks("what is posted of another completion of the lot is no effect of this one",
                    "pallet", ORIGIN("pallet"), ORIGIN("pallet", 2, correlation_id="pallet-2"),
                    EFFECT("pallet", 2, correlation_id="pallet-2"), carried=["pallet-e1"]),
        sent.speaks("another kind of posting of the same lot is no effect", "kind",
                    EFFECT("kind", kind="scrap", correlation_id=None),
                    EFFECT("kind", 2, kind="ship_confirm", correlation_id=None)),
        sent.speaks("nor is one of another lot", "lot",
                    EFFECT("lot", lot="lot-2", correlation_id=None)),
        sent.speaks("a failed posting is no effect", "failed", EFFECT("failed", state="failed")),
        sent.speaks("nor is one that was taken back", "undone", EFFECT("undone"), _back("undone")),
        Case("a message that does not say when the fact was counts from when it came", "entered",
             (sent.message("entered", at=None, entered_at="08:00", known="08:00"),),
             sent.aged(sent.exception("entered")), AGED),
        Case("a message nobody can read is shown with what is known of it", "blank",
             ({"source": "middleware", "feed": "messages", "source_key": "blank-m1", "at": "08:00",
               "status": sent.status, "channel": "completions", "business_kind": "op_complete"},),
             sent.aged({"key": {"channel": "completions"}, "quantities": (None, "0", None),
                        "value": None, "cause": "completions"}), AGED),
        Case("a message is due from the business time of its fact, whenever it was seen", "seen",
             (sent.message("seen", **{**at_ten, "at": "08:00"}),),
             {LATER: sent.exception("seen"), MAJOR: sent.exception("seen", severity="major"),
              CRITICAL: sent.exception("seen", severity="critical")}, AGED),
    ]  # fmt: skip


def _over_time(sent: Sent) -> list[Case]:
    message, stands = sent.message, {"code": sent.code, "state": "open"}
    return [
        Case("its effect closes it, wherever it came from", "late",
             (message("late"), EFFECT("late", correlation_id=None, known=LATER)),
             {DUE: stands, LATER: None}, CLOSED),
        Case("a message that gets through closes it", "replayed",
             (message("replayed"), message("replayed", status="done", known=LATER),
              EFFECT("replayed", known=LATER)),
             {DUE: stands, LATER: None}, CLOSED),
        Case("taken back later, the same exception opens again", "again",
             (message("again"), EFFECT("again", known=LATER), _back("again", known=MAJOR)),
             {DUE: stands, LATER: None, MAJOR: {"code": sent.code, "state": "regressed",
                                                "severity": "major"},
              CRITICAL: {"state": "regressed", "severity": "critical"}},
             ("opened", "resolved", "regressed", "graded")),
        Case("a record that is told again is one exception", "twice",
             (message("twice"), message("twice", known=LATER)),
             sent.aged(sent.exception("twice")), AGED),
    ]  # fmt: skip


def _back(tag: str, **more: Any) -> Record:
    """The posting that takes the first effect back; its key of reversal is that of the effect."""
    return EFFECT(tag, 9, -10, is_reversal=True, reverses_key=f"{tag}-o1", **more)


def in_the_dark(house: House, sent: Sent, silent: str) -> Told:
    """How runs went and what stood, while one source is silent and when it speaks.

    Never collected; collected; silent again, with a message that is due by what the others know.
    """
    seen = []

    def look(when: str, *silent: str) -> None:
        rows = house.run(when, silent=silent)
        keys = sorted(key for row in rows for key in row["expected"])
        seen.append((house.report.outcome, house.report.reason, keys))

    house.land(sent.message("first"))
    look(DUE, silent)
    look(DUE)
    house.land(sent.message("next", at="09:00"), EFFECT("first", known=LATER))
    look(MAJOR, silent)
    look(MAJOR)
    return seen
