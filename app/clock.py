"""The clock: the only place that reads the time. Everyone else is handed a `Clock`."""

import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time.

    `now` is UTC and may jump with the machine; `monotonic` (seconds) never goes back.
    """

    def now(self) -> datetime:
        """The instant, in UTC."""

    def monotonic(self) -> float:
        """Seconds since some beginning."""

    def sleep(self, seconds: float) -> None:
        """Let so much time pass."""


class SystemClock:
    """The clock of this machine. Who sleeps by it can be woken, for good."""

    def __init__(self) -> None:
        self._woken = threading.Event()

    def now(self) -> datetime:
        """The instant of the machine."""
        return datetime.now(UTC)  # noqa: TID251 - here is where the time is read

    def monotonic(self) -> float:
        """Seconds since the machine started, or so."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        self._woken.wait(seconds)

    def wake(self) -> None:
        """Wake everyone, and let nobody sleep any more."""
        self._woken.set()


@dataclass
class SetClock:
    """A clock that was set to an instant and runs on from there; without `running` it stands still.

    The demo plays recordings at the time they were made, and lets a simulated group live on faster
    than the world (`speed`); tests stand at a chosen minute.
    """

    instant: datetime
    running: bool = True
    speed: float = 1
    _started: float = field(default_factory=time.monotonic)

    def now(self) -> datetime:
        """The instant it was set to, and what has passed since."""
        if not self.running:
            return self.instant
        return self.instant + timedelta(seconds=self.monotonic() * self.speed)

    def monotonic(self) -> float:
        """Seconds since it was set."""
        return time.monotonic() - self._started

    def sleep(self, seconds: float) -> None:
        """Wait when running; otherwise let the time pass at once."""
        if self.running:
            time.sleep(seconds)
        else:
            self.instant += timedelta(seconds=seconds)

    def run(self, speed: float = 1) -> None:
        """Run on from now, so many seconds a second."""
        self.set(self.now())
        self.running, self.speed = True, speed

    def stand(self) -> None:
        """Stand still from now on."""
        self.set(self.now())
        self.running = False

    def set(self, instant: datetime) -> None:
        """Set the clock to `instant`."""
        self.instant, self._started = instant, time.monotonic()
