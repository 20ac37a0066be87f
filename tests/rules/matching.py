"""What every rule of the match family owes its readers, as cases: facts at 08:00, and their effect.

A rule gives how a fact and its effect look, when it is due, and the words of its exceptions; item A
is worth 12.50 EUR.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.rules.house import Case, House, Record

Maker = Callable[..., Record]
NEVER_SENT = "No message of it on any watched channel: never sent, or lost on the way"


def maker(source: str, kind: str, side: str, sign: int = 1, **fields: str) -> Maker:
    """Makes records `<tag>-<side><number>` of item A at 08:00; `{tag}` in `fields` is filled in."""

    def make(tag: str, number: int = 1, quantity: object = 10, **more: Any) -> Record:
        named = {name: value.format(tag=tag) for name, value in fields.items()}
        booked = sign * Decimal(str(quantity))
        return {
            "source": source, "source_key": f"{tag}-{side}{number}", "kind": kind, "at": "08:00",
            "item": "A", **named, "quantity": booked, **more,
        }  # fmt: skip

    return make


@dataclass(frozen=True)
class Terms:
    """Terms of a rule: makers of its facts, its times, its words.

    `fact` and `effect` make records (see `maker`). `sign` is that of a quantity in the books.
    `before` is a moment before `due`; `later` is between `due` and `major`.
    """

    fact: Maker
    effect: Maker
    left: str
    right: str
    noun: str
    key: Mapping[str, Any]
    before: str
    due: str
    later: str
    major: str
    critical: str
    owner: str = "integration-support"
    owners: Mapping[str, str] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)
    sign: int = 1
    cause: str | None = NEVER_SENT
    within: str = "10"
    limit: int = 800
    missing: str = "missing_posting"

    @property
    def runs(self) -> list[str]:
        """When the rule is run."""
        return [self.before, self.due, self.later, self.major, self.critical]

    def exception(
        self, code: str, title: str, quantities: tuple[str | None, str | None, str], value: str,
        expected: list[str], observed: list[str], cause: str | None, **more: Any,
    ) -> Record:  # fmt: skip
        """What a reader sees of an exception; quantities are given without the sign of the side."""
        return {
            "code": code,
            "also": None,
            "title": self.titles.get(code, title),
            "expected": expected,
            "observed": observed,
            "quantities": tuple(self.signed(text) for text in quantities),
            "value": value,
            "owner": self.owners.get(code, self.owner),
            "severity": "warning",
            "cause": cause,
            "due": _minute(self.due),
            "state": "open",
            **more,
        }

    def signed(self, text: str | None) -> str | None:
        """A quantity as it stands in the books of this kind of fact."""
        if text in (None, "0") or self.sign > 0:
            return text
        return text[1:] if text.startswith("-") else f"-{text}"

    def ages(self, row: Record) -> dict[str, Record | None]:
        """An exception that stays: it gets worse with its age."""
        return {
            self.due: row,
            self.major: row | {"severity": "major"},
            self.critical: row | {"severity": "critical"},
        }


AGED = ("opened", "graded", "graded")


def other_lot(terms: Terms) -> Case:
    """Found by the id both sides carry, but booked for another lot."""
    title = f"{terms.left} {terms.noun}, lot differs in {terms.right}"
    row = terms.exception(
        "attribute_mismatch", title, ("10", "10", "0"), "125.00 EUR", ["lot-e1"], ["lot-o1"],
        "Lot lot against lot-wrong",
    )  # fmt: skip
    facts = (
        terms.fact("lot", correlation_id="lot-id"),
        terms.effect("lot", correlation_id="lot-id", lot="lot-wrong"),
    )
    return Case("another lot is another attribute", "lot", facts, terms.ages(row), AGED)


def usual(terms: Terms) -> list[Case]:
    """The cases of any rule of the family."""
    return [*_agreeing(terms), *_alone(terms), *_differing(terms), *_withdrawn(terms)]


def _agreeing(terms: Terms) -> list[Case]:
    fact, effect = terms.fact, terms.effect
    return [
        Case("what is posted in full ties out", "full", (fact("full"), effect("full"))),
        Case(
            "postings in parts add up",
            "parts",
            (fact("parts"), effect("parts", 1, 4), effect("parts", 2, 6)),
        ),
        Case(
            "a record that is delivered again is one record",
            "again",
            (fact("again"), effect("again"), {**effect("again"), "known": terms.later}),
        ),
        Case(
            "a difference within tolerance is none",
            "within",
            (fact("within", 1, 10), effect("within", 1, terms.within)),
        ),
        Case(
            "a posting of the same fiscal period but another day is none of another period",
            "sameperiod",
            (fact("sameperiod"), effect("sameperiod", posting_on="2026-11-30")),
        ),
    ]


def _alone(terms: Terms) -> list[Case]:
    fact, effect, left, right = terms.fact, terms.effect, terms.left, terms.right
    missing = terms.exception(
        terms.missing, f"{left} {terms.noun} not posted in {right}",
        ("10", None, "-10"), "125.00 EUR", ["none-e1"], [], terms.cause, key=_key(terms, "none"),
    )  # fmt: skip
    orphan = terms.exception(
        "orphan_posting", f"{right} {terms.noun} without one in {left}",
        (None, "10", "10"), "125.00 EUR", [], ["orphan-o1"],
        f"Only in {right.lower()}: orphan-o1",
    )  # fmt: skip
    failed = terms.exception(
        "posting_failed", f"{left} {terms.noun} held as failed in {right}",
        ("10", None, "-10"), "125.00 EUR", ["failed-e1"], ["failed-o1"],
        f"Held as failed in {right.lower()}: failed-o1",
    )  # fmt: skip
    dear = terms.signed(f"{terms.limit}"), None, terms.signed(f"-{terms.limit}")
    return [
        Case("what is not posted speaks once it is due", "none", (fact("none"),),
             terms.ages(missing), AGED),
        Case("much value at risk is critical at once", "dear", (fact("dear", 1, terms.limit),),
             {terms.due: {"code": terms.missing, "quantities": dear,
                          "value": f"{terms.limit * 12.5:.2f} EUR", "severity": "critical"}},
             ("opened",)),
        Case("just less is not", "cheap", (fact("cheap", 1, terms.limit - 1),),
             terms.ages({"value": f"{terms.limit * 12.5 - 12.5:.2f} EUR", "severity": "warning"}),
             AGED),
        Case("what is posted late closes its exception", "late",
             (fact("late"), effect("late", known=terms.later)),
             {terms.due: {"code": terms.missing, "state": "open"}, terms.later: None},
             ("opened", "resolved")),
        Case("a posting without a source speaks once due", "orphan", (effect("orphan"),),
             terms.ages(orphan), AGED),
        Case("a source told after its posting closes the orphan", "found",
             (effect("found"), fact("found", known=terms.later)),
             {terms.due: {"code": "orphan_posting", "state": "open"}, terms.later: None},
             ("opened", "resolved")),
        Case("a posting held as failed is no effect", "failed",
             (fact("failed"), effect("failed", state="failed")), terms.ages(failed), AGED),
    ]  # fmt: skip


def _differing(terms: Terms) -> list[Case]:
    fact, effect, left, right = terms.fact, terms.effect, terms.left, terms.right
    what = f"{left} {terms.noun}"
    short = terms.exception(
        "quantity_variance", f"{what}, other quantity in {right}", ("10", "6", "-4"), "50.00 EUR",
        ["short-e1"], ["short-o1"], f"{terms.signed('10')} against {terms.signed('6')} EA",
    )  # fmt: skip
    twice = terms.exception(
        "duplicate_posting", f"{what} posted twice in {right}", ("10", "20", "10"), "125.00 EUR",
        ["twice-e1"], ["twice-o1", "twice-o2"], "2 postings for 1: twice-o1, twice-o2",
        also="quantity_variance",
    )  # fmt: skip
    unit = terms.exception(
        "unit_mismatch", f"{what} in another unit in {right}", ("10", "10000", "9990"),
        "124875.00 EUR", ["unit-e1"], ["unit-o1"],
        f"{terms.signed('10')} against {terms.signed('10,000')} EA, factor 1,000",
        severity="critical",
    )  # fmt: skip
    period = terms.exception(
        "wrong_period", f"{what} in another period in {right}", ("10", "10", "0"), "125.00 EUR",
        ["period-e1"], ["period-o1"], "Happened 2 Nov 2026, posted 1 Dec 2026",
    )  # fmt: skip
    short_late = {"code": "quantity_variance", "quantities": short["quantities"]}
    return [
        Case("another quantity is a variance of what is missing", "short",
             (fact("short"), effect("short", 1, 6)), terms.ages(short), AGED),
        Case("the rest that comes later closes it", "rest",
             (fact("rest"), effect("rest", 1, 6), effect("rest", 2, 4, known=terms.later)),
             {terms.due: short_late, terms.later: None}, ("opened", "resolved")),
        Case("a record that is put right closes it", "mended",
             (fact("mended"), effect("mended", 1, 6), effect("mended", 1, 10, known=terms.later)),
             {terms.due: short_late, terms.later: None}, ("opened", "resolved")),
        Case("a copy is a duplicate", "twice",
             (fact("twice"), effect("twice", 1), effect("twice", 2)), terms.ages(twice), AGED),
        Case("a known factor between the quantities is a unit", "unit",
             (fact("unit"), effect("unit", 1, 10_000)), {terms.due: unit}, ("opened",)),
        Case("a posting in the next fiscal period is in the wrong one", "period",
             (fact("period"), effect("period", posting_on="2026-12-01")), terms.ages(period), AGED),
    ]  # fmt: skip


def _withdrawn(terms: Terms) -> list[Case]:
    fact, effect = terms.fact, terms.effect

    def back(maker: Maker, tag: str, **more: Any) -> Record:
        """The posting that takes the first one of a side back."""
        first = maker(tag)
        return maker(tag, 9, -10, is_reversal=True, reverses_key=first["source_key"], **more)

    withdrawn = f"{terms.noun[0].upper()}{terms.noun[1:]} withdrawn on one side only"
    lost = terms.exception(
        "reversal_lost", f"{withdrawn}, {terms.left} and {terms.right}",
        (None, "10", "10"), "125.00 EUR", ["lost-e1"], ["lost-o1"],
        f"Withdrawn in {terms.left.lower()}: lost-e1",
    )  # fmt: skip
    return [
        Case("a posting taken back and made again is one posting", "redone",
             (fact("redone"), effect("redone", 1), back(effect, "redone"), effect("redone", 2))),
        Case("what is taken back on both sides is nothing", "undone",
             (fact("undone"), back(fact, "undone"), effect("undone"), back(effect, "undone"))),
        Case("what is taken back before it was posted is nothing", "stopped",
             (fact("stopped"), back(fact, "stopped"))),
        Case("what was cancelled is not waited for", "cancelled",
             (fact("cancelled", state="cancelled"),)),
        Case("what is taken back on one side only speaks", "lost",
             (fact("lost"), back(fact, "lost"), effect("lost")), terms.ages(lost), AGED),
        Case("taken back on the other side later, it closes", "followed",
             (fact("followed"), back(fact, "followed"), effect("followed"),
              back(effect, "followed", known=terms.later)),
             {terms.due: {"code": "reversal_lost"}, terms.later: None}, ("opened", "resolved")),
    ]  # fmt: skip


def _key(terms: Terms, tag: str) -> Record:
    """The business key of the fact `<tag>-e1`."""
    return {name: value.format(tag=tag) for name, value in terms.key.items()}


def _minute(text: str) -> str:
    return text if " " in text else f"2026-11-02 {text}"


def in_the_dark(house: House, terms: Terms) -> list[tuple[str, str | None, list[str]]]:
    """How runs went and what stood, while the observed side is silent and when it speaks.

    Never collected; collected; silent again, with a fact whose due time only one side has reached.
    """
    observed = terms.effect("x")["source"]
    seen = []

    def look(when: str, *silent: str) -> None:
        rows = house.run(when, silent=silent)
        keys = sorted(key for row in rows for key in row["expected"])
        seen.append((house.report.outcome, house.report.reason, keys))

    house.land(terms.fact("first"))
    look(terms.due, observed)
    look(terms.due)
    house.land(terms.fact("next", at=terms.due))
    look(terms.critical, observed)
    look(terms.critical)
    return seen


def dark(observed: str) -> list[tuple[str, str | None, list[str]]]:
    """What has to come out of `in_the_dark`."""
    return [
        ("not_evaluated", f"{observed}/events was never collected", []),
        ("drifted", None, ["first-e1"]),
        ("drifted", None, ["first-e1"]),
        ("drifted", None, ["first-e1", "next-e1"]),
    ]
