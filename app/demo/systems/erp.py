"""The first ERP of the group: what happened as an SAP S/4HANA keeps it once it has heard of it.

Its habits: numbers padded with zeros, fiscal dates of the plant (of the event, or of the entry
where that is hours later), clocks of the server (UTC) and of the plant, a date for the change stamp
of a confirmation, no serial numbers in the books, the dock as part of the finished store. What it
cannot post stands in a list of its own until it is posted again, or somebody deletes it there.
"""

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from app.demo.group import MOVES, Group, Happening, Kind
from app.demo.group.masterdata import BLOCKED, DOCK, FINISHED, INSPECTION, UNRESTRICTED
from app.demo.systems.billing import Billing
from app.demo.systems.inspection import InspectionLots
from app.demo.systems.items import Card, Cards
from app.demo.systems.ledger import Ledger
from app.demo.systems.sap import FAILED
from app.demo.systems.shelf import Shelf

BLOCKED_MATERIAL = "01"  # status of a material nobody may use in a plant
_TOO_LATE = timedelta(hours=6)
EVENTS = uuid.UUID("7c1f0a52-5b0e-4a3c-9d51-0f6f5be0a001")
STOCK_TYPES = {UNRESTRICTED: "01", INSPECTION: "02", BLOCKED: "07"}
REPORTED = {
    Kind.OPERATION_COMPLETED: "ConfirmationYieldQuantity",
    Kind.OPERATION_SCRAPPED: "ConfirmationScrapQuantity",
    Kind.OPERATION_REWORKED: "ConfirmationReworkQuantity",
    Kind.LABOUR_BOOKED: "OpConfirmedWorkQuantity3",
}
# Movement type of a posting and of the one that takes it back.
ONE_SIDED = {
    Kind.STOCK_OPENED: ("561", "562"),
    Kind.COMPONENT_ISSUED: ("261", "262"),
    Kind.COMPONENT_RETURNED: ("262", "261"),
    Kind.FINISHED_RECEIVED: ("101", "102"),
    Kind.PURCHASE_RECEIVED: ("101", "102"),
    Kind.SPARE_RECEIVED: ("101", "102"),
    Kind.SPARE_ISSUED: ("261", "262"),
    Kind.DELIVERY_SHIPPED: ("601", "602"),
    Kind.SCRAP_DECLARED: ("551", "552"),
    Kind.ADJUSTMENT_COUNTED: ("701", "702"),
}
STATUS_TYPES = {
    (INSPECTION, UNRESTRICTED): "321",
    (UNRESTRICTED, INSPECTION): "322",
    (BLOCKED, UNRESTRICTED): "343",
    (UNRESTRICTED, BLOCKED): "344",
    (INSPECTION, BLOCKED): "350",
    (BLOCKED, INSPECTION): "349",
}
WITHIN, BETWEEN, REMOVED, PLACED = "311", "301", "303", "305"  # the last two of one end alone
_MATERIAL_TYPES = {
    "raw": "ROH", "semi": "HALB", "finished": "FERT", "packaging": "VERP", "spare": "ERSA",
}  # fmt: skip
ORDER_KINDS = (
    Kind.ORDER_RELEASED,
    Kind.ORDER_CHANGED,
    Kind.ORDER_CANCELLED,
    Kind.ORDER_COMPLETED,
    Kind.ORDER_CLOSED,
)

Line = tuple[str, str, str, str, str]  # material, plant, storage location, batch, stock type


def event_id(no: int) -> str:
    """The id the shop floor gives what it reports, and every system after it carries along.

    `no` is the number of the happening.
    """
    return str(uuid.uuid5(EVENTS, str(no)))


def reference(no: int) -> str:
    """The same as far as it fits the 16 characters of a material document's reference."""
    return uuid.uuid5(EVENTS, str(no)).hex[:16]


def failure(no: int, item: int = 1) -> str:
    """The key of a failed goods movement: number of its entry, and the item in it."""
    return f"{no:010}/{item}"


def correlation(happening: Happening) -> str:
    """The id by which all systems know what happened; a report taken back keeps its own."""
    if happening.kind in REPORTED:
        return event_id(happening.reverses or happening.no)
    return reference(happening.no)


class Erp:
    """The books of some plants, served as an SAP gateway serves them."""

    def __init__(self, group: Group, service: Shelf, plants: Iterable[str] = ()) -> None:
        """`plants` are all where none are named."""
        self._service, self._group = service, group
        self._plants = {*plants} or {plant.code for plant in group.sites}
        self._zones = {plant.code: ZoneInfo(plant.zone) for plant in group.sites}
        self._lines = {plant.code: plant.lines for plant in group.sites}
        self._cards = {plant: Cards(group) for plant in sorted(self._plants)}
        self._orders: dict[str, dict[str, Any]] = {}
        self._groups: dict[tuple[str, str], str] = {}
        self._counts: Counter[str] = Counter()
        self._confirmed: dict[int, dict[str, Any]] = {}
        self._posted: dict[int, tuple[str, str]] = {}
        self._failed: dict[int, list[dict[str, str]]] = {}
        self._stock: dict[Line, Decimal] = {}
        self._inspections, self._billing = InspectionLots(service), Billing(group, service)
        self._ledger = Ledger(group, service, self._plants)
        self._documents = 0

    def hear(self, happening: Happening, at: datetime | None = None) -> None:
        """Enter something `at` an instant, by default when it happened. Other kinds are ignored."""
        entered = at or happening.at
        if happening.kind is Kind.MASTER_CHANGED:
            self._change(happening, entered)
        elif happening.kind in ORDER_KINDS:
            self._order(happening, entered)
        elif happening.kind in REPORTED:
            self._confirm(happening, entered)
        elif happening.kind in MOVES and happening.quantity:
            self._post(happening, entered)
        elif happening.kind is Kind.CUSTOMER_INVOICED:
            self._billing.hear(happening, entered)
        self._inspections.hear(happening, entered)
        self._ledger.hear(happening, entered)

    def post(self, happening: Happening, at: datetime) -> None:
        """Enter a goods movement at an instant, and leave the stock as it was."""
        self._post(happening, at, is_counted=False)

    def move(self, happening: Happening, at: datetime) -> None:
        """Enter a goods movement at an instant, and lose what its worth posts in the ledger."""
        self._post(happening, at, is_valued=False)

    def fail(self, happening: Happening, at: datetime) -> None:
        """A goods movement arrives and cannot be posted, for somebody holds its material locked."""
        h = happening
        rows = [self._failure(h, item, at, n) for n, item in enumerate(self._items(h), 1)]
        self._failed[h.no] = [{name: row[name] for name in ("WEBLNR", "WEBLPOS")} for row in rows]
        self._service.put(FAILED, rows)

    def delete(self, happening: Happening) -> None:
        """Somebody deletes a failed movement: nobody posts it any more. Others are ignored."""
        self._service.put(FAILED, [], self._failed.pop(happening.no, []))

    def _failure(
        self, h: Happening, item: Mapping[str, Any], entered: datetime, number: int
    ) -> dict[str, Any]:
        entry, position = failure(h.no, number).split("/")
        return {
            "WEBLNR": entry,
            "WEBLPOS": position,
            "ERSDA": entered.date(),
            "BUDAT": self._fiscal_day(h, entered),
            "MATNR": item["Material"],
            "WERKS": item["Plant"],
            "LGORT": item["StorageLocation"],
            "CHARG": item["Batch"],
            "BWART": item["GoodsMovementType"],
            "ERFMG": item["QuantityInEntryUnit"],
            "ERFME": item["EntryUnit"],
            "AUFNR": item["ManufacturingOrder"],
            "XBLNR": reference(h.no).upper(),
            "MSGID": "M3",
            "MSGNO": "897",
            "MSGV1": item["Material"],
        }

    # Materials

    def enter_items(self) -> None:
        """Write the materials of all plants, as they are before something happens."""
        for plant, cards in self._cards.items():
            for card in cards:
                self._keep(card, plant, self._group.starts_at)

    def _change(self, h: Happening, entered: datetime) -> None:
        """Enter what somebody changes of a material in a plant."""
        if h.plant in self._cards and (card := self._cards[h.plant].change(h)):
            self._keep(card, h.plant, entered)

    def _keep(self, card: Card, plant: str, entered: datetime) -> None:
        own = {
            "Product": card.code.zfill(18),
            "IsBatchManagementRequired": card.is_kept_by_lot,
            "IsMarkedForDeletion": False,
        }
        general = {"ProductType": _MATERIAL_TYPES[card.kind], "BaseUnit": card.unit}
        status = "" if card.is_active else BLOCKED_MATERIAL
        self._service.put("A_Product", [{**own, **general, "LastChangeDateTime": entered}])
        self._service.put("A_ProductPlant", [{**own, "Plant": plant, "ProfileCode": status}])

    # Orders

    def _order(self, h: Happening, entered: datetime) -> None:
        row = self._orders.setdefault(
            h.order_no,
            {
                "ManufacturingOrder": h.order_no,
                "ManufacturingOrderType": "YBM1",
                "Material": h.item.zfill(18),
                "ProductionPlant": h.plant,
                "ProductionUnit": h.unit,
                "MfgOrderConfirmedYieldQty": Decimal(0),
                "OrderIsCreated": "X",
            },
        )
        row["LastChangeDateTime"] = f"{entered:%Y%m%d%H%M%S}"
        match h.kind:
            case Kind.ORDER_RELEASED:
                row |= {"TotalQuantity": h.quantity, "OrderIsReleased": "X"}
                row |= {"MfgOrderActualReleaseDate": self._day(h, entered)}
                row |= {"ProductionVersion": h.revision}
            case Kind.ORDER_CHANGED:
                row["TotalQuantity"] = h.quantity
            case Kind.ORDER_CANCELLED:
                row["OrderIsMarkedForDeletion"] = "X"
            case Kind.ORDER_COMPLETED:
                row |= {"OrderIsConfirmed": "X", "OrderIsDelivered": "X"}
            case Kind.ORDER_CLOSED:
                row |= {"OrderIsTechnicallyCompleted": "X", "OrderIsClosed": "X"}
        self._service.put("A_ProductionOrder_2", [row])
        if h.kind in (Kind.ORDER_RELEASED, Kind.ORDER_CHANGED):
            self._service.put("A_ProductionOrderOperation_2", self._operations(h, entered))

    def _operations(self, h: Happening, entered: datetime) -> list[dict[str, Any]]:
        line = next(line for line in self._lines[h.plant] if line.code == h.line)
        return [
            {
                "OrderInternalBillOfOperations": h.order_no[-10:],
                "OrderIntBillOfOperationsItem": f"{number:08}",
                "ManufacturingOrder": h.order_no,
                "ManufacturingOrderSequence": "0",
                "ManufacturingOrderOperation": operation.no,
                "ProductionPlant": h.plant,
                "WorkCenter": line.machines[operation.machine],
                "OperationUnit": h.unit,
                "OpPlannedTotalQuantity": h.quantity,
                "LastChangeDateTime": f"{entered:%Y%m%d%H%M%S}",
            }
            for number, operation in enumerate(self._group.items[h.item].routing, 1)
        ]

    # Confirmations

    def _confirm(self, h: Happening, entered: datetime) -> None:
        group = self._groups.setdefault((h.order_no, h.operation), f"{len(self._groups) + 1:010}")
        self._counts[group] += 1
        ended = h.at.astimezone(self._zones[h.plant])
        measured = h.minutes if h.kind is Kind.LABOUR_BOOKED else h.quantity
        row = {
            "ConfirmationGroup": group,
            "ConfirmationCount": f"{self._counts[group]:08}",
            "OrderID": h.order_no,
            "OrderOperation": h.operation,
            "Material": h.item.zfill(18) if h.item else "",
            "ProductionPlant": h.plant,
            "WorkCenter": h.equipment,
            "ConfirmationUnit": h.unit,
            "ConfirmationYieldQuantity": Decimal(0),
            REPORTED[h.kind]: abs(measured),
            "IsReversed": False,
            "IsReversal": h.reverses is not None,
            "PostingDate": self._fiscal_day(h, entered),
            "ConfirmedExecutionEndDate": ended.date(),
            "ConfirmedExecutionEndTime": ended.time(),
            "ConfirmationEntryDate": entered.date(),
            "ConfirmationEntryTime": entered.time(),
            "EnteredByExternalUser": "MES",
            "ExternalSystemConfirmation": event_id(h.reverses or h.no).upper(),
            "LastChangeDate": entered.date(),
        }
        news = [row]
        if h.reverses is not None and (original := self._confirmed.get(h.reverses)):
            news.append(original | {"IsReversed": True, "LastChangeDate": entered.date()})
        self._confirmed[h.no] = row
        self._service.put("ProdnOrdConf2", news)
        self._progress(h, entered)

    def _progress(self, h: Happening, entered: datetime) -> None:
        """A first confirmation makes a released order a partially confirmed one."""
        order = self._orders.get(h.order_no)
        if order and "OrderIsPartiallyConfirmed" not in order:
            order["OrderIsPartiallyConfirmed"] = "X"
            order["LastChangeDateTime"] = f"{entered:%Y%m%d%H%M%S}"
            self._service.put("A_ProductionOrder_2", [order])

    # Material documents

    def _post(
        self,
        h: Happening,
        entered: datetime,
        *,
        is_counted: bool = True,
        is_valued: bool = True,
    ) -> None:
        items = self._items(h)
        if not items:
            return
        self._documents += 1
        posted_on = self._fiscal_day(h, entered)
        key = {
            "MaterialDocumentYear": str(posted_on.year),
            "MaterialDocument": f"{4900000000 + self._documents}",
        }
        head = {
            **key,
            "PostingDate": posted_on,
            "DocumentDate": self._day(h, h.at),
            "CreationDate": entered.date(),
            "CreationTime": entered.time(),
            "ReferenceDocument": reference(h.no).upper(),
        }
        back = self._posted.get(h.reverses or 0)
        for number, item in enumerate(items, 1):
            item |= {**key, "MaterialDocumentItem": str(number)}
            if back:
                item |= {
                    "ReversedMaterialDocumentYear": back[0],
                    "ReversedMaterialDocument": back[1],
                    "ReversedMaterialDocumentItem": str(number),
                }
            if is_counted:
                self._book(item)
        self.delete(h)  # what is posted again has failed no longer
        self._posted[h.no] = (key["MaterialDocumentYear"], key["MaterialDocument"])
        self._service.put("A_MaterialDocumentHeader", [head])
        self._service.put("A_MaterialDocumentItem", items)
        self._ledger.post(h, items, entered, posted_on, is_told=is_valued)

    def _items(self, h: Happening) -> list[dict[str, Any]]:
        """The lines of a material document: one for what comes or goes, two for what moves."""
        if h.kind in ONE_SIDED:
            kind, back = ONE_SIDED[h.kind]
            comes = bool(h.to_place) == (h.quantity > 0)
            place, status = store(h.to_place or h.from_place), h.to_status or h.from_status
            code = back if h.quantity < 0 else kind
            return [self._item(h, code, h.plant, place, status, comes=comes)]
        source, target = (
            (h.from_plant or h.plant, store(h.from_place)),
            (h.plant, store(h.to_place)),
        )
        if (source, h.from_status) == (target, h.to_status):
            return []  # between places the books do not tell apart
        kind = STATUS_TYPES.get(
            (h.from_status, h.to_status), WITHIN if source[0] == target[0] else BETWEEN
        )
        ends = [(source, h.from_status, h.quantity < 0), (target, h.to_status, h.quantity > 0)]
        items = [self._item(h, kind, *place, status, comes=comes) for place, status, comes in ends]
        for item, other in zip(items, reversed(items), strict=True):
            item["IssuingOrReceivingPlant"] = other["Plant"]
            item["IssuingOrReceivingStorageLoc"] = other["StorageLocation"]
        ours = [item for item in items if item["Plant"] in self._plants]
        if len(ours) == 1:  # the other end is in the books of another ERP
            ours[0]["GoodsMovementType"] = PLACED if ours[0]["DebitCreditCode"] == "S" else REMOVED
        return ours

    def _item(
        self, h: Happening, kind: str, plant: str, place: str, status: str, *, comes: bool
    ) -> dict[str, Any]:
        is_made = h.kind in (Kind.COMPONENT_ISSUED, Kind.COMPONENT_RETURNED, Kind.FINISHED_RECEIVED)
        is_bought = h.kind in (Kind.PURCHASE_RECEIVED, Kind.SPARE_RECEIVED)
        return {
            "Material": h.item.zfill(18),
            "Plant": plant,
            "StorageLocation": place,
            "Batch": h.lot,
            "GoodsMovementType": kind,
            "DebitCreditCode": "S" if comes else "H",
            "InventoryStockType": STOCK_TYPES[status],
            "MaterialBaseUnit": h.unit,
            "QuantityInBaseUnit": abs(h.quantity),
            "EntryUnit": h.unit,
            "QuantityInEntryUnit": abs(h.quantity),
            # a repair is an order as well, by its number
            "ManufacturingOrder": h.order_no if is_made or h.kind is Kind.SPARE_ISSUED else "",
            "PurchaseOrder": h.order_no if is_bought else "",
            "PurchaseOrderItem": h.position if is_bought else "",
            "Supplier": h.partner if is_bought else "",
            "Delivery": h.document if h.kind is Kind.DELIVERY_SHIPPED else "",
            "Customer": h.partner if h.kind is Kind.DELIVERY_SHIPPED else "",
        }

    def _book(self, item: Mapping[str, Any]) -> None:
        """Keep the stock the document leaves."""
        names = ("Material", "Plant", "StorageLocation", "Batch", "InventoryStockType")
        material, plant, place, batch, kind = (str(item[name]) for name in names)
        line: Line = material, plant, place, batch, kind
        sign = 1 if item["DebitCreditCode"] == "S" else -1
        left = self._stock.get(line, Decimal(0)) + sign * item["QuantityInBaseUnit"]
        self._stock[line] = left
        row = dict(zip(names, line, strict=True))
        row |= {"MaterialBaseUnit": item["MaterialBaseUnit"], "MatlWrhsStkQtyInMatlBaseUnit": left}
        self._service.put("A_MatlStkInAcctMod", [row])

    def _fiscal_day(self, h: Happening, entered: datetime) -> date:
        """The day it happened, but of what comes too late the day it is entered."""
        return self._day(h, entered if entered - h.at > _TOO_LATE else h.at)

    def _day(self, h: Happening, moment: datetime) -> date:
        """The date of an instant in the calendar of the plant, which is the one of ours."""
        plant = h.plant if h.plant in self._plants else h.from_plant
        return moment.astimezone(UTC).astimezone(self._zones[plant]).date()


def store(place: str) -> str:
    """The storage location of a place; the books know no dock."""
    return FINISHED if place == DOCK else place
