"""Snapshots against snapshots at one instant, every difference taken apart.

Semantics in README.md.
"""

from collections.abc import Mapping
from functools import partial
from typing import ClassVar

import duckdb

from reconcilers.balance.spec import BalanceSpec
from reconcilers.family import Bind, SideUse, run, staged, subject
from reconcilers.match import Match

_sql = partial(staged, __package__)
SIDES = ("expected", "observed")
# A rest that siblings make good is put down to the attribute in which they differ, in this order.
SIBLING_CAUSES = {
    "stock_status": "status_class",
    "lot": "lot",
    "serial": "lot",
    "bin": "location",
    "location": "location",
    "stock_owner": "owner",
}
_SHARE = """
    unit_no BIGINT, cause VARCHAR, fact_no BIGINT, due_at TIMESTAMPTZ, expected_at TIMESTAMPTZ,
    {grain}, quantity DECIMAL(38, 9)
"""
_NOTHING_BOOKED = """
SELECT
    '' AS side, CAST(NULL AS BIGINT) AS fact_no, '' AS source, '' AS source_key,
    {grain}, CAST(NULL AS DECIMAL(38, 9)) AS quantity, '' AS unit,
    CAST(NULL AS TIMESTAMPTZ) AS booked_at, CAST(NULL AS TIMESTAMPTZ) AS event_at
WHERE false
"""


class Balance:
    """Two systems hold the same stock; where they do not, every unit is put down to a cause."""

    name: ClassVar[str] = "balance"
    Spec: ClassVar[type[BalanceSpec]] = BalanceSpec
    is_incremental: ClassVar[bool] = False
    is_valued: ClassVar[bool] = False

    def sides(self, spec: BalanceSpec) -> Mapping[str, SideUse]:
        """Snapshot lines, the movements that change them, and pairs of movements that explain."""
        uses = {side: SideUse(getattr(spec, side), time="balance_at") for side in SIDES}
        for side in SIDES:
            booked = getattr(spec, f"booked_{side}")
            if booked:
                uses[f"booked_{side}"] = SideUse(
                    booked, counted=False, is_awaited=True, time="observed_at"
                )
        for number, pair in enumerate(spec.movements):
            for side in SIDES:
                uses[f"movement_{number}_{side}"] = SideUse(
                    getattr(pair, side),
                    pair.keys,
                    counted=False,
                    is_awaited=True,
                    time="observed_at",
                )
            if pair.carried_by:
                uses[f"movement_{number}_carrier"] = SideUse(
                    pair.carried_by.messages,
                    pair.carried_by.keys,
                    counted=False,
                    time="observed_at",
                )
        return uses

    def key_columns(self, spec: BalanceSpec) -> tuple[str, ...]:
        """Columns that make the business key."""
        return spec.grain

    def evaluate(self, con: duckdb.DuckDBPyConnection, spec: BalanceSpec, bind: Bind) -> None:
        """Leave `verdict`, `finding` and `part` for the lines in `expected` and `observed`."""
        words = _words(spec)
        lines = " UNION ALL ".join(
            f"SELECT '{side}' AS side, fact_no, {words['grain']}, quantity, unit FROM {side}"
            for side in SIDES
        )
        run(con, "line", lines)
        run(con, "instant", _sql("instant"))
        _book(con, spec, words)
        run(con, "rolled", _sql("rolled", **words))
        run(con, "level", _sql("level", **words))
        run(
            con,
            "off_item",
            "SELECT DISTINCT item FROM level WHERE abs(variance) > tolerance",
        )
        _explain(con, spec, bind, words)
        run(con, "rest", _sql("rest", **words))
        _offset(con, spec)
        run(con, "judged", _sql("judged", **words))
        run(con, "verdict", _sql("verdict", **words))
        run(con, "finding", _sql("finding", **words))
        run(con, "part", _sql("part", **words))
        run(con, "measure", _sql("measure", **words))


def _words(spec: BalanceSpec) -> dict[str, str]:
    def listed(alias: str) -> str:
        return ", ".join(f"{alias}.{column}" for column in spec.grain)

    def alike(left: str, right: str) -> str:
        return " AND ".join(
            f"{left}.{column} IS NOT DISTINCT FROM {right}.{column}" for column in spec.grain
        )

    names = [name for name in ("lot", "location", "stock_status") if name in spec.grain]
    causes = {"lot": "lot", "location": "location", "stock_status": "status_class"}
    differing = " ".join(f"WHEN coded.{name}_differs THEN '{causes[name]}'" for name in names)
    return {
        "grain": ", ".join(spec.grain),
        "order": ", ".join(f"{column} NULLS FIRST" for column in spec.grain),
        "grain_of_event": ", ".join(spec.grain),
        "grain_of_booked": listed("booked"),
        "grain_of_alone": listed("alone"),
        "grain_of_level": listed("level"),
        "same_open": alike("open_at", "signed"),
        "same_share": alike("share", "level"),
        "in_unit_of_level": f"{alike('booked', 'level')} AND NOT level.is_mixed"
        " AND coalesce(booked.unit = level.unit, true)",
        "same_moved": alike("moved", "level"),
        "same_line": alike("line", "level"),
        "same_line_judged": alike("line", "judged"),
        "same_rolled_judged": alike("rolled", "judged"),
        "same_share_judged": alike("share", "judged"),
        "differing": f"CASE {differing} ELSE 'attribute' END" if differing else "'attribute'",
        "absolute": str(spec.tolerance),
        "percent": f"CAST({spec.percent / 100:f} AS DECIMAL(18, 9))",
        "total_differs": _total_differs(spec),
        "is_measured": "false" if spec.split_of else "true",
        "plant": "plant" if "plant" in spec.grain else "CAST(NULL AS VARCHAR)",
        "plant_of_level": "level.plant" if "plant" in spec.grain else "CAST(NULL AS VARCHAR)",
        "subject": subject("'stock'", *(f"coalesce(off.{name}, '')" for name in spec.grain)),
    }


def _total_differs(spec: BalanceSpec) -> str:
    """Whether what is split differs in sum, what is not due left out: that is another matter."""
    if not spec.split_of:
        return "false"
    whole = f"OVER (PARTITION BY {', '.join(f'level.{name}' for name in spec.split_of)})"
    total = f"sum(level.variance - coalesce(moved.waiting, 0)) {whole}"
    is_mixed = f"max(CASE WHEN level.is_mixed THEN 1 ELSE 0 END) {whole} = 1"
    return f"({is_mixed} OR coalesce(abs({total}) > max(level.tolerance) {whole}, true))"


def _book(con: duckdb.DuckDBPyConnection, spec: BalanceSpec, words: Mapping[str, str]) -> None:
    """Movements that changed a balance, by the time they were booked there.

    Where a rule does not name them they are the movements of the systems the balance is of.
    """
    columns = ", ".join(f"CAST(NULL AS VARCHAR) AS {column}" for column in spec.grain)
    selects = [_NOTHING_BOOKED.format(grain=columns)]
    for side in SIDES:
        named, of_side = [f"booked_{side}"], ""
        if not getattr(spec, f"booked_{side}"):
            named = [f"movement_{no}_{of}" for no in range(len(spec.movements)) for of in SIDES]
            of_side = f" AND source IN (SELECT source FROM instant WHERE side = '{side}')"
        selects += [
            _sql("booked", side=side, movements=name, of_side=of_side, **words) for name in named
        ]
    run(con, "booked", " UNION ".join(selects))


def _explain(
    con: duckdb.DuckDBPyConnection, spec: BalanceSpec, bind: Bind, words: Mapping[str, str]
) -> None:
    """Pair the movements of items that are off; keep what the two balances do not carry alike."""
    columns = ", ".join(f"{column} VARCHAR" for column in spec.grain)
    con.execute(f"CREATE OR REPLACE TEMP TABLE share ({_SHARE.format(grain=columns)})")
    con.execute("CREATE OR REPLACE TEMP TABLE paired (fact_no BIGINT)")
    con.execute("CREATE OR REPLACE TEMP TABLE taken_back (fact_no BIGINT)")
    for number, pair in enumerate(spec.movements):
        for side in SIDES:
            con.execute(
                f"CREATE OR REPLACE TEMP VIEW {side} AS SELECT * FROM movement_{number}_{side} "
                "WHERE item IN (SELECT item FROM off_item) "
                "AND fact_no NOT IN (SELECT fact_no FROM paired)"
            )
        if pair.carried_by:
            carrier = f"SELECT * FROM movement_{number}_carrier"
            con.execute(f"CREATE OR REPLACE TEMP VIEW carrier AS {carrier}")
        Match().evaluate(con, pair.match(spec.grain), bind)
        con.execute("INSERT INTO paired SELECT fact_no FROM seat")
        con.execute("INSERT INTO taken_back SELECT DISTINCT fact_no FROM undone")
        con.execute(f"INSERT INTO share {_sql('share', **words)}")
    of_alone = {**words, "same_open": words["same_open"].replace("signed.", "alone.")}
    con.execute(f"INSERT INTO share {_sql('other', **of_alone)}")


def _offset(con: duckdb.DuckDBPyConnection, spec: BalanceSpec) -> None:
    """Put rests down to the attribute in which siblings differ, and to rounding.

    Each unit of a rest is used once.
    """
    columns = "key_no BIGINT, cause VARCHAR, quantity DECIMAL(38, 9)"
    con.execute(f"CREATE OR REPLACE TEMP TABLE leftover ({columns})")
    for name, cause in SIBLING_CAUSES.items():
        if name in spec.grain:
            others = ", ".join(column for column in spec.grain if column != name)
            con.execute(f"INSERT INTO leftover {_sql('sibling', others=others, cause=cause)}")
            con.execute(
                "UPDATE rest SET unexplained = 0 WHERE key_no IN (SELECT key_no FROM leftover)"
            )
    con.execute(
        "INSERT INTO leftover SELECT key_no, 'rounding', unexplained FROM rest "
        "WHERE unexplained <> 0 AND abs(unexplained) <= tolerance"
    )
    con.execute("UPDATE rest SET unexplained = 0 WHERE key_no IN (SELECT key_no FROM leftover)")
