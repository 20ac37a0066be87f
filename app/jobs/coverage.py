"""Coverage: which flows of which plants are watched by which checks, and what nobody looks at."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import reduce
from typing import Any, get_args

import duckdb
import pyarrow as pa

from app.landscape.load import Landscape
from app.plain import WIDE, worth
from app.store.findings import per_unit
from app.store.lake import Lake
from app.store.queries import query
from app.store.reading import Reader
from app.store.schema import tables
from reconcilers.family import Bind
from reconcilers.run import select
from rules.model import Flow

KINDS = {  # what tells the facts of a table apart
    "business_event": "kind",
    "order_state": "order_kind",
    "order_line": "line_kind",
    "quality_disposition": "kind",
    "message_hop": "business_kind",
    "channel_depth": "channel_role",
    "asset_state": "state",
    "stock_balance": "stock_status",
    "ledger_entry": "account_kind",
}
_LOOKED_UP = ("stock_snapshot", "item_cost", "cross_reference")


@dataclass(frozen=True)
class Check:
    """One rule for one plant; `rule` is None where nobody watches a flow there.

    `last_green_at` is the last run that judged and left no exception of the plant standing; a
    regressed exception counts as standing since it was first seen. `outcome` is of the
    last run, as far as the plant is concerned.
    """

    flow: str
    plant: str
    rule: str | None
    outcome: str | None = None
    last_run_at: datetime | None = None
    last_green_at: datetime | None = None
    standing: int = 0


@dataclass(frozen=True)
class Watched:
    """Facts of one kind, source and plant, and how many of them some rule looks at.

    Values are of business events whose item has a cost, absolute, in the currency of the costs.
    """

    table: str
    kind: str | None
    source: str
    plant: str | None
    facts: int
    watched: int
    value: Decimal
    value_watched: Decimal


def checks(landscape: Landscape, reader: Reader) -> list[Check]:
    """Every flow, plant and rule; a flow without a rule in a plant has a line of its own."""
    last = {row["rule"]: row for row in reader.last_runs()}
    judged = defaultdict(list)
    for run in reader.judged():
        judged[run["rule"]].append(run["as_of"])
    spans = defaultdict(list)
    for row in reader.spans():
        spans[row["rule"], row["plant"]].append((row["first_seen_at"], row["resolved_at"]))
    found = []
    for name, loaded in landscape.rules.items():
        pairing = landscape.pairing(loaded)
        run = last.get(name, {})
        for plant in pairing.plants if pairing else ():
            mine = spans[name, plant] + spans[name, None]  # a queue is of every plant
            standing = sum(1 for _, until in mine if until is None)
            outcome = run.get("outcome")
            if outcome == "drifted" and not standing:
                outcome = "tied_out"  # it drifted in another plant
            found.append(Check(
                loaded.rule.flow, plant, name, outcome, run.get("as_of"),
                last_green(judged[name], mine), standing,
            ))  # fmt: skip
    seen = {(check.flow, check.plant) for check in found}
    blind = [
        Check(flow, plant, None)
        for flow in get_args(Flow)
        for plant in landscape.company.plants
        if (flow, plant) not in seen
    ]
    return sorted(found + blind, key=lambda check: (check.flow, check.plant, check.rule or ""))


def last_green(
    runs: Sequence[datetime], spans: Sequence[tuple[datetime, datetime | None]]
) -> datetime | None:
    """The last of some runs, given in order, at which nothing stood.

    >>> day = [datetime(2026, 11, n) for n in range(1, 6)]
    >>> last_green(day, [(day[2], None), (day[1], day[3])]).day
    1
    >>> last_green(day, [(day[1], day[3])]).day
    5
    """
    latest = runs[-1] if runs else None
    while latest is not None:
        over = [
            begun for begun, until in spans if begun <= latest and (not until or until > latest)
        ]
        if not over:
            return latest
        latest = max((run for run in runs if run < min(over)), default=None)
    return None


def facts(landscape: Landscape, lake: Lake, since: datetime, now: datetime) -> list[Watched]:
    """What was told from `since` on, and how much of it some rule looks at."""
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        for name, table in tables().items():
            if name not in KINDS and name not in _LOOKED_UP:
                continue
            if files := lake.files(name):
                con.execute(query("current", table=name), {"files": files})
            else:
                con.execute(table.empty())
        con.execute(query("newest_stock"))
        eyes = _eyes(landscape, Bind(now, now, since=since))
        return [row for name in KINDS for row in _watched(con, name, eyes[name], since, now)]


def _eyes(landscape: Landscape, bind: Bind) -> Mapping[str, list[str]]:
    """By table, the SELECT of every side of every rule that applies and looks at whole facts."""
    found = defaultdict(list)
    for loaded in landscape.rules.values():
        if pairing := landscape.pairing(loaded):
            for name, use in loaded.uses.items():
                if not use.keys_only:
                    found[use.side.table].append(select(use, pairing, name, bind))
    return found


def _watched(
    con: duckdb.DuckDBPyConnection, table: str, eyes: Sequence[str], since: datetime, now: datetime
) -> Iterator[Watched]:
    seen = " UNION ALL ".join(f"SELECT fact_no FROM ({sql})" for sql in eyes)
    columns = {column.name for column in tables()[table].columns}
    time = "event_at" if "event_at" in columns else "observed_at"
    parts = {
        "table": table,
        "kind": KINDS[table],
        "seen": seen or "SELECT NULL AS fact_no",
        "time": time,
        "item": "item" if table == "business_event" else "NULL",
        **{name: name if name in columns else "NULL" for name in ("plant", "unit", "quantity")},
    }
    rows = _rows(con, query("watched", **parts), {"since": since, "as_of": now})
    costs = _costs(con, rows)
    groups = defaultdict(list)
    for row in rows:
        groups[row["kind"], row["source"], row["plant"]].append(row)
    for (kind, source, plant), members in groups.items():
        valued = [(row, costs.get(_priced(row))) for row in members]
        yield Watched(
            table, kind, source, plant,
            sum(row["facts"] for row in members), sum(row["watched"] for row in members),
            _sum(worth(row["quantity"], cost) for row, cost in valued),
            _sum(worth(row["quantity_watched"], cost) for row, cost in valued),
        )  # fmt: skip


def _priced(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("item", "plant", "unit", "day"))


def _costs(
    con: duckdb.DuckDBPyConnection, rows: Sequence[Mapping[str, Any]]
) -> dict[tuple[Any, ...], Decimal]:
    """What one unit of each item asked for is worth."""
    wanted = sorted({_priced(row) for row in rows if row["item"]}, key=str)
    if not wanted:
        return {}
    names = ("item", "plant", "unit")
    columns = {
        name: pa.array([key[at] for key in wanted], pa.string()) for at, name in enumerate(names)
    }
    days = pa.array([key[-1] for key in wanted], pa.date32())
    con.register("asked", pa.table({**columns, "day": days}))
    return {_priced(row): per_unit(row) for row in _rows(con, query("unit_cost"), {})}


def _sum(values: Iterable[Decimal | None]) -> Decimal:
    return reduce(WIDE.add, (value for value in values if value is not None), Decimal(0))


def _rows(
    con: duckdb.DuckDBPyConnection, sql: str, params: Mapping[str, Any]
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = (
        con.sql(sql, params=dict(params) or None).to_arrow_table().to_pylist()
    )
    return rows
