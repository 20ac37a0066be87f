"""The canonical tables: `facts.sql` defines them for mappings, lake, state and dictionary."""

from dataclasses import dataclass
from functools import cache
from importlib import resources

import duckdb
import pyarrow as pa

HEADER = "fact"


@dataclass(frozen=True)
class Column:
    """One column of a canonical table.

    `default` is an SQL literal, `type` the DuckDB type; `words` are the values there are, empty
    where any will do.
    """

    name: str
    type: str
    nullable: bool
    default: str | None
    comment: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """One canonical table: the columns of `fact` first, then its own."""

    name: str
    comment: str
    header: tuple[Column, ...]
    own: tuple[Column, ...]

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns, in the order they are stored."""
        return self.header + self.own

    @property
    def arrow(self) -> pa.Schema:
        """The stored shape.

        Field metadata carries `type` (DuckDB), `default` (SQL literal) and `words` (a list of SQL
        literals), the latter two where there are any.
        """
        return pa.schema([_field(column) for column in self.columns])

    def ddl(self) -> str:
        """The column list of a CREATE TABLE statement, without defaults.

        The store always gives every column.
        """
        return ", ".join(
            f"{column.name} {column.type}{'' if column.nullable else ' NOT NULL'}"
            for column in self.columns
        )

    def empty(self) -> str:
        """The statement that makes it without a row, as a worker's engine has it."""
        return f"CREATE TABLE {self.name} (superseded_at TIMESTAMPTZ, {self.ddl()})"


@cache
def tables() -> dict[str, Table]:
    """Every canonical table by name, in the order of `facts.sql`."""
    with duckdb.connect() as con:
        con.execute(resources.files(__package__).joinpath("facts.sql").read_text("utf-8"))
        names = con.execute(
            "SELECT table_name, coalesce(comment, '') FROM duckdb_tables() ORDER BY table_oid"
        ).fetchall()
        header = _columns(con, HEADER)
        return {
            name: Table(name, comment, header, _columns(con, name))
            for name, comment in names
            if name != HEADER
        }


def _columns(con: duckdb.DuckDBPyConnection, table: str) -> tuple[Column, ...]:
    rows = con.execute(
        "SELECT column_name, data_type, is_nullable, column_default, coalesce(comment, '') "
        "FROM duckdb_columns() WHERE table_name = ? AND NOT internal ORDER BY column_index",
        [table],
    ).fetchall()
    words = _vocabularies(con, table)
    return tuple(
        Column(name, kind, nullable, default, comment, words.get(name, ()))
        for name, kind, nullable, default, comment in rows
    )


def _vocabularies(con: duckdb.DuckDBPyConnection, table: str) -> dict[str, tuple[str, ...]]:
    checks = con.execute(
        "SELECT constraint_column_names[1], regexp_extract_all(expression, '''([a-z_]+)''', 1) "
        "FROM duckdb_constraints() WHERE table_name = ? AND constraint_type = 'CHECK'",
        [table],
    ).fetchall()
    return {column: tuple(words) for column, words in checks}


def _field(column: Column) -> pa.Field:
    words = ", ".join(f"'{word}'" for word in column.words)
    said = {"type": column.type, "default": column.default, "words": words}
    metadata = {key: value for key, value in said.items() if value}
    return pa.field(column.name, _ARROW[column.type], column.nullable, metadata)


_ARROW = {
    "VARCHAR": pa.string(),
    "BOOLEAN": pa.bool_(),
    "INTEGER": pa.int32(),
    "BIGINT": pa.int64(),
    "DATE": pa.date32(),
    "TIMESTAMP WITH TIME ZONE": pa.timestamp("us", "UTC"),
    "DECIMAL(38,9)": pa.decimal128(38, 9),
    "DECIMAL(28,15)": pa.decimal128(28, 15),
}
