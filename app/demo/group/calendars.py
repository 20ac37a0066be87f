"""Working time of a plant: wall clock at the edge, UTC inside. A night may have 7 or 9 hours."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

from app.demo.group.masterdata import Plant


@dataclass(frozen=True, slots=True)
class Shift:
    """A shift `[opens, closes)` in UTC.

    `day` is its production day, the local day it begins on; `number` counts the plant's shifts of a
    day from 1.
    """

    day: date
    number: int
    opens: datetime
    closes: datetime


class Calendar:
    """The shifts of a plant that begin on the local days `first` to `last`.

    With `weekend=False` none that begins on a Saturday or Sunday. Instants are seconds since 1970
    where they are numbers, as the simulation counts; time before `first` and after `last` is free.
    """

    def __init__(self, plant: Plant, first: date, last: date, *, weekend: bool = True) -> None:
        self.zone = ZoneInfo(plant.zone)
        self.shifts = tuple(_shifts(plant, first, last, weekend=weekend))
        self._opens = [int(shift.opens.timestamp()) for shift in self.shifts]
        self._closes = [int(shift.closes.timestamp()) for shift in self.shifts]
        lengths = (b - a for a, b in zip(self._opens, self._closes, strict=True))
        self._worked = list(accumulate(lengths, initial=0))

    def shift_at(self, at: datetime) -> Shift | None:
        """The shift worked at an instant; None in free time."""
        index = bisect_right(self._opens, at.timestamp()) - 1
        is_worked = index >= 0 and at.timestamp() < self._closes[index]
        return self.shifts[index] if is_worked else None

    def worked(self, now: float) -> int:
        """Working seconds from the first shift until `now`."""
        index = bisect_right(self._opens, now) - 1
        if index < 0:
            return 0
        return self._worked[index] + int(min(now, self._closes[index])) - self._opens[index]

    def after(self, now: float, seconds: int) -> int:
        """When `seconds` of working time have passed; always in working time.

        What would end with a shift ends with the first second of the next.
        """
        due = self.worked(now) + seconds
        index = min(bisect_right(self._worked, due), len(self._opens)) - 1
        return self._opens[index] + due - self._worked[index]

    def closing(self, now: float) -> int:
        """When the shift worked at `now`, or the next one, is over."""
        return self._closes[min(bisect_right(self._closes, now), len(self._closes) - 1)]

    def next_local(self, now: float, clock: time) -> int:
        """The next instant after `now` at which the plant's clock shows `clock`."""
        day = self.local_day(now)
        while (at := int(datetime.combine(day, clock, self.zone).timestamp())) <= now:
            day += timedelta(days=1)
        return at

    def midnight(self, day: date) -> int:
        """When a day begins in the plant."""
        return int(datetime.combine(day, time(), self.zone).timestamp())

    def local_day(self, now: float) -> date:
        """The day it is in the plant."""
        return datetime.fromtimestamp(now, self.zone).date()


def _shifts(plant: Plant, first: date, last: date, *, weekend: bool) -> Iterator[Shift]:
    zone = ZoneInfo(plant.zone)
    day = first
    while day <= last:
        if day not in plant.holidays and (weekend or day.weekday() < 5):
            for number, (start, end) in enumerate(plant.shifts[: plant.week[day.weekday()]], 1):
                until = day if end > start else day + timedelta(days=1)
                yield Shift(day, number, _instant(day, start, zone), _instant(until, end, zone))
        day += timedelta(days=1)


def _instant(day: date, clock: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, clock, zone).astimezone(UTC)
