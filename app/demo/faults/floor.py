"""Faults of the shop floor that a comparison of postings in pairs does not show.

What is wrong is how one fact stands to others: what was made to what was planned or used up.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from random import Random

from app.demo.faults.mode import after, inner, mode, one_at, shuffled
from app.demo.faults.past import Past, bare
from app.demo.faults.strike import (
    GRACE,
    HOUR,
    MINUTE,
    Row,
    Strike,
    altered,
    lot_claims,
    twice,
    without,
)
from app.demo.group import Happening, Kind
from app.demo.systems.erp import reference
from app.demo.wire import ERP, MES, WMS

_OVER_DELIVERY = 10  # percent of an order that may be made beyond it
_IDLE = timedelta(days=5)  # of working time in which nothing becomes of an order that was begun
_LOSS = 2  # percent of what was begun that may be lost and nobody asks
_NOTICED = 8 * HOUR  # of working time in which a miscount is taken back
_USED_WITHIN, _BALANCED_WITHIN, _BOOKED_WITHIN = 4 * HOUR, 8 * HOUR, 8 * HOUR
_FLUSHED = ("backflush", "miscounted")  # taken by a report, or given back with it
_TOLD = timedelta(hours=4)  # until when it has to be told where a lot came from
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
                past.after_work(h, _NOTICED),
                h.plant,
                key=f"{bare(h.order_no)}/{h.operation}",
                quantity=total - planned,
                value=past.value(h, total - planned),
            )
            rows = [row, *_missed_later(past, h, again)]
            yield one_at(h, rows, altered(MES, ERP, quantity=h.quantity + again))


def _missed_later(past: Past, h: Happening, again: Decimal) -> Iterator[Row]:
    """What the first operation made too much on paper, a finished order seems to have lost."""
    for done in past.of_order(h.order_no, Kind.ORDER_COMPLETED):
        if h.operation == past.group.items[h.item].routing[0].no:
            yield _lost(past, done, again)


@mode("A9")
def _nothing_taken(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    """An operation is reported past the button that consumes: its components stay untouched. That
    it has components shows in what two orders before it took.
    """
    orders: dict[tuple[str, str, str], dict[str, Happening]] = defaultdict(dict)
    for h in past.plain(Kind.OPERATION_COMPLETED):
        orders[h.plant, h.item, h.operation].setdefault(h.order_no, h)
    firsts = [h for of_operation in orders.values() for h in [*of_operation.values()][2:]]
    for h in shuffled(rng, firsts):
        taken = [
            x
            for x in past.of_order(h.order_no, Kind.COMPONENT_ISSUED, Kind.COMPONENT_RETURNED)
            if x.operation == h.operation
        ]
        if taken and all(x.reason in _FLUSHED for x in taken):
            yield Strike(
                [_untouched(past, h)],
                {x.no: without(MES, ERP, WMS) for x in taken},
                claims=lot_claims(h).union(*map(lot_claims, taken)),
            )


def _untouched(past: Past, h: Happening) -> Row:
    """What an operation made of nothing: `h` is the first yield of it."""
    made = [x for x in past.of_order(h.order_no, h.kind) if x.operation == h.operation]
    return Row(
        "missing_posting",
        h.at + _USED_WITHIN,
        h.plant,
        key=f"{bare(h.order_no)}/{h.operation}",
        quantity=-sum((x.quantity for x in made), Decimal(0)),
    )


@mode("A13")
def _labour(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    """The books have the minutes of a booking twice, or none of an operation that was done."""
    for h in shuffled(rng, past.plain(Kind.LABOUR_BOOKED)):
        if not past.in_sap(h):
            continue
        is_double = rng.random() < 0.5
        booked = [
            x for x in past.of_order(h.order_no, Kind.LABOUR_BOOKED) if x.operation == h.operation
        ]
        row = Row(
            "duplicate_posting" if is_double else "missing_posting",
            (h if is_double else booked[-1]).at + _BOOKED_WITHIN,
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
        if not past.in_sap(h):
            continue
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
        first = past.group.items[done.item].routing[0].no
        reports = past.of_order(done.order_no, *_REPORTS)
        made = sum((x.quantity for x in reports if x.operation == first), Decimal(0))
        scrap = [x for x in reports if x.kind is Kind.OPERATION_SCRAPPED and x.operation != first]
        lost = sum((x.quantity for x in scrap), Decimal(0))
        if lost * 100 > made * _LOSS:
            changes = {x.no: without(MES, ERP) for x in scrap}
            yield Strike([_lost(past, done, lost)], changes, claims=lot_claims(done))


def _lost(past: Past, done: Happening, lost: Decimal) -> Row:
    """What an order that is done lost on its way, known from its reports."""
    last = past.of_order(done.order_no, Kind.OPERATION_COMPLETED)[-1]
    return Row(
        "quantity_variance",
        max(last.at + _BALANCED_WITHIN, done.at),
        done.plant,
        key=bare(done.order_no),
        quantity=-lost,
        value=past.value(last, lost),
    )


# F. Genealogy


@mode("F5")
def _unknown_lot(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    """Somebody types the lot he takes with a digit too many: it never came from anywhere."""
    for h in shuffled(rng, past.plain(Kind.COMPONENT_ISSUED)):
        if h.lot and h.reason == "backflush":
            typed = h.lot + h.lot[-1]
            rows = [
                Row(
                    "genealogy_gap",
                    h.at + _TOLD,
                    h.plant,
                    reference(h.no),
                    key=typed,
                    quantity=-h.quantity,
                    value=past.value(h, h.quantity),
                )
            ]
            yield one_at(h, rows, altered(MES, ERP, lot=typed))


# H. Period end


@mode("H13")
def _forgotten(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    """Nobody reports an order as done, nor closes it: it seems to be at work for ever."""
    for done in shuffled(rng, past.by_kind[Kind.ORDER_COMPLETED]):
        late = past.of_order(done.order_no, Kind.ORDER_CLOSED)
        reports = sorted(past.of_order(done.order_no, *_REPORTS), key=lambda x: x.no)
        changed = reports[0 if past.in_sap(done) else -1]  # an Odoo stamps it with every report
        since = past.after_work(changed, _IDLE) + GRACE[changed.kind]
        row = Row("status_drift", since, done.plant, key=bare(done.order_no))
        changes = {x.no: without(MES, ERP) for x in (done, *late)}
        yield Strike([row], changes, claims=lot_claims(done))
