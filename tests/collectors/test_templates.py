"""Templates for shop floor, warehouse, partners, quality, upkeep: files, EDI, SQL, the web."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.collectors import databases

COMPANY = """\
company: Works
currency: EUR
plants:
  P1: {name: One, zone: Europe/Berlin}
"""
WRITTEN = datetime(2026, 3, 30, tzinfo=UTC).timestamp()
MES = ("orders", "completions", "consumption", "labour", "holds", "lot_links", "downtimes", "items")
WMS = ("movements", "shipments", "receipts", "holds", "balances", "items")


def drop(folder: Path, name: str, content: str | bytes, age: float = 0) -> None:
    """A file that was written a while ago, so that nobody writes it still."""
    path = folder / "drop" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    os.utime(path, (WRITTEN + age, WRITTEN + age))


def source(pack: str, reach: str, feeds: dict[str, str], known: tuple[str, ...]) -> str:
    """`sources/<name>.yml`: a template with some of its feeds."""
    lines = [f"  {name}: {feeds.get(name, 'off')}" for name in known if feeds.get(name) != "on"]
    return "\n".join([f"pack: {pack}", reach, "plants: P1", *(["feeds:", *lines] if lines else [])])


def dropped(pack: str, feeds: dict[str, str], known: tuple[str, ...]) -> str:
    """The same for files in `drop`."""
    return source(pack, "folder: drop", feeds, known)


def utc(row: dict[str, Any], name: str) -> str | None:
    """An instant as text."""
    return f"{row[name].astimezone(UTC):%Y-%m-%d %H:%M:%S}" if row[name] else None


# Files ------------------------------------------------------------------------------------------

GERMAN = '{csv: {delimiter: ";", decimal: ",", thousands: ".", encoding: cp1252}}'
COMPLETIONS = """\
event_id;order_no;op;item;qty_good;qty_scrap;uom;lot;ended_at;sent_at;ack_at;reverses;Schicht
E-1;000100;0010;PUMPE-Ü;1.250,5;2,25;kg;LÖ-1;2026-03-28T22:15:00;2026-03-28T22:15:05;;;früh
E-2;000100;0010;PUMPE-Ü;10;;kg;LÖ-2;2026-10-25T02:30:00;2026-10-25T02:30:05;2026-10-25T02:30:09;;
E-3;000101;0010;PUMPE-Ü;10;;kg;LÖ-3;2026-03-29T02:30:00;;;;
E-4;000101;0010;PUMPE-Ü;1,5,0;;kg;LÖ-4;2026-03-29T04:00:00;;;;
E-5;000100;0010;PUMPE-Ü;10;;kg;LÖ-2;2026-10-25T08:00:00;;;E-2;
"""


@pytest.fixture
def german(tmp_path: Path, a_plant: Any) -> Any:
    """A shop floor with semicolons, decimal commas, umlauts and wall times."""
    drop(tmp_path, "completions_1.csv", COMPLETIONS.encode("cp1252"))
    return a_plant(COMPANY, {"mes": dropped("mes/files", {"completions": GERMAN}, MES)})


def test_decimal_commas_and_umlauts_are_read_to_the_last_digit(german: Any) -> None:
    german.collect()
    (good,) = german.facts(
        "business_event", "item, lot, order_no, quantity", "source_key = 'E-1/good'"
    )
    assert good == {
        "item": "PUMPE-Ü",
        "lot": "LÖ-1",
        "order_no": "000100",
        "quantity": Decimal("1250.5"),
    }
    (scrap,) = german.facts("business_event", "quantity", "kind = 'scrap'")
    assert scrap["quantity"] == Decimal("2.25")


def test_wall_times_of_both_nights_are_told_apart(german: Any) -> None:
    german.collect()
    events = german.facts(
        "business_event", "source_key, occurred_at, time_basis", "kind = 'op_complete'"
    )
    assert {row["source_key"]: (utc(row, "occurred_at"), row["time_basis"]) for row in events} == {
        "E-1/good": ("2026-03-28 21:15:00", "plant_local"),
        "E-2/good": ("2026-10-25 00:30:00", "ambiguous"),
        "E-5/good": ("2026-10-25 07:00:00", "plant_local"),
    }
    assert [reject["reason"] for reject in german.rejects() if "clocks" in reject["reason"]] == [
        "occurred_at: 2026-03-29 02:30:00 does not exist in Europe/Berlin (clocks go forward)"
    ]


def test_every_line_is_held_or_rejected_with_its_reason(german: Any) -> None:
    landed = german.collect()["mes/completions"].landed
    assert (landed.records, landed.held, landed.rejects, landed.left_out) == (5, 3, 2, 0)
    (number,) = [row for row in german.rejects() if "clocks" not in row["reason"]]
    assert "1,5,0" in number["raw"]
    assert "is not a" in number["reason"]
    again = german.collect()["mes/completions"].landed
    assert (again.records, again.news) == (0, 0)


def test_a_completion_taken_back_counts_the_other_way(german: Any) -> None:
    german.collect()
    (back,) = german.facts(
        "business_event", "quantity, is_reversal, reverses_key", "source_key = 'E-5/good'"
    )
    assert back == {"quantity": -10, "is_reversal": True, "reverses_key": "E-2/good"}


LABOUR = """\
event_id,order_no,op,minutes,equipment,at,reverses
W-1,000100,0010,37.5,M-1,2026-03-27T14:00:00,
W-2,000100,0010,37.5,M-1,2026-03-28T14:00:00,W-1
W-3,000100,0010,much,M-1,2026-03-28T14:00:00,
"""


def test_labour_is_told_in_minutes_and_counts_the_other_way_when_taken_back(
    tmp_path: Path, a_plant: Any
) -> None:
    drop(tmp_path, "labour_1.csv", LABOUR)
    mes = a_plant(COMPANY, {"mes": dropped("mes/files", {"labour": "on"}, MES)})
    landed = mes.collect()["mes/labour"].landed
    assert (landed.records, landed.held, landed.rejects) == (3, 2, 1)
    columns = "source_key, kind, labor_minutes, quantity, reverses_key, correlation_id"
    assert [tuple(row.values()) for row in mes.facts("business_event", columns)] == [
        ("W-1", "labor", Decimal("37.5"), None, None, "W-1"),
        ("W-2", "labor", Decimal("-37.5"), None, "W-1", "W-2"),
    ]


ITEMS = """\
item,name,uom,lot_controlled,active,shelf_life_days,gtin,changed_at
A-1,Pump,KG,ja,X,30,4006381333931,2026-03-27T14:00:00
A-2,,,,,,,
A-3,Seal,EA,nein,0,,,2026-03-27T14:00:00
A-4,Seal,EA,perhaps,,,,
"""


def test_of_an_item_only_what_is_told_is_known(tmp_path: Path, a_plant: Any) -> None:
    drop(tmp_path, "items_1.csv", ITEMS)
    mes = a_plant(COMPANY, {"mes": dropped("mes/files", {"items": "on"}, MES)})
    landed = mes.collect()["mes/items"].landed
    assert (landed.records, landed.held, landed.rejects) == (4, 3, 1)
    rows = mes.facts("master_record", "item, plant, name, unit, is_active, attributes")
    assert [(*list(row.values())[:5], json.loads(row["attributes"])) for row in rows] == [
        ("A-1", "P1", "Pump", "KG", True,
         {"lot_controlled": True, "shelf_life_days": 30, "gtin": "4006381333931"}),
        ("A-2", "P1", None, None, None,
         {"lot_controlled": None, "shelf_life_days": None, "gtin": None}),
        ("A-3", "P1", "Seal", "EA", False,
         {"lot_controlled": False, "shelf_life_days": None, "gtin": None}),
    ]  # fmt: skip


def test_a_message_without_an_answer_is_open(german: Any) -> None:
    german.collect()
    assert german.facts("message_hop", "message_id, status, is_terminal") == [
        {"message_id": "E-1", "status": "sent_unacked", "is_terminal": False},
        {"message_id": "E-2", "status": "done", "is_terminal": True},
    ]


MOVEMENTS = """\
movement_id,type,item,lot,qty,uom,from_location,to_location,reference,at
M-1,TRANSFER,A-1,L-1,12.5,kg,A-01,B-02,T-77,2026-03-27T09:00:00+01:00
M-2,adjust,A-1,L-1,0.5,kg,B-02,,,2026-03-27T10:00:00Z
M-3,teleport,A-1,L-1,1,kg,B-02,A-01,,2026-03-27T11:00:00Z
"""
BALANCES = "item,lot,location,status,qty,uom,balance_at\n"


def test_a_file_with_commas_and_a_byte_order_mark_is_read(tmp_path: Path, a_plant: Any) -> None:
    drop(tmp_path, "movements_1.csv", b"\xef\xbb\xbf" + MOVEMENTS.encode())
    wms = a_plant(COMPANY, {"wms": dropped("wms/files", {"movements": "on"}, WMS)})
    landed = wms.collect()["wms/movements"].landed
    assert (landed.records, landed.held, landed.rejects) == (3, 2, 1)
    columns = "source_key, kind, location, quantity, correlation_id"
    assert [tuple(row.values()) for row in wms.facts("business_event", columns)] == [
        ("M-1/in", "transfer", "B-02", Decimal("12.5"), "T-77"),
        ("M-1/out", "transfer", "A-01", Decimal("-12.5"), "T-77"),
        ("M-2/out", "adjust", "B-02", Decimal("-0.5"), "M-2"),
    ]
    assert "kind is empty" in wms.rejects()[0]["reason"]


def test_a_corrected_file_is_a_new_revision_of_its_lines(tmp_path: Path, a_plant: Any) -> None:
    drop(tmp_path, "movements_1.csv", MOVEMENTS)
    wms = a_plant(COMPANY, {"wms": dropped("wms/files", {"movements": "on"}, WMS)})
    wms.collect()
    corrected = MOVEMENTS.replace("0.5", "0.75").replace("teleport", "transfer")
    drop(tmp_path, "movements_1.csv", corrected, age=60)
    landed = wms.collect()["wms/movements"].landed
    assert (landed.held, landed.unchanged, landed.rejects) == (2, 1, 0)
    (adjusted,) = wms.facts("business_event", "quantity", "source_key = 'M-2/out'")
    assert adjusted["quantity"] == Decimal("-0.75")


def test_the_newest_balances_count_and_a_broken_file_is_refused_whole(
    tmp_path: Path, a_plant: Any
) -> None:
    at = "2026-03-27T06:00:00"
    drop(tmp_path, "balances_1.csv", f"{BALANCES}A-1,L-0,B-02,free,1,kg,{at}\n")
    drop(tmp_path, "balances_2.csv", f"{BALANCES}A-1,L-1,B-02,BLOCKED,12,kg,{at}\n", age=1)
    wms = a_plant(COMPANY, {"wms": dropped("wms/files", {"balances": "on"}, WMS)})
    wms.collect()
    (line,) = wms.rows("SELECT lot, stock_status, quantity, balance_at FROM stock_balance")
    assert (line["lot"], line["stock_status"], line["quantity"]) == ("L-1", "blocked", 12)
    assert utc(line, "balance_at") == "2026-03-27 05:00:00"
    drop(tmp_path, "balances_3.csv", f"{BALANCES}A-1,L-1,B-02,free,many,kg,{at}\n", age=2)
    assert "not whole" in wms.try_collect()["wms/balances"].error
    assert len(wms.rows("SELECT * FROM stock_balance")) == 1


# A source nobody knows: a block of YAML and a SELECT ----------------------------------------------

UNKNOWN = """\
system: house bus
role: {role}
transport: files
folder: drop
plants: P1
feeds:
  {feed}:
    files: "{files}"
    format: {format}
    records: {records}
    into: {table}
    contract: {contract}
"""


def unknown(tmp_path: Path, select: str, **more: str) -> str:
    """The block, and beside it the SELECT."""
    folder = tmp_path / "mappings"
    folder.mkdir(exist_ok=True)
    (folder / f"bus.{more['feed']}.sql").write_text(select, "utf-8")
    return UNKNOWN.format(**{"records": "$", **more})


def test_messages_as_json_lines_with_epoch_milliseconds(tmp_path: Path, a_plant: Any) -> None:
    lines = [
        {"id": "m1", "ts": 1774602000123, "state": "DEAD", "body": {"order": "100", "qty": 2.5}},
        {"id": "m2", "ts": "soon", "state": "OK", "body": {"order": "101", "qty": 1}},
    ]
    drop(tmp_path, "bus.ndjson", "".join(json.dumps(line) + "\n" for line in lines))
    select = """
        SELECT id AS source_key, id AS message_id, 'bus' AS channel,
            CASE state WHEN 'DEAD' THEN 'dead_lettered' ELSE 'done' END AS status,
            state = 'DEAD' OR state = 'OK' AS is_terminal, 'op_complete' AS business_kind,
            epoch_instant(ts, 'ms') AS occurred_at, body_order AS order_no,
            exact(body_qty) AS quantity_source, 'kg' AS unit_source
        FROM page"""
    block = unknown(
        tmp_path,
        select,
        role="middleware",
        feed="messages",
        files="*.ndjson",
        format="ndjson",
        table="message_hop",
        contract="{id: text, ts: json, state: text, body.order: text, body.qty: number}",
    )
    bus = a_plant(COMPANY, {"bus": block})
    bus.collect()
    (held,) = bus.facts("message_hop", "message_id, status, order_no, quantity, occurred_at")
    assert utc(held, "occurred_at") == "2026-03-27 09:00:00"
    assert (held["status"], held["order_no"]) == ("dead_lettered", "100")
    assert held["quantity"] == Decimal("2.5")
    assert "since 1970" in bus.rejects()[0]["reason"]


def test_holds_as_one_json_document(tmp_path: Path, a_plant: Any) -> None:
    document = {"as_of": "x", "holds": [{"no": 7, "lot": "L-1", "since": "2026-03-27T08:00:00"}]}
    drop(tmp_path, "holds.json", json.dumps(document))
    select = """
        SELECT CAST("no" AS VARCHAR) AS source_key, 'hold' AS kind, 'decided' AS status, lot,
            instant(since, plant_zone) AS effective_at
        FROM page"""
    block = unknown(
        tmp_path,
        select,
        role="qms",
        feed="holds",
        files="holds.json",
        format="json",
        records="$.holds",
        table="quality_disposition",
        contract="{no: integer, lot: text, since: instant}",
    )
    bus = a_plant(COMPANY, {"bus": block})
    bus.collect()
    (hold,) = bus.facts("quality_disposition", "source_key, lot, plant, effective_at")
    assert (hold["source_key"], hold["lot"], hold["plant"]) == ("7", "L-1", "P1")
    assert utc(hold, "effective_at") == "2026-03-27 07:00:00"


# Databases --------------------------------------------------------------------------------------

VIEWS = """
CREATE TABLE v_order (order_no TEXT, item TEXT, rev TEXT, qty NUMERIC(18, 6), uom TEXT,
    status TEXT, changed_at {instant});
CREATE TABLE v_completion (event_id TEXT, order_no TEXT, op TEXT, qty_good NUMERIC(18, 6),
    qty_scrap NUMERIC(18, 6), qty_rework NUMERIC(18, 6), uom TEXT, lot TEXT, equipment TEXT,
    started_at TEXT, ended_at TEXT, sent_at TEXT, ack_at TEXT, erp_doc TEXT, changed_at {instant});
CREATE TABLE v_balance (item TEXT, lot TEXT, location TEXT, status TEXT, owner TEXT,
    qty NUMERIC(18, 6), qty_reserved NUMERIC(18, 6), uom TEXT, balance_at TEXT);
INSERT INTO v_order VALUES ('007', 'A', 'B', 0.1, 'kg', 'released', '2026-11-20T10:00:00Z');
INSERT INTO v_completion VALUES ('E-1', '007', '10', 2.125, 1, NULL, 'kg', 'L', 'M1', NULL,
    '2026-11-20T09:30:00', NULL, NULL, NULL, '2026-11-20T09:00:00Z');
INSERT INTO v_completion VALUES ('E-2', '007', '10', 3, 0, 0, 'kg', 'L', 'M1', NULL,
    '2026-11-20T11:00:00', NULL, NULL, NULL, '2026-11-20T10:00:00Z');
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """A plant's database with the views of the template, and a way to write into it."""
    instant = {"sqlite": "TEXT", "postgresql": "TIMESTAMPTZ"}[request.param]
    with getattr(databases, request.param)(tmp_path) as (url, fill):
        fill(VIEWS.format(instant=instant))
        secret = tmp_path / "mes.url"
        secret.write_text(url, "utf-8")
        secret.chmod(0o600)
        yield fill


def test_a_database_tells_its_orders_and_completions(database: Any, a_plant: Any) -> None:
    on = {"orders": "on", "completions": "on"}
    mes = a_plant(COMPANY, {"mes": source("mes/sql", "database: file:mes.url", on, MES)})
    reports = mes.collect()
    assert (reports["mes/orders"].landed.held, reports["mes/completions"].landed.held) == (1, 2)
    (order,) = mes.facts("order_state", "order_no, item_revision, quantity, status, changed_at")
    assert utc(order, "changed_at") == "2026-11-20 10:00:00"
    assert (order["order_no"], order["quantity"]) == ("007", Decimal("0.1"))
    events = mes.facts("business_event", "source_key, quantity, occurred_at")
    assert {row["source_key"]: (row["quantity"], utc(row, "occurred_at")) for row in events} == {
        "E-1/good": (Decimal("2.125"), "2026-11-20 08:30:00"),
        "E-1/scrap": (Decimal(1), "2026-11-20 08:30:00"),
        "E-2/good": (Decimal(3), "2026-11-20 10:00:00"),
    }


def test_a_database_is_asked_for_what_changed_and_swept_for_what_is_gone(
    database: Any, a_plant: Any
) -> None:
    block = source("mes/sql", "database: file:mes.url", {"completions": "on"}, MES)
    mes = a_plant(COMPANY, {"mes": block})
    mes.collect()
    database(
        "UPDATE v_completion SET qty_good = 4, changed_at = '2026-11-20T10:05:00Z' "
        "WHERE event_id = 'E-2'; DELETE FROM v_completion WHERE event_id = 'E-1'"
    )
    landed = mes.collect()["mes/completions"].landed
    assert (landed.records, landed.held, landed.deleted) == (1, 1, 0)
    assert mes.facts("business_event", "quantity", "source_key = 'E-2/good'") == [{"quantity": 4}]
    assert mes.collect(full=True)["mes/completions"].landed.deleted == 2
    assert [row["source_key"] for row in mes.facts("business_event", "source_key")] == ["E-2/good"]


def test_a_database_of_a_warehouse_tells_its_stock(database: Any, a_plant: Any) -> None:
    database(
        "INSERT INTO v_balance VALUES "
        "('A', 'L', 'B-02', NULL, NULL, 7.5, 2, 'kg', '2026-11-20T06:00:00')"
    )
    block = source("wms/sql", "database: file:mes.url", {"balances": "on"}, WMS)
    wms = a_plant(COMPANY, {"wms": block})
    wms.collect()
    assert wms.rows("SELECT item, lot, location, quantity, stock_status FROM stock_balance") == [
        {
            "item": "A",
            "lot": "L",
            "location": "B-02",
            "quantity": Decimal("7.5"),
            "stock_status": "free",
        }
    ]


# Web services -----------------------------------------------------------------------------------


def completion(number: int, changed_at: str, **more: Any) -> dict[str, Any]:
    """One completion as a shop floor tells it."""
    told = {"event_id": f"E-{number}", "order_no": "007", "qty_good": "1.5", "uom": "kg"}
    return told | {"ended_at": "2026-11-20T09:30:00+01:00", "changed_at": changed_at} | more


def test_a_web_service_is_read_page_by_page_and_then_for_changes(
    tmp_path: Path, a_plant: Any, lists: Any, secret: Any
) -> None:
    rows = [completion(number, "2026-11-20T09:00:00Z") for number in range(5)]
    service = lists({"completions": rows}, "letmein")
    reach = f"address: {service.address}\nauth: {{bearer: '{secret(tmp_path, 'letmein')}'}}"
    block = source("mes/json", reach, {"completions": "{page: {size: 2}}"}, MES)
    mes = a_plant(COMPANY, {"mes": block})
    assert mes.collect()["mes/completions"].landed.held == 5
    assert len(service.asked) == 3
    rows.append(completion(6, "2026-11-20T09:40:00Z", qty_good=2))
    landed = mes.collect()["mes/completions"].landed
    assert (landed.held, landed.unchanged) == (1, 5)
    assert "changed_since=2026-11-20T08%3A30%3A00Z" in service.asked[-1]
    total = mes.rows("SELECT sum(quantity) AS quantity FROM business_event")
    assert total == [{"quantity": Decimal("9.5")}]


def test_a_web_service_of_a_warehouse_tells_shipments_with_their_sign(
    tmp_path: Path, a_plant: Any, lists: Any, secret: Any
) -> None:
    told = {"item": "A", "lot": "L", "uom": "kg", "at": "2026-11-20T09:00:00Z"}
    rows = [
        told | {"shipment_id": "S-1", "qty": 3, "changed_at": "2026-11-20T09:00:00Z"},
        told | {"shipment_id": "S-2", "qty": 3, "changed_at": "x", "reverses": "S-1"},
    ]
    service = lists({"shipments": rows}, "letmein")
    reach = f"address: {service.address}\nauth: {{bearer: '{secret(tmp_path, 'letmein')}'}}"
    wms = a_plant(COMPANY, {"wms": source("wms/json", reach, {"shipments": "on"}, WMS)})
    wms.collect()
    assert wms.facts("business_event", "source_key, quantity, kind") == [
        {"source_key": "S-1", "quantity": -3, "kind": "ship_confirm"}
    ]
    assert "'x' is not an instant" in wms.rejects()[0]["reason"]


def test_a_web_service_of_a_quality_system_tells_holds_at_the_wall_time_of_each_plant(
    tmp_path: Path, a_plant: Any, lists: Any, secret: Any
) -> None:
    told = {"lot": "L", "held_at": "2026-11-20T09:00:00", "changed_at": "2026-11-20T20:00:00Z"}
    rows = [
        told | {"hold_id": "H-1", "plant": "P1", "item": "A", "qty": "2.5", "uom": "kg"},
        told | {"hold_id": "H-2", "plant": "P2", "released_at": "2026-11-20T10:00:00"},
        told | {"hold_id": "H-3"},
        told | {"hold_id": "H-4", "plant": "P2", "held_at": "soon"},
    ]
    service = lists({"holds": rows}, "letmein")
    block = (
        f"pack: qms/json\naddress: {service.address}\nplants: [P1, P2]\n"
        f"auth: {{bearer: '{secret(tmp_path, 'letmein')}'}}\nfeeds: {{inspections: off}}"
    )
    qms = a_plant(COMPANY + "  P2: {name: Two, zone: America/Chicago}\n", {"qms": block})
    landed = qms.collect()["qms/holds"].landed
    assert (landed.records, landed.held, landed.rejects) == (4, 3, 1)
    held = qms.facts("quality_disposition", "source_key, status, effective_at, ended_at, quantity")
    assert [
        (row["source_key"], row["status"], utc(row, "effective_at"), utc(row, "ended_at"))
        for row in held
    ] == [
        ("H-1", "decided", "2026-11-20 08:00:00", None),
        ("H-2", "closed", "2026-11-20 15:00:00", "2026-11-20 16:00:00"),
        ("H-3", "decided", "2026-11-20 09:00:00", None),  # of no plant: UTC
    ]
    assert held[0]["quantity"] == Decimal("2.5")
    assert "'soon' is not an instant" in qms.rejects()[0]["reason"]


def test_a_quality_system_of_one_plant_need_not_tell_which(
    tmp_path: Path, a_plant: Any, lists: Any, secret: Any
) -> None:
    row = {"hold_id": "H-1", "lot": "L", "held_at": "2026-11-20T09:00:00"}
    service = lists({"holds": [row | {"changed_at": "2026-11-20T20:00:00Z"}]}, "letmein")
    reach = f"address: {service.address}\nauth: {{bearer: '{secret(tmp_path, 'letmein')}'}}"
    qms = a_plant(
        COMPANY, {"qms": source("qms/json", reach, {"holds": "on"}, ("holds", "inspections"))}
    )
    qms.collect()
    (hold,) = qms.facts("quality_disposition", "plant, effective_at")
    assert (hold["plant"], utc(hold, "effective_at")) == ("P1", "2026-11-20 08:00:00")


def test_a_web_service_of_a_maintenance_system_tells_orders_downtimes_and_parts(
    tmp_path: Path, a_plant: Any, lists: Any, secret: Any
) -> None:
    told = {"plant": "P2", "asset": "M1", "changed_at": "2026-11-20T20:00:00Z"}
    at = "2026-11-20T09:00:00"
    part = told | {"part": "A", "qty": "2.5", "uom": "kg", "store": "S", "issued_at": at}
    content = {
        "work_orders": [
            told | {"work_order_no": "W-1", "status": "Open", "opened_at": at},
            told | {"work_order_no": "W-2", "status": "HELD", "plant": "P1", "opened_at": at},
            told | {"work_order_no": "W-3", "status": "waiting for Joe"},
        ],
        "downtimes": [
            told | {"downtime_id": "D-1", "planned": True, "work_order_no": "W-1", "started_at": at}
        ],
        "parts": [
            part | {"issue_id": "I-1", "work_order_no": "W-1", "reference": "R-1"},
            part | {"issue_id": "I-2", "work_order_no": "W-1", "reverses": "I-1"},
        ],
    }
    service = lists(content, "letmein")
    block = (
        f"pack: cmms/json\naddress: {service.address}\nplants: [P1, P2]\n"
        f"auth: {{bearer: '{secret(tmp_path, 'letmein')}'}}"
    )
    cmms = a_plant(COMPANY + "  P2: {name: Two, zone: America/Chicago}\n", {"cmms": block})
    cmms.collect()
    orders = cmms.facts("order_state", "order_no, order_kind, status, released_at")
    assert [(row["order_no"], row["status"], utc(row, "released_at")) for row in orders] == [
        ("W-2", "held", "2026-11-20 08:00:00"),
        ("W-1", "released", "2026-11-20 15:00:00"),
    ]
    assert {row["order_kind"] for row in orders} == {"maintenance"}
    assert ["status is empty" in reject["reason"] for reject in cmms.rejects()] == [True]
    (stop,) = cmms.facts("asset_state", "state, is_planned, maintenance_order_no, ended_at")
    assert tuple(stop.values()) == ("down", True, "W-1", None)
    issues = cmms.facts("business_event", "kind, quantity, correlation_id, reverses_key")
    assert [tuple(row.values()) for row in issues] == [
        ("spare_issue", Decimal("-2.5"), "R-1", None),
        ("spare_issue", Decimal("2.5"), "I-2", "I-1"),
    ]


# EDI ----------------------------------------------------------------------------------------------

THREEPL = ("receipts", "shipments", "adjustments", "balances")
QUALIFIERS = (
    "parameters: {from_status_qualifier: ZZ, to_status_qualifier: ZY, blocked_qualifier: QH}"
)


def x12(kind: str, *segments: str, test: str = "P") -> str:
    """One interchange with one transaction set, of 20 November 2026."""
    sets = [f"ST*{kind}*0001", *segments, f"SE*{len(segments) + 2}*0001"]
    lines = [
        f"ISA*00*{'':10}*00*{'':10}*ZZ*{'HALL':15}*ZZ*{'US':15}*261120*1430*U*00401*000000001*0*{test}*>",
        "GS*XX*HALL*US*20261120*1430*1*X*004010",
        *sets,
        "GE*1*1",
        "IEA*1*000000001",
    ]
    return "".join(f"{line}~\n" for line in lines)


def threepl(*feeds: str, more: str = QUALIFIERS) -> str:
    """A logistics partner with some of its feeds."""
    return f"{dropped('threepl/x12', dict.fromkeys(feeds, 'on'), THREEPL)}\n{more}"


RECEIVED = (
    "W17*F*20261120*R-1*PO-1*ASN-1*X*1430",
    "N1*WH*Hall*92*WH1",
    "N1*SF*Maker*92*S-1",
    "N9*CO*REF-9",
    "W07*10.5*KG**SK*A-1***L-3",
    "W13*2*KG*01",
    "W13*0.5*KG*03",
    "W07*-1*KG**UP*123*SK*A-1",
    "W07*4*CA**UP*123",
    "W14*13.5",
)


def test_a_receipt_advice_tells_lines_exceptions_and_what_is_taken_back(
    tmp_path: Path, a_plant: Any
) -> None:
    drop(tmp_path, "944_1.x12", x12("944", *RECEIVED))
    hall = a_plant(COMPANY, {"hall": threepl("receipts")})
    landed = hall.collect()["hall/receipts"].landed
    assert (landed.records, landed.held, landed.rejects) == (3, 2, 1)
    columns = "source_key, kind, quantity, unit_source, is_reversal, item, lot, location, partner"
    assert [tuple(row.values()) for row in hall.facts("business_event", columns)] == [
        ("R-1/1", "receipt", Decimal("10.5"), "KG", False, "A-1", "L-3", "WH1", "S-1"),
        ("R-1/2", "receipt", Decimal(-1), "KG", True, "A-1", None, "WH1", "S-1"),
    ]
    (first, _) = hall.facts("business_event", "order_no, document_no, correlation_id, attributes")
    assert (first["order_no"], first["document_no"]) == ("PO-1", "ASN-1")
    assert first["correlation_id"] == "REF-9"
    assert json.loads(first["attributes"]) == {
        "conditions": ["01", "03"],
        "quantities": ["2", "0.5"],
    }
    (times, _) = hall.facts("business_event", "occurred_at, posting_on, time_basis")
    assert (utc(times, "occurred_at"), times["time_basis"]) == (
        "2026-11-20 13:30:00",
        "plant_local",
    )
    (reject,) = hall.rejects()
    assert "no product id with the qualifier 'SK', only with 'UP'" in reject["reason"]
    assert "W07*4*CA**UP*123~" in reject["raw"]


SENT = (
    "W06*F*D-1*20261120*SH-1**PO-9",
    "N1*SF*Hall*92*WH1",
    "N1*ST*Client*92*C-7",
    "N9*CO*REF-1",
    "G62*11*20261120*X*0915*ET",
    "LX*1",
    "MAN*GM*00123",
    "W12*CC*10*8*-2*EA**SK*A-1*L-1",
    "N9*CO*REF-2",
    "W12*CC*5*5**CA**VN*zz*L-2********SK*B-1",
)


def test_a_shipping_advice_counts_out_and_every_line_has_its_number(
    tmp_path: Path, a_plant: Any
) -> None:
    drop(tmp_path, "945_1.x12", x12("945", *SENT))
    drop(tmp_path, "945_2.x12", x12("945", *SENT[:1], *SENT[5:8], test="T"))
    hall = a_plant(COMPANY, {"hall": threepl("shipments")})
    landed = hall.collect()["hall/shipments"].landed
    assert (landed.records, landed.held, landed.left_out, landed.rejects) == (3, 2, 1, 0)
    columns = "source_key, kind, quantity, unit_source, item, lot, location, correlation_id"
    assert [tuple(row.values()) for row in hall.facts("business_event", columns)] == [
        ("D-1/SH-1/1", "ship_confirm", -8, "EA", "A-1", "L-1", "WH1", "REF-2"),
        ("D-1/SH-1/2", "ship_confirm", -5, "CA", "B-1", "L-2", "WH1", "REF-1"),
    ]
    events = hall.facts("business_event", "occurred_at, document_no, partner")
    assert {utc(row, "occurred_at") for row in events} == {"2026-11-20 14:15:00"}
    assert {(row["document_no"], row["partner"]) for row in events} == {("D-1", "C-7")}
    drop(tmp_path, "945_3.x12", x12("945", *SENT), age=60)
    assert hall.collect()["hall/shipments"].landed.unchanged == 2


def test_an_adjustment_advice_tells_adjustments_and_changes_of_status(
    tmp_path: Path, a_plant: Any
) -> None:
    changes = (
        "W15*20261120*AD-1",
        "N1*WH**92*WH1",
        "G62*07*20261120*X*14300000*UT",
        "W19*AC*3*EA**SK*A-1***L-1",
        "N9*ZZ*FREE",
        "N9*ZY*BLOCKED",
        "W19*07*-2*EA**SK*A-1***L-1",
        "N9*ZZ*BLOCKED",
        "W19*56*1*EA**SK*A-1",
        "W19*56*1*EA**SK*A-1",
        "N9*ZZ*LOST",
    )
    drop(tmp_path, "947_1.x12", x12("947", *changes))
    hall = a_plant(COMPANY, {"hall": threepl("adjustments")})
    hall.collect()
    columns = "source_key, kind, quantity, stock_status, to_stock_status, reason"
    assert [tuple(row.values()) for row in hall.facts("business_event", columns)] == [
        ("AD-1/1/in", "status_change", 3, "blocked", None, "AC"),
        ("AD-1/1/out", "status_change", -3, "free", "blocked", "AC"),
        ("AD-1/2", "adjust", -2, "blocked", None, "07"),
        ("AD-1/3", "adjust", 1, None, None, "56"),
    ]
    (first, *_) = hall.facts("business_event", "occurred_at, time_basis")
    assert (utc(first, "occurred_at"), first["time_basis"]) == ("2026-11-20 14:30:00", "utc")
    assert "'lost'" in hall.rejects()[0]["reason"]


def stock(*segments: str, bia: str = "BIA*00*SI*B-1*20261120*2359") -> str:
    return x12("846", bia, "N1*WH**92*WH1", *segments, "CTT*1")


def test_an_inventory_advice_is_one_snapshot_at_the_instant_it_names(
    tmp_path: Path, a_plant: Any
) -> None:
    lines = ("LIN**SK*A-1*LT*L-1", "QTY*33*10*EA", "QTY*QH*2.5*EA", "LIN**UP*1*SK*B", "QTY*33*4*CA")
    drop(tmp_path, "846_1.x12", stock(*lines))
    hall = a_plant(COMPANY, {"hall": threepl("balances")})
    hall.collect()
    columns = "item, lot, stock_status, quantity, unit_source, location, balance_at"
    held = hall.rows(f"SELECT {columns} FROM stock_balance ORDER BY source_key")
    assert [tuple(row.values())[:6] for row in held] == [
        ("A-1", "L-1", "free", 10, "EA", "WH1"),
        ("A-1", "L-1", "blocked", Decimal("2.5"), "EA", "WH1"),
        ("B", None, "free", 4, "CA", "WH1"),
    ]
    assert {utc(row, "balance_at") for row in held} == {"2026-11-20 22:59:00"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (stock("LIN**SK*A", "QTY*17*10*EA"), "stock_status"),
        (stock("LIN**SK*A", "QTY*33*10*EA", "LIN**SK*B"), "LIN of segment 8 has no QTY in it"),
        (stock("LIN**SK*A", "QTY*33*10*EA", bia="BIA*00*SI*B-1*20261120"), "balance_at"),
        (stock("LIN**SK*A", "QTY*33*10*EA", bia="BIA*00*SI*B-1*20261120*99"), "20261120 99"),
        (stock("LIN**SK*A", "QTY*33*10*EA", "LIN**SK*A", "QTY*33*9*EA"), "comes twice"),
    ],
)
def test_an_inventory_advice_that_is_not_whole_is_refused(
    tmp_path: Path, a_plant: Any, text: str, said: str
) -> None:
    drop(tmp_path, "846_1.x12", text)
    hall = a_plant(COMPANY, {"hall": threepl("balances")})
    assert said in str(hall.try_collect()["hall/balances"].error)
    assert hall.rows("SELECT * FROM stock_balance") == []


def test_sets_in_one_file_are_taken_each_by_its_feed(tmp_path: Path, a_plant: Any) -> None:
    drop(tmp_path, "a.edi", x12("944", *RECEIVED[:6]) + x12("945", *SENT) + x12("990", "B1*x"))
    drop(tmp_path, "b.edi", x12("945", *SENT)[:-40])
    feeds = {
        "receipts": '{files: "*.edi", x12: {beside: ["945"]}}',
        "shipments": '{files: "*.edi", x12: {beside: ["944", "990"]}}',
    }
    hall = a_plant(COMPANY, {"hall": dropped("threepl/x12", feeds, THREEPL)})
    reports = hall.try_collect()
    assert (reports["hall/receipts"].landed.held, reports["hall/shipments"].landed.held) == (1, 2)
    assert "file b.edi: segment 13 ('W12*CC*5*5**CA**VN*z') has no '~'" in str(
        reports["hall/shipments"].error
    )
    assert ["set 990 0001" in reject["reason"] for reject in hall.rejects()] == [True]


def notice(purpose: str, quantity: str, number: str = "ASN-1") -> str:
    return x12(
        "856",
        f"BSN*{purpose}*{number}*20261120*1430*0001",
        "DTM*011*20261120*1200*ET",
        "HL*1**S",
        "N1*SU*Maker*92*S-1",
        "HL*2*1*O",
        "PRF*PO-1",
        "HL*3*2*P",
        "MAN*GM*001",
        "HL*4*3*I",
        "LIN*10*BP*A-1*LT*L1",
        f"SN1**{quantity}*KG",
        "HL*5*1*O",
        "PRF*PO-2",
        "HL*6*5*I",
        "LIN*20*BP*B-1",
        "SN1**3*EA",
        "CTT*6",
    )


def test_a_ship_notice_is_an_order_whose_lines_name_what_they_are_for(
    tmp_path: Path, a_plant: Any
) -> None:
    drop(tmp_path, "856_1.x12", notice("00", "12.5"))
    maker = a_plant(COMPANY, {"maker": dropped("supplier/x12", {"notices": "on"}, ("notices",))})
    landed = maker.collect()["maker/notices"].landed
    assert (landed.records, landed.rejects, landed.left_out) == (2, 0, 0)
    (order,) = maker.facts("order_state", "order_kind, order_no, status, partner, actual_start_at")
    assert tuple(order.values())[:4] == ("asn", "ASN-1", "released", "S-1")
    assert utc(order, "actual_start_at") == "2026-11-20 17:00:00"
    columns = "line_no, item, lot, quantity, unit_source, reference_no, attributes"
    assert [tuple(row.values()) for row in maker.facts("order_line", columns)] == [
        ("10", "A-1", "L1", Decimal("12.5"), "KG", "PO-1", '{"sscc":["001"]}'),
        ("20", "B-1", None, 3, "EA", "PO-2", None),
    ]


def test_a_ship_notice_that_comes_again_is_a_version_of_the_first(
    tmp_path: Path, a_plant: Any
) -> None:
    maker = a_plant(COMPANY, {"maker": dropped("supplier/x12", {"notices": "on"}, ("notices",))})
    for number, (purpose, quantity) in enumerate([("00", "12.5"), ("00", "12.5"), ("05", "11")]):
        drop(tmp_path, f"856_{number}.x12", notice(purpose, quantity), age=60 * number)
        maker.collect()
    (order,) = maker.facts("order_state", "status, status_source")
    assert tuple(order.values()) == ("released", "05")
    assert [row["quantity"] for row in maker.facts("order_line", "quantity")] == [11, 3]
    drop(tmp_path, "856_8.x12", notice("01", "11"), age=600)
    drop(tmp_path, "856_9.x12", notice("13", "11", "ASN-2"), age=600)
    maker.collect()
    assert [row["status"] for row in maker.facts("order_state", "status")] == ["cancelled"]
    assert ["status is empty" in reject["reason"] for reject in maker.rejects()] == [True]
