"""The plants of a group: where they are, when they work, what lines they have."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal

from app.demo.group.masterdata import PLACES, Line, Period, Plant

FINISHED_LINES, SEMI_LINES, MACHINES = 4, 2, 4  # of a plant at scale 1; machines of a line
MADE = {"finished": 12, "semi": 8}  # items of a plant
_PER_LINE = {"finished": 3, "semi": 4}  # items one line can make, or more where lines are few
_SERIES = {"finished": "9", "semi": "5"}
_EARLY, _NOON, _LATE = time(6), time(14), time(22)


@dataclass(frozen=True, slots=True)
class Country:
    """What a plant has from where it stands. Holidays that move with Easter or the moon are not
    kept, but for China's week of October.
    """

    name: str
    zone: str
    currency: str
    rate: Decimal
    shifts: tuple[tuple[time, time], ...]
    week: tuple[int, ...]
    fixed: tuple[tuple[int, int], ...]  # (month, day)


_THREE = ((_EARLY, _NOON), (_NOON, _LATE), (_LATE, _EARLY))
_CHICAGO = ((time(7), time(15)), (time(15), time(23)), (time(23), time(7)))
_TWELVE = ((time(8), time(20)), (time(20), time(8)))
COUNTRIES = (
    Country(
        "Berlin",
        "Europe/Berlin",
        "EUR",
        Decimal(1),
        _THREE,
        (3, 3, 3, 3, 3, 3, 0),
        ((1, 1), (5, 1), (10, 3), (12, 25), (12, 26)),
    ),
    Country(
        "Chicago",
        "America/Chicago",
        "USD",
        Decimal("1.1"),
        _CHICAGO,
        (3, 3, 3, 3, 3, 1, 0),
        ((1, 1), (6, 19), (7, 4), (11, 11), (12, 25)),
    ),
    Country(
        "Shanghai",
        "Asia/Shanghai",
        "CNY",
        Decimal("7.8"),
        _TWELVE,
        (2, 2, 2, 2, 2, 2, 0),
        ((1, 1), (5, 1), *((10, day) for day in range(1, 8))),
    ),
    Country(
        "Monterrey",
        "America/Monterrey",
        "MXN",
        Decimal("20.5"),
        _THREE,
        (3, 3, 3, 3, 3, 2, 0),
        ((1, 1), (5, 1), (9, 16), (12, 25)),
    ),
    Country(
        "Pune",
        "Asia/Kolkata",
        "INR",
        Decimal("98.4"),
        _TWELVE,
        (2, 2, 2, 2, 2, 2, 0),
        ((1, 26), (8, 15), (10, 2), (12, 25)),
    ),
)


def plants(count: int, scale: Decimal, first: date, last: date) -> tuple[Plant, ...]:
    """Plants `1000`, `2000`, ... with the calendar of the days `first` to `last`."""
    return tuple(_plant(number, count, scale, first, last) for number in range(count))


def code_of(number: int) -> str:
    """The code of a plant, counted from 0."""
    return str((number + 1) * 1000)


def _plant(number: int, count: int, scale: Decimal, first: date, last: date) -> Plant:
    country = COUNTRIES[number % len(COUNTRIES)]
    code = code_of(number)
    return Plant(
        code=code,
        name=f"{country.name} {number // len(COUNTRIES) + 1}",
        zone=country.zone,
        company=f"C{code}",
        currency=country.currency,
        rate=country.rate,
        shifts=country.shifts,
        week=country.week,
        holidays=frozenset(_holidays(country, first, last)),
        places=PLACES,
        lines=tuple(_lines(code, scale)),
        employees=tuple(f"{number + 1}{no:05d}" for no in range(101, 101 + int(40 * scale) + 20)),
        periods=tuple(_periods(first, last)),
        supplied_by=code_of((number - 1) % count),
    )


def _holidays(country: Country, first: date, last: date) -> Iterator[date]:
    for year in range(first.year, last.year + 1):
        yield from (date(year, month, day) for month, day in country.fixed)
        if country.name == "Chicago":
            yield _nth(year, 9, weekday=0, nth=1)  # Labor Day
            yield _nth(year, 11, weekday=3, nth=4)  # Thanksgiving


def _nth(year: int, month: int, *, weekday: int, nth: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))


def _lines(plant: str, scale: Decimal) -> Iterator[Line]:
    """Lines of finished items, then of semi-finished ones."""
    finished = max(1, round(FINISHED_LINES * scale))
    semi = max(1, round(SEMI_LINES * scale))
    for number in range(finished + semi):
        code = f"L{plant}-{number + 1:02d}"
        is_semi = number >= finished
        nth = number - finished if is_semi else number
        yield Line(
            code=code,
            makes=_made_by(plant, "semi", nth, semi)
            if is_semi
            else _made_by(plant, "finished", nth, finished),
            machines=tuple(f"M{plant}-{number + 1:02d}{letter}" for letter in "ABCD"[:MACHINES]),
            weekend=nth % 2 == 0,
        )


def item_code(plant: str, kind: str, number: int) -> str:
    """The code of an item made by a plant, ten digits with leading zeros; counted from 0."""
    return f"{_SERIES[kind]}{int(plant) // 1000:02d}{number + 1:03d}".zfill(10)


def _made_by(plant: str, kind: str, nth: int, lines: int) -> tuple[str, ...]:
    """The items the nth of so many lines makes; together they make all, few lines more each."""
    each = max(_PER_LINE[kind], -(-MADE[kind] // lines))
    numbers = (number % MADE[kind] for number in range(nth * each, (nth + 1) * each))
    return tuple(item_code(plant, kind, number) for number in numbers)


def _periods(first: date, last: date) -> Iterator[Period]:
    """Calendar months, from the one before the first day."""
    starts = (first.replace(day=1) - timedelta(days=1)).replace(day=1)
    while starts <= last:
        ends = (starts + timedelta(days=32)).replace(day=1)
        yield Period(f"{starts:%Y-%m}", starts, ends)
        starts = ends
