"""The golden signals, one `.sql` each.

Ratios carry numerator and denominator; what cannot be known is NULL, never 0.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import reduce
from importlib import resources
from typing import Any

import duckdb

from app.plain import WIDE, worth
from app.store.findings import per_unit
from app.store.queries import query
from app.store.rulings import Held

WINDOWS: Mapping[str, timedelta] = {
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}
EFFECT = """
    rule VARCHAR, flow VARCHAR, plant VARCHAR, event_at TIMESTAMPTZ,
    is_due BOOLEAN,         -- a business fact whose posting had to be there
    is_effective BOOLEAN,   -- and was, in whatever shape
    is_judged BOOLEAN,      -- a fact of either side that was compared
    is_agreed BOOLEAN       -- and agreed
"""
AMOUNTS = ("gross", "net", "compared", "unexplained")
Row = Mapping[str, Any]


def text(name: str) -> str:
    """One signal's SQL."""
    return resources.files(__package__).joinpath(f"{name}.sql").read_text("utf-8")


def gather(
    con: duckdb.DuckDBPyConnection,
    held: Held,
    rule: str,
    flow: str,
    table: str,
    time: str,
    as_of: datetime,
    *,
    is_transaction: bool,
) -> None:
    """Add what became of a rule's facts in the longest window to the temp table `effect`.

    `is_transaction`: its expected facts are business facts, each of which has to be posted.
    """
    sql = text("effect").format(
        member=held.table("member"), finding=held.table("finding"), table=table, time=time
    )
    since = as_of - max(WINDOWS.values())
    binds = {"rule": rule, "flow": flow, "as_of": as_of, "since": since}
    con.execute(f"INSERT INTO effect {sql}", {**binds, "is_transaction": is_transaction})


def variance(con: duckdb.DuckDBPyConnection, as_of: datetime) -> list[dict[str, Any]]:
    """How far the balances in `measure` are apart, per plant and, as plant '*', over all.

    Amounts are sums of what each item is worth to the cent, so plants add up to the whole; None
    where nothing has a value or currencies differ. `items_unpriced` counts items of which some
    stock has none: no cost, no conversion, or units that were not compared. Quantities are None
    where units differ.
    """
    sql = text("variance").format(unit_cost=query("unit_cost"))
    plants: dict[str, list[Row]] = {"*": []}
    for row in con.sql(sql, params={"as_of": as_of}).to_arrow_table().to_pylist():
        cost = None if row["unit_cost"] is None else per_unit(row)
        valued = {**row, "amounts": {name: worth(row[name], cost) for name in AMOUNTS}}
        plants["*"].append(valued)
        plants.setdefault(row["plant"] or "", []).append(valued)
    return [{"plant": plant, **_added(rows)} for plant, rows in plants.items()]


def _added(rows: Sequence[Row]) -> dict[str, Any]:
    priced = [row for row in rows if row["amounts"]["gross"] is not None]
    currencies = {row["currency"] for row in priced}
    units = {row["unit"] for row in rows if row["unit"] is not None}
    alike = rows if len(units) <= 1 else ()
    valued = priced if len(currencies) <= 1 else ()
    return {
        **{name: _total(row["amounts"][name] for row in valued) for name in AMOUNTS},
        "items": len({row["item"] for row in rows}),
        "items_off": len({row["item"] for row in rows if row["gross"]}),
        "items_unpriced": len({row["item"] for row in rows if row["amounts"]["gross"] is None}),
        "currency": currencies.pop() if len(currencies) == 1 else None,
        "quantity": _total(row["gross"] for row in alike),
        "quantity_compared": _total(row["compared"] for row in alike),
        "unit": max(units, default=None),
    }


def _total(numbers: Iterable[Decimal | None]) -> Decimal | None:
    """The sum of those that are known; None where none is."""
    known = [number for number in numbers if number is not None]
    return reduce(WIDE.add, known) if known else None
