"""`tieout coverage`: what is watched, for people and for programs."""

import json

from tests.rules.house import inhabited, write_house

RULE = "production/completion_posted"
REWORK = {
    "source": "mes", "source_key": "r", "kind": "rework", "item": "A", "quantity": 10, "unit": "EA",
    "at": "08:00",
}  # fmt: skip


def test_both_parts_are_told_to_people_and_to_programs(tieout, tmp_path):
    folder = write_house(tmp_path)
    assert "nothing was collected here yet" in tieout("coverage", at=folder).err
    with inhabited(folder, RULE) as house:
        house.land(REWORK)
        house.run("10:00")
    people = tieout("coverage", at=folder)
    assert people.code == 0
    assert RULE in people.out
    assert "Not looked at by any rule" in people.out
    assert "0.0 % of 125 EUR told in 30 days is watched" in people.err
    programs = tieout("--format", "jsonl", "coverage", "--days", "2", at=folder)
    rows = [json.loads(line) for line in programs.out.splitlines()]
    assert {row["of"] for row in rows} == {"check", "facts"}
    [rework] = [row for row in rows if row.get("kind") == "rework"]
    assert (rework["facts"], rework["watched"], rework["value"]) == (1, 0, "125")
