"""Time as a plant counts it: when it works, and which fiscal period a day belongs to."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa

from app.landscape.model import DAYS, Calendar, Plant

WORKING = pa.schema(
    {
        "plant_code": pa.string(),
        "opens_at": pa.timestamp("us", "UTC"),
        "next_opens_at": pa.timestamp("us", "UTC"),
        "worked": pa.float64(),
        "seconds": pa.float64(),
    }
)
PERIOD_DAY = pa.schema({"day": pa.date32(), "starts_on": pa.date32()})
PLANT_DAY = pa.schema(
    {
        "plant_code": pa.string(),
        "day": pa.date32(),
        "begins_at": pa.timestamp("us", "UTC"),
        "ends_at": pa.timestamp("us", "UTC"),
    }
)


def spells(
    plant: Plant, calendar: Calendar | None, first: date, last: date
) -> Iterator[tuple[datetime, datetime]]:
    """When a plant works on the days `first` to `last`: [opens, closes) in UTC, oldest first.

    Without shifts it works round the clock on its working days. Shifts past midnight belong to
    the day they begin on.
    A shift is as long as the wall clock says it is: the night the clocks go back is an hour longer.
    """
    zone = ZoneInfo(plant.zone)
    day = first
    while day <= last:
        if DAYS[day.weekday()] in plant.working_days and not _closed(calendar, day):
            yield from _joined(sorted(_shifts(plant, day, zone)))
        day += timedelta(days=1)


def working(
    plants: Mapping[str, Plant], calendars: Mapping[str, Calendar], first: date, last: date
) -> pa.Table:
    """Working time of each plant (shape `WORKING`): spells, with the working seconds before."""
    rows = []
    for code, plant in plants.items():
        worked = 0.0
        found = list(spells(plant, calendars.get(plant.calendar or ""), first, last))
        for number, (opens, closes) in enumerate(found):
            following = (
                found[number + 1][0]
                if number + 1 < len(found)
                else datetime(9999, 1, 1, tzinfo=UTC)
            )
            seconds = (closes - opens).total_seconds()
            rows.append((code, opens, following, worked, seconds))
            worked += seconds
    return pa.Table.from_pylist(
        [dict(zip(WORKING.names, row, strict=True)) for row in rows], schema=WORKING
    )


def period_days(calendars: Mapping[str, Calendar]) -> pa.Table:
    """The day the fiscal period of each day begins (shape `PERIOD_DAY`), where one is declared."""
    days: dict[date, date] = {}
    for calendar in calendars.values():
        for period in calendar.periods.values():
            day = period.starts
            while day < period.ends:
                days[day] = period.starts
                day += timedelta(days=1)
    rows = [{"day": day, "starts_on": starts} for day, starts in sorted(days.items())]
    return pa.Table.from_pylist(rows, schema=PERIOD_DAY)


def plant_days(zones: Mapping[str, str], first: date, last: date) -> pa.Table:
    """When each day from `first` to `last` begins and ends at each plant (shape `PLANT_DAY`)."""
    rows = []
    for code, zone in zones.items():
        day, begins = first, _instant(first, time(), ZoneInfo(zone))
        while day <= last:
            following = day + timedelta(days=1)
            ends = _instant(following, time(), ZoneInfo(zone))
            rows.append({"plant_code": code, "day": day, "begins_at": begins, "ends_at": ends})
            day, begins = following, ends
    return pa.Table.from_pylist(rows, schema=PLANT_DAY)


def _closed(calendar: Calendar | None, day: date) -> bool:
    if calendar is None:
        return False
    return day in calendar.holidays or any(
        closure.first <= day <= closure.last for closure in calendar.closures
    )


def _shifts(plant: Plant, day: date, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
    if not plant.shifts:
        yield _instant(day, time(), zone), _instant(day + timedelta(days=1), time(), zone)
    for text in plant.shifts.values():
        start, end = (time.fromisoformat(part) for part in text.split("-"))
        until = day if end > start else day + timedelta(days=1)
        yield _instant(day, start, zone), _instant(until, end, zone)


def _instant(day: date, clock: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, clock, zone).astimezone(UTC)


def _joined(shifts: list[tuple[datetime, datetime]]) -> Iterator[tuple[datetime, datetime]]:
    """Shifts that touch or overlap as one spell."""
    current = shifts[0]
    for opens, closes in shifts[1:]:
        if opens <= current[1]:
            current = (current[0], max(current[1], closes))
        else:
            yield current
            current = (opens, closes)
    yield current
