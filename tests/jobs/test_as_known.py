"""Questions about the past: answered as they were then, from what was known then."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app.jobs import reconcile
from tests.rules.house import House, inhabited, instant, write_house
from tests.rules.matching import maker

COMPLETED, STOCK = "production/completion_posted", "inventory/stock_agrees"
MADE = maker("mes", "op_complete", "e", order_no="{tag}", op_no="10", lot="{tag}")
BOOKED = maker("erp", "op_complete", "o", order_no="{tag}", op_no="10", lot="{tag}")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A house with completions to be booked."""
    with inhabited(write_house(tmp_path / "house"), COMPLETED) as house:
        yield house


@dataclass(frozen=True)
class Answer:
    """What a run said: how it went, its conservation lines, what it found."""

    outcome: str
    accounts: Any
    found: list[tuple[str, str]]


def asked(house: House, as_of: str, known_at: str | None = None) -> Answer:
    """The answer to a question about the past."""
    known = instant(known_at) if known_at else None
    moment = {"as_of": instant(as_of), "known_at": known}
    report, rows = reconcile.recompute(house.services, house.loaded, **moment)
    found = sorted((row["subject"], row["code"]) for row in rows if row["settled_at"] is None)
    return Answer(report.outcome, dict(report.accounts), found)


def ran(house: House, when: str, *, silent: tuple[str, ...] = ()) -> Answer:
    """What a run said as it happened."""
    house.collect(when, silent=silent)
    [report] = reconcile.reconcile(house.services, [house.rule])
    held = house.services.store.findings.rule(house.rule)
    rows = house.services.store.state.rows(
        f"SELECT subject, code FROM r{held['rule_no']}_finding "
        "WHERE is_standing AND settled_at IS NULL ORDER BY ALL"
    )
    found = [(row["subject"], row["code"]) for row in rows]
    return Answer(report.outcome, dict(report.accounts), found)


def test_every_run_can_be_asked_for_again_as_it_was(house):
    answers = {}
    house.land(MADE("full"), BOOKED("full", 1, 6), MADE("none"), BOOKED("odd"))
    answers["08:10"] = ran(house, "08:10")
    answers["08:30"] = ran(house, "08:30", silent=("erp",))
    house.land(BOOKED("full", 2, 4, at="08:20"), MADE("next", at="08:40"))
    answers["08:45"] = ran(house, "08:45", silent=("mes",))
    house.land(BOOKED("none", at="08:50"), BOOKED("full", 1, 5, at="08:00"))
    answers["09:30"] = ran(house, "09:30")
    house.land(MADE("odd", at="08:00"))
    answers["10:30"] = ran(house, "10:30")
    assert len({repr(answer) for answer in answers.values()}) == len(answers)
    assert {when: asked(house, when, when) for when in answers} == answers


def test_what_is_known_by_now_of_a_moment_is_another_question(house):
    house.land(MADE("late"))
    assert ran(house, "09:00").found == [("expected/mes/events/late-e1", "missing_posting")]
    house.land(BOOKED("late", at="08:20"))
    house.run("10:00")
    assert asked(house, "09:00").found == []
    assert len(asked(house, "09:00", "09:59").found) == 1


def test_nobody_is_blamed_for_what_was_not_collected_by_then(house):
    """The books were last asked at 08:10, so nobody knew at 09:00 what they had by 08:30."""
    house.land(MADE("a"))
    house.run("08:10")
    house.collect("09:00", silent=("erp",))
    house.run("10:00")
    assert asked(house, "09:00", "09:00").found == []
    assert len(asked(house, "10:00", "10:00").found) == 1


def test_a_question_about_a_time_before_a_source_was_collected_is_not_evaluated(house):
    house.land(MADE("a"))
    house.collect("08:30", silent=("erp",))
    house.run("10:00")
    answer = asked(house, "09:00", "09:00")
    assert (answer.outcome, answer.found) == ("not_evaluated", [])


def test_asking_about_the_past_changes_nothing(house):
    house.land(MADE("a"))
    house.run("09:00")
    before = house.known()
    asked(house, "08:10", "08:10")
    assert house.known() == before
    assert reconcile.differences(house.services, house.loaded) == []


def _stock(source: str, quantity: int, when: str) -> dict[str, Any]:
    return {"source": source, "feed": "stock", "item": "A", "lot": "L", "quantity": quantity,
            "at": when}  # fmt: skip


def test_stock_of_the_past_is_the_snapshots_there_were(tmp_path: Path):
    said = {}
    with inhabited(write_house(tmp_path / "house"), STOCK) as house:
        for when, erp, wms in (("08:00", 5, 5), ("09:00", 7, 5), ("10:00", 7, 7)):
            house.land(_stock("erp", erp, when), _stock("wms", wms, when))
            said[when] = ran(house, when)
        assert [answer.outcome for answer in said.values()] == ["tied_out", "drifted", "tied_out"]
        assert {when: asked(house, when, when) for when in said} == said
