"""Facts as they stand, straight from the lake, whatever the worker does meanwhile."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from app.store.lake import Lake, LakeError
from app.store.queries import query
from app.store.schema import Table, tables

TRACED = (
    "source_key", "order_no", "parent_no", "order_family", "lot", "from_lot", "serial", "item",
    "document_no", "reference_no", "correlation_id", "message_id", "channel",
)  # fmt: skip
LINKING = ("order_no", "correlation_id", "document_no")  # beside the lot of an item
LINKED = (
    "source_key", "order_no", "parent_no", "order_family", "document_no", "reference_no",
    "correlation_id", "message_id",
)  # fmt: skip
TIMES = (
    "occurred_at", "event_at", "effective_at", "changed_at", "started_at", "balance_at",
    "sampled_at", "recorded_at", "observed_at",
)  # fmt: skip
UNTRACED = ("stock_balance", "stock_snapshot", "cross_reference")  # no step of anything's way
TRACE_LIMIT = 500


@dataclass(frozen=True)
class Trace:
    """Facts about a key, oldest first; `left_out` is how many more there are.

    Where the facts that name the key are too many, what is linked with them is not looked for.
    """

    facts: list[dict[str, Any]]
    left_out: int
    is_followed: bool


class LakeReader:
    """Reads facts from the lake by an engine of its own; one pinned version per question."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    def trace(self, key: str, limit: int = TRACE_LIMIT) -> Trace:
        """Current facts that name `key`, and those that share an order, lot or document with them.

        A lot is shared only together with its item. Of more than `limit` those that name the key
        stay before those that are linked, and the newer before the older.
        """
        found, known = self._naming(_named, {"key": key}, limit)
        if known > limit:
            return Trace(found, known - limit, is_followed=False)
        linked, known = self._naming(_linked, {"key": key, **_links(found)}, limit)
        taken = linked[max(len(found) + len(linked) - limit, 0) :]
        return Trace(sorted(found + taken, key=_when), known - len(taken), is_followed=True)

    def stock(self, key: str) -> list[dict[str, Any]]:
        """Lines of each source's newest accepted snapshot with `key` as item, lot or location."""
        lines, snapshots = self._lake.files("stock_balance"), self._lake.files("stock_snapshot")
        if not lines or not snapshots:
            return []
        return _rows(query("stock"), {"lines": lines, "snapshots": snapshots, "key": key})

    def _naming(
        self, condition: Callable[[Table], str], asked: Mapping[str, Any], limit: int
    ) -> tuple[list[dict[str, Any]], int]:
        """The newest facts that meet a condition, oldest first, and how many there are of them."""
        found: list[dict[str, Any]] = []
        known = 0
        for name, table in tables().items():
            files = self._lake.files(name)
            where = "" if name in UNTRACED else condition(table)
            if files and where:
                at = f"coalesce({', '.join(_columns(table, TIMES))})"
                sql = query("naming", table=name, at=at, named=where)
                used = {name: value for name, value in asked.items() if f"${name}" in where}
                rows = _rows(sql, {"files": files, "limit": limit, **used})
                known += rows[0]["known"] if rows else 0
                found = sorted(found + rows, key=_when)[-limit:]
        return found, known


def _columns(table: Table, names: Sequence[str]) -> list[str]:
    held = {column.name for column in table.columns}
    return [name for name in names if name in held]


def _named(table: Table) -> str:
    """The condition that a column names the key; empty where none can."""
    return " OR ".join(f"{name} = $key" for name in _columns(table, TRACED))


def _linked(table: Table) -> str:
    """The condition that a fact does not name the key, and shares a link with one that does."""
    shared = [f"{name} IN (SELECT unnest($links))" for name in _columns(table, LINKED)]
    for item, lot in (("item", "lot"), ("from_item", "from_lot")):
        if len(_columns(table, (item, lot))) == 2:
            shared.append(f"concat_ws(chr(31), {item}, {lot}) IN (SELECT unnest($lots))")
    if not shared:
        return ""
    return f"({' OR '.join(shared)}) AND NOT coalesce({_named(table)}, false)"


def _links(facts: list[dict[str, Any]]) -> dict[str, list[str]]:
    """What others can share with some facts: `links` as they are, `lots` each with its item."""
    links = {row[name] for row in facts for name in LINKING if row.get(name)}
    lots = {f"{row['item']}\x1f{row['lot']}" for row in facts if row.get("item") and row.get("lot")}
    return {"links": sorted(links), "lots": sorted(lots)}


def _when(row: Mapping[str, Any]) -> tuple[bool, Any, int]:
    """Orders facts by time; those without one are taken for the oldest."""
    return row["at"] is not None, row["at"], row["fact_no"]


def _rows(sql: str, params: Mapping[str, Any]) -> list[dict[str, Any]]:
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        try:
            found = con.sql(sql, params=dict(params)).to_arrow_table()
        except (duckdb.IOException, duckdb.InvalidInputException) as error:
            raise LakeError(str(error).splitlines()[0]) from error
        rows: list[dict[str, Any]] = found.to_pylist()
        return rows
