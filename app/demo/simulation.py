"""The simulated group as a demo: its history told at once, with faults, and then going on.

A folder belongs to one group and one plan: what is asked for is written down in it, and another
demo is refused there.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from app.clock import SetClock
from app.demo.estate import Estate, running
from app.demo.faults import Planting, plan_of
from app.demo.group import Group, simulate
from app.demo.wire import Wire

LIVE_DAYS = 7  # how long it can go on after its history
_STOPS = (timedelta(days=2),)  # before the end, when tieout looks as well
_WRITTEN = "demo.txt"


class SimulationError(Exception):
    """The demo cannot be played in this folder."""


@dataclass(frozen=True)
class Wish:
    """What is asked for: the group, how much of its life, and what goes wrong in it."""

    seed: int = 7
    days: int = 30
    plants: int = 3
    faults: str = "all"
    is_live: bool = False

    @property
    def text(self) -> str:
        """One line that tells it apart from others."""
        live = f" --live {LIVE_DAYS}" if self.is_live else ""
        size = f"--seed {self.seed} --days {self.days} --plants {self.plants}"
        return f"{size} --faults {self.faults}{live}\n"


@dataclass
class Simulation:
    """A group that runs in a folder, as its systems tell it."""

    folder: Path
    estate: Estate
    clock: SetClock
    wire: Wire
    planting: Planting
    ends_at: datetime  # of the history; UTC
    faults: int
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
        self.clock.set(until)
        self.planting.write(self.truth)

    @contextlib.contextmanager
    def going_on(self, speed: float, every: float, look: Callable[[], None]) -> Iterator[None]:
        """Let the group live on, `speed` seconds a second; `look` every so many real seconds."""
        self.clock.run(speed)
        thread = threading.Thread(target=self._live, args=(every, look), daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._halted.set()
            thread.join()

    def _live(self, every: float, look: Callable[[], None]) -> None:
        while not self._halted.wait(every):
            self.wire.run(self.clock.now())
            look()


@contextlib.contextmanager
def simulation(folder: Path, wish: Wish) -> Iterator[Simulation]:
    """Systems up, faults planted, nothing told yet.

    Raises `SimulationError` where the folder holds another demo, `ValueError` for a group that is
    none, `LandscapeError` and `OSError` for a file of faults.
    """
    _claim(folder, wish)
    group = Group(seed=wish.seed, days=wish.days, plants=wish.plants)
    told = group.ends_at
    if wish.is_live:
        group = Group(seed=wish.seed, days=wish.days + LIVE_DAYS, plants=wish.plants)
    plan = plan_of(wish.faults, group)
    history = list(simulate(group))
    planting = Planting(group, history, plan, told)
    faults = planting.write(folder / "truth.csv")
    clock = SetClock(group.starts_at, running=False)
    with running(folder, group, clock) as estate:
        wire = Wire(group, history, estate.system, estate.bus, planting)
        yield Simulation(folder, estate, clock, wire, planting, told, faults)


def _claim(folder: Path, wish: Wish) -> None:
    path = folder / _WRITTEN
    if path.exists() and (there := path.read_text("utf-8")) != wish.text:
        raise SimulationError(
            f"{folder} holds the demo {there.strip()}; take another --dir, or delete it"
        )
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(wish.text, "utf-8")
