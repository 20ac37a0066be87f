"""Faults of production: completions, consumption, orders."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from itertools import groupby, pairwise
from random import Random

from app.demo.faults.mode import GHOSTS, after, inner, mode, one_at, shuffled
from app.demo.faults.past import Past, bare
from app.demo.faults.strike import (
    DAY,
    HOUR,
    MINUTE,
    Change,
    Row,
    Strike,
    altered,
    by_hand,
    differing,
    lot_claims,
    missing,
    twice,
    unposted,
    without,
)
from app.demo.group import Happening, Kind
from app.demo.systems.erp import ORDER_KINDS, REPORTED, failure
from app.demo.wire import ERP, MES, Delivery

_UNDERWAY = 6 * MINUTE  # no message takes longer

# What changes the record of an order until it is done.
_CHANGING = {*ORDER_KINDS} - {Kind.ORDER_CLOSED}

# A. Completion and confirmation


@mode("A1")
def _never_posted(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    for h in inner(past, rng):
        yield one_at(h, missing(past, h), without(ERP))


@mode("A2")
def _not_received(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    """No receipt of an order gets into the books: somebody holds its product locked there. They
    stand in the list of failed postings, and nobody looks into it.
    """
    for receipts in _received(past, rng):
        rows = [replace(row, code="posting_failed") for row in _not_posted(past, receipts)]
        yield _of_receipts(receipts, rows, unposted(ERP))


@mode("A3")
def _failure_deleted(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    """The same, and at last somebody makes the list clean: nothing is left to post them again."""
    for receipts in _received(past, rng):
        gone = _cleaned(past, rng, receipts[-1])
        rows = [replace(row, since=max(row.since, gone)) for row in _not_posted(past, receipts)]
        rows += [
            Row(
                "missing_posting",
                gone + 30 * MINUTE,
                h.plant,
                failure(h.no),
                quantity=-h.quantity,
                value=past.value(h, h.quantity),
            )
            for h in receipts
        ]
        yield _of_receipts(receipts, rows, unposted(ERP, gone=gone))


def _received(past: Past, rng: Random) -> Iterator[list[Happening]]:
    """All receipts of an order that is done, where none was taken back."""
    for order in shuffled(rng, past.by_kind[Kind.ORDER_COMPLETED]):
        receipts = past.of_order(order.order_no, Kind.FINISHED_RECEIVED)
        if not past.in_sap(order):
            continue
        if receipts and not any(h.reverses or h.no in past.reversed for h in receipts):
            yield receipts


def _of_receipts(receipts: list[Happening], rows: list[Row], change: Change) -> Strike:
    changes = dict.fromkeys((h.no for h in receipts), change)
    return Strike(rows, changes, claims=frozenset().union(*map(lot_claims, receipts)))


def _not_posted(past: Past, receipts: list[Happening]) -> list[Row]:
    """What is missed of an order without receipts: by its completion, and by the warehouse."""
    total, last = sum((h.quantity for h in receipts), Decimal(0)), receipts[-1]
    followed = Row(
        "missing_posting",
        _first_pause(receipts) + 30 * MINUTE,
        last.plant,
        key=bare(last.order_no),
        quantity=-total,
        value=past.value(last, total),
    )
    return [followed, *_by_lot(past, receipts)]


def _cleaned(past: Past, rng: Random, last: Happening) -> datetime:
    """When the list is made clean: some hours before the end of what is told at first, where who
    looked two days before that saw the last receipt in it; else after it.
    """
    if last.at + HOUR < past.ends_at - 2 * DAY:
        return past.ends_at - after(rng, 130 * 60, 200 * 60)
    return max(last.at, past.ends_at) + after(rng, 3 * 3600, 12 * 3600)


def _first_pause(receipts: list[Happening]) -> datetime:
    """The first receipt that no other follows before it is due: until then the order goes on."""
    for one, other in pairwise(receipts):
        if other.at > one.at + 30 * MINUTE:
            return one.at
    return receipts[-1].at


def _by_lot(past: Past, receipts: list[Happening]) -> Iterator[Row]:
    """The warehouse's receipts without a posting: those of a lot are one thing."""
    for lot, members in groupby(sorted(receipts, key=lambda h: (h.lot, h.no)), lambda h: h.lot):
        lots = list(members)
        parts = [lots] if lot else [[h] for h in lots]
        for part in parts:
            last, total = part[-1], sum((h.quantity for h in part), Decimal(0))
            yield replace(missing(past, last)[0], quantity=-total, value=past.value(last, total))


@mode("A4")
def _confirmed_twice(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    for h in inner(past, rng):
        rows = differing(past, h, "duplicate_posting", h.quantity)
        yield one_at(h, rows, twice(ERP, after(rng, 5, 90)))


@mode("A7")
def _done_too_early(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    """The books call an order delivered that the shop floor goes on working on."""
    return _order_told(past, rng, Kind.ORDER_COMPLETED)


@mode("A8")
def _posted_absurdly(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    for h in inner(past, rng):
        rows = differing(past, h, "quantity_variance", 3 * h.quantity)
        yield one_at(h, rows, altered(ERP, quantity=4 * h.quantity))


@mode("A10")
def _reversal_lost(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    for h in shuffled(rng, past.by_kind[Kind.OPERATION_COMPLETED]):
        if h.reverses and not past.is_last_operation(h) and past.in_sap(h):
            original = past.by_no[h.reverses]
            rows = differing(past, original, "reversal_lost", None)
            rows = [replace(row, since=h.at + 30 * MINUTE, value=None) for row in rows]
            yield one_at(h, rows, without(ERP))


@mode("A11")
def _rework_as_yield(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    for again in shuffled(rng, past.plain(Kind.OPERATION_REWORKED)):
        for h in past.of_order(again.order_no, Kind.OPERATION_COMPLETED):
            is_next = h.operation == again.operation and h.at >= again.at
            if is_next and h.reverses is None and h.no not in past.reversed:
                if not past.is_last_operation(h) and past.in_sap(h):
                    rows = differing(past, h, "quantity_variance", again.quantity)
                    change = altered(ERP, quantity=h.quantity + again.quantity)
                    yield one_at(h, rows, change)
                break


# B. Consumption, scrap, units


@mode("B1")
def _other_unit(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    for h in shuffled(rng, past.issues()):
        rows = differing(past, h, "unit_mismatch", -999 * h.quantity)
        yield one_at(h, rows, altered(ERP, quantity=1000 * h.quantity))


@mode("B3")
def _consumed_twice(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    for h in shuffled(rng, past.issues()):
        rows = differing(past, h, "duplicate_posting", -h.quantity)
        yield one_at(h, rows, twice(ERP, after(rng, 5, 90)))


@mode("B4")
def _flushed_early(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    """The first backflush of a component takes what the whole order was to take."""
    for h in shuffled(rng, past.issues()):
        issues = [
            one
            for one in past.of_order(h.order_no, Kind.COMPONENT_ISSUED)
            if one.item == h.item and one.reverses is None
        ]
        rest = sum((one.quantity for one in issues[1:]), Decimal(0))
        if h.reason == "backflush" and h is issues[0] and rest >= h.quantity / 2:
            rows = differing(past, h, "quantity_variance", -rest)
            yield one_at(h, rows, altered(ERP, quantity=h.quantity + rest))


@mode("B5")
def _scrap_not_posted(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    for h in shuffled(rng, past.plain(Kind.OPERATION_SCRAPPED)):
        others = past.of_order(h.order_no, Kind.OPERATION_SCRAPPED)
        if len(others) == 1:
            yield one_at(h, missing(past, h), without(ERP))


@mode("B6")
def _other_lot(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    for h in shuffled(rng, past.issues()):
        others = [
            lot for lot in past.other_lots[h.plant, h.from_place, h.item] if h.lot and lot != h.lot
        ]
        if others:
            lot = rng.choice(others)
            strike = one_at(
                h, differing(past, h, "attribute_mismatch", None), altered(ERP, lot=lot)
            )
            strike.claims |= {f"{h.item}/{lot}"}
            yield strike


@mode("B8")
def _substituted(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    """The books take the component of the bill, the shop floor took another."""
    items = past.group.items
    for h in shuffled(rng, past.issues()):
        alike = [
            other.code
            for other in items.values()
            if other.code != h.item
            and (other.kind, other.unit, other.tracking) == (items[h.item].kind, h.unit, "none")
        ]
        if alike and not h.lot:
            rows = differing(past, h, "attribute_mismatch", None)
            yield one_at(h, rows, altered(ERP, item=rng.choice(alike)))


# E. Orders


@mode("E1")
def _not_in_mes(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    """The message is lost; somebody enters the order by hand before it is started, if it is."""
    kinds = (Kind.ORDER_CHANGED, Kind.ORDER_CANCELLED, Kind.OPERATION_STARTED)
    for h in shuffled(rng, past.by_kind[Kind.ORDER_RELEASED]):
        others = past.of_order(h.order_no, *kinds)
        ends = next((one for one in others if one.kind is not Kind.ORDER_CHANGED), None)
        until = ends.at - MINUTE if ends else None
        if until and until < h.at + 2 * HOUR:
            continue
        is_entered = ends is not None and ends.kind is Kind.OPERATION_STARTED
        change = by_hand(MES, until) if until and is_entered else without(MES)
        lost = (one for one in (h, *others) if until is None or one.at < until or not is_entered)
        row = Row(
            "missing_counterpart", h.at + 15 * MINUTE, h.plant, key=bare(h.order_no), until=until
        )
        changes = {one.no: change for one in lost}
        yield Strike([row], changes, claims=frozenset({bare(h.order_no)}))


@mode("E2")
def _ghost_order(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    """The shop floor makes an order of its own and starts it."""
    for count, h in enumerate(shuffled(rng, past.by_kind[Kind.OPERATION_STARTED])):
        released = past.of_order(h.order_no, Kind.ORDER_RELEASED)[0]
        number = f"{9_900_000 + count}"
        own, no = number.zfill(12), GHOSTS + 2 * count
        ghost = replace(released, no=no, order_no=own, at=h.at)
        begun = replace(h, no=no + 1, order_no=own)
        row = Row("missing_counterpart", h.at + 15 * MINUTE, h.plant, key=number)
        extra = [Delivery(MES, h.at, ghost), Delivery(MES, h.at, begun)]
        yield Strike([row], extra=extra, claims=frozenset({number}))


@mode("E3")
def _revision_missed(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    for h in shuffled(rng, past.by_kind[Kind.ORDER_CHANGED]):
        released = past.of_order(h.order_no, Kind.ORDER_RELEASED)[0]
        changes = past.of_order(h.order_no, Kind.ORDER_CHANGED, Kind.ORDER_CANCELLED)
        if len(changes) == 1 and h.quantity != released.quantity:
            row = Row("revision_drift", h.at + 30 * MINUTE, h.plant, key=bare(h.order_no))
            yield Strike([row], {h.no: without(MES)}, claims=frozenset({bare(h.order_no)}))


@mode("E4")
def _closed_early(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    """The controller closes an order in the books that the shop floor goes on working on."""
    return _order_told(past, rng, Kind.ORDER_CLOSED)


def _touching(past: Past, order: list[Happening]) -> Iterator[Happening]:
    """What changes the record of an order in the books until it is done, so that nothing is said of
    it for a while: of the reports the first in an SAP, each in an Odoo.
    """
    reports = [one for one in order if one.kind in REPORTED]
    yield from reports[:1] if past.in_sap(order[0]) else reports
    yield from (one for one in order if one.kind in _CHANGING)


def _order_told(past: Past, rng: Random, kind: Kind) -> Iterator[Strike]:
    """The books hear something of an order that the shop floor is working on."""
    for h in shuffled(rng, past.by_kind[Kind.OPERATION_STARTED]):
        order = past.by_order[h.order_no]
        done = next((one for one in order if one.kind is Kind.ORDER_COMPLETED), None)
        at = h.at + after(rng, 600, 7200)
        if h.operation != past.group.items[h.item].routing[0].no or (done and done.at < at):
            continue
        if any(one.at > at - _UNDERWAY and one is not done for one in _touching(past, order)):
            continue
        told = replace(h, no=GHOSTS - h.no, kind=kind, at=at)
        row = Row(
            "status_drift",
            at + 30 * MINUTE,
            h.plant,
            key=bare(h.order_no),
            until=done.at if done else None,
        )
        extra = [Delivery(ERP, at, told)]
        yield Strike([row], extra=extra, claims=frozenset({bare(h.order_no)}))
