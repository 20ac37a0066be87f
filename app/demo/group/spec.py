"""The group to simulate: a seed and a size, and all master data that follows from them."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from random import Random
from zoneinfo import ZoneInfo

from app.demo.group import catalogue, sites
from app.demo.group.chance import chance
from app.demo.group.masterdata import Item, Plant

_BEFORE, _AFTER = timedelta(days=10), timedelta(days=60)  # calendars reach beyond the history


@dataclass(frozen=True)
class Group:
    """A manufacturing group and the days of its life that are told.

    `scale` multiplies lines, partners and with them the volume; 1 is about 70,000 happenings of
    three plants in 30 days. Raises `ValueError` for sizes that are none.
    """

    seed: int = 7
    start: date = date(2026, 10, 1)
    days: int = 30
    plants: int = 3
    scale: Decimal | int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.plants <= 99 or self.days < 1 or self.scale <= 0:
            raise ValueError(
                f"plants {self.plants} (1 to 99), days {self.days} and scale {self.scale}"
                " (more than 0) are no group"
            )

    @property
    def first(self) -> date:
        """The first day of the calendars."""
        return self.start - _BEFORE

    @property
    def last(self) -> date:
        """The last day of the calendars."""
        return self.start + timedelta(days=self.days) + _AFTER

    @cached_property
    def sites(self) -> tuple[Plant, ...]:
        """The plants."""
        return sites.plants(self.plants, Decimal(self.scale), self.first, self.last)

    @cached_property
    def items(self) -> dict[str, Item]:
        """All items by code."""
        return catalogue.items(self.seed, self.sites, self.start, self.days)

    @cached_property
    def suppliers(self) -> tuple[str, ...]:
        """Supplier numbers; each supplies the items whose number leaves its rest."""
        return tuple(f"{700001 + number}".zfill(10) for number in range(12))

    @cached_property
    def customers(self) -> tuple[str, ...]:
        """Customer numbers."""
        count = max(5, round(25 * self.scale))
        return tuple(f"{300001 + number}".zfill(10) for number in range(count))

    @cached_property
    def carriers(self) -> tuple[str, ...]:
        """Carrier numbers."""
        return tuple(f"{880001 + number}".zfill(10) for number in range(5))

    @cached_property
    def starts_at(self) -> datetime:
        """When the day `start` begins in the first of the plants to see it; UTC."""
        return min(_midnight(plant, self.start) for plant in self.sites)

    @cached_property
    def ends_at(self) -> datetime:
        """When the last day is over in the last of the plants; UTC, itself not told."""
        after = self.start + timedelta(days=self.days)
        return max(_midnight(plant, after) for plant in self.sites)

    def supplier_of(self, item: Item) -> str:
        """Who supplies a bought item."""
        return self.suppliers[int(item.code) % len(self.suppliers)]

    def chance(self, subject: str) -> Random:
        """Chance of its own for a subject."""
        return chance(self.seed, subject)


def _midnight(plant: Plant, day: date) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(plant.zone)).astimezone(UTC)
