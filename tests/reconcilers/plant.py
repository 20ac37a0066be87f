"""Facts for tests of the families: a few words a row, in memory."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb

from app.store.schema import tables

DAY = date(2026, 11, 2)
DEFAULTS = {
    "feed": "f",
    "source_revision": "1",
    "revision_rank": 0,
    "is_deleted": False,
    "observed_at": datetime(2026, 11, 2, tzinfo=UTC),
    "record_hash": "",
    "pull_id": "p",
}
OF_EVENT = {
    "kind": "op_complete",
    "state": "posted",
    "is_reversal": False,
    "plant": "P1",
    "unit": "EA",
    "time_precision": "second",
    "time_basis": "utc",
}
LOOKUPS = """
CREATE TABLE unit_factor (item VARCHAR, factor DECIMAL(28, 15));
CREATE TABLE period_day (day DATE, starts_on DATE);
CREATE TABLE working (
    plant_code VARCHAR, opens_at TIMESTAMPTZ, next_opens_at TIMESTAMPTZ,
    worked DOUBLE, seconds DOUBLE
);
CREATE TABLE speaker (source VARCHAR, plant VARCHAR);
CREATE TABLE plant_day (plant_code VARCHAR, day DATE, begins_at TIMESTAMPTZ, ends_at TIMESTAMPTZ);
"""
_NUMBERS = " UNION ALL ".join(f"SELECT max(fact_no) AS fact_no FROM {name}" for name in tables())


def at(text: str, day: date = DAY) -> datetime:
    """`08:05` on the day of the test, UTC; a date before it moves the day."""
    when, _, clock = text.rpartition(" ")
    on = date.fromisoformat(when) if when else day
    hour, minute = clock.split(":")
    return datetime(on.year, on.month, on.day, int(hour), int(minute), tzinfo=UTC)


def ledger() -> duckdb.DuckDBPyConnection:
    """An empty match state in memory."""
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    for table in tables().values():
        con.execute(table.empty())
    con.execute(LOOKUPS)
    return con


def add(con: duckdb.DuckDBPyConnection, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Hold some facts, numbered over all tables; what a row leaves out has a plain default."""
    start = con.execute(f"SELECT coalesce(max(fact_no), 0) FROM ({_NUMBERS})").fetchall()[0][0]
    for number, row in enumerate(rows, start + 1):
        full = {
            **DEFAULTS,
            **(OF_EVENT if table == "business_event" else {}),
            **row,
            "fact_no": number,
        }
        if table == "business_event":
            full.setdefault("event_at", full.get("occurred_at"))
            full.setdefault("occurred_on", full["event_at"].date())
            full.setdefault("quantity_source", full.get("quantity"))
            full.setdefault("unit_source", full.get("unit"))
        con.execute(
            f"INSERT INTO {table} ({', '.join(full)}) VALUES ({', '.join('?' * len(full))})",
            list(full.values()),
        )


def event(
    source: str, key: str, quantity: Decimal | int | str | None, when: datetime, **more: Any
) -> dict[str, Any]:
    """One business event."""
    return {
        "source": source,
        "source_key": key,
        "quantity": None if quantity is None else Decimal(quantity),
        "occurred_at": when,
        **more,
    }


def minutes(count: int) -> timedelta:
    """So many minutes."""
    return timedelta(minutes=count)
