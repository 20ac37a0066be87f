"""The match state: the newest copy of every fact in one DuckDB file, and what the rules have worked out from it.

It belongs to the worker alone, holds nothing that the lake does not, and is rebuilt from it by `tieout rebuild`. One
transaction per change; every reader inside the worker takes a cursor of its own.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from app.store.schema import Table, tables

STORAGE_VERSION = "v1.5.0"  # so that an older DuckDB can still open the file
SCHEMA_VERSION = 1
SNAPSHOTS = "stock_balance"
KEY = "md5_number_lower(concat_ws(chr(31), source, feed, source_key))"


class StateError(Exception):
    """The match state cannot be used as it is; `tieout rebuild` makes it anew from the lake."""


class MatchState:
    """Facts by table, each row with `key64` (of source, feed, source_key) and `superseded_at`."""

    def __init__(self, path: Path | None = None, *, memory_limit: str | None = None) -> None:
        self.lock = threading.RLock()
        self._con = duckdb.connect(config={"memory_limit": memory_limit} if memory_limit else {})
        self._con.execute("SET TimeZone = 'UTC'")
        if path is None:
            self._con.execute("ATTACH ':memory:' AS state")
        else:
            _attach(self._con, path)
        self._con.execute("USE state")
        self._prepare()

    def close(self) -> None:
        """Give the file free."""
        self._con.close()

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection of one's own to the same state."""
        cursor = self._con.cursor()
        cursor.execute("USE state")
        cursor.execute("SET TimeZone = 'UTC'")
        return cursor

    @contextmanager
    def transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """All of it or nothing; one writer at a time."""
        with self.lock:
            con = self.cursor()
            con.execute("BEGIN")
            try:
                yield con
            except BaseException:
                con.execute("ROLLBACK")
                raise
            else:
                con.execute("COMMIT")
            finally:
                con.close()

    def _prepare(self) -> None:
        held = self._con.execute("SELECT count(*) FROM duckdb_tables() WHERE database_name = 'state' AND table_name = 'meta'").fetchall()
        if held == [(0,)]:
            self._create()
        version, engine = self._con.execute("SELECT schema_version, engine FROM meta").fetchall()[0]
        if (version, engine) != (SCHEMA_VERSION, duckdb.__version__):
            raise StateError(f"made by schema {version} on DuckDB {engine}, this is schema {SCHEMA_VERSION} on {duckdb.__version__}; run: tieout rebuild")

    def _create(self) -> None:
        with self.transaction() as con:
            con.execute("CREATE TABLE meta AS SELECT ? AS schema_version, ? AS engine", [SCHEMA_VERSION, duckdb.__version__])
            con.execute("CREATE TABLE taken (name VARCHAR, lake_version BIGINT)")
            for table in tables().values():
                con.execute(f"CREATE TABLE {table.name} (key64 UBIGINT, superseded_at TIMESTAMPTZ, {table.ddl()})")
            con.execute(resources.files(__package__).joinpath("state.sql").read_text("utf-8"))

    # Facts

    def taken(self, table: str) -> int:
        """Lake version of a table that is in here, -1 for none."""
        rows = self._con.execute("SELECT lake_version FROM taken WHERE name = ?", [table]).fetchall()
        return int(rows[0][0]) if rows else -1

    def sift(self, table: Table, source: str, feed: str, facts: pa.Table, observed_at: datetime, pull_id: str) -> "News":
        """What is news in `facts`, complete and numbered, in the shape of the lake.

        A record that is the same as its newest revision is a repeat, whatever the page it came in. With a revision of the
        source, older revisions are news as well, once; a silent edit under the same revision is news too.
        """
        con = self.cursor()
        try:
            con.register("incoming", facts)
            con.execute(f"CREATE TEMP TABLE asked AS {_ASKED}", {"source": source, "feed": feed})
            plain = table.name == SNAPSHOTS or self._all_new(con, table)
            constants = {"source": source, "feed": feed, "observed_at": observed_at, "pull_id": pull_id}
            if table.name == SNAPSHOTS:
                constants["snapshot_id"] = pull_id
            binds = None if plain else {"source": source, "feed": feed}
            rows = con.sql(_FIRST if plain else _CHANGED.format(table=table.name), params=binds).to_arrow_table()
            return News(_shaped(table, rows, constants, self.last_fact_no() + 1), not plain)
        finally:
            con.close()

    def _all_new(self, con: duckdb.DuckDBPyConnection, table: Table) -> bool:
        """Whether no record of `asked` was ever held, and none comes twice."""
        twice, held = con.execute(
            f"SELECT count(*) - count(DISTINCT key64), (SELECT count(*) FROM {table.name} WHERE key64 IN (SELECT key64 FROM asked)) FROM asked"
        ).fetchall()[0]
        return (twice, held) == (0, 0)

    def take_in(self, con: duckdb.DuckDBPyConnection, table: Table, news: "News", lake_version: int) -> int:
        """Add news that are in the lake now, and mark what they supersede. Return how many rows."""
        names = ", ".join(name for name in news.rows.column_names if news.rows[name].null_count < news.rows.num_rows)
        con.register("incoming", news.rows)
        con.execute(f"INSERT INTO {table.name} (key64, superseded_at, {names}) SELECT {KEY}, NULL, {names} FROM incoming")
        if news.has_revisions:
            con.execute(_SUPERSEDE.format(table=table.name, arriving=f"SELECT {KEY} FROM incoming"))
        self._note(con, table, lake_version)
        return news.rows.num_rows

    def catch_up(self, con: duckdb.DuckDBPyConnection, table: Table, files: list[str], lake_version: int) -> int:
        """Add what is in files of the lake and not in here yet. Return how many rows."""
        names = ", ".join(column.name for column in table.columns)
        count = 0
        if files:
            con.execute(f"CREATE OR REPLACE TEMP TABLE arriving AS SELECT {KEY} AS key64, {names} FROM read_parquet({files!r}) WHERE fact_no NOT IN (SELECT fact_no FROM {table.name}) ORDER BY fact_no")
            count = int(con.execute("SELECT count(*) FROM arriving").fetchall()[0][0])
            con.execute(f"INSERT INTO {table.name} (key64, superseded_at, {names}) SELECT key64, NULL, {names} FROM arriving")
            if table.name != SNAPSHOTS:
                con.execute(_SUPERSEDE.format(table=table.name, arriving="SELECT key64 FROM arriving"))
        self._note(con, table, lake_version)
        return count

    def _note(self, con: duckdb.DuckDBPyConnection, table: Table, lake_version: int) -> None:
        con.execute("DELETE FROM taken WHERE name = ?", [table.name])
        con.execute("INSERT INTO taken VALUES (?, ?)", [table.name, lake_version])

    def last_fact_no(self) -> int:
        """Highest fact number in use, 0 for none."""
        union = " UNION ALL ".join(f"SELECT max(fact_no) AS fact_no FROM {name}" for name in tables())
        return int(self.cursor().execute(f"SELECT coalesce(max(fact_no), 0) FROM ({union})").fetchall()[0][0])

    def counts(self) -> dict[str, int]:
        """Rows by table."""
        return {name: int(self.cursor().execute(f"SELECT count(*) FROM {name}").fetchall()[0][0]) for name in tables()}

    def doubled(self) -> dict[str, int]:
        """Tables that hold a fact (source, feed, source_key, source_revision) more than once, and how often."""
        sql = "SELECT count(*) - count(DISTINCT (source, feed, source_key, source_revision)) FROM {}"
        counts = {name: int(self.cursor().execute(sql.format(name)).fetchall()[0][0]) for name in tables()}
        return {name: count for name, count in counts.items() if count}

    def waits(self, table: str, source: str, feed: str) -> bool:
        """Whether facts of a feed wait for a cross-reference."""
        rows = self.cursor().execute("SELECT count(*) FROM unresolved WHERE name = ? AND source = ? AND feed = ?", [table, source, feed]).fetchall()
        return rows != [(0,)]

    def absent(self, table: Table, source: str, feed: str, keys: pa.Table) -> pa.Table:
        """Current facts of a feed whose `source_key` is not in `keys`: deleted at the source. Shape of the table."""
        con = self.cursor()
        try:
            con.register("present", keys)
            names = ", ".join(f"held.{column.name}" for column in table.columns)
            sql = (
                f"SELECT {names} FROM {table.name} AS held ANTI JOIN present USING (source_key) "
                "WHERE held.source = $source AND held.feed = $feed AND held.superseded_at IS NULL AND NOT held.is_deleted"
            )
            return con.sql(sql, params={"source": source, "feed": feed}).to_arrow_table()
        finally:
            con.close()

    def rows(self, sql: str, params: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """The rows of a query, as dictionaries; instants are UTC, decimals exact."""
        con = self.cursor()
        try:
            return con.sql(sql, params=dict(params) if params else None).to_arrow_table().to_pylist()
        finally:
            con.close()


def _attach(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        con.execute(f"ATTACH '{str(path).replace(chr(39), chr(39) * 2)}' AS state (STORAGE_VERSION '{STORAGE_VERSION}')")
    except duckdb.IOException as error:
        if "lock" in str(error).lower():
            raise StateError(f"{path.name} is in use by another process: a worker is running on this landscape") from error
        raise StateError(f"{path.name} cannot be read ({str(error).splitlines()[0]}); run: tieout rebuild") from error
    except duckdb.Error as error:
        raise StateError(f"{path.name} cannot be read ({str(error).splitlines()[0]}); run: tieout rebuild") from error


def _shaped(table: Table, rows: pa.Table, constants: Mapping[str, Any], first_no: int) -> pa.Table:
    """Rows in the shape of the lake: numbered, constants filled in, defaults and nulls for what nobody gave."""
    count, columns = rows.num_rows, []
    for column, place in zip(table.columns, table.arrow, strict=True):
        if column.name == "fact_no":
            columns.append(pa.array(range(first_no, first_no + count), pa.int64()))
        elif column.name in constants:
            columns.append(pa.repeat(pa.scalar(constants[column.name], place.type), count))
        elif column.name in rows.column_names:
            columns.append(rows[column.name].cast(place.type))
        else:
            columns.append(pa.nulls(count, place.type))
    return pa.Table.from_arrays(columns, schema=table.arrow)


@dataclass(frozen=True)
class News:
    """Facts not held so far, in the shape of the lake. `has_revisions`: some are new revisions of held records."""

    rows: pa.Table
    has_revisions: bool


_ASKED = """
SELECT *, row_number() OVER () AS arrival, coalesce(source_revision, '') AS base, coalesce(epoch_us(revised_at), 0) AS revision_rank,
    md5_number_lower(concat_ws(chr(31), $source, $feed, source_key)) AS key64
FROM incoming
"""

_FIRST = """
SELECT * EXCLUDE (base, key64, revised_at, arrival) REPLACE (CASE WHEN base <> '' THEN base ELSE '#1' END AS source_revision)
FROM asked ORDER BY arrival
"""

_CHANGED = """
WITH ordered AS (
    SELECT *, lag(record_hash) OVER (PARTITION BY source_key, base ORDER BY revision_rank, arrival) AS hash_before
    FROM asked
),
held AS (
    SELECT source_key, regexp_replace(source_revision, '#[0-9]+$', '') AS base, count(*) AS revisions,
        arg_max(record_hash, fact_no) AS record_hash
    FROM {table}
    WHERE key64 IN (SELECT key64 FROM asked) AND source = $source AND feed = $feed
    GROUP BY ALL
),
changed AS (
    SELECT ordered.*, coalesce(held.revisions, 0) AS revisions
    FROM ordered LEFT JOIN held USING (source_key, base)
    WHERE ordered.record_hash IS DISTINCT FROM coalesce(ordered.hash_before, held.record_hash)
),
numbered AS (
    SELECT *, revisions + row_number() OVER (PARTITION BY source_key, base ORDER BY revision_rank, arrival) AS turn FROM changed
)
SELECT * EXCLUDE (hash_before, revisions, turn, base, key64, revised_at, arrival)
    REPLACE (CASE WHEN turn = 1 AND base <> '' THEN base ELSE base || '#' || turn END AS source_revision)
FROM numbered ORDER BY arrival
"""

# A revision is current while no revision with a higher (rank, number) is known: [observed_at, superseded_at).
_SUPERSEDE = """
UPDATE {table} SET superseded_at = news.superseded_at
FROM (
    SELECT fact_no, observed_at, min(later_observed_at) AS superseded_at
    FROM (
        SELECT mine.fact_no, mine.observed_at, greatest(mine.observed_at, other.observed_at) AS later_observed_at
        FROM {table} AS mine
        JOIN {table} AS other
            ON other.key64 = mine.key64 AND other.source = mine.source AND other.feed = mine.feed AND other.source_key = mine.source_key
            AND (other.revision_rank, other.fact_no) > (mine.revision_rank, mine.fact_no)
        WHERE mine.key64 IN ({arriving}) AND other.key64 IN ({arriving})
    )
    GROUP BY fact_no, observed_at
) AS news
WHERE {table}.fact_no = news.fact_no AND {table}.superseded_at IS DISTINCT FROM news.superseded_at
"""
