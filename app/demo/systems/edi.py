"""A logistics partner and a portal of suppliers that tell by EDI: X12 files, one for each plant.

Their habits: item numbers without zeros, wall time of the plant without a zone, no serial numbers,
one warehouse without places. The partner keeps everything but the line side, or the places it is
given; what goes to production or comes back changes its balances, and it sends no advice of it.
"""

import os
from collections.abc import Collection, Container, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib import resources
from itertools import groupby
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from app.demo.group import MOVES, Group, Happening, Kind
from app.demo.group.masterdata import (
    BLOCKED,
    DOCK,
    FINISHED,
    INSPECTION,
    PLACES,
    UNRESTRICTED,
    WIP,
)
from app.demo.systems.erp import reference

LineEnds = Literal["lf", "crlf"]
HOUR = timedelta(hours=1)
SETS = {
    Kind.ASN_SENT: "856",
    Kind.PURCHASE_RECEIVED: "944",
    Kind.FINISHED_RECEIVED: "944",
    Kind.DELIVERY_SHIPPED: "945",
    Kind.STOCK_OPENED: "947",
    Kind.ADJUSTMENT_COUNTED: "947",
    Kind.SCRAP_DECLARED: "947",
    Kind.STOCK_STATUS_CHANGED: "947",
}
_GROUPS = {"856": "SH", "944": "RE", "945": "SW", "947": "AW", "846": "IB"}
_STATUSES = {UNRESTRICTED: "FREE", INSPECTION: "INSPECT", BLOCKED: "BLOCKED"}
ALL = ("856", "944", "945", "947", "846")
ADVICES = ("944", "945", "947", "846")  # those of a logistics partner
EVERYTHING = frozenset(PLACES) - {WIP}
FINISHED_GOODS = frozenset({FINISHED, DOCK})  # what partners of the group keep
_QUANTITIES = {UNRESTRICTED: "33", INSPECTION: "QI", BLOCKED: "QH"}
_REASONS = {
    Kind.STOCK_OPENED: "OB",  # agreed with the partner
    Kind.ADJUSTMENT_COUNTED: "56",
    Kind.SCRAP_DECLARED: "07",
    Kind.STOCK_STATUS_CHANGED: "AC",
}
_ENDS: dict[LineEnds, str] = {"lf": "~\n", "crlf": "~\r\n"}

Segments = list[str]


def partnered(group: Group) -> tuple[str, ...]:
    """Plants whose finished goods a logistics partner keeps: the second, and every third after."""
    return tuple(site.code for site in group.sites)[1::3]


def counted(at: datetime, zone: ZoneInfo) -> datetime:
    """The full hour at or after an instant with which a balance is told: a plant's day is new."""
    hour = at.replace(minute=0, second=0, microsecond=0)
    hour += HOUR if hour < at else timedelta(0)
    while (hour - HOUR).astimezone(zone).date() == hour.astimezone(zone).date():
        hour += HOUR
    return hour


class Edi:
    """What both partners of some plants write, into a folder for each plant.

    At every full hour (UTC) a file of each set is written, even with nothing in it. A file holds
    what was heard since the one before, is called after its instant, `945_20261001060000.x12`,
    appears whole, and has that instant as its time of change. With the first full hour of a plant's
    day comes an 846 of all that lies there.
    """

    def __init__(
        self,
        group: Group,
        plants: Iterable[str],
        folder: Path,
        line_ends: LineEnds = "lf",
        sets: Container[str] = ALL,
        places: Collection[str] = EVERYTHING,
    ) -> None:
        """`sets` are the transaction sets that are told; the portal of the suppliers is the 856.

        `places` are those the partner keeps.
        """
        told = {kind: name for kind, name in SETS.items() if name in sets}
        self._plants = [
            _Plant(group, code, folder / code, _ENDS[line_ends], told, places) for code in plants
        ]
        self._tells_stock = "846" in sets
        self._next = group.starts_at.replace(minute=0, second=0, microsecond=0) + HOUR

    def hear(self, happening: Happening, at: datetime | None = None) -> None:
        """Enter something `at` an instant; the full hours before it are dropped. Other plants,
        places and kinds are ignored.
        """
        self.keep(happening, at)
        for plant in self._plants:
            plant.hear(happening)

    def keep(self, happening: Happening, at: datetime | None = None) -> None:
        """Book something `at` an instant, and send no advice of it."""
        self.pass_time((at or happening.at) - timedelta.resolution)
        for plant in self._plants:
            plant.keep(happening)

    def pass_time(self, until: datetime) -> None:
        """Everything before an instant was heard: drop the full hours until then."""
        while self._next <= until:
            for plant in self._plants:
                plant.write(self._next)
                if self._tells_stock:
                    plant.tell_stock(self._next)
            self._next += HOUR

    def drop(self, at: datetime) -> None:
        """Write what is due until `at`, UTC, and whatever is left, as somebody does by hand.

        A second drop within a second writes the files of the first anew, with all of it.
        """
        self.pass_time(at)
        for plant in self._plants:
            plant.write(at)


class _Plant:
    """Both partners of one plant: what waits to be told, what lies there, the last numbers."""

    def __init__(
        self,
        group: Group,
        code: str,
        folder: Path,
        end: str,
        sets: Mapping[Kind, str],
        places: Collection[str],
    ) -> None:
        self._code, self._folder, self._end, self._sets = code, folder, end, sets
        self._places = {*places, ""}  # what comes from or goes outside is told as well
        self._zone = next(ZoneInfo(site.zone) for site in group.sites if site.code == code)
        self._stock: dict[tuple[str, str, str, str], Decimal] = {}
        self._waiting: list[Happening] = []
        self._written: list[Happening] = []
        self._last: datetime | None = None
        self._control = 0
        folder.mkdir(parents=True, exist_ok=True)

    def keep(self, h: Happening) -> None:
        """Book what moves."""
        if h.kind in MOVES:
            self._book(h.from_plant or h.plant, h.from_place, h, h.from_status, -h.quantity)
            self._book(h.plant, h.to_place, h, h.to_status, h.quantity)

    def hear(self, h: Happening) -> None:
        """Keep what is to be told."""
        is_ours = h.plant == self._code and {h.from_place, h.to_place} <= self._places
        if is_ours and h.kind in self._sets and h.quantity:
            self._waiting.append(h)

    def _book(self, plant: str, place: str, h: Happening, status: str, quantity: Decimal) -> None:
        if plant == self._code and place and place in self._places:
            key = h.item, h.lot, status, h.unit
            left = self._stock.pop(key, Decimal(0)) + quantity
            if left:
                self._stock[key] = left

    def write(self, at: datetime) -> None:
        """A file of each set."""
        if at == self._last and not self._waiting:
            return
        self._written = [*(self._written if at == self._last else ()), *self._waiting]
        self._last, self._waiting = at, []
        for name in dict.fromkeys(self._sets.values()):
            told = [h for h in self._written if self._sets[h.kind] == name]
            self._drop(name, at, list(self._told(name, told)))

    def tell_stock(self, at: datetime) -> None:
        """The balances, in the first full hour of a day."""
        if counted(at, self._zone) == at:
            self._drop("846", at, [self._balances(at.astimezone(self._zone))])

    # Transaction sets

    def _told(self, name: str, told: list[Happening]) -> Iterator[Segments]:
        """A transaction set for each document, or each adjustment."""
        for _, lines in groupby(told, key=lambda h: (name != "947" and h.document) or h.no):
            match name:
                case "856":
                    yield self._notice(list(lines))
                case "944":
                    yield self._receipt(list(lines))
                case "945":
                    yield self._shipment(list(lines))
                case _:
                    yield from map(self._adjustment, lines)

    def _notice(self, lines: list[Happening]) -> Segments:
        first, at = lines[0], self._wall(lines[0].at)
        found = [
            f"BSN*00*{first.document}*{at}*0004",
            f"DTM*011*{at}",
            "HL*1**S",
            f"N1*SU**92*{_bare(first.partner)}",
        ]
        for number, h in enumerate(lines):
            order, item = 2 * number + 2, 2 * number + 3
            found += [
                f"HL*{order}*1*O",
                f"PRF*{h.order_no}",
                f"HL*{item}*{order}*I",
                f"LIN*{h.position}*BP*{_bare(h.item)}" + (f"*LT*{h.lot}" if h.lot else ""),
                f"SN1**{h.quantity}*{h.unit}",
            ]
        return [*found, f"CTT*{2 * len(lines) + 1}"]

    def _receipt(self, lines: list[Happening]) -> Segments:
        first = lines[0]
        day, clock = self._wall(first.at).split("*")
        found = [
            f"W17*F*{day}*R{first.no}*{_bare(first.order_no)}*{first.reference}*X*{clock}",
            self._warehouse(),
            *([f"N1*SF**92*{_bare(first.partner)}"] if first.partner else ()),
        ]
        for h in lines:
            found += [f"W07*{h.quantity}*{h.unit}**SK*{_bare(h.item)}***{h.lot}", _carried(h)]
        return [*found, f"W14*{sum(h.quantity for h in lines)}"]

    def _shipment(self, lines: list[Happening]) -> Segments:
        first = lines[0]
        day, clock = self._wall(first.at).split("*")
        found = [
            f"W06*F*{_bare(first.document)}*{day}*S{first.no}**{_bare(first.order_no)}",
            self._warehouse(),
            f"N1*ST**92*{_bare(first.partner)}",
            f"G62*11*{day}*X*{clock}",
            f"W27*M*{_bare(first.carrier)}",
        ]
        for number, h in enumerate(lines, 1):
            sent = f"{h.quantity}*{h.quantity}*0*{h.unit}"
            found += [f"LX*{number}", f"W12*CC*{sent}**SK*{_bare(h.item)}*{h.lot}", _carried(h)]
        return [*found, f"W03*{sum(h.quantity for h in lines)}"]

    def _adjustment(self, h: Happening) -> Segments:
        day, clock = self._wall(h.at).split("*")
        sign = -1 if h.kind is Kind.SCRAP_DECLARED else 1
        line = f"{sign * h.quantity}*{h.unit}**SK*{_bare(h.item)}***{h.lot}"
        statuses = {"ZZ": h.from_status, "ZY": h.to_status}
        return [
            f"W15*{day}*A{h.no}*{h.document}",
            self._warehouse(),
            f"G62*07*{day}*X*{clock}",
            f"W19*{_REASONS[h.kind]}*{line}",
            *(f"N9*{key}*{_STATUSES[told]}" for key, told in statuses.items() if told),
            _carried(h),
        ]

    def _balances(self, wall: datetime) -> Segments:
        found = [f"BIA*00*SI*B{wall:%Y%m%d}*{wall:%Y%m%d*%H%M%S}", self._warehouse()]
        ordered = sorted(self._stock.items())
        for (item, lot), lines in groupby(ordered, key=lambda line: line[0][:2]):
            found.append(f"LIN**SK*{_bare(item)}" + (f"*LT*{lot}" if lot else ""))
            for (_, _, status, unit), quantity in lines:
                found.append(f"QTY*{_QUANTITIES[status]}*{quantity}*{unit}")
        return found

    def _warehouse(self) -> str:
        return f"N1*WH**92*WH{self._code}"

    def _wall(self, moment: datetime) -> str:
        """Date and time on the clock of the plant, as two elements."""
        return f"{moment.astimezone(self._zone):%Y%m%d*%H%M%S}"

    # Files

    def _drop(self, name: str, at: datetime, sets: list[Segments]) -> None:
        """One interchange; the control number counts up with every file."""
        self._control += 1
        path = self._folder / f"{name}_{at.astimezone(UTC):%Y%m%d%H%M%S}.x12"
        half = path.with_suffix(".part")
        text = "".join(f"{segment.rstrip('*')}{self._end}" for segment in self._all(name, at, sets))
        half.write_bytes(text.encode("ascii"))
        os.utime(half, (at.timestamp(), at.timestamp()))
        half.replace(path)

    def _all(self, name: str, at: datetime, sets: list[Segments]) -> Iterator[str]:
        wall, control = at.astimezone(self._zone), f"{self._control:09}"
        sender = ("PORTAL" if name == "856" else "3PL") + self._code
        no_security = f"00*{'':10}*00*{'':10}"
        parties = f"ZZ*{sender:15}*ZZ*{'GROUP':15}"
        yield f"ISA*{no_security}*{parties}*{wall:%y%m%d*%H%M}*U*00401*{control}*0*P*>"
        if sets:
            stamp = f"{wall:%Y%m%d*%H%M%S}"
            yield f"GS*{_GROUPS[name]}*{sender}*GROUP*{stamp}*{self._control}*X*004010"
            for number, segments in enumerate(sets, 1):
                yield f"ST*{name}*{number:04}"
                yield from segments
                yield f"SE*{len(segments) + 2}*{number:04}"
            yield f"GE*{len(sets)}*{self._control}"
        yield f"IEA*{min(len(sets), 1)}*{control}"


def _carried(h: Happening) -> str:
    """The number the ERP got with it; what takes back has that of what it takes back."""
    return f"N9*CO*{reference(h.reverses or h.no)}"


def _bare(number: str) -> str:
    """A number without its leading zeros."""
    return number.lstrip("0")


def landscape(
    plants: Iterable[str], folder: Path | str, partners: Container[str] = ("supplier", "threepl")
) -> dict[str, str]:
    """What a landscape needs to read the partners of the plants: text by path in it."""
    shipped = resources.files(__package__) / "edi_x12"
    return {
        f"sources/{entry.name.removesuffix('.yml')}{plant}.yml": entry.read_text("utf-8")
        .replace("{plant}", plant)
        .replace("{folder}", f"{folder}/{plant}")
        for plant in plants
        for entry in shipped.iterdir()
        if entry.name.removesuffix(".yml") in partners
    }
