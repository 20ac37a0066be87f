"""Master data of the group: what plants, items, bills and routings are made of. Values only."""

from dataclasses import dataclass, replace
from datetime import date, time
from decimal import Decimal

RAW, WIP, FINISHED = "RAW1", "WIP1", "FG01"
QUARANTINE, TRANSIT, DOCK, SPARES = "QUA1", "TRAN", "DOCK", "MRO1"
PLACES = (RAW, WIP, FINISHED, QUARANTINE, TRANSIT, DOCK, SPARES)

UNRESTRICTED, INSPECTION, BLOCKED = "unrestricted", "inspection", "blocked"


@dataclass(frozen=True, slots=True)
class Unit:
    """An alternative unit: one of it is `factor` base units, exactly, from `valid_from` on."""

    unit: str
    factor: Decimal
    valid_from: date


@dataclass(frozen=True, slots=True)
class Cost:
    """Standard cost of one base unit in the group's currency, EUR, from `valid_from` on."""

    valid_from: date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class BomLine:
    """A component of one base unit of the product.

    `operation` is the reporting point that consumes it: backflushed there, or picked for the order
    before it starts.
    """

    item: str
    quantity: Decimal
    scrap_share: Decimal
    operation: str
    backflush: bool

    @property
    def per_unit(self) -> Decimal:
        """What one base unit of the product takes, planned scrap included; base unit."""
        return self.quantity * (1 + self.scrap_share)


@dataclass(frozen=True, slots=True)
class Bom:
    """One revision of a bill of materials."""

    revision: str
    valid_from: date
    lines: tuple[BomLine, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """A step of a routing; `machine` counts the machines of the production line from 0.

    Only a reporting point backflushes; the last operation always is one.
    """

    no: str
    machine: int
    minutes_per_unit: Decimal
    setup_minutes: int
    reporting: bool


@dataclass(frozen=True, slots=True)
class Item:
    """A material of the group.

    kind: raw, semi, finished, packaging, spare. tracking: none, lot, serial. Quantities are
    multiples of `step`; `pack` is what it is bought, staged and picked in; `batch` what a line
    makes between two counts. All in base unit. `makers` are plants.
    """

    code: str
    name: str
    kind: str
    unit: str
    units: tuple[Unit, ...]
    tracking: str
    step: Decimal
    pack: Decimal
    batch: Decimal
    inspected: bool
    costs: tuple[Cost, ...]
    boms: tuple[Bom, ...] = ()
    routing: tuple[Operation, ...] = ()
    makers: tuple[str, ...] = ()

    def bom(self, on: date) -> Bom:
        """The revision in force on a day."""
        return [bom for bom in self.boms if bom.valid_from <= on][-1]

    def cost(self, on: date) -> Decimal:
        """Standard cost of a base unit on a day, EUR."""
        return [cost.amount for cost in self.costs if cost.valid_from <= on][-1]

    def factor(self, unit: str, on: date) -> Decimal:
        """Base units in one `unit` on a day. `KeyError` if the item has no such unit."""
        valid = {u.unit: u.factor for u in self.units if u.valid_from <= on}
        return Decimal(1) if unit == self.unit else valid[unit]

    def lot(self, key: str) -> str:
        """The lot a balance with this key is of."""
        return "" if self.tracking == "serial" else key

    def serial(self, key: str) -> str:
        """The serial number a balance with this key is of."""
        return key if self.tracking == "serial" else ""


@dataclass(frozen=True, slots=True)
class Line:
    """A production line: its machines in order, and the items it makes.

    `weekend` lines also work on Saturdays where the plant does.
    """

    code: str
    makes: tuple[str, ...]
    machines: tuple[str, ...]
    weekend: bool


@dataclass(frozen=True, slots=True)
class Period:
    """A fiscal period `[starts, ends)` of the stock ledger, in days of the plant's zone."""

    code: str
    starts: date
    ends: date


@dataclass(frozen=True, slots=True)
class Plant:
    """A plant. `week` says how many of its `shifts` are worked on each weekday, Monday first.

    Shifts are local wall-clock times; one that ends before it starts ends on the next day. `rate`
    is how much of `currency` one EUR is.
    """

    code: str
    name: str
    zone: str
    company: str
    currency: str
    rate: Decimal
    shifts: tuple[tuple[time, time], ...]
    week: tuple[int, ...]
    holidays: frozenset[date]
    places: tuple[str, ...]
    lines: tuple[Line, ...]
    employees: tuple[str, ...]
    periods: tuple[Period, ...]
    supplied_by: str  # the plant that makes its foreign components; itself in a group of one

    @property
    def whole_days(self) -> "Plant":
        """The plant as calendars outside count it: a working day has all shifts, or none."""
        return replace(self, week=tuple(len(self.shifts) if count else 0 for count in self.week))
