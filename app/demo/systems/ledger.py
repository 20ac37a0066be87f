"""The general ledger of the group: what its stock accounts and its account for goods received and
invoices received say, and which periods are closed.

Stock is held at standard cost. A movement posts by how much it changes the worth of an item in a
plant, so an account is always worth its quantities to the cent; a new cost revalues what lies
there. What goes between places or statuses of a plant is worth the same and posts nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from app.demo.group import Group, Happening, Kind
from app.demo.group.masterdata import Item, Period, Plant
from app.demo.systems.sap import PERIODS
from app.demo.systems.shelf import Shelf

CENT = Decimal("0.01")
ACCOUNTS = {  # of stock, by kind of item
    "raw": "0013100000",
    "packaging": "0013200000",
    "spare": "0013300000",
    "semi": "0013400000",
    "finished": "0013500000",
}
GR_IR = "0019110000"
BOUGHT = (Kind.PURCHASE_RECEIVED, Kind.SPARE_RECEIVED)
_LEADING = {"SourceLedger": "0L", "Ledger": "0L"}
_SETTLED = timedelta(days=7)  # a period that ended longer before the beginning is closed by then


def account_of(item: Item) -> str:
    """The stock account of an item."""
    return ACCOUNTS[item.kind]


def worth(quantity: Decimal, cost: Decimal) -> Decimal:
    """What a quantity is worth, to the cent."""
    return (quantity * cost).quantize(CENT, ROUND_HALF_UP)


def closed_before(plant: Plant, start: date) -> Iterator[Period]:
    """The periods that are closed when a history begins."""
    return (period for period in plant.periods if period.ends + _SETTLED < start)


@dataclass
class Uncleared:
    """What of an order line was received and not invoiced, or the other way round: credit < 0."""

    quantity: Decimal = Decimal(0)
    amount: Decimal = Decimal(0)

    def post(self, quantity: Decimal, cost: Decimal) -> Decimal:
        """Receive (quantity < 0) or invoice, and return the amount that posts.

        What meets the other side clears its share of it; the rest is posted at cost.
        """
        met = Decimal(0)
        if self.quantity * quantity < 0:
            met = min(abs(quantity), abs(self.quantity)).copy_sign(quantity)
        cleared = worth(-met, self.amount / self.quantity) if met else Decimal(0)
        posted = worth(quantity - met, cost) - cleared
        self.quantity += quantity
        self.amount += posted
        return posted


class Ledger:
    """Entries of some plants in company and group currency, each plant a company of its own."""

    def __init__(self, group: Group, service: Shelf, plants: Iterable[str]) -> None:
        self._service, self._group = service, group
        self._plants = {site.code: site for site in group.sites if site.code in {*plants}}
        self._zones = {code: ZoneInfo(site.zone) for code, site in self._plants.items()}
        self._costs: dict[tuple[str, str], Decimal] = {}
        self._held: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        self._open: dict[tuple[str, str], Uncleared] = defaultdict(Uncleared)
        self._documents = count(1)
        for site in self._plants.values():
            closed = {*closed_before(site, group.start)}
            for period in site.periods:
                at = datetime.combine(period.ends + timedelta(days=3), datetime.min.time(), UTC)
                self._tell_period(site, period, at if period in closed else None)

    def hear(self, h: Happening, entered: datetime) -> None:
        """Enter an invoice of a supplier, a new cost or the end of a period; others are ignored."""
        if h.plant not in self._plants:
            return
        if h.kind is Kind.SUPPLIER_INVOICED:
            head = self._head(h, entered, self._day(h.plant, h.at), "RE", h.document)
            self._put(h, [self._cleared(h, h.quantity, head)])
        elif h.kind is Kind.MASTER_CHANGED and h.reason == "cost":
            self._revalue(h, entered)
        elif h.kind is Kind.PERIOD_CLOSED:
            site = self._plants[h.plant]
            period = next(one for one in site.periods if one.code == h.document)
            self._tell_period(site, period, entered)

    def post(
        self,
        h: Happening,
        lines: Iterable[Mapping[str, Any]],
        entered: datetime,
        day: date,
        *,
        is_told: bool = True,
    ) -> None:
        """Enter the worth of a material document; where it is not told, the document is lost."""
        moved: dict[str, Decimal] = defaultdict(Decimal)
        for line in lines:
            sign = 1 if line["DebitCreditCode"] == "S" else -1
            moved[line["Plant"]] += sign * line["QuantityInBaseUnit"]
        for plant, quantity in moved.items():
            if not quantity:
                continue
            head = self._head(h, entered, day, "WE" if h.kind in BOUGHT else "WA", plant=plant)
            entries = [self._stocked(h, plant, quantity, head)]
            if h.kind in BOUGHT:
                entries.append(self._cleared(h, -quantity, head))
            if is_told:
                self._put(h, entries)

    def _stocked(
        self, h: Happening, plant: str, quantity: Decimal, head: Mapping[str, Any]
    ) -> dict[str, Any]:
        """What a movement changes in the worth of an item."""
        cost = self._cost(plant, h.item, self._day(plant, head["CreationDateTime"]))
        before = self._held[plant, h.item]
        self._held[plant, h.item] = before + quantity
        amount = worth(before + quantity, cost) - worth(before, cost)
        account = account_of(self._group.items[h.item])
        return {**head, "GLAccount": account, **self._money(plant, amount), "Quantity": quantity}

    def _cleared(self, h: Happening, quantity: Decimal, head: Mapping[str, Any]) -> dict[str, Any]:
        """What a receipt owes, or an invoice clears, of a line of a purchase order."""
        cost = self._cost(h.plant, h.item, self._day(h.plant, head["CreationDateTime"]))
        amount = self._open[h.order_no, h.position].post(quantity, cost)
        order = {"PurchasingDocument": h.order_no, "PurchasingDocumentItem": h.position}
        return {
            **head,
            **order,
            "Supplier": h.partner,
            "GLAccount": GR_IR,
            **self._money(h.plant, amount),
            "Quantity": quantity,
        }

    def _revalue(self, h: Happening, entered: datetime) -> None:
        """Stock is worth something else from now on."""
        day = self._day(h.plant, entered)
        held, old = self._held[h.plant, h.item], self._cost(h.plant, h.item, day - timedelta(1))
        new = self._costs[h.plant, h.item] = self._group.items[h.item].cost(day)
        amount = worth(held, new) - worth(held, old)
        account = account_of(self._group.items[h.item])
        head = self._head(h, entered, day, "PR")
        self._put(h, [{**head, "GLAccount": account, **self._money(h.plant, amount)}])

    def _cost(self, plant: str, item: str, day: date) -> Decimal:
        """The cost that is in force, which changes by a price change alone."""
        return self._costs.setdefault((plant, item), self._group.items[item].cost(day))

    def _head(
        self,
        h: Happening,
        entered: datetime,
        day: date,
        kind: str,
        document: str = "",
        plant: str = "",
    ) -> dict[str, Any]:
        company = self._plants[plant or h.plant].company
        return {
            "CompanyCode": company,
            "FiscalYear": str(day.year),
            "AccountingDocument": document or f"{1900000000 + next(self._documents)}",
            **_LEADING,
            "Plant": plant or h.plant,
            "Material": h.item.zfill(18),
            "FiscalYearPeriod": f"{day:%Y0%m}",
            "BaseUnit": h.unit,
            "AccountingDocumentType": kind,
            "ReferenceDocument": h.document,
            "PostingDate": day,
            "CreationDateTime": entered.astimezone(UTC),
            "IsReversal": h.reverses is not None,
        }

    def _money(self, plant: str, amount: Decimal) -> dict[str, Any]:
        site = self._plants[plant]
        return {
            "AmountInGlobalCurrency": amount,
            "GlobalCurrency": "EUR",
            "AmountInCompanyCodeCurrency": worth(amount, site.rate),
            "CompanyCodeCurrency": site.currency,
        }

    def _put(self, h: Happening, entries: Iterable[Mapping[str, Any]]) -> None:
        """Tell a document; lines of nothing are none."""
        lines = [entry for entry in entries if entry["AmountInGlobalCurrency"]]
        numbered = [
            {**entry, "LedgerGLLineItem": f"{number:06}"} for number, entry in enumerate(lines, 1)
        ]
        self._service.put("GLAccountLineItem", numbered)

    def _tell_period(self, site: Plant, period: Period, closed_at: datetime | None) -> None:
        row = {
            "CompanyCode": site.company,
            "FiscalYearPeriod": f"{period.starts:%Y0%m}",
            "PeriodStartDate": period.starts,
            "PeriodEndDate": period.ends - timedelta(days=1),
            "ClosedAt": closed_at.astimezone(UTC) if closed_at else None,
        }
        self._service.put(PERIODS, [row])

    def _day(self, plant: str, moment: datetime) -> date:
        """The date of an instant in the calendar of a plant."""
        return moment.astimezone(UTC).astimezone(self._zones[plant]).date()
