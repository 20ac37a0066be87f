"""The clock: the only place that reads the time. Everyone else is handed a `Clock`."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time. `now` is UTC and may jump with the machine; `monotonic` (seconds) never goes back."""

    def now(self) -> datetime: ...
    def monotonic(self) -> float: ...
    def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


@dataclass
class SetClock:
    """A clock that was set to an instant and runs on from there; with `running=False` it stands still.

    The demo plays recordings at the time they were made; tests stand at a chosen minute.
    """

    instant: datetime
    running: bool = True
    _started: float = field(default_factory=time.monotonic)

    def now(self) -> datetime:
        return self.instant + (timedelta(seconds=self.monotonic()) if self.running else timedelta())

    def monotonic(self) -> float:
        return time.monotonic() - self._started

    def sleep(self, seconds: float) -> None:
        """Wait when running; otherwise let the time pass at once."""
        if self.running:
            time.sleep(seconds)
        else:
            self.instant += timedelta(seconds=seconds)

    def set(self, instant: datetime) -> None:
        """Set the clock to `instant`."""
        self.instant, self._started = instant, time.monotonic()
