"""Faults on the way: messages that wait, that are tried for ever, overtaken, or edited."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from app.demo.faults.logistics import posted_later
from app.demo.faults.mode import after, inner, mode, one_at, shuffled
from app.demo.faults.past import Past, bare
from app.demo.faults.strike import (
    MINUTE,
    Row,
    Strike,
    differing,
    failing,
    lot_claims,
    missing,
    overtaken,
    repaired,
)
from app.demo.group import Happening, Kind
from app.demo.wire import ERP, INTERFACES, MES, Outage

_RECEIPTS = next(one for one in INTERFACES if one.name == "wms.receipts")
_ORDERS = next(one for one in INTERFACES if one.name == "erp.orders")
_KINDS = tuple(sorted(_RECEIPTS.kinds))
_SLOWEST = 5 * MINUTE  # no message takes longer on its way
_TRIES = 20  # in an hour, of a message that is tried for ever


def _receipts(past: Past, since: datetime, until: datetime, plant: str = "") -> list[Happening]:
    """What the warehouses report as received meanwhile, in order of time."""
    found = [
        h
        for kind in _KINDS
        for h in past.by_kind[kind]
        if since <= h.at < until and plant in ("", h.plant)
    ]
    return sorted(found, key=lambda h: h.no)


def _queued(past: Past, h: Happening, until: datetime) -> list[Happening]:
    """What comes from one receipt of a plant on; of the same moment those told before it do not."""
    return [one for one in _receipts(past, h.at, until, h.plant) if one.no >= h.no]


def _kept(
    past: Past, first: Row, kept: list[Happening], ends: datetime, plants: Iterable[str]
) -> Strike:
    """The truth while receipts of plants wait until an instant: `first`, and what is missed
    meanwhile. Nothing else that makes them wait may come on the same days.
    """
    rows = [replace(row, until=ends) for h in kept for row in missing(past, h)]
    later = [row for h in kept for row in posted_later(past, h, ends)]
    begins = kept[0].at.date()
    days = [begins + timedelta(days=day) for day in range((ends.date() - begins).days + 1)]
    line = (f"{_RECEIPTS.name}/{plant}/{day}" for plant in plants for day in days)
    return Strike(
        [first, *rows, *later],
        claims=frozenset(line).union(*map(lot_claims, kept)),
        waiting=frozenset(h.no for h in kept),
    )


# C. Balances


@mode("C3")
def _differs_for_a_while(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    """Nobody takes receipts for some hours: stock differs by what waits, and then no longer."""
    plants = [site.code for site in past.group.sites]
    for h in shuffled(rng, past.plain(*_KINDS)):
        ends = h.at + after(rng, 2 * 3600, 12_000) * size
        kept = _receipts(past, h.at, ends)
        if _receipts(past, h.at - _SLOWEST, h.at):
            continue  # whether that waits as well nobody could say
        row = Row("stuck_message", h.at + 15 * MINUTE, "", key=_RECEIPTS.name, until=ends)
        strike = _kept(past, row, kept, ends, plants)
        strike.outage = Outage(_RECEIPTS.name, h.at, ends)
        yield strike


# D. Messages and middleware


@mode("D3")
def _tried_for_ever(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    """A message that cannot be taken is tried again and again; all of its plant behind it wait."""
    plants = [site.code for site in past.group.sites]  # of one queue one thing is told at a time
    for h in shuffled(rng, past.plain(*_KINDS)):
        lasts = after(rng, 2 * 3600, 36_000) * size
        ends = h.at + lasts
        kept = _queued(past, h, ends)
        if len(kept) == 1:
            continue  # while it waits to be tried again the queue is empty
        row = Row("retry_storm", kept[1].at + 30 * MINUTE, "", key=_RECEIPTS.name, until=ends)
        strike = _kept(past, row, kept, ends, plants)
        tries = int(lasts / timedelta(hours=1) * _TRIES)
        strike.changes = {h.no: failing(ERP, tries, lasts, is_dead=False)}
        yield strike


@mode("D8")
def _job_stopped(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    """The job that enters what came in does not run: all of it waits, and nothing fails."""
    for h in shuffled(rng, past.plain(*_KINDS)):
        lasts = after(rng, 2 * 3600, 36_000) * size
        ends = h.at + lasts
        strike = _behind(past, _stands(h, _RECEIPTS.name, ends), h, ends)
        strike.changes = {h.no: failing(ERP, 0, lasts, is_dead=False)}
        yield strike


def _stands(h: Happening, queue: str, ends: datetime) -> Row:
    """A queue whose first message does not get through until an instant. Queues have no plant."""
    return Row("stuck_message", h.at + 30 * MINUTE, "", key=queue, until=ends)


def _behind(past: Past, first: Row, h: Happening, ends: datetime) -> Strike:
    """All receipts of a plant wait behind one: they keep their order."""
    return _kept(past, first, _queued(past, h, ends), ends, [h.plant])


@mode("D9")
def _overtaken(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    """An order is cancelled before the shop floor hears of it, and is released there after."""
    for cancelled in shuffled(rng, past.by_kind[Kind.ORDER_CANCELLED]):
        h = past.of_order(cancelled.order_no, Kind.ORDER_RELEASED)[0]
        arrives = cancelled.at + _SLOWEST + after(rng, 60, 1200)
        number = bare(h.order_no)
        rows = [
            Row("status_drift", arrives + 30 * MINUTE, h.plant, key=number),
            Row(
                "missing_counterpart",
                h.at + 15 * MINUTE,
                h.plant,
                key=number,
                until=cancelled.at,
            ),
            _stands(h, _ORDERS.name, arrives),
        ]
        change = overtaken(MES, 2, arrives - h.at)
        yield Strike(rows, {h.no: change}, claims=frozenset({number}))


@mode("D10")
def _edited(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    """A message is given up; somebody repairs it with another quantity and enters it by hand."""
    for h in inner(past, rng):
        less = past.group.items[h.item].step * size
        if h.quantity > less:
            given_up, entered = after(rng, 120, 600), after(rng, 900, 1500)
            change = repaired(ERP, given_up, entered, quantity=h.quantity - less)
            yield one_at(h, differing(past, h, "quantity_variance", -less), change)
