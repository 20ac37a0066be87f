"""The second ERP of the group: what happened in some plants as an Odoo keeps it.

Its habits: raw material weighed in grams; what waits for inspection or is blocked lies in a
location of its own, so that a change of status is a relocation; nothing is reversed, the line that
was booked is corrected instead, and so it is for material that comes back from production; yields
are told by order and not one by one, rework not at all; no serial numbers; the dock as part of the
finished store. Orders and documents have the numbers everybody uses, without zeros.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from importlib import resources

from app.demo.folder import filled
from app.demo.group import MOVES, Group, Happening, Kind
from app.demo.group.masterdata import FINISHED, RAW
from app.demo.systems.odoo_erp.master import BETWEEN, location, locations, set_up
from app.demo.systems.odoo_erp.movements import Movements
from app.demo.systems.odoo_erp.records import Records, bare, text
from app.demo.systems.odoo_erp.service import OdooService, Record
from app.demo.systems.odoo_erp.trade import Trade

__all__ = ["TRANSIT", "Odoo", "OdooService", "places", "source"]

TRANSIT = "TRANSIT"  # what a landscape calls the location between plants
_STATES = {
    Kind.ORDER_RELEASED: "confirmed",
    Kind.ORDER_CHANGED: None,
    Kind.ORDER_CANCELLED: "cancel",
    Kind.ORDER_COMPLETED: "to_close",
    Kind.ORDER_CLOSED: "done",
}
_REPORTS = (Kind.OPERATION_COMPLETED, Kind.OPERATION_SCRAPPED, Kind.LABOUR_BOOKED)
_SERVICE = "service"  # the reason of maintenance that was planned


class Odoo:
    """The books of some plants, served as an Odoo serves them."""

    def __init__(self, group: Group, service: OdooService, plants: Iterable[str]) -> None:
        self._records = Records(group, service, plants)
        self._trade = Trade(self._records)
        self._movements = Movements(self._records, self._trade)
        set_up(self._records, group.starts_at)

    def hear(self, happening: Happening, at: datetime | None = None) -> None:
        """Enter something `at` an instant, by default when it happened. Other plants and kinds are
        ignored, and so is what follows something nobody told it of.
        """
        h, entered = happening, at or happening.at
        if not {h.plant, h.from_plant} & {*self._records.plants}:
            return
        if h.kind in MOVES and h.quantity:
            self._movements.post(h, entered)
        elif h.kind in _STATES:
            self._order(h, entered)
        elif h.kind in _REPORTS and h.order_no in self._records.of["mrp.production"]:
            self._report(h, entered)
        match h.kind:
            case Kind.DELIVERY_CREATED:
                self._movements.plan(h, entered)
            case Kind.PURCHASE_ORDERED:
                self._trade.buy(h, entered)
            case Kind.SALES_ORDERED:
                self._trade.sell(h, entered)
            case Kind.MAINTENANCE_OPENED:
                self._request(h, entered)
            case Kind.MAINTENANCE_COMPLETED if (
                h.order_no in self._records.of["maintenance.request"]
            ):
                self._repaired(h, entered)

    # Production

    def _order(self, h: Happening, entered: datetime) -> None:
        records, state = self._records, _STATES[h.kind]
        if h.kind is Kind.ORDER_RELEASED:
            self._release(h, entered)
        elif h.order_no not in records.of["mrp.production"]:
            return
        news: Record = {"state": state} if state else {}
        if h.kind in (Kind.ORDER_RELEASED, Kind.ORDER_CHANGED):
            news["product_qty"] = records.amount(h)
            news["date_finished"] = records.midnight(h.plant, h.due)
        elif h.kind in (Kind.ORDER_COMPLETED, Kind.ORDER_CLOSED):
            news["date_finished"] = text(h.at)
        order = records.keep("mrp.production", h.order_no, entered, **news)
        work = {"state": {"to_close": "done"}.get(order["state"], order["state"])}
        for operation in records.group.items[h.item].routing:
            key = h.order_no, operation.no
            told = work if work["state"] in ("done", "cancel") else {}
            records.keep("mrp.workorder", key, entered, qty_production=order["product_qty"], **told)

    def _release(self, h: Happening, entered: datetime) -> None:
        """A new order and its operations."""
        records, name = self._records, bare(h.order_no)
        item = records.group.items[h.item]
        store = location(h.plant, FINISHED if item.kind == "finished" else RAW)
        line = next(line for line in records.plants[h.plant].lines if line.code == h.line)
        made = {"qty_produced": Decimal(0), "product_uom_id": records.unit(h.item)}
        records.keep(
            "mrp.production",
            h.order_no,
            entered,
            name=name,
            origin=h.order_no,
            product_id=records.product(h.item),
            procurement_group_id=records.named("procurement.group", name),
            picking_type_id=records.picking_type(h.plant, "Manufacturing"),
            location_dest_id=records.location(store),
            bom_id=records.bill(h.item, h.revision),
            date_start=text(h.at),
            backorder_sequence=0,
            **made,
            **records.company(h.plant),
        )
        for operation in item.routing:
            minutes = operation.setup_minutes + operation.minutes_per_unit * h.quantity
            records.keep(
                "mrp.workorder",
                (h.order_no, operation.no),
                entered,
                name=operation.no,
                production_id=records.link("mrp.production", h.order_no),
                workcenter_id=records.named("mrp.workcenter", line.machines[operation.machine]),
                state="ready",
                duration=Decimal(0),
                duration_expected=minutes,
                **made,
            )

    def _report(self, h: Happening, entered: datetime) -> None:
        """What an operation reports; the yield of the last one is that of the order."""
        records, key = self._records, (h.order_no, h.operation)
        order, work = records.of["mrp.production"][h.order_no], records.of["mrp.workorder"][key]
        if order["state"] == "confirmed":
            news = {"state": "progress", "date_start": text(h.at)}
            records.keep("mrp.production", h.order_no, entered, **news)
        told: Record = {"state": "progress"} if work["state"] == "ready" else {}
        match h.kind:
            case Kind.OPERATION_COMPLETED:
                told["qty_produced"] = work["qty_produced"] + records.amount(h)
            case Kind.LABOUR_BOOKED:
                told["duration"] = work["duration"] + h.minutes
            case Kind.OPERATION_SCRAPPED:
                self._movements.scrap(h, entered)
        records.keep("mrp.workorder", key, entered, **told)
        if "qty_produced" in told and h.operation == records.group.items[h.item].routing[-1].no:
            made = told["qty_produced"]
            records.keep("mrp.production", h.order_no, entered, qty_produced=made)

    # Maintenance

    def _request(self, h: Happening, entered: datetime) -> None:
        """A request has no number but its id, so it is called after the work order."""
        self._records.keep(
            "maintenance.request",
            h.order_no,
            entered,
            name=bare(h.order_no),
            equipment_id=self._records.link("maintenance.equipment", h.equipment),
            stage_id=self._records.named("maintenance.stage", "In Progress"),
            maintenance_type="preventive" if h.reason == _SERVICE else "corrective",
            request_date=self._records.day(h),
            schedule_date=text(h.at),
            kanban_state="normal",
            **self._records.company(h.plant),
        )

    def _repaired(self, h: Happening, entered: datetime) -> None:
        stage, day = self._records.named("maintenance.stage", "Repaired"), self._records.day(h)
        news = {"stage_id": stage, "close_date": day}
        self._records.keep("maintenance.request", h.order_no, entered, **news)


def source(address: str, password: str, plants: Iterable[str]) -> str:
    """The text of a landscape's file that reads it.

    `password` is a reference to the secret, such as `file:../odoo.key`.
    """
    block = resources.files(__package__).joinpath("odoo_erp/source.yml").read_text("utf-8")
    codes = "[" + ", ".join(f'"{code}"' for code in plants) + "]"
    return filled(block, {"address": address, "password": password, "plants": codes})


def places(plants: Iterable[str]) -> dict[str, str]:
    """What a landscape calls the locations of some plants."""
    found = {BETWEEN: TRANSIT}
    for code in plants:
        found |= locations(code)
    return found
