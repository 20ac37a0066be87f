"""Movements of an Odoo: moves, their lines by lot, the documents they belong to, and the stock."""

from collections import defaultdict
from collections.abc import Hashable
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from app.demo.group import Happening, Kind
from app.demo.group.masterdata import FINISHED, TRANSIT
from app.demo.systems.erp import event_id, reference
from app.demo.systems.odoo_erp.master import (
    BETWEEN,
    CUSTOMERS,
    LOSS,
    PRODUCTION,
    REPAIR,
    SCRAP,
    USAGES,
    VENDORS,
    location,
)
from app.demo.systems.odoo_erp.records import Records, bare, text
from app.demo.systems.odoo_erp.service import Record
from app.demo.systems.odoo_erp.trade import Trade

RELOCATED, UPDATED = "Quantity Relocated", "Product Quantity Updated"
_OUTSIDE = {
    Kind.STOCK_OPENED: LOSS,
    Kind.ADJUSTMENT_COUNTED: LOSS,
    Kind.SCRAP_DECLARED: SCRAP,
    Kind.COMPONENT_ISSUED: PRODUCTION,
    Kind.FINISHED_RECEIVED: PRODUCTION,
    Kind.SPARE_ISSUED: REPAIR,
    Kind.PURCHASE_RECEIVED: VENDORS,
    Kind.SPARE_RECEIVED: VENDORS,
    Kind.DELIVERY_SHIPPED: CUSTOMERS,
}
_PICKINGS = {
    Kind.PURCHASE_RECEIVED: ("incoming", "Receipts"),
    Kind.SPARE_RECEIVED: ("incoming", "Receipts"),
    Kind.DELIVERY_CREATED: ("outgoing", "Delivery Orders"),
    Kind.DELIVERY_SHIPPED: ("outgoing", "Delivery Orders"),
    Kind.TRANSFER_SHIPPED: ("internal", "Internal Transfers"),
    Kind.TRANSFER_RECEIVED: ("internal", "Internal Transfers"),
}
_ZERO = Decimal(0)


class _Booked(NamedTuple):
    """A line that is done and the move it belongs to, by their keys."""

    line: int
    move: Hashable


class Movements:
    """What moved, in the units of the products. What is done is corrected, never reversed."""

    def __init__(self, records: Records, trade: Trade) -> None:
        self._records, self._trade = records, trade
        self._booked: dict[int, _Booked] = {}
        self._issued: dict[Hashable, list[_Booked]] = defaultdict(list)

    def post(self, h: Happening, entered: datetime) -> None:
        """Book what a happening moves; what takes back something never booked is ignored."""
        if h.reverses is not None:
            if booked := self._booked.get(h.reverses):
                self._take_off(booked, abs(self._records.amount(h)), entered)
        elif h.kind is Kind.COMPONENT_RETURNED:
            self._give_back(h, entered)
        else:
            source, target = self._ends(h)
            if source != target:
                self._move(h, source, target, entered)

    def scrap(self, h: Happening, entered: datetime) -> None:
        """Book what an operation lost, which never was in stock."""
        if h.reverses is not None:
            self.post(h, entered)
        else:
            self._move(h, PRODUCTION, SCRAP, entered)

    def plan(self, h: Happening, entered: datetime) -> None:
        """Enter a line of a delivery that has not gone yet."""
        records, source = self._records, location(h.plant, FINISHED)
        records.keep(
            "stock.move",
            _key(h, CUSTOMERS),
            entered,
            **self._picking(h, source, CUSTOMERS, entered),
            **self._between(source, CUSTOMERS),
            product_id=records.product(h.item),
            state="assigned",
            quantity=_ZERO,
            product_uom_qty=records.amount(h),
            product_uom=records.unit(h.item),
            **records.company(h.plant),
        )

    # Moves and their lines

    def _ends(self, h: Happening) -> tuple[str, str]:
        """The locations it goes from and to; less found in a count goes out."""
        outside = _OUTSIDE.get(h.kind, "")
        source = self._place(h.from_plant or h.plant, h.from_place, h.from_status) or outside
        target = self._place(h.plant, h.to_place, h.to_status) or outside
        return (source, target) if h.quantity > 0 else (target, source)

    def _place(self, plant: str, place: str, status: str) -> str:
        """A location; plants that are not ours lie beyond one between the plants."""
        if not place:
            return ""
        return location(plant, place, status) if plant in self._records.plants else BETWEEN

    def _move(self, h: Happening, source: str, target: str, entered: datetime) -> None:
        records, quantity = self._records, abs(self._records.amount(h))
        document = self._document(h, source, target, entered)
        what = {
            "product_id": records.product(h.item),
            "state": "done",
            "origin": _origin(h),
            "reference": document["reference"],
            "picking_id": document.get("picking_id", False),
            **self._between(source, target),
            **records.company(self._plant(h)),
        }
        key = _key(h, target) if what["picking_id"] else records.new_key("stock.move")
        old = records.of["stock.move"].get(key, {})
        done = old.get("quantity", _ZERO) + quantity
        move = records.keep(
            "stock.move",
            key,
            entered,
            **document | what,
            quantity=done,
            product_uom_qty=max(old.get("product_uom_qty", _ZERO), done),
            product_uom=records.unit(h.item),
        )
        booked = _Booked(records.new_key("stock.move.line"), key)
        line = records.keep(
            "stock.move.line",
            booked.line,
            entered,
            **what,
            quantity=quantity,
            product_uom_id=records.unit(h.item),
            lot_id=records.lot(h, entered),
            date=text(h.at),
            move_id=[move["id"], f"{bare(h.item)}: {source}>{target}"],
        )
        self._booked[h.no] = booked
        if h.kind is Kind.COMPONENT_ISSUED:
            self._issued[h.order_no, h.item, h.lot, h.from_place].append(booked)
        self._count(line, quantity, entered)

    def _between(self, source: str, target: str) -> Record:
        return {
            "location_id": self._records.location(source),
            "location_dest_id": self._records.location(target),
            "location_usage": USAGES.get(source, "internal"),
            "location_dest_usage": USAGES.get(target, "internal"),
        }

    def _plant(self, h: Happening) -> str:
        """The plant of ours it happens in."""
        return h.plant if h.plant in self._records.plants else h.from_plant

    def _take_off(self, booked: _Booked, quantity: Decimal, entered: datetime) -> Decimal:
        """Correct a line that is done: less was moved, but not less than nothing. How much less."""
        line = self._records.of["stock.move.line"][booked.line]
        move = self._records.of["stock.move"][booked.move]
        less = min(quantity, line["quantity"])
        left = line["quantity"] - less
        self._records.keep("stock.move.line", booked.line, entered, quantity=left)
        left = move["quantity"] - less
        self._records.keep("stock.move", booked.move, entered, quantity=left)
        self._count(line, -less, entered)
        return Decimal(less)

    def _give_back(self, h: Happening, entered: datetime) -> None:
        """Less was used than was booked, of the last lines first. It may wait somewhere now."""
        rest, given = self._records.amount(h), location(h.plant, h.to_place)
        for booked in reversed(self._issued[h.order_no, h.item, h.lot, h.to_place]):
            rest -= self._take_off(booked, rest, entered)
        target = location(h.plant, h.to_place, h.to_status)
        if given != target:
            self._move(h, given, target, entered)

    def _count(self, line: Record, quantity: Decimal, entered: datetime) -> None:
        """Change the stock at both ends of a line; what is outside is not counted."""
        for name, change in (("location_id", -quantity), ("location_dest_id", quantity)):
            if USAGES.get(line[name][1], "transit") != "transit":
                continue
            lot = line["lot_id"]
            key = line[name][0], line["product_id"][0], lot and lot[0]
            held = self._records.of["stock.quant"].get(key, {}).get("quantity", _ZERO)
            self._records.keep(
                "stock.quant",
                key,
                entered,
                product_id=line["product_id"],
                location_id=line[name],
                lot_id=lot,
                quantity=held + change,
                reserved_quantity=_ZERO,
                product_uom_id=line["product_uom_id"],
                company_id=line["company_id"],
            )

    # Documents

    def _document(self, h: Happening, source: str, target: str, entered: datetime) -> Record:
        """Fields of a move that say what it is part of; always its `reference`."""
        match h.kind:
            case Kind.COMPONENT_ISSUED | Kind.FINISHED_RECEIVED:
                return self._production(h, source)
            case Kind.SCRAP_DECLARED | Kind.OPERATION_SCRAPPED:
                return self._scrap_order(h, source, entered)
            case Kind.ADJUSTMENT_COUNTED:
                return {"reference": bare(h.document)}
            case Kind.STOCK_OPENED:
                return {"reference": UPDATED}
            case Kind.SPARE_ISSUED:
                return {"reference": bare(h.order_no)}
        if h.kind in _PICKINGS:
            return self._picking(h, source, target, entered)
        return {"reference": RELOCATED}

    def _production(self, h: Happening, source: str) -> Record:
        said: Record = {"reference": bare(h.order_no)}
        if h.order_no in self._records.of["mrp.production"]:
            field = "production_id" if source == PRODUCTION else "raw_material_production_id"
            said[field] = self._records.link("mrp.production", h.order_no)
        return said

    def _picking(self, h: Happening, source: str, target: str, entered: datetime) -> Record:
        """The transfer of a document, which settles a part of an order."""
        records, plant = self._records, self._plant(h)
        code, label = _PICKINGS[h.kind]
        old = records.of["stock.picking"].get(h.document)
        is_open = h.kind is Kind.DELIVERY_CREATED or h.to_place == TRANSIT
        row = records.keep(
            "stock.picking",
            h.document,
            entered,
            name=bare(h.document),
            state="assigned" if is_open else "done",
            origin=bare(h.order_no) or False,
            picking_type_id=records.picking_type(plant, label),
            picking_type_code=code,
            location_id=old["location_id"] if old else records.location(source),
            location_dest_id=records.location(target),
            partner_id=records.partner(h.partner),
            scheduled_date=text(h.at),
            date_done=False if is_open else text(h.at),
            **records.company(plant),
        )
        if code == "incoming":
            self._trade.received(h, entered)
        elif h.kind is Kind.DELIVERY_SHIPPED:
            self._trade.delivered(h, entered)
        return {"picking_id": [row["id"], row["name"]], "reference": row["name"]}

    def _scrap_order(self, h: Happening, source: str, entered: datetime) -> Record:
        records, number = self._records, self._records.new_key("stock.scrap")
        is_made = h.order_no in records.of["mrp.production"]
        row = records.keep(
            "stock.scrap",
            number,
            entered,
            name=f"SP/{number:05}",
            state="done",
            product_id=records.product(h.item),
            lot_id=records.lot(h, entered),
            scrap_qty=records.amount(h),
            product_uom_id=records.unit(h.item),
            location_id=records.location(source),
            origin=_origin(h),
            production_id=records.link("mrp.production", h.order_no) if is_made else False,
            date_done=text(h.at),
            **records.company(h.plant),
        )
        return {"reference": row["name"], "scrapped": True}


def _key(h: Happening, target: str) -> Hashable:
    """Lots of one line of a document are lines of one move."""
    return h.document, h.position, h.item, target


def _origin(h: Happening) -> str:
    """What the one who did it calls it: the shop floor what it counts, anybody what is moved."""
    return (event_id if h.kind is Kind.OPERATION_SCRAPPED else reference)(h.no)
