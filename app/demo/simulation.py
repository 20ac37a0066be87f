"""The simulated group as a demo: its history told at once, with faults, and then going on.

A folder belongs to one group and one plan: what is asked for is written down in it, and another
demo is refused there.
"""

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from app.clock import SetClock
from app.demo.estate import Carriers, Estate, running
from app.demo.faults import Planting, plan_of
from app.demo.folder import claim
from app.demo.group import Group, simulate
from app.demo.systems.edi import partnered
from app.demo.wire import CarrierError, Wire

log = logging.getLogger(__name__)

LIVE_DAYS = 7  # how long it can go on after its history
_STOPS = (timedelta(days=2), timedelta(hours=2))  # before the end, when tieout looks as well


@dataclass(frozen=True)
class Wish:
    """What is asked for: the group, how much of its life, and what goes wrong in it."""

    seed: int = 7
    days: int = 30
    plants: int = 3
    faults: str = "all"

    @property
    def text(self) -> str:
        """The options that tell it apart from others."""
        return (
            f"--seed {self.seed} --days {self.days} --plants {self.plants} --faults {self.faults}"
        )


@dataclass
class Simulation:
    """A group that runs in a folder, as its systems tell it."""

    folder: Path
    estate: Estate
    clock: SetClock
    wire: Wire
    planting: Planting
    ends_at: datetime  # of the history; UTC
    lasts_until: datetime  # how long the group can live on; UTC
    _halted: threading.Event = field(default_factory=threading.Event)

    @property
    def landscape(self) -> Path:
        """The landscape folder every other command can be pointed at."""
        return self.estate.landscape

    @property
    def truth(self) -> Path:
        """What really went wrong."""
        return self.folder / "truth.csv"

    def stops(self, known: datetime | None = None) -> Iterator[datetime]:
        """The history up to each moment at which tieout looks; the clock stands there.

        Where tieout looked before, at `known`, time does not go back behind that.
        """
        since = known or self.clock.now()
        for stop in (ends for before in _STOPS if (ends := self.ends_at - before) > since):
            self.tell(stop)
            yield stop
        self.tell(max(self.ends_at, since))
        yield self.clock.now()

    def tell(self, until: datetime) -> None:
        """Let everything before an instant happen, and set the clock to it."""
        self.wire.run(until)
        self.estate.pass_time(until)
        self.planting.write(self.truth)

    @contextlib.contextmanager
    def going_on(self, speed: float, every: float, look: Callable[[], None]) -> Iterator[None]:
        """Let the group live on, `speed` seconds a second; `look` every so many real seconds.

        Time stands still while `look` looks, and after the last day. What goes wrong in `look`
        is for it to tell.
        """
        self.clock.run(speed)
        thread = threading.Thread(target=self._live, args=(speed, every, look), daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._halted.set()
            thread.join()

    def _live(self, speed: float, every: float, look: Callable[[], None]) -> None:
        now = self.clock.now()
        while now < self.lasts_until and not self._halted.wait(every):
            now = min(self.clock.now(), self.lasts_until)
            self.clock.stand()
            try:
                self.tell(now)
            except CarrierError as error:
                log.error("the group stands still", extra={"reason": str(error)})
                return
            look()
            if now < self.lasts_until:
                self.clock.run(speed)


@contextlib.contextmanager
def simulation(folder: Path, wish: Wish, carriers: Carriers | None = None) -> Iterator[Simulation]:
    """Systems up, faults planted, nothing told yet; real brokers carry it where they are given.

    Raises `FolderError` where the folder holds something else, `ValueError` for a group that is
    none, `LandscapeError` for a file of faults, `CarrierError` for a broker that is not there.
    """
    told = Group(seed=wish.seed, days=wish.days, plants=wish.plants).ends_at
    group = Group(seed=wish.seed, days=wish.days + LIVE_DAYS, plants=wish.plants)
    plan = plan_of(wish.faults, group, wish.days)
    # Queues of another broker are other queues.
    real = " --broker" if carriers and carriers.broker else ""
    claim(folder, f"{wish.text}{real}")
    history = list(simulate(group))
    looks = [told - before for before in _STOPS]
    planting = Planting(group, history, plan, told, partnered(group), looks=looks)
    clock = SetClock(group.starts_at, running=False)
    with running(folder, group, clock, carriers) as estate:
        wire = Wire(group, history, estate.system, estate.bus, planting)
        yield Simulation(folder, estate, clock, wire, planting, told, group.ends_at)
