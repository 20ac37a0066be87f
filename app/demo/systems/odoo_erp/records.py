"""Records of an Odoo as they are written, and how they name each other."""

from collections import defaultdict
from collections.abc import Hashable, Iterable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from app.demo.group import Group, Happening
from app.demo.group.masterdata import Item
from app.demo.systems.odoo_erp.service import OdooService, Record

Link = list[Any]  # a many2one: [id, name]
_GRAMS = Decimal(1000)  # in a kilogram


class Records:
    """What an Odoo of some plants has written, by model and a key of ours. Served as it stands."""

    def __init__(self, group: Group, service: OdooService, plants: Iterable[str]) -> None:
        self.group, self._service = group, service
        self.plants = {site.code: site for site in group.sites if site.code in {*plants}}
        self.of: dict[str, dict[Hashable, Record]] = defaultdict(dict)
        self._names: dict[str, dict[str, int]] = defaultdict(dict)

    def keep(self, model: str, key: Hashable, entered: datetime, **values: Any) -> Record:
        """Write a record: a new one, or what is new of the one with this key."""
        rows = self.of[model]
        row = rows.setdefault(key, {"id": len(rows) + 1, "create_date": text(entered)})
        row |= values | {"write_date": text(entered)}
        self._service.put(model, row)
        return row

    def new_key(self, model: str) -> int:
        """A key no other record has: the id it will get."""
        return len(self.of[model]) + 1

    def link(self, model: str, key: Hashable, field: str = "name") -> Link:
        """How a record is named by others."""
        row = self.of[model][key]
        return [row["id"], row[field]]

    def named(self, model: str, name: str) -> Link:
        """The same of a record of which only the name is told."""
        ids = self._names[model]
        return [ids.setdefault(name, len(ids) + 1), name]

    def product(self, code: str) -> Link:
        """A product is named by its code as well."""
        row = self.of["product.product"][code]
        return [row["id"], f"[{row['default_code']}] {row['name']}"]

    def unit(self, code: str) -> Link:
        """The unit a product is counted in."""
        return self.link("uom.uom", unit_of(self.group.items[code]))

    def location(self, name: str) -> Link:
        """A location by its full name."""
        return self.link("stock.location", name, "complete_name")

    def bill(self, code: str, revision: str) -> Link:
        """A bill of material."""
        number = self.of["mrp.bom"][code, revision]["id"]
        return [number, f"{revision}: {self.product(code)[1]}"]

    def lot(self, h: Happening, entered: datetime) -> Link | bool:
        """The lot of a happening, written where it is new; `False` for none."""
        if not h.lot:
            return False
        if (h.item, h.lot) not in self.of["stock.lot"]:
            product = self.product(h.item)
            self.keep("stock.lot", (h.item, h.lot), entered, name=h.lot, product_id=product)
        return self.link("stock.lot", (h.item, h.lot))

    def company(self, plant: str) -> dict[str, Link]:
        """The company of a plant, as a field."""
        return {"company_id": self.named("res.company", self.plants[plant].company)}

    def partner(self, number: str) -> Link | bool:
        """A supplier or customer; `False` for none."""
        return self.named("res.partner", bare(number)) if number else False

    def picking_type(self, plant: str, label: str) -> Link:
        """What is done, and in which warehouse."""
        return self.named("stock.picking.type", f"{self.plants[plant].name}: {label}")

    def amount(self, h: Happening) -> Decimal:
        """The quantity of a happening in the unit of its product; signed as it is."""
        return h.quantity * times(self.group.items[h.item])

    def day(self, h: Happening) -> str:
        """The day it happened in its plant."""
        return str(h.at.astimezone(ZoneInfo(self.plants[h.plant].zone)).date())

    def midnight(self, plant: str, day: date | None) -> str | bool:
        """When a day begins in a plant; `False` for none."""
        zone = ZoneInfo(self.plants[plant].zone)
        return text(datetime.combine(day, time(), zone)) if day else False


def text(moment: datetime) -> str:
    """An instant as Odoo writes it: UTC, to the second, without saying so."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def bare(number: str) -> str:
    """A number without its leading zeros."""
    return number.lstrip("0")


def unit_of(item: Item) -> str:
    """The unit of a product: raw material is weighed in grams."""
    return "G" if item.kind == "raw" and item.unit == "KG" else item.unit


def times(item: Item) -> Decimal:
    """How many of the unit of a product one base unit is."""
    return Decimal(1) if unit_of(item) == item.unit else _GRAMS
