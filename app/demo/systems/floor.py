"""What the shop floor of a plant writes down, whatever it keeps it in.

Its habits: wall time of the plant without an offset; order numbers without zeros; what is counted
wrongly is taken back by an event that names the first.
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from app.demo.group import Group, Happening, Kind
from app.demo.systems.erp import event_id, reference
from app.demo.systems.items import Card, Cards

Row = dict[str, Any]

# The lists a shop floor keeps, and what a row of each may have, its key first. `changed_at` is when
# it was entered, UTC; every other time is the wall time of the plant.
FIELDS = {
    "order": ("order_no", "item", "rev", "qty", "uom", "status", "plant", "changed_at"),
    "completion": (
        "event_id", "order_no", "op", "item", "qty_good", "qty_scrap", "qty_rework", "uom", "lot",
        "equipment", "plant", "started_at", "ended_at", "sent_at", "ack_at", "erp_doc", "reverses",
        "changed_at",
    ),
    "consumption": (
        "event_id", "order_no", "op", "item", "lot", "qty", "uom", "location", "plant", "at",
        "reverses", "changed_at",
    ),
    "labour": (
        "event_id", "order_no", "op", "minutes", "equipment", "plant", "at", "reverses",
        "changed_at",
    ),
    "downtime": (
        "event_id", "equipment", "state", "reason", "planned", "order_no", "maintenance_order",
        "plant", "started_at", "ended_at", "changed_at",
    ),
    "item": (
        "item", "name", "uom", "lot_controlled", "active", "shelf_life_days", "gtin", "plant",
        "changed_at",
    ),
}  # fmt: skip
_COUNTED = {
    Kind.OPERATION_COMPLETED: "qty_good",
    Kind.OPERATION_SCRAPPED: "qty_scrap",
    Kind.OPERATION_REWORKED: "qty_rework",
}
_STATES = {
    Kind.ORDER_RELEASED: "released",
    Kind.OPERATION_STARTED: "in_progress",
    Kind.ORDER_COMPLETED: "done",
    Kind.ORDER_CLOSED: "closed",
    Kind.ORDER_CANCELLED: "cancelled",
}
_USED = (Kind.COMPONENT_ISSUED, Kind.COMPONENT_RETURNED)


class Floor:
    """Turns what happens in one plant into rows; `put` gets the list and the row as it stands.

    Rows have the fields of `FIELDS` that say something, quantities in the base unit. `zone` is the
    clock on the wall.
    """

    def __init__(self, group: Group, plant: str, put: Callable[[str, Row], None]) -> None:
        self._plant, self._put = plant, put
        self._cards, self._starts_at = Cards(group), group.starts_at
        self.zone = next(ZoneInfo(site.zone) for site in group.sites if site.code == plant)
        self._orders: dict[str, Row] = {}
        self._stops: dict[str, Happening] = {}

    def enter_items(self) -> None:
        """Write the items, as they are before something happens."""
        for card in self._cards:
            self._put("item", self._know(card) | {"changed_at": self._starts_at})

    def hear(self, happening: Happening, at: datetime | None = None) -> None:
        """Enter something of this plant `at` an instant; other plants and kinds are ignored."""
        entered = {"changed_at": at or happening.at}
        if happening.plant != self._plant:
            return
        if happening.kind in _STATES or happening.kind is Kind.ORDER_CHANGED:
            if row := self._order(happening):
                self._put("order", row | entered)
        elif happening.kind is Kind.MASTER_CHANGED:
            if card := self._cards.change(happening):
                self._put("item", self._know(card) | entered)
        elif happening.kind in _COUNTED:
            self._put("completion", self._count(happening) | entered)
        elif happening.kind in _USED:
            self._put("consumption", self._use(happening) | entered)
        elif happening.kind is Kind.LABOUR_BOOKED:
            self._put("labour", self._work(happening) | entered)
        elif happening.kind in (Kind.DOWNTIME_STARTED, Kind.DOWNTIME_ENDED):
            self._put("downtime", self._stop(happening) | entered)

    def _know(self, card: Card) -> Row:
        return {
            "item": card.code.lstrip("0"),
            "name": card.name,
            "uom": card.unit,
            "lot_controlled": card.is_kept_by_lot,
            "active": card.is_active,
            "plant": self._plant,
        }

    def _order(self, h: Happening) -> Row | None:
        """The order as it stands now; None where nothing about it is new."""
        number = h.order_no.lstrip("0")
        row = self._orders.setdefault(number, {"order_no": number, "plant": h.plant})
        if h.kind is Kind.OPERATION_STARTED and row.get("status") != "released":
            return None
        row["status"] = _STATES.get(h.kind, row.get("status"))
        if h.kind in (Kind.ORDER_RELEASED, Kind.ORDER_CHANGED):
            row |= {"item": h.item.lstrip("0"), "rev": h.revision, "qty": h.quantity, "uom": h.unit}
        return row

    def _count(self, h: Happening) -> Row:
        return {
            "event_id": event_id(h.no),
            "order_no": h.order_no.lstrip("0"),
            "op": h.operation,
            "item": h.item.lstrip("0"),
            "qty_good": Decimal(0),
            _COUNTED[h.kind]: abs(h.quantity),
            "uom": h.unit,
            "equipment": h.equipment,
            "plant": h.plant,
            "ended_at": self._wall(h.at),
            "reverses": _id_of(h.reverses),
        }

    def _use(self, h: Happening) -> Row:
        """A return is material used the other way round, of no event in particular."""
        sign = 1 if h.kind is Kind.COMPONENT_ISSUED else -1
        return {
            "event_id": reference(h.no),
            "order_no": h.order_no.lstrip("0"),
            "op": h.operation,
            "item": h.item.lstrip("0"),
            "lot": h.lot or None,
            "qty": sign * abs(h.quantity),
            "uom": h.unit,
            "location": h.from_place or h.to_place,
            "plant": h.plant,
            "at": self._wall(h.at),
            "reverses": _id_of(h.reverses, short=True),
        }

    def _work(self, h: Happening) -> Row:
        return {
            "event_id": event_id(h.no),
            "order_no": h.order_no.lstrip("0"),
            "op": h.operation,
            "minutes": abs(h.minutes),
            "equipment": h.equipment,
            "plant": h.plant,
            "at": self._wall(h.at),
            "reverses": _id_of(h.reverses),
        }

    def _stop(self, h: Happening) -> Row:
        begun = self._stops.pop(h.equipment, h) if h.kind is Kind.DOWNTIME_ENDED else h
        if h.kind is Kind.DOWNTIME_STARTED:
            self._stops[h.equipment] = h
        return {
            "event_id": event_id(begun.no),
            "equipment": h.equipment,
            "state": "down",
            "reason": h.reason,
            "plant": h.plant,
            "started_at": self._wall(h.since or h.at),
            "ended_at": self._wall(h.at) if h.kind is Kind.DOWNTIME_ENDED else None,
        }

    def _wall(self, moment: datetime) -> datetime:
        """The wall clock of the plant."""
        return moment.astimezone(self.zone).replace(tzinfo=None)


def _id_of(number: int | None, *, short: bool = False) -> str | None:
    """The event id of a happening by its number."""
    if number is None:
        return None
    return (reference if short else event_id)(number)
