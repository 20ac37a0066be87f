"""States against states: orders whose two versions are not in step, or known to one side only. Semantics in README.md."""

from collections.abc import Mapping
from typing import ClassVar

import duckdb
import pyarrow as pa

from reconcilers.family import Bind, SideUse, interval, known, render, run, same, stage
from reconcilers.state.spec import StateSpec


class State:
    """Every order is in allowed states on both sides."""

    name: ClassVar[str] = "state"
    Spec: ClassVar[type[StateSpec]] = StateSpec
    is_incremental: ClassVar[bool] = False

    def sides(self, spec: StateSpec) -> Mapping[str, SideUse]:
        """Orders of both sides."""
        return {name: SideUse(side, (spec.key,), time="changed_at") for name, side in (("expected", spec.expected), ("observed", spec.observed))}

    def key_columns(self, spec: StateSpec) -> tuple[str, ...]:
        """Columns that make the business key."""
        return spec.key

    def evaluate(self, con: duckdb.DuckDBPyConnection, spec: StateSpec, bind: Bind) -> None:
        """Leave `verdict`, `finding` and `part` for the orders in `expected` and `observed`."""
        pairs = [(mine, other) for mine, others in spec.allowed.items() for other in others]
        con.register("allowed_pair", pa.table({"expected": [mine for mine, _ in pairs], "observed": [other for _, other in pairs]}))
        by = ", ".join(spec.key)
        for side in ("expected", "observed"):
            run(con, f"newest_{side}", _sql("newest", side=side, by=by, known=known(side, spec.key)))
        differs = " OR ".join(f"coalesce(e.{name} <> o.{name}, false)" for name in spec.compare.names) or "false"
        sql = _sql(
            "pair",
            keys=", ".join(f"coalesce(e.{column}, o.{column}) AS {column}" for column in spec.key),
            same=same("e", "o", spec.key),
            differs=differs,
            due=interval(spec.due),
            missing_when=_texts(spec.missing.when if spec.missing else ()),
            missing_due=interval(spec.missing.due if spec.missing else spec.due),
            unknown_when=_texts(spec.unknown_order.when if spec.unknown_order else ()),
            unknown_due=interval(spec.unknown_order.due if spec.unknown_order else spec.due),
            subject=" || '/' || ".join(["'order'", *(f"replace(replace(coalesce(e.{column}, o.{column}), '~', '~0'), '/', '~1')" for column in spec.key)]),
        )
        run(con, "pair", sql, {"horizon": bind.horizon})
        run(con, "verdict", _sql("verdict"))
        run(con, "finding", _sql("finding"))
        run(con, "part", _sql("part"))


def _sql(name: str, **parts: str) -> str:
    return render(stage(__package__ or "", name), **parts)


def _texts(values: tuple[str, ...]) -> str:
    return ", ".join(f"'{value}'" for value in values) or "NULL"
