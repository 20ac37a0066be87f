"""Commands that run: the demo, the worker, the dashboard, and the rebuild."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from app.cli import OK
from app.cli.options import shared
from app.cli.output import emit, say, table
from app.demo.stage import Stage, play, staged
from app.jobs import reconcile as reconciling
from app.jobs import replay, signals
from app.landscape.load import load
from app.services import Services, opened
from app.store.reading import Wanted


@click.command()
@click.option("--once", is_flag=True, help="Collect, reconcile, print and exit; no dashboard.")
@click.option("--dir", "folder", type=click.Path(path_type=Path), default=Path("var/demo"), show_default=True, help="Everything the demo makes stays here.")
@click.option("--port", default=8050, show_default=True, help="Port of the dashboard.")
@click.pass_context
def demo(ctx: click.Context, once: bool, folder: Path, port: int) -> int:
    """Collect recorded ERP, WMS, middleware and MES answers from loopback servers, reconcile them, show the result."""
    with staged(folder.resolve()) as stage, opened(stage.landscape, clock=stage.clock) as services:
        _play(stage, services, ctx.obj["format"])
        say(f"Look further with --landscape {stage.landscape}, e.g.: tieout exceptions --landscape {stage.landscape}")
        if not once:
            from app.dashboard.server import serve_forever  # noqa: PLC0415 - only the dashboard needs Dash

            serve_forever(services.landscape, services.store.sql, services.clock, port=port, opening="/?range=30d")
    return OK


def _play(stage: Stage, services: Services, form: str) -> None:
    failed = []
    for report in play(stage, services):
        if report.outcome != "ok":
            failed.append(report)
            say(f"{report.source}/{report.feed}: {report.error}")
    list(replay.resolve(services))
    reports = list(reconciling.reconcile(services))
    signals.refresh(services)
    _summary(services, reports, form)


def _summary(services: Services, reports: list[reconciling.Report], form: str) -> None:
    """What was held, what was judged, what disagrees."""
    feeds = [{**row, "held": row["news"]} for row in services.reader.feed_totals()]
    judged = [report for report in reports if report.outcome != "not_applicable"]
    rules = [{"rule": report.rule, "outcome": report.outcome, **_accounted(report), "reason": report.reason} for report in judged]
    found = services.reader.exceptions(Wanted())
    worst = [{**row, "value": row["value"] or Decimal(0)} for row in found[:15]]
    if form != "table":
        emit([{"feeds": feeds, "rules": rules, "exceptions": len(found)}], [], form)
        return
    table(feeds, ["source", "feed", "records", "held", "repeats", "rejects_open", "deleted"], "What was collected: every record is held once, or among the rejects with its reason")
    table(rules, ["rule", "outcome", "in_scope", "matched", "not_due", "excepted", "excluded", "unknown", "reason"], "\nWhat was judged: facts in scope = matched + not due + excepted + excluded + unknown")
    table(worst, ["id", "severity", "title", "value", "currency", "cause"], f"\nWhat disagrees: {len(found)} exceptions, the worst first")


def _accounted(report: reconciling.Report) -> dict[str, Any]:
    names = ("in_scope", "matched", "not_due", "excepted", "excluded", "unknown")
    return {name: sum(getattr(line, name) for line in report.accounts.values()) for name in names}


@click.command()
@shared
def rebuild(landscape: Path, form: str) -> int:
    """Make the match state anew from the lake and run every rule on it. Exceptions keep their identity and history."""
    from app.jobs.rebuild import rebuild as run  # noqa: PLC0415

    counts = run(landscape, load(landscape).home)
    emit([{"table": name, "facts": count} for name, count in counts.items() if count], ["table", "facts"], form)
    say("the match state is made anew")
    return OK
