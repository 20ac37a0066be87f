"""Holds over time against stock and movements. Semantics in README.md."""

from collections.abc import Mapping
from typing import ClassVar

import duckdb

from reconcilers.family import Bind, SideUse, interval, known, render, run, same, stage
from reconcilers.interval.spec import IntervalSpec


class Interval:
    """What quality decided about a lot holds everywhere, from when it was decided."""

    name: ClassVar[str] = "interval"
    Spec: ClassVar[type[IntervalSpec]] = IntervalSpec
    is_incremental: ClassVar[bool] = False

    def sides(self, spec: IntervalSpec) -> Mapping[str, SideUse]:
        """Decisions, and the stock and movements they bind."""
        uses = {"holds": SideUse(spec.holds, time="effective_at")}
        if spec.stock:
            uses["stock"] = SideUse(spec.stock, counted=False, is_needed=True, time="balance_at")
        if spec.movements:
            uses["movements"] = SideUse(spec.movements, counted=False, is_needed=True)
        return uses

    def key_columns(self, spec: IntervalSpec) -> tuple[str, ...]:
        """Columns that make the business key."""
        return tuple(dict.fromkeys(["item", *spec.key]))

    def evaluate(self, con: duckdb.DuckDBPyConnection, spec: IntervalSpec, bind: Bind) -> None:
        """Leave `verdict`, `finding` and `part`."""
        by = ", ".join(spec.key)
        words = {
            "by": by,
            "known": known("holds", spec.key),
            "hold_kinds": _texts(spec.hold_kinds),
            "release_kinds": _texts(spec.release_kinds),
            "blocked": _texts(spec.blocked),
            "due": interval(spec.due),
            "release_due": interval(spec.release_due) if spec.release_due else "NULL",
            "same_stock": same("stock", "spell", spec.key),
            "same_movement": same("movements", "spell", spec.key),
            "subject": " || '/' || ".join(f"replace(replace(spell.{column}, '~', '~0'), '/', '~1')" for column in spec.key),
        }
        binds = {"horizon": bind.horizon, "as_of": bind.as_of}
        run(con, "spell", _sql("spell", **words))
        run(con, "offence", " UNION ALL ".join(
            [*([_sql("visible", **words)] if spec.stock else []), *([_sql("obeyed", **words)] if spec.movements else [])]
        ), binds)
        run(con, "verdict", _sql("verdict"), binds)
        run(con, "finding", _sql("finding"), binds)
        run(con, "part", _sql("part"))


def _sql(name: str, **parts: str) -> str:
    return render(stage(__package__ or "", name), **parts)


def _texts(values: tuple[str, ...]) -> str:
    return ", ".join(f"'{value.replace(chr(39), chr(39) * 2)}'" for value in values) or "NULL"
