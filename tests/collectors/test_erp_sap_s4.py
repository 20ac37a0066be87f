"""The SAP S/4HANA pack against a gateway that speaks OData V2 on loopback."""

import json
from contextlib import ExitStack
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest

from app.demo.replay import Server
from app.demo.systems.odata import ODataService
from app.demo.systems.sap import ROOT, SETS

COMPANY = """\
company: Pumps
currency: EUR
plants:
  "1000": {name: Pump works, zone: Europe/Berlin}
  "2000": {name: Valve works, zone: America/Chicago}
"""
SOURCE = """\
pack: erp/sap_s4
address: "%(address)s/sap/opu/odata/sap"
headers: {sap-client: "100"}
auth: {user: tower, password: '%(key)s'}
plants: ["1000", "2000"]
%(more)s
"""
UUID = "3F2504E0-4F89-11D3-9A0C-0305E82C3301"


def at(day, hour=0, minute=0):
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def order(number, **more):
    return {
        "ManufacturingOrder": f"{number:012}",
        "Material": "000000000000004711",
        "ProductionPlant": "1000",
        "ProductionUnit": "EA",
        "TotalQuantity": Decimal("100.000"),
        "OrderIsCreated": "X",
        "LastChangeDateTime": "20261103080000",
        **more,
    }


def confirmation(count, **more):
    return {
        "ConfirmationGroup": "0000000123",
        "ConfirmationCount": f"{count:08}",
        "OrderID": "000001000123",
        "OrderOperation": "0010",
        "Material": "000000000000004711",
        "ProductionPlant": "2000",
        "WorkCenter": "CNC-1",
        "ConfirmationYieldQuantity": Decimal("10.500"),
        "ConfirmationUnit": "EA",
        "IsReversed": False,
        "IsReversal": False,
        "PostingDate": date(2026, 11, 1),
        "ConfirmedExecutionEndDate": date(2026, 11, 1),
        "ConfirmedExecutionEndTime": time(0, 30),
        "ConfirmationEntryDate": date(2026, 11, 1),
        "ConfirmationEntryTime": time(6, 31, 5),
        "EnteredByExternalUser": "MES",
        "ExternalSystemConfirmation": UUID,
        "LastChangeDate": date(2026, 11, 1),
        **more,
    }


def movement(document, kind, **more):
    return {
        "MaterialDocumentYear": "2026",
        "MaterialDocument": f"49{document:08}",
        "MaterialDocumentItem": "1",
        "Material": "PUMP-1",
        "Plant": "1000",
        "StorageLocation": "0001",
        "Batch": "L1",
        "GoodsMovementType": kind,
        "MaterialBaseUnit": "EA",
        "EntryUnit": "EA",
        "QuantityInBaseUnit": Decimal(5),
        "QuantityInEntryUnit": Decimal(5),
        **more,
    }


def header(document, **more):
    return {
        "MaterialDocumentYear": "2026",
        "MaterialDocument": f"49{document:08}",
        "PostingDate": date(2026, 10, 31),
        "CreationDate": date(2026, 11, 1),
        "CreationTime": time(0, 5),
        **more,
    }


@pytest.fixture
def gateway():
    service = ODataService(ROOT, SETS, "tower", "pass", page_size=2)
    yield service
    service.close()


@pytest.fixture
def erp(gateway, tmp_path, plant_at, secret):
    server = Server(gateway)
    told = {"key": secret(tmp_path, "pass"), "address": server.address, "more": ""}
    with plant_at(tmp_path, COMPANY, {"erp": SOURCE % told}) as plant:
        yield plant
    server.stop()


def test_every_page_is_read_and_every_record_held(erp, gateway):
    gateway.put("A_ProductionOrder_2", [order(1000123 + n) for n in range(7)])
    landed = erp.collect()["erp/orders"].landed
    assert (landed.pages, landed.records, landed.held, landed.rejects) == (4, 7, 7, 0)
    assert erp.collect()["erp/orders"].landed.news == 0


STATES = [
    ([], "created", "CRTD"),
    (["OrderIsReleased"], "released", "REL CRTD"),
    (["OrderIsPartiallyReleased"], "released", "PREL CRTD"),
    (["OrderIsReleased", "OrderIsPartiallyConfirmed"], "in_progress", "PCNF REL CRTD"),
    (["OrderIsReleased", "OrderIsPartiallyDelivered"], "partially_done", "PDLV REL CRTD"),
    (["OrderIsReleased", "OrderIsConfirmed"], "in_progress", "CNF REL CRTD"),
    (["OrderIsConfirmed", "OrderIsDelivered"], "done", "DLV CNF CRTD"),
    (["OrderIsReleased", "OrderIsLocked"], "held", "LKD REL CRTD"),
    (["OrderIsTechnicallyCompleted", "OrderIsDelivered"], "tech_complete", "TECO DLV CRTD"),
    (["OrderIsTechnicallyCompleted", "OrderIsClosed"], "closed", "CLSD TECO CRTD"),
    (["OrderIsMarkedForDeletion", "OrderIsReleased"], "cancelled", "DLFL REL CRTD"),
]


def test_the_state_of_an_order_is_the_furthest_of_its_flags(erp, gateway):
    orders = [order(n, **dict.fromkeys(flags, "X")) for n, (flags, _, _) in enumerate(STATES, 11)]
    gateway.put("A_ProductionOrder_2", orders)
    erp.collect({"erp": {"orders"}})
    columns = "order_no, item, plant, status, status_source, quantity, unit"
    assert erp.facts("order_state", columns) == [
        {
            "order_no": str(number),
            "item": "4711",
            "plant": "1000",
            "status": status,
            "status_source": named,
            "quantity": Decimal("100.000000000"),
            "unit": "EA",
        }
        for number, (_, status, named) in enumerate(STATES, 11)
    ]


def test_a_changed_order_is_asked_for_by_its_stamp(erp, gateway):
    gateway.put("A_ProductionOrder_2", [order(1), order(2, LastChangeDateTime="20261101080000")])
    erp.collect({"erp": {"orders"}})
    changed = order(1, OrderIsReleased="X", LastChangeDateTime="20261103090000")
    gateway.put("A_ProductionOrder_2", [changed])
    landed = erp.collect({"erp": {"orders"}})["erp/orders"].landed
    assert (landed.records, landed.news) == (1, 1)
    states = {
        row["order_no"]: row["status"] for row in erp.facts("order_state", "order_no, status")
    }
    assert states == {"1": "released", "2": "created"}


def test_a_confirmation_gives_yield_scrap_rework_and_labour(erp, gateway):
    told = confirmation(
        1,
        ConfirmationScrapQuantity=Decimal("1.5"),
        ConfirmationReworkQuantity=Decimal(2),
        OpConfirmedWorkQuantity3=Decimal("37.25"),
    )
    gateway.put("ProdnOrdConf2", [told])
    landed = erp.collect({"erp": {"confirmations"}})["erp/confirmations"].landed
    assert (landed.records, landed.held, landed.news) == (1, 1, 4)
    columns = "kind, quantity, labor_minutes, order_no, op_no, item, correlation_id, actor"
    rows = {row.pop("kind"): row for row in erp.facts("business_event", columns)}
    assert {kind: row["quantity"] for kind, row in rows.items()} == {
        "op_complete": Decimal("10.5"),
        "scrap": Decimal("1.5"),
        "rework": Decimal(2),
        "labor": None,
    }
    assert rows["labor"]["labor_minutes"] == Decimal("37.25")
    assert {(row["order_no"], row["op_no"], row["item"]) for row in rows.values()} == {
        ("1000123", "0010", "4711")
    }
    assert {row["correlation_id"] for row in rows.values()} == {UUID.lower()}
    assert {row["actor"] for row in rows.values()} == {"interface:MES"}


def test_an_execution_is_in_the_zone_of_its_plant_and_an_entry_in_that_of_the_server(erp, gateway):
    gateway.put("ProdnOrdConf2", [confirmation(1)])
    erp.collect({"erp": {"confirmations"}})
    columns = "occurred_at, recorded_at, posting_on, occurred_on, time_basis"
    assert erp.facts("business_event", columns) == [
        {
            "occurred_at": at(1, 5, 30),  # half past midnight in Chicago, still summer time
            "recorded_at": at(1, 6, 31).replace(second=5),
            "posting_on": date(2026, 11, 1),
            "occurred_on": date(2026, 11, 1),
            "time_basis": "plant_local",
        }
    ]


def test_a_reversed_confirmation_nets_to_nothing(erp, gateway):
    gateway.put("ProdnOrdConf2", [confirmation(1)])
    erp.collect({"erp": {"confirmations"}})
    gateway.put(
        "ProdnOrdConf2",
        [confirmation(1, IsReversed=True), confirmation(2, IsReversal=True)],
    )
    erp.collect({"erp": {"confirmations"}})
    rows = erp.facts("business_event", "source_key, is_reversal, quantity")
    assert [(row["is_reversal"], row["quantity"]) for row in rows] == [
        (False, Decimal("10.5")),
        (True, Decimal("-10.5")),
    ]


MOVEMENTS = [
    ("101", {"ManufacturingOrder": "000001000123"}, "fg_receipt", 5),
    ("102", {"ManufacturingOrder": "000001000123"}, "fg_receipt", -5),
    ("101", {"PurchaseOrder": "4500000001"}, "receipt", 5),
    ("261", {"ManufacturingOrder": "000001000123"}, "goods_issue", -5),
    ("262", {"ManufacturingOrder": "000001000123"}, "goods_issue", 5),
    ("201", {}, "goods_issue", -5),
    ("551", {}, "scrap", -5),
    ("601", {"Delivery": "0080000001"}, "ship_confirm", -5),
    ("602", {"Delivery": "0080000001"}, "ship_confirm", 5),
    ("122", {"PurchaseOrder": "4500000001"}, "return", -5),
    ("311", {"DebitCreditCode": "S"}, "transfer", 5),
    ("311", {"DebitCreditCode": "H"}, "transfer", -5),
    ("641", {}, "transfer", -5),
    ("321", {"DebitCreditCode": "S"}, "status_change", 5),
    ("701", {}, "adjust", 5),
    ("702", {}, "adjust", -5),
]


def test_movement_types(erp, gateway):
    documents = range(1, len(MOVEMENTS) + 1)
    told = zip(documents, MOVEMENTS, strict=True)
    gateway.put("A_MaterialDocumentHeader", [header(document) for document in documents])
    gateway.put("A_MaterialDocumentItem", [movement(n, one[0], **one[1]) for n, one in told])
    erp.collect({"erp": {"goods_movements"}})
    rows = erp.facts("business_event", "kind, sub_kind, quantity, location, lot")
    assert [(row["sub_kind"], row["kind"], row["quantity"]) for row in rows] == [
        (kind, means, Decimal(signed)) for kind, _, means, signed in MOVEMENTS
    ]
    assert {(row["location"], row["lot"]) for row in rows} == {("0001", "L1")}


def test_a_movement_knows_its_header_its_order_and_what_it_takes_back(erp, gateway):
    gateway.put("A_MaterialDocumentHeader", [header(1, ReferenceDocument="EV-1"), header(2)])
    back = {
        "ReversedMaterialDocumentYear": "2026",
        "ReversedMaterialDocument": "4900000001",
        "ReversedMaterialDocumentItem": "1",
    }
    money = {"GdsMvtExtAmtInCoCodeCrcy": Decimal("61.73"), "CompanyCodeCurrency": "EUR"}
    boxes = {"EntryUnit": "BOX", "QuantityInEntryUnit": Decimal("0.5")}
    gateway.put(
        "A_MaterialDocumentItem",
        [
            movement(1, "601", Delivery="0080000001", Customer="0000300001", **money, **boxes),
            movement(2, "602", Delivery="0080000001", **back),
        ],
    )
    erp.collect({"erp": {"goods_movements"}})
    columns = (
        "source_key, is_reversal, reverses_key, posting_on, recorded_at, order_kind, order_no, "
        "document_no, partner, amount, currency, correlation_id, attributes"
    )
    first, second = erp.facts("business_event", columns)
    assert first == {
        "source_key": "2026/4900000001/1",
        "is_reversal": False,
        "reverses_key": None,
        "posting_on": date(2026, 10, 31),
        "recorded_at": at(1, 0, 5),
        "order_kind": "delivery",
        "order_no": "80000001",
        "document_no": "80000001",
        "partner": "300001",
        "amount": Decimal("-61.73"),
        "currency": "EUR",
        "correlation_id": "ev-1",
        "attributes": '{"entered":"0.5 BOX"}',
    }
    assert (second["is_reversal"], second["reverses_key"]) == (True, "2026/4900000001/1")


def test_stock_by_place_batch_and_type(erp, gateway):
    line = {"Material": "000000000000004711", "Plant": "1000", "MaterialBaseUnit": "EA"}
    gateway.put(
        "A_MatlStkInAcctMod",
        [
            {**line, "StorageLocation": "0001", "Batch": "L1", "InventoryStockType": kind,
             "MatlWrhsStkQtyInMatlBaseUnit": quantity}
            for kind, quantity in (("01", Decimal("7.125")), ("02", Decimal(3)), ("07", Decimal(0)))
        ],
    )  # fmt: skip
    landed = erp.collect({"erp": {"stock"}})["erp/stock"].landed
    assert (landed.records, landed.news, landed.left_out) == (3, 2, 1)
    rows = erp.facts("stock_balance", "item, lot, location, stock_status, quantity")
    assert [(row["stock_status"], row["quantity"]) for row in rows] == [
        ("free", Decimal("7.125")),
        ("inspect", Decimal(3)),
    ]
    assert {(row["item"], row["lot"], row["location"]) for row in rows} == {("4711", "L1", "0001")}


@pytest.mark.parametrize(
    ("decided", "posted", "status"),
    [("", "", "open"), ("X", "", "decided"), ("X", "X", "stock_posted")],
)
def test_an_inspection_lot_is_open_decided_or_posted(erp, gateway, decided, posted, status):
    lot = {
        "InspectionLot": "010000000001",
        "Material": "PUMP-1",
        "Plant": "1000",
        "Batch": "L1",
        "InspectionLotQuantity": Decimal(10),
        "InspLotQtyToFree": Decimal(8),
        "InspLotQtyToBlocked": Decimal(2),
        "InspectionLotHasUsageDecision": decided,
        "InspLotIsStockPostingCompleted": posted,
        "ChangedDateTime": at(3, 9),
    }
    gateway.put("A_InspectionLot", [lot])
    erp.collect({"erp": {"inspection_lots"}})
    columns = "kind, status, lot, quantity_free, quantity_blocked, changed_at"
    assert erp.facts("quality_disposition", columns) == [
        {
            "kind": "usage_decision",
            "status": status,
            "lot": "L1",
            "quantity_free": Decimal(8),
            "quantity_blocked": Decimal(2),
            "changed_at": at(3, 9),
        }
    ]


def test_numbers_stay_as_they_are_where_the_landscape_says_so(gateway, tmp_path, plant_at, secret):
    gateway.put("A_ProductionOrder_2", [order(1000123)])
    server = Server(gateway)
    more = "parameters: {leading_zeros: keep}"
    told = {"key": secret(tmp_path, "pass"), "address": server.address, "more": more}
    with plant_at(tmp_path, COMPANY, {"erp": SOURCE % told}) as plant:
        plant.collect({"erp": {"orders"}})
        (row,) = plant.facts("order_state", "order_no, item")
    server.stop()
    assert row == {"order_no": "000001000123", "item": "000000000000004711"}


def test_what_cannot_be_read_is_a_reject_and_takes_nothing_along(erp, gateway):
    gateway.put("A_ProductionOrder_2", [order(1), order(2, LastChangeDateTime="yesterday")])
    landed = erp.collect({"erp": {"orders"}})["erp/orders"].landed
    assert (landed.held, landed.rejects) == (1, 1)
    (reject,) = erp.rejects()
    assert "yesterday" in reject["reason"]


def test_a_user_without_rights_is_told_so(gateway, tmp_path, plant_at, secret):
    server = Server(gateway)
    told = {"key": secret(tmp_path, "wrong"), "address": server.address, "more": ""}
    with plant_at(tmp_path, COMPANY, {"erp": SOURCE % told}) as plant:
        reports = plant.try_collect()
    server.stop()
    assert {report.outcome for report in reports.values()} == {"denied"}


def test_an_invoice_knows_the_delivery_it_is_of_and_what_it_cancels(erp, gateway):
    head = {"BillingDocumentDate": date(2026, 11, 1), "SoldToParty": "0000300001"}
    line = {
        "BillingDocumentItem": "000010",
        "Material": "000000000000004711",
        "Plant": "1000",
        "BillingQuantityInBaseUnit": Decimal(5),
        "BaseUnit": "EA",
        "ReferenceSDDocument": "0080000001",
        "ReferenceSDDocumentItem": "000010",
        "CreationDate": date(2026, 11, 1),
        "CreationTime": time(0, 5),
    }
    kinds = {"0090000001": "M", "0090000002": "N", "0090000003": "U", "0090000004": "O"}
    gateway.put(
        "A_BillingDocument",
        [
            {
                **head,
                "BillingDocument": number,
                "SDDocumentCategory": kind,
                "CancelledBillingDocument": "0090000001" if kind == "N" else "",
            }
            for number, kind in kinds.items()
        ],
    )
    gateway.put("A_BillingDocumentItem", [{**line, "BillingDocument": number} for number in kinds])
    landed = erp.collect({"erp": {"invoices"}})["erp/invoices"].landed
    assert (landed.records, landed.held, landed.left_out) == (4, 2, 2)
    columns = (
        "source_key, kind, is_reversal, reverses_key, posting_on, recorded_at, order_kind, "
        "order_no, order_line, document_no, item, quantity, unit, partner"
    )
    first, second = erp.facts("business_event", columns)
    assert first == {
        "source_key": "0090000001/000010",
        "kind": "invoiced",
        "is_reversal": False,
        "reverses_key": None,
        "posting_on": date(2026, 11, 1),
        "recorded_at": at(1, 0, 5),
        "order_kind": "delivery",
        "order_no": "80000001",
        "order_line": "000010",
        "document_no": "90000001",
        "item": "4711",
        "quantity": Decimal(-5),
        "unit": "EA",
        "partner": "300001",
    }
    assert (second["is_reversal"], second["reverses_key"]) == (True, "0090000001/000010")
    assert second["quantity"] == 5


FAILED_AT = "parameters: {failed_movement_lists: [{service: ZTOWER_AFFW_CDS, set: ZTOWER_AFFW}]}"
MESSAGE = {"MSGID": "M3", "MSGNO": "897", "MSGV1": "PUMP-1"}


def failed(number, kind, **more):
    return {
        "WEBLNR": f"{number:010}",
        "WEBLPOS": "1",
        "ERSDA": date(2026, 11, 1),
        "BUDAT": date(2026, 10, 31),
        "MATNR": "000000000000004711",
        "WERKS": "2000",
        "LGORT": "FG01",
        "CHARG": "L1",
        "BWART": kind,
        "ERFMG": Decimal("7.5"),
        "ERFME": "EA",
        "AUFNR": "000001000123",
        "XBLNR": "A1B2",
        **MESSAGE,
        **more,
    }


@pytest.fixture
def listing(gateway, tmp_path, plant_at, secret):
    """The same ERP where it lists what failed."""
    server = Server(gateway)
    told = {"key": secret(tmp_path, "pass"), "address": server.address, "more": FAILED_AT}
    with plant_at(tmp_path, COMPANY, {"erp": SOURCE % told}) as plant:
        yield plant
    server.stop()


def test_a_failed_movement_is_an_event_without_effect_and_a_message_that_failed(listing, gateway):
    gateway.put("ZTOWER_AFFW", [failed(1, "101"), failed(2, "261", XBLNR="", CHARG="")])
    listing.collect({"erp": {"failed_movements"}})
    same = {"plant": "2000", "item": "4711", "order_no": "1000123", "source_key": "0000000001/1"}
    receipt = {**same, "lot": "L1", "quantity": Decimal("7.5"), "correlation_id": "a1b2"}
    issue = {**receipt, "source_key": "0000000002/1", "lot": None, "quantity": Decimal("-7.5")}
    issue["correlation_id"] = None
    columns = ", ".join(receipt)
    assert listing.facts("business_event", f"{columns}, kind, state, posting_on, recorded_at") == [
        {
            **fact,
            "kind": kind,
            "state": "failed",
            "posting_on": date(2026, 10, 31),
            "recorded_at": at(1),
        }
        for fact, kind in ((receipt, "fg_receipt"), (issue, "goods_issue"))
    ]
    assert listing.facts("message_hop", f"{columns}, business_kind, status, error_text") == [
        {**fact, "business_kind": kind, "status": "failed", "error_text": "M3 897 PUMP-1"}
        for fact, kind in ((receipt, "fg_receipt"), (issue, "goods_issue"))
    ]


def test_what_failed_for_a_repair_is_an_issue_of_spare_parts(gateway, tmp_path, plant_at, secret):
    gateway.put("ZTOWER_AFFW", [failed(1, "261", AUFNR="004010000012")])
    server = Server(gateway)
    more = FAILED_AT.replace("}]}", "}], maintenance_orders: '4[0-9]{9}'}")
    told = {"key": secret(tmp_path, "pass"), "address": server.address, "more": more}
    with plant_at(tmp_path, COMPANY, {"erp": SOURCE % told}) as plant:
        plant.collect({"erp": {"failed_movements"}})
        (fact,) = plant.facts("business_event", "kind, order_kind, order_no")
        assert tuple(fact.values()) == ("spare_issue", "maintenance", "4010000012")
    server.stop()


def test_what_is_posted_or_deleted_is_gone_with_the_next_pull_even_the_last(listing, gateway):
    entry = failed(1, "101")
    gateway.put("ZTOWER_AFFW", [entry])
    listing.collect()
    gateway.put("ZTOWER_AFFW", [], [entry])
    assert listing.collect()["erp/failed_movements"].landed.deleted == 2  # an event and a message
    assert listing.facts("message_hop", "source_key") == []


def test_where_nobody_lists_what_failed_nobody_is_asked(erp):
    assert "erp/failed_movements" not in erp.collect()


def test_a_material_is_told_in_all_plants_and_in_one(gateway, tmp_path, plant_at, secret):
    changed = at(1, 8)
    flags = {"IsBatchManagementRequired": True, "IsMarkedForDeletion": False}
    product = {
        "ProductType": "ROH", "BaseUnit": "KG", "ProductStandardID": "4006381333931",
        "LastChangeDateTime": changed, **flags,
    }  # fmt: skip
    gateway.put("A_Product", [
        {"Product": "000000000000100001", **product},
        {"Product": "000000000000100002", **product, "IsMarkedForDeletion": True},
    ])  # fmt: skip
    gateway.put("A_ProductPlant", [
        {"Product": "000000000000100001", "Plant": "1000", "ProfileCode": "", **flags},
        {"Product": "000000000000100002", "Plant": "1000", "ProfileCode": "01", **flags},
        {"Product": "000000000000100003", "Plant": "1000", "ProfileCode": "09", **flags},
    ])  # fmt: skip
    server = Server(gateway)
    more = 'parameters: {blocked_materials: "0[123]"}'
    told = {"key": secret(tmp_path, "pass"), "address": server.address, "more": more}
    with plant_at(tmp_path, COMPANY, {"erp": SOURCE % told}) as plant:
        landed = plant.collect()["erp/products"].landed
        assert (landed.held, landed.rejects) == (2, 0)
        columns = "item, plant, is_active, unit, quantity, changed_at, attributes"
        rows = [tuple(row.values()) for row in plant.facts("master_record", columns)]
    server.stop()
    given = {item: [row[1:6] for row in rows if row[0] == item] for item, *_ in rows}
    everywhere = "KG", 1, changed
    assert given == {
        "100001": [("1000", None, None, None, None), (None, True, *everywhere)],
        "100002": [("1000", False, None, None, None), (None, False, *everywhere)],
        "100003": [("1000", None, None, None, None)],
    }
    attributes = [json.loads(row[6]) for row in rows]
    assert {told["lot_controlled"] for told in attributes} == {True}
    assert {told.get("gtin") for told in attributes} == {None, "4006381333931"}


LEDGER = """\
parameters:
  ledger_currency: %s
  ledger_accounts:
    - {account: "0013500000", account_kind: stock}
    - {account: "0019110000", account_kind: gr_ir}
  period_lists: [{service: ZTOWER_PERIODS_CDS, set: ZTOWER_PERIODS}]"""


def entry(document, account, amount, **more):
    return {
        "CompanyCode": "C2",
        "FiscalYear": "2026",
        "AccountingDocument": f"19{document:08}",
        "LedgerGLLineItem": "000001",
        "SourceLedger": "0L",
        "Ledger": "0L",
        "GLAccount": account,
        "Plant": "2000",
        "Material": "000000000000004711",
        "FiscalYearPeriod": "2026010",
        "PostingDate": date(2026, 10, 31),
        "CreationDateTime": at(1, 0, 5),
        "AmountInCompanyCodeCurrency": amount * 2,
        "CompanyCodeCurrency": "USD",
        "AmountInGlobalCurrency": amount,
        "GlobalCurrency": "EUR",
        "Quantity": Decimal("-4"),
        "BaseUnit": "EA",
        "AccountingDocumentType": "WE",
        **more,
    }


@pytest.fixture
def told_in(gateway, tmp_path, plant_at, secret):
    """The same ERP where it tells two accounts, in the currency one asks for."""
    with ExitStack() as stack:
        server = Server(gateway)
        stack.callback(server.stop)

        def start(currency):
            told = {"key": secret(tmp_path, "pass"), "address": server.address}
            source = SOURCE % (told | {"more": LEDGER % currency})
            return stack.enter_context(plant_at(tmp_path, COMPANY, {"erp": source}))

        yield start


def test_an_entry_of_the_ledger_is_signed_and_knows_its_order(told_in, gateway):
    order = {"PurchasingDocument": "0045000017", "PurchasingDocumentItem": "00010"}
    gateway.put(
        "GLAccountLineItem",
        [
            entry(1, "0013500000", Decimal("25.10")),
            entry(2, "0019110000", Decimal("-25.10"), Supplier="0000700001", **order),
            entry(3, "0013500000", Decimal(9), Material="", FiscalYearPeriod="2026000"),
            entry(4, "0040000000", Decimal(1)),  # nobody asked for this account
            entry(5, "0013500000", Decimal(1), Ledger="2L"),  # nor for this ledger
        ],
    )
    erp = told_in("group")
    report = erp.collect()["erp/ledger_entries"]
    assert (report.error, report.landed.held) == (None, 3)
    names = (
        "document_no, account, account_kind, amount, currency, item, quantity, is_opening, "
        "order_no, order_line, partner, posting_on, recorded_at"
    )
    first, second, third = sorted(
        erp.facts("ledger_entry", names), key=lambda row: row["document_no"]
    )
    assert first == {
        "document_no": "1900000001", "account": "13500000", "account_kind": "stock",
        "amount": Decimal("25.10"), "currency": "EUR", "item": "4711", "quantity": Decimal(-4),
        "is_opening": False, "order_no": None, "order_line": None, "partner": None,
        "posting_on": date(2026, 10, 31), "recorded_at": at(1, 0, 5),
    }  # fmt: skip
    assert (second["account_kind"], second["amount"]) == ("gr_ir", Decimal("-25.10"))
    bought = ("45000017", "10", "700001")
    assert (second["order_no"], second["order_line"], second["partner"]) == bought
    assert (third["item"], third["is_opening"]) == (None, True)
    assert erp.collect()["erp/ledger_entries"].landed.held == 0


def test_amounts_are_in_the_currency_of_the_company_unless_said(told_in, gateway):
    gateway.put("GLAccountLineItem", [entry(1, "0013500000", Decimal("25.10"))])
    erp = told_in("company")
    erp.collect()
    assert erp.facts("ledger_entry", "amount, currency") == [
        {"amount": Decimal("50.20"), "currency": "USD"}
    ]


def test_a_period_ends_with_the_day_after_its_last_and_may_be_open(told_in, gateway):
    period = {
        "CompanyCode": "C2",
        "FiscalYearPeriod": "2026010",
        "PeriodStartDate": date(2026, 10, 1),
        "PeriodEndDate": date(2026, 10, 31),
    }
    gateway.put("ZTOWER_PERIODS", [period])
    erp = told_in("group")
    erp.collect()
    names = "company, period, starts_on, ends_on, closed_at, reopened_at"
    told = {
        "company": "C2", "period": "2026010", "starts_on": date(2026, 10, 1),
        "ends_on": date(2026, 11, 1), "closed_at": None, "reopened_at": None,
    }  # fmt: skip
    assert erp.facts("fiscal_period", names) == [told]
    gateway.put("ZTOWER_PERIODS", [period | {"ClosedAt": at(4, 17), "ReopenedAt": at(5, 9)}])
    erp.collect()
    closed = {"closed_at": at(4, 17), "reopened_at": at(5, 9)}
    assert erp.facts("fiscal_period", names) == [told | closed]


def test_where_no_account_is_named_the_ledger_is_not_read(erp):
    assert not {"erp/ledger_entries", "erp/fiscal_periods"} & {*erp.collect()}
