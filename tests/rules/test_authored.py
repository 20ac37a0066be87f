"""A rule a landscape's people wrote in SQL, as everybody else sees it."""

import pytest

from tests.rules.house import House, inhabited, write_house

RULE = "shipment/given_away"
TEXT = """\
# Goods leave only for a customer: what nobody ordered is given away.
reconciler: sql
flow: shipment
tables:
  shipments: {kind: ship_confirm, role: wms}
  orders: {from: order_state, role: erp}
select: |
  SELECT s.fact_no AS observed_no, s.quantity AS quantity_observed,
    s.event_at + INTERVAL 4 HOURS AS due_at, 'no order ' || s.order_no AS note
  FROM shipments AS s
  ANTI JOIN orders AS o ON o.order_no = s.order_no
key: [order_no, item]
code: orphan_posting
budget: {time: 20 seconds, memory: 256}
severity: {warning: at due, major: 100 EUR}
owner: logistics
runbook: given-away.md
"""


@pytest.fixture
def house(tmp_path):
    folder = write_house(tmp_path)
    path = folder / f"rules/{RULE}.yml"
    path.parent.mkdir(parents=True)
    path.write_text(TEXT, "utf-8")
    with inhabited(folder, RULE) as found:
        yield found


def shipped(order: str, quantity: int, at: str = "08:00") -> dict[str, object]:
    return {
        "source": "wms", "source_key": f"s-{order}", "kind": "ship_confirm", "order_no": order,
        "item": "A", "quantity": quantity, "unit": "EA", "at": at,
    }  # fmt: skip


def ordered(order: str, at: str) -> dict[str, object]:
    return {
        "source": "erp", "feed": "orders", "source_key": order, "order_no": order, "at": at,
        "status": "released", "item": "A", "quantity": 5,
    }  # fmt: skip


def test_its_findings_live_like_those_of_any_rule(house: House):
    house.land(shipped("O1", 10), shipped("O2", 4), ordered("O2", "07:00"))
    assert house.run("11:00") == []
    [row] = house.run("12:30")
    assert (row["code"], row["key"]) == ("orphan_posting", {"order_no": "O1", "item": "A"})
    assert (row["value"], row["severity"], row["owner"]) == ("125.00 EUR", "major", "logistics")
    assert row["cause"] == "no order O1"
    assert [one.rsplit("/")[-1] for one in row["observed"]] == ["s-O1"]
    accounts = house.report.accounts["shipments"]
    assert (accounts.in_scope, accounts.matched, accounts.excepted) == (2, 1, 1)

    house.land(ordered("O1", "13:00"))
    assert house.run("14:00") == []
    assert [one["state"] for one in house.known()] == ["resolved"]
    assert house.report.outcome == "tied_out"


def test_what_it_cannot_know_is_not_said(house: House):
    house.land(shipped("O1", 10))
    assert len(house.run("12:30")) == 1
    house.land(shipped("O9", 3, "2026-11-03 08:00"), ordered("O9", "2026-11-03 07:00"))
    standing = house.run("2026-11-03 14:00", silent=["erp"])
    assert [row["key"]["order_no"] for row in standing] == ["O1"]
    assert house.report.accounts["shipments"].unknown == 1
