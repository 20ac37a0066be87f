"""A production order alive: what it takes out of stock and gives back, each posting by itself."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from app.demo.group.happenings import ZERO, Happening, Kind
from app.demo.group.masterdata import (
    BLOCKED,
    FINISHED,
    INSPECTION,
    RAW,
    UNRESTRICTED,
    WIP,
    Bom,
    BomLine,
    Item,
    Line,
    Operation,
)
from app.demo.group.world import Site, multiple

# What is left of a picked component goes back to the store if it is more than this share.
RETURN_ABOVE = Decimal("0.02")


@dataclass(slots=True)
class Order:
    """A production order. Quantities in base unit of `item`."""

    no: str
    site: Site
    line: Line
    item: Item
    bom: Bom
    planned: Decimal
    due: date
    status: str = "released"  # then started and completed, or cancelled
    received: Decimal = ZERO
    is_short: bool = False
    picked: dict[str, list[Happening]] = field(default_factory=dict)  # by component
    done: dict[str, Decimal] = field(default_factory=dict)  # yield and scrap by operation
    lot: str = ""

    @property
    def store(self) -> str:
        """Where its product goes."""
        return FINISHED if self.item.kind == "finished" else RAW

    def backflushed(self, operation: str) -> list[BomLine]:
        """What a reporting point consumes."""
        return [x for x in self.bom.lines if x.backflush and x.operation == operation]


@dataclass(slots=True)
class Run:
    """An operation of an order being worked on, with the minutes nobody has booked yet."""

    order: Order
    operation: Operation
    machine: str
    minutes: Decimal = ZERO
    last: Happening | None = None  # the labour booked last


def tell(order: Order, kind: Kind, quantity: Decimal, actor: str, reason: str = "") -> Happening:
    """Something about the order as a whole."""
    world = order.site.world
    return world.tell(
        Happening(
            *world.stamp(),
            order.site.code,
            kind,
            item=order.item.code,
            lot=order.lot,
            quantity=quantity,
            unit=order.item.unit,
            order_no=order.no,
            line=order.line.code,
            revision=order.bom.revision,
            due=order.due,
            reason=reason,
            actor=actor,
        )
    )


def report(run: Run, kind: Kind, quantity: Decimal, actor: str, reason: str = "") -> Happening:
    """Something about an operation of the order."""
    order, world = run.order, run.order.site.world
    return world.tell(
        Happening(
            *world.stamp(),
            order.site.code,
            kind,
            item=order.item.code,
            quantity=quantity,
            unit=order.item.unit,
            order_no=order.no,
            operation=run.operation.no,
            line=order.line.code,
            equipment=run.machine,
            reason=reason,
            actor=actor,
        )
    )


def book_labour(run: Run, actor: str, reason: str = "") -> None:
    """Book what was worked on an operation since it was booked last."""
    if run.minutes:
        order, world = run.order, run.order.site.world
        minutes, run.minutes = run.minutes, ZERO
        run.last = world.tell(
            Happening(
                *world.stamp(),
                order.site.code,
                Kind.LABOUR_BOOKED,
                order_no=order.no,
                operation=run.operation.no,
                line=order.line.code,
                equipment=run.machine,
                minutes=minutes,
                reason=reason,
                actor=actor,
            )
        )


def issue(
    order: Order, component: BomLine, place: str, quantity: Decimal, actor: str
) -> list[Happening]:
    """Components into the order, oldest lots first; one happening for each lot."""
    world, code = order.site.world, order.site.code
    item = world.group.items[component.item]
    return [
        world.tell(
            Happening(
                *world.stamp(),
                code,
                Kind.COMPONENT_ISSUED,
                item=item.code,
                lot=part.lot,
                quantity=part.quantity,
                unit=item.unit,
                from_place=place,
                from_status=UNRESTRICTED,
                order_no=order.no,
                operation=component.operation,
                line=order.line.code,
                reason="backflush" if component.backflush else "pick",
                actor=actor,
            )
        )
        for part in world.stock.pick(code, place, item.code, quantity)
    ]


def backflush(order: Order, operation: str, quantity: Decimal, actor: str) -> list[Happening]:
    """What a reporting point consumes for a quantity of yield and scrap."""
    return [
        happening
        for component in order.backflushed(operation)
        for happening in issue(order, component, WIP, component.per_unit * quantity, actor)
    ]


def lacks(order: Order, operation: str, quantity: Decimal) -> bool:
    """Whether line-side stock is too little for that."""
    return any(
        order.site.on_hand(WIP, component.item) < component.per_unit * quantity
        for component in order.backflushed(operation)
    )


def pick_quantity(order: Order, component: BomLine) -> Decimal:
    """What is picked of a component: the plan, in whole packs."""
    item = order.site.world.group.items[component.item]
    return multiple(component.per_unit * order.planned, item.pack, up=True)


def hand_back(order: Order, actor: str) -> None:
    """Return what is left of picked components, the lots issued last first."""
    for component in order.bom.lines:
        picks = order.picked.get(component.item, [])
        issued = sum((pick.quantity for pick in picks), ZERO)
        left = issued - component.per_unit * order.done.get(component.operation, ZERO)
        if left <= issued * RETURN_ABOVE:
            continue
        for pick in reversed(picks):
            part = min(left, pick.quantity)
            left -= part
            if part:
                _hand_back(order, pick, part, actor)


def _hand_back(order: Order, pick: Happening, quantity: Decimal, actor: str) -> None:
    world, is_held = order.site.world, order.site.is_held(pick.item, pick.lot)
    world.tell(
        Happening(
            *world.stamp(),
            order.site.code,
            Kind.COMPONENT_RETURNED,
            item=pick.item,
            lot=pick.lot,
            quantity=quantity,
            unit=pick.unit,
            to_place=pick.from_place,
            to_status=BLOCKED if is_held else UNRESTRICTED,
            order_no=order.no,
            operation=pick.operation,
            line=order.line.code,
            reason="left over",
            actor=actor,
        )
    )


def receive(order: Order, quantity: Decimal, actor: str) -> list[Happening]:
    """Products into stock, to be inspected first if they are; pieces with a serial one by one."""
    world, item = order.site.world, order.item
    is_serial = item.tracking == "serial"
    parts = [Decimal(1)] * int(quantity) if is_serial else [quantity]
    order.received += quantity
    return [
        world.tell(
            Happening(
                *world.stamp(),
                order.site.code,
                Kind.FINISHED_RECEIVED,
                item=item.code,
                lot=order.lot,
                serial=order.site.number("serial", "S") if is_serial else "",
                quantity=part,
                unit=item.unit,
                to_place=order.store,
                to_status=INSPECTION if item.inspected else UNRESTRICTED,
                order_no=order.no,
                line=order.line.code,
                actor=actor,
            )
        )
        for part in parts
        if part
    ]
