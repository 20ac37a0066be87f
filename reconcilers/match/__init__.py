"""Events against events: passes of keys, groups, tolerance, due time, reversals. Semantics in README.md."""

from collections.abc import Mapping
from typing import ClassVar

import duckdb

from reconcilers.family import Bind, Due, SideUse, Working, interval, known, render, run, same, stage
from reconcilers.match.spec import MatchSpec, Pass

_COLUMNS = (
    "fact_no", "source", "feed", "source_key", "state", "is_reversal", "reverses_key", "event_at", "occurred_on",
    "posting_on", "plant", "item", "quantity", "unit", "quantity_source", "unit_source",
)  # fmt: skip
_PAIRED = "measured.expected_count > 0 AND measured.observed_count > 0"
_SIDES = ("expected", "observed")
_SEAT = "fact_no BIGINT, side VARCHAR, unit_no BIGINT, is_ambiguous BOOLEAN, pass INTEGER"


class Match:
    """Every expected event has its observed effect, once, in time, and alike."""

    name: ClassVar[str] = "match"
    Spec: ClassVar[type[MatchSpec]] = MatchSpec
    is_incremental: ClassVar[bool] = True

    def sides(self, spec: MatchSpec) -> Mapping[str, SideUse]:
        """Expected and observed events, and the messages that carry the expected ones."""
        links = tuple(step.by for step in spec.keys)
        uses = {"expected": SideUse(spec.expected, links), "observed": SideUse(spec.observed, links)}
        if spec.carried_by:
            uses["carrier"] = SideUse(spec.carried_by.messages, spec.carried_by.keys, counted=False, time="observed_at")
        return uses

    def columns(self, spec: MatchSpec) -> tuple[str, ...]:
        """Columns of a fact this rule looks at."""
        keys = (column for step in spec.keys for column in step.by)
        carried = (column for key in (spec.carried_by.keys if spec.carried_by else ()) for column in key)
        return tuple(dict.fromkeys([*_COLUMNS, *keys, *spec.compare.attributes, *carried]))

    def key_columns(self, spec: MatchSpec) -> tuple[str, ...]:
        """Columns that make the business key of a finding, as people read it."""
        return tuple(dict.fromkeys(column for step in spec.keys for column in step.by))

    def settle(self, con: duckdb.DuckDBPyConnection, spec: MatchSpec, *, keep: bool = False) -> dict[str, int]:
        """Compare all facts at once; leave in `suspect` those to `evaluate`, and return how many a side plainly agree.

        With `keep`, `compared` holds the pairs that agree as well (`expected_no`, `observed_no`).
        """
        comparison = _compared(con, spec)
        if keep:
            run(con, "compared", comparison)
            comparison = "SELECT * FROM compared"
        keys = ", ".join(f"any_value({column}) AS {column}" for column in spec.keys[0].by)
        run(con, "disagreeing", _sql("disagreeing", compared=comparison, first_keys=keys))
        _suspect(con, spec)
        agreed = con.execute("SELECT coalesce(sum(expected_facts), 0), coalesce(sum(observed_facts), 0) FROM disagreeing WHERE place = 0").fetchall()[0]
        drawn = dict(con.execute("SELECT side, count(*) FROM suspect WHERE NOT is_seed GROUP BY side").fetchall())
        return {side: int(count) - drawn.get(side, 0) for side, count in zip(_SIDES, agreed, strict=True)}

    def evaluate(self, con: duckdb.DuckDBPyConnection, spec: MatchSpec, bind: Bind) -> None:
        """Leave `verdict`, `finding` and `part` for the facts in `expected` and `observed`."""
        _read(con, self.columns(spec), spec)
        con.execute(f"CREATE OR REPLACE TEMP TABLE seat ({_SEAT})")
        con.execute("CREATE OR REPLACE TEMP TABLE doubt (fact_no BIGINT, candidate_no BIGINT)")
        for number, step in enumerate(spec.keys, 1):
            _pair(con, spec, number, step)
        for number, step in enumerate(spec.keys, 1):
            _reunite(con, spec, number, step)
        _seat(con, _sql("seat_alone", group_key=_group_key(spec)), None)
        _judge(con, spec, bind)


def _sql(name: str, **parts: str) -> str:
    return render(stage(__package__ or "", name), **parts)


def _read(con: duckdb.DuckDBPyConnection, columns: tuple[str, ...], spec: MatchSpec) -> None:
    """Both sides in one shape, each fact with its due time, its period and its standing."""
    expected_due, expected_joins = _due(spec.due)
    observed_due, observed_joins = _due(spec.orphan_due or spec.due)
    sql = _sql(
        "fact",
        columns=", ".join(columns),
        expected_due=expected_due,
        observed_due=observed_due,
        expected_joins=expected_joins,
        observed_joins=observed_joins,
        expected_period=_period(con, spec, "occurred_on"),
        observed_period=_period(con, spec, "coalesce(posting_on, occurred_on)"),
        late_clock=spec.late.clock if spec.late else "event_at",
    )
    run(con, "fact", sql)
    run(con, "undone", _sql("undone"))
    run(con, "standing", _sql("standing"))


def _plain(spec: MatchSpec) -> str:
    """A fact the comparison of all facts sees: effective, no reversal, with the first key."""
    has_key = " AND ".join(f"{column} IS NOT NULL" for column in spec.keys[0].by)
    return f"coalesce(state = 'posted' AND NOT is_reversal AND {has_key}, false)"


def _suspect(con: duckdb.DuckDBPyConnection, spec: MatchSpec) -> None:
    """Facts to look at one by one: those that disagree, those no plain comparison sees, and all they could draw in.

    A leftover may belong to a business fact that agreed, through any of its keys; that fact's partners then come along.
    """
    by, plain = spec.keys[0].by, _plain(spec)
    keys = dict.fromkeys(column for step in spec.keys for column in step.by)
    con.execute("CREATE OR REPLACE TEMP TABLE suspect (side VARCHAR, fact_no BIGINT, is_seed BOOLEAN)")
    con.execute("CREATE OR REPLACE TEMP TABLE odd (side VARCHAR, fact_no BIGINT)")
    for side in _SIDES:
        con.execute(f"INSERT INTO odd SELECT '{side}', fact_no FROM {side} WHERE NOT {plain}")
        con.execute(f"INSERT INTO suspect {_sql('disagreeing_facts', side=side, plain=plain, by=', '.join(by))}")
    con.execute("INSERT INTO suspect SELECT side, fact_no, true FROM odd")
    lonely = " UNION ALL ".join(_sql("lonely", side=side, keys=", ".join(f"fact.{column}" for column in keys), same=same("fact", "alone", by), by=", ".join(by)) for side in _SIDES)
    run(con, "lonely", lonely)
    _draw(con, by, "(SELECT * FROM lonely WHERE is_odd)", _SIDES)
    joining = "lonely" if spec.many_expected else "(SELECT * FROM lonely WHERE side = 'observed')"
    for step in spec.keys[1:]:
        _draw(con, step.by, joining, _SIDES[:1])
    for side in _SIDES:
        con.execute(f"INSERT INTO suspect {_sql('reversed', side=side)}")
    members = " UNION ALL ".join(f"SELECT {', '.join(by)} FROM {side} WHERE fact_no IN (SELECT fact_no FROM suspect WHERE NOT is_seed)" for side in _SIDES)
    run(con, "drawn", members)
    _draw(con, by, "drawn", _SIDES)


def _draw(con: duckdb.DuckDBPyConnection, by: tuple[str, ...], source: str, sides: tuple[str, ...]) -> None:
    """Add to `suspect` the facts of `sides` that share a key with `source`."""
    columns = ", ".join(by)
    run(con, "wanted", f"SELECT DISTINCT {columns} FROM {source} AS s WHERE {known('s', by)}")
    if con.execute("SELECT count(*) FROM wanted").fetchall() == [(0,)]:
        return
    for side in sides:
        con.execute(
            f"INSERT INTO suspect SELECT '{side}', fact.fact_no, false FROM {side} AS fact SEMI JOIN wanted USING ({columns}) "
            "WHERE fact.fact_no NOT IN (SELECT fact_no FROM suspect)"
        )


def _compared(con: duckdb.DuckDBPyConnection, spec: MatchSpec) -> str:
    by = spec.keys[0].by
    expected_due, expected_joins = _due(spec.due)
    quantity, attributes = spec.compare.quantity, spec.compare.attributes
    marks = dict.fromkeys((*attributes, *(("quantity", "unit") if quantity else ())))
    expected_marks, observed_marks = ({name: name for name in marks} for _ in _SIDES)
    agree = ["e.facts = 1", "o.facts = 1", *(f"coalesce(o.{name} = e.{name}, true)" for name in marks if name != "quantity")]
    if quantity:
        larger = "greatest(abs(e.quantity), abs(o.quantity))"
        share = f"CAST({quantity.percent / 100:f} AS DECIMAL(18, 9)) * {larger}" if quantity.percent else "0"
        agree.append(f"abs(o.quantity - e.quantity) <= greatest(CAST({quantity.tolerance} AS DECIMAL(38, 9)), {share})")
    if spec.compare.period:
        expected_marks["period"] = _period(con, spec, "occurred_on")
        observed_marks["period"] = _period(con, spec, "coalesce(posting_on, occurred_on)")
        agree.append("o.period = e.period")
    if spec.late:
        agree.append(f"o.posted_at <= e.due_at + {interval(spec.late.after)}")
    return _sql(
        "compared",
        by=", ".join(by),
        keys=", ".join(f"coalesce(e.{column}, o.{column}) AS {column}" for column in by),
        expected_due=expected_due,
        expected_joins=expected_joins,
        late_clock=spec.late.clock if spec.late else "event_at",
        expected_marks="".join(f", any_value({value}) AS {name}" for name, value in expected_marks.items()),
        observed_marks="".join(f", any_value({value}) AS {name}" for name, value in observed_marks.items()),
        plain=_plain(spec),
        agree=" AND ".join(agree),
        same=same("e", "o", by),
    )


def _due(due: Due) -> tuple[str, str]:
    """The due time of a fact, and the joins it needs: working time is counted on the calendar of its plant."""
    if not isinstance(due, Working):
        return f"event_at + {interval(due)}", ""
    return render(_WORKING_DUE, grace=str(int(due.working.total_seconds()))), render(_WORKING_JOINS, grace=str(int(due.working.total_seconds())))


_WORKED = "began.worked + least(epoch(event_at) - epoch(began.opens_at), began.seconds) + {grace}"
_WORKING_DUE = f"coalesce(ends.opens_at + to_seconds(CAST({_WORKED} - ends.worked AS BIGINT)), event_at + INTERVAL '{{grace}}' SECOND)"
_WORKING_JOINS = f"""
LEFT JOIN working AS began ON began.plant_code = plant AND event_at >= began.opens_at AND event_at < began.next_opens_at
LEFT JOIN working AS ends ON ends.plant_code = plant AND {_WORKED} >= ends.worked AND {_WORKED} < ends.worked + ends.seconds
"""


def _period(con: duckdb.DuckDBPyConnection, spec: MatchSpec, day: str) -> str:
    """The fiscal period of a day: by the fiscal calendar of the landscape, else the calendar month."""
    if spec.compare.period is None:
        return "CAST(NULL AS DATE)"
    month = f"CAST(date_trunc('month', {day}) AS DATE)"
    if con.execute("SELECT count(*) FROM period_day").fetchall() == [(0,)]:
        return month
    return f"coalesce((SELECT period_day.starts_on FROM period_day WHERE period_day.day = {day}), {month})"


def _pair(con: duckdb.DuckDBPyConnection, spec: MatchSpec, number: int, step: Pass) -> None:
    """One pass: bring together what shares its key, and seat it."""
    sql = _sql(
        "bout",
        by=", ".join(step.by),
        known=known("standing", step.by),
        same_observed=same("observed_key", "expected_key", step.by),
        same_free=same("free", "expected_key", step.by),
        at_most=str(spec.at_most),
    )
    run(con, "bout", sql)
    near = "false"
    if step.within:
        _seat(con, _sql("seat_within", within=interval(step.within)), number)
        near = "true"
    else:
        whole = "true" if spec.many_expected else "expected_count = 1 OR is_crowded"
        _seat(con, _sql("seat_whole", whole=whole), number)
        attributes = "".join(f", {name}" for name in spec.compare.attributes if name != "item")
        alike = "".join(f" AND o.{name} IS NOT DISTINCT FROM e.{name}" for name in spec.compare.attributes if name != "item")
        if not spec.many_expected:
            _seat(con, _sql("seat_apart", whole=whole, attributes=attributes, attributes_alike=alike), number)
    con.execute(f"INSERT INTO doubt {_sql('doubt', within=near)}")


def _reunite(con: duckdb.DuckDBPyConnection, spec: MatchSpec, number: int, step: Pass) -> None:
    sides = "'observed', 'expected'" if spec.many_expected else "'observed'"
    sql = _sql(
        "reunion",
        sides=sides,
        known_alone=known("standing", step.by),
        known_home=known("standing", step.by),
        same=same("home", "alone", step.by),
    )
    run(con, "reunion", sql)
    _seat(con, "SELECT fact_no, side, unit_no, false AS is_ambiguous FROM reunion WHERE choices = 1", number)


def _seat(con: duckdb.DuckDBPyConnection, sql: str, number: int | None) -> None:
    con.execute(f"INSERT INTO seat SELECT fact_no, side, unit_no, is_ambiguous, {number or 'NULL'} FROM ({sql})")


def _group_key(spec: MatchSpec) -> str:
    """What makes leftovers one business fact: themselves, or the last key where groups are compared."""
    if not spec.many_expected:
        return "standing.fact_no"
    by = spec.keys[-1].by
    parts = ", ".join(f"standing.{column}" for column in by)
    return f"CASE WHEN {known('standing', by)} THEN min(standing.fact_no) OVER (PARTITION BY standing.side, {parts}) ELSE standing.fact_no END"


def _judge(con: duckdb.DuckDBPyConnection, spec: MatchSpec, bind: Bind) -> None:
    """Add up each business fact, say what is wrong with it and whether that may be said yet."""
    binds = {"horizon": bind.horizon, "as_of": bind.as_of}
    quantity = spec.compare.quantity
    attributes = spec.compare.attributes
    compared = (*attributes, "unit", *(("period",) if spec.compare.period else ()))
    run(con, "unit", _sql("unit", step=_step(spec), differences=_differences(compared), at_most=str(spec.at_most)))
    run(con, "measured", _sql("measured", absolute=str(quantity.tolerance if quantity else 0), percent=f"CAST({(quantity.percent if quantity else 0) / 100:f} AS DECIMAL(18, 9))"))
    run(con, "copies", _sql("copies"))
    run(con, "factor", _sql("factor"))
    con.execute("CREATE OR REPLACE TEMP TABLE hint (unit_no BIGINT, fact_no BIGINT, side VARCHAR, standing VARCHAR)")
    for step in spec.keys:
        con.execute(f"INSERT INTO hint {_sql('hint', same=same('idle', 'fact', step.by), known=known('idle', step.by))}")
    rules = {
        "quantity_differs": f"{_PAIRED} AND (measured.unit_differs OR abs(measured.variance) > measured.tolerance)" if quantity else "false",
        "too_many": "measured.observed_count > measured.expected_count AND measured.observed_count > 1" if spec.group == "1:1" else "false",
        "attribute_differs": " OR ".join(f"measured.{name}_differs" for name in attributes) or "false",
        "period_differs": "measured.period_differs" if spec.compare.period else "false",
        "is_late": f"{_PAIRED} AND coalesce(measured.posted_at > measured.due_at + {interval(spec.late.after)}, false)" if spec.late else "false",
    }
    run(con, "ruling", _sql("ruling", **rules), binds)
    run(con, "coded", _sql("coded", subject=_subject(spec)))
    carriers = "SELECT CAST(NULL AS BIGINT) AS fact_no, CAST(NULL AS BIGINT) AS message_no WHERE false"
    for key in spec.carried_by.keys if spec.carried_by else ():
        carriers += f" UNION {_sql('carrier_of', same=same('carrier', 'standing', key), known=known('standing', key))}"
    run(con, "carrier_of", carriers)
    run(con, "verdict", _sql("verdict"))
    run(con, "finding", _sql("finding"))
    run(con, "part", _sql("part", carrier_table=f"'{spec.carried_by.messages.table if spec.carried_by else 'message_hop'}'"))


def _step(spec: MatchSpec) -> str:
    """One rounding step of the unit a fact was sent in, in base unit."""
    steps = spec.compare.quantity.round_to if spec.compare.quantity else {}
    if not steps:
        return "CAST(0 AS DECIMAL(38, 9))"
    factor = "CAST(abs(fact.quantity) AS DOUBLE) / nullif(CAST(abs(fact.quantity_source) AS DOUBLE), 0)"
    cases = " ".join(f"WHEN '{unit.replace(chr(39), chr(39) * 2)}' THEN CAST({factor} * {step} AS DECIMAL(38, 9))" for unit, step in steps.items())
    return f"CASE fact.unit_source {cases} ELSE CAST(0 AS DECIMAL(38, 9)) END"


def _differences(names: tuple[str, ...]) -> str:
    """`<name>_differs` for each attribute: both sides know it, and not alike."""

    def of(side: str, name: str, pick: str) -> str:
        return f"{pick}(CASE WHEN fact.side = '{side}' THEN fact.{name} END)"

    return "".join(
        f",\n    coalesce({of('expected', name, 'min')} <> {of('observed', name, 'min')}"
        f" OR {of('expected', name, 'max')} <> {of('observed', name, 'max')}, false) AS {name}_differs"
        for name in names
    )


def _subject(spec: MatchSpec) -> str:
    """Identity of a business fact: the expected fact itself, or the key where whole groups are compared."""

    def word(column: str) -> str:
        return f"replace(replace(lead.{column}, '~', '~0'), '/', '~1')"

    own = " || '/' || ".join(["lead.side", *map(word, ("source", "feed", "source_key"))])
    if not spec.many_expected:
        return own
    by = spec.keys[-1].by
    key = " || '/' || ".join(f"replace(replace(CAST(lead.{column} AS VARCHAR), '~', '~0'), '/', '~1')" for column in by)
    return f"CASE WHEN {known('lead', by)} THEN 'key/' || {key} ELSE {own} END"
