"""A history looked at as a whole: what belongs together, and what things are worth."""

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from zoneinfo import ZoneInfo

from app.demo.group import Group, Happening, Kind
from app.demo.group.calendars import Calendar
from app.demo.ledgers import sap_plants
from app.demo.systems.edi import FINISHED_GOODS, counted

_CENT = Decimal("0.01")


class Past:
    """All that happens in a group, by what one may ask for. It is told until `ends_at` at first.

    `partners` are the plants whose finished goods a logistics partner keeps, `sap` those whose
    books are an SAP's, where it is not as in the estate.
    """

    def __init__(
        self,
        group: Group,
        history: Iterable[Happening],
        ends_at: datetime,
        partners: Container[str] = (),
        sap: Iterable[str] | None = None,
    ) -> None:
        self.group, self.all, self.ends_at = group, list(history), ends_at
        self._partners = partners
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
        self._sap = {*(sap_plants(group) if sap is None else sap)}
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

    def in_sap(self, h: Happening) -> bool:
        """Whether the books of the plant are an SAP's: it has reports one by one and reverses what
        is wrong. An Odoo has the sum of an order, and corrects the line that is done.
        """
        return self.is_sap(h.plant)

    def is_sap(self, plant: str) -> bool:
        """Whether the books of a plant are an SAP's."""
        return plant in self._sap

    def is_corrected(self, h: Happening) -> bool:
        """Whether the books of the plant take a later return off the posting of an issue."""
        return not self.in_sap(h) and any(
            one.item == h.item for one in self.of_order(h.order_no, Kind.COMPONENT_RETURNED)
        )

    def issues(self) -> Iterator[Happening]:
        """Issues to production that no return changes in the books."""
        return (h for h in self.plain(Kind.COMPONENT_ISSUED) if not self.is_corrected(h))

    def is_advised(self, h: Happening) -> bool:
        """Whether a logistics partner tells of a movement of stock."""
        return h.plant in self._partners and {h.from_place, h.to_place} <= {*FINISHED_GOODS, ""}

    def counted(self, h: Happening, at: datetime) -> datetime:
        """From when on what lies of the item at an instant is told: a partner tells once a day."""
        is_kept = self.group.items[h.item].kind == "finished" and h.plant in self._partners
        return counted(at, self._zones[h.plant]) if is_kept else at

    def value(self, h: Happening, quantity: Decimal, at: datetime | None = None) -> Decimal:
        """What a quantity of the item was worth `at` an instant, by default when it happened; EUR.

        The day is that of the plant.
        """
        worth = abs(quantity) * self.group.items[h.item].cost(self.wall(h, at or h.at).date())
        return worth.quantize(_CENT, ROUND_HALF_UP)

    def day(self, plant: str, at: datetime) -> date:
        """The day on the calendar of a plant; UTC where there is none."""
        return at.astimezone(self._zones.get(plant, UTC)).date()

    def noon(self, plant: str, day: date) -> datetime:
        """Noon of a day at a plant; UTC."""
        return datetime.combine(day, time(12), self._zones[plant]).astimezone(UTC)

    def wall(self, h: Happening, at: datetime) -> datetime:
        """The wall clock of the plant."""
        return at.astimezone(self._zones[h.plant])

    def after_work(self, h: Happening, worked: timedelta) -> datetime:
        """When a plant has worked so long after something happened; UTC."""
        until = self._calendars[h.plant].after(h.at.timestamp(), int(worked.total_seconds()))
        return datetime.fromtimestamp(until, UTC)

    @cached_property
    def _calendars(self) -> dict[str, Calendar]:
        first, last = self.group.first, self.group.last
        return {site.code: Calendar(site.whole_days, first, last) for site in self.group.sites}

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
