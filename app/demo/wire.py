"""Who hears what, and when: a happening is entered where it was done and carried to the others."""

import heapq
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from random import Random
from typing import Protocol, runtime_checkable

from app.demo.group import Group, Happening, Kind

ERP, MES, WMS, QMS, CMMS, SUPPLIER = "erp", "mes", "wms", "qms", "cmms", "supplier"
_SOONEST, _LATEST = 20, 300  # seconds a message takes
_NEVER = datetime.max.replace(tzinfo=UTC)
Step = Callable[[str, int, Happening, datetime], None]


class CarrierError(Exception):
    """What carries messages cannot be reached, or has lost one."""


class System(Protocol):
    """Something that keeps a book."""

    def hear(self, happening: Happening, at: datetime | None = None) -> None:
        """Enter something `at` an instant, by default when it happened."""


@runtime_checkable
class Fallible(Protocol):
    """A system that keeps a list of what it could not enter."""

    def fail(self, happening: Happening, at: datetime) -> None:
        """Keep something in the list, at an instant."""

    def delete(self, happening: Happening) -> None:
        """Somebody deletes it from the list."""


@runtime_checkable
class Taciturn(Protocol):
    """A system that may do something and not tell of it."""

    def keep(self, happening: Happening, at: datetime | None = None) -> None:
        """Enter something `at` an instant, by default when it happened, and tell nobody."""


@runtime_checkable
class Forgetful(Protocol):
    """A system that may enter a movement and leave its stock as it was."""

    def post(self, happening: Happening, at: datetime) -> None:
        """Enter a movement at an instant, and count nothing."""


@runtime_checkable
class Careless(Protocol):
    """A system that may enter a movement and lose what its worth posts in the ledger."""

    def move(self, happening: Happening, at: datetime) -> None:
        """Enter a movement at an instant, and post no value."""


class Punctual(Protocol):
    """A system that does some things when it is time for them."""

    def pass_time(self, until: datetime) -> None:
        """Everything before an instant was heard, UTC: do what was due until then."""


@dataclass(frozen=True, slots=True)
class Interface:
    """A way from a system to another, for some kinds of happenings. Messages keep their order."""

    name: str
    sender: str
    receiver: str
    kinds: frozenset[Kind]


INTERFACES = (
    Interface(
        "erp.orders",
        ERP,
        MES,
        frozenset(
            {Kind.ORDER_RELEASED, Kind.ORDER_CHANGED, Kind.ORDER_CANCELLED, Kind.ORDER_CLOSED}
        ),
    ),
    Interface(
        "mes.confirmations",
        MES,
        ERP,
        frozenset(
            {
                Kind.OPERATION_COMPLETED,
                Kind.OPERATION_SCRAPPED,
                Kind.OPERATION_REWORKED,
                Kind.LABOUR_BOOKED,
                Kind.ORDER_COMPLETED,
            }
        ),
    ),
    Interface(
        "mes.consumption", MES, ERP, frozenset({Kind.COMPONENT_ISSUED, Kind.COMPONENT_RETURNED})
    ),
    Interface("mes.receipts", MES, ERP, frozenset({Kind.FINISHED_RECEIVED})),
    Interface("wms.receipts", WMS, ERP, frozenset({Kind.PURCHASE_RECEIVED, Kind.SPARE_RECEIVED})),
    Interface("wms.shipments", WMS, ERP, frozenset({Kind.DELIVERY_SHIPPED})),
    Interface(
        "wms.movements",
        WMS,
        ERP,
        frozenset(
            {
                Kind.TRANSFER_SHIPPED,
                Kind.TRANSFER_RECEIVED,
                Kind.STOCK_STATUS_CHANGED,
                Kind.ADJUSTMENT_COUNTED,
                Kind.SCRAP_DECLARED,
            }
        ),
    ),
    Interface("cmms.parts", CMMS, ERP, frozenset({Kind.SPARE_ISSUED})),
    Interface("erp.inspections", ERP, QMS, frozenset({Kind.INSPECTION_OPENED})),
    Interface("qms.decisions", QMS, ERP, frozenset({Kind.INSPECTION_DECIDED})),
)
# Where something is entered in the moment it is done.
AT_ONCE: Mapping[Kind, tuple[str, ...]] = {
    Kind.STOCK_OPENED: (ERP, WMS),
    Kind.OPERATION_STARTED: (MES,),
    Kind.COMPONENT_ISSUED: (MES, WMS),
    Kind.COMPONENT_RETURNED: (MES, WMS),
    Kind.FINISHED_RECEIVED: (WMS,),
    Kind.DELIVERY_PICKED: (WMS,),
    Kind.SPARE_ISSUED: (CMMS, WMS),
    Kind.CUSTOMER_INVOICED: (ERP,),
    Kind.SUPPLIER_INVOICED: (ERP,),
    Kind.MASTER_CHANGED: (ERP,),
    Kind.PERIOD_CLOSED: (ERP,),
    Kind.DOWNTIME_STARTED: (MES, CMMS),
    Kind.DOWNTIME_ENDED: (MES, CMMS),
    Kind.MAINTENANCE_OPENED: (CMMS,),
    Kind.MAINTENANCE_COMPLETED: (CMMS,),
    Kind.HOLD_PLACED: (QMS,),
    Kind.HOLD_RELEASED: (QMS,),
    Kind.ASN_SENT: (SUPPLIER,),
    Kind.PURCHASE_ORDERED: (ERP,),
    Kind.SALES_ORDERED: (ERP,),
    Kind.DELIVERY_CREATED: (ERP,),
}
_BY_KIND = {kind: interface for interface in INTERFACES for kind in interface.kinds}


class Fate(StrEnum):
    """What becomes of what a system gets to know."""

    ENTERED = "entered"
    FAILED = "failed"  # it stands in the list of what could not be entered
    DELETED = "deleted"  # from that list
    UNTOLD = "untold"  # it is entered, and what tells of it is lost
    UNVALUED = "unvalued"  # it is entered, and what it is worth is posted nowhere
    UNCOUNTED = "uncounted"  # it is entered, and what is told to lie there stays as it was


@dataclass(frozen=True, slots=True)
class Delivery:
    """A happening a system gets to know `at` an instant: itself, or over an interface.

    `failures` is how often the receiver refuses it before; one that `is_dead` never arrives, and is
    given up `at` that instant. What arrives has a `fate`.
    """

    system: str
    at: datetime
    happening: Happening
    interface: Interface | None = None
    failures: int = 0
    is_dead: bool = False
    fate: Fate = Fate.ENTERED


@dataclass(frozen=True, slots=True)
class Outage:
    """Nobody takes the messages of an interface from an instant on, until another if there is."""

    interface: str
    starts: datetime
    ends: datetime | None = None


class Bus(Protocol):
    """What carries the messages of the interfaces. All instants are UTC."""

    def publish(self, queue: str, number: int, happening: Happening, at: datetime) -> None:
        """A message is sent over an interface; its number is its own."""

    def refuse(self, queue: str, number: int, happening: Happening, at: datetime) -> None:
        """The receiver does not take it; it is tried again."""

    def take(self, queue: str, number: int, happening: Happening, at: datetime) -> None:
        """The receiver takes it."""

    def give_up(self, queue: str, number: int, happening: Happening, at: datetime) -> None:
        """It is never taken."""

    def stop(self, queue: str, at: datetime) -> None:
        """From now on nobody listens."""

    def start(self, queue: str, at: datetime) -> None:
        """Somebody listens again."""


def routes(happening: Happening, chance: Random) -> list[Delivery]:
    """Who is told of a happening, and when, if nothing goes wrong."""
    interface = _BY_KIND.get(happening.kind)
    told = [Delivery(system, happening.at, happening) for system in AT_ONCE.get(happening.kind, ())]
    if interface:
        if interface.sender not in {one.system for one in told}:
            told.append(Delivery(interface.sender, happening.at, happening))
        late = timedelta(seconds=chance.randint(_SOONEST, _LATEST))
        told.append(Delivery(interface.receiver, happening.at + late, happening, interface))
    return told


class Disturbance(Protocol):
    """What goes wrong on the way."""

    @property
    def outages(self) -> Sequence[Outage]:
        """When nobody takes messages."""

    @property
    def extra(self) -> Sequence[Delivery]:
        """What systems are told that never happened, in order of time."""

    def befall(self, happening: Happening, told: list[Delivery]) -> list[Delivery]:
        """Who is told of a happening after all."""

    def entered(self, delivery: Delivery, at: datetime) -> None:
        """A system was told something."""


class Wire:
    """Carries a history to the systems over a bus; a disturbance may change what is delivered."""

    def __init__(
        self,
        group: Group,
        history: Iterable[Happening],
        system_of: Callable[[str, str], System | None],
        bus: Bus,
        disturbance: Disturbance,
    ) -> None:
        """`system_of` gives the system of a role for a plant; None where there is none."""
        self._history = iter(history)
        self._next = next(self._history, None)
        self._chance = group.chance("wire")
        self._system_of, self._bus, self._disturbance = system_of, bus, disturbance
        self._numbers = itertools.count(1)
        self._waiting: list[tuple[datetime, int, Callable[[datetime], None]]] = []
        self._last: dict[tuple[Interface, str], datetime] = {}
        for outage in disturbance.outages:
            self._at(outage.starts, partial(bus.stop, outage.interface))
            if outage.ends:
                self._at(outage.ends, partial(bus.start, outage.interface))
        for delivery in disturbance.extra:
            self._at(delivery.at, partial(self._enter, delivery))

    def run(self, until: datetime) -> None:
        """Let everything happen and arrive that does so before `until`."""
        while self._next is not None and self._next.at < until:
            happening = self._next
            self._let(happening.at)
            told = routes(happening, self._chance)
            for delivery in self._disturbance.befall(happening, told):
                self._send(delivery)
            self._let(happening.at)
            self._next = next(self._history, None)
        self._let(until)

    def _send(self, delivery: Delivery) -> None:
        happening, at = delivery.happening, delivery.at
        if delivery.interface:
            queue, number = delivery.interface.name, next(self._numbers)
            at = self._queued(delivery.interface, delivery)
            for instant, step in self._steps(delivery, at):
                self._at(instant, partial(step, queue, number, happening))
        if at < _NEVER and not delivery.is_dead:
            self._at(at, partial(self._enter, delivery))

    def _queued(self, interface: Interface, delivery: Delivery) -> datetime:
        """When it arrives: messages of an interface and plant do not overtake each other, and wait
        while nobody takes them.
        """
        line = interface, delivery.happening.plant
        at = max(delivery.at, self._last.get(line, delivery.at))
        for outage in self._disturbance.outages:
            ends = outage.ends or _NEVER
            if outage.interface == interface.name and outage.starts <= at < ends:
                at = ends
        if not delivery.is_dead:
            self._last[line] = at
        return at

    def _steps(self, delivery: Delivery, at: datetime) -> Iterator[tuple[datetime, Step]]:
        """What the bus does with a message, and when. Tries are spread over the time it takes."""
        bus, sent = self._bus, delivery.happening.at
        yield sent, bus.publish
        if at < _NEVER:
            between = (at - sent) / (delivery.failures + 1)
            for count in range(1, delivery.failures + 1):
                yield sent + between * count, bus.refuse
            yield at, bus.give_up if delivery.is_dead else bus.take

    def _at(self, at: datetime, action: Callable[[datetime], None]) -> None:
        heapq.heappush(self._waiting, (at, next(self._numbers), action))

    def _let(self, until: datetime) -> None:
        while self._waiting and self._waiting[0][0] <= until:
            at, _, action = heapq.heappop(self._waiting)
            action(at)

    def _enter(self, delivery: Delivery, at: datetime) -> None:
        keepers = self._keepers(delivery)
        entered = [_told(system, delivery, at) for system in keepers]
        if any(entered):
            self._disturbance.entered(delivery, at)

    def _keepers(self, delivery: Delivery) -> list[System]:
        """Who keeps a book of it: what goes from plant to plant is posted by the ERP of each."""
        h, found = delivery.happening, list[System]()
        plants = (h.plant, h.from_plant or h.plant) if delivery.system == ERP else (h.plant,)
        for plant in dict.fromkeys(plants):
            system = self._system_of(delivery.system, plant)
            if system and not any(system is other for other in found):
                found.append(system)
        return found


def _told(system: System, delivery: Delivery, at: datetime) -> bool:
    """Tell a system its part; whether it is in its book."""
    happening = delivery.happening
    if delivery.fate is Fate.ENTERED:
        system.hear(happening, at)
        return True
    if delivery.fate is Fate.UNTOLD and isinstance(system, Taciturn):
        system.keep(happening, at)
        return True
    if delivery.fate is Fate.UNCOUNTED and isinstance(system, Forgetful):
        system.post(happening, at)
        return True
    if delivery.fate is Fate.UNVALUED and isinstance(system, Careless):
        system.move(happening, at)
        return True
    if delivery.fate is Fate.FAILED and isinstance(system, Fallible):
        system.fail(happening, at)
    elif delivery.fate is Fate.DELETED and isinstance(system, Fallible):
        system.delete(happening)
    return False
