"""Working time of a plant, also in the nights the clocks are changed."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.demo.group import Calendar, Group

BERLIN, CHICAGO, SHANGHAI = Group().sites
YEAR = Calendar(BERLIN, date(2026, 1, 1), date(2026, 12, 31))
FIRST = int(datetime(2026, 1, 2, 5, tzinfo=UTC).timestamp())  # an early shift opens
instants = st.integers(FIRST, FIRST + 300 * 86400)


def hours(calendar: Calendar, day: date) -> list[float]:
    return [(x.closes - x.opens) / timedelta(hours=1) for x in calendar.shifts if x.day == day]


def test_the_night_the_clocks_go_back_is_an_hour_longer() -> None:
    assert hours(YEAR, date(2026, 10, 24)) == [8, 8, 9]
    assert hours(YEAR, date(2026, 10, 23)) == [8, 8, 8]


def test_the_night_the_clocks_go_forward_is_an_hour_shorter() -> None:
    assert hours(YEAR, date(2026, 3, 28)) == [8, 8, 7]


def test_a_night_belongs_to_the_day_it_begins_on() -> None:
    shift = YEAR.shift_at(datetime(2026, 10, 25, 4, 59, tzinfo=UTC))  # 05:59, winter time
    assert shift is not None
    assert (shift.day, shift.number) == (date(2026, 10, 24), 3)
    assert YEAR.shift_at(shift.closes) is None  # Sunday


def test_nobody_works_on_sundays_and_holidays() -> None:
    days = {shift.day for shift in YEAR.shifts}
    assert all(day.weekday() != 6 for day in days)
    assert date(2026, 5, 1) not in days
    assert date(2026, 5, 4) in days


def test_a_week_is_worked_as_the_plant_does() -> None:
    first, last = date(2026, 11, 16), date(2026, 11, 22)
    worked = [len(Calendar(x, first, last).shifts) for x in (BERLIN, CHICAGO, SHANGHAI)]
    assert worked == [18, 16, 12]
    assert len(Calendar(BERLIN, first, last, weekend=False).shifts) == 15


def test_thanksgiving_moves_and_is_kept() -> None:
    assert date(2026, 11, 26) in CHICAGO.holidays
    assert date(2026, 11, 26) not in BERLIN.holidays


@given(instants, st.integers(0, 10**6))
def test_work_ends_in_working_time_and_takes_what_it_takes(now: int, seconds: int) -> None:
    end = YEAR.after(now, seconds)
    assert end >= now
    assert YEAR.shift_at(datetime.fromtimestamp(end, UTC)) is not None
    assert YEAR.worked(end) - YEAR.worked(now) == seconds


@given(instants, st.integers(0, 10**5), st.integers(0, 10**5))
def test_two_pieces_of_work_take_as_long_as_both(now: int, one: int, other: int) -> None:
    assert YEAR.after(YEAR.after(now, one), other) == YEAR.after(now, one + other)


@given(instants)
def test_a_shift_closes_after_any_moment_of_it(now: int) -> None:
    shift = YEAR.shift_at(datetime.fromtimestamp(now, UTC))
    closes = YEAR.closing(now)
    assert closes > now
    assert shift is None or closes == int(shift.closes.timestamp())
