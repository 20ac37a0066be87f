"""Faults planted into a simulated history, and the truth about them.

A planting is made for a whole history before anybody is told of it: no two faults share an order, a
lot or a document, so that each can be told for itself.
"""

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Collection, Container, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path

from app.demo.faults.accounts import Accounts
from app.demo.faults.books import Books
from app.demo.faults.coverage import COVERED
from app.demo.faults.decoys import decoys
from app.demo.faults.modes import PLANTERS
from app.demo.faults.past import Past
from app.demo.faults.plan import Plan, Sowing, plan_of
from app.demo.faults.strike import LAG, Change, Row, Strike
from app.demo.group import Group, Happening
from app.demo.wire import Delivery, Outage
from app.score.truth import DECOY

__all__ = ["COVERED", "PLANTERS", "Plan", "Planting", "Sowing", "plan_of"]

_COLUMNS = (
    "code", "plant", "source_key", "key", "from", "until", "mode", "quantity", "value", "root",
)  # fmt: skip

_SPARE, _EACH = 200, 20  # candidates looked at for a sowing, for those others may have taken


class Planting:
    """The faults of a plan in a history, as a disturbance of the wire that carries it."""

    def __init__(
        self,
        group: Group,
        history: Sequence[Happening],
        plan: Plan,
        ends_at: datetime | None = None,
        partners: Container[str] = (),
        sap: Iterable[str] | None = None,
        looks: Collection[datetime] = (),
    ) -> None:
        """`ends_at`: until when the history is told at first, else its end; `looks`: when somebody
        looks before that, UTC.

        `partners` are the plants whose finished goods a logistics partner keeps, `sap` those whose
        books are an SAP's, where it is not as in the estate.
        """
        self._past = Past(group, history, ends_at or group.ends_at, partners, sap)
        self._looks = looks
        self._books, self._accounts = Books(self._past), Accounts(self._past)
        self._changes: dict[int, Change] = {}
        self._roots: dict[int, tuple[str, str]] = {}  # mode and root by number of the happening
        self._rows: list[Row] = []
        self._claimed: set[str] = set()
        self.extra: list[Delivery] = []
        self.outages: list[Outage] = []
        self._sow(plan)
        self.extra.sort(key=lambda delivery: delivery.at)

    # Planting

    def _sow(self, plan: Plan) -> None:
        """The rarest first, so that the frequent leave them room."""
        found = [(sowing, *self._bed(sowing)) for sowing in plan.faults]
        found.sort(key=lambda bed: [len(strikes) for strikes in bed[1:]])
        planted = Counter[str]()
        # One of each before the rest, and where somebody looks: a frequent mode may be all that a
        # rare one could befall.
        for strikes in (
            [(sowing, [*seen, *lasting, *over], 1) for sowing, seen, lasting, over in found],
            [
                (sowing, [*lasting, *over], sowing.wanted(len(lasting) + len(over)) - 1)
                for sowing, _, lasting, over in found
            ],
        ):
            for sowing, bed, wanted in strikes:
                for strike in islice(self._free(bed), wanted):
                    planted[sowing.mode] += 1
                    self._plant(strike, sowing.mode, f"{sowing.mode}-{planted[sowing.mode]}")
        if plan.decoys:
            for strike in decoys(self._past, self._past.group.chance("faults/decoys")):
                if not strike.claims & self._claimed:
                    self._plant(strike, "", "")

    def _free(self, bed: Iterable[Strike]) -> Iterator[Strike]:
        """Those of a bed that have for themselves what they claim."""
        return (strike for strike in bed if not strike.claims & self._claimed)

    def _bed(self, sowing: Sowing) -> tuple[list[Strike], list[Strike], list[Strike]]:
        """Candidates enough for a sowing: those that are there when somebody looks, all that are
        there at the end of the told or come after, and those nobody sees any more.

        What a rate is the share of has to be counted whole.
        """
        enough = _SPARE + _EACH * sowing.count if sowing.count else None
        seen: list[Strike] = []
        lasting: list[Strike] = []
        over: list[Strike] = []
        for strike in self._candidates(sowing):
            (over if self._is_over(strike) else lasting).append(strike)
            if any(_is_seen(strike, look) for look in (self._past.ends_at, *self._looks)):
                seen.append(strike)
            if len(lasting) == enough:
                break
        return seen, lasting, over

    def _candidates(self, sowing: Sowing) -> Iterator[Strike]:
        """Plantings at the right place and time, of which somebody can know before the end."""
        chance = self._past.group.chance(f"faults/{sowing.mode}")
        for strike in PLANTERS[sowing.mode](self._past, chance, sowing.size):
            row = strike.rows[0]
            day = self._past.day(row.plant, row.since)
            if (
                (not sowing.plants or row.plant in sowing.plants)
                and (sowing.since is None or day >= sowing.since)
                and (sowing.until is None or day <= sowing.until)
                and row.since < self._past.group.ends_at
            ):
                yield strike

    def _is_over(self, strike: Strike) -> bool:
        """Whether nobody who looks at the end of what is told sees it any more."""
        row = strike.rows[0]
        return row.until is not None and row.since < self._past.ends_at >= row.until

    def _plant(self, strike: Strike, mode: str, root: str) -> None:
        self._claimed |= strike.claims
        self._changes |= strike.changes
        self.extra += strike.extra
        self.outages += [strike.outage] if strike.outage else []
        self._rows += [replace(row, mode=mode, root=root) for row in strike.rows]
        extra = (delivery.happening.no for delivery in strike.extra)
        told = (*strike.changes, *extra, *strike.waiting)
        self._roots |= dict.fromkeys(told, (mode, root))

    # On the wire

    def befall(self, happening: Happening, told: list[Delivery]) -> list[Delivery]:
        """Who is told of a happening after all."""
        change = self._changes.get(happening.no)
        return change(told) if change else told

    def entered(self, delivery: Delivery, at: datetime) -> None:
        """A system was told something: keep the books it leaves."""
        self._books.enter(delivery, at)
        self._accounts.enter(delivery, at)

    # The truth

    def truth(self) -> list[Row]:
        """What went wrong, in order of time. What was mended within its grace is left out."""
        rows = list(self._rows)
        told = {*map(_name, rows)}
        below = (one for one in self._books.below() if _name(one[0]) not in told)
        # What takes a line below zero may be right, and something else about its lot wrong.
        struck = (h for no in self._roots if (h := self._past.by_no.get(no)) and h.lot)
        of_lot = {(h.item, h.lot): self._roots[h.no] for h in struck}
        for row, first in (*self._books.rows(), *below):
            mode, root = self._roots.get(first.no) or of_lot.get((first.item, first.lot), ("", ""))
            rows.append(replace(row, mode=mode, root=root))
        rows = [*self._accounted(rows)]
        rows = [replace(row, since=row.since + LAG) for row in _merged(rows, self._books.now)]
        rows = [self._valued(row) for row in rows]
        lasting = (row for row in rows if row.until is None or row.since < row.until)
        return sorted(lasting, key=lambda row: (row.code == DECOY, row.since, row.plant, row.key))

    def _accounted(self, rows: list[Row]) -> Iterator[Row]:
        """Rows as the ledger has them where it was followed; what else it says is told as well.

        An order line that differs does so by what struck one of its receipts or its invoice.
        """
        followed = {_name(row): (row, first) for row, first in self._accounts.rows()}
        struck = (h for no in self._roots if (h := self._past.by_no.get(no)))
        of_line = {(h.order_no, h.position): self._roots[h.no] for h in struck if h.position}
        known = {_name(row): row for row in rows if _name(row) in followed}
        yield from (row for row in rows if _name(row) not in followed)
        for name, (row, first) in followed.items():
            own = known.get(name)
            line = of_line.get((first.order_no, first.position), ("", ""))
            mode, root = (own.mode, own.root) if own else self._roots.get(first.no, line)
            yield replace(row, mode=mode, root=root)

    def _valued(self, row: Row) -> Row:
        """A difference of stock at what its item costs now."""
        if not row.stock or row.quantity is None:
            return row
        value = self._past.value(row.stock, row.quantity, self._books.now)
        return replace(row, value=value)

    def write(self, path: Path) -> None:
        """Write the truth file."""
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(_COLUMNS)
        writer.writerows(map(_fields, self.truth()))
        path.write_text(text.getvalue(), "utf-8")


def _name(row: Row) -> tuple[str, str, str]:
    """What a row is about."""
    return row.code, row.plant, row.key


def _merged(rows: list[Row], now: datetime) -> list[Row]:
    """Rows that are told together have the quantity of all that are due by `now`; what that is
    worth is left.
    """
    totals: dict[tuple[str, str], list[Decimal]] = defaultdict(list)
    for row in rows:
        if row.together and row.quantity is not None and row.since + LAG <= now:
            totals[row.plant, row.together].append(row.quantity)
    return [
        replace(row, quantity=sum(others, Decimal(0)), value=None)
        if len(others := totals.get((row.plant, row.together), [])) > 1
        else row
        for row in rows
    ]


def _fields(row: Row) -> list[str]:
    until = row.until.isoformat() if row.until else ""
    numbers = ("" if number is None else f"{number:f}" for number in (row.quantity, row.value))
    return [
        row.code, row.plant, row.source_key, row.key, row.since.isoformat(), until, row.mode,
        *numbers, row.root,
    ]  # fmt: skip


def _is_seen(strike: Strike, look: datetime) -> bool:
    """Whether somebody who looks then sees it."""
    row = strike.rows[0]
    return row.since + LAG <= look and (row.until is None or look < row.until)
