"""Holds over time against stock and movements. Semantics in README.md."""

from collections.abc import Mapping
from functools import partial
from typing import ClassVar

import duckdb

from reconcilers.family import (
    Bind,
    SideUse,
    interval,
    known,
    literals,
    run,
    same,
    staged,
    subject,
)
from reconcilers.interval.spec import IntervalSpec

_sql = partial(staged, __package__)


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
        of_lot = ("coalesce(item, '')", *spec.key)
        words = {
            "by": ", ".join(spec.key),
            "by_hold": ", ".join(f"hold.{column}" for column in spec.key),
            "by_freed": ", ".join(f"freed.{column}" for column in spec.key),
            "same_release": same("release", "hold", spec.key),
            "same_freed": same("held", "freed", spec.key),
            "known": known("holds", spec.key),
            "hold_kinds": literals(spec.hold_kinds),
            "release_kinds": literals(spec.release_kinds),
            "blocked": literals(spec.blocked),
            "due": interval(spec.due) if spec.due is not None else "NULL",
            "release_due": interval(spec.release_due) if spec.release_due else "NULL",
            "same_stock": same("stock", "spell", spec.key),
            "same_movement": same("movements", "spell", spec.key),
            "subject": subject(*(f"spell.{column}" for column in spec.key)),
            "by_id": subject("movement_id", *of_lot),
            "by_document": subject("document_no", "kind", *of_lot),
            "by_record": subject("source", "source_key"),
        }
        binds = {"horizon": bind.horizon, "as_of": bind.as_of}
        run(con, "spell", _sql("spell", **words))
        offences = [
            *([_sql("visible", **words)] if spec.stock else []),
            *([_sql("obeyed", **words)] if spec.movements else []),
        ]
        run(con, "offence", "(" + ") UNION ALL (".join(offences) + ")", binds)
        run(con, "verdict", _sql("verdict"), binds)
        run(con, "finding", _sql("finding"), binds)
        run(con, "part", _sql("part"))
