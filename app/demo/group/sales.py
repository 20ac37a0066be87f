"""Sales: customers order, deliveries are picked, lorries leave, invoices follow in the night."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from random import Random

from app.demo.group.happenings import ZERO, Happening, Kind
from app.demo.group.masterdata import DOCK, FINISHED, UNRESTRICTED, Item
from app.demo.group.world import HOUR, MINUTE, Process, Site, multiple

_BETWEEN_ORDERS, _BETWEEN_WEB_ORDERS = 100 * MINUTE, 10 * HOUR  # worked; any time; at scale 1
_LORRIES = 4 * HOUR  # of working time between two lorries
_BILLING = time(1)
_MARGIN = 140  # percent of cost
_TOO_MUCH = 0.08  # orders for more than there is; delivered short


@dataclass(frozen=True, slots=True)
class Asked:
    """A line of a sales order."""

    item: Item
    customer: str
    order_no: str
    position: str
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Picked:
    """What of a line lies at the dock: a lot, or a piece with its serial."""

    line: Asked
    key: str
    quantity: Decimal


class Sales:
    """The sales of a plant and its dock."""

    def __init__(self, site: Site) -> None:
        self.site, group = site, site.world.group
        self._items = [
            item
            for item in group.items.values()
            if item.kind == "finished" and site.code in item.makers
        ]
        self._rng = group.chance(f"delivery/{site.code}")
        self._to_bill: list[tuple[str, Asked, Decimal]] = []

    def processes(self) -> Iterator[Process]:
        """Everything that goes on for ever."""
        chance = self.site.world.group.chance
        yield self._desk(chance(f"sales/{self.site.code}"))
        yield self._web(chance(f"web/{self.site.code}"))
        yield self._bill()

    def _desk(self, rng: Random) -> Process:
        between = float(_BETWEEN_ORDERS / self.site.world.group.scale)
        while True:
            yield self.site.work(rng.expovariate(1 / between))
            self._order(rng, self.site.someone(rng))

    def _web(self, rng: Random) -> Process:
        between = float(_BETWEEN_WEB_ORDERS / self.site.world.group.scale)
        while True:
            yield self.site.world.pause(rng.expovariate(1 / between))
            self._order(rng, "customer")

    def _order(self, rng: Random, actor: str) -> None:
        """Customers buy more of what there is more of."""
        site = self.site
        customer, order_no = rng.choice(site.world.group.customers), site.number("sales", "7")
        due = site.due_in(rng.randint(1, 5))
        lines: list[Asked] = []
        for item in rng.sample(self._items, min(len(self._items), rng.randint(1, 5))):
            quantity = self._quantity(item, rng)
            if quantity:
                position = f"{(len(lines) + 1) * 10:06d}"
                lines.append(Asked(item, customer, order_no, position, quantity))
        for line in lines:
            self._tell(Kind.SALES_ORDERED, line, line.quantity, order_no, actor, due=due)
        if lines:
            site.world.env.process(self._deliver(lines, self._rng))

    def _quantity(self, item: Item, rng: Random) -> Decimal:
        held = self.site.on_hand(FINISHED, item.code)
        if rng.random() < _TOO_MUCH:
            return held + item.batch
        share = held * rng.randint(10, 45) / 100
        return min(multiple(share, item.step, up=True), item.batch * 5)

    def _deliver(self, lines: list[Asked], rng: Random) -> Process:
        site = self.site
        yield site.work(rng.randint(20 * MINUTE, 12 * HOUR))
        delivery, carrier = site.number("delivery", "8"), rng.choice(site.world.group.carriers)
        for line in lines:
            self._tell(Kind.DELIVERY_CREATED, line, line.quantity, delivery, "delivery run")
        yield site.work(rng.randint(10, 240) * MINUTE)
        picked, actor = [], site.someone(rng)
        for line in lines:
            picked += self._pick(line, delivery, actor)
            yield site.work(rng.randint(60, 500))
        worked = site.calendar.worked(site.world.now)
        yield site.work(_LORRIES - worked % _LORRIES + rng.randint(0, 300))
        for part in picked:
            self._move(Kind.DELIVERY_SHIPPED, part, delivery, actor, carrier)
        for line in lines:
            total = sum((part.quantity for part in picked if part.line is line), ZERO)
            if total:
                self._to_bill.append((delivery, line, total))

    def _pick(self, line: Asked, delivery: str, actor: str) -> list[Picked]:
        """What there is of a line, oldest lots first; the rest is never delivered."""
        stock, site = self.site.world.stock, self.site
        quantity = min(line.quantity, site.on_hand(FINISHED, line.item.code))
        if not quantity:
            return []
        parts = [
            Picked(line, balance.lot, balance.quantity)
            for balance in stock.pick(site.code, FINISHED, line.item.code, quantity)
        ]
        for part in parts:
            self._move(Kind.DELIVERY_PICKED, part, delivery, actor, "")
        return parts

    def _bill(self) -> Process:
        """The billing run invoices every night what was shipped since the last."""
        site, env = self.site, self.site.world.env
        while True:
            yield env.timeout(site.calendar.next_local(env.now, _BILLING) - site.world.now)
            due, self._to_bill = self._to_bill, []
            invoices: dict[str, str] = {}
            for delivery, line, quantity in due:
                if delivery not in invoices:
                    invoices[delivery] = site.number("invoice", "9")
                    yield site.world.pause(1)
                self._tell(
                    Kind.CUSTOMER_INVOICED,
                    line,
                    quantity,
                    invoices[delivery],
                    "billing run",
                    reference=delivery,
                )

    def _tell(
        self,
        kind: Kind,
        line: Asked,
        quantity: Decimal,
        document: str,
        actor: str,
        *,
        reference: str = "",
        due: date | None = None,
    ) -> None:
        site, item = self.site, line.item
        is_priced = kind is not Kind.DELIVERY_CREATED
        site.world.tell(
            Happening(
                *site.world.stamp(),
                site.code,
                kind,
                item=item.code,
                quantity=quantity,
                unit=item.unit,
                order_no=line.order_no,
                partner=line.customer,
                document=document,
                position=line.position,
                reference=reference or line.order_no,
                due=due,
                amount=site.price(item, quantity, _MARGIN) if is_priced else None,
                currency=site.plant.currency if is_priced else "",
                actor=actor,
            )
        )

    def _move(self, kind: Kind, part: Picked, delivery: str, actor: str, carrier: str) -> None:
        site, item = self.site, part.line.item
        is_pick = kind is Kind.DELIVERY_PICKED
        site.world.tell(
            Happening(
                *site.world.stamp(),
                site.code,
                kind,
                item=item.code,
                lot=item.lot(part.key),
                serial=item.serial(part.key),
                quantity=part.quantity,
                unit=item.unit,
                from_place=FINISHED if is_pick else DOCK,
                to_place=DOCK if is_pick else "",
                from_status=UNRESTRICTED,
                to_status=UNRESTRICTED if is_pick else "",
                order_no=part.line.order_no,
                partner=part.line.customer,
                carrier=carrier,
                document=delivery,
                position=part.line.position,
                reference=part.line.order_no,
                actor=actor,
            )
        )
