"""A history looked at as a whole: what belongs together, and what things are worth."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from zoneinfo import ZoneInfo

from app.demo.group import Group, Happening, Kind

_CENT = Decimal("0.01")


class Past:
    """All that happens in a group, by what one may ask for. It is told until `ends_at` at first."""

    def __init__(self, group: Group, history: Iterable[Happening], ends_at: datetime) -> None:
        self.group, self.all, self.ends_at = group, list(history), ends_at
        self.by_no = {h.no: h for h in self.all}
        self.by_order: dict[str, list[Happening]] = defaultdict(list)
        self.by_kind: dict[Kind, list[Happening]] = defaultdict(list)
        self.by_document: dict[str, list[Happening]] = defaultdict(list)
        self.reversed = {h.reverses for h in self.all if h.reverses is not None}
        for h in self.all:
            self.by_kind[h.kind].append(h)
            if h.order_no:
                self.by_order[h.order_no].append(h)
            if h.document:
                self.by_document[h.document].append(h)
        self._zones = {site.code: ZoneInfo(site.zone) for site in group.sites}

    def plain(self, *kinds: Kind) -> Iterator[Happening]:
        """What happened of some kinds, was not taken back and takes nothing back."""
        for kind in kinds:
            for h in self.by_kind[kind]:
                if h.reverses is None and h.no not in self.reversed:
                    yield h

    def of_order(self, order_no: str, *kinds: Kind) -> list[Happening]:
        """What happened of some kinds around an order."""
        return [h for h in self.by_order[order_no] if h.kind in kinds]

    def is_last_operation(self, h: Happening) -> bool:
        """Whether goods come into stock with this report."""
        return self.group.items[h.item].routing[-1].no == h.operation

    def value(self, h: Happening, quantity: Decimal) -> Decimal:
        """What a quantity of the item was worth on the day it happened; EUR."""
        worth = abs(quantity) * self.group.items[h.item].cost(self.wall(h, h.at).date())
        return worth.quantize(_CENT, ROUND_HALF_UP)

    def day(self, plant: str, at: datetime) -> date:
        """The day on the calendar of a plant; UTC where there is none."""
        return at.astimezone(self._zones.get(plant, UTC)).date()

    def wall(self, h: Happening, at: datetime) -> datetime:
        """The wall clock of the plant."""
        return at.astimezone(self._zones[h.plant])

    @cached_property
    def other_lots(self) -> dict[tuple[str, str, str], list[str]]:
        """Lots of an item that ever lay at a place of a plant."""
        found: dict[tuple[str, str, str], list[str]] = defaultdict(list)
        for h in self.all:
            key = h.plant, h.to_place, h.item
            if h.lot and h.to_place and h.lot not in found[key]:
                found[key].append(h.lot)
        return found


def bare(number: str) -> str:
    """A number without its leading zeros."""
    return number.lstrip("0")
