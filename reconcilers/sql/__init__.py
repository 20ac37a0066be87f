"""Whatever an author's one SELECT finds, run where it can do no harm.

Semantics in README.md.
"""

from collections.abc import Mapping
from functools import partial
from typing import ClassVar

import duckdb
import pyarrow as pa

from reconcilers.family import (
    CODES,
    Bind,
    ReconcilerError,
    SideUse,
    literals,
    run,
    staged,
    subject,
)
from reconcilers.sql import sandbox
from reconcilers.sql.spec import GIVEN, INSTANTS, NAMED, NUMBERS, TIMES, SqlSpec

_sql = partial(staged, __package__)
_MEGABYTE = 1024 * 1024
_TYPES = {
    **dict.fromkeys(NAMED, "BIGINT[]"),
    **dict.fromkeys(NUMBERS, "DECIMAL(38, 9)"),
    **dict.fromkeys(INSTANTS, "TIMESTAMPTZ"),
}
_LEAD = ("plant", "item", "unit")  # what a finding has of the fact it is about


class Sql:
    """Facts of which an author's statement names those that disagree."""

    name: ClassVar[str] = "sql"
    Spec: ClassVar[type[SqlSpec]] = SqlSpec
    is_incremental: ClassVar[bool] = False
    is_valued: ClassVar[bool] = False

    def sides(self, spec: SqlSpec) -> Mapping[str, SideUse]:
        """The tables the statement reads; each tells what a finding is called by."""
        return {
            name: SideUse(side, (spec.key,), time=TIMES[side.table])
            for name, side in spec.tables.items()
        }

    def key_columns(self, spec: SqlSpec) -> tuple[str, ...]:
        """Columns that make the business key."""
        return spec.key

    def evaluate(self, con: duckdb.DuckDBPyConnection, spec: SqlSpec, bind: Bind) -> None:
        """Leave `verdict`, `finding` and `part`. Raises `ReconcilerError`."""
        columns = {name: _columns(con, name) for name in spec.tables}
        run(con, "sql_fact", _facts(spec, columns))
        rows = _answer(con, spec, bind, columns)
        con.register("sql_answer", rows)
        run(con, "sql_row", _sql("row", given=_given(spec, rows.schema)))
        run(con, "sql_named", _sql("named"))
        key = (f"coalesce(CAST(lead.{column} AS VARCHAR), '')" for column in spec.key)
        told = _sql("told", subject=subject("'sql'", *key))
        run(con, "sql_told", told, {"horizon": bind.horizon})
        con.unregister("sql_answer")
        _prove(con, spec)
        run(con, "verdict", _sql("verdict"))
        run(con, "finding", _sql("finding"))
        run(con, "part", _sql("part"))


def _columns(con: duckdb.DuckDBPyConnection, name: str) -> tuple[str, ...]:
    return tuple(row[0] for row in con.execute(f"DESCRIBE {name}").fetchall())


def _facts(spec: SqlSpec, columns: Mapping[str, tuple[str, ...]]) -> str:
    """What a finding needs to know of every fact of the tables."""
    wanted = ("fact_no", *_LEAD, *(column for column in spec.key if column not in _LEAD))
    return " UNION ALL BY NAME ".join(
        f"SELECT '{name}' AS side, '{side.table}' AS of_table, {TIMES[side.table]} AS is_from, "
        + ", ".join(f"{c} AS {c}" if c in columns[name] else f"NULL AS {c}" for c in wanted)
        + f" FROM {name}"
        for name, side in spec.tables.items()
    )


def _answer(
    con: duckdb.DuckDBPyConnection,
    spec: SqlSpec,
    bind: Bind,
    columns: Mapping[str, tuple[str, ...]],
) -> pa.Table:
    """What the statement gives, over the columns it names of the facts of its tables."""
    statement = spec.statement
    queries = (
        (name, f"SELECT {_asked(statement.names, columns[name])} FROM {name}")
        for name in spec.tables
    )
    tables = ((name, con.sql(query).to_arrow_reader()) for name, query in queries)
    instants = {"as_of": bind.as_of, "horizon": bind.horizon}
    binds = {name: instants[name].isoformat() for name in statement.binds}
    budget = sandbox.Budget(spec.budget.time.total_seconds(), spec.budget.memory * _MEGABYTE)
    return sandbox.answer(statement.sql, tables, binds, budget)


def _asked(names: frozenset[str] | None, columns: tuple[str, ...]) -> str:
    return ", ".join(c for c in columns if names is None or c in names or c == "fact_no")


def _given(spec: SqlSpec, schema: pa.Schema) -> str:
    """Every column a row may have, of its type; quantities are never rounded on the way."""
    found = []
    for name in GIVEN:
        kind = schema.field(name).type if name in schema.names else pa.null()
        if not _fits(name, kind):
            wanted = _TYPES.get(name, "VARCHAR")
            raise ReconcilerError(f"the statement gives {name} as {kind}, not as {wanted}")
        value = name if name in schema.names else "NULL"
        if name in NAMED and pa.types.is_integer(kind):
            value = f"[{name}]"
        if name == "code" and spec.code is not None:
            value = literals([spec.code])
        found.append(f"CAST({value} AS {_TYPES.get(name, 'VARCHAR')}) AS {name}")
    return ", ".join(found)


def _fits(name: str, kind: pa.DataType) -> bool:
    """Whether a column of this type can be taken for what its name says."""
    if pa.types.is_null(kind):
        return True
    if name in NAMED:
        return bool(
            pa.types.is_integer(kind)
            or (pa.types.is_list(kind) and pa.types.is_integer(kind.value_type))
        )
    if name in NUMBERS:
        return bool(pa.types.is_integer(kind) or pa.types.is_decimal(kind))
    if name in INSTANTS:
        return bool(pa.types.is_timestamp(kind) and kind.tz)
    return bool(pa.types.is_string(kind))


def _prove(con: duckdb.DuckDBPyConnection, spec: SqlSpec) -> None:
    """Every row is about facts of the tables, has a code there is, and a key of its own."""
    checks = {
        "a fact it names is none of its tables: number": (
            "SELECT named.fact_no FROM sql_named AS named ANTI JOIN sql_fact USING (fact_no)"
        ),
        "a row names no fact": "SELECT row_no FROM sql_told WHERE lead_no IS NULL",
        "two rows are about the same": (
            "SELECT subject FROM sql_told GROUP BY subject HAVING count(*) > 1"
        ),
        "it gives the code": (
            f"SELECT coalesce(code, 'NULL') FROM sql_told WHERE code IS NULL "
            f"OR code NOT IN ({literals(CODES)})"
        ),
    }
    for told, query in checks.items():
        found = con.execute(f"SELECT CAST(min(COLUMNS(*)) AS VARCHAR) FROM ({query})").fetchall()
        if found[0][0] is not None:
            key = ", ".join(spec.key)
            raise ReconcilerError(f"the statement: {told} {found[0][0]} (key {key})")
