"""What balance says of two stocks, sentence by sentence of its README."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from reconcilers.balance.spec import BalanceSpec
from reconcilers.family import Bind
from tests.reconcilers import plant, stock
from tests.reconcilers.plant import at
from tests.reconcilers.stock import RECEIPTS, line, moved, rows, snapshot, spec

NOON = at("12:00")
L1 = "stock/A/L1"
Row = dict[str, Any]


def listed(
    con: duckdb.DuckDBPyConnection, book: list[Row], house: list[Row],
    when: tuple[str, str] = ("08:00", "08:00"),
) -> None:  # fmt: skip
    """What the ERP and the WMS say they have, and when each said so."""
    for source, lines, taken in (("erp", book, when[0]), ("wms", house, when[1])):
        snapshot(con, source, at(taken), lines)


def held(con: duckdb.DuckDBPyConnection, expected: object, observed: object, **when: Any) -> None:
    """So much of lot L1 on both sides."""
    listed(con, [line("erp", expected)], [line("wms", observed)], **when)


def off(
    con: duckdb.DuckDBPyConnection, of: BalanceSpec | None = None, as_of: datetime = NOON
) -> dict[str, Decimal]:
    """The keys that are off, and by how much."""
    stock.judge(con, of or spec(), Bind(as_of=as_of, horizon=as_of))
    return {row["subject"]: row["variance"] for row in rows(con, "SELECT * FROM finding")}


def apart(
    con: duckdb.DuckDBPyConnection, of: BalanceSpec | None = None, as_of: datetime = NOON
) -> Any:
    """What lot L1 is put down to."""
    off(con, of, as_of)
    return stock.causes(con).get(L1)


def moves(con: duckdb.DuckDBPyConnection, *movements: Row) -> None:
    """What was booked."""
    plant.add(con, "business_event", movements)


# One instant


def test_what_was_booked_between_the_two_snapshots_is_no_difference(con):
    held(con, 10, 15, when=("08:00", "09:00"))
    moves(con, moved("erp", "e", 5, at("08:30")), moved("wms", "w", 5, at("08:20")))
    assert off(con) == {}


@pytest.mark.parametrize(
    ("booked", "variance"),
    [("07:59", 5), ("08:00", 5), ("08:01", 0), ("09:00", 0), ("09:01", 5)],
)
def test_a_snapshot_has_what_was_booked_until_its_instant(con, booked, variance):
    """The older one is rolled with what came after it, up to and with the instant of the newer."""
    held(con, 10, 15, when=("08:00", "09:00"))
    moves(con, moved("erp", "e", 5, at(booked), kind="adjust"))
    assert off(con) == ({L1: Decimal(variance)} if variance else {})


def test_the_newer_snapshot_may_be_of_either_side(con):
    held(con, 15, 10, when=("09:00", "08:00"))
    moves(con, moved("wms", "w", 5, at("08:30"), kind="adjust"))
    assert off(con) == {}


def test_when_a_movement_was_entered_counts_and_not_when_it_took_place(con):
    held(con, 10, 15, when=("08:00", "09:00"))
    moves(con, moved("erp", "e", 5, at("07:00"), kind="adjust", recorded_at=at("08:30")))
    assert off(con) == {}


@pytest.mark.parametrize("state", ["failed", "pending", "draft", "planned", "cancelled"])
def test_only_what_is_posted_changes_a_balance(con, state):
    held(con, 10, 10, when=("08:00", "09:00"))
    moves(con, moved("erp", "e", 5, at("08:30"), kind="adjust", state=state))
    assert off(con) == {}


def test_the_newest_snapshot_counts_and_only_an_accepted_one(con):
    held(con, 99, 99, when=("07:00", "07:00"))
    held(con, 10, 7)
    stray = {"snapshot_id": "s", "balance_at": at("09:00"), "balance_basis": "consistent"}
    plant.add(con, "stock_balance", [{**line("wms", 10), **stray}])
    assert off(con) == {L1: Decimal(-3)}


def test_an_accepted_empty_snapshot_is_an_empty_house(con):
    listed(con, [line("erp", 4)], [])
    assert off(con) == {L1: Decimal(-4)}


def test_without_booked_the_movements_of_each_system_are_those_of_its_kind(con):
    """Whichever way round the rule pairs them."""
    held(con, 10, 15, when=("08:00", "09:00"))
    moves(con, moved("erp", "e", 5, at("08:30")), moved("wms", "w", 5, at("08:20")))
    assert off(con, spec(booked_expected=None, booked_observed=None)) == {}


def test_a_key_only_one_side_has_is_compared_with_zero(con):
    listed(con, [line("erp", 3, lot="L2")], [line("wms", 8, item="B")])
    assert off(con) == {"stock/A/L2": Decimal(-3), "stock/B/L1": Decimal(8)}


def test_a_line_of_nothing_is_as_good_as_no_line(con):
    listed(con, [line("erp", 0), line("erp", 0, lot="L2", unit="KG")], [])
    assert off(con) == {}


def test_less_than_nothing_in_stock_is_a_number_like_any_other(con):
    held(con, -4, -4)
    assert off(con) == {}
    held(con, -4, 1, when=("09:00", "09:00"))
    assert off(con) == {L1: Decimal(5)}


def test_no_lot_is_a_lot_of_its_own(con):
    listed(con, [line("erp", 5, lot=None)], [line("wms", 5, lot=None), line("wms", 1)])
    assert off(con) == {L1: Decimal(1)}


GRAINS = [
    (["item"], {}),
    (["item", "location"], {"stock/A/W1": -2, "stock/A/W2": 2}),
    (["item", "stock_status"], {"stock/A/free": -1, "stock/A/blocked": 1}),
    (["plant", "item", "lot"], {"stock/P1/A/L1": -3, "stock/P1/A/L2": 3}),
]


@pytest.mark.parametrize(("grain", "variances"), GRAINS, ids=lambda value: "-".join(value))
def test_lines_are_summed_at_the_declared_grain(con, grain, variances):
    book = [line("erp", 9, location="W1"), line("erp", 1, lot="L2", location="W2")]
    house = [
        line("wms", 2, location="W1"), line("wms", 4, location="W1", bin="9"),
        line("wms", 1, lot="L2", location="W1"), line("wms", 2, lot="L2", location="W2"),
        line("wms", 1, lot="L2", location="W2", stock_status="blocked"),
    ]  # fmt: skip
    listed(con, book, house)
    assert off(con, spec(grain)) == {key: Decimal(value) for key, value in variances.items()}


@pytest.mark.parametrize(
    ("allowed", "observed", "is_off"),
    [
        ({}, "99.999999999", True),
        ({"tolerance": 2}, 98, False),
        ({"tolerance": 2}, "97.999999999", True),
        ({"percent": 1}, 99, False),
        ({"percent": 1}, "101.01010101", False),  # of the larger side
        ({"percent": 1}, "101.02", True),
        ({"tolerance": 2, "percent": 1}, 98, False),  # the larger of both
        ({"tolerance": 2, "percent": 3}, 97, False),
    ],
)
def test_the_tolerance_is_the_larger_of_an_amount_and_a_share(con, allowed, observed, is_off):
    held(con, 100, observed)
    assert (off(con, spec(**allowed)) != {}) == is_off


IN_UNITS = "SELECT code, also, note, variance, unexplained, at_risk, unit FROM finding"


@pytest.mark.parametrize("observed", [50, 970])
def test_quantities_in_different_units_are_not_compared(con, observed):
    """Whatever the numbers say there is no variance and nothing to value: the units are told."""
    listed(con, [line("erp", 970)], [line("wms", observed, unit="CS")])
    assert off(con) == {L1: None}
    [found] = rows(con, IN_UNITS)
    assert tuple(found.values()) == (
        "unit_mismatch", None,
        "EA against CS: not compared until cross_reference/unit.csv leads to one unit",
        None, None, None, None,
    )  # fmt: skip
    verdicts = rows(con, "SELECT DISTINCT verdict, subject FROM verdict")
    assert verdicts == [{"verdict": "excepted", "subject": L1}]
    assert rows(con, "SELECT compared, gross, net, unexplained, unit FROM measure") == [
        dict.fromkeys(("compared", "gross", "net", "unexplained", "unit"))
    ]


def test_nor_is_a_key_one_side_holds_in_two_units(con):
    listed(con, [line("erp", 10)], [line("wms", 8, bin="1"), line("wms", 2, bin="2", unit="CS")])
    assert off(con) == {L1: None}
    [found] = rows(con, IN_UNITS)
    assert found["note"].startswith("EA against CS and EA: ")


def test_nor_is_one_into_which_a_movement_of_another_unit_is_rolled(con):
    held(con, 970, 50, when=("08:00", "09:00"))
    moves(con, moved("erp", "e", 5, at("08:30"), kind="adjust", unit="CS"))
    assert off(con) == {L1: None}


def test_a_key_that_is_not_compared_is_put_down_to_nothing(con):
    """Neither a movement nor a key beside it explains what was not compared; nor it them."""
    listed(
        con,
        [line("erp", 970), line("erp", 5, lot="L2")],
        [line("wms", 50, unit="CS"), line("wms", 7, lot="L2")],
    )
    moves(con, moved(*W, 2, EARLY), moved(*W, 2, EARLY, kind="adjust", unit="CS", id_="y"))
    assert off(con) == {L1: None, "stock/A/L2": Decimal(2)}
    assert stock.causes(con) == {L1: {}, "stock/A/L2": {"unexplained": Decimal(2)}}


def test_a_movement_in_another_unit_than_the_stock_explains_none_of_it(con):
    held(con, 970, 920)
    moves(con, moved(*W, -50, EARLY, unit="CS"))
    assert apart(con) == {"unexplained": Decimal(-50)}


def test_another_lot_in_another_unit_makes_nothing_good(con):
    listed(
        con,
        [line("erp", 5), line("erp", 5, lot="L2", unit="CS")],
        [line("wms", 7), line("wms", 3, lot="L2", unit="CS")],
    )
    off(con)
    assert stock.causes(con) == {
        L1: {"unexplained": Decimal(2)}, "stock/A/L2": {"unexplained": Decimal(-2)},
    }  # fmt: skip


def test_a_line_of_nothing_gives_a_key_no_unit(con):
    listed(con, [line("erp", 10), line("erp", 0, bin="2", unit="KG")], [line("wms", 7)])
    assert off(con) == {L1: Decimal(-3)}
    assert rows(con, "SELECT unit FROM finding") == [{"unit": "EA"}]


# Taking apart

E, W = ("erp", "e"), ("wms", "w")
EARLY, LATE = at("07:00"), at("08:30")
CAUSES = [
    ("its counterpart is missing", {"missing": 5}, 15, [moved(*W, 5, EARLY, id_="x")]),
    ("it has no origin", {"orphan": -5}, 5, [moved(*E, 5, EARLY, id_="x")]),
    (
        "the target holds it as failed", {"failed": 5}, 15,
        [moved(*W, 5, EARLY, id_="x"), moved(*E, 5, EARLY, id_="x", state="failed")],
    ),
    (
        "it is booked twice", {"duplicate": -5}, 5,
        [
            moved(*W, 5, EARLY, id_="x"), moved(*E, 5, EARLY, id_="x"),
            moved("erp", "e2", 5, EARLY, id_="x"),
        ],
    ),
    (
        "it is taken back on one side", {"reversal": 5}, 15,
        [
            moved(*W, 5, EARLY, id_="x"), moved(*E, 5, EARLY, id_="x"),
            moved("erp", "e2", -5, EARLY, id_="x", is_reversal=True, reverses_key="e"),
        ],
    ),
    (
        "it is taken back after the instant", {"reversal": -5}, 5,
        [
            moved(*E, 5, EARLY, id_="x"),
            moved("erp", "e2", -5, LATE, id_="x", is_reversal=True, reverses_key="e"),
        ],
    ),
    (
        "its counterpart has another quantity", {"quantity": 2}, 12,
        [moved(*W, 5, EARLY, id_="x"), moved(*E, 3, EARLY, id_="x")],
    ),
    (
        "its counterpart has another unit", {"unit": -4995}, -4985,
        [moved(*W, 5, EARLY, id_="x"), moved(*E, 5000, EARLY, id_="x")],
    ),
    (
        "its counterpart is in another lot", {"lot": 5}, 15,
        [moved(*W, 5, EARLY, id_="x"), moved(*E, 5, EARLY, id_="x", lot="L2")],
    ),
    (
        "both have it, on different sides of the instant", {"cutoff": 5}, 15,
        [moved(*W, 5, EARLY, id_="x"), moved(*E, 5, LATE, id_="x")],
    ),
    ("nothing says why", {"unexplained": 5}, 15, []),
    (
        "one side booked what is of no declared kind", {"adjustment": 5}, 15,
        [moved(*W, 5, EARLY, kind="adjust")],
    ),
    (
        "several of them", {"missing": 5, "adjustment": -2, "unexplained": 1}, 14,
        [moved(*W, 5, EARLY, id_="x"), moved(*E, 2, EARLY, kind="adjust")],
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("causes", "observed", "movements"), [row[1:] for row in CAUSES], ids=[row[0] for row in CAUSES]
)
def test_a_difference_is_put_down_to_what_became_of_a_movement(con, causes, observed, movements):
    held(con, 10, observed)
    moves(con, *movements)
    assert apart(con) == {cause: Decimal(value) for cause, value in causes.items()}


def test_a_message_that_carries_it_tells_that_it_is_queued(con):
    carried = {"messages": {"from": "message_hop", "role": "mw"}, "keys": [["correlation_id"]]}
    held(con, 10, 15)
    moves(con, moved(*W, 5, EARLY, id_="x"))
    message = {"source": "mw", "source_key": "m", "status": "queued", "correlation_id": "x"}
    plant.add(con, "message_hop", [message | {"attempt": 1, "is_terminal": False}])
    assert apart(con, spec(movements=[{**RECEIPTS, "carried_by": carried}])) == {"queued": 5}


@pytest.mark.parametrize(
    ("grain", "elsewhere", "cause"),
    [
        ("lot", {"lot": "L2"}, "lot"),
        ("location", {"location": "W2"}, "location"),
        ("stock_status", {"stock_status": "blocked"}, "status_class"),
    ],
)
def test_a_movement_may_be_booked_at_another_key(con, grain, elsewhere, cause):
    here = {"location": "W1"}
    listed(
        con,
        [line("erp", 5, **here | elsewhere)],
        [line("wms", 5, **here)],
    )
    status = {"stock_status": "free"}
    moves(
        con,
        moved(*W, 5, EARLY, id_="x", **here, **status),
        moved(*E, 5, EARLY, id_="x", **here | status | elsewhere),
    )
    off(con, spec(["item", grain]))
    told = stock.causes(con)
    assert sorted(told.values(), key=str) == [{cause: Decimal(-5)}, {cause: Decimal(5)}]


def test_a_movement_of_two_kinds_explains_once(con):
    held(con, 10, 15)
    moves(con, moved(*W, 5, EARLY, id_="x"))
    assert apart(con, spec(movements=[RECEIPTS, RECEIPTS])) == {"missing": Decimal(5)}


@pytest.mark.parametrize(
    ("grain", "other", "cause"),
    [
        ("lot", {"lot": "L2"}, "lot"),
        ("stock_status", {"stock_status": "blocked"}, "status_class"),
        ("bin", {"bin": "B2"}, "location"),
        ("stock_owner", {"stock_owner": "customer:C"}, "owner"),
    ],
)
def test_what_is_left_may_lie_under_another_attribute(con, grain, other, cause):
    here = {"bin": "B1", "stock_owner": "own"}
    listed(con, [line("erp", 7, **here)], [line("wms", 7, **here | other)])
    assert len(off(con, spec(["item", grain]))) == 2
    assert set(map(str, stock.causes(con).values())) == {
        str({cause: Decimal(value).quantize(Decimal("1e-9"))}) for value in (7, -7)
    }


def test_what_does_not_add_up_to_nothing_stays_unexplained(con):
    listed(con, [line("erp", 7)], [line("wms", 6, lot="L2")])
    off(con)
    assert stock.causes(con) == {
        L1: {"unexplained": Decimal(-7)}, "stock/A/L2": {"unexplained": Decimal(6)},
    }  # fmt: skip


def test_a_rest_within_tolerance_is_rounding(con):
    held(con, 10, "15.4")
    moves(con, moved(*W, 5, EARLY, id_="x"))
    assert apart(con, spec(tolerance="0.5")) == {"missing": 5, "rounding": Decimal("0.4")}


# What is not due


@pytest.mark.parametrize(
    ("as_of", "observed", "verdict"),
    [
        ("07:59", 15, {"not_due"}),
        ("08:00", 15, {"excepted"}),
        ("07:59", 16, {"excepted"}),  # not all of it waits
    ],
)
def test_a_key_that_only_waits_is_not_due(con, as_of, observed, verdict):
    held(con, 10, observed, when=("07:30", "07:30"))
    moves(con, moved(*W, 5, EARLY, id_="x"))
    causes = apart(con, as_of=at(as_of))
    assert {row["verdict"] for row in rows(con, "SELECT verdict FROM verdict")} == verdict
    assert (causes is None) == (verdict == {"not_due"})


def test_a_part_that_waits_is_told_beside_the_others(con):
    held(con, 10, 16, when=("07:30", "07:30"))
    moves(con, moved(*W, 5, EARLY, id_="x"))
    assert apart(con, as_of=at("07:59")) == {"not_due": 5, "unexplained": 1}


def test_when_a_key_that_waits_is_looked_at_again_is_known(con):
    held(con, 10, 15, when=("07:30", "07:30"))
    moves(con, moved(*W, 5, EARLY, id_="x"))
    off(con, as_of=at("07:59"))
    checks = {row["check_at"] for row in rows(con, "SELECT check_at FROM verdict")}
    assert checks == {EARLY + timedelta(hours=1)}


# Findings


def test_a_finding_says_both_balances_and_is_led_by_a_line_of_stock(con):
    """Though a movement it does not show arrived before the snapshots."""
    moves(con, moved(*E, 5, at("08:30"), id_="x"), moved(*W, 5, EARLY, id_="x"))
    held(con, 10, 12, when=("08:00", "09:00"))
    off(con)
    [found] = rows(con, "SELECT * FROM finding JOIN stock_balance ON fact_no = lead_no")
    assert (found["quantity_expected"], found["quantity_observed"]) == (15, 12)
    assert (found["variance"], found["unexplained"], found["at_risk"]) == (-3, -3, 3)
    assert found["source"] == "erp"


def test_a_key_without_a_line_is_led_by_its_movement(con):
    listed(con, [], [], when=("08:00", "09:00"))
    moves(con, moved(*E, 5, at("08:30"), id_="x"), moved(*W, 5, EARLY, id_="x"))
    assert off(con) == {L1: Decimal(-5)}
    parts = "SELECT role, source_key FROM part JOIN business_event USING (fact_no)"
    [lead] = rows(con, f"{parts} JOIN finding ON lead_no = fact_no")
    assert lead == {"role": "expected", "source_key": "e"}


# How a total is split


def split(**more: Any) -> BalanceSpec:
    """Lots by their status, where both have as much of a lot."""
    return spec(("item", "lot", "stock_status"), split_of=("item", "lot"), **more)


def test_a_total_that_agrees_and_is_split_otherwise_is_told(con):
    listed(con, [line("erp", 10)], [line("wms", 6), line("wms", 4, stock_status="blocked")])
    assert off(con, split()) == {"stock/A/L1/free": -4, "stock/A/L1/blocked": 4}
    assert rows(con, "SELECT * FROM measure") == []


def test_where_the_total_differs_the_split_is_excluded(con):
    listed(con, [line("erp", 10)], [line("wms", 7), line("wms", 4, stock_status="blocked")])
    assert off(con, split()) == {}
    verdicts = rows(con, "SELECT DISTINCT verdict, reason FROM verdict")
    assert verdicts == [{"verdict": "excluded", "reason": "the total differs"}]


def test_what_is_not_due_yet_is_no_part_of_the_total(con):
    """Five more were received and are not posted yet: the four that are blocked are told."""
    listed(con, [line("erp", 10)], [line("wms", 11), line("wms", 4, stock_status="blocked")])
    moves(con, moved(*W, 5, at("11:30"), stock_status="free"))
    snapshots = "UPDATE stock_snapshot SET balance_at = TIMESTAMPTZ '2026-11-02 11:45:00+00'"
    for table in ("stock_balance", "stock_snapshot"):
        con.execute(snapshots.replace("stock_snapshot", table))
    assert off(con, split()) == {"stock/A/L1/free": 1, "stock/A/L1/blocked": 4}


def test_a_tolerance_is_the_total_s_as_well(con):
    listed(con, [line("erp", 10)], [line("wms", 7), line("wms", 4, stock_status="blocked")])
    assert off(con, split(tolerance=1)) == {"stock/A/L1/free": -3, "stock/A/L1/blocked": 4}


@pytest.mark.parametrize("columns", [["lot"], ["item", "lot", "stock_status"], ["item", "plant"]])
def test_a_split_is_of_some_columns_of_the_grain_and_the_item(columns):
    with pytest.raises(ValueError, match="split_of needs 'item' and columns of the grain"):
        spec(("item", "lot", "stock_status"), split_of=columns)
