"""Faults of maintenance: stops nobody works on, work that never ends, parts nobody issued."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random

from app.demo.faults.mode import STOPS, mode, one_at, shuffled
from app.demo.faults.past import Past
from app.demo.faults.strike import HOUR, MINUTE, Row, Strike, without
from app.demo.group import Happening, Kind
from app.demo.systems.erp import event_id, reference
from app.demo.wire import CMMS, ERP, MES, WMS, Delivery

_LONG = HOUR  # a machine that stands so long needs somebody
_PAPERWORK = 48 * HOUR  # working time until an order is ended after its machine runs again
_ISSUED = 4 * HOUR  # until then a part taken is issued


@dataclass(frozen=True)
class _Stop:
    """A machine stood from `began` to `ended`; what was told of the work on it, if there was."""

    began: Happening
    ended: Happening
    work: tuple[Happening, ...]

    @property
    def claims(self) -> frozenset[str]:
        """The stop and the maintenance order are for one fault alone."""
        return frozenset({event_id(self.began.no), *(h.order_no for h in self.work)})

    def of_work(self, kind: Kind) -> Happening | None:
        """The first of a kind around the maintenance order."""
        return next((h for h in self.work if h.kind is kind), None)


def _stops(past: Past) -> Iterator[_Stop]:
    """All stops that are over. A machine has one at a time, and one order for it."""
    begun: dict[str, Happening] = {}
    orders: dict[str, str] = {}
    kinds = (Kind.DOWNTIME_STARTED, Kind.MAINTENANCE_OPENED, Kind.DOWNTIME_ENDED)
    for h in sorted((h for kind in kinds for h in past.by_kind[kind]), key=lambda h: h.no):
        if h.kind is Kind.DOWNTIME_STARTED:
            begun[h.equipment] = h
        elif h.kind is Kind.MAINTENANCE_OPENED:
            orders[h.equipment] = h.order_no
        else:
            order = orders.pop(h.equipment, "")
            work = tuple(past.by_order[order]) if order else ()
            yield _Stop(begun.pop(h.equipment), h, work)


@mode("G1")
def _nobody_called(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    """The shop floor calls nobody: maintenance knows neither of the stop nor of work on it."""
    for stop in shuffled(rng, _stops(past)):
        is_long = stop.ended.at - stop.began.at > _LONG
        if stop.work and is_long and not stop.of_work(Kind.SPARE_ISSUED):
            row = Row(
                "downtime_unreflected",
                stop.began.at + _LONG,
                stop.began.plant,
                source_key=event_id(stop.began.no),
                key=stop.began.equipment,
            )
            told = (stop.began, stop.ended, *stop.work)
            yield Strike([row], {h.no: without(CMMS) for h in told}, claims=stop.claims)


@mode("G2")
def _work_never_ends(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    """Nobody reports the work as done; the machine has long been running again."""
    for stop in shuffled(rng, _stops(past)):
        if done := stop.of_work(Kind.MAINTENANCE_COMPLETED):
            since = past.after_work(stop.ended, _PAPERWORK)
            row = Row("status_drift", max(done.at, since), done.plant, key=done.order_no)
            yield Strike([row], {done.no: without(CMMS)}, claims=stop.claims)


@mode("G3")
def _taken_on_call(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    """The fitter takes a part out of the store and tells nobody but his own system."""
    for h in shuffled(rng, past.plain(Kind.SPARE_ISSUED)):
        row = Row(
            "spare_part_unposted",
            h.at + _ISSUED,
            h.plant,
            source_key=reference(h.no),
            key=h.order_no,
            quantity=h.quantity,
            value=past.value(h, h.quantity),
        )
        yield one_at(h, [row], without(ERP, WMS))


@mode("G5")
def _stopped_twice(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    """The shop floor writes down a second stop while the machine stands."""
    begin = {(h.equipment, h.at) for h in past.by_kind[Kind.DOWNTIME_STARTED]}
    for count, stop in enumerate(shuffled(rng, _stops(past))):
        lasted = stop.ended.at - stop.began.at
        if lasted < 10 * MINUTE or (stop.ended.equipment, stop.ended.at) in begin:
            continue  # where the machine stands on, the floor would take it for the next stop
        no, at = STOPS + 2 * count, stop.ended.at + timedelta(seconds=1)
        begun = replace(stop.began, no=no, at=stop.began.at + lasted // (2 * MINUTE) * MINUTE)
        ended = replace(stop.ended, no=no + 1, since=begun.at, at=at)
        row = Row(
            "duplicate_posting",
            max(at, begun.at + _LONG) + 30 * MINUTE,
            stop.began.plant,
            source_key=event_id(no),
            key=stop.began.equipment,
        )
        extra = [Delivery(MES, at, begun), Delivery(MES, at, ended)]
        yield Strike([row], extra=extra, claims=stop.claims)
