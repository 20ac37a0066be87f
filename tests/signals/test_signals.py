"""The golden signals of the small works: numbers a reader can add up, unknown where one cannot."""

import shutil
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from app.jobs import collect, reconcile, signals
from app.signals import WINDOWS
from app.store.reading import Wanted
from tests.works import NOON, drop, drop_stock, fill, made, minutes, work, working, write_works

COST = Decimal("12.345678901")


@pytest.fixture
def folder(tmp_path):
    """The works with nothing dropped."""
    return write_works(tmp_path / "works")


def shown(services, window: str = "24h") -> dict[tuple[str, str, str], dict[str, Any]]:
    """Signals of a window by plant, flow and name."""
    return {
        (row["plant"], row["flow"], row["name"]): row
        for row in services.reader.signals()
        if row["window"] == window
    }


def ratio(row) -> tuple[int, int]:
    return int(row["numerator"]), int(row["denominator"])


def test_success_counts_due_facts_and_those_with_a_posting(folder):
    fill(folder)
    with working(folder) as services:
        work(services)
        rows = shown(services)
    for plant in ("P1", "*"):
        assert ratio(rows[plant, "completion", "success"]) == (1, 2), "O3 is not due yet"
        assert rows[plant, "completion", "success"]["value"] == 50.0
        assert ratio(rows[plant, "completion", "agreement"]) == (2, 4), "facts of both sides"


def test_a_balance_is_no_transaction_and_flatters_no_success(folder):
    fill(folder)
    with working(folder) as services:
        work(services)
        rows = shown(services)
    assert ratio(rows["P1", "*", "success"]) == (1, 2)
    assert ratio(rows["P1", "stock", "success"]) == (0, 0)
    assert rows["P1", "stock", "success"]["value"] is None, "no share of nothing"
    assert ratio(rows["P1", "stock", "agreement"]) == (2, 4)


def test_what_is_open_counts_into_the_lag_with_the_time_it_has_waited(folder):
    hour = minutes(60)
    drop(folder, "mes", [made(str(n), f"O{n}", 5, NOON - 3 * hour) for n in (1, 2, 3)])
    drop(folder, "erp", [made(str(n), f"O{n}", 5, NOON - 2 * hour) for n in (1, 2)])
    with working(folder) as services:
        work(services)
        lag = shown(services)["P1", "completion", "lag"]["detail"]
    assert (lag["facts"], lag["p50"]) == (3, 3600.0)
    assert 3600.0 < lag["p95"] <= 3 * 3600.0


def test_variance_is_shown_gross_and_net_and_opposite_errors_do_not_cancel(folder):
    when = NOON - minutes(1)
    drop_stock(folder, "erp", [("A", "L1", 10), ("A", "L2", 4), ("A", "L3", 1)], when)
    drop_stock(folder, "wms", [("A", "L1", 7), ("A", "L2", 6), ("A", "L3", 1)], when)
    with working(folder) as services:
        work(services)
        row = shown(services)["P1", "*", "variance"]
    assert Decimal("12.345678901") == COST
    assert row["value"] == 61.73
    told = row["detail"]
    assert (told["net"], told["compared"], told["unexplained"]) == (-12.35, 209.88, 61.73)
    assert (Decimal(told["quantity"]), Decimal(told["quantity_compared"])) == (5, 17)
    assert (told["currency"], told["unit"], told["items_off"]) == ("EUR", "EA", 1)


@pytest.mark.parametrize(("conversion", "value"), [("", None), ("erp,CS,EA,,24,\n", 2.50)])
def test_a_cost_in_another_unit_is_converted_or_gives_no_value(folder, conversion, value):
    (folder / "cross_reference").mkdir()
    head = "source,source_key,key,item,factor,valid_from\n"
    (folder / "cross_reference/unit.csv").write_text(head + conversion, "utf-8")
    (folder / "item_cost.csv").write_text("item,unit_cost,currency,unit\nA,60,EUR,CS\n", "utf-8")
    drop_stock(folder, "erp", [("A", "L1", 2)], NOON - minutes(1))
    drop_stock(folder, "wms", [("A", "L1", 3)], NOON - minutes(1))
    with working(folder) as services:
        work(services)
        row = shown(services)["P1", "*", "variance"]
    assert (row["value"], row["detail"]["net"]) == (value, value)
    assert row["detail"]["items_unpriced"] == (value is None)


def test_half_a_cent_is_a_cent_and_amounts_of_two_currencies_are_not_added(folder):
    costs = "item,unit_cost,currency\nA,0.125,EUR\nB,1,USD\n"
    (folder / "item_cost.csv").write_text(costs, "utf-8")
    drop_stock(folder, "erp", [("A", "L1", 2)], NOON - minutes(1))
    drop_stock(folder, "wms", [("A", "L1", 3)], NOON - minutes(1))
    with working(folder) as services:
        work(services)
        assert shown(services)["P1", "*", "variance"]["value"] == 0.13
        drop_stock(folder, "wms", [("A", "L1", 3), ("B", "L1", 3)], NOON)
        run(services, NOON + minutes(1))
        row = shown(services)["P1", "*", "variance"]
    assert (row["value"], row["detail"]["currency"]) == (None, None)


def test_an_item_without_cost_counts_in_quantity_and_is_told_apart(folder):
    (folder / "item_cost.csv").write_text("item,unit_cost,currency\nZ,1,EUR\n", "utf-8")
    fill(folder)
    with working(folder) as services:
        work(services)
        row = shown(services)["P1", "*", "variance"]
    assert row["value"] is None
    assert row["detail"]["items_unpriced"] == 1
    assert Decimal(row["detail"]["quantity"]) == Decimal("2.000000001")


@pytest.mark.parametrize(("ago", "bucket"), [(30 + 239, "0-4 h"), (30 + 240, "4-8 h")])
def test_age_is_counted_from_the_due_time(folder, ago, bucket):
    drop(folder, "mes", [made("1", "O1", 5, NOON - minutes(ago))])
    drop(folder, "erp", [])
    with working(folder) as services:
        work(services)
        aging = shown(services)["P1", "completion", "aging"]
    assert {name for name, count in aging["detail"]["buckets"].items() if count} == {bucket}
    assert aging["value"] == pytest.approx((ago - 30) / 60)


def test_a_window_holds_what_happened_in_it(folder):
    drop(folder, "mes", [made(str(days), f"O{days}", 5, NOON - 1440 * minutes(days))
                         for days in (0.5, 3, 20, 40)])  # fmt: skip
    drop(folder, "erp", [])
    with working(folder) as services:
        work(services)
        due = {
            window: ratio(shown(services, window)["P1", "completion", "success"])[1]
            for window in WINDOWS
        }
    assert due == {"24h": 1, "7d": 2, "30d": 3}


def run(services, now: datetime) -> None:
    """Collect what can be, reconcile and draw the signals at an instant."""
    services.clock.set(now)
    list(collect.collect(services))
    list(reconcile.reconcile(services))
    signals.refresh(services)


def test_what_stands_on_a_silent_source_is_unknown_and_so_is_every_total_of_it(folder):
    """The warehouse falls silent: stock is unknown since then, completion is not."""
    fill(folder)
    with working(folder) as services:
        work(services)
        before = shown(services)
        shutil.rmtree(folder / "drop/wms")
        later = NOON + minutes(60 * 24)
        run(services, later)
        after = shown(services, "30d")
    assert all(row["unknown_since"] is None for row in before.values())
    since = {key: row["unknown_since"] for key, row in after.items()}
    stock = since["P1", "stock", "agreement"]
    assert stock is not None
    assert NOON - minutes(1) <= stock <= NOON
    for dependent in (
        ("P1", "*", "agreement"),
        ("*", "*", "agreement"),
        ("*", "stock", "agreement"),
        ("P1", "*", "variance"),
    ):
        assert since[dependent] == stock
    assert since["P1", "completion", "success"] is None
    assert since["*", "*", "retries"] is None, "the broker was not silent"


def test_a_difference_nobody_can_explain_ages_from_when_it_was_first_seen(folder):
    """Every new snapshot shows it again, and none of them makes it young."""
    fill(folder)
    with working(folder) as services:
        work(services)
        services.clock.set(later := NOON + minutes(300))
        fill(folder, later)
        work(services)
        aging = shown(services)["P1", "stock", "aging"]
        (stock,) = services.reader.exceptions(Wanted(flows=("stock",)))
    assert aging["detail"]["buckets"]["4-8 h"] == 1
    assert stock["due_at"] == NOON
