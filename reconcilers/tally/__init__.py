"""Sums of what was reported of orders: against what was ordered, what came out, what was used.

Semantics in README.md.
"""

from collections.abc import Mapping
from functools import partial
from typing import ClassVar

import duckdb

from reconcilers.family import Bind, SideUse, due_after, literals, run, staged, subject
from reconcilers.tally.spec import TallySpec

_sql = partial(staged, __package__)
_SINCE = {"over": "over_at", "lost": "told_at", "used": "begun_at"}


class Tally:
    """No more is reported of an order than is ordered, nothing gets lost, and something is used."""

    name: ClassVar[str] = "tally"
    Spec: ClassVar[type[TallySpec]] = TallySpec
    is_incremental: ClassVar[bool] = False
    is_valued: ClassVar[bool] = False

    def sides(self, spec: TallySpec) -> Mapping[str, SideUse]:
        """Reports, and the orders they are of or what was used for them."""
        uses = {"reports": SideUse(spec.reports)}
        if spec.orders:
            uses["orders"] = SideUse(spec.orders, counted=False, is_needed=True, time="changed_at")
        if spec.used:
            uses["used"] = SideUse(spec.used, counted=False, is_needed=True)
        return uses

    def key_columns(self, spec: TallySpec) -> tuple[str, ...]:
        """Columns that make the business key."""
        return ("order_no",) if spec.lost else ("order_no", "op_no")

    def evaluate(self, con: duckdb.DuckDBPyConnection, spec: TallySpec, bind: Bind) -> None:
        """Leave `verdict`, `finding` and `part` for the facts in `reports`."""
        binds = {"horizon": bind.horizon}
        run(con, "standing", _sql("standing", side="reports"))
        if spec.used:
            run(con, "taken", _sql("standing", side="used"))
        if spec.orders:
            run(con, "newest", _sql("newest"))
        run(con, "tally", _tally(spec), binds)
        run(con, "verdict", _sql("verdict"), binds)
        run(con, "finding", _sql("finding"), binds)
        run(con, "part", _sql("part"))


def _tally(spec: TallySpec) -> str:
    """What a sum comes to, what is wrong with it, and from when that may be said."""
    due, joins = due_after(_SINCE[spec.question], spec.due)
    allowance = spec.over or spec.lost
    share = f"{allowance.percent / 100:f}" if allowance else "0"
    of = ("order_no",) if spec.lost else ("order_no", "op_no")
    return _sql(
        spec.question,
        due=due,
        due_joins=joins,
        share=f"CAST({share} AS DECIMAL(18, 9))",
        when=literals(spec.lost.when if spec.lost else ()),
        subject=subject(f"'{spec.question}'", "coalesce(plant, '')", *of),
    )
