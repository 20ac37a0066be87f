"""Purchasing: what gets scarce is ordered, announced, received and invoiced."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time
from decimal import Decimal
from itertools import groupby
from random import Random

from app.demo.group.happenings import ZERO, Happening, Kind
from app.demo.group.masterdata import (
    INSPECTION,
    QUARANTINE,
    RAW,
    SPARES,
    UNRESTRICTED,
    WIP,
    Item,
)
from app.demo.group.quality import Quality
from app.demo.group.world import DAY, HOUR, Process, Site, multiple

_RUN_AT = time(4, 30)  # the planning run, every night
_REORDER, _LOT = 7, 3  # days of usage
_SPARES_LOW, _SPARES_LOT = 4, 8
_SHORT, _PARTS, _TWO_LOTS = 0.04, 0.2, 0.15


@dataclass(frozen=True, slots=True)
class Wanted:
    """A line of a purchase order."""

    item: Item
    supplier: str
    order_no: str
    position: str
    quantity: Decimal


class Purchasing:
    """The purchasing department of a plant, and its goods receipt."""

    def __init__(self, site: Site, quality: Quality) -> None:
        self.site, self.quality = site, quality
        group = site.world.group
        used = [group.items[code] for code in site.usage]
        bought = [item for item in used if not item.makers]
        spares = [item for item in group.items.values() if item.kind == "spare"]
        self._items = sorted([*bought, *spares], key=group.supplier_of)
        self._coming: dict[str, Decimal] = {}
        self._rng = group.chance(f"purchase/{site.code}")

    def processes(self) -> Iterator[Process]:
        """Everything that goes on for ever."""
        yield self._plan()

    def _plan(self) -> Process:
        """Every night: one order for each supplier that has something we need."""
        site, env = self.site, self.site.world.env
        while True:
            yield env.timeout(site.calendar.next_local(env.now, _RUN_AT) - site.world.now)
            needed = [(item, self._needed(item)) for item in self._items]
            due = [(item, quantity) for item, quantity in needed if quantity]
            for supplier, lines in groupby(due, key=lambda x: site.world.group.supplier_of(x[0])):
                self._order(supplier, list(lines))
                yield site.world.pause(2)

    def _needed(self, item: Item) -> Decimal:
        coming = self._coming.get(item.code, ZERO)
        if item.kind == "spare":
            held = self.site.on_hand(SPARES, item.code) + coming
            return Decimal(_SPARES_LOT) if held < _SPARES_LOW else ZERO
        held = self.site.on_hand(RAW, item.code) + self.site.on_hand(WIP, item.code)
        lot = multiple(self.site.usage[item.code] * _LOT, item.pack, up=True)
        lacking = self.site.cover(item, _REORDER) - held - coming
        return multiple(max(ZERO, lacking), lot, up=True)

    def _order(self, supplier: str, lines: list[tuple[Item, Decimal]]) -> None:
        order_no = self.site.number("purchase", "45")
        for count, (item, quantity) in enumerate(lines, 1):
            line = Wanted(item, supplier, order_no, f"{count * 10:05d}", quantity)
            self._coming[item.code] = self._coming.get(item.code, ZERO) + quantity
            self._tell(Kind.PURCHASE_ORDERED, line, quantity, actor="planning run", priced=True)
            self.site.world.env.process(self._supply(line, self._rng))

    def _supply(self, line: Wanted, rng: Random) -> Process:
        """The supplier sends it all, or in two parts, or now and then less than ordered."""
        world = self.site.world
        total = line.quantity
        if rng.random() < _SHORT:
            total = multiple(total * rng.randint(80, 98) / 100, line.item.step) or line.item.step
        parts = [total]
        if rng.random() < _PARTS:
            first = multiple(total * rng.randint(3, 7) / 10, line.item.step)
            parts = [part for part in (first, total - first) if part]
        yield world.pause(rng.randint(10 * HOUR, 2 * DAY))
        for part in parts:
            asn = self.site.number("asn", "A")
            self._tell(Kind.ASN_SENT, line, part, document=asn, actor="supplier")
            yield world.pause(rng.randint(6 * HOUR, 30 * HOUR))
            yield self.site.work(rng.randint(1, 90) * 60)
            self._receive(line, part, asn, rng)
            world.env.process(self._invoice(line, part, rng))
        self._coming[line.item.code] -= line.quantity

    def _receive(self, line: Wanted, quantity: Decimal, asn: str, rng: Random) -> None:
        item, site = line.item, self.site
        place, status, kind = RAW, UNRESTRICTED, Kind.PURCHASE_RECEIVED
        if item.kind == "spare":
            place, kind = SPARES, Kind.SPARE_RECEIVED
        elif item.inspected:
            place, status = QUARANTINE, INSPECTION
        parts = [quantity]
        if item.tracking == "lot" and rng.random() < _TWO_LOTS:
            first = multiple(quantity / 2, item.step)
            parts = [part for part in (first, quantity - first) if part]
        actor, receipt = site.someone(rng), site.number("receipt", "5")
        for part in parts:
            told = self._tell(
                kind,
                line,
                part,
                document=receipt,
                asn=asn,
                lot=site.number("lot", "B") if item.tracking == "lot" else "",
                place=place,
                status=status,
                actor=actor,
                priced=True,
            )
            self.quality.inspect([told])

    def _invoice(self, line: Wanted, quantity: Decimal, rng: Random) -> Process:
        """What was received is invoiced days later."""
        yield self.site.world.pause(rng.randint(DAY, 6 * DAY) // 2)
        number = self.site.number("supplier invoice", "51")
        self._tell(
            Kind.SUPPLIER_INVOICED, line, quantity, document=number, actor="supplier", priced=True
        )

    def _tell(
        self,
        kind: Kind,
        line: Wanted,
        quantity: Decimal,
        *,
        actor: str,
        document: str = "",
        asn: str = "",
        lot: str = "",
        place: str = "",
        status: str = "",
        priced: bool = False,
    ) -> Happening:
        site, item = self.site, line.item
        return site.world.tell(
            Happening(
                *site.world.stamp(),
                site.code,
                kind,
                item=item.code,
                lot=lot,
                quantity=quantity,
                unit=item.unit,
                to_place=place,
                to_status=status,
                partner=line.supplier,
                document=document or line.order_no,
                position=line.position,
                reference=asn or line.order_no,
                order_no=line.order_no,
                amount=site.price(item, quantity) if priced else None,
                currency=site.plant.currency if priced else "",
                actor=actor,
            )
        )
