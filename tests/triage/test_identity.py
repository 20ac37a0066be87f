"""An exception keeps its identity from the first sign to the last, however the facts come in."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.jobs import reconcile
from app.jobs.notify import notify
from app.store.exceptions import fingerprint
from app.store.reading import Wanted
from tests import works
from tests.rules.house import House, Record, inhabited, write_house
from tests.rules.matching import maker
from tests.works import BOOKED, NOON, drop, made, minutes

COMPLETED = "production/completion_posted"
MADE = maker("mes", "op_complete", "e", order_no="{tag}", op_no="10", lot="{tag}")
POSTED = maker("erp", "fg_receipt", "o", order_no="{tag}", lot="{tag}")
TAGS = ("a", "b", "c")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A house with completions to be posted."""
    with inhabited(write_house(tmp_path / "house"), COMPLETED) as house:
        yield house


def only(house: House) -> Record:
    """The one exception there is, closed or not."""
    (row,) = house.known()
    return row


def test_partial_progress_changes_what_is_said_and_never_which_exception_it_is(house):
    house.land(MADE("a", quantity=10))
    said = []
    for when, more in (
        ("08:45", []),
        ("09:00", [POSTED("a", 1, 4)]),
        ("09:15", [POSTED("a", 2, 5)]),
        ("09:30", [POSTED("a", 3, 2)]),
    ):
        house.land(*more)
        house.run(when)
        row = only(house)
        said.append((row["id"], row["state"], row["quantities"][1:]))
    assert said == [
        ("EX-1", "open", (None, "-10")),
        ("EX-1", "open", ("4", "-6")),
        ("EX-1", "open", ("9", "-1")),
        ("EX-1", "open", ("11", "1")),
    ]
    assert house.history("EX-1") == ["opened", "changed", "changed", "changed"]


def test_what_is_withdrawn_after_it_was_settled_opens_the_same_exception_again(house):
    house.land(MADE("a"))
    house.run("08:45")
    house.land(POSTED("a"))
    house.run("09:00")
    assert only(house)["state"] == "resolved"
    house.land(POSTED("a", state="cancelled"))
    house.run("09:15")
    assert only(house)["state"] == "regressed"
    house.land(POSTED("a", 2, at="09:20"))
    house.run("09:30")
    row = only(house)
    assert (row["id"], row["state"]) == ("EX-1", "resolved")
    assert house.history("EX-1")[:3] == ["opened", "resolved", "regressed"]


PARTS = st.lists(st.integers(1, 4), min_size=1, max_size=3)


@settings(max_examples=4)
@given(plan=st.lists(PARTS, min_size=1, max_size=len(TAGS)), ahead=st.booleans(), data=st.data())
def test_any_way_of_posting_bit_by_bit_is_one_exception_that_the_last_bit_closes(
    tmp_path_factory, plan, ahead, data
):
    """Each completion is posted in parts, one a run, in any order; each has its own exception."""
    bits = dict(zip(TAGS, plan, strict=False))
    folder = write_house(tmp_path_factory.mktemp("bits") / "house")
    with inhabited(folder, COMPLETED) as house:
        house.land(*(MADE(tag, quantity=sum(parts)) for tag, parts in bits.items()))
        if not ahead:
            house.run("08:45")
        waiting = [(tag, *bit) for tag, parts in bits.items() for bit in enumerate(parts, 1)]
        waiting = data.draw(st.permutations(waiting))
        first: dict[str, str] = {}
        for step, (tag, number, quantity) in enumerate(waiting, 1):
            house.land(POSTED(tag, number, quantity, at="08:20"))
            house.run(f"{9 + step // 60:02}:{step % 60:02}")
            told = {row["key"]["order_no"]: row for row in house.known()}
            for order, row in told.items():
                assert first.setdefault(order, row["id"]) == row["id"]
            open_now = {order for order, row in told.items() if row["state"] != "resolved"}
            assert open_now == {other for other, *_ in waiting[step:]}
        actions = {action for mark in first.values() for action in house.history(mark)}
        assert actions <= {"opened", "changed", "resolved"}
        assert reconcile.differences(house.services, house.loaded) == []


def test_a_correction_at_the_source_is_the_same_exception(worked):
    with works.working(worked, NOON + minutes(1)) as services:
        before = by_order(services)
        drop(worked, "mes", [made("2", "O2", 8, NOON - minutes(110), rev="2")], "moves2")
        works.work(services)
        after = by_order(services)
    assert (before["O2"]["id"], before["O2"]["variance"]) == (after["O2"]["id"], -5)
    assert after["O2"]["variance"] == -8


@pytest.mark.parametrize(
    ("was", "now", "becomes"),
    [
        ("due: 30 minutes", "due: 45 minutes", ("open", "warning", "integration-support")),
        ("due: 30 minutes", "due: 3 hours", ("resolved", "warning", "integration-support")),
        ("critical: 24 hours", "critical: 1 minute", ("open", "critical", "integration-support")),
        ("owner: integration-support", "owner: planning", ("open", "warning", "planning")),
    ],
)
def test_a_changed_rule_judges_anew_and_opens_nothing_twice(worked, was, now, becomes):
    with works.working(worked) as services:
        notify(services)
        before = by_order(services)
    path = worked / f"rules/{BOOKED}.yml"
    text = path.read_text("utf-8")
    assert was in text
    path.write_text(text.replace(was, now), "utf-8")
    with works.working(worked, NOON + minutes(1)) as services:
        works.work(services)
        after = by_order(services)
        assert notify(services) == 0
    assert {order: row["id"] for order, row in after.items()} == {
        order: row["id"] for order, row in before.items()
    }
    assert {(row["state"], row["severity"], row["owner"]) for row in after.values()} == {becomes}


def by_order(services) -> dict[str, dict[str, Any]]:
    """Every exception of the match rule by order."""
    found = services.reader.exceptions(Wanted(states=(), rules=[BOOKED]))
    return {row["key"]["order_no"]: row for row in found}


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\n"), min_size=1)


@given(st.lists(st.tuples(NAMES, st.text()), min_size=2, max_size=2, unique=True))
def test_two_facts_or_two_rules_are_never_one_exception(pairs):
    one, other = pairs
    assert fingerprint(*one) != fingerprint(*other)
    assert fingerprint(*one) == fingerprint(*one)
    assert len(fingerprint(*one)) == 32
