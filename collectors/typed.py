"""The records of some pages as `page`: the typed view a mapping selects from."""

from collections.abc import Collection, Iterable

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from collectors.contract import Contract, Field
from collectors.page import Page, Records, text_of
from collectors.sqltext import all_of, literal, quote

_NUMBER = ", ".join(f"'{character}'" for character in '-0123456789"')
_BEGINS = {
    "text": "'\"'",
    "number": _NUMBER,
    "integer": _NUMBER,
    "boolean": "'t', 'f'",
    "instant": _NUMBER,
    "date": _NUMBER,
    "json": "",
}  # what the JSON of a value of each type begins with


def register(
    con: duckdb.DuckDBPyConnection,
    pages: list[tuple[Page, Records]],
    contract: Contract,
    with_record: bool,
) -> pa.ChunkedArray:
    """Leave `records`, `typed` and `page`: one row per record, one typed column per declared field.

    Return the raw reference of every record.

    `typed` also has the records that break the contract, with `contract_problem`.
    """
    table = pa.concat_tables([_surrounded(page, records, with_record) for page, records in pages])
    numbers = pa.arange(0, table.num_rows)
    con.register("records", table.append_column("record_no", numbers))
    _type(con, table.column_names, contract, pages[0][1].quoted, with_record)
    return table["raw_ref"]


def register_none(
    con: duckdb.DuckDBPyConnection, contract: Contract, parameters: Iterable[str]
) -> None:
    """Leave an empty `page`, to see whether a mapping fits it.

    Made by SQL alone: the least Arrow scalar loads pandas, which a check can do without.
    """
    texts = {"record", "raw_ref", *contract.tops, *parameters}
    columns = ["NULL::BIGINT AS record_no", "NULL::BIGINT AS page_no"]
    columns += ["NULL::TIMESTAMPTZ AS received_at"]
    columns += [f"NULL::VARCHAR AS {quote(name)}" for name in sorted(texts)]
    con.execute(f"CREATE OR REPLACE TEMP VIEW records AS SELECT {', '.join(columns)} LIMIT 0")
    provided = ["page_no", "received_at", *parameters]
    _type(con, provided, contract, frozenset(contract.tops) - contract.plain, with_record=True)


def _type(
    con: duckdb.DuckDBPyConnection,
    names: Iterable[str],
    contract: Contract,
    quoted: Collection[str],
    with_record: bool,
) -> None:
    """Leave `typed` and `page` of the `records`, whose columns have these names."""
    declared_already = {*contract.tops, "record", "raw_ref"}
    provided = [name for name in names if name not in declared_already]
    columns, problems = ["record_no", *provided, *(["record"] if with_record else [])], []
    raws = []
    for number, declared in enumerate(contract.fields):
        is_json = declared.top in quoted
        raw = _raw(declared, contract, is_json)
        if declared.inner and is_json:
            # Told once and built upon: an expression repeated in every check is slow to plan.
            inner = quote(f"#raw {number}")
            raws.append(f", {raw} AS {inner}")
            raw = inner
        text = _text(declared, raw, is_json)
        columns.append(f"{_cast(declared, text)} AS {quote(declared.column)}")
        problem = _first_of(_broken(declared, raw) if is_json else None, _misfit(declared, text))
        problems += [problem] if problem else []
    # Worked out once where there is work in it; mere text is read from the records each time.
    kind = "TABLE" if problems or raws else "VIEW"
    con.execute(
        f"CREATE OR REPLACE TEMP {kind} typed AS "
        f"SELECT {', '.join(columns)}, {all_of(problems)} AS contract_problem "
        f"FROM (SELECT *{''.join(raws)} FROM records)"
    )
    con.execute(
        "CREATE OR REPLACE TEMP VIEW page AS "
        "SELECT * EXCLUDE contract_problem FROM typed WHERE contract_problem IS NULL"
    )


def _surrounded(page: Page, records: Records, with_record: bool) -> pa.Table:
    """The records with the constants of their page: number, time, reference, parameters."""
    rows = records.table.num_rows
    places = records.table.column("#").cast(pa.string())
    constants = {
        "page_no": pa.scalar(page.number, pa.int64()),
        "received_at": pa.scalar(page.received_at, pa.timestamp("us", "UTC")),
        **{
            name: pa.scalar(text, pa.string())
            for name, text in page.parameters.items()
            if name not in records.table.column_names
        },
    }
    references = pc.binary_join_element_wise(page.ref, places, "#")
    table = records.table.drop_columns("#").append_column("raw_ref", references)
    if with_record:
        table = table.append_column("record", pa.array(map(text_of, records.raws), pa.string()))
    for name, constant in constants.items():
        table = table.append_column(name, pa.repeat(constant, rows))
    return table


def _raw(declared: Field, contract: Contract, is_json: bool) -> str:
    """What was sent for a field: its JSON, or the text of a table cell; NULL for nothing."""
    raw = quote(declared.top)
    if not is_json:
        return raw
    if declared.inner:
        raw = f"CAST(json_extract({raw}, {literal(declared.inner)}) AS VARCHAR)"
    if contract.empty_is_false and declared.type != "boolean":
        raw = f"nullif({raw}, 'false')"
    return f"nullif({raw}, 'null')"


def _text(declared: Field, raw: str, is_json: bool) -> str:
    """The same without the quotes of JSON, except where JSON is wanted."""
    if not is_json or declared.type == "json":
        return raw
    return f"CASE WHEN left({raw}, 1) = '\"' THEN json_extract_string({raw}, '$') ELSE {raw} END"


def _cast(declared: Field, value: str) -> str:
    wanted = {"integer": "BIGINT", "boolean": "BOOLEAN"}.get(declared.type)
    return f"TRY_CAST({value} AS {wanted})" if wanted else value


def _misfit(declared: Field, value: str) -> str | None:
    """What keeps a value out of the type it is cast to; None where there is no cast."""
    fits = {
        "integer": f"TRY_CAST({value} AS DECIMAL(38, 9)) = TRY_CAST({value} AS BIGINT)",
        "boolean": f"TRY_CAST({value} AS BOOLEAN) IS NOT NULL",
    }.get(declared.type)
    if fits is None:
        return None
    expected = literal(f"{declared.path} should be {declared.type}, found ")
    return (
        f"CASE WHEN {value} IS NOT NULL AND NOT coalesce({fits}, false) "
        f"THEN {expected} || left({value}, 40) END"
    )


def _first_of(*problems: str | None) -> str | None:
    told = [problem for problem in problems if problem]
    return f"coalesce({', '.join(told)})" if told else None


def _broken(declared: Field, raw: str) -> str | None:
    """How the JSON of a value breaks the contract, as an expression; None where it cannot."""
    begins, cases = _BEGINS[declared.type], []
    if not declared.optional:
        cases.append(f"WHEN {raw} IS NULL THEN {literal(f'{declared.path} is missing')}")
    if begins:
        expected = literal(f"{declared.path} should be {declared.type}, found ")
        cases.append(f"WHEN left({raw}, 1) NOT IN ({begins}) THEN {expected} || left({raw}, 40)")
    return f"CASE {' '.join(cases)} END" if cases else None
