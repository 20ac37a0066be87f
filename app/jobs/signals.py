"""Signals: draw the golden signals anew from what the rules hold, for the screens to read.

Steps: what became of every fact of the last 30 days, per rule; success, agreement and lag per
window; variance from what the balances compared; retries from the messages; aging from the standing
exceptions. One SQL transaction replaces them all.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import sqlalchemy as sa

from app.jobs.reconcile import inputs_of
from app.plain import plain
from app.services import Services
from app.signals import AMOUNTS, EFFECT, WINDOWS, gather, text, variance
from app.store.reading import Wanted
from app.store.rulings import Held
from app.store.sql import tables as t
from reconcilers.family import MEASURE
from rules.model import Rule

ALL = "*"
OF_ONE_RECONCILER = {
    "variance": "balance",
    "retries": "delivery",
}  # signals of fewer rules than all
BUCKETS = (
    ("0-4 h", 4),
    ("4-8 h", 8),
    ("8-24 h", 24),
    ("1-3 d", 72),
    ("3-7 d", 168),
    ("> 7 d", None),
)
LAG = """
    rule VARCHAR, flow VARCHAR, plant VARCHAR, event_at TIMESTAMPTZ, lag_seconds DOUBLE,
    is_posted BOOLEAN
"""
TOLD = ("items", "items_off", "items_unpriced", "currency", "unit")


@dataclass(frozen=True)
class Unknown:
    """A rule that cannot be evaluated at a plant, and since when."""

    plant: str
    rule: Rule
    since: datetime

    def touches(self, signal: Mapping[str, Any]) -> bool:
        """Whether a signal, or the total it is, stands on this rule."""
        reconciler = OF_ONE_RECONCILER.get(signal["name"])
        return (
            signal["plant"] in (self.plant, ALL)
            and signal["flow"] in (self.rule.flow, ALL)
            and reconciler in (self.rule.reconciler, None)
        )


def refresh(services: Services) -> int:
    """Replace the signals by those of now; return how many."""
    now = services.clock.now()
    con = services.store.state.cursor()
    try:
        unknown = _gather(services, con, now)
        rows = [*_windows(con, now), *_variance(con, now), *_aging(services, now)]
        hours = con.sql(text("hours")).to_arrow_table().to_pylist()
    finally:
        con.close()
    for row in rows:
        row["unknown_since"] = min(
            (part.since for part in unknown if part.touches(row)), default=None
        )
    with services.store.sql.write() as connection:
        connection.execute(sa.delete(t.signal))
        connection.execute(sa.delete(t.signal_hour))
        if rows:
            connection.execute(sa.insert(t.signal), [{"as_of": now, **row} for row in rows])
        if hours:
            connection.execute(sa.insert(t.signal_hour), hours)
    return len(rows)


def _gather(services: Services, con: duckdb.DuckDBPyConnection, now: datetime) -> list[Unknown]:
    """Fill `effect`, `lag` and `measure`; return what cannot be known."""
    con.execute(f"CREATE OR REPLACE TEMP TABLE effect ({EFFECT})")
    con.execute(f"CREATE OR REPLACE TEMP TABLE lag ({LAG})")
    con.execute(f"CREATE OR REPLACE TEMP TABLE measure ({MEASURE})")
    unknown: list[Unknown] = []
    for name, loaded in services.landscape.rules.items():
        pairing, row = services.landscape.pairing(loaded), services.store.findings.rule(name)
        if pairing is None:
            continue
        inputs = inputs_of(services, loaded, pairing, now)
        if inputs.problem:
            run = services.store.last_run(name)
            since = (run["horizon"] if run else None) or now
            unknown += [Unknown(plant, loaded.rule, since) for plant in pairing.plants]
        if row is None:
            continue
        held = Held(row["rule_no"], 0, 0, is_fresh=False)
        use = next(iter(loaded.uses.values()))
        pairs = loaded.rule.reconciler == "match"
        table, time = use.side.table, use.time
        gather(con, held, name, loaded.rule.flow, table, time, now, is_transaction=pairs)
        if pairs:
            sql = text("lag").format(member=held.table("member"), finding=held.table("finding"))
            longest = now - max(WINDOWS.values())
            binds = {"rule": name, "flow": loaded.rule.flow, "as_of": now, "since": longest}
            con.execute(f"INSERT INTO lag {sql}", binds)
        con.execute(f"INSERT INTO measure SELECT * FROM {held.table('measure')}")
    return unknown


def _windows(con: duckdb.DuckDBPyConnection, now: datetime) -> Iterable[dict[str, Any]]:
    for window, length in WINDOWS.items():
        since = {"since": now - length}
        for row in _rows(con, text("success"), since):
            yield _ratio(row, window, "success", row["effective"], row["due"])
            yield _ratio(row, window, "agreement", row["agreed"], row["judged"])
        for row in _rows(con, text("lag_percentiles"), since):
            yield _signal(
                row["plant"],
                row["flow"],
                window,
                "lag",
                row["p95"],
                detail={"p50": row["p50"], "p95": row["p95"], "facts": row["facts"]},
            )
        for row in _rows(con, text("retries"), since):
            detail = {"exhausted": row["exhausted"], "messages": row["messages"]}
            yield _signal(
                row["plant"],
                ALL,
                window,
                "retries",
                float(row["retries"]),
                numerator=row["retries"],
                denominator=row["messages"],
                detail=detail,
            )


def _variance(con: duckdb.DuckDBPyConnection, now: datetime) -> Iterable[dict[str, Any]]:
    for row in variance(con, now):
        detail = {name: row[name] for name in TOLD}
        detail |= {name: _drawn(row[name]) for name in AMOUNTS}
        detail |= {name: plain(row[name]) for name in ("quantity", "quantity_compared")}
        value = _drawn(row["gross"])
        for window in WINDOWS:
            yield _signal(row["plant"], ALL, window, "variance", value, detail=detail)


def _drawn(amount: Decimal | None) -> float | None:
    """An amount as a screen draws it."""
    return None if amount is None else float(amount)


def _aging(services: Services, now: datetime) -> Iterable[dict[str, Any]]:
    """Aging of the standing exceptions, from their due time: buckets, oldest, 90th percentile."""
    ages: dict[tuple[str, str], list[float]] = {}
    for row in services.reader.exceptions(Wanted()):
        hours = max((now - (row["due_at"] or now)) / timedelta(hours=1), 0.0)
        for plant in {row["plant"] or ALL, ALL}:
            for flow in (row["flow"], ALL):
                ages.setdefault((plant, flow), []).append(hours)
    for (plant, flow), found in ages.items():
        found.sort()
        counts = {label: 0 for label, _ in BUCKETS}
        for age in found:
            counts[next(label for label, limit in BUCKETS if limit is None or age < limit)] += 1
        p90 = found[int(0.9 * (len(found) - 1))]
        detail = {"buckets": counts, "count": len(found), "p90_hours": p90}
        for window in WINDOWS:
            yield _signal(plant, flow, window, "aging", found[-1], detail=detail)


def _ratio(row: dict[str, Any], window: str, name: str, part: int, whole: int) -> dict[str, Any]:
    return _signal(
        row["plant"],
        row["flow"],
        window,
        name,
        100 * part / whole if whole else None,
        numerator=part,
        denominator=whole,
    )


def _signal(
    plant: str,
    flow: str,
    window: str,
    name: str,
    value: float | None,
    *,
    numerator: Any = None,
    denominator: Any = None,
    detail: dict[str, Any] | None = None,
) -> dict[str, Any]:
    numbers = {
        "numerator": None if numerator is None else Decimal(numerator),
        "denominator": None if denominator is None else Decimal(denominator),
    }
    return {
        "plant": plant,
        "flow": flow,
        "window": window,
        "name": name,
        "value": value,
        "detail": detail or {},
        **numbers,
    }


def _rows(con: duckdb.DuckDBPyConnection, sql: str, params: dict[str, Any]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = con.sql(sql, params=params).to_arrow_table().to_pylist()
    return rows
