"""Facts as they stand, straight from the lake, whatever the worker does meanwhile."""

from collections.abc import Mapping
from typing import Any

import duckdb

from app.store.lake import Lake, LakeError
from app.store.queries import query
from app.store.schema import Table, tables

TRACED = (
    "source_key", "order_no", "parent_no", "order_family", "lot", "from_lot", "serial", "item",
    "document_no", "reference_no", "correlation_id", "message_id", "channel",
)  # fmt: skip
LINKING = ("order_no", "lot", "correlation_id", "document_no")
TIMES = (
    "occurred_at", "event_at", "effective_at", "changed_at", "started_at", "balance_at",
    "sampled_at", "recorded_at", "observed_at",
)  # fmt: skip
UNTRACED = ("stock_balance", "stock_snapshot", "cross_reference")  # no step of anything's way
TRACE_LIMIT = 500


class LakeReader:
    """Reads facts from the lake by an engine of its own; one pinned version per question."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    def trace(self, key: str) -> list[dict[str, Any]]:
        """Every current fact that names `key`, oldest first.

        Those that share an order, lot, document or correlation id with it come along.
        """
        found = self._naming({key})
        linked = {str(row[name]) for row in found for name in LINKING if row.get(name)}
        if linked and len(linked) < TRACE_LIMIT:
            found += self._naming(linked)
        unique = {row["fact_no"]: row for row in found}
        order = sorted(
            unique.values(), key=lambda row: (row["at"] is None, row["at"], row["fact_no"])
        )
        return order[:TRACE_LIMIT]

    def stock(self, key: str) -> list[dict[str, Any]]:
        """Lines of each source's newest accepted snapshot with `key` as item, lot or location."""
        lines, snapshots = self._lake.files("stock_balance"), self._lake.files("stock_snapshot")
        if not lines or not snapshots:
            return []
        return _rows(query("stock"), {"lines": lines, "snapshots": snapshots, "key": key})

    def _naming(self, keys: set[str]) -> list[dict[str, Any]]:
        found = []
        for name, table in tables().items():
            files = self._lake.files(name)
            sql = None if name in UNTRACED else _naming(table)
            if files and sql:
                found += _rows(sql, {"files": files, "keys": sorted(keys)})
        return [row for row in found if not row["is_deleted"]]


def _naming(table: Table) -> str | None:
    """What finds the rows of a table that name a key; None where no column of it can."""
    columns = [column.name for column in table.columns]
    named = [f"{name} IN (SELECT unnest($keys))" for name in TRACED if name in columns]
    at = ", ".join(name for name in TIMES if name in columns)
    if not named:
        return None
    return query("naming", table=table.name, at=f"coalesce({at})", named=" OR ".join(named))


def _rows(sql: str, params: Mapping[str, Any]) -> list[dict[str, Any]]:
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        try:
            found = con.sql(sql, params=dict(params)).to_arrow_table()
        except (duckdb.IOException, duckdb.InvalidInputException) as error:
            raise LakeError(str(error).splitlines()[0]) from error
        rows: list[dict[str, Any]] = found.to_pylist()
        return rows
