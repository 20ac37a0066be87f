"""The finish every canonical table gets: cross-references, base unit, plant, date, content hash."""

import duckdb
import pyarrow as pa

from collectors.sqltext import all_of, literal
from collectors.target import (
    DERIVED,
    IDENTITY,
    OBJECTS,
    TIMES,
    UNHASHED,
    UNIT,
    Surroundings,
    Target,
    meta,
)

_NEWEST = "DATE '9999-12-30'"


def finish(con: duckdb.DuckDBPyConnection, target: Target, around: Surroundings) -> pa.Table:
    """The complete rows, fit to be held or not: what is wrong with them is added to `problem`.

    Leaves `cast_<table>`, so that a mapping is evaluated once, and `ready_<table>` (these rows).
    """
    table, columns = target.table, target.present(around)
    names = [column.name for column in columns]
    known = {row[0] for row in con.execute("SELECT DISTINCT object FROM xref").fetchall()}
    casting = _casting(target, columns, around)
    con.execute(f"CREATE OR REPLACE TEMP TABLE cast_{table} AS {casting}")
    completing = _completing(target, names, known | around.expected)
    ready = con.sql(completing).to_arrow_table()
    con.register(f"ready_{table}", ready)
    con.execute(f"INSERT INTO problem {_complaining(target, columns, around)}")
    return ready


def taken(
    con: duckdb.DuckDBPyConnection,
    target: Target,
    around: Surroundings,
    ready: pa.Table,
    references: pa.ChunkedArray,
) -> tuple[pa.Table, pa.Table]:
    """The rows of a table whose records have no problem, and their keys without cross-reference.

    `ready` are its rows as `finish` gave them, `references` the raw reference of every record, in
    their order.
    """
    clean = con.execute("SELECT count(*) FROM problem").fetchall() == [(0,)]
    rest = "" if clean else "ANTI JOIN problem USING (record_no)"
    if not clean:
        ready = con.sql(f"FROM ready_{target.table} {rest}").to_arrow_table()
    facts = ready.append_column("raw_ref", references.take(ready["record_no"]))
    facts = facts.drop_columns(["record_no", "problem", "lost"])
    unresolved = con.sql(
        f"SELECT source_key, object, of_key FROM ({_unresolved(target, around)}) {rest}"
    ).to_arrow_table()
    return facts, unresolved


def _casting(target: Target, columns: list[pa.Field], around: Surroundings) -> str:
    """The author's columns in the types of the table; `lost` says what did not fit."""
    given = set(target.select.columns)
    values, lost = ["record_no", "problem"], []
    for name, kind in IDENTITY.items():
        empty = "false" if name == "is_deleted" else "NULL"
        values.append(f"{_cast(name, kind, empty, name in given)} AS {name}")
    for column in columns:
        name, kind = column.name, meta(column, "type")
        value = _cast(name, kind, meta(column, "default") or "NULL", name in given)
        if name == "plant" and around.plant:
            value = f"coalesce({value}, {literal(around.plant)})"
        if name in given and kind.startswith(("DECIMAL", "INTEGER")):
            too_large = f"{name} IS NOT NULL AND TRY_CAST({name} AS {kind}) IS NULL"
            lost.append(f"CASE WHEN {too_large} THEN '{name} does not fit {kind}' END")
        values.append(f"{value} AS {name}")
    return f"SELECT {', '.join(values)}, {all_of(lost)} AS lost FROM ({target.select.sql})"


def _cast(name: str, kind: str, default: str, is_given: bool) -> str:
    if is_given:
        cast = f"TRY_CAST({name} AS {kind})"
        return cast if default == "NULL" else f"coalesce({cast}, {default})"
    return f"CAST({default} AS {kind})"


def _completing(target: Target, names: list[str], known: set[str]) -> str:
    """Translate keys, convert to the base unit, derive plant-local date and content hash."""
    value = {name: f"c.{name}" for name in names}
    on_day = _business_day(names)
    of_plant = _translated(value, known & {"plant"}, _NEWEST)
    zone = f"LEFT JOIN zone AS z ON z.plant = {value.get('plant', 'NULL')}"
    joins = [*of_plant, zone, *_translated(value, known - {"plant"}, on_day)]
    if "quantity" in value and "unit_source" in value:
        joins += _to_base_unit(value, on_day if UNIT in known else None)
    if "event_at" in value:
        days = ", ".join([*_local_days(names), "CAST(NULL AS DATE)"])
        value["occurred_on"] = f"coalesce({days})"
        value["event_at"] = f"coalesce({', '.join(_instants(names))})"
    chosen = [
        "c.record_no",
        "c.problem",
        "c.lost",
        *(f"c.{name}" for name in IDENTITY),
        *(f"{value[name]} AS {name}" for name in names),
        f"{_content_hash(target, value)} AS record_hash",
    ]
    return f"SELECT {', '.join(chosen)} FROM cast_{target.table} AS c {' '.join(joins)}"


def _translated(value: dict[str, str], kinds: set[str], on_day: str) -> list[str]:
    """Replace keys of other systems by ours where cross-referenced; return the joins it needs."""
    joins = []
    for kind, members in OBJECTS.items():
        for name in members:
            if kind in kinds and name in value:
                joins.append(_xref_join(f"x_{name}", kind, f"c.{name}", on_day))
                value[name] = f"coalesce(x_{name}.key, c.{name})"
    return joins


def _content_hash(target: Target, value: dict[str, str]) -> str:
    """md5 over the columns in the order of their table, each at its place and null as nothing.

    So a column added at the end of a table changes no hash until a mapping fills it. What is
    derived from the time zone changes with the zone, so that is content too.
    """
    content, gap = ["CASE WHEN c.is_deleted THEN 'deleted' END"], 0
    if "event_at" in value:
        content.append("z.zone")
    for column in target.own:
        if column.name in DERIVED | UNHASHED:
            continue
        gap += 1
        if column.name in value:
            content += [f"repeat(chr(31), {gap})", f"CAST({value[column.name]} AS VARCHAR)"]
            gap = 0
    return f"md5(concat({', '.join(content)}))"


def _local_days(names: list[str]) -> list[str]:
    local = {
        "occurred_at": "CAST(timezone(coalesce(z.zone, 'UTC'), c.occurred_at) AS DATE)",
        "posting_on": "c.posting_on",
    }
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


def _to_base_unit(value: dict[str, str], on_day: str | None) -> list[str]:
    """Fill quantity and unit from what was sent; an item's own factor goes before the general."""
    sent, unit = "coalesce(c.quantity_source, c.quantity)", "coalesce(c.unit_source, c.unit)"
    value |= {
        "quantity_source": sent,
        "unit_source": unit,
        "quantity": "coalesce(c.quantity, c.quantity_source)",
        "unit": "coalesce(c.unit, c.unit_source)",
    }
    if on_day is None:
        return []
    factor = "coalesce(u_item.factor, u_any.factor, CAST(1 AS DECIMAL(28, 15)))"
    value["unit"] = "coalesce(u_item.key, u_any.key, c.unit, c.unit_source)"
    value["quantity"] = f"CAST(TRY({sent} * {factor}) AS DECIMAL(38, 9))"
    return [
        _xref_join("u_item", UNIT, unit, on_day, value.get("item", "NULL")),
        _xref_join("u_any", UNIT, unit, on_day),
    ]


def _xref_join(alias: str, kind: str, key: str, on_day: str, item: str | None = None) -> str:
    conditions = [
        f"{alias}.object = '{kind}'",
        f"{alias}.of_key = {key}",
        f"{alias}.of_item = {item}" if item else f"{alias}.of_item IS NULL",
        f"{on_day} >= {alias}.valid_from",
        f"{on_day} < coalesce({alias}.valid_to, DATE '9999-12-31')",
    ]
    return f"LEFT JOIN xref AS {alias} ON {' AND '.join(conditions)}"


def _complaining(target: Target, columns: list[pa.Field], around: Surroundings) -> str:
    """Every reason why a mapped row cannot be held."""
    names = [column.name for column in columns]
    required = ["source_key", *(column.name for column in columns if not column.nullable)]
    reasons = [
        "problem",
        "lost",
        *(f"CASE WHEN {name} IS NULL THEN '{name} is empty' END" for name in required),
        *(_unknown_word(column) for column in columns if _is_judged(column, target, around)),
    ]
    if set(TIMES) <= set(target.schema.names):
        missing = " AND ".join(f"{name} IS NULL" for name in TIMES if name in names) or "true"
        said = "no time: occurred_at, posting_on and recorded_at are all empty"
        reasons.append(f"CASE WHEN {missing} THEN '{said}' END")
    if "quantity" in names:
        missing = "quantity_source IS NOT NULL AND quantity IS NULL"
        said = "quantity does not fit after conversion to the base unit"
        reasons.append(f"CASE WHEN {missing} THEN '{said}' END")
    # Most rows have nothing wrong with them: asked first, before any reason is written.
    doubted = " OR ".join(f"{reason} IS NOT NULL" for reason in reasons)
    ready = f"ready_{target.table}"
    twice = "'the mapping gives two rows the source_key ' || source_key"
    return (
        f"SELECT record_no, complaint FROM (SELECT record_no, {all_of(reasons)} AS complaint "
        f"FROM {ready} WHERE {doubted}) "
        f"UNION ALL SELECT any_value(record_no), {twice} FROM {ready} "
        "GROUP BY record_no, source_key HAVING count(*) > 1"
    )


def _is_judged(column: pa.Field, target: Target, around: Surroundings) -> bool:
    """The mapping fills it from a vocabulary; a key that waits for its cross-reference may wait."""
    awaited = {name for kind in around.expected for name in OBJECTS.get(kind, ())}
    return bool(meta(column, "words")) and column.name in {*target.select.columns} - awaited


def _unknown_word(column: pa.Field) -> str:
    name, words = column.name, meta(column, "words")
    said = literal("' is none of " + words.replace("'", ""))
    return f"CASE WHEN {name} NOT IN ({words}) THEN '{name} ''' || {name} || {said} END"


def _unresolved(target: Target, around: Surroundings) -> str:
    """Keys without the cross-reference they should have, and plants the landscape does not name."""
    names = {column.name for column in target.present(around)}
    nothing = (
        "SELECT CAST(NULL AS BIGINT) AS record_no, '' AS source_key, '' AS object, '' AS of_key "
        "WHERE false"
    )
    selects = [
        f"SELECT DISTINCT record_no, source_key, '{kind}' AS object, {name} AS of_key "
        f"FROM cast_{target.table} AS asked WHERE {name} IS NOT NULL AND {_unknown(kind, name)}"
        for kind, members in OBJECTS.items()
        if kind in around.expected
        for name in members
        if name in names
    ]
    if "plant" in names and "plant" not in around.expected:
        selects.append(
            "SELECT DISTINCT record_no, source_key, 'plant' AS object, plant AS of_key "
            f"FROM cast_{target.table} AS asked "
            f"WHERE plant NOT IN (SELECT plant FROM zone) AND {_unknown('plant', 'plant')}"
        )
    if UNIT in around.expected and "unit_source" in names:
        of_item = "AND coalesce(xref.of_item = asked.item, xref.of_item IS NULL)"
        unknown = _unknown(UNIT, "unit_source", of_item if "item" in names else "")
        selects.append(
            f"SELECT DISTINCT record_no, source_key, '{UNIT}' AS object, unit_source AS of_key "
            f"FROM ready_{target.table} AS asked WHERE unit_source IS NOT NULL AND {unknown}"
        )
    return " UNION ALL ".join([nothing, *selects])


def _unknown(kind: str, name: str, more: str = "") -> str:
    return (
        f"NOT EXISTS (SELECT 1 FROM xref WHERE xref.object = '{kind}' "
        f"AND xref.of_key = asked.{name} {more})"
    )
