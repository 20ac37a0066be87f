"""`reconcile`."""

from dataclasses import fields
from datetime import datetime
from pathlib import Path

import click

from app.cli import BLIND, FOUND, OK, Failure, filters
from app.cli.options import Instant, shared
from app.cli.output import emit, say
from app.jobs import reconcile as reconciling
from app.jobs import results, signals
from app.services import Services, opened
from reconcilers.run import Account

ACCOUNTED = tuple(line.name for line in fields(Account))
COLUMNS = ("rule", "outcome", *ACCOUNTED, "opened", "resolved", "reason")


@click.command()
@click.argument("rules", nargs=-1)
@click.option(
    "--as-of", type=Instant(), help="Business time of the question. Answers are shown, not stored."
)
@click.option(
    "--known-at",
    type=Instant(),
    help="What had been observed by then. Answers are shown, not stored.",
)
@click.option(
    "--full",
    is_flag=True,
    help="Compute the answer from all facts, and prove that what is held equals it.",
)
@click.option("--fail-on", type=click.Choice(["drifted"]), help="Exit with 1 when a rule drifted.")
@shared
def reconcile(
    landscape: Path,
    form: str,
    rules: tuple[str, ...],
    as_of: datetime | None,
    known_at: datetime | None,
    full: bool,
    fail_on: str | None,
) -> int:
    """Run rules now, all by default, and fold what they find into exceptions."""
    with opened(landscape) as services:
        filters.check_rules(services.landscape, rules)
        if as_of or known_at:
            reports = _ask(services, rules, as_of, known_at, form)
        else:
            reports = list(reconciling.reconcile(services, rules))
            signals.refresh(services)
            results.publish(services)
        if full:
            _prove(services, rules)
    if not (as_of or known_at):
        emit([_row(report) for report in reports], COLUMNS, form)
    if any(report.outcome == "failed" for report in reports):
        return BLIND
    return FOUND if fail_on and any(report.outcome == fail_on for report in reports) else OK


def _row(report: reconciling.Report) -> dict[str, object]:
    changes = {
        "opened": report.changes.get("opened", 0) + report.changes.get("regressed", 0),
        "resolved": report.changes.get("resolved", 0),
    }
    return {
        "rule": report.rule,
        "outcome": report.outcome,
        **accounted(report),
        **changes,
        "reason": report.reason,
    }


def accounted(report: reconciling.Report) -> dict[str, int | None]:
    """The conservation lines of all sides added up; None where nothing was judged."""
    lines = report.accounts.values()
    return {
        name: sum(getattr(line, name) for line in lines) if lines else None for name in ACCOUNTED
    }


def _ask(
    services: Services,
    rules: tuple[str, ...],
    as_of: datetime | None,
    known_at: datetime | None,
    form: str,
) -> list[reconciling.Report]:
    reports, rows = [], []
    for name, loaded in services.landscape.rules.items():
        if not rules or name in rules:
            report, found = reconciling.recompute(services, loaded, as_of=as_of, known_at=known_at)
            reports.append(report)
            if report.outcome == "not_evaluated":
                say(f"{name}: not evaluated: {report.reason}")
            rows += [{"rule": name, **row} for row in found]
    emit(
        rows,
        [
            "rule",
            "code",
            "subject",
            "quantity_expected",
            "quantity_observed",
            "variance",
            "unit",
            "due_at",
        ],
        form,
    )
    return reports


def _prove(services: Services, rules: tuple[str, ...]) -> None:
    """The held answer against the full one: any difference is our error and is said loudly."""
    for name, loaded in services.landscape.rules.items():
        if rules and name not in rules:
            continue
        if differing := reconciling.differences(services, loaded):
            raise Failure(
                f"{name}: what is held differs from the full answer for {len(differing)} findings, "
                f"e.g. {differing[0]}; run: tieout rebuild"
            )
    say("what is held equals the full answer")
