"""What anyone may read while the worker writes: the SQL store, and the lake through an engine of one's own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
import sqlalchemy as sa

from app.store.lake import Lake
from app.store.schema import tables
from app.store.sql import SqlStore
from app.store.sql import tables as t
from app.triage.lifecycle import STANDING

EXPORT = (
    "id", "code", "rule", "rule_version", "plant", "flow", "key", "expected", "observed", "quantity_expected", "quantity_observed",
    "variance", "unit", "value", "currency", "explained", "unexplained", "occurred_at", "due_at", "first_seen_at", "resolved_at",
    "state", "severity", "owner", "cause", "as_of", "known_at",
)  # fmt: skip
TRACED = ("source_key", "order_no", "parent_no", "order_family", "lot", "from_lot", "serial", "item", "document_no", "reference_no", "correlation_id", "message_id", "channel")
LINKING = ("order_no", "lot", "correlation_id", "document_no")
TIMES = ("occurred_at", "event_at", "effective_at", "changed_at", "started_at", "balance_at", "sampled_at", "recorded_at", "observed_at")
TRACE_LIMIT = 500


@dataclass(frozen=True)
class Wanted:
    """Which exceptions: every condition that is set must hold."""

    states: Sequence[str] = STANDING
    plants: Sequence[str] = ()
    flows: Sequence[str] = ()
    codes: Sequence[str] = ()
    rules: Sequence[str] = ()
    severities: Sequence[str] = ()
    owners: Sequence[str] = ()
    text: str | None = None
    limit: int | None = None
    offset: int = 0


class Reader:
    """Reads the SQL store."""

    def __init__(self, sql: SqlStore) -> None:
        self._sql = sql

    def exceptions(self, wanted: Wanted) -> list[dict[str, Any]]:
        """Exceptions, worst first: severity, then value, then the oldest due time."""
        c = t.exception.c
        order = (c.severity_rank.desc(), c.value_rank.desc(), c.due_at, c.no)
        query = sa.select(t.exception).where(*_conditions(wanted)).order_by(*order).offset(wanted.offset).limit(wanted.limit)
        with self._sql.read() as connection:
            return [_named(row) for row in connection.execute(query).mappings()]

    def count(self, wanted: Wanted) -> Mapping[str, Any]:
        """How many exceptions, and the value at risk by currency."""
        c = t.exception.c
        with self._sql.read() as connection:
            rows = connection.execute(sa.select(c.currency, sa.func.count(), sa.func.sum(c.value_rank)).where(*_conditions(wanted)).group_by(c.currency)).all()
        return {"count": sum(row[1] for row in rows), "value": {row[0]: row[2] for row in rows if row[0]}}

    def exception(self, name: str) -> dict[str, Any] | None:
        """One exception by its id, EX-12 or 12."""
        number = name.upper().removeprefix("EX-")
        if not number.isdigit():
            return None
        with self._sql.read() as connection:
            row = connection.execute(sa.select(t.exception).where(t.exception.c.no == int(number))).mappings().first()
            return _named(row) if row else None

    def about(self, key: str) -> list[dict[str, Any]]:
        """Exceptions in which a key stands, resolved ones too."""
        c = t.exception.c
        with self._sql.read() as connection:
            rows = connection.execute(sa.select(t.exception).where(c.search.contains(key, autoescape=True)).order_by(c.due_at).limit(TRACE_LIMIT)).mappings()
            return [_named(row) for row in rows if key in row["search"].split(" ")]

    def history(self, kind: str, object_id: str) -> list[dict[str, Any]]:
        """The audit of one object, oldest first."""
        c = t.audit.c
        with self._sql.read() as connection:
            return [dict(row) for row in connection.execute(sa.select(t.audit).where(c.object == kind, c.object_id == object_id).order_by(c.seq)).mappings()]

    def feeds(self) -> list[dict[str, Any]]:
        """Every feed and how it is."""
        with self._sql.read() as connection:
            return [dict(row) for row in connection.execute(sa.select(t.feed_state).order_by(t.feed_state.c.source, t.feed_state.c.feed)).mappings()]

    def feed_totals(self) -> list[dict[str, Any]]:
        """Per feed over all pulls: records received, facts held, rejects open."""
        c, r = t.feed_run.c, t.reject.c
        sums = [sa.func.sum(c[name]).label(name) for name in ("records", "news", "repeats", "rejects", "left_out", "deleted")]
        with self._sql.read() as connection:
            totals = connection.execute(sa.select(c.source, c.feed, *sums).group_by(c.source, c.feed).order_by(c.source, c.feed)).mappings().all()
            waiting = {(row[0], row[1]): row[2] for row in connection.execute(sa.select(r.source, r.feed, sa.func.count()).where(r.state == "open").group_by(r.source, r.feed))}
            return [{**row, "rejects_open": waiting.get((row["source"], row["feed"]), 0)} for row in totals]

    def last_runs(self) -> list[dict[str, Any]]:
        """The newest run of every rule."""
        c = t.reconcile_run.c
        newest = sa.select(c.rule, sa.func.max(c.as_of).label("as_of")).group_by(c.rule).subquery()
        query = sa.select(t.reconcile_run).join(newest, sa.and_(c.rule == newest.c.rule, c.as_of == newest.c.as_of)).order_by(c.rule, c.ended_at)
        with self._sql.read() as connection:
            return list({row["rule"]: dict(row) for row in connection.execute(query).mappings()}.values())

    def rejects(self, source: str | None = None, feed: str | None = None, state: str | None = "open") -> list[dict[str, Any]]:
        """Rejects, newest first."""
        c = t.reject.c
        wanted = [condition for condition, value in ((c.source == source, source), (c.feed == feed, feed), (c.state == state, state)) if value]
        with self._sql.read() as connection:
            return [dict(row) for row in connection.execute(sa.select(t.reject).where(*wanted).order_by(c.id.desc())).mappings()]

    def signals(self) -> list[dict[str, Any]]:
        """The newest golden signals."""
        c = t.signal.c
        with self._sql.read() as connection:
            return [dict(row) for row in connection.execute(sa.select(t.signal).order_by(c.plant, c.flow, c.name)).mappings()]

    def signal_hours(self, since: datetime) -> list[dict[str, Any]]:
        """Hourly signals from an instant on."""
        c = t.signal_hour.c
        with self._sql.read() as connection:
            return [dict(row) for row in connection.execute(sa.select(t.signal_hour).where(c.hour_at >= since).order_by(c.hour_at)).mappings()]


def exported(row: Mapping[str, Any]) -> dict[str, Any]:
    """An exception as the export shows it: these keys, always present; instants ISO 8601 UTC, decimals as text."""
    return {name: _told(row[name]) for name in EXPORT}


def _told(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return f"{value.normalize():f}" if hasattr(value, "normalize") else value


def _named(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {**row, "id": f"EX-{row['no']}"}


def _conditions(wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    c = t.exception.c
    lists = {c.state: wanted.states, c.plant: wanted.plants, c.flow: wanted.flows, c.code: wanted.codes, c.rule: wanted.rules, c.severity: wanted.severities, c.owner: wanted.owners}
    found = [column.in_(values) for column, values in lists.items() if values]
    if wanted.text:
        found.append(sa.or_(c.search.contains(wanted.text, autoescape=True), c.title.contains(wanted.text, autoescape=True)))
    return found


class LakeReader:
    """Reads facts straight from the lake, whatever the worker does meanwhile. One pinned version per question."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    def trace(self, key: str) -> list[dict[str, Any]]:
        """Every current fact that names `key`, and those that share an order, lot, document or correlation id with it."""
        direct = self._naming({key})
        linked = {str(row[name]) for row in direct for name in LINKING if row.get(name)}
        found = {row["fact_no"]: row for row in [*direct, *(self._naming(linked) if linked and len(linked) < TRACE_LIMIT else [])]}
        return sorted(found.values(), key=lambda row: (row["at"] is None, row["at"], row["fact_no"]))[:TRACE_LIMIT]

    def stock(self, key: str) -> list[dict[str, Any]]:
        """Lines of the newest accepted snapshot of each source that name `key` as item, lot or location."""
        lines, snapshots = self._lake.files("stock_balance"), self._lake.files("stock_snapshot")
        if not lines or not snapshots:
            return []
        sql = """
            SELECT lines.source, lines.plant, lines.location, lines.item, lines.lot, lines.stock_status, lines.quantity, lines.unit, lines.balance_at
            FROM read_parquet($lines) AS lines
            JOIN (SELECT source, feed, arg_max(snapshot_id, (balance_at, fact_no)) AS snapshot_id FROM read_parquet($snapshots) GROUP BY ALL) AS newest
                ON newest.source = lines.source AND newest.feed = lines.feed AND newest.snapshot_id = lines.snapshot_id
            WHERE $key IN (lines.item, lines.lot, lines.location)
            ORDER BY lines.item, lines.lot, lines.source, lines.location
        """
        return self._rows(sql, {"lines": lines, "snapshots": snapshots, "key": key})

    def _naming(self, keys: set[str]) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        for name, table in tables().items():
            files = self._lake.files(name)
            columns = [column.name for column in table.columns]
            named = [column for column in TRACED if column in columns]
            if not files or name in ("stock_balance", "stock_snapshot", "cross_reference") or not named:
                continue
            at = f"coalesce({', '.join(column for column in TIMES if column in columns)})"
            sql = f"""
                SELECT *, '{name}' AS of_table, {at} AS at FROM read_parquet($files)
                WHERE {' OR '.join(f'{column} IN (SELECT unnest($keys))' for column in named)}
                QUALIFY row_number() OVER (PARTITION BY source, feed, source_key ORDER BY revision_rank DESC, fact_no DESC) = 1
            """
            rows += [row for row in self._rows(sql, {"files": files, "keys": sorted(keys)}) if not row["is_deleted"]]
        return rows

    def _rows(self, sql: str, params: Mapping[str, Any]) -> list[dict[str, Any]]:
        with duckdb.connect() as con:
            con.execute("SET TimeZone = 'UTC'")
            return con.sql(sql, params=dict(params)).to_arrow_table().to_pylist()
