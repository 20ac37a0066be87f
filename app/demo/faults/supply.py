"""Faults of what suppliers announce: another quantity, the same twice, nothing, too much."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from random import Random

from app.demo.faults.mode import NOTICES, after, mode, shuffled
from app.demo.faults.past import Past
from app.demo.faults.strike import (
    GRACE,
    HOUR,
    Row,
    Strike,
    altered,
    lot_claims,
    records,
    twice,
    without,
)
from app.demo.group import Happening, Kind
from app.demo.wire import SUPPLIER, Delivery

_TRANSIT = 48 * HOUR  # what is under way for more working time is missed
_TOLD = HOUR  # the portal drops its files every full hour


def _announced(past: Past) -> Iterator[tuple[Happening, list[Happening]]]:
    """Notices of suppliers, and what came of each."""
    came: dict[str, list[Happening]] = defaultdict(list)
    for h in past.plain(Kind.PURCHASE_RECEIVED, Kind.SPARE_RECEIVED):
        came[h.reference].append(h)
    for notice in past.by_kind[Kind.ASN_SENT]:
        yield notice, came[notice.document]


def _claims(notice: Happening, came: list[Happening]) -> frozenset[str]:
    """The notice and its receipts; the lines of the purchase order beside it stay free."""
    lots = (lot_claims(h) - {h.order_no} for h in came)
    return frozenset({notice.document}).union(*lots)


@mode("H1")
def _less_came(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    """The supplier announces more than is on the lorry."""
    for notice, came in shuffled(rng, _announced(past)):
        if came:
            more = past.group.items[notice.item].pack * size
            row = Row(
                "quantity_variance",
                past.after_work(notice, _TRANSIT),
                notice.plant,
                key=notice.document,
                quantity=-more,
                value=past.value(notice, more),
            )
            change = altered(SUPPLIER, quantity=notice.quantity + more)
            yield Strike([row], {notice.no: change}, claims=_claims(notice, came))


@mode("H2")
def _announced_twice(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    """The portal sends the same notice again, in another file: all of it seems to come twice."""
    for notice, came in shuffled(rng, _announced(past)):
        later = after(rng, 2 * 3600, 6 * 3600)
        row = Row(
            "duplicate_message",
            notice.at + later + _TOLD,
            notice.plant,
            key=notice.document,
            quantity=notice.quantity,
            value=past.value(notice, notice.quantity),
        )
        change = twice(SUPPLIER, later)
        yield Strike([row], {notice.no: change}, claims=_claims(notice, came))


@mode("H3")
def _one_side_empty(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    """Goods come that nobody announced, or are announced and never come."""
    for count, (notice, came) in enumerate(shuffled(rng, _announced(past))):
        if rng.random() < 0.5:
            number = f"A99{count:07}"
            ghost = replace(notice, no=NOTICES + count, document=number)
            row = Row(
                "missing_posting",
                past.after_work(notice, _TRANSIT),
                notice.plant,
                key=number,
                quantity=-notice.quantity,
                value=past.value(notice, notice.quantity),
            )
            extra = [Delivery(SUPPLIER, notice.at, ghost)]
            yield Strike([row], extra=extra, claims=frozenset({number, notice.document}))
        elif came:
            rows = [
                Row("missing_counterpart", h.at + GRACE[h.kind], plant, record)
                for h in came
                for plant, record, _ in records(past, h)
            ]
            change = {notice.no: without(SUPPLIER)}
            yield Strike(rows, change, claims=_claims(notice, came))
