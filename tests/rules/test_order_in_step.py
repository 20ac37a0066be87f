"""production/order_in_step: shop floor and ERP agree where an order stands."""

from itertools import product
from typing import Any

import pytest

from tests.rules.house import IN_ORDER, Case, House, Played, Record

RULE = "production/order_in_step"
MISSING, DUE, LATER, MAJOR, CRITICAL = "08:15", "08:30", "09:00", "12:30", "2026-11-03 08:30"
RUNS = ["08:14:59", MISSING, "08:29:59", DUE, LATER, "12:15", MAJOR, "2026-11-03 08:15", CRITICAL]
AGED = ("opened", "graded", "graded")
CLOSED = ("opened", "resolved")
ALLOWED = {
    "created": {"created", "released"},
    "released": {"created", "released", "in_progress", "held"},
    "in_progress": {"released", "in_progress", "held", "partially_done"},
    "held": {"held", "released", "in_progress"},
    "partially_done": {"in_progress", "partially_done", "held"},
    "done": {"done", "tech_complete", "closed"},
    "tech_complete": {"done", "tech_complete", "closed"},
    "closed": {"done", "tech_complete", "closed"},
    "cancelled": {"cancelled"},
}


def order(source: str, tag: str, status: str, **more: Any) -> Record:
    """An order of 10 of item A as a side sees it since 08:00."""
    told = {"source": source, "feed": "orders", "order_no": tag, "status": status, "at": "08:00"}
    return {**told, "item": "A", "quantity": 10, **more}


def erp(tag: str, status: str, **more: Any) -> Record:
    return order("erp", tag, status, **more)


def mes(tag: str, status: str, **more: Any) -> Record:
    return order("mes", tag, status, **more)


def exception(tag: str, code: str, title: str, **more: Any) -> Record:
    """What a reader sees of an order that both sides know."""
    return {
        "code": code, "also": None, "title": title, "key": {"order_no": tag},
        "expected": [tag], "observed": [tag], "quantities": ("10", "10", "0"),
        "value": "125.00 EUR", "owner": "production-control", "severity": "warning",
        "due": "2026-11-02 08:30", "state": "open", **more,
    }  # fmt: skip


def drift(tag: str, left: str, right: str, **more: Any) -> Record:
    cause = f"{left} on one side, {right} on the other"
    return exception(tag, "status_drift", "Order status differs, ERP and MES", cause=cause, **more)


def revision(tag: str, **more: Any) -> Record:
    return exception(tag, "revision_drift", "Order revision differs, ERP and MES", **more)


def unknown(tag: str, status: str, present: str, absent: str) -> Record:
    """An order only one side knows; it is due earlier."""
    sides = ([tag], []) if present == "ERP" else ([], [tag])
    return exception(
        tag, "missing_counterpart", f"Order in {present}, unknown in {absent}",
        expected=sides[0], observed=sides[1],
        quantities=("10", None, None) if present == "ERP" else (None, "10", None),
        owner="integration-support", cause=f"{status}, unknown on the other side",
        due="2026-11-02 08:15",
    )  # fmt: skip


def ages(row: Record, due: str, major: str, critical: str) -> dict[str, Record | None]:
    """An exception that stays: it gets worse with its age."""
    grades = {major: "major", critical: "critical"}
    return {due: row, **{when: row | {"severity": grade} for when, grade in grades.items()}}


def pair(left: str, right: str) -> Case:
    """An order of two states."""
    tag = f"{left}.{right}"
    facts = (erp(tag, left), mes(tag, right))
    if right in ALLOWED[left]:
        return Case(f"{left} in the ERP goes with {right} in the MES", tag, facts)
    aged = ages(drift(tag, left, right), DUE, MAJOR, CRITICAL)
    return Case(f"{left} in the ERP does not go with {right} in the MES", tag, facts, aged, AGED)


def alone(maker: Any, status: str, *names: str) -> Case:
    """An order only one side knows; names of that side and the other, where it needs a mate."""
    tag = f"{maker.__name__}only.{status}"
    if not names:
        return Case(
            f"{status} is no state the other side has to know of", tag, (maker(tag, status),)
        )
    aged = ages(unknown(tag, status, *names), MISSING, "12:15", "2026-11-03 08:15")
    says = f"{status} in the {names[0]} has to be known in the {names[1]}"
    return Case(says, tag, (maker(tag, status),), aged, AGED)


RELEASED = {"released", "in_progress"}
WORKED_ON = {"released", "in_progress", "partially_done", "done"}
STANDS = {"code": "status_drift", "state": "open"}
CASES = [
    *(pair(left, right) for left, right in product(ALLOWED, repeat=2)),
    *(alone(erp, status, *(("ERP", "MES") if status in RELEASED else ())) for status in ALLOWED),
    *(alone(mes, status, *(("MES", "ERP") if status in WORKED_ON else ())) for status in ALLOWED),
    Case("an order that arrives late closes it", "arrived",
         (erp("arrived", "released"), mes("arrived", "created", known=LATER)),
         {MISSING: {"code": "missing_counterpart"}, LATER: None}, CLOSED),
    Case("a side that follows in time is in step", "followed",
         (erp("followed", "closed"), mes("followed", "in_progress"),
          mes("followed", "done", at="08:10", known="08:29:59"))),
    Case("a side that follows late closes it", "late",
         (erp("late", "closed"), mes("late", "in_progress"), mes("late", "done", at=LATER)),
         {DUE: STANDS, LATER: None}, CLOSED),
    Case("the other side has its time from the later of the two changes", "since",
         (erp("since", "in_progress", at="07:00"), erp("since", "closed", at="08:20"),
          mes("since", "in_progress", at="07:00")),
         {LATER: drift("since", "closed", "in_progress", due="2026-11-02 08:50"),
          "2026-11-03 08:15": {"severity": "major"}},
         ("opened", "graded")),
    Case("a change gives time again, and it is the same exception when that is over", "moved",
         (erp("moved", "closed"), mes("moved", "in_progress"), mes("moved", "held", at=LATER)),
         {DUE: drift("moved", "closed", "in_progress"), LATER: None,
          "12:15": drift("moved", "closed", "held", due="2026-11-02 09:30", state="regressed"),
          "2026-11-03 08:15": {"severity": "major", "state": "regressed"}},
         ("opened", "resolved", "regressed", "graded")),
    Case("the record that changed last speaks for an order", "newest",
         (erp("newest", "done"), mes("newest", "held", source_key="newest-old", at="07:00"),
          mes("newest", "done", source_key="newest-new"))),
    Case("another planned quantity is another revision", "quantity",
         (erp("quantity", "released"), mes("quantity", "released", quantity=12)),
         ages(revision("quantity", quantities=("10", "12", "2"), value="25.00 EUR",
                       cause="10 against 12 EA"), DUE, MAJOR, CRITICAL), AGED),
    Case("quantities in different units are not subtracted", "unit",
         (erp("unit", "released"), mes("unit", "released", unit="KG")),
         ages(revision("unit", quantities=("10", "10", None), value=None,
                       cause="in EA on one side, in KG on the other"),
              DUE, MAJOR, CRITICAL), AGED),
    Case("where the states differ too there is no variance, and the value is the expected", "mixed",
         (erp("mixed", "closed"), mes("mixed", "in_progress", unit="KG")),
         ages(drift("mixed", "closed", "in_progress", quantities=("10", "10", None)),
              DUE, MAJOR, CRITICAL), AGED),
    Case("a unit without a quantity is no difference", "bare",
         (erp("bare", "released"), mes("bare", "released", quantity=None, unit="KG"))),
    Case("so is another item", "item",
         (erp("item", "released"), mes("item", "released", item="B")),
         ages(revision("item", value="0.00 EUR", cause="Item A against B"), DUE, MAJOR, CRITICAL),
         AGED),
    Case("and so is an older bill", "bill",
         (erp("bill", "released", item_revision="B"), mes("bill", "released", item_revision="A")),
         ages(revision("bill", value="0.00 EUR", cause="Item revision B against A"),
              DUE, MAJOR, CRITICAL), AGED),
    Case("a revision only one side tells is no difference", "norevision",
         (erp("norevision", "released", item_revision="B"), mes("norevision", "released"))),
    Case("what a side does not tell does not differ", "silent",
         (erp("silent", "released"), mes("silent", "released", item=None, quantity=None))),
    Case("where the states differ as well, the states are told", "both",
         (erp("both", "closed"), mes("both", "in_progress", quantity=12)),
         ages(drift("both", "closed", "in_progress", quantities=("10", "12", "2")),
              DUE, MAJOR, CRITICAL), AGED),
    Case("a revision that is put right closes it", "revised",
         (erp("revised", "released"), mes("revised", "released", quantity=12),
          mes("revised", "released", at=LATER)),
         {DUE: {"code": "revision_drift"}, LATER: None}, CLOSED),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_order_in_step(played: Played, case: Case) -> None:
    assert played.course(case) == case.course(RUNS)


def test_one_more_run_changes_nothing_and_all_is_in_order(played: Played) -> None:
    assert played.order() == IN_ORDER


@pytest.mark.parametrize("silent", ["erp", "mes"])
def test_nothing_is_said_of_what_a_side_has_not_told(house: House, silent: str) -> None:
    teller = {"erp": mes, "mes": erp}[silent]
    seen = []

    def look(when: str, *silent: str) -> None:
        rows = house.run(when, silent=silent)
        keys = sorted(row["key"]["order_no"] for row in rows)
        seen.append((house.report.outcome, house.report.reason, keys))

    house.land(teller("first", "released"))
    look(MISSING, silent)
    look(MISSING)
    house.land(teller("next", "released", at=LATER))
    look(MAJOR, silent)
    look(MAJOR)
    assert seen == [
        ("not_evaluated", f"{silent}/orders was never collected", []),
        ("drifted", None, ["first"]),
        ("drifted", None, ["first"]),
        ("drifted", None, ["first", "next"]),
    ]
