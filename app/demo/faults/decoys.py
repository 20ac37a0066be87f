"""What looks like a fault and is none. A rule that reports one of these is wrong."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from random import Random

from app.demo.faults.mode import shuffled
from app.demo.faults.past import Past, bare
from app.demo.faults.strike import MINUTE, Row, Strike, failing, lot_claims, records, unposted
from app.demo.group import Happening, Kind
from app.demo.systems.erp import failure
from app.demo.wire import ERP
from app.score.truth import DECOY

EACH = 5


def decoys(past: Past, rng: Random) -> Iterator[Strike]:
    """Some of every kind."""
    for kind in (
        _retried,
        _posted_again,
        _taken_back,
        _cancelled,
        _closed_short,
        _at_midnight,
        _in_the_long_night,
    ):
        yield from islice(kind(past, rng), EACH)


def _quiet(past: Past, h: Happening) -> list[Row]:
    return [Row(DECOY, h.at, plant, record) for plant, record, _ in records(past, h)]


def _retried(past: Past, rng: Random) -> Iterator[Strike]:
    """The message failed twice and went through at the third try, in time."""
    for h in shuffled(rng, past.plain(Kind.OPERATION_COMPLETED)):
        if not past.is_last_operation(h):
            after = timedelta(seconds=rng.randint(240, 900))
            change = failing(ERP, 2, after, is_dead=False)
            yield Strike(_quiet(past, h), {h.no: change}, claims=lot_claims(h))


def _posted_again(past: Past, rng: Random) -> Iterator[Strike]:
    """The receipt failed, stood in the list of failed postings and was posted again, in time."""
    for h in shuffled(rng, past.plain(Kind.FINISHED_RECEIVED)):
        change = unposted(ERP, again=timedelta(seconds=rng.randint(120, 900)))
        row = Row(DECOY, h.at, h.plant, failure(h.no))
        yield Strike([row, *_quiet(past, h)], {h.no: change}, claims=lot_claims(h))


def _taken_back(past: Past, rng: Random) -> Iterator[Strike]:
    """A count and the one that takes it back, on both sides."""
    for h in shuffled(rng, past.by_kind[Kind.OPERATION_COMPLETED]):
        if h.reverses:
            original = past.by_no[h.reverses]
            yield Strike(_quiet(past, original) + _quiet(past, h), claims=lot_claims(h))


def _orders(past: Past, rng: Random, kind: Kind, reason: str) -> Iterator[Strike]:
    for h in shuffled(rng, past.by_kind[kind]):
        if not reason or h.reason == reason:
            row = Row(DECOY, h.at, h.plant, key=bare(h.order_no))
            yield Strike([row], claims=lot_claims(h))


def _cancelled(past: Past, rng: Random) -> Iterator[Strike]:
    """An order cancelled on both sides."""
    return _orders(past, rng, Kind.ORDER_CANCELLED, "")


def _closed_short(past: Past, rng: Random) -> Iterator[Strike]:
    """An order closed with less than was planned, because nobody wanted more."""
    return _orders(past, rng, Kind.ORDER_CLOSED, "short")


def _at_midnight(past: Past, rng: Random) -> Iterator[Strike]:
    """Reported before the end of a month, entered after it, posted into the right one."""
    for h in shuffled(rng, past.plain(Kind.OPERATION_COMPLETED, Kind.DELIVERY_SHIPPED)):
        if past.wall(h, h.at).month != past.wall(h, h.at + 5 * MINUTE).month:
            yield Strike(_quiet(past, h), claims=lot_claims(h))


def _in_the_long_night(past: Past, rng: Random) -> Iterator[Strike]:
    """In the hour the clocks show twice."""
    for h in shuffled(rng, past.plain(Kind.OPERATION_COMPLETED, Kind.COMPONENT_ISSUED)):
        hour = timedelta(hours=1)
        same = past.wall(h, h.at).time()
        if same in (past.wall(h, h.at - hour).time(), past.wall(h, h.at + hour).time()):
            yield Strike(_quiet(past, h), claims=lot_claims(h))
