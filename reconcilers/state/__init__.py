"""States against states: orders or decisions whose two versions are not in step, or known to one
side only.

Semantics in README.md.
"""

from collections.abc import Mapping
from functools import partial
from typing import ClassVar

import duckdb
import pyarrow as pa

from reconcilers.family import (
    Bind,
    SideUse,
    due_after,
    interval,
    known,
    literals,
    run,
    same,
    staged,
    subject,
)
from reconcilers.state.spec import StateSpec

_sql = partial(staged, __package__)
_NEVER = "CAST(NULL AS TIMESTAMPTZ)"
SUBJECTS = {"order_state": "order", "quality_disposition": "decision"}
# What it is called where the states go together and an attribute differs.
DRIFTS = {"order_state": "revision_drift", "quality_disposition": "attribute_mismatch"}


class State:
    """Every order, or decision of quality, is in allowed states on both sides."""

    name: ClassVar[str] = "state"
    Spec: ClassVar[type[StateSpec]] = StateSpec
    is_incremental: ClassVar[bool] = False
    is_valued: ClassVar[bool] = False

    def sides(self, spec: StateSpec) -> Mapping[str, SideUse]:
        """Orders of both sides."""
        return {
            name: SideUse(side, (spec.key,), time="changed_at")
            for name, side in (("expected", spec.expected), ("observed", spec.observed))
        }

    def key_columns(self, spec: StateSpec) -> tuple[str, ...]:
        """Columns that make the business key."""
        return spec.key

    def evaluate(self, con: duckdb.DuckDBPyConnection, spec: StateSpec, bind: Bind) -> None:
        """Leave `verdict`, `finding` and `part` for the orders in `expected` and `observed`."""
        pairs = [(mine, other) for mine, others in spec.allowed.items() for other in others]
        expected, observed = zip(*pairs, strict=True) if pairs else ((), ())
        allowed = pa.table({"expected": pa.array(expected), "observed": pa.array(observed)})
        con.register("allowed_pair", allowed)
        by = ", ".join(spec.key)
        for side in ("expected", "observed"):
            newest = _sql("newest", side=side, by=by, known=known(side, spec.key))
            run(con, f"newest_{side}", newest)
        run(con, "pair", _pair(spec), {"horizon": bind.horizon})
        run(con, "verdict", _sql("verdict"))
        run(con, "finding", _sql("finding"))
        run(con, "part", _sql("part", table=spec.expected.table))


def _pair(spec: StateSpec) -> str:
    """Both versions of every order, whether they are in step, and from when that may be said."""
    keys = {column: f"coalesce(e.{column}, o.{column})" for column in spec.key}
    differs = {name: f"coalesce(e.{name} <> o.{name}, false)" for name in spec.compare.names}
    others = [wrong for name, wrong in differs.items() if name != "quantity"]
    asked = (
        "e.quantity IS NOT NULL AND o.quantity IS NOT NULL" if "quantity" in differs else "false"
    )
    missing, unknown, idle = spec.missing, spec.unknown_order, spec.idle
    idle_due, idle_joins = due_after("changed_at", idle.due) if idle else (_NEVER, "")
    misplaced = (
        "abs(o.quantity_free - e.quantity_free)"
        if "quantity_free" in differs
        else "CAST(NULL AS DECIMAL(38, 9))"
    )
    return _sql(
        "pair",
        keys=", ".join(f"{value} AS {column}" for column, value in keys.items()),
        same=same("e", "o", spec.key),
        differs=" OR ".join(differs.values()) or "false",
        other_differs=" OR ".join(others) or "false",
        quantity_asked=asked,
        misplaced=misplaced,
        changed_otherwise=DRIFTS[spec.expected.table],
        due=interval(spec.due),
        is_judged=str(bool(spec.allowed)).lower(),
        missing_when=literals(missing.when if missing else ()),
        missing_due=interval(missing.due if missing else spec.due),
        unknown_when=literals(unknown.when if unknown else ()),
        unknown_due=interval(unknown.due if unknown else spec.due),
        idle_when=literals(idle.when if idle else ()),
        idle_due=idle_due,
        idle_joins=idle_joins,
        subject=subject(f"'{SUBJECTS[spec.expected.table]}'", *keys.values()),
    )
