"""The days of a plant as instants: they touch, and where clocks change one is longer or shorter."""

from datetime import UTC, date, datetime, timedelta

import pytest

from app.landscape.calendars import plant_days


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)]
)
def test_a_day_of_a_plant_begins_and_ends_at_its_midnight(day: str, hours: int) -> None:
    first = date.fromisoformat(day)
    rows = plant_days({"L1": "Europe/Berlin", "U1": "UTC"}, first, first + timedelta(1)).to_pylist()
    own = [row for row in rows if row["plant_code"] == "L1"]
    assert [row["day"] for row in own] == [first, first + timedelta(1)]
    assert own[0]["ends_at"] - own[0]["begins_at"] == timedelta(hours=hours)
    assert own[1]["begins_at"] == own[0]["ends_at"]
    (midnight, *_) = (row["begins_at"] for row in rows if row["plant_code"] == "U1")
    assert midnight == datetime.combine(first, datetime.min.time(), UTC)
