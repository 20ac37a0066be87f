"""From the records of a page to rows of a canonical table.

Three steps, all in SQL: the typed `page` of the declared contract; the author's mapping over it; and the finish every
table gets: cross-references, base unit, plant, business date, content hash. What does not survive a step is a reject.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from collectors.contract import Contract, Field
from collectors.mapping import MappingError, Select
from collectors.page import Page, Records, Reject

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HEADER = {"fact_no", "source", "feed", "source_revision", "revision_rank", "observed_at", "raw_ref", "record_hash", "pull_id"}
IDENTITY = {
    "source_key": "VARCHAR",
    "source_revision": "VARCHAR",
    "revised_at": "TIMESTAMP WITH TIME ZONE",
    "is_deleted": "BOOLEAN",
}
UNHASHED = {"sampled_at"}  # a sample that differs only in its time is a repeat
DERIVED = {"occurred_on", "event_at", "snapshot_id"}

# Which columns hold keys of another system, by kind of object.
OBJECTS = {
    "plant": ("plant", "to_plant"),
    "item": ("item", "from_item"),
    "location": ("location", "to_location", "bin"),
    "lot": ("lot", "from_lot"),
    "order": ("order_no", "parent_no", "order_family"),
    "partner": ("partner",),
    "equipment": ("equipment",),
    "stock_status": ("stock_status", "to_stock_status"),
}
UNIT = "unit"
XREF = pa.schema(
    {
        "object": pa.string(),
        "of_key": pa.string(),
        "of_item": pa.string(),
        "key": pa.string(),
        "factor": pa.decimal128(28, 15),
        "valid_from": pa.date32(),
        "valid_to": pa.date32(),
    }
)


@dataclass(frozen=True)
class Surroundings:
    """What a source's records are completed from.

    `xref` holds the cross-references of this source (shape `XREF`, validity not overlapping). `expected` names the
    objects whose keys must be found there. `zones` maps plant to time zone; `plant` is the plant of a source with one.
    """

    xref: pa.Table
    expected: frozenset[str]
    zones: Mapping[str, str]
    plant: str | None = None


@dataclass(frozen=True)
class Mapped:
    """What one page gives for one canonical table.

    `facts`: `source_key`, `source_revision` (may be null), `revised_at`, `is_deleted`, `record_hash`, `raw_ref` and those
    of the table's own columns that can hold anything. `unresolved`: `source_key`, `object`, `of_key` of keys that had no cross-reference.
    """

    table: str
    facts: pa.Table
    unresolved: pa.Table


@dataclass(frozen=True)
class Target:
    """One canonical table a feed fills and the mapping that does it."""

    table: str
    schema: pa.Schema
    select: Select
    file: str = ""

    @property
    def own(self) -> list[pa.Field]:
        """Columns of the table beyond those every fact begins with."""
        return [column for column in self.schema if column.name not in HEADER and column.name not in IDENTITY]


def fillable(schema: pa.Schema) -> list[str]:
    """Columns a mapping may fill."""
    return [*IDENTITY, *(name for name in schema.names if name not in HEADER | IDENTITY.keys() | DERIVED)]


def check(con: duckdb.DuckDBPyConnection, contract: Contract, parameters: Iterable[str], target: Target) -> dict[str, str]:
    """Columns and types the mapping yields. Raises `MappingError` when it does not fit contract or table."""
    page = Page(1, b"", "json", "", _EPOCH, dict.fromkeys(parameters))
    _register(con, [(page, _nothing(contract))], contract, with_record=True)
    try:
        found = dict(row[:2] for row in con.execute(f"DESCRIBE {target.select.sql}").fetchall())
    except duckdb.Error as error:
        raise MappingError(_said(error)) from error
    for name in target.select.columns:
        wanted = IDENTITY.get(name) or _type_of(target.schema, name)
        if name not in fillable(target.schema) or wanted is None:
            raise MappingError(f"{target.table} has no column '{name}'")
        if not _fits(found[name], wanted):
            raise MappingError(f"{name} is {found[name]}, but {target.table}.{name} is {wanted}{_HINTS.get(wanted, '')}")
    given = {*target.select.columns, *(["quantity"] if "quantity_source" in target.select.columns else [])}
    for column in target.own:
        if not column.nullable and b"default" not in (column.metadata or {}) and column.name not in (*given, *DERIVED, "balance_at"):
            raise MappingError(f"{target.table} needs a column '{column.name}'")
    return found


def problem_of(con: duckdb.DuckDBPyConnection, expression: str) -> str | None:
    """Why an expression does not work on the `page` that was checked last, or None."""
    try:
        con.execute(f"DESCRIBE SELECT {expression} FROM page").fetchall()
    except duckdb.Error as error:
        return _said(error)
    return None


def canonical(
    con: duckdb.DuckDBPyConnection,
    pages: list[tuple[Page, Records]],
    contract: Contract,
    targets: Iterable[Target],
    around: Surroundings,
) -> tuple[list[Mapped], list[Reject], int]:
    """Map the records of some pages. A record with any problem is a reject and gives no row in any table.

    The third result is how many records the mappings leave out on purpose: no reject, and no row in any table.
    """
    targets = list(targets)
    _register(con, pages, contract, any(target.select.uses_record for target in targets))
    con.register("xref", around.xref)
    con.register("zone", pa.table({"plant": pa.array(around.zones.keys(), pa.string()), "zone": pa.array(around.zones.values(), pa.string())}))
    con.execute("CREATE OR REPLACE TEMP TABLE problem AS SELECT record_no, contract_problem AS reason FROM typed WHERE contract_problem IS NOT NULL")
    for target in targets:
        _finish(con, target, around)
    rejects = [Reject(*row) for row in con.execute(_REJECTS).fetchall()]
    mapped = [Mapped(target.table, *_taken(con, target, around)) for target in targets]
    used = " UNION ".join(["SELECT record_no FROM problem", *(f"SELECT record_no FROM ready_{target.table}" for target in targets)])
    left_out = con.execute(f"SELECT count(*) FROM typed WHERE record_no NOT IN ({used})").fetchall()[0][0]
    return mapped, rejects, int(left_out)


# Page -----------------------------------------------------------------------------------------------------------------


def _register(con: duckdb.DuckDBPyConnection, pages: list[tuple[Page, Records]], contract: Contract, with_record: bool) -> None:
    """Make `page` selectable: one row per record, one typed column per declared field, and what the page knows itself."""
    table = pa.concat_tables([_surrounded(page, records) for page, records in pages])
    con.register("records", table.append_column("record_no", pa.array(range(table.num_rows), pa.int64())))
    quoted = pages[0][1].quoted
    provided = [name for name in table.column_names if name not in {*contract.tops, "record", "raw_ref"}]
    columns, problems = ["record_no", *provided, *(["record"] if with_record else [])], []
    for declared in contract.fields:
        value, problem = _typed(declared, contract, declared.top in quoted)
        columns.append(f"{value} AS {_quote(declared.column)}")
        problems += [problem] if problem else []
    con.execute(f"CREATE OR REPLACE TEMP TABLE typed AS SELECT {', '.join(columns)}, {_all_of(problems)} AS contract_problem FROM records")
    con.execute("CREATE OR REPLACE TEMP VIEW page AS SELECT * EXCLUDE contract_problem FROM typed WHERE contract_problem IS NULL")


def _surrounded(page: Page, records: Records) -> pa.Table:
    """The records with the constants of their page as columns: number, time, reference, parameters."""
    rows = records.table.num_rows
    places = records.table.column("place").cast(pa.string())
    constants = {
        "page_no": pa.repeat(pa.scalar(page.number, pa.int64()), rows),
        "received_at": pa.repeat(pa.scalar(page.received_at, pa.timestamp("us", "UTC")), rows),
        **{name: pa.repeat(pa.scalar(text, pa.string()), rows) for name, text in page.parameters.items() if name not in records.table.column_names},
    }
    table = records.table.drop_columns("place").append_column("raw_ref", pc.binary_join_element_wise(page.ref, places, "#"))
    for name, column in constants.items():
        table = table.append_column(name, column)
    return table


def _typed(declared: Field, contract: Contract, quoted: bool) -> tuple[str, str | None]:
    """The column of one declared field, and what is wrong with it or None."""
    raw = _quote(declared.top)
    if not quoted:
        return _cast(declared, raw), None
    if declared.inner:
        raw = f"CAST(json_extract({raw}, {_literal(declared.inner)}) AS VARCHAR)"
    if contract.empty_is_false and declared.type != "boolean":
        raw = f"nullif({raw}, 'false')"
    raw = f"nullif({raw}, 'null')"
    value = raw if declared.type == "json" else f"CASE WHEN left({raw}, 1) = '\"' THEN json_extract_string({raw}, '$') ELSE {raw} END"
    name, begins = declared.path.replace("'", "''"), _BEGINS[declared.type]
    missing = "" if declared.optional else f"WHEN {raw} IS NULL THEN '{name} is missing' "
    wrong = f"WHEN left({raw}, 1) NOT IN ({begins}) THEN '{name} should be {declared.type}, found ' || left({raw}, 40) " if begins else ""
    return _cast(declared, value), f"CASE {missing}{wrong}END" if missing or wrong else None


def _cast(declared: Field, value: str) -> str:
    wanted = {"integer": "BIGINT", "boolean": "BOOLEAN"}.get(declared.type)
    return f"TRY_CAST({value} AS {wanted})" if wanted else value


_NUMBER = ", ".join(f"'{character}'" for character in '-0123456789"')
_BEGINS = {"text": "'\"'", "number": _NUMBER, "integer": _NUMBER, "boolean": "'t', 'f'", "instant": _NUMBER, "date": _NUMBER, "json": ""}


# Finish ---------------------------------------------------------------------------------------------------------------


def _finish(con: duckdb.DuckDBPyConnection, target: Target, around: Surroundings) -> None:
    """Leave `ready_<table>` and `cast_<table>`, and add to `problem`."""
    table = target.table
    columns = _present(target, around)
    known = {row[0] for row in con.execute("SELECT DISTINCT object FROM xref").fetchall()} | around.expected
    con.execute(f"CREATE OR REPLACE TEMP VIEW cast_{table} AS {_casting(target, columns, around)}")
    con.execute(f"CREATE OR REPLACE TEMP TABLE ready_{table} AS {_completing(target, columns, known)}")
    con.execute(f"INSERT INTO problem {_complaining(target, columns)}")


def _present(target: Target, around: Surroundings) -> list[pa.Field]:
    """Columns that can hold anything: the others are added as nulls at the very end."""
    given = {*target.select.columns, *(["plant"] if around.plant else [])}
    if given & {"quantity", "quantity_source"} and "unit_source" in target.schema.names:
        given |= {"quantity", "quantity_source", "unit", "unit_source"}
    given |= {"occurred_on", "event_at"} if given & {"occurred_at", "posting_on", "recorded_at"} else set()
    return [column for column in target.own if column.name in given or _meta(column, "default")]


def _casting(target: Target, columns: list[pa.Field], around: Surroundings) -> str:
    """The author's columns in the types of the table; `lost` says what did not fit."""
    given = set(target.select.columns)
    values, lost = ["record_no", "problem"], []
    for name, kind in IDENTITY.items():
        empty = "false" if name == "is_deleted" else "NULL"
        values.append(f"coalesce(TRY_CAST({name} AS {kind}), {empty}) AS {name}" if name in given else f"CAST({empty} AS {kind}) AS {name}")
    for column in columns:
        name, kind, default = column.name, _meta(column, "type"), _meta(column, "default") or "NULL"
        value = f"coalesce(TRY_CAST({name} AS {kind}), {default})" if name in given else f"CAST({default} AS {kind})"
        if name == "plant" and around.plant:
            value = f"coalesce({value}, {_literal(around.plant)})"
        if name in given and kind.startswith(("DECIMAL", "INTEGER")):
            lost.append(f"CASE WHEN {name} IS NOT NULL AND TRY_CAST({name} AS {kind}) IS NULL THEN '{name} does not fit {kind}' END")
        values.append(f"{value} AS {name}")
    return f"SELECT {', '.join(values)}, {_all_of(lost)} AS lost FROM ({target.select.sql})"


def _completing(target: Target, columns: list[pa.Field], known: set[str]) -> str:
    """Translate keys, convert to the base unit, derive plant-local date and content hash."""
    names = [column.name for column in columns]
    value = {name: f"c.{name}" for name in names}
    on_day, joins = _business_day(names), []
    for name, kind in ((name, kind) for kind, members in OBJECTS.items() for name in members):
        if kind in known and name in value:
            joins.append(_xref_join(f"x_{name}", kind, f"c.{name}", _NEWEST if kind == "plant" else on_day))
            value[name] = f"coalesce(x_{name}.key, c.{name})"
    if "quantity" in value and "unit_source" in value:
        joins += _to_base_unit(value, on_day if UNIT in known else None)
    if "event_at" in value:
        days = ", ".join([*_local_days(names), "CAST(NULL AS DATE)"])
        value["occurred_on"] = f"coalesce({days})"
        value["event_at"] = f"coalesce({', '.join(_instants(names))})"
    content = ", ".join(f"'{name}=' || CAST({value[name]} AS VARCHAR)" for name in names if name not in DERIVED | UNHASHED)
    chosen = ["c.record_no", "c.problem", "c.lost", *(f"c.{name}" for name in IDENTITY)]
    chosen += [f"{value[name]} AS {name}" for name in names]
    chosen.append(f"md5(concat_ws(chr(31), CASE WHEN c.is_deleted THEN 'deleted' END, {content})) AS record_hash")
    zone = f"LEFT JOIN zone AS z ON z.plant = {value.get('plant', 'NULL')}"
    before = sum(" AS x_plant " in join or " AS x_to_plant " in join for join in joins)
    return f"SELECT {', '.join(chosen)} FROM cast_{target.table} AS c {' '.join([*joins[:before], zone, *joins[before:]])}"


def _local_days(names: list[str]) -> list[str]:
    local = {"occurred_at": "CAST(timezone(coalesce(z.zone, 'UTC'), c.occurred_at) AS DATE)", "posting_on": "c.posting_on"}
    return [day for name, day in local.items() if name in names]


def _instants(names: list[str]) -> list[str]:
    instants = {
        "occurred_at": "c.occurred_at",
        "posting_on": "timezone(coalesce(z.zone, 'UTC'), CAST(c.posting_on AS TIMESTAMP))",
        "recorded_at": "c.recorded_at",
    }
    return [instant for name, instant in instants.items() if name in names]


def _business_day(names: list[str]) -> str:
    """The date cross-references are looked up for; rows without a time see the newest."""
    effective = ["c.effective_on"] if "effective_on" in names else []
    return f"coalesce({', '.join([*reversed(_local_days(names)), *effective, _NEWEST])})"


_NEWEST = "DATE '9999-12-30'"


def _to_base_unit(value: dict[str, str], on_day: str | None) -> list[str]:
    """Fill quantity and unit from what was sent; an item's own factor goes before the general one."""
    sent, unit = "coalesce(c.quantity_source, c.quantity)", "coalesce(c.unit_source, c.unit)"
    value |= {"quantity_source": sent, "unit_source": unit, "quantity": "coalesce(c.quantity, c.quantity_source)", "unit": "coalesce(c.unit, c.unit_source)"}
    if on_day is None:
        return []
    factor = "coalesce(u_item.factor, u_any.factor, CAST(1 AS DECIMAL(28, 15)))"
    value["unit"] = "coalesce(u_item.key, u_any.key, c.unit, c.unit_source)"
    value["quantity"] = f"CAST(TRY({sent} * {factor}) AS DECIMAL(38, 9))"
    return [_xref_join("u_item", UNIT, unit, on_day, value.get("item", "NULL")), _xref_join("u_any", UNIT, unit, on_day)]


def _xref_join(alias: str, kind: str, key: str, on_day: str, item: str | None = None) -> str:
    limit = f"{alias}.of_item = {item}" if item else f"{alias}.of_item IS NULL"
    return (
        f"LEFT JOIN xref AS {alias} ON {alias}.object = '{kind}' AND {alias}.of_key = {key} AND {limit} "
        f"AND {on_day} >= {alias}.valid_from AND {on_day} < coalesce({alias}.valid_to, DATE '9999-12-31')"
    )


def _complaining(target: Target, columns: list[pa.Field]) -> str:
    """Every reason why a mapped row cannot be held."""
    names = [column.name for column in columns]
    required = ["source_key", *(column.name for column in columns if not column.nullable)]
    reasons = ["problem", "lost", *(f"CASE WHEN {name} IS NULL THEN '{name} is empty' END" for name in required)]
    if times := [name for name in ("occurred_at", "posting_on", "recorded_at") if name in target.schema.names]:
        if len(times) == 3:  # noqa: PLR2004 - only a business event has all three
            missing = " AND ".join([f"{name} IS NULL" for name in times if name in names] or ["true"])
            reasons.append(f"CASE WHEN {missing} THEN 'no time: occurred_at, posting_on and recorded_at are all empty' END")
    if "quantity" in names:
        reasons.append("CASE WHEN quantity_source IS NOT NULL AND quantity IS NULL THEN 'quantity does not fit after conversion to the base unit' END")
    return (
        f"SELECT record_no, {_all_of(reasons)} AS reason FROM ready_{target.table} WHERE reason IS NOT NULL UNION ALL "
        f"SELECT any_value(record_no), 'the mapping gives two rows the source_key ' || source_key FROM ready_{target.table} GROUP BY record_no, source_key HAVING count(*) > 1"
    )


def _taken(con: duckdb.DuckDBPyConnection, target: Target, around: Surroundings) -> tuple[pa.Table, pa.Table]:
    clean = con.execute("SELECT count(*) FROM problem").fetchall() == [(0,)]
    rest = "" if clean else "ANTI JOIN problem USING (record_no)"
    facts = con.sql(f"SELECT ready.* EXCLUDE (record_no, problem, lost), records.raw_ref FROM ready_{target.table} AS ready JOIN records USING (record_no) {rest}").to_arrow_table()
    unresolved = con.sql(f"SELECT source_key, object, of_key FROM ({_unresolved(target, around)}) {rest}").to_arrow_table()
    return facts, unresolved


def _unresolved(target: Target, around: Surroundings) -> str:
    """Keys that should have had a cross-reference: found by asking the same question again of the cast rows."""
    names = {column.name for column in _present(target, around)}
    asked = [(kind, f"c.{name}") for kind, members in OBJECTS.items() if kind in around.expected for name in members if name in names]
    if UNIT in around.expected and "unit_source" in names:
        asked.append((UNIT, "coalesce(c.unit_source, c.unit)"))
    selects = [
        f"SELECT DISTINCT c.record_no, c.source_key, '{kind}' AS object, {key} AS of_key FROM cast_{target.table} AS c "
        f"WHERE {key} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM xref WHERE xref.object = '{kind}' AND xref.of_key = {key})"
        for kind, key in asked
    ]
    nothing = "SELECT CAST(NULL AS BIGINT) AS record_no, '' AS source_key, '' AS object, '' AS of_key WHERE false"
    return " UNION ALL ".join([nothing, *selects])


_REJECTS = """
SELECT string_agg(DISTINCT problem.reason, '; ' ORDER BY problem.reason) AS reason, any_value(records.record) AS raw, any_value(records.raw_ref) AS raw_ref
FROM problem JOIN records USING (record_no) GROUP BY records.record_no ORDER BY records.record_no
"""


# Words ----------------------------------------------------------------------------------------------------------------


def _all_of(problems: list[str]) -> str:
    return f"nullif(concat_ws('; ', {', '.join(problems)}), '')" if problems else "CAST(NULL AS VARCHAR)"


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str | None) -> str:
    return "CAST(NULL AS VARCHAR)" if text is None else "'" + text.replace("'", "''") + "'"


def _meta(column: pa.Field, key: str) -> str:
    return (column.metadata or {}).get(key.encode(), b"").decode()


def _type_of(schema: pa.Schema, name: str) -> str | None:
    return _meta(schema.field(name), "type") if name in schema.names else None


def _fits(found: str, wanted: str) -> bool:
    if wanted == "VARCHAR" or found == wanted or found == '"NULL"':
        return True
    family = next((members for members in _FAMILIES if wanted.split("(")[0] in members), frozenset({wanted}))
    return found.split("(")[0] in family


_INTEGERS = frozenset({"TINYINT", "SMALLINT", "INTEGER", "BIGINT"})
_FAMILIES = (_INTEGERS, frozenset({"DECIMAL"}) | _INTEGERS)
_HINTS = {
    "DECIMAL(38,9)": "; use exact(value) or rounded(value, digits)",
    "TIMESTAMP WITH TIME ZONE": "; use instant(value, zone) or another of the time macros",
    "DATE": "; use date_of(value)",
    "BOOLEAN": "; use flag(value)",
}


def _said(error: duckdb.Error) -> str:
    return re.sub(r"\s+", " ", str(error).split("\n\n")[0].split("LINE 1")[0]).strip()


def _nothing(contract: Contract) -> Records:
    empty: dict[str, Any] = {"place": pa.array([], pa.int64()), "record": pa.array([], pa.string())}
    return Records(pa.table(empty | {top: pa.array([], pa.string()) for top in contract.tops}), frozenset(contract.tops) - contract.plain, [], 0)
