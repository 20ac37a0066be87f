"""The bulk of a full run: compare all facts by their first key, leave the doubtful to be looked at.

What agrees one with one needs no second look, unless a doubtful fact could belong to it. Every fact
that could draw it in is followed until nothing more comes along, so the answer is the one the
careful way gives for all facts.
"""

import duckdb

from reconcilers.family import due_after, interval, known, run, same
from reconcilers.match.spec import MatchSpec
from reconcilers.match.terms import SINCE, period_of, staged

SIDES = ("expected", "observed")


def settle(
    con: duckdb.DuckDBPyConnection, spec: MatchSpec, columns: tuple[str, ...], *, keep: bool
) -> dict[str, int]:
    """Leave `expected` and `observed` with the doubtful facts; return how many others a side has.

    `suspect` has the number of every doubtful fact. With `keep`, `compared` holds the pairs that
    agree as well (`expected_no`, `observed_no`).
    """
    by, plain = ", ".join(spec.keys[0].by), _plain(spec)
    run(con, "twin", staged("twin", by=by, plain=plain))
    for side in SIDES:
        run(con, f"twin_{side}", staged("twin_facts", side=side, by=by, plain=plain))
    comparison = _compared(con, spec)
    if keep:
        run(con, "compared", comparison)
        comparison = "SELECT * FROM compared"
    run(con, "disagreeing", staged("disagreeing", compared=comparison))
    _suspect(con, spec, columns)
    agreed = con.execute(
        "SELECT coalesce(sum(expected_facts), 0), coalesce(sum(observed_facts), 0) "
        "FROM disagreeing WHERE place = 0"
    ).fetchall()[0]
    drawn = dict(
        con.execute("SELECT side, count(*) FROM suspect WHERE is_drawn GROUP BY side").fetchall()
    )
    for side in SIDES:
        con.execute(f"CREATE OR REPLACE TEMP VIEW {side} AS SELECT * FROM only_{side}")
    return {
        side: int(count) - drawn.get(side, 0) for side, count in zip(SIDES, agreed, strict=True)
    }


def _plain(spec: MatchSpec) -> str:
    """A fact the comparison of all facts sees: effective, no reversal, with the first key."""
    has_key = " AND ".join(f"{column} IS NOT NULL" for column in spec.keys[0].by)
    return f"coalesce(state = 'posted' AND NOT is_reversal AND {has_key}, false)"


def _suspect(con: duckdb.DuckDBPyConnection, spec: MatchSpec, columns: tuple[str, ...]) -> None:
    """Leave `only_<side>`: the facts to look at one by one.

    These disagree, or no plain comparison sees them, or such facts draw them in. A leftover may
    belong to a business fact that agreed, through any of its keys; that fact's partners then come
    along.
    """
    by = spec.keys[0].by
    for side in SIDES:
        run(con, f"odd_{side}", f"SELECT fact_no FROM {side} WHERE NOT {_plain(spec)}")
        run(con, f"only_{side}", staged("seeds", side=side, columns=", ".join(columns)))
    suspects = " UNION ALL ".join(
        f"SELECT '{side}' AS side, fact_no, is_reversal, is_drawn FROM only_{side}"
        for side in SIDES
    )
    con.execute(f"CREATE OR REPLACE TEMP VIEW suspect AS {suspects}")
    _draw_taken_back(con, by, columns)
    keys = ", ".join(dict.fromkeys(column for step in spec.keys for column in step.by))
    run(con, "lonely", " UNION ALL ".join(staged("lonely", side=side, keys=keys) for side in SIDES))
    _draw(con, by, "(SELECT * FROM lonely WHERE is_odd)", SIDES, columns)
    joining = "lonely" if spec.many_expected else "(SELECT * FROM lonely WHERE side = 'observed')"
    for step in spec.keys[1:]:
        _draw(con, step.by, joining, SIDES[:1], columns)
    members = " UNION ALL ".join(
        f"SELECT {', '.join(by)} FROM only_{side} WHERE is_drawn" for side in SIDES
    )
    run(con, "drawn", members)
    _draw(con, by, "drawn", SIDES, columns)


def _draw(
    con: duckdb.DuckDBPyConnection,
    by: tuple[str, ...],
    source: str,
    sides: tuple[str, ...],
    columns: tuple[str, ...],
) -> None:
    """Add the facts of `sides` that share a key with `source`."""
    key, shown = ", ".join(by), ", ".join(columns)
    run(con, "wanted", f"SELECT DISTINCT {key} FROM {source} AS s WHERE {known('s', by)}")
    if con.execute("SELECT count(*) FROM wanted").fetchall() == [(0,)]:
        return
    for side in sides:
        con.execute(
            f"INSERT INTO only_{side} SELECT {shown}, false, true FROM {side} "
            f"SEMI JOIN wanted USING ({key}) "
            f"WHERE fact_no NOT IN (SELECT fact_no FROM only_{side})"
        )


def _draw_taken_back(
    con: duckdb.DuckDBPyConnection, by: tuple[str, ...], columns: tuple[str, ...]
) -> None:
    """Add what reversals take back and all that shares its first key: its partner is free again."""
    if con.execute("SELECT count(*) FROM suspect WHERE is_reversal").fetchall() == [(0,)]:
        return
    key = ", ".join(by)
    run(con, "undoing", " UNION ".join(staged("undoing", side=side, by=key) for side in SIDES))
    _draw(con, by, "undoing", SIDES, columns)
    for side in SIDES:
        con.execute(
            f"UPDATE only_{side} SET is_odd = true "
            f"WHERE fact_no IN (SELECT fact_no FROM only_{side} SEMI JOIN undoing USING ({key}))"
        )


def _compared(con: duckdb.DuckDBPyConnection, spec: MatchSpec) -> str:
    by, within = spec.keys[0].by, spec.keys[0].within
    expected_due, expected_joins = due_after(SINCE, spec.due)
    quantity, attributes = spec.compare.quantity, spec.compare.attributes
    marks = dict.fromkeys((*attributes, *(("quantity", "unit") if quantity else ())))
    expected_marks, observed_marks = ({name: name for name in marks} for _ in SIDES)
    agree = ["e.fact_no IS NOT NULL", "o.fact_no IS NOT NULL"]
    agree += [f"coalesce(o.{name} = e.{name}, true)" for name in marks if name != "quantity"]
    if quantity:
        larger = "greatest(abs(e.quantity), abs(o.quantity))"
        share = (
            f"CAST({quantity.percent / 100:f} AS DECIMAL(18, 9)) * {larger}"
            if quantity.percent
            else "0"
        )
        allowed = f"greatest(CAST({quantity.tolerance} AS DECIMAL(38, 9)), {share})"
        agree.append(_unless_equal("quantity", f"abs(o.quantity - e.quantity) <= {allowed}"))
    if spec.compare.period:
        expected_marks["day"] = "occurred_on"
        observed_marks["day"] = "coalesce(posting_on, occurred_on)"
        periods = f"{period_of(con, spec, 'o.day')} = {period_of(con, spec, 'e.day')}"
        agree.append(_unless_equal("day", periods))
    meets = same("e", "o", by)
    if within:
        expected_marks["event_at"] = observed_marks["event_at"] = "event_at"
        meets += f" AND o.event_at >= e.event_at - {interval(within)}"
        meets += f" AND o.event_at <= e.event_at + {interval(within)}"
    if spec.late:
        agree.append(f"o.posted_at <= e.due_at + {interval(spec.late.after)}")
    return staged(
        "compared",
        expected_due=expected_due,
        expected_joins=expected_joins,
        late_clock=spec.late.clock if spec.late else "event_at",
        by=", ".join(by),
        expected_marks="".join(f", {value} AS {name}" for name, value in expected_marks.items()),
        observed_marks="".join(f", {value} AS {name}" for name, value in observed_marks.items()),
        plain=_plain(spec),
        agree=" AND ".join(agree),
        meets=meets,
    )


def _unless_equal(name: str, otherwise: str) -> str:
    """What is dear to compare is compared only where the values are not the same."""
    return f"CASE WHEN o.{name} = e.{name} THEN true ELSE {otherwise} END"
