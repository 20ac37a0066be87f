"""landscape/files: what the landscape says itself, read like any source."""

from datetime import date
from decimal import Decimal

from app.jobs import collect
from app.landscape.sources import OWN_SOURCE
from tests.works import NOON, minutes, working, write_works

COSTS = """\
item,unit_cost,currency,plant,per_quantity,unit,valid_from,method
A,12.345678901,EUR,,,EA,,standard
A,13.5,EUR,P1,1000,EA,2026-10-01,moving
B,2,USD,,,,,
"""
KEYS = """\
source,source_key,key,valid_from,valid_to
mes,M-1,A,,2026-10-01
mes,M-1,B,2026-10-01,
"""
CASES = "source,source_key,item,key,factor\nerp,CASE,A,EA,12\nerp,GRAM,A,EA,0.001234567890\n"
FILES = {"item_cost": COSTS, "cross_reference/item": KEYS, "cross_reference/unit": CASES}


def landed(folder, table, columns, *, now=NOON, outcome="ok"):
    """Read the landscape's own files and give what is held of a table."""
    with working(folder, now) as services:
        for report in collect.collect(services, {OWN_SOURCE: None}):
            assert report.outcome == outcome, report.error
        held = f"SELECT {', '.join(columns)} FROM {table} WHERE superseded_at IS NULL "
        rows = services.store.state.rows(f"{held} AND NOT is_deleted ORDER BY source_key")
    return [tuple(row.values()) for row in rows]


def works_with(tmp_path, files=FILES):
    folder = write_works(tmp_path / "works")
    (folder / "cross_reference").mkdir()
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, "utf-8")
    return folder


def test_a_cost_is_held_exactly_with_its_plant_quantity_and_day(tmp_path):
    columns = ("item", "plant", "unit_cost", "per_quantity", "currency", "valid_from", "method")
    ever = date(1900, 1, 1)
    assert landed(works_with(tmp_path), "item_cost", columns) == [
        ("A", None, Decimal("12.345678901"), Decimal(1), "EUR", ever, "standard"),
        ("A", "P1", Decimal("13.5"), Decimal(1000), "EUR", date(2026, 10, 1), "moving"),
        ("B", None, Decimal(2), Decimal(1), "USD", ever, None),
    ]


def test_a_reference_takes_its_object_from_the_file_and_keeps_its_validity(tmp_path):
    columns = ("object", "of_source", "of_key", "of_item", "key", "valid_from", "valid_to")
    ever, october = date(1900, 1, 1), date(2026, 10, 1)
    assert landed(works_with(tmp_path), "cross_reference", columns) == [
        ("item", "mes", "M-1", None, "A", ever, october),
        ("item", "mes", "M-1", None, "B", october, None),
        ("unit", "erp", "CASE", "A", "EA", ever, None),
        ("unit", "erp", "GRAM", "A", "EA", ever, None),
    ]


def test_a_factor_is_held_exactly(tmp_path):
    held = dict(landed(works_with(tmp_path), "cross_reference", ("of_key", "factor")))
    assert (held["CASE"], held["GRAM"]) == (12, Decimal("0.00123456789"))


def test_a_line_taken_out_of_a_file_is_no_longer_valid(tmp_path):
    folder = works_with(tmp_path)
    assert len(landed(folder, "item_cost", ("item",))) == 3
    (folder / "item_cost.csv").write_text(COSTS.rpartition("B,")[0], "utf-8")
    assert landed(folder, "item_cost", ("item",), now=NOON + minutes(60)) == [("A",), ("A",)]
