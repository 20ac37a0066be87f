"""What lasts: holds against stock and movements, stops of machines against their repair.

Semantics in README.md.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import ClassVar

import duckdb

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
from reconcilers.interval.spec import IntervalSpec

_sql = partial(staged, __package__)
_TIMES = {
    "holds": "effective_at",
    "stops": "started_at",
    "orders": "changed_at",
    "stock": "balance_at",
    "maintenance": "started_at",
}


class Interval:
    """What quality decided about a lot holds everywhere; maintenance knows what stands."""

    name: ClassVar[str] = "interval"
    Spec: ClassVar[type[IntervalSpec]] = IntervalSpec
    is_incremental: ClassVar[bool] = False
    is_valued: ClassVar[bool] = False

    def sides(self, spec: IntervalSpec) -> Mapping[str, SideUse]:
        """Decisions, and the stock and movements they bind; stops or orders, and maintenance."""
        uses: dict[str, SideUse] = {spec.subject: SideUse(spec.about, time=_TIMES[spec.subject])}
        for name in ("stock", "movements", "maintenance"):
            if side := getattr(spec, name):
                time = _TIMES.get(name, "event_at")
                uses[name] = SideUse(side, counted=False, is_needed=True, time=time)
        return uses

    def key_columns(self, spec: IntervalSpec) -> tuple[str, ...]:
        """Columns that make the business key."""
        if spec.subject != "holds":
            return ("order_no",) if spec.orders else ("equipment",)
        return tuple(dict.fromkeys(["item", *spec.key]))

    def evaluate(self, con: duckdb.DuckDBPyConnection, spec: IntervalSpec, bind: Bind) -> None:
        """Leave `verdict`, `finding` and `part`."""
        binds = {"horizon": bind.horizon, "as_of": bind.as_of}
        if spec.holds:
            _hold(con, spec, binds)
        else:
            run(con, "binding", _sql("every", side=spec.subject))
            run(con, "offence", _stops(spec), binds)
        run(con, "verdict", _sql("verdict", side=spec.subject), binds)
        run(con, "finding", _sql("finding"), binds)
        run(con, "part", _sql("part", table=spec.about.table))


def _stops(spec: IntervalSpec) -> str:
    """Stops nobody knows or that are told twice, or orders nobody ends."""
    due, joins = due_after("started_at" if spec.stops else "ended_at", spec.due or timedelta(0))
    return _sql(
        "stopped" if spec.stops else "unfinished",
        due=due,
        due_joins=joins,
        by_record=subject("source", "source_key"),
        by_record_due=subject("due.source", "due.source_key"),
        overlap=interval(spec.overlap),
        done=literals(spec.done),
    )


def _hold(
    con: duckdb.DuckDBPyConnection, spec: IntervalSpec, binds: Mapping[str, datetime]
) -> None:
    """What does not show a decision, or did not obey it."""
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
        "due": interval(spec.due) if isinstance(spec.due, timedelta) else "NULL",
        "release_due": interval(spec.release_due) if spec.release_due else "NULL",
        "same_stock": same("stock", "spell", spec.key),
        "same_movement": same("movements", "spell", spec.key),
        "subject": subject(*(f"spell.{column}" for column in spec.key)),
        "by_id": subject("movement_id", *of_lot),
        "by_document": subject("document_no", "kind", *of_lot),
        "by_record": subject("source", "source_key"),
    }
    run(con, "spell", _sql("spell", **words))
    offences = [
        *([_sql("visible", **words)] if spec.stock else []),
        *([_sql("obeyed", **words)] if spec.movements else []),
    ]
    run(con, "offence", "(" + ") UNION ALL (".join(offences) + ")", binds)
    run(con, "binding", "SELECT DISTINCT fact_no FROM spell")
