"""The match state: every fact in one DuckDB file, and what the rules have worked out from them.

It belongs to the worker alone, holds nothing that the lake does not, and is rebuilt from it by
`tieout rebuild`. One transaction per change; every reader inside the worker takes a cursor of its
own.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from app.store.queries import query
from app.store.schema import Table, tables
from collectors.sqltext import literal
from reconcilers.family import run

STORAGE_VERSION = "v1.5.0"  # so that an older DuckDB can still open the file
CHECKPOINT = "256MB"  # of log: a checkpoint rewrites what it touches, so not at every batch
SCHEMA_VERSION = 4
SNAPSHOTS = "stock_balance"
REPLAYED = "-replay-"  # in the id of a pull that maps kept pages again
_KEYS = "SELECT key64 FROM asked ORDER BY arrival"


def key64(*columns: str) -> str:
    """The 64-bit key of some columns as SQL; the shift costs a quarter of `md5_number_lower`."""
    return f"CAST(md5_number(concat_ws(chr(31), {', '.join(columns)})) >> 64 AS UBIGINT)"


class StateError(Exception):
    """The match state cannot be used as it is; `tieout rebuild` makes it anew from the lake."""


class MatchState:
    """Facts by table, each row with `key64` (of source, feed, source_key) and `superseded_at`."""

    def __init__(self, path: Path | None = None, *, memory_limit: str | None = None) -> None:
        self.lock = threading.RLock()
        self._con = duckdb.connect(config={"memory_limit": memory_limit} if memory_limit else {})
        self._con.execute("SET TimeZone = 'UTC'")
        self._con.execute(f"SET checkpoint_threshold = '{CHECKPOINT}'")
        try:
            if path is None:
                self._con.execute("ATTACH ':memory:' AS state")
            else:
                _attach(self._con, path)
            self._con.execute("USE state")
            self._prepare()
        except (StateError, duckdb.Error) as error:
            self._con.close()
            if isinstance(error, StateError):
                raise
            raise unreadable(path, error) from error

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
        held = self._con.execute(
            "SELECT count(*) FROM duckdb_tables() "
            "WHERE database_name = 'state' AND table_name = 'meta'"
        ).fetchall()
        if held == [(0,)]:
            self._create()
        version, engine = self._con.execute("SELECT schema_version, engine FROM meta").fetchall()[0]
        if (version, engine) != (SCHEMA_VERSION, duckdb.__version__):
            raise StateError(
                f"made by schema {version} on DuckDB {engine}, "
                f"this is schema {SCHEMA_VERSION} on {duckdb.__version__}; run: tieout rebuild"
            )

    def _create(self) -> None:
        with self.transaction() as con:
            con.execute(
                "CREATE TABLE meta AS SELECT ? AS schema_version, ? AS engine",
                [SCHEMA_VERSION, duckdb.__version__],
            )
            con.execute("CREATE TABLE taken (name VARCHAR, lake_version BIGINT)")
            for table in tables().values():
                columns = f"key64 UBIGINT, superseded_at TIMESTAMPTZ, {table.ddl()}"
                con.execute(f"CREATE TABLE {table.name} ({columns})")
            con.execute(resources.files(__package__).joinpath("state.sql").read_text("utf-8"))

    # Facts

    def taken(self, table: str) -> int:
        """Lake version of a table that is in here, -1 for none."""
        rows = self._con.execute(
            "SELECT lake_version FROM taken WHERE name = ?", [table]
        ).fetchall()
        return int(rows[0][0]) if rows else -1

    def sift(
        self,
        table: Table,
        source: str,
        feed: str,
        facts: pa.Table,
        observed_at: datetime,
        pull_id: str,
    ) -> "News":
        """What is news in `facts`, complete and numbered, in the shape of the lake.

        A record that is the same as its newest revision is a repeat, whatever the page it came in.
        With a revision of the source, older revisions are news as well, once; a silent edit under
        the same revision is news too.
        """
        names = {"source": source, "feed": feed}
        constants = {**names, "observed_at": observed_at, "pull_id": pull_id}
        if table.name == SNAPSHOTS:
            constants["snapshot_id"] = pull_id
        with self.cursor() as con:
            con.register("incoming", facts)
            asked = query("asked", key=key64("$source", "$feed", "source_key"))
            con.execute(f"CREATE TEMP TABLE asked AS {asked}", names)
            plain = table.name == SNAPSHOTS or self._all_new(con, table)
            if plain:
                rows = _first(facts, con.sql(_KEYS).to_arrow_table())
            else:
                revised = query("revised", table=table.name)
                known = {"replay": REPLAYED, "is_replay": REPLAYED in pull_id}
                rows = con.sql(revised, params=names | known).to_arrow_table()
        shaped = _shaped(table, rows, constants, self.last_fact_no() + 1)
        return News(shaped, rows["key64"], not plain)

    def _all_new(self, con: duckdb.DuckDBPyConnection, table: Table) -> bool:
        """Whether no record of `asked` was ever held, and none comes twice."""
        held = f"SELECT count(*) FROM {table.name} WHERE key64 IN (SELECT key64 FROM asked)"
        counts = con.execute(
            f"SELECT count(*) - count(DISTINCT key64), ({held}) FROM asked"
        ).fetchall()
        return counts == [(0, 0)]

    def take_in(
        self, con: duckdb.DuckDBPyConnection, table: Table, news: "News", lake_version: int
    ) -> int:
        """Add news that are in the lake now, and mark what they supersede. Return how many rows."""
        rows = news.rows
        filled = [name for name in rows.column_names if rows[name].null_count < rows.num_rows]
        con.register("incoming", rows.append_column("key64", news.keys))
        _add(con, table, "incoming", filled, has_revisions=news.has_revisions)
        self._note(con, table, lake_version)
        return int(rows.num_rows)

    def catch_up(
        self, con: duckdb.DuckDBPyConnection, table: Table, files: list[str], lake_version: int
    ) -> int:
        """Add what is in files of the lake and not in here yet. Return how many rows."""
        names = [column.name for column in table.columns]
        count = 0
        if files:
            key = key64("source", "feed", "source_key")
            arriving = query("arriving", key=key, names=", ".join(names), table=table.name)
            run(con, "arriving", arriving, {"files": files})
            count = int(con.execute("SELECT count(*) FROM arriving").fetchall()[0][0])
            _add(con, table, "arriving", names, has_revisions=table.name != SNAPSHOTS)
        self._note(con, table, lake_version)
        return count

    def _note(self, con: duckdb.DuckDBPyConnection, table: Table, lake_version: int) -> None:
        con.execute("DELETE FROM taken WHERE name = ?", [table.name])
        con.execute("INSERT INTO taken VALUES (?, ?)", [table.name, lake_version])

    def last_fact_no(self) -> int:
        """Highest fact number in use, 0 for none."""
        union = " UNION ALL ".join(
            f"SELECT max(fact_no) AS fact_no FROM {name}" for name in tables()
        )
        return self._number(f"SELECT coalesce(max(fact_no), 0) FROM ({union})")

    def counts(self) -> dict[str, int]:
        """Rows by table."""
        return {name: self._number(f"SELECT count(*) FROM {name}") for name in tables()}

    def doubled(self) -> dict[str, int]:
        """How often each table holds a fact more than once, for the tables that do.

        A fact is a (source, feed, source_key, source_revision), a line of stock that in a snapshot.
        """
        identity = "source, feed, source_key, source_revision"
        identities = dict.fromkeys(tables(), identity)
        identities[SNAPSHOTS] += ", snapshot_id"
        counts = {
            name: self._number(f"SELECT count(*) - count(DISTINCT ({columns})) FROM {name}")
            for name, columns in identities.items()
        }
        return {name: count for name, count in counts.items() if count}

    def waits(self, table: str, source: str, feed: str) -> bool:
        """Whether facts of a feed wait for a cross-reference."""
        sql = "SELECT count(*) FROM unresolved WHERE name = ? AND source = ? AND feed = ?"
        return self._number(sql, [table, source, feed]) > 0

    def absent(self, table: Table, source: str, feed: str, keys: pa.Table) -> pa.Table:
        """Current facts of a feed whose `source_key` is not in `keys`: deleted at the source.

        Shape of the table, and `key64`.
        """
        names = ", ".join(["held.key64", *(f"held.{column.name}" for column in table.columns)])
        sql = query("absent", table=table.name, names=names)
        with self.cursor() as con:
            con.register("present", keys)
            return con.sql(sql, params={"source": source, "feed": feed}).to_arrow_table()

    def rows(self, sql: str, params: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """The rows of a query, as dictionaries; instants are UTC, decimals exact."""
        with self.cursor() as con:
            found = con.sql(sql, params=dict(params) if params else None).to_arrow_table()
        rows: list[dict[str, Any]] = found.to_pylist()
        return rows

    def _number(self, sql: str, params: list[Any] | None = None) -> int:
        with self.cursor() as con:
            return int(con.execute(sql, params).fetchall()[0][0])


def _attach(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        con.execute(f"ATTACH {literal(str(path))} AS state (STORAGE_VERSION '{STORAGE_VERSION}')")
    except duckdb.Error as error:
        if isinstance(error, duckdb.IOException) and "lock" in str(error).lower():
            raise StateError(
                f"{path.name} is in use by another process: a worker is running on this landscape"
            ) from error
        raise unreadable(path, error) from error


def said(error: Exception) -> str:
    """What an error says, and what to do about it where it means that the file is damaged."""
    damaged = isinstance(
        error, duckdb.IOException | duckdb.InternalException | duckdb.FatalException
    )
    advice = "; the match state may be damaged, run: tieout rebuild" if damaged else ""
    return str(error).splitlines()[0] + advice


def unreadable(path: Path | None, error: Exception) -> StateError:
    """What to do about a file that is damaged or no match state at all."""
    name = path.name if path else "the match state"
    return StateError(f"{name} cannot be read ({str(error).splitlines()[0]}); run: tieout rebuild")


def _add(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    arriving: str,
    names: Sequence[str],
    *,
    has_revisions: bool,
) -> None:
    """Add the rows of the relation `arriving`, and mark what they supersede."""
    columns = ", ".join(names)
    con.execute(
        f"INSERT INTO {table.name} (key64, superseded_at, {columns}) "
        f"SELECT key64, NULL, {columns} FROM {arriving}"
    )
    if has_revisions:
        con.execute(query("supersede", table=table.name, arriving=arriving))


def _shaped(table: Table, rows: pa.Table, constants: Mapping[str, Any], first_no: int) -> pa.Table:
    """Rows in the shape of the lake: numbered, constants filled in, nulls for what nobody gave."""
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


def _first(facts: pa.Table, keys: pa.Table) -> pa.Table:
    """Records all held for the first time: the source's revision, else the first of ours."""
    named = facts["source_revision"]
    unnamed = pc.coalesce(pc.equal(named, ""), True)
    ranks = pc.coalesce(facts["revised_at"].cast(pa.int64()), 0)
    place = facts.schema.get_field_index("source_revision")
    return (
        facts.set_column(place, "source_revision", pc.if_else(unnamed, "#1", named))
        .append_column("revision_rank", ranks)
        .append_column("key64", keys["key64"])
    )


@dataclass(frozen=True)
class News:
    """Facts not held so far, in the shape of the lake, and the `key64` of each.

    `has_revisions`: some are new revisions of held records.
    """

    rows: pa.Table
    keys: pa.ChunkedArray
    has_revisions: bool
