"""What every process shares: the time, the true stock, numbers of documents, and telling."""

from collections import Counter
from collections.abc import Generator, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import simpy

from app.demo.group import catalogue
from app.demo.group.calendars import Calendar
from app.demo.group.happenings import Happening
from app.demo.group.masterdata import UNRESTRICTED, Item, Line, Plant
from app.demo.group.spec import Group
from app.demo.group.stock import Stock

Process = Generator[simpy.Event, Any, None]
MINUTE, HOUR, DAY = 60, 3600, 86400
LARGEST_ORDER = 10  # batches
_TRIP, _LINE_SIDE = Decimal("0.25"), Decimal("0.5")  # days of usage
CENT = Decimal("0.01")


class World:
    """The group alive. Time is whole seconds since 1970, UTC."""

    def __init__(self, group: Group) -> None:
        self.group = group
        self.env = simpy.Environment(int(group.starts_at.timestamp()))
        self.stock = Stock()
        self.told: list[Happening] = []  # emptied by whoever listens
        self.held: set[tuple[str, str, str]] = set()  # plant, item and lot nobody may touch
        self.busy: Counter[str] = Counter()  # lots somebody adds to or corrects
        self._numbers: Counter[str] = Counter()
        self._no = 0
        self.sites = {plant.code: Site(self, plant) for plant in group.sites}

    @property
    def now(self) -> int:
        """The time, in seconds."""
        return int(self.env.now)

    def stamp(self) -> tuple[int, datetime]:
        """Number and time of the happening that is told next."""
        self._no += 1
        return self._no, datetime.fromtimestamp(self.env.now, UTC)

    def tell(self, happening: Happening) -> Happening:
        """Let it happen. Raises `StockError` for a movement there is no stock for."""
        self.stock.post(happening)
        self.told.append(happening)
        return happening

    def reverse(self, happening: Happening, actor: str, reason: str) -> Happening:
        """Take back an earlier happening."""
        no, at = self.stamp()
        amount = happening.amount
        return self.tell(
            replace(
                happening,
                no=no,
                at=at,
                quantity=-happening.quantity,
                minutes=-happening.minutes,
                amount=None if amount is None else -amount,
                reverses=happening.no,
                reason=reason,
                actor=actor,
            )
        )

    def number(self, series: str) -> str:
        """The next number of a series, seven digits with leading zeros."""
        self._numbers[series] += 1
        return f"{self._numbers[series]:07d}"

    def begin(self, lots: Iterable[str]) -> None:
        """Somebody starts to work on lots; they are not put on hold until `end`."""
        self.busy.update(lots)

    def end(self, lots: Iterable[str]) -> None:
        """Somebody is done with lots."""
        for lot in lots:
            self.busy[lot] -= 1
            if not self.busy[lot]:
                del self.busy[lot]

    def pause(self, seconds: float) -> simpy.Event:
        """So much time passes, worked or not; at least a second."""
        return self.env.timeout(max(1, int(seconds)))


class Site:
    """A plant alive: its calendars and what its processes look up all the time."""

    def __init__(self, world: World, plant: Plant) -> None:
        group = world.group
        self.world, self.plant, self.code = world, plant, plant.code
        self.calendar = Calendar(plant, group.first, group.last)
        self._weekdays = Calendar(plant, group.first, group.last, weekend=False)
        self.usage = catalogue.daily_usage(plant, group.items)
        self._largest = catalogue.largest_batch(plant, group.items)

    def calendar_of(self, line: Line) -> Calendar:
        """When a line works."""
        return self.calendar if line.weekend else self._weekdays

    def work(self, seconds: float, calendar: Calendar | None = None) -> simpy.Event:
        """So much working time of the plant, or of `calendar`, passes; at least a second."""
        now = self.world.now
        until = (calendar or self.calendar).after(now, max(1, int(seconds)))
        return self.world.env.timeout(until - now)

    def open_for_work(self, calendar: Calendar | None = None) -> simpy.Event:
        """The plant, or `calendar`, works: now or as soon as it does."""
        now = self.world.now
        return self.world.env.timeout((calendar or self.calendar).after(now, 0) - now)

    def today(self) -> date:
        """The day it is in the plant."""
        return self.calendar.local_day(self.world.now)

    def due_in(self, days: int) -> date:
        """The day some days from now."""
        return self.today() + timedelta(days=days)

    def on_hand(self, place: str, item: str, status: str = UNRESTRICTED) -> Decimal:
        """How much there is in a place."""
        return self.world.stock.on_hand(self.code, place, item, status)

    def is_held(self, item: str, lot: str) -> bool:
        """Whether a lot is on hold."""
        return (self.code, item, lot) in self.world.held

    def container(self, item: Item) -> Decimal:
        """What one trip brings to the line: a batch never needs more. Whole packs."""
        size = max(self.usage[item.code] * _TRIP, self._largest[item.code] * Decimal("1.1"))
        return multiple(size, item.pack, up=True)

    def line_side(self, item: Item) -> Decimal:
        """What is kept beside the lines."""
        return self._days(item, _LINE_SIDE) + 2 * self.container(item)

    def cover(self, item: Item, days: int) -> Decimal:
        """Usage of some days and of the largest order there can be."""
        return self._days(item, Decimal(days)) + self._largest[item.code] * LARGEST_ORDER

    def _days(self, item: Item, days: Decimal) -> Decimal:
        return self.usage[item.code] * days * Decimal(self.world.group.scale)

    def price(self, item: Item, quantity: Decimal, percent: int = 100) -> Decimal:
        """What a quantity is worth in the plant's currency, to the cent."""
        each = item.cost(self.today()) * self.plant.rate * percent / 100
        return (quantity * each).quantize(CENT)

    def number(self, series: str, prefix: str = "") -> str:
        """The next number of a series of this plant; no other plant has it."""
        return f"{prefix}{int(self.code) // 1000:02d}{self.world.number(f'{series}/{self.code}')}"

    def someone(self, rng: Random) -> str:
        """An employee's number."""
        return rng.choice(self.plant.employees)


def multiple(quantity: Decimal, step: Decimal, *, up: bool = False) -> Decimal:
    """The multiple of `step` at or below a quantity, or with `up` at or above it.

    >>> multiple(Decimal("7.5"), Decimal(5)), multiple(Decimal("7.5"), Decimal(5), up=True)
    (Decimal('5'), Decimal('10'))
    """
    whole = quantity // step
    return step * (whole + 1 if up and whole * step < quantity else whole)


def whole(rng: Random, low: int, high: int) -> Decimal:
    """A whole number from `low` to `high`, both possible."""
    return Decimal(rng.randint(low, high))
