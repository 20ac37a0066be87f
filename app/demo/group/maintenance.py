"""Machines fail and are repaired, are serviced, and use up spare parts."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from random import Random

import simpy

from app.demo.group.calendars import Calendar
from app.demo.group.happenings import ZERO, Happening, Kind
from app.demo.group.masterdata import SPARES, UNRESTRICTED, Item
from app.demo.group.world import DAY, HOUR, MINUTE, Process, Site, whole

_BETWEEN_FAILURES, _BETWEEN_SERVICES = 75 * HOUR, 160 * HOUR  # of working time
_REASONS = ("jam", "tool worn", "sensor", "hydraulics", "no operator", "power")
_SERVICE = "service"


@dataclass(slots=True)
class Machine:
    """A machine of a line. `repaired` comes true when it runs again; None while it runs."""

    code: str
    line: str
    calendar: Calendar
    repaired: simpy.Event | None = None

    def running(self) -> Process:
        """Wait until it runs."""
        while self.repaired is not None:
            yield self.repaired


class Workshop:
    """The maintenance of a plant."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.machines = {
            code: Machine(code, line.code, site.calendar_of(line))
            for line in site.plant.lines
            for code in line.machines
        }
        kinds = site.world.group.items.values()
        self.spares = [item for item in kinds if item.kind == "spare"]

    def processes(self) -> Iterator[Process]:
        """Everything that goes on for ever at the machines."""
        chance = self.site.world.group.chance
        for machine in self.machines.values():
            yield self._fail(machine, chance(f"failure/{machine.code}"))
            yield self._service(machine, chance(f"service/{machine.code}"))

    def _fail(self, machine: Machine, rng: Random) -> Process:
        while True:
            yield self.site.work(rng.expovariate(1 / _BETWEEN_FAILURES), machine.calendar)
            yield from machine.running()
            yield self.site.open_for_work(machine.calendar)
            if machine.repaired is None:
                minutes = int(rng.lognormvariate(3.2, 0.9)) + 2
                yield from self._stop(machine, rng.choice(_REASONS), minutes, rng)

    def _service(self, machine: Machine, rng: Random) -> Process:
        yield self.site.work(rng.randint(0, _BETWEEN_SERVICES), machine.calendar)
        while True:
            yield from machine.running()
            yield self.site.open_for_work(machine.calendar)
            if machine.repaired is None:
                yield from self._stop(machine, _SERVICE, rng.randint(30, 120), rng)
            yield self.site.work(_BETWEEN_SERVICES, machine.calendar)

    def _stop(self, machine: Machine, reason: str, minutes: int, rng: Random) -> Process:
        """The machine stands; longer stops and services get a maintenance order."""
        site, env = self.site, self.site.world.env
        machine.repaired = env.event()
        began = self._tell(machine, Kind.DOWNTIME_STARTED, site.someone(rng), reason=reason)
        order_no, actor = "", site.someone(rng)
        half = max(1, minutes * MINUTE // 2)
        if minutes > 20 or reason == _SERVICE:
            yield site.work(rng.randint(30, 600), machine.calendar)
            order_no = site.number("maintenance", "4")
            self._tell(machine, Kind.MAINTENANCE_OPENED, actor, order_no=order_no, reason=reason)
        yield site.work(half, machine.calendar)
        if order_no and rng.random() < 0.6:
            self._use_spare(machine, order_no, actor, rng)
        yield site.work(half, machine.calendar)
        lasted = (site.world.now - int(began.at.timestamp())) // MINUTE
        self._tell(
            machine,
            Kind.DOWNTIME_ENDED,
            site.someone(rng),
            reason=reason,
            minutes=Decimal(lasted),
            since=began.at,
        )
        machine.repaired.succeed()
        machine.repaired = None
        if order_no:
            env.process(self._complete(machine, order_no, actor, rng))

    def _complete(self, machine: Machine, order_no: str, actor: str, rng: Random) -> Process:
        """The paper work follows within the day."""
        yield self.site.work(rng.randint(5 * MINUTE, DAY // 3))
        minutes = whole(rng, 15, 180)
        self._tell(machine, Kind.MAINTENANCE_COMPLETED, actor, order_no=order_no, minutes=minutes)

    def _use_spare(self, machine: Machine, order_no: str, actor: str, rng: Random) -> None:
        item = rng.choice(self.spares)
        quantity = min(whole(rng, 1, 3), self.site.on_hand(SPARES, item.code))
        if quantity:
            self._tell(
                machine,
                Kind.SPARE_ISSUED,
                actor,
                order_no=order_no,
                item=item,
                quantity=quantity,
            )

    def _tell(
        self,
        machine: Machine,
        kind: Kind,
        actor: str,
        *,
        order_no: str = "",
        reason: str = "",
        minutes: Decimal = ZERO,
        since: datetime | None = None,
        item: Item | None = None,
        quantity: Decimal = ZERO,
    ) -> Happening:
        world = self.site.world
        return world.tell(
            Happening(
                *world.stamp(),
                self.site.code,
                kind,
                item=item.code if item else "",
                quantity=quantity,
                unit=item.unit if item else "",
                from_place=SPARES if item else "",
                from_status=UNRESTRICTED if item else "",
                order_no=order_no,
                line=machine.line,
                equipment=machine.code,
                minutes=minutes,
                since=since,
                reason=reason,
                actor=actor,
            )
        )
