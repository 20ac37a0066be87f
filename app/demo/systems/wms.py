"""The warehouse system of some plants: what lies where, and what came, went and moved.

Its habits: codes of its own for places and statuses, numbers without zeros, wall time of the plant
without an offset but a UTC change stamp, no serial numbers. It keeps the dock apart, and not the
line side: goods go there and come from there. A pick is no movement to it, the stock moves though.
"""

from collections.abc import Container, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from app.demo.group import MOVES, Group, Happening, Kind
from app.demo.group.masterdata import (
    BLOCKED,
    DOCK,
    FINISHED,
    INSPECTION,
    QUARANTINE,
    RAW,
    SPARES,
    TRANSIT,
    UNRESTRICTED,
    WIP,
)
from app.demo.systems.erp import reference
from app.demo.systems.items import Card, Cards
from app.demo.systems.rest import Listing
from app.demo.systems.shelf import Store

LOCATIONS = {
    RAW: "HALL-R",
    FINISHED: "HALL-F",
    QUARANTINE: "QUAR",
    TRANSIT: "ROAD",
    DOCK: "GATE",
    SPARES: "CRIB",
    WIP: "LINE",
}
STATUSES = {UNRESTRICTED: "A", INSPECTION: "Q", BLOCKED: "H"}
_ROW = ("order_no", "item", "lot", "qty", "uom", "location", "partner", "reference", "plant", "at")
LISTS = (
    Listing(
        "movements",
        ("movement_id",),
        (
            "movement_id", "type", "item", "lot", "qty", "uom", "from_location", "to_location",
            "from_status", "to_status", "order_no", "document_no", "reference", "reason", "plant",
            "at", "reverses", "changed_at",
        ),
    ),
    Listing(
        "shipments",
        ("shipment_id",),
        ("shipment_id", "delivery_no", *_ROW, "reverses", "changed_at"),
    ),
    Listing(
        "receipts",
        ("receipt_id",),
        ("receipt_id", "delivery_no", *_ROW, "reverses", "changed_at"),
    ),
    Listing(
        "balances",
        ("plant", "location", "item", "lot", "status"),
        ("plant", "location", "item", "lot", "status", "qty", "uom", "balance_at"),
    ),
    Listing(
        "items",
        ("plant", "item"),
        ("plant", "item", "name", "uom", "lot_controlled", "active", "changed_at"),
    ),
)  # fmt: skip
UNITS = {"EA": "PCE"}  # of its item master; what moves it counts as everybody does
_RECEIVED = (Kind.PURCHASE_RECEIVED, Kind.SPARE_RECEIVED, Kind.FINISHED_RECEIVED)
_TYPES = {
    Kind.STOCK_OPENED: "adjust",
    Kind.TRANSFER_SHIPPED: "transfer",
    Kind.TRANSFER_RECEIVED: "transfer",
    Kind.STOCK_STATUS_CHANGED: "status_change",
    Kind.ADJUSTMENT_COUNTED: "adjust",
    Kind.SCRAP_DECLARED: "scrap",
    Kind.COMPONENT_ISSUED: "goods_issue",
    Kind.COMPONENT_RETURNED: "goods_issue",
    Kind.SPARE_ISSUED: "goods_issue",
}


class End(NamedTuple):
    """Where goods come from or go to, and in which status; without a place: outside stock."""

    plant: str = ""
    place: str = ""
    status: str = ""


OUTSIDE = End()


class Wms:
    """The warehouse's own book of its plants, served as lists.

    Balances are told for the instant of what was heard last, or that until which time has passed.
    """

    def __init__(
        self,
        group: Group,
        service: Store,
        plants: tuple[str, ...],
        elsewhere: Container[tuple[str, str]] = (),
    ) -> None:
        """`elsewhere`: plants and places of theirs that somebody else keeps."""
        self._service, self._plants, self._elsewhere = service, plants, elsewhere
        self._zones = {plant.code: ZoneInfo(plant.zone) for plant in group.sites}
        self._stock: dict[tuple[str, ...], Decimal] = {}
        self._heard = group.starts_at
        self._cards = {plant: Cards(group) for plant in plants}
        self._starts_at = group.starts_at
        service.stamp("balances", lambda: {"balance_at": _utc(self._heard)})

    def hear(self, happening: Happening, at: datetime | None = None) -> None:
        """Enter something `at` an instant, by default when it happened. What moves nothing of its
        plants is ignored.
        """
        h, entered = happening, at or happening.at
        if h.kind is Kind.MASTER_CHANGED and (card := self._cards[h.plant].change(h)):
            self._keep(card, h.plant, entered)
        if h.kind in MOVES and h.quantity:
            source, target = _ends(h)
            self._book(h, source, target)
            if self._keeps(source) or self._keeps(target):
                self._tell(h, source, target, entered)
        self._heard = max(self._heard, entered)

    def enter_items(self) -> None:
        """Write the items of all plants, as they are before something happens."""
        for plant, cards in self._cards.items():
            for card in cards:
                self._keep(card, plant, self._starts_at)

    def _keep(self, card: Card, plant: str, entered: datetime) -> None:
        row = {
            "plant": plant,
            "item": _bare(card.code),
            "name": card.name,
            "uom": UNITS.get(card.unit, card.unit),
            "lot_controlled": "Y" if card.is_kept_by_lot else "N",
            "active": "Y" if card.is_active else "N",
            "changed_at": _utc(entered),
        }
        self._service.put("items", [row])

    def pass_time(self, until: datetime) -> None:
        """Everything before an instant was heard."""
        self._heard = max(self._heard, until)

    def _keeps(self, end: End) -> bool:
        """Whether what lies there is in its balances."""
        is_ours = end.plant in self._plants and end.place not in ("", WIP)
        return is_ours and (end.plant, end.place) not in self._elsewhere

    # Balances

    def _book(self, h: Happening, source: End, target: End) -> None:
        """Keep what is left at both ends; nothing left is no line."""
        moved = abs(h.quantity) if h.reverses is None else -abs(h.quantity)
        lines, gone = [], []
        for end, quantity in ((source, -moved), (target, moved)):
            if not self._keeps(end):
                continue
            key = end.plant, end.place, h.item, h.lot, end.status
            left = self._stock.pop(key, Decimal(0)) + quantity
            line = {
                "plant": end.plant,
                "location": LOCATIONS[end.place],
                "item": _bare(h.item),
                "lot": h.lot or None,
                "status": STATUSES[end.status],
            }
            if left:
                self._stock[key] = left
                lines.append({**line, "qty": left, "uom": h.unit})
            else:
                gone.append(line)
        self._service.put("balances", lines, gone)

    # What came, went and moved

    def _tell(self, h: Happening, source: End, target: End, entered: datetime) -> None:
        if h.kind in _RECEIVED:
            self._service.put("receipts", [self._line("receipt_id", h, target, entered)])
        elif h.kind is Kind.DELIVERY_SHIPPED:
            # A shipment's order is the delivery: the books know it by that.
            row = self._line("shipment_id", h, source, entered) | {"order_no": _bare(h.document)}
            self._service.put("shipments", [row])
        elif h.kind in _TYPES:
            rows = [
                self._movement(h, one, other, leg, entered)
                for leg, one, other in self._legs(source, target)
            ]
            self._service.put("movements", rows)

    def _line(self, key: str, h: Happening, end: End, entered: datetime) -> dict[str, Any]:
        return {
            **self._what(key, h, end.plant, "", entered),
            "delivery_no": _bare(_papers(h)),
            "location": LOCATIONS[end.place],
            "partner": _bare(h.partner),
        }

    def _legs(self, source: End, target: End) -> Iterator[tuple[str, End, End]]:
        """The movements one is told as: two between plants, each of its own plant."""
        if source.plant == target.plant or not (source.place and target.place):
            yield "", source, target
            return
        for leg, one, other in (("-1", source, OUTSIDE), ("-2", OUTSIDE, target)):
            if self._keeps(one) or self._keeps(other):
                yield leg, one, other

    def _movement(
        self, h: Happening, source: End, target: End, leg: str, entered: datetime
    ) -> dict[str, Any]:
        return {
            **self._what("movement_id", h, source.plant or target.plant, leg, entered),
            "type": _TYPES[h.kind],
            "from_location": LOCATIONS.get(source.place),
            "to_location": LOCATIONS.get(target.place),
            "from_status": STATUSES.get(source.status),
            "to_status": STATUSES.get(target.status),
            "document_no": _bare(h.document),
            "reason": h.reason or None,
        }

    def _what(
        self, key: str, h: Happening, plant: str, leg: str, entered: datetime
    ) -> dict[str, Any]:
        """What a row of any list says; what takes back another names its row."""
        return {
            key: f"W{h.no:08}{leg}",
            "reverses": f"W{h.reverses:08}{leg}" if h.reverses else None,
            "item": _bare(h.item),
            "lot": h.lot or None,
            "qty": abs(h.quantity),
            "uom": h.unit,
            "order_no": _bare(h.order_no),
            "reference": reference(h.no),
            "plant": plant,
            "at": f"{h.at.astimezone(self._zones[plant]):%Y-%m-%dT%H:%M:%S}",
            "changed_at": _utc(entered),
        }


def _papers(h: Happening) -> str:
    """The number on the papers that came with goods: the supplier's own, else the document's."""
    return h.reference if h.kind in (Kind.PURCHASE_RECEIVED, Kind.SPARE_RECEIVED) else h.document


def _ends(h: Happening) -> tuple[End, End]:
    """From where to where it went, or what it takes back did; less found in a count went out."""
    source = End(h.from_plant or h.plant, h.from_place, h.from_status)
    target = End(h.plant, h.to_place, h.to_status)
    went = h.quantity if h.reverses is None else -h.quantity
    return (source, target) if went > 0 else (target, source)


def _bare(number: str) -> str | None:
    """A number without its leading zeros, None for none."""
    return number.lstrip("0") or None


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
