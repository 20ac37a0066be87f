"""What a fault is made of: changed deliveries, things that never happened, rows of the truth."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from app.demo.faults.past import Past, bare
from app.demo.group import Happening, Kind
from app.demo.systems.erp import event_id, reference
from app.demo.systems.ledger import account_of
from app.demo.wire import Delivery, Fate, Outage

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
_ENTERED = 10 * MINUTE  # until then the posting that differs is there, whatever carried it
# The list of stock is asked for every hour, and judged once all that was booked until then is told.
JUDGED = 90 * MINUTE
LAG = 30 * MINUTE  # how late the systems may store what happened: nothing later is judged
# How long the rules of the group's landscape give each kind until its posting is missing.
GRACE: Mapping[Kind, timedelta] = {
    Kind.OPERATION_COMPLETED: 30 * MINUTE,
    Kind.OPERATION_SCRAPPED: 8 * HOUR,
    Kind.COMPONENT_ISSUED: 30 * MINUTE,
    Kind.COMPONENT_RETURNED: 30 * MINUTE,
    Kind.FINISHED_RECEIVED: 4 * HOUR,
    Kind.PURCHASE_RECEIVED: 4 * HOUR,
    Kind.SPARE_RECEIVED: 4 * HOUR,
    Kind.DELIVERY_SHIPPED: 30 * MINUTE,
    Kind.TRANSFER_SHIPPED: 4 * HOUR,
    Kind.TRANSFER_RECEIVED: 4 * HOUR,
    Kind.ADJUSTMENT_COUNTED: DAY,
    Kind.SCRAP_DECLARED: DAY,
    Kind.STOCK_STATUS_CHANGED: timedelta(0),
}
# Whose postings are told together where they miss of one lot: the rule they are missed by.
_RULES: Mapping[Kind, str] = {
    Kind.FINISHED_RECEIVED: "receipt",
    Kind.PURCHASE_RECEIVED: "receipt",
    Kind.DELIVERY_SHIPPED: "shipment",
    Kind.ADJUSTMENT_COUNTED: "adjustment",
    Kind.SCRAP_DECLARED: "adjustment",
}
Change = Callable[[list[Delivery]], list[Delivery]]


@dataclass(frozen=True)
class Row:
    """A row of the truth file: what is wrong, with what, since when one can know."""

    code: str
    since: datetime
    plant: str
    source_key: str = ""
    key: str = ""
    until: datetime | None = None
    quantity: Decimal | None = None  # observed less expected, base unit
    value: Decimal | None = None  # EUR, at risk
    mode: str = ""
    root: str = ""
    together: str = ""  # rows of a plant with the same word are told as one
    stock: Happening | None = None  # whose item differs: worth what it costs when it is looked at


@dataclass
class Strike:
    """One planting: what it changes by number of the happening, what it adds, what is then true.

    `claims` are the orders, lots and documents it has for itself.
    """

    rows: list[Row]
    changes: dict[int, Change] = field(default_factory=dict)
    extra: list[Delivery] = field(default_factory=list)
    claims: frozenset[str] = frozenset()
    outage: Outage | None = None
    waiting: frozenset[int] = frozenset()  # numbers of what an outage keeps


# Changes


def without(*systems: str) -> Change:
    """These systems never hear of it."""
    return lambda told: [one for one in told if one.system not in systems]


def twice(system: str, after: timedelta) -> Change:
    """A system hears it again, so long after."""

    def change(told: list[Delivery]) -> list[Delivery]:
        again = [replace(one, at=one.at + after) for one in told if one.system == system]
        return [*told, *again]

    return change


def altered(*systems: str, **fields: Any) -> Change:
    """These systems hear something else."""

    def change(told: list[Delivery]) -> list[Delivery]:
        return [
            replace(one, happening=replace(one.happening, **fields))
            if one.system in systems
            else one
            for one in told
        ]

    return change


def by_hand(system: str, at: datetime) -> Change:
    """A system hears it at an instant, past the interface."""

    def change(told: list[Delivery]) -> list[Delivery]:
        return [
            replace(one, at=at, interface=None) if one.system == system else one for one in told
        ]

    return change


def unposted(
    system: str, *, again: timedelta | None = None, gone: datetime | None = None
) -> Change:
    """A system cannot post what arrives, and lists it as failed: until it is posted `again` so long
    after, or `gone` from the list at an instant, or for good.
    """

    def change(told: list[Delivery]) -> list[Delivery]:
        found = []
        for one in told:
            if one.system == system:
                found.append(replace(one, fate=Fate.FAILED))
                later = replace(one, interface=None)
                if again:
                    found.append(replace(later, at=one.at + again))
                if gone:
                    found.append(replace(later, at=gone, fate=Fate.DELETED))
            else:
                found.append(one)
        return found

    return change


def untold(system: str) -> Change:
    """A system enters it, and what it tells of it is lost."""
    return lambda told: [
        replace(one, fate=Fate.UNTOLD) if one.system == system else one for one in told
    ]


def uncounted(system: str) -> Change:
    """A system enters it, and its list of stock stays as it was."""
    return lambda told: [
        replace(one, fate=Fate.UNCOUNTED) if one.system == system else one for one in told
    ]


def unvalued(system: str) -> Change:
    """A system enters it, and the document of what it is worth is lost."""
    return lambda told: [
        replace(one, fate=Fate.UNVALUED) if one.system == system else one for one in told
    ]


def failing(system: str, failures: int, after: timedelta, *, is_dead: bool) -> Change:
    """The message to a system fails some times, and arrives or is given up so long after."""

    def change(told: list[Delivery]) -> list[Delivery]:
        return [
            replace(one, at=one.happening.at + after, failures=failures, is_dead=is_dead)
            if one.system == system
            else one
            for one in told
        ]

    return change


def overtaken(system: str, failures: int, after: timedelta) -> Change:
    """The message to a system fails some times and arrives so long after; what is sent meanwhile
    does not wait for it.
    """

    def change(told: list[Delivery]) -> list[Delivery]:
        return [
            # Only messages of the same interface keep their order: this one is of its own.
            replace(
                one,
                at=one.happening.at + after,
                failures=failures,
                interface=replace(one.interface, kinds=frozenset()),
            )
            if one.system == system and one.interface
            else one
            for one in told
        ]

    return change


def repaired(system: str, given_up: timedelta, after: timedelta, **fields: Any) -> Change:
    """The message to a system is given up so long after; later somebody enters what it said, but
    for some fields.
    """

    def change(told: list[Delivery]) -> list[Delivery]:
        by_hands = [
            replace(
                one,
                at=one.happening.at + after,
                happening=replace(one.happening, **fields),
                interface=None,
            )
            for one in told
            if one.system == system
        ]
        return [*failing(system, 3, given_up, is_dead=True)(told), *by_hands]

    return change


# Truth of what the pairwise rules see


def records(past: Past, h: Happening) -> list[tuple[str, str, Decimal]]:
    """Plant, record and quantity of what the system that was there holds of a happening.

    Quantities are signed as stock is. A movement with two ends is two records.
    """
    if h.kind is Kind.OPERATION_COMPLETED:
        return [(h.plant, f"{event_id(h.no)}/good", h.quantity)]
    if h.kind is Kind.OPERATION_SCRAPPED:
        return [(h.plant, f"{event_id(h.no)}/scrap", h.quantity)]
    if h.kind is Kind.COMPONENT_ISSUED:
        return [(h.plant, reference(h.no), -h.quantity)]
    if past.is_advised(h):
        return _advised(past, h)
    if h.kind is Kind.DELIVERY_SHIPPED:
        return [(h.plant, f"W{h.no:08}", -h.quantity)]
    if h.kind in (Kind.FINISHED_RECEIVED, Kind.PURCHASE_RECEIVED, Kind.SPARE_RECEIVED):
        return [(h.plant, f"W{h.no:08}", h.quantity)]
    source = h.from_plant or h.plant
    name = f"W{h.no:08}"
    first, second = (f"{name}-1", f"{name}-2") if source != h.plant else (name, name)
    ends = []
    if h.from_place or (not h.to_place and h.quantity < 0):
        ends.append((source, f"{first}/out", -abs(h.quantity)))
    if h.to_place and h.quantity > 0:
        ends.append((h.plant, f"{second}/in", h.quantity))
    elif h.to_place:
        ends.append((h.plant, f"{second}/out", h.quantity))
    return ends


def _advised(past: Past, h: Happening) -> list[tuple[str, str, Decimal]]:
    """The same where a logistics partner was there: the lines of its advices."""
    if h.kind is Kind.DELIVERY_SHIPPED:
        lines = [x for x in past.by_document[h.document] if x.kind is h.kind]
        number = f"{bare(h.document)}/S{lines[0].no}/{lines.index(h) + 1}"
        return [(h.plant, number, -h.quantity)]
    if h.kind is Kind.FINISHED_RECEIVED:
        return [(h.plant, f"R{h.no}/1", h.quantity)]
    number = f"A{h.no}/1"
    if h.from_place and h.to_place:
        return [(h.plant, f"{number}/out", -h.quantity), (h.plant, f"{number}/in", h.quantity)]
    return [(h.plant, number, -h.quantity if h.from_place else h.quantity)]


def missing(past: Past, h: Happening) -> list[Row]:
    """The ERP never posts what the system that was there holds."""
    return [
        Row(
            "missing_posting",
            h.at + GRACE[h.kind],
            plant,
            source_key=record,
            quantity=-quantity,
            value=past.value(h, quantity),
            together=f"{_RULES[h.kind]}/{h.item}/{h.lot}" if h.lot and h.kind in _RULES else "",
        )
        for plant, record, quantity in records(past, h)
    ]


def differing(past: Past, h: Happening, code: str, variance: Decimal | None) -> list[Row]:
    """The ERP posts it otherwise; `variance` is what it posts too much, signed as stock is."""
    worth = None if variance is None else past.value(h, variance)
    return [
        Row(code, h.at + GRACE[h.kind] + _ENTERED, plant, record, quantity=variance, value=worth)
        for plant, record, _ in records(past, h)
    ]


def account_claim(past: Past, h: Happening) -> frozenset[str]:
    """The stock account of an item in a plant: two faults in it could not be told apart."""
    return frozenset({f"{h.plant}/{account_of(past.group.items[h.item])}"})


def lot_claims(h: Happening) -> frozenset[str]:
    """What a strike at one happening has for itself."""
    named = (bare(h.order_no), h.document, f"{h.item}/{h.lot}" if h.lot else "")
    return frozenset(filter(None, named))
