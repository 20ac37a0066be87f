"""Who watches what: checks by flow and plant, and the facts no rule looks at."""

from datetime import timedelta
from decimal import Decimal

from app.jobs import coverage
from app.store.lake import Lake
from app.store.reading import Reader
from tests.rules.house import House, inhabited, instant, write_house

RULE = "production/completion_posted"


def done(tag: str, source: str = "mes", kind: str = "op_complete", **more: object) -> dict:
    return {
        "source": source, "source_key": f"{source}-{tag}", "kind": kind, "order_no": tag,
        "item": "A", "quantity": 10, "unit": "EA", "at": "08:00", "correlation_id": tag, **more,
    }  # fmt: skip


def check(house: House) -> coverage.Check:
    found = coverage.checks(house.services.landscape, Reader(house.services.store.sql))
    return next(each for each in found if each.rule == RULE)


def test_a_check_is_green_where_nothing_of_the_plant_stands(tmp_path):
    with inhabited(write_house(tmp_path), RULE) as house:
        assert check(house).last_run_at is None
        house.run("07:00")
        green = check(house)
        assert (green.plant, green.outcome, green.standing) == ("P1", "tied_out", 0)
        house.land(done("O1"))
        house.run("10:00")
        house.run("11:00")
        red = check(house)
        assert (red.outcome, red.standing) == ("drifted", 1)
        assert (red.last_green_at, red.last_run_at) == (instant("07:00"), instant("11:00"))
        house.land(done("O1", "erp", at="11:30"))
        house.run("12:00")
        assert (check(house).outcome, check(house).last_green_at) == ("tied_out", instant("12:00"))


def test_a_flow_nobody_watches_has_a_line_of_its_own(tmp_path):
    folder = write_house(tmp_path)
    text = (folder / "tieout.yml").read_text("utf-8")
    off = "rules: {off: [inventory/transfer_confirmed]}\n"
    (folder / "tieout.yml").write_text(text + off, "utf-8")
    with inhabited(folder, "production/issue_posted") as house:
        found = coverage.checks(house.services.landscape, Reader(house.services.store.sql))
    assert [each.plant for each in found if each.flow == "transfer" and not each.rule] == ["P1"]
    assert not [each for each in found if each.flow == "stock" and not each.rule]


def test_what_is_of_no_plant_stands_in_every_plant(tmp_path):
    sample = {
        "source": "middleware", "feed": "channels", "channel": "orders", "ready": 3, "consumers": 0,
        "at": "08:00",
    }  # fmt: skip
    rule, folder = "integration/channel_taken", write_house(tmp_path)
    for name, one, both in (
        ("tieout.yml", "plants:\n", "plants:\n  P2: {name: Two, zone: UTC}\n"),
        ("sources/middleware.yml", "plants: P1", "plants: [P1, P2]"),
    ):
        text = (folder / name).read_text("utf-8")
        (folder / name).write_text(text.replace(one, both), "utf-8")
    with inhabited(folder, rule) as house:
        house.land(sample, {**sample, "at": "09:00"})
        assert len(house.run("10:00")) == 1
        found = coverage.checks(house.services.landscape, Reader(house.services.store.sql))
    queue = [each for each in found if each.rule == rule]
    assert {each.plant for each in queue} == {"P1", "P2"}
    assert {(each.outcome, each.standing, each.last_green_at) for each in queue} == {
        ("drifted", 1, None)
    }


def test_what_no_rule_looks_at_is_counted_and_valued(tmp_path):
    with inhabited(write_house(tmp_path), RULE) as house:
        house.land(
            done("O1"), done("O2"), done("O1", "erp"),
            done("R1", kind="rework", quantity=-4), done("R2", kind="rework", item="B"),
        )  # fmt: skip
        house.run("10:00")
        landscape, now = house.services.landscape, instant("10:00")
        lake = Lake(landscape.home / "lake")
        rows = coverage.facts(landscape, lake, now - timedelta(days=1), now)
        older = coverage.facts(landscape, lake, now - timedelta(hours=1), now)
    told = {(row.kind, row.source): row for row in rows if row.table == "business_event"}
    mes = told["op_complete", "mes"]
    assert (mes.facts, mes.watched) == (2, 2)
    assert (mes.value, mes.value_watched) == (Decimal("250.00"), Decimal("250.00"))
    rework = told["rework", "mes"]
    assert (rework.facts, rework.watched, rework.plant) == (2, 0, "P1")
    assert (rework.value, rework.value_watched) == (Decimal("50.00"), Decimal(0))
    assert [row for row in older if row.table == "business_event"] == []
