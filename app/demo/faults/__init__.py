"""Faults planted into a simulated history, and the truth about them.

A planting is made for a whole history before anybody is told of it: no two faults share an order, a
lot or a document, so that each can be told for itself.
"""

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

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


class Planting:
    """The faults of a plan in a history, as a disturbance of the wire that carries it."""

    def __init__(
        self,
        group: Group,
        history: Sequence[Happening],
        plan: Plan,
        ends_at: datetime | None = None,
    ) -> None:
        """`ends_at`: until when the history is told at first; UTC, else its end."""
        self._past = Past(group, history, ends_at or group.ends_at)
        self._books = Books(self._past)
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
        beds = [
            (sowing, sorted(self._candidates(sowing), key=self._is_over)) for sowing in plan.faults
        ]
        planted = Counter[str]()
        for sowing, candidates in sorted(beds, key=lambda bed: len(bed[1])):
            wanted = sowing.count or max(1, round(len(candidates) * (sowing.rate or 0)))
            for strike in candidates:
                if not wanted:
                    break
                if not strike.claims & self._claimed:
                    wanted -= 1
                    planted[sowing.mode] += 1
                    self._plant(strike, sowing.mode, f"{sowing.mode}-{planted[sowing.mode]}")
        if plan.decoys:
            for strike in decoys(self._past, self._past.group.chance("faults/decoys")):
                if not strike.claims & self._claimed:
                    self._plant(strike, "", "")

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
        """Whether nobody who looks at the end of what is told sees it any more: last resort."""
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

    # The truth

    def truth(self) -> list[Row]:
        """What went wrong, in order of time. What was mended within its grace is left out."""
        rows = list(self._rows)
        for row, first in self._books.rows():
            mode, root = self._roots.get(first.no, ("", ""))
            rows.append(replace(row, mode=mode, root=root))
        rows = [replace(row, since=row.since + LAG) for row in _merged(rows, self._books.now)]
        lasting = (row for row in rows if row.until is None or row.since < row.until)
        return sorted(lasting, key=lambda row: (row.code == DECOY, row.since, row.plant, row.key))

    def write(self, path: Path) -> None:
        """Write the truth file."""
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(_COLUMNS)
        writer.writerows(map(_fields, self.truth()))
        path.write_text(text.getvalue(), "utf-8")


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
