"""Master data of an Odoo: units, locations, warehouses, products and bills of material."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from app.demo.group.masterdata import (
    BLOCKED,
    DOCK,
    FINISHED,
    INSPECTION,
    PLACES,
    RAW,
    UNRESTRICTED,
    Item,
    Plant,
)
from app.demo.systems.odoo_erp.records import Records, bare, times

VENDORS, CUSTOMERS = "Partners/Vendors", "Partners/Customers"
PRODUCTION, SCRAP = "Virtual Locations/Production", "Virtual Locations/Scrap"
REPAIR = "Virtual Locations/Maintenance"
LOSS = "Virtual Locations/Inventory adjustment"
BETWEEN = "Physical Locations/Inter-warehouse transit"
USAGES = {
    VENDORS: "supplier",
    CUSTOMERS: "customer",
    PRODUCTION: "production",
    REPAIR: "production",
    SCRAP: "inventory",
    LOSS: "inventory",
    BETWEEN: "transit",
}
_WAITS = {UNRESTRICTED: "", INSPECTION: "/Quality Control", BLOCKED: "/Blocked"}
# Name, category, how it stands to the reference unit of its category, and how much of that it is.
_UNITS = (
    ("EA", "Unit", "reference", Decimal(1)),
    ("KG", "Weight", "reference", Decimal(1)),
    ("G", "Weight", "smaller", Decimal("0.001")),
    ("L", "Volume", "reference", Decimal(1)),
    ("M", "Length", "reference", Decimal(1)),
)


def location(plant: str, place: str, status: str = UNRESTRICTED) -> str:
    """Where goods of a status lie; the books know no dock."""
    return f"{plant}/{FINISHED if place == DOCK else place}{_WAITS[status]}"


def locations(plant: str) -> dict[str, str]:
    """All locations of a plant, and the place each is in."""
    places = (place for place in PLACES if place != DOCK)
    return {location(plant, place, status): place for place in places for status in _WAITS}


def set_up(records: Records, at: datetime) -> None:
    """Write everything that is there before something happens."""
    items = records.group.items.values()
    for name, category, kind, factor in _UNITS:
        records.keep(
            "uom.uom",
            name,
            at,
            name=name,
            category_id=records.named("uom.category", category),
            factor=1 / factor,
            factor_inv=factor,
            uom_type=kind,
            rounding=Decimal("0.001"),
            active=True,
        )
    for name, usage in USAGES.items():
        _place(records, at, name, usage)
    for item in items:
        _product(records, at, item)
    for item in items:
        if {*item.makers} & {*records.plants}:
            _bills(records, at, item)
    for site in records.plants.values():
        _warehouse(records, at, site)


def _place(records: Records, at: datetime, name: str, usage: str, **more: Any) -> None:
    more |= {"usage": usage, "scrap_location": name == SCRAP, "active": True}
    records.keep("stock.location", name, at, complete_name=name, **more)


def _warehouse(records: Records, at: datetime, site: Plant) -> None:
    """The warehouse of a plant with its locations, and the machines of the plant."""
    company, number = records.company(site.code), records.new_key("stock.warehouse")
    for name in locations(site.code):
        _place(records, at, name, "internal", warehouse_id=[number, site.name], **company)
    records.keep(
        "stock.warehouse",
        site.code,
        at,
        name=site.name,
        code=site.code,
        lot_stock_id=records.location(location(site.code, RAW)),
        active=True,
        **company,
    )
    for machine in (code for line in site.lines for code in line.machines):
        records.keep("maintenance.equipment", machine, at, name=machine, active=True)


def _product(records: Records, at: datetime, item: Item) -> None:
    records.keep(
        "product.product",
        item.code,
        at,
        default_code=bare(item.code),
        name=item.name,
        uom_id=records.unit(item.code),
        tracking="lot" if item.tracking == "lot" else "none",
        type="product",
        categ_id=records.named("product.category", item.kind.capitalize()),
        standard_price=Decimal(0),  # nobody set one: stock is not valued here
        active=True,
    )


def _bills(records: Records, at: datetime, item: Item) -> None:
    """A bill of one base unit for each revision."""
    for bill in item.boms:
        records.keep(
            "mrp.bom",
            (item.code, bill.revision),
            at,
            code=bill.revision,
            product_tmpl_id=records.product(item.code),
            product_qty=times(item),
            product_uom_id=records.unit(item.code),
            type="normal",
            consumption="flexible",
            active=True,
        )
        for line in bill.lines:
            records.keep(
                "mrp.bom.line",
                (item.code, bill.revision, line.item),
                at,
                bom_id=records.bill(item.code, bill.revision),
                product_id=records.product(line.item),
                product_qty=line.per_unit * times(records.group.items[line.item]),
                product_uom_id=records.unit(line.item),
            )
