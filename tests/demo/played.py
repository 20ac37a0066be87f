"""A group told to its systems, collected and judged, with whatever goes wrong in it."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from app.clock import SetClock
from app.demo.estate import running
from app.demo.faults import Plan, Planting
from app.demo.group import Group, Happening, simulate
from app.demo.systems.edi import partnered
from app.demo.wire import Delivery, Wire
from app.jobs import collect, reconcile
from app.services import Services, opened


class Witness(Planting):
    """A planting that remembers what every system was told."""

    def __init__(self, *args: Any) -> None:
        self.told: list[Delivery] = []
        super().__init__(*args)

    def entered(self, delivery: Delivery, at: datetime) -> None:
        """A system was told something."""
        self.told.append(delivery)
        super().entered(delivery, at)


@dataclass
class Played:
    """What came of it: all pulls and all judgements, and the truth."""

    services: Services
    history: list[Happening]
    planting: Witness
    pulls: list[collect.Report]
    reports: list[reconcile.Report]
    truth: Path


@contextlib.contextmanager
def played(folder: Path, group: Group, plan: Plan, *, every: timedelta) -> Iterator[Played]:
    """The whole history, looked at every so often and at its end."""
    history = list(simulate(group))
    planting = Witness(group, history, plan, None, partnered(group))
    clock = SetClock(group.starts_at, running=False)
    with running(folder, group, clock) as estate:
        wire = Wire(group, history, estate.system, estate.bus, planting)
        with opened(estate.landscape, clock=clock) as services:
            pulls, reports, stop = [], [], group.starts_at
            while stop < group.ends_at:
                stop = min(stop + every, group.ends_at)
                wire.run(stop)
                estate.pass_time(stop)
                pulls += collect.collect(services)
                reports += reconcile.reconcile(services)
            truth = folder / "truth.csv"
            planting.write(truth)
            yield Played(services, history, planting, pulls, reports, truth)
