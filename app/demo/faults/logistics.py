"""Faults of stock, messages, quality and shipment."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from app.demo.faults.billing import unshipped
from app.demo.faults.mode import AGAIN, COUNTED, FOUND, after, inner, mode, one_at, shuffled
from app.demo.faults.past import Past, bare
from app.demo.faults.strike import (
    DAY,
    GRACE,
    HOUR,
    MINUTE,
    Row,
    Strike,
    altered,
    by_hand,
    differing,
    failing,
    lot_claims,
    missing,
    records,
    twice,
    untold,
    without,
)
from app.demo.group import Happening, Kind
from app.demo.group.masterdata import BLOCKED, FINISHED, RAW, UNRESTRICTED
from app.demo.systems.erp import correlation, reference
from app.demo.wire import ERP, INTERFACES, QMS, WMS, Delivery, Fate, Outage

_POSTED_LATE = timedelta(hours=6, minutes=30)


# C. Balances


@mode("C4")
def _adjusted_on_one_side(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    """Somebody counts, and corrects the system in front of him.

    Where a lot was counted or thrown away otherwise, that and this are one adjustment of it.
    """
    kinds = (Kind.ADJUSTMENT_COUNTED, Kind.SCRAP_DECLARED)
    counted = {(h.plant, h.item, h.lot) for kind in kinds for h in past.by_kind[kind] if h.lot}
    for count, h in enumerate(shuffled(rng, past.plain(Kind.PURCHASE_RECEIVED))):
        if (h.plant, h.item, h.lot) in counted:
            continue
        at, system = h.at + after(rng, 3600, 86_400), rng.choice((ERP, WMS))
        item = past.group.items[h.item]
        made = Happening(
            COUNTED + count,
            at,
            h.plant,
            Kind.ADJUSTMENT_COUNTED,
            item=h.item,
            lot=h.lot,
            quantity=item.step * rng.choice((-3, -2, -1, 1, 2, 3, 5)) * size,
            unit=h.unit,
            to_place=RAW,
            to_status=UNRESTRICTED,
            reason="found",
        )
        rows = [
            Row(
                "orphan_posting",
                at + DAY,
                h.plant,
                key=reference(made.no),
                quantity=made.quantity,
                value=past.value(made, made.quantity),
            )
        ]
        rows = rows if system == ERP else missing(past, made)
        yield Strike(rows, extra=[Delivery(system, at, made)], claims=lot_claims(h))


@mode("C7")
def _never_arrived(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    for h in shuffled(rng, past.plain(Kind.TRANSFER_RECEIVED)):
        yield one_at(h, missing(past, h), without(ERP))


@mode("C9")
def _received_twice(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    for h in shuffled(rng, past.plain(Kind.PURCHASE_RECEIVED)):
        rows = differing(past, h, "duplicate_posting", h.quantity)
        yield one_at(h, rows, twice(ERP, after(rng, 2, 60)))


@mode("C14")
def _found_and_not_told(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    """A logistics partner finds more than it thought, corrects its book and sends no 947."""
    received = (h for h in past.plain(Kind.FINISHED_RECEIVED) if h.lot and past.is_advised(h))
    for count, h in enumerate(shuffled(rng, received)):
        at = h.at + after(rng, 3600, 86_400)
        found = replace(
            h,
            no=FOUND + count,
            at=at,
            kind=Kind.ADJUSTMENT_COUNTED,
            quantity=past.group.items[h.item].step * rng.choice((1, 2, 3)) * size,
            to_place=FINISHED,
            to_status=UNRESTRICTED,
            order_no="",
            reason="found",
        )
        row = Row(
            "ledger_mismatch",
            past.counted(found, at),
            h.plant,
            key=f"{bare(h.item)}/{h.lot}",
            quantity=found.quantity,
            stock=found,
        )
        extra = [Delivery(WMS, at, found, fate=Fate.UNTOLD)]
        yield Strike([row], extra=extra, claims=lot_claims(h))


# D. Messages and middleware


@mode("D2")
def _nobody_listens(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    """The receiver of an interface is gone since some hours, until somebody sees it hours later."""
    interface = next(one for one in INTERFACES if one.name == "wms.shipments")
    starts, ends = past.ends_at - after(rng, 4 * 3600, 9 * 3600) * size, past.ends_at + 12 * HOUR
    since = starts - 5 * MINUTE
    kept = [h for kind in interface.kinds for h in past.by_kind[kind] if since <= h.at < ends]
    if waiting := [h for h in past.plain(*interface.kinds) if since <= h.at < ends]:
        channel = Row("stuck_message", waiting[0].at + 15 * MINUTE, "", key=interface.name)
        rows = [channel, *(row for h in waiting for row in missing(past, h))]
        later = (row for h in waiting for row in posted_later(past, h, ends))
        yield Strike(
            [*(replace(row, until=ends) for row in rows), *later],
            claims=frozenset().union(*map(lot_claims, waiting)),
            outage=Outage(interface.name, starts, ends),
            waiting=frozenset(h.no for h in kept),
        )


@mode("D1")
def _dead_letter(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    for h in inner(past, rng):
        letter = Row("dead_letter", h.at + 30 * MINUTE, h.plant, key=correlation(h))
        change = failing(ERP, 3, after(rng, 120, 600), is_dead=True)
        yield one_at(h, [letter, *missing(past, h)], change)


@mode("D5")
def _dropped(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    """A filter of the middleware takes a receipt for a repeat; nobody is told."""
    for h in shuffled(rng, past.plain(Kind.PURCHASE_RECEIVED)):
        yield one_at(h, missing(past, h), without(ERP))


@mode("D11")
def _posted_in_part(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    for h in shuffled(rng, past.plain(Kind.DELIVERY_SHIPPED)):
        lines = [x for x in past.by_document[h.document] if x.kind is Kind.DELIVERY_SHIPPED]
        if len(lines) > 1:
            yield one_at(h, missing(past, h), without(ERP))


@mode("D12")
def _posted_again(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    """The sender got no answer and sends it anew, under another id."""
    lots = Counter(h.lot for h in past.by_kind[Kind.PURCHASE_RECEIVED])
    for h in shuffled(rng, past.plain(Kind.PURCHASE_RECEIVED)):
        if h.lot and lots[h.lot] == 1:
            again = replace(h, no=AGAIN + h.no)
            rows = differing(past, h, "duplicate_posting", h.quantity)
            extra = [Delivery(ERP, h.at + after(rng, 30, 600), again)]
            yield Strike(rows, extra=extra, claims=lot_claims(h))


# F. Quality


def holds(past: Past) -> Iterator[Happening]:
    """Holds on lots that were held but once: what is held again is not released.

    A piece with a serial number cannot be followed by its lot.
    """
    holds = past.by_kind[Kind.HOLD_PLACED]
    times = Counter((h.plant, h.item, h.lot) for h in holds)
    return (h for h in holds if h.lot and times[h.plant, h.item, h.lot] == 1)


def restated(past: Past, hold: Happening, status: str) -> list[Happening]:
    """Stock that got a status because of a hold."""
    return [
        h
        for h in past.by_kind[Kind.STOCK_STATUS_CHANGED]
        if h.reference == hold.document and h.to_status == status
    ]


def _released(past: Past, hold: Happening) -> Happening | None:
    ends = (h for h in past.by_document[hold.document] if h.kind is Kind.HOLD_RELEASED)
    return next(ends, None)


@mode("F1")
def _hold_not_told(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    for hold in shuffled(rng, holds(past)):
        end = _released(past, hold)
        changes = {
            h.no: without(WMS, ERP)
            for status in (BLOCKED, UNRESTRICTED)
            for h in restated(past, hold, status)
        }
        scrapped = [h for h in past.by_kind[Kind.SCRAP_DECLARED] if h.reference == hold.document]
        for h in scrapped:
            changes[h.no] = altered(ERP, WMS, from_status=UNRESTRICTED)
        returned = (
            h
            for h in past.by_kind[Kind.COMPONENT_RETURNED]
            if h.lot == hold.lot and h.to_status == BLOCKED
        )
        if not any(returned):
            row = Row(
                "hold_not_propagated",
                past.counted(hold, hold.at + 2 * MINUTE),
                hold.plant,
                key=hold.lot,
                until=end.at if end else scrapped[-1].at if scrapped else None,
            )
            yield Strike([row], changes, claims=lot_claims(hold))


@mode("F2")
def _used_on_hold(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    """Quality finds that a lot was bad before it was blocked: what left it meanwhile was held."""
    left = (Kind.COMPONENT_ISSUED, Kind.DELIVERY_SHIPPED)
    for hold in shuffled(rng, holds(past)):
        moves = [
            h
            for h in past.plain(*left)
            if (h.plant, h.item, h.lot) == (hold.plant, hold.item, hold.lot)
            and hold.at - 3 * DAY < h.at < hold.at
        ]
        if not moves:
            continue
        since = moves[-1].at - 10 * MINUTE
        within = [h for h in moves if h.at >= since]
        rows = [
            Row("hold_violated", hold.at, plant, record, value=past.value(h, quantity))
            for h in within
            for plant, record, quantity in records(past, h)
        ]
        yield Strike(rows, {hold.no: altered(QMS, at=since)}, claims=lot_claims(hold))


@mode("F3")
def _still_blocked(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    for hold in shuffled(rng, holds(past)):
        if end := _released(past, hold):
            changes = {h.no: without(WMS, ERP) for h in restated(past, hold, UNRESTRICTED)}
            since = past.counted(hold, end.at + 4 * HOUR)
            row = Row("release_not_propagated", since, hold.plant, key=hold.lot)
            yield Strike([row], changes, claims=lot_claims(hold))


# H. Shipment and period end


@mode("H5")
def _not_shipped(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    documents = {h.document: None for h in past.plain(Kind.DELIVERY_SHIPPED)}
    for document in shuffled(rng, documents):
        lines = [h for h in past.by_document[document] if h.kind is Kind.DELIVERY_SHIPPED]
        is_advised = past.is_advised(lines[0])
        rows = [row for h in lines for row in (_gone if is_advised else missing)(past, h)]
        if is_advised:
            invoices = (h for h in past.by_kind[Kind.CUSTOMER_INVOICED] if h.reference == document)
            rows += [unshipped(past, h) for h in invoices]
        change = _advice_lost if is_advised else without(ERP)
        claims = frozenset().union(*map(lot_claims, lines))
        yield Strike(rows, {h.no: change for h in lines}, claims=claims)


def _gone(past: Past, h: Happening) -> list[Row]:
    """Goods of which a partner sent no advice are gone from its next balance, and from no book."""
    key = "/".join(filter(None, (bare(h.item), h.lot)))
    return [Row("balance_variance", past.counted(h, h.at), h.plant, key=key)]


def _advice_lost(told: list[Delivery]) -> list[Delivery]:
    """The partner ships, its 945 gets lost, and nobody else hears of it."""
    return untold(WMS)(without(ERP)(told))


@mode("H6")
def _shipped_otherwise(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    for h in shuffled(rng, past.plain(Kind.DELIVERY_SHIPPED)):
        less = past.group.items[h.item].step * size
        if h.quantity > less and not past.is_advised(h):  # a partner's advice is what it shipped
            rows = differing(past, h, "quantity_variance", less)
            yield one_at(h, rows, altered(ERP, quantity=h.quantity - less))


@mode("H9")
def _posted_next_period(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    """What is posted hours late gets the date of the day it is posted on."""
    for h in shuffled(rng, past.plain(Kind.DELIVERY_SHIPPED)):
        at = h.at + max(_POSTED_LATE, GRACE[h.kind])
        if at < past.ends_at and (rows := posted_later(past, h, at)):
            yield one_at(h, rows, by_hand(ERP, at))


def posted_later(past: Past, h: Happening, at: datetime) -> list[Row]:
    """What is wrong with a posting entered so late that it falls into the next period.

    Only where the books date it to the day it is entered.
    """
    if (
        not past.in_sap(h)
        or at - h.at <= 6 * HOUR
        or past.wall(h, at).month == past.wall(h, h.at).month
    ):
        return []
    rows = differing(past, h, "wrong_period", None)
    return [replace(row, since=at) for row in rows]
