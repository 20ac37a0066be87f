"""From the records of a page to rows of a canonical table.

Three steps, all in SQL: the typed `page` of the declared contract (`typed.py`); the author's
mapping over it; and the finish every table gets (`finish.py`). What does not survive a step is a
reject.
"""

import itertools
import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import resources

import duckdb
import pyarrow as pa

from collectors.contract import Contract
from collectors.finish import finish, taken
from collectors.page import Page, Records, Reject, text_of
from collectors.target import DERIVED, OBJECTS, UNIT, XREF, Surroundings, Target, meta
from collectors.typed import register, register_none

__all__ = [
    "OBJECTS",
    "UNIT",
    "XREF",
    "Mapped",
    "Surroundings",
    "Target",
    "canonical",
    "check",
    "problem_of",
]

_REJECTS = resources.files(__package__).joinpath("rejects.sql").read_text("utf-8")


@dataclass(frozen=True)
class Mapped:
    """What one page gives for one canonical table.

    `facts`: `source_key`, `source_revision` (may be null), `revised_at`, `is_deleted`,
    `record_hash`, `raw_ref` and those of the table's own columns that can hold anything.
    `unresolved`: `source_key`, `object`, `of_key` of keys that had no cross-reference.
    """

    table: str
    facts: pa.Table
    unresolved: pa.Table


def canonical(
    con: duckdb.DuckDBPyConnection,
    pages: list[tuple[Page, Records]],
    contract: Contract,
    targets: Iterable[Target],
    around: Surroundings,
) -> tuple[list[Mapped], list[Reject], int]:
    """Map the records of some pages; a record with any problem is a reject and gives no row.

    The third result is how many records the mappings leave out on purpose: no reject, and no row
    in any table.
    """
    targets = list(targets)
    with_record = any(target.select.uses_record for target in targets)
    references = register(con, pages, contract, with_record)
    con.register("xref", around.xref)
    plants, zones = list(around.zones.keys()), list(around.zones.values())
    zone = {"plant": pa.array(plants, pa.string()), "zone": pa.array(zones, pa.string())}
    con.register("zone", pa.table(zone))
    con.execute(
        "CREATE OR REPLACE TEMP TABLE problem AS SELECT record_no, contract_problem AS reason "
        "FROM typed WHERE contract_problem IS NOT NULL"
    )
    ready = [finish(con, target, around) for target in targets]
    rejects = _rejected(con, [records for _, records in pages], references)
    mapped = [
        Mapped(target.table, *taken(con, target, around, rows, references))
        for target, rows in zip(targets, ready, strict=True)
    ]
    return mapped, rejects, _left_out(con, targets)


def _rejected(
    con: duckdb.DuckDBPyConnection, pages: list[Records], references: pa.ChunkedArray
) -> list[Reject]:
    """Every record with a problem, and all its reasons."""
    firsts = list(itertools.accumulate((len(page.raws) for page in pages), initial=0))

    def raw(number: int) -> str:
        place = bisect_right(firsts, number) - 1
        return text_of(pages[place].raws[number - firsts[place]])

    return [
        Reject(reason, raw(number), references[number].as_py())
        for number, reason in con.execute(_REJECTS).fetchall()
    ]


def _left_out(con: duckdb.DuckDBPyConnection, targets: list[Target]) -> int:
    ready = (f" UNION SELECT record_no FROM ready_{target.table}" for target in targets)
    used = f"SELECT record_no FROM problem{''.join(ready)}"
    rows = con.execute(f"SELECT count(*) FROM typed WHERE record_no NOT IN ({used})").fetchall()
    return int(rows[0][0])


def check(
    con: duckdb.DuckDBPyConnection, contract: Contract, parameters: Iterable[str], target: Target
) -> list[str]:
    """Why the mapping does not fit contract or table, everything at once; empty where it does."""
    register_none(con, contract, parameters)
    try:
        told = con.execute(f"DESCRIBE {target.select.sql}").fetchall()
    except duckdb.Error as error:
        return [_said(error)]
    found = {name.lower(): kind for name, kind, *_ in told}  # `Plant AS plant` stays Plant
    problems = [
        wrong
        for name in target.select.columns
        if (wrong := _misfit(target, name, found[name.lower()])) is not None
    ]
    return problems + [
        f"{target.table} needs a column '{column.name}'"
        for column in target.own
        if column.name not in _given(target) and _is_needed(column)
    ]


def _misfit(target: Target, name: str, kind: str) -> str | None:
    """Why a column of the mapping has no place in its table, None where it has."""
    wanted = target.type_of(name)
    if name not in target.fillable or wanted is None:
        near = get_close_matches(name, target.fillable, n=1)
        choice = f"; did you mean '{near[0]}'?" if near else ""
        return f"{target.table} has no column '{name}'{choice}"
    if _fits(kind, wanted):
        return None
    return f"{name} is {kind}, but {target.table}.{name} is {wanted}{_HINTS.get(wanted, '')}"


def problem_of(con: duckdb.DuckDBPyConnection, expression: str) -> str | None:
    """Why an expression does not work on the `page` that was checked last, or None."""
    try:
        con.execute(f"DESCRIBE SELECT {expression} FROM page").fetchall()
    except duckdb.Error as error:
        return _said(error)
    return None


def _given(target: Target) -> set[str]:
    """Columns that get a value: by the mapping, or by the finish."""
    by_finish = {"quantity"} if "quantity_source" in target.select.columns else set()
    return {*target.select.columns, *DERIVED, "balance_at", *by_finish}


def _is_needed(column: pa.Field) -> bool:
    return not column.nullable and not meta(column, "default")


def _fits(found: str, wanted: str) -> bool:
    if wanted == "VARCHAR" or found == wanted or found == '"NULL"':
        return True
    kind = wanted.split("(")[0]
    family = next((members for members in _FAMILIES if kind in members), frozenset({wanted}))
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
