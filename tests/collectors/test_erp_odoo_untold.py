"""The Odoo pack against answers made up for what the recording does not show."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.demo.replay import Server
from tests.collectors.odoo import COMPANY, UNITS, Told, line, recorded, source


@pytest.fixture
def told(tmp_path: Path) -> Told:
    """What the ERP of a test answers."""
    return Told(tmp_path / "answers")


@pytest.fixture
def asked(tmp_path: Path, told: Told, a_plant: Any, secret: Any) -> Iterator[Any]:
    """An ERP that answers what it is given, with only the feeds asked for."""
    password = secret(tmp_path, "letmein")
    server = Server(told)

    def open_erp(models: dict[str, list[dict[str, Any]]], *feeds: str, **more: str) -> Any:
        told.tell(models)
        return a_plant(COMPANY, {"erp": source(server.address, password, feeds, **more)})

    yield open_erp
    server.stop()


def test_the_type_odoo_tells_wins_over_the_name(asked: Any) -> None:
    lines = [
        line(1, ("Partner/Lieferanten", "supplier"), ("HAM/Lager", "internal")),
        line(2, ("HAM/Lager", "internal"), ("Partner/Kunden", "customer")),
        line(3, ("Partner/Kunden", "customer"), ("HAM/Lager", "internal")),
        line(4, ("HAM/Lager", "internal"), ("HAM/Versand", "internal")),
        line(5, ("Partner/Lieferanten", "supplier"), ("Partner/Kunden", "customer")),
        line(
            6,
            ("HAM/Lager", "internal"),
            ("Virtuell/Scrap", "inventory"),
            picking_id=False,
            origin="MES-1",
        ),
        line(
            7,
            ("Virtuell/Fertigung", "production"),
            ("HAM/Lager", "internal"),
            picking_id=False,
            reference="HAM/MO/00001-002",
        ),
    ]
    erp = asked({"uom.uom": UNITS, "stock.move.line": lines}, "uoms", "move_lines")
    assert erp.collect()["erp/move_lines"].landed.rejects == 0
    found = erp.facts(
        "business_event",
        "source_key, kind, plant, location, quantity, order_kind, order_no, correlation_id",
    )
    assert [tuple(event.values()) for event in found] == [
        ("1/in", "receipt", "HAM", "HAM/Lager", 2, "receipt", "HAM/X/00001", None),
        ("2/out", "ship_confirm", "HAM", "HAM/Lager", -2, "delivery", "HAM/X/00002", None),
        ("3/in", "return", "HAM", "HAM/Lager", 2, "receipt", "HAM/X/00003", None),
        (
            "4/in",
            "transfer",
            "HAM",
            "HAM/Versand",
            2,
            "transfer",
            "HAM/X/00004",
            "stock.move.line,4",
        ),
        (
            "4/out",
            "transfer",
            "HAM",
            "HAM/Lager",
            -2,
            "transfer",
            "HAM/X/00004",
            "stock.move.line,4",
        ),
        ("5/past", "ship_confirm", None, None, -2, "delivery", "HAM/X/00005", None),
        ("6/out", "scrap", "HAM", "HAM/Lager", -2, None, None, "MES-1"),
        ("7/in", "fg_receipt", "HAM", "HAM/Lager", 2, "production", "HAM/MO/00001", None),
    ]


def test_thirds_add_up_to_whole_units(asked: Any) -> None:
    lines = [
        line(
            1,
            ("Partners/Vendors", "supplier"),
            ("HAM/Stock", "internal"),
            quantity=3000.0,
            product_uom_id=[2, "Thirds"],
        )
    ]
    erp = asked({"uom.uom": UNITS, "stock.move.line": lines}, "uoms", "move_lines")
    erp.collect()
    assert erp.facts("business_event", "quantity, unit") == [{"quantity": 1000, "unit": "Units"}]


def test_a_reservation_that_was_undone_is_gone_after_a_sweep(asked: Any, told: Told) -> None:
    kept = line(1, ("HAM/Stock", "internal"), ("Partners/Customers", "customer"))
    undone = line(
        2, ("HAM/Stock", "internal"), ("Partners/Customers", "customer"), state="assigned"
    )
    erp = asked({"uom.uom": UNITS, "stock.move.line": [kept, undone]}, "uoms", "move_lines")
    erp.collect()
    told.tell({"uom.uom": UNITS, "stock.move.line": [kept]})
    assert erp.collect(full=True)["erp/move_lines"].landed.deleted == 1
    assert [event["source_key"] for event in erp.facts("business_event", "source_key")] == ["1/out"]


def test_a_product_without_a_code_is_not_mistaken_for_a_code(asked: Any) -> None:
    lines = [
        line(
            number, ("Partners/Vendors", "supplier"), ("HAM/Stock", "internal"), product_id=product
        )
        for number, product in ((1, [7, "[12] Screw"]), (2, [12, "Screw, long"]))
    ]
    erp = asked({"uom.uom": UNITS, "stock.move.line": lines}, "uoms", "move_lines")
    erp.collect()
    assert [event["item"] for event in erp.facts("business_event", "item")] == ["12", "#12"]


def test_a_partly_finished_order_says_what_it_made_so_far(asked: Any) -> None:
    order = recorded("inc_20260907", "mrp.production")[-1] | {
        "state": "progress",
        "qty_produced": 5.0,
        "location_dest_id": [48, "OAK/Stock"],
    }
    erp = asked(
        {"uom.uom": UNITS, "mrp.production": [order]},
        "uoms",
        "productions",
        parameters="{order_key: name}",
    )
    erp.collect()
    (event,) = erp.facts("business_event", "quantity, plant, order_no, occurred_at, state")
    assert event == {
        "quantity": 5,
        "plant": "OAK",
        "order_no": "HAM/MO/00002",
        "occurred_at": None,
        "state": "posted",
    }


def test_an_order_that_is_cancelled_takes_its_completion_back(asked: Any, told: Told) -> None:
    order = recorded("inc_20260907", "mrp.production")[-1]
    made = order | {"state": "progress", "qty_produced": 5.0}
    erp = asked({"uom.uom": UNITS, "mrp.production": [made]}, "uoms", "productions")
    erp.collect()
    gone = made | {"state": "cancel", "write_date": "2026-09-08 05:00:00"}
    told.tell({"uom.uom": UNITS, "mrp.production": [gone]})
    erp.collect()
    assert erp.facts("order_state", "status") == [{"status": "cancelled"}]
    assert erp.facts("business_event", "state, quantity") == [{"state": "cancelled", "quantity": 5}]
    assert erp.rows("SELECT count(*) AS revisions FROM business_event") == [{"revisions": 2}]


def test_an_order_that_was_deleted_is_gone_after_a_sweep(asked: Any, told: Told) -> None:
    kept, gone = recorded("inc_20260907", "mrp.production")[:2]
    erp = asked({"uom.uom": UNITS, "mrp.production": [kept, gone]}, "uoms", "productions")
    erp.collect()
    told.tell({"uom.uom": UNITS, "mrp.production": [kept]})
    assert erp.collect()["erp/productions"].landed.deleted == 0
    assert erp.collect(full=True)["erp/productions"].landed.deleted > 0
    assert erp.facts("order_state", "order_no") == [{"order_no": kept["name"]}]


def test_a_rest_of_an_order_that_was_closed_in_part_joins_its_family(
    asked: Any, told: Told
) -> None:
    """The record keeps its id and gets a new name; the rest is a record of its own."""
    order = recorded("inc_20260907", "mrp.production")[-1] | {"backorder_sequence": 0}
    erp = asked({"uom.uom": UNITS, "mrp.production": [order]}, "uoms", "productions")
    erp.collect()
    name, later = order["name"], {"write_date": "2026-09-08 05:00:00"}
    first = order | later | {"name": f"{name}-001", "backorder_sequence": 1, "state": "done"}
    rest = order | later | {"id": 9999, "name": f"{name}-002", "backorder_sequence": 2}
    told.tell({"uom.uom": UNITS, "mrp.production": [first, rest]})
    erp.collect()
    held = erp.facts("order_state", "order_no, order_family, status")
    assert {(row["order_no"], row["order_family"]) for row in held} == {
        (f"{name}-001", name),
        (f"{name}-002", name),
    }


def test_a_plant_may_be_called_otherwise_in_the_landscape(asked: Any, tmp_path: Path) -> None:
    (tmp_path / "cross_reference").mkdir()
    (tmp_path / "cross_reference" / "plant.csv").write_text(
        "source,source_key,key\nerp,YARD,HAM\n", "utf-8"
    )
    lines = [line(1, ("Partners/Vendors", "supplier"), ("YARD/Stock", "internal"))]
    erp = asked({"uom.uom": UNITS, "stock.move.line": lines}, "uoms", "move_lines")
    erp.collect()
    erp.collect(full=True)
    assert erp.facts("business_event", "plant, location") == [
        {"plant": "HAM", "location": "YARD/Stock"}
    ]


def test_records_that_cannot_be_trusted_become_rejects(asked: Any) -> None:
    broken = line(
        2,
        ("HAM/Stock", "internal"),
        ("Partners/Customers", "customer"),
        quantity="two",
        date="yesterday",
    )
    erp = asked(
        {
            "uom.uom": UNITS,
            "stock.move.line": [
                line(1, ("HAM/Stock", "internal"), ("Partners/Customers", "customer")),
                broken,
            ],
        },
        "uoms",
        "move_lines",
    )
    report = erp.collect()["erp/move_lines"]
    assert (report.landed.records, report.landed.rows, report.landed.rejects) == (2, 1, 1)
    (reject,) = erp.rejects()
    assert "not an instant" in reject["reason"]
    assert "not a decimal number" in reject["reason"]
