"""Reconcile: bring every rule up to date, fold what it found into exceptions, record the run.

Steps of one rule: who speaks for its sides; whether their feeds can be trusted and until when; one
transaction on the match state; evidence, value and owner of what changed; one transaction on the
SQL store. A failing rule is recorded and passed over.
"""

import logging
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from app.jobs.evidence import Drafter
from app.landscape.calendars import period_days, plant_days, working
from app.landscape.load import LoadedRule
from app.services import Services
from app.store import rulings
from app.store.lease import LeaseLostError
from app.store.sql import insert_or_ignore
from app.store.sql import said as sql_said
from app.store.sql import tables as t
from app.store.state import said
from collectors.feed import Plan
from reconcilers.family import Bind, ReconcilerError
from reconcilers.run import Account, Outcome, Pairing, evaluate
from rules.model import LEVELS, level_at

log = logging.getLogger(__name__)
MISSED = 2  # so many missed intervals make a source unknown
CALENDAR_DAYS = 400
LIST_DAYS = timedelta(days=31)  # no list of stock that is still looked at is older
REFUSAL = pa.schema(
    {
        "source": pa.string(),
        "feed": pa.string(),
        "since": pa.timestamp("us", "UTC"),
        "error": pa.string(),
    }
)

SPEAKER = pa.schema({"source": pa.string(), "plant": pa.string()})


@dataclass
class Report:
    """How one rule went.

    `outcome`: tied_out, drifted, not_evaluated, not_applicable or failed; `reason` says why not.
    """

    rule: str
    outcome: str
    findings: int = 0
    accounts: Mapping[str, Account] = field(default_factory=dict)
    changes: Mapping[str, int] = field(default_factory=dict)
    reason: str | None = None


@dataclass(frozen=True)
class Inputs:
    """What a rule's feeds allow: judged from `since` until `horizon`.

    `problem` says why one of them cannot be trusted.
    """

    horizon: datetime | None
    since: datetime | None
    problem: str | None
    vector: Mapping[str, Any]


def reconcile(services: Services, wanted: Sequence[str] = ()) -> Iterator[Report]:
    """Bring rules up to date, all by default."""
    for name, loaded in services.landscape.rules.items():
        if not wanted or name in wanted:
            yield reconcile_rule(services, loaded)


def reconcile_rule(services: Services, loaded: LoadedRule) -> Report:
    """Bring one rule up to date. Never raises for what a rule or a source does."""
    started = services.clock.now()
    pairing = services.landscape.pairing(loaded)
    if pairing is None:
        return Report(
            loaded.rule.id, "not_applicable", reason="no plant has sources for both sides"
        )
    inputs = inputs_of(services, loaded, pairing, started)
    if inputs.problem or inputs.horizon is None:
        return _record_unknown(services, loaded, inputs, started)
    bind = Bind(as_of=started, horizon=min(started, inputs.horizon), since=inputs.since)
    try:
        return _judge(services, loaded, pairing, inputs, bind)
    except LeaseLostError:
        raise
    except Exception as error:
        reason = _why(error)
        log.error("rule failed", extra={"rule": loaded.rule.id, "error": reason})
        log.debug("why the rule failed", exc_info=error)
        report = Report(loaded.rule.id, "failed", reason=reason)
        return _record(services, loaded, inputs, started, report)


def _judge(
    services: Services, loaded: LoadedRule, pairing: Pairing, inputs: Inputs, bind: Bind
) -> Report:
    outcome = rulings.reconcile(
        services.store.state,
        loaded.rule.id,
        loaded.rule.version,
        loaded.family,
        loaded.spec,
        pairing,
        bind,
        lookups(services, loaded, bind.as_of),
    )
    report = Report(loaded.rule.id, outcome.result, outcome.findings, outcome.accounts)
    return _follow(services, loaded, pairing, inputs, bind, report)


def _why(error: Exception) -> str:
    """What went wrong with a rule, in one line."""
    if isinstance(error, ReconcilerError | duckdb.Error):
        return said(error)
    return f"{type(error).__name__}: {sql_said(error)}"


def recompute(
    services: Services,
    loaded: LoadedRule,
    *,
    as_of: datetime | None = None,
    known_at: datetime | None = None,
) -> tuple[Report, list[dict[str, Any]]]:
    """The answer of a rule from all facts, at any time and knowledge; nothing is stored.

    Findings as rows; not evaluated where a feed had not been collected by then.
    """
    now = services.clock.now()
    pairing = services.landscape.pairing(loaded)
    if pairing is None:
        return Report(
            loaded.rule.id, "not_applicable", reason="no plant has sources for both sides"
        ), []
    moment = as_of or now
    inputs = inputs_of(services, loaded, pairing, moment)
    horizon = _known_horizon(services, inputs, known_at)
    if inputs.problem or horizon is None:
        reason = inputs.problem or "a feed was not collected by then"
        return Report(loaded.rule.id, "not_evaluated", reason=reason), []
    horizon = min(moment, horizon)
    con = services.store.state.cursor()
    try:
        rulings.provide(con, lookups(services, loaded, moment))
        outcome: Outcome = evaluate(
            con, loaded.family, loaded.spec, pairing, Bind(moment, horizon, known_at, inputs.since)
        )
        rows = con.sql("SELECT * FROM finding ORDER BY subject").to_arrow_table().to_pylist()
    finally:
        con.close()
    return Report(loaded.rule.id, outcome.result, outcome.findings, outcome.accounts), rows


def _known_horizon(
    services: Services, inputs: Inputs, known_at: datetime | None
) -> datetime | None:
    """Until when all feeds are complete, by now or as it was known then."""
    if known_at is None or inputs.horizon is None:
        return inputs.horizon
    horizons = []
    for label in inputs.vector:
        source, feed = label.split("/", 1)
        safe_until = services.store.was_safe_until(source, feed, known_at)
        if safe_until is None:
            return None
        horizons.append(safe_until)
    return min(horizons)


def inputs_of(services: Services, loaded: LoadedRule, pairing: Pairing, now: datetime) -> Inputs:
    """Whether the feeds behind a rule can be trusted, and until when they are complete."""
    horizons, starts = [], []
    vector: dict[str, str] = {}
    for name, use in loaded.uses.items():
        is_heard = use.counted or use.is_needed or use.is_awaited
        for source in pairing.sources[name] if is_heard else ():
            for plan in services.landscape.sources[source].plans:
                if use.side.table not in [target.table for target in plan.targets]:
                    continue
                state = services.store.feed_state(source, plan.name)
                if state is None or state["safe_until"] is None:
                    return Inputs(
                        None,
                        None,
                        f"{plan.label} was never collected"
                        + (f": {state['error']}" if state else ""),
                        vector,
                    )
                vector[plan.label] = state["safe_until"].isoformat()
                is_of_now = bool(plan.feed.snapshot) or use.is_awaited
                problem = (
                    _stale(plan.label, state, now) if is_of_now else _overdue(plan, state, now)
                )
                if problem:
                    return Inputs(None, None, problem, vector)
                horizons.append(state["safe_until"])
                starts += [state["covers_from"]] if state["covers_from"] else []
    if not horizons:
        return Inputs(None, None, "no feed tells these facts", vector)
    return Inputs(min(horizons), max(starts, default=None), None, vector)


def _stale(label: str, state: Mapping[str, Any], now: datetime) -> str | None:
    """A snapshot that should have been renewed by now is not compared: unknown is not zero.

    Nor is one rolled forward with movements that should have been asked for since.
    """
    allowed = timedelta(seconds=MISSED * (state["every_seconds"] or 0)) + timedelta(minutes=5)
    if now - state["last_ok_at"] <= allowed:
        return None
    taken = state["snapshot_at"]
    last = (
        f"last good snapshot {taken:%Y-%m-%d %H:%M} UTC"
        if taken
        else (f"known until {state['safe_until']:%Y-%m-%d %H:%M} UTC")
    )
    return f"{label}: {last}" + (f", {state['error']}" if state["error"] else "")


def _overdue(plan: Plan, state: Mapping[str, Any], now: datetime) -> str | None:
    """Files that should have come did not: then nobody can say that all is well."""
    every = plan.feed.new_file_every
    if every is None or now - state["safe_until"] <= MISSED * every + plan.feed.lag:
        return None
    due = f"a new file is due every {every.total_seconds() / 3600:g} h"
    return f"{plan.label}: known until {state['safe_until']:%Y-%m-%d %H:%M} UTC, {due}"


def lookups(services: Services, loaded: LoadedRule, at: datetime) -> dict[str, pa.Table]:
    """For families: fiscal days, working time, days, unit factors, who refuses us at an instant,
    and which source speaks for which plant of the rule.
    """
    landscape, now = services.landscape, services.clock.now()
    first = (now - timedelta(days=CALENDAR_DAYS)).date()
    return {
        "period_day": period_days(landscape.calendars),
        "working": working(
            landscape.company.plants, landscape.calendars, first, (now + timedelta(days=30)).date()
        ),
        "plant_day": plant_days(
            landscape.zones, (at - LIST_DAYS).date(), (at + timedelta(days=2)).date()
        ),
        "unit_factor": _unit_factors(services, loaded),
        "refusal": _refusals(services, at),
        "speaker": _speakers(services, loaded),
    }


def _speakers(services: Services, loaded: LoadedRule) -> pa.Table:
    """Each source with the plants of the rule it speaks for."""
    pairing = services.landscape.pairing(loaded)
    plants = set(pairing.plants) if pairing else set()
    rows = [
        {"source": setup.name, "plant": plant}
        for setup in services.landscape.sources.values()
        for plant in setup.plants
        if plant in plants
    ]
    return pa.Table.from_pylist(rows, schema=SPEAKER)


def _refusals(services: Services, at: datetime) -> pa.Table:
    """Feeds whose source refuses our credentials."""
    return pa.Table.from_pylist(services.store.refusals(at), schema=REFUSAL)


def _unit_factors(services: Services, loaded: LoadedRule) -> pa.Table:
    """Factors that explain a difference: of the rule and the cross-references, both ways round."""
    named = [(None, factor) for factor in getattr(loaded.spec, "unit_factors", ())]
    rows = services.store.state.rows(
        "SELECT DISTINCT of_item, factor FROM cross_reference WHERE object = 'unit' "
        "AND factor NOT IN (0, 1) AND superseded_at IS NULL AND NOT is_deleted"
    )
    named += [(row["of_item"], row["factor"]) for row in rows]
    both = [(item, factor) for item, factor in named] + [
        (item, 1 / factor) for item, factor in named
    ]
    items = pa.array([item for item, _ in both], pa.string())
    return pa.table(
        {"item": items, "factor": pa.array([float(factor) for _, factor in both], pa.float64())}
    )


def _follow(
    services: Services,
    loaded: LoadedRule,
    pairing: Pairing,
    inputs: Inputs,
    bind: Bind,
    report: Report,
) -> Report:
    """Fold what changed into exceptions, and grade the standing ones by their age."""
    store = services.store
    held = store.findings.rule(loaded.rule.id)
    if held is None:
        return report
    run = _run_row(loaded, inputs, bind, report, services.clock.now())
    drafter = Drafter(services, loaded, pairing, bind, run["id"])
    after = store.triage.followed(loaded.rule.id)
    if after > held["change_no"]:  # this match state is not the one that was followed so far
        after = 0
    changed = store.findings.changed(held["rule_no"], after)
    if last := store.last_run(loaded.rule.id):  # a cost may be known later than its finding
        seen = {row["subject"] for row in changed}
        repriced = store.findings.repriced(held["rule_no"], last["as_of"])
        changed += [row for row in repriced if row["subject"] not in seen]
    drafts = drafter.drafts(held["rule_no"], changed)
    if after == 0:
        drafts += drafter.gone(store.triage.standing_beside(loaded.rule.id, drafts))
    _note_version(services, loaded)
    report.changes = store.triage.follow(
        loaded.rule.id, held["change_no"], drafts, run, services.clock.now()
    )
    grades = {}
    for row in store.triage.standing(loaded.rule.id):
        level = level_at(
            loaded.rule.severity,
            bind.as_of - (row["due_at"] or bind.as_of),
            row["value"],
            row["currency"] or "",
        )
        grades[row["no"]] = (level, LEVELS.index(level))
    store.triage.regrade(loaded.rule.id, grades, services.clock.now())
    return report


def _run_row(
    loaded: LoadedRule, inputs: Inputs, bind: Bind | None, report: Report, now: datetime
) -> dict[str, Any]:
    return {
        "id": uuid.uuid4().hex,
        "rule": loaded.rule.id,
        "rule_version": loaded.rule.version,
        "started_at": bind.as_of if bind else now,
        "ended_at": now,
        "as_of": bind.as_of if bind else now,
        "known_at": (bind.known_at or bind.as_of) if bind else now,
        "horizon": bind.horizon if bind else None,
        "outcome": report.outcome,
        "findings": report.findings,
        "accounts": {side: vars(line) for side, line in report.accounts.items()},
        "inputs": dict(inputs.vector),
        "reason": report.reason,
    }


def _record_unknown(
    services: Services, loaded: LoadedRule, inputs: Inputs, started: datetime
) -> Report:
    report = Report(
        loaded.rule.id, "not_evaluated", reason=inputs.problem or "no feed tells these facts"
    )
    return _record(services, loaded, inputs, started, report)


def _record(
    services: Services, loaded: LoadedRule, inputs: Inputs, started: datetime, report: Report
) -> Report:
    """A run that judged nothing is recorded as such; exceptions are neither opened nor closed."""
    row = _run_row(loaded, inputs, None, report, services.clock.now()) | {
        "started_at": started,
        "as_of": started,
        "known_at": started,
    }
    _note_version(services, loaded)
    with services.store.sql.write() as connection:
        connection.execute(sa.insert(t.reconcile_run).values(**row))
    return report


def _note_version(services: Services, loaded: LoadedRule) -> None:
    rule = loaded.rule
    definition = {
        "why": rule.why,
        "reconciler": rule.reconciler,
        "flow": rule.flow,
        "owner": [who.model_dump() for who in rule.owner],
        "runbook": rule.runbook,
    }
    definition["parameters"] = loaded.spec.model_dump(mode="json", by_alias=True)
    with services.store.sql.write() as connection:
        insert_or_ignore(
            connection,
            t.rule_version,
            {
                "rule": rule.id,
                "version": rule.version,
                "definition": definition,
                "effective_at": services.clock.now(),
            },
        )


def differences(services: Services, loaded: LoadedRule) -> list[str]:
    """Subjects for which the held findings differ from the answer computed from all facts.

    Empty: proven equal.
    """
    held = services.store.findings.rule(loaded.rule.id)
    pairing = services.landscape.pairing(loaded)
    if held is None or pairing is None:
        return []
    run = services.store.last_run(loaded.rule.id)
    if run is None or run["horizon"] is None:
        return []
    con = services.store.state.cursor()
    try:
        rulings.provide(con, lookups(services, loaded, run["as_of"]))
        since = inputs_of(services, loaded, pairing, run["as_of"]).since
        evaluate(
            con,
            loaded.family,
            loaded.spec,
            pairing,
            Bind(run["as_of"], run["horizon"], None, since),
        )
        return rulings.differing(con, held["rule_no"])
    finally:
        con.close()
