"""integration/source_speaks: where a plant works, its shop floor tells of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from app.jobs import collect, reconcile
from app.triage.lifecycle import STANDING
from reconcilers.silence.spec import SilenceSpec
from tests.collectors.loopback import Request, Server, answer
from tests.rules.house import House, Record, inhabited, instant, write_house
from tests.rules.matching import maker

RULE = "integration/source_speaks"
DONE = maker("mes", "op_complete", "e", lot="{tag}")
BEFORE, DUE, MAJOR, BACK = (
    "2026-11-03 07:59:59", "2026-11-03 08:00", "2026-11-03 12:00", "2026-11-03 12:30",
)  # fmt: skip
SOURCE = """\
# A shop floor that is asked.
system: floor
role: mes
transport: http_json
address: {address}
plants: P1
feeds:
  events:
    get: /events
    into: business_event
    records: $.items
    contract: {{id: text, at: instant}}
"""
MAPPING = """\
-- What was made.
SELECT id AS source_key, 'op_complete' AS kind, instant("at", 'UTC') AS occurred_at FROM page
"""


def quiet(**more: Any) -> Record:
    """What a reader sees of a shop floor that tells nothing since Monday, 8:00."""
    return {
        "code": "silent_source", "also": None, "title": "Nothing comes from MES",
        "key": {"source": "mes", "plant": "P1"}, "observed": [],
        "quantities": (None, None, None), "value": None, "owner": "integration-support",
        "severity": "warning", "cause": "nothing came although the plant works",
        "due": "2026-11-03 08:00", "state": "open", **more,
    }  # fmt: skip


def shown(rows: list[Record]) -> list[Record]:
    """The fields of `quiet`, of each exception."""
    return [{name: row[name] for name in quiet()} for row in rows]


def test_a_shop_floor_that_tells_nothing_speaks_once_its_longest_pause_is_over(
    house: House,
) -> None:
    house.land(DONE("last"))
    assert house.run(BEFORE) == []
    assert house.report.outcome == "tied_out"
    [row] = house.run(DUE)
    assert shown([row]) == [quiet()]
    assert row["expected"] == ["last-e1"], "the last it told is shown"
    assert shown(house.run(MAJOR)) == [quiet(severity="major")]


def test_the_next_event_closes_it_and_another_silence_opens_it_again(house: House) -> None:
    house.land(DONE("last"))
    [row] = house.run(DUE)
    house.land(DONE("next", at=MAJOR))
    assert house.run(BACK) == []
    [again] = house.run("2026-11-04 12:00")
    assert (again["id"], again["state"]) == (row["id"], "regressed")
    assert house.history(row["id"]) == ["opened", "resolved", "regressed"]


def test_an_event_that_is_told_late_closes_it_as_well(house: House) -> None:
    house.land(DONE("last"))
    house.run(DUE)
    house.land(DONE("late", at="20:00"))
    assert house.run(MAJOR) == []


def test_what_is_told_again_is_no_sign_of_life(house: House) -> None:
    house.land(DONE("last"))
    house.run(BEFORE)
    house.land(DONE("last"))
    assert shown(house.run(DUE)) == [quiet()]


def test_another_kind_of_event_or_another_system_is_no_sign_either(house: House) -> None:
    house.land(DONE("last"), DONE("labour", at="20:00", kind="labor"))
    house.land({**DONE("booked", at="20:00"), "source": "erp"})
    assert shown(house.run(DUE)) == [quiet()]


def test_who_never_told_anything_is_not_expected_to(house: House) -> None:
    house.land({**DONE("booked"), "source": "erp"})
    assert house.run(MAJOR) == []
    assert house.report.outcome == "tied_out"


def test_one_that_cannot_be_read_is_unknown_and_not_silent(house: House) -> None:
    assert house.run(BEFORE, silent=["mes"]) == []
    assert house.report.reason == "mes/events was never collected"
    house.land(DONE("last"))
    assert house.run(BEFORE) == []
    assert house.run(MAJOR, silent=["mes"]) == [], "known until a moment before it was due"
    assert shown(house.run(MAJOR)) == [quiet(severity="major")]


def test_a_pause_is_counted_while_the_plant_works(tmp_path: Path) -> None:
    """Nothing since Friday, 8:00, and Saturday and Sunday are free: the day is over on Monday."""
    folder = write_house(tmp_path / "house")
    company = (folder / "tieout.yml").read_text("utf-8")
    week = "working_days: [mon, tue, wed, thu, fri]"
    (folder / "tieout.yml").write_text(company.replace("zone: UTC", f"zone: UTC, {week}"), "utf-8")
    with inhabited(folder, RULE) as house:
        house.land(DONE("last", at="2026-11-06 08:00"))
        assert house.run("2026-11-09 07:59") == []
        assert [row["due"] for row in house.run("2026-11-09 08:00")] == ["2026-11-09 08:00"]


def test_silence_is_about_what_a_plant_does() -> None:
    with pytest.raises(ValidationError, match="silence is about business events"):
        SilenceSpec.model_validate({"facts": {"from": "channel_depth"}, "every": "P1D"})


# Credentials that are refused ---------------------------------------------------------------------


@dataclass
class Floor:
    """A shop floor that is asked over HTTP, and lets one in or does not."""

    house: House
    is_open: bool = True

    def answer(self, request: Request) -> bytes:
        """One event of 8:00, to who may know."""
        if not self.is_open:
            return answer({"error": "the key has expired"}, status=401)
        return answer({"items": [{"id": "floor-1", "at": "2026-11-02T08:00:00Z"}]})

    def look(self, when: str) -> list[Record]:
        """Collect everything, run the rule; return what stands then."""
        self.house.clock.set(instant(when))
        reports = {f"{one.source}/{one.feed}": one for one in collect.collect(self.house.services)}
        assert reports["floor/events"].outcome == ("ok" if self.is_open else "denied")
        [self.house.report] = reconcile.reconcile(self.house.services, [RULE])
        return self.house.known(STANDING)


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    """The house with such a shop floor beside the others."""
    folder = write_house(tmp_path / "house")
    found: list[Floor] = []
    server = Server(lambda request: found[0].answer(request))
    source = SOURCE.format(address=server.address)
    (folder / "sources/floor.yml").write_text(source, "utf-8")
    (folder / "mappings/floor.events.sql").write_text(MAPPING, "utf-8")
    with inhabited(folder, RULE) as house:
        found.append(Floor(house))
        yield found[0]
    server.stop()


def refused(**more: Any) -> Record:
    """What a reader sees of a source whose key has expired."""
    return quiet(key={"source": "floor", "plant": "P1"}, **more)


def test_a_source_that_refuses_our_key_speaks_at_once_until_one_is_let_in(floor: Floor) -> None:
    assert floor.look("09:00") == []
    floor.is_open = False
    [row] = floor.look("10:00")
    assert shown([row]) == [refused(due="2026-11-02 10:00", cause=row["cause"])]
    assert row["cause"].startswith("credentials refused: floor: ")
    assert [one["due"] for one in floor.look("16:00")] == ["2026-11-02 10:00"]
    floor.is_open = True
    assert floor.look("17:00") == []
    assert floor.house.history(row["id"]) == ["opened", "graded", "resolved"]
    assert reconcile.differences(floor.house.services, floor.house.loaded) == []


def test_what_it_would_tell_meanwhile_is_unknown_and_not_silence(floor: Floor) -> None:
    floor.look("09:00")
    floor.is_open = False
    [row] = floor.look("2026-11-04 09:00")
    assert row["cause"].startswith("credentials refused")
    floor.is_open = True
    assert [one["cause"] for one in floor.look("2026-11-04 10:00")] == [quiet()["cause"]]


def test_one_more_run_changes_nothing_and_the_answer_is_that_of_all_facts(house: House) -> None:
    house.land(DONE("last"))
    house.run(DUE)
    assert house.run(DUE)[0]["state"] == "open"
    assert {**house.report.changes} == {}
    assert reconcile.differences(house.services, house.loaded) == []
