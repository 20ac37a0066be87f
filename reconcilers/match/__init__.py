"""Events against events: passes of keys, groups, tolerance, due time, reversals.

Semantics in README.md.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import ClassVar

import duckdb

from reconcilers.family import Bind, Side, SideUse, due_after, interval, known, run, same
from reconcilers.match.settle import settle
from reconcilers.match.spec import MatchSpec, Pass
from reconcilers.match.terms import (
    SINCE,
    differences,
    group_key,
    period_of,
    rounding_step,
    staged,
    subject_of,
)

_COLUMNS = (
    "fact_no", "source", "feed", "source_key", "state", "is_reversal", "reverses_key", "event_at",
    "occurred_at", "recorded_at", "occurred_on", "posting_on", "plant", "item", "quantity", "unit",
    "quantity_source", "unit_source", "revision_rank",
)  # fmt: skip
_PAIRED = "measured.expected_count > 0 AND measured.observed_count > 0"
_COPIED = "measured.observed_count > measured.expected_count AND measured.observed_count > 1"
# A revision this high (microseconds of the year 2100) is a counter and tells no time.
_NOT_A_TIME = 4_102_444_800_000_000
_OF_ORDER = ("plant", "order_no")
_SEAT = "fact_no BIGINT, side VARCHAR, unit_no BIGINT, is_ambiguous BOOLEAN, pass INTEGER"


class Match:
    """Every expected event has its observed effect, once, in time, and alike."""

    name: ClassVar[str] = "match"
    Spec: ClassVar[type[MatchSpec]] = MatchSpec
    is_incremental: ClassVar[bool] = True
    is_valued: ClassVar[bool] = False

    def sides(self, spec: MatchSpec) -> Mapping[str, SideUse]:
        """Expected and observed events, and the messages that carry the expected ones."""
        links = tuple(step.by for step in spec.keys)
        uses = {
            "expected": SideUse(spec.expected, links),
            "observed": SideUse(spec.observed, links),
        }
        if spec.carried_by:
            uses["carrier"] = _beside(spec.carried_by.messages, *spec.carried_by.keys)
        if spec.operations:
            uses["operation"] = _beside(spec.operations, _OF_ORDER)
        return uses

    def columns(self, spec: MatchSpec) -> tuple[str, ...]:
        """Columns of a fact this rule looks at."""
        keys = (column for step in spec.keys for column in step.by)
        carriers = spec.carried_by.keys if spec.carried_by else ()
        carried = (column for key in carriers for column in key)
        clock = [spec.late.clock] if spec.late else []
        inner = (*_OF_ORDER, "op_no") if spec.operations else ()
        named = [*_COLUMNS, *keys, *spec.compare.attributes, *carried, *clock, *inner, spec.measure]
        return tuple(dict.fromkeys(named))

    def key_columns(self, spec: MatchSpec) -> tuple[str, ...]:
        """Columns that make the business key of a finding, as people read it."""
        return tuple(dict.fromkeys(column for step in spec.keys for column in step.by))

    def settle(
        self, con: duckdb.DuckDBPyConnection, spec: MatchSpec, *, keep: bool = False
    ) -> dict[str, int]:
        """Compare all facts at once; return how many of each side plainly agree (`settle.py`)."""
        _take_measure(con, spec)
        _leave_out_inner(con, spec)
        return settle(con, spec, self.columns(spec), keep=keep)

    def evaluate(self, con: duckdb.DuckDBPyConnection, spec: MatchSpec, bind: Bind) -> None:
        """Leave `verdict`, `finding` and `part` for the facts in `expected` and `observed`."""
        _take_measure(con, spec)
        _leave_out_inner(con, spec)
        _read(con, self.columns(spec), spec)
        con.execute(f"CREATE OR REPLACE TEMP TABLE seat ({_SEAT})")
        con.execute("CREATE OR REPLACE TEMP TABLE doubt (fact_no BIGINT, candidate_no BIGINT)")
        for number, step in enumerate(spec.keys, 1):
            _pair(con, spec, number, step)
        for number, step in enumerate(spec.keys, 1):
            _reunite(con, spec, number, step)
        alone = staged("seat_alone", group_key=group_key(spec))
        _seat(con, alone, None, {"horizon": bind.horizon} if spec.many_expected else {})
        _judge(con, spec, bind)


def _beside(side: Side, *links: tuple[str, ...]) -> SideUse:
    """Facts that tell something of the expected ones and need no account of themselves."""
    return SideUse(side, links, counted=False, time="observed_at", meets="expected")


def _take_measure(con: duckdb.DuckDBPyConnection, spec: MatchSpec) -> None:
    """What is measured of a fact takes the place of its quantity."""
    if spec.measure != "quantity":
        for side in ("expected", "observed"):
            run(con, f"{side}_measured", staged("measure", side=side, measure=spec.measure))
            con.execute(f"CREATE OR REPLACE TEMP VIEW {side} AS SELECT * FROM {side}_measured")


def _leave_out_inner(con: duckdb.DuckDBPyConnection, spec: MatchSpec) -> None:
    """A yield its order goes on working on has no effect yet: its state becomes `inner`."""
    if spec.operations:
        run(con, "expected_told", staged("inner"))
        con.execute("CREATE OR REPLACE TEMP VIEW expected AS SELECT * FROM expected_told")


def _read(con: duckdb.DuckDBPyConnection, columns: tuple[str, ...], spec: MatchSpec) -> None:
    """Both sides in one shape, each fact with its due time, its period and its standing."""
    expected_due, expected_joins = due_after(SINCE, spec.due)
    observed_due, observed_joins = due_after(SINCE, spec.orphan_due or spec.due)
    facts = staged(
        "fact",
        columns=", ".join(columns),
        expected_due=expected_due,
        observed_due=observed_due,
        expected_joins=expected_joins,
        observed_joins=observed_joins,
        expected_period=period_of(con, spec, "occurred_on"),
        observed_period=period_of(con, spec, "coalesce(posting_on, occurred_on)"),
        late_clock=spec.late.clock if spec.late else "event_at",
    )
    run(con, "fact", facts)
    by = spec.keys[0].by
    run(con, "undone", staged("undone", by=", ".join(by), known=known("fact", by)))
    run(con, "standing", staged("standing"))


def _pair(con: duckdb.DuckDBPyConnection, spec: MatchSpec, number: int, step: Pass) -> None:
    """One pass: bring together what shares its key, and seat it."""
    bout = staged(
        "bout",
        by=", ".join(step.by),
        known=known("standing", step.by),
        same_observed=same("observed_key", "expected_key", step.by),
        same_free=same("free", "expected_key", step.by),
        at_most=str(spec.at_most),
    )
    run(con, "bout", bout)
    if step.within:
        _seat(con, staged("seat_within", within=interval(step.within)), number)
    else:
        _seat_by_key(con, spec, number)
    con.execute(f"INSERT INTO doubt {staged('doubt', within='true' if step.within else 'false')}")


def _seat_by_key(con: duckdb.DuckDBPyConnection, spec: MatchSpec, number: int) -> None:
    """Seat whole keys; where a key holds several business facts, seat them apart."""
    whole = "true" if spec.many_expected else "expected_count = 1 OR is_crowded"
    _seat(con, staged("seat_whole", whole=whole), number)
    if spec.many_expected:
        return
    names = [name for name in spec.compare.attributes if name != "item"]
    attributes = "".join(f", {name}" for name in names)
    alike = "".join(f" AND o.{name} IS NOT DISTINCT FROM e.{name}" for name in names)
    apart = staged("seat_apart", whole=whole, attributes=attributes, attributes_alike=alike)
    _seat(con, apart, number)


def _reunite(con: duckdb.DuckDBPyConnection, spec: MatchSpec, number: int, step: Pass) -> None:
    """Seat what is still alone with the one business fact that shares its key."""
    reunion = staged(
        "reunion",
        sides="'observed', 'expected'" if spec.many_expected else "'observed'",
        known_alone=known("standing", step.by),
        known_home=known("standing", step.by),
        same=same("home", "alone", step.by),
        near="" if step.within is None else _near(step.within),
    )
    run(con, "reunion", reunion)
    clear = "SELECT fact_no, side, unit_no, false AS is_ambiguous FROM reunion WHERE choices = 1"
    _seat(con, clear, number)


def _near(within: timedelta) -> str:
    close = interval(within)
    return (
        f" AND home.event_at >= alone.event_at - {close}"
        f" AND home.event_at <= alone.event_at + {close}"
    )


def _seat(
    con: duckdb.DuckDBPyConnection,
    sql: str,
    number: int | None,
    binds: Mapping[str, datetime] | None = None,
) -> None:
    columns = f"fact_no, side, unit_no, is_ambiguous, {number or 'NULL'}"
    con.execute(f"INSERT INTO seat SELECT {columns} FROM ({sql})", dict(binds or {}))


def _judge(con: duckdb.DuckDBPyConnection, spec: MatchSpec, bind: Bind) -> None:
    """Add up each business fact, say what is wrong with it and whether that may be said yet."""
    _measure(con, spec)
    _hint(con, spec)
    binds = {"horizon": bind.horizon, "as_of": bind.as_of}
    run(con, "ruling", staged("ruling", **_wrongs(spec)), binds)
    coded = staged("coded", subject=subject_of(spec), missing=spec.missing, orphan=spec.orphan)
    run(con, "coded", coded)
    _carry(con, spec)
    run(con, "verdict", staged("verdict"))
    run(con, "finding", staged("finding"))
    carrier = spec.carried_by.messages.table if spec.carried_by else "message_hop"
    run(con, "part", staged("part", carrier_table=f"'{carrier}'"))


def _measure(con: duckdb.DuckDBPyConnection, spec: MatchSpec) -> None:
    """What each business fact adds up to on both sides, and what may be the factor between."""
    quantity = spec.compare.quantity
    compared = (*spec.compare.attributes, "unit", *(("period",) if spec.compare.period else ()))
    unit = staged(
        "unit",
        step=rounding_step(spec),
        differences=differences(compared),
        at_most=str(spec.at_most),
        not_a_time=str(_NOT_A_TIME),
    )
    measured = staged(
        "measured",
        may_grow=str(spec.many_expected).lower(),
        absolute=str(quantity.tolerance if quantity else 0),
        percent=f"CAST({(quantity.percent if quantity else 0) / 100:f} AS DECIMAL(18, 9))",
    )
    run(con, "unit", unit)
    run(con, "measured", measured)
    run(con, "copies", staged("copies"))
    run(con, "factor", staged("factor"))


def _hint(con: duckdb.DuckDBPyConnection, spec: MatchSpec) -> None:
    """Facts that have no effect themselves, but tell why a partner is missing."""
    columns = "unit_no BIGINT, fact_no BIGINT, side VARCHAR, standing VARCHAR"
    con.execute(f"CREATE OR REPLACE TEMP TABLE hint ({columns})")
    for step in spec.keys:
        hint = staged("hint", same=same("idle", "fact", step.by), known=known("idle", step.by))
        con.execute(f"INSERT INTO hint {hint}")


def _wrongs(spec: MatchSpec) -> dict[str, str]:
    """When a measured business fact is wrong in each way; false for what the rule does not ask."""
    differs = "measured.unit_differs OR abs(measured.variance) > measured.tolerance"
    late = interval(spec.late.after) if spec.late else ""
    asked = {
        "quantity_differs": (spec.compare.quantity, f"{_PAIRED} AND ({differs})"),
        "too_many": (spec.group == "1:1", _COPIED),
        "attribute_differs": (
            spec.compare.attributes,
            " OR ".join(f"measured.{name}_differs" for name in spec.compare.attributes),
        ),
        "period_differs": (spec.compare.period, "measured.period_differs"),
        "is_late": (
            spec.late,
            f"{_PAIRED} AND coalesce(measured.posted_at > measured.due_at + {late}, false)",
        ),
    }
    return {name: wrong if is_asked else "false" for name, (is_asked, wrong) in asked.items()}


def _carry(con: duckdb.DuckDBPyConnection, spec: MatchSpec) -> None:
    """Which message carries which expected fact."""
    none = "SELECT CAST(NULL AS BIGINT) AS fact_no, CAST(NULL AS BIGINT) AS message_no WHERE false"
    carried = [
        staged("carrier_of", same=same("carrier", "standing", key), known=known("standing", key))
        for key in (spec.carried_by.keys if spec.carried_by else ())
    ]
    run(con, "carrier_of", " UNION ".join([none, *carried]))
