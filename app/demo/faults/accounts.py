"""What the ledger of the books should say, and where it says something else: stock whose account is
off, order lines that nobody clears, invoices dated into a closed period.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from app.demo.faults.past import Past, bare
from app.demo.faults.strike import DAY, JUDGED, LAG, Row
from app.demo.group import MOVES, Happening, Kind
from app.demo.group.masterdata import Period
from app.demo.systems.ledger import BOUGHT, Uncleared, account_of, closed_before, worth
from app.demo.wire import ERP, Delivery, Fate

CLEARED_WITHIN = 4 * DAY  # as long as the group's rule gives an order line
_TOLERATED = Decimal(1)  # EUR

Told = tuple[Row, Happening]


@dataclass
class _Stock:
    """An item in a plant: when how much of it was posted, listed, and worth what in vain."""

    posted: list[tuple[datetime, Decimal]] = field(default_factory=list)
    unlisted: list[tuple[datetime, Decimal, Happening]] = field(default_factory=list)
    lost: list[tuple[datetime, Decimal, Happening]] = field(default_factory=list)


@dataclass
class _Line:
    """A line of a purchase order in the account for goods and invoices received."""

    open: Uncleared = field(default_factory=Uncleared)
    entries: list[tuple[datetime, Decimal, Happening]] = field(default_factory=list)
    told: Happening | None = None  # what began that which is overdue now
    told_since: datetime | None = None

    def oldest(self) -> tuple[datetime, Happening] | None:
        """The oldest entry that nothing clears: the oldest is cleared first."""
        if abs(self.open.amount) <= _TOLERATED:
            return None
        own = [one for one in self.entries if one[1] * self.open.amount > 0]
        rest = sum((abs(amount) for _, amount, _ in own), Decimal(0)) - abs(self.open.amount)
        for at, amount, h in own:
            rest -= abs(amount)
            if rest < 0:
                return at, h
        return None


class Accounts:
    """Follows what the books with a general ledger enter."""

    def __init__(self, past: Past) -> None:
        self._past, self._now = past, past.group.starts_at
        self._stock: dict[tuple[str, str], _Stock] = defaultdict(_Stock)
        self._lines: dict[tuple[str, str], _Line] = defaultdict(_Line)
        self._over: list[Told] = []
        self._sites = {site.code: site for site in past.group.sites}
        self._closed: dict[str, set[Period]] = {
            code: {*closed_before(site, past.group.start)} for code, site in self._sites.items()
        }

    def enter(self, delivery: Delivery, at: datetime) -> None:
        """A system was told something `at` an instant."""
        h, self._now = delivery.happening, at
        if delivery.system != ERP:
            return
        if h.kind in MOVES and h.quantity:
            self._move(h, delivery.fate, at)
        if not self._past.in_sap(h):
            return
        if h.kind in BOUGHT and delivery.fate is not Fate.UNVALUED:  # else its document is lost
            self._post(h, -h.quantity, at)
        elif h.kind is Kind.SUPPLIER_INVOICED:
            amount = self._post(h, h.quantity, at)
            self._date(h, amount, at)
        elif h.kind is Kind.PERIOD_CLOSED:
            periods = self._sites[h.plant].periods
            self._closed[h.plant] |= {one for one in periods if one.code == h.document}

    def _move(self, h: Happening, fate: Fate, at: datetime) -> None:
        moved: dict[str, Decimal] = defaultdict(Decimal)
        if h.from_place:
            moved[h.from_plant or h.plant] -= h.quantity
        if h.to_place:
            moved[h.plant] += h.quantity
        for plant, quantity in moved.items():
            if not quantity or not self._past.is_sap(plant):
                continue
            stock = self._stock[plant, h.item]
            before = _sum(stock.posted, at)
            stock.posted.append((at, quantity))
            if fate is Fate.UNCOUNTED:
                stock.unlisted.append((at, quantity, h))
            elif fate is Fate.UNVALUED:
                cost = self._cost(plant, h.item, at)
                amount = worth(before + quantity, cost) - worth(before, cost)
                stock.lost.append((at, amount, h))

    def _post(self, h: Happening, quantity: Decimal, at: datetime) -> Decimal:
        """Follow an order line; return what posts."""
        line = self._lines[h.order_no, h.position]
        self._note(line, at)
        amount = line.open.post(quantity, self._cost(h.plant, h.item, at))
        line.entries.append((at, amount, h))
        oldest = line.oldest()
        if line.told and line.told_since and not (oldest and oldest[0] + CLEARED_WITHIN <= at):
            row = self._uncleared(line.told, line.told_since)
            self._over.append((_until(row, at), line.told))
            line.told = line.told_since = None
        return amount

    def _note(self, line: _Line, at: datetime) -> None:
        """What is overdue by an instant is told."""
        oldest = line.oldest()
        if line.told is None and oldest and oldest[0] + CLEARED_WITHIN <= at:
            line.told_since, line.told = oldest[0] + CLEARED_WITHIN, oldest[1]

    def _date(self, h: Happening, amount: Decimal, at: datetime) -> None:
        """An invoice whose date lies in a period that is closed."""
        day = self._past.day(h.plant, h.at)
        if any(period.starts <= day < period.ends for period in self._closed[h.plant]):
            self._over.append((misdated(h, amount, at), h))

    def rows(self) -> Iterator[Told]:
        """All that the ledger says otherwise, and the happening that began it."""
        yield from self._over
        for line in self._lines.values():
            self._note(line, self._now)
            if line.told and line.told_since:
                row = self._uncleared(line.told, line.told_since)
                yield _worth(row, line.open.amount), line.told
        yield from self._untied()

    def _uncleared(self, h: Happening, since: datetime) -> Row:
        return Row("cutoff_balance", since, h.plant, key=f"{bare(h.order_no)}/{bare(h.position)}")

    def _untied(self) -> Iterator[Told]:
        """Accounts that are off, by as much as they are at the last list that is judged by now."""
        cut = self._now - JUDGED - LAG
        off: dict[tuple[str, str], list[tuple[datetime, Happening]]] = defaultdict(list)
        total: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for (plant, item), stock in self._stock.items():
            wrong = [(at, h) for at, _, h in (*stock.unlisted, *stock.lost)]
            if not wrong:
                continue
            account = plant, account_of(self._past.group.items[item])
            off[account] += wrong
            cost, posted = self._cost(plant, item, cut), _sum(stock.posted, cut)
            listed = posted - sum((q for at, q, _ in stock.unlisted if at <= cut), Decimal(0))
            total[account] += worth(posted, cost) - worth(listed, cost)
            total[account] -= sum((amount for at, amount, _ in stock.lost if at <= cut), Decimal(0))
        for (plant, number), wrong in off.items():
            at, first = min(wrong, key=lambda one: one[0])
            row = Row("cutoff_balance", at + JUDGED, plant, key=bare(number))
            yield _worth(row, total[plant, number]), first

    def _cost(self, plant: str, item: str, at: datetime) -> Decimal:
        return self._past.group.items[item].cost(self._past.day(plant, at))


def misdated(h: Happening, amount: Decimal | None, at: datetime) -> Row:
    """An invoice that was entered `at` an instant is dated into a period closed by then."""
    value = None if amount is None else abs(amount)
    return Row("wrong_period", at, h.plant, key=h.document, value=value)


def last_closed(past: Past, plant: str, at: datetime) -> date | None:
    """The last day of the newest period of a plant that is closed at an instant."""
    site = next(site for site in past.group.sites if site.code == plant)
    closed = [*closed_before(site, past.group.start)]
    told = {h.document for h in past.by_kind[Kind.PERIOD_CLOSED] if h.plant == plant and h.at < at}
    ends = [one.ends for one in (*closed, *site.periods) if one in closed or one.code in told]
    return max(ends) - timedelta(days=1) if ends else None


def _sum(moved: list[tuple[datetime, Decimal]], until: datetime) -> Decimal:
    return sum((quantity for at, quantity in moved if at <= until), Decimal(0))


def _until(row: Row, at: datetime) -> Row:
    return Row(row.code, row.since, row.plant, key=row.key, until=at)


def _worth(row: Row, variance: Decimal) -> Row:
    """`variance` is what the account has too much."""
    return Row(row.code, row.since, row.plant, key=row.key, quantity=variance, value=abs(variance))
