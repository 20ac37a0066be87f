"""The SQL expressions match is put together from: due times, periods, rounding, identity."""

from functools import partial

import duckdb

from reconcilers.family import known, literals, subject
from reconcilers.family import staged as staged_of
from reconcilers.match.spec import MatchSpec

staged = partial(staged_of, __package__)


# Of what a source knows only the day it may have happened as late as it was entered.
SINCE = "CASE WHEN occurred_at IS NULL THEN greatest(event_at, recorded_at) ELSE event_at END"


def period_of(con: duckdb.DuckDBPyConnection, spec: MatchSpec, day: str) -> str:
    """The fiscal period of a day, where none is declared the calendar month."""
    if spec.compare.period is None:
        return "CAST(NULL AS DATE)"
    month = f"CAST(date_trunc('month', {day}) AS DATE)"
    if con.execute("SELECT count(*) FROM period_day").fetchall() == [(0,)]:
        return month
    declared = f"SELECT period_day.starts_on FROM period_day WHERE period_day.day = {day}"
    return f"coalesce(({declared}), {month})"


def group_key(spec: MatchSpec) -> str:
    """What makes leftovers one business fact: themselves, or the last key of compared groups.

    What is not due yet stays by itself: it would hold back what is.
    """
    if not spec.many_expected:
        return "standing.fact_no"
    by = spec.keys[-1].by
    parts = ", ".join(f"standing.{column}" for column in by)
    is_due = "standing.due_at <= $horizon"
    first = f"min(standing.fact_no) OVER (PARTITION BY standing.side, {is_due}, {parts})"
    return f"CASE WHEN {is_due} AND {known('standing', by)} THEN {first} ELSE standing.fact_no END"


def rounding_step(spec: MatchSpec) -> str:
    """One rounding step of the unit a fact was sent in, in base unit."""
    steps = spec.compare.quantity.round_to if spec.compare.quantity else {}
    if not steps:
        return "CAST(0 AS DECIMAL(38, 9))"
    factor = (
        "CAST(abs(fact.quantity) AS DOUBLE) / nullif(CAST(abs(fact.quantity_source) AS DOUBLE), 0)"
    )
    cases = " ".join(
        f"WHEN {literals([unit])} THEN CAST({factor} * {step} AS DECIMAL(38, 9))"
        for unit, step in steps.items()
    )
    return f"CASE fact.unit_source {cases} ELSE CAST(0 AS DECIMAL(38, 9)) END"


def differences(names: tuple[str, ...]) -> str:
    """`<name>_differs` for each attribute: both sides know it, and not alike."""

    def of(side: str, name: str, pick: str) -> str:
        return f"{pick}(CASE WHEN fact.side = '{side}' THEN fact.{name} END)"

    def differs(name: str) -> str:
        return " OR ".join(
            f"{of('expected', name, pick)} <> {of('observed', name, pick)}"
            for pick in ("min", "max")
        )

    return "".join(f",\n    coalesce({differs(name)}, false) AS {name}_differs" for name in names)


def subject_of(spec: MatchSpec) -> str:
    """Identity of a business fact: the expected fact, or the key of a compared group."""
    own = subject("lead.side", "lead.source", "lead.feed", "lead.source_key")
    if not spec.many_expected:
        return own
    by = spec.keys[-1].by
    key = subject(*(f"CAST(lead.{column} AS VARCHAR)" for column in by))
    return f"CASE WHEN {known('lead', by)} THEN 'key/' || {key} ELSE {own} END"
