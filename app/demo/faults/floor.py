"""Faults of the shop floor that a comparison of postings in pairs does not show.

What is wrong is how one fact stands to others: what was made to what was planned or used up.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from random import Random

from app.demo.faults.mode import after, inner, mode, one_at, shuffled
from app.demo.faults.past import Past, bare
from app.demo.faults.strike import (
    GRACE,
    MINUTE,
    Row,
    Strike,
    altered,
    differing,
    lot_claims,
    twice,
    without,
)
from app.demo.group import Happening, Kind
from app.demo.wire import ERP, MES, WMS

_OVER_DELIVERY = 10  # percent of an order that may be made beyond it
_LOSS = 2  # percent of an order that may be lost and nobody asks
_REPORTS = (Kind.OPERATION_COMPLETED, Kind.OPERATION_SCRAPPED)


# A. Completion and confirmation


@mode("A5")
def _reported_too_much(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    """The counter of a machine is set back, and the last batch is counted once more."""
    for h in inner(past, rng):
        reports = [x for x in past.of_order(h.order_no, *_REPORTS) if x.operation == h.operation]
        plans = past.of_order(h.order_no, Kind.ORDER_RELEASED, Kind.ORDER_CHANGED)
        planned, again = plans[-1].quantity, size * h.quantity
        total = sum((x.quantity for x in reports), again)
        if h is reports[-1] and (total - planned) * 100 > planned * _OVER_DELIVERY:
            row = Row(
                "quantity_variance",
                max(h, plans[-1], key=lambda x: x.at).at + GRACE[h.kind],
                h.plant,
                key=f"{bare(h.order_no)}/{h.operation}",
                quantity=total - planned,
                value=past.value(h, total - planned),
            )
            yield one_at(h, [row], altered(MES, ERP, quantity=h.quantity + again))


@mode("A9")
def _nothing_taken(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    """A yield is reported past the button that consumes: its components stay untouched."""
    for h in shuffled(rng, past.plain(Kind.OPERATION_COMPLETED)):
        taken = [
            x
            for x in past.of_order(h.order_no, Kind.COMPONENT_ISSUED)
            if (x.at, x.operation, x.reason) == (h.at, h.operation, "backflush")
        ]
        if taken:
            yield Strike(
                list(_untouched(past, h, taken)),
                {x.no: without(MES, ERP, WMS) for x in taken},
                claims=lot_claims(h).union(*map(lot_claims, taken)),
            )


def _untouched(past: Past, h: Happening, taken: list[Happening]) -> Iterator[Row]:
    """What a yield should have taken of each component."""
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for x in taken:
        totals[x.item] += x.quantity
    for item, total in totals.items():
        worth = past.value(next(x for x in taken if x.item == item), total)
        yield Row(
            "missing_posting",
            h.at + GRACE[Kind.COMPONENT_ISSUED],
            h.plant,
            key=f"{bare(h.order_no)}/{bare(item)}",
            quantity=total,
            value=worth,
        )


@mode("A13")
def _labour(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    """The books have the minutes of a booking twice, or none of an operation that was done."""
    for h in shuffled(rng, past.plain(Kind.LABOUR_BOOKED)):
        is_double = rng.random() < 0.5
        booked = [
            x for x in past.of_order(h.order_no, Kind.LABOUR_BOOKED) if x.operation == h.operation
        ]
        row = Row(
            "duplicate_posting" if is_double else "missing_posting",
            (h if is_double else booked[-1]).at + GRACE[Kind.OPERATION_COMPLETED],
            h.plant,
            key=f"{bare(h.order_no)}/{h.operation}",
            # minutes, which is all that is booked
            quantity=h.minutes if is_double else -sum((x.minutes for x in booked), Decimal(0)),
        )
        if is_double:
            yield one_at(h, [row], twice(ERP, after(rng, 5, 90)))
        elif past.of_order(h.order_no, Kind.ORDER_COMPLETED):
            changes = {x.no: without(ERP) for x in booked}
            yield Strike([row], changes, claims=lot_claims(h))


# B. Consumption, scrap, units


@mode("B7")
def _older_bill(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    """The shop floor still has the bill that was in force before."""
    for h in shuffled(rng, past.by_kind[Kind.ORDER_RELEASED]):
        revisions = [bom.revision for bom in past.group.items[h.item].boms]
        if h.revision != revisions[0]:
            older = revisions[revisions.index(h.revision) - 1]
            told = (h, *past.of_order(h.order_no, Kind.ORDER_CHANGED))
            row = Row("revision_drift", h.at + 30 * MINUTE, h.plant, key=bare(h.order_no))
            changes = {x.no: altered(MES, revision=older) for x in told}
            yield Strike([row], changes, claims=lot_claims(h))


@mode("B10")
def _loss_not_told(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    """Nobody reports what an order lost: the pieces are gone between two operations."""
    for done in shuffled(rng, past.by_kind[Kind.ORDER_COMPLETED]):
        scrap = past.of_order(done.order_no, Kind.OPERATION_SCRAPPED)
        lost = sum((x.quantity for x in scrap), Decimal(0))
        if lost * 100 <= done.quantity * _LOSS:
            continue
        row = Row(
            "quantity_variance",
            done.at + GRACE[Kind.OPERATION_SCRAPPED],
            done.plant,
            key=bare(done.order_no),
            quantity=-lost,
            value=past.value(done, lost),
        )
        changes = {x.no: without(MES, ERP) for x in scrap}
        yield Strike([row], changes, claims=lot_claims(done))


# F. Genealogy


@mode("F5")
def _unknown_lot(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    """Somebody types the lot he takes with a digit too many: it never came from anywhere."""
    for h in shuffled(rng, past.plain(Kind.COMPONENT_ISSUED)):
        if h.lot and h.reason == "backflush":
            typed = h.lot + h.lot[-1]
            rows = [replace(row, key=typed) for row in differing(past, h, "genealogy_gap", None)]
            yield one_at(h, rows, altered(MES, ERP, lot=typed))


# H. Period end


@mode("H13")
def _forgotten(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    """Nobody reports an order as done, nor closes it: at the close it is still at work."""
    closes = {(h.plant, h.document): h.at for h in past.by_kind[Kind.PERIOD_CLOSED]}
    for done in shuffled(rng, past.by_kind[Kind.ORDER_COMPLETED]):
        month = f"{past.wall(done, done.at):%Y-%m}"
        late = past.of_order(done.order_no, Kind.ORDER_CLOSED)
        if close := closes.get((done.plant, month)):
            row = Row("status_drift", close, done.plant, key=bare(done.order_no))
            changes = {x.no: without(MES, ERP) for x in (done, *late)}
            yield Strike([row], changes, claims=lot_claims(done))
