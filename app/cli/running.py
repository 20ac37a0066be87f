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
from app.jobs.notify import notify
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
    told = notify(services)
    say(f"{told} new notifications queued")
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
def work(landscape: Path, form: str) -> int:
    """Collect, reconcile, notify and keep house until told to stop. One worker per landscape."""
    from app.scheduler import Worker  # noqa: PLC0415 - only the worker needs it

    with opened(landscape) as services:
        say(f"working on {landscape}; stop with Ctrl+C")
        Worker(services).run_forever()
    return OK


@click.command()
@click.option("--host", envvar="TIEOUT_HOST", default="127.0.0.1", show_default=True, help="Address to listen on; only loopback.")
@click.option("--port", envvar="TIEOUT_PORT", default=8050, show_default=True)
@shared
def serve(landscape: Path, form: str, host: str, port: int) -> int:
    """Serve the dashboard. Any number of these may run beside one worker."""
    from app.clock import SystemClock  # noqa: PLC0415
    from app.dashboard.server import serve_forever  # noqa: PLC0415 - only the dashboard needs Dash
    from app.services import database_url  # noqa: PLC0415
    from app.store.landing import sql_url  # noqa: PLC0415
    from app.store.sql import open_store  # noqa: PLC0415

    found = load(landscape)
    found.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    store = open_store(database_url(found) or sql_url(found.home))
    serve_forever(found, store, SystemClock(), host=host, port=port)
    return OK


@click.command()
@click.option("--host", envvar="TIEOUT_HOST", default="127.0.0.1", show_default=True, help="Address to listen on; only loopback.")
@click.option("--port", envvar="TIEOUT_PORT", default=8050, show_default=True)
@shared
def up(landscape: Path, form: str, host: str, port: int) -> int:
    """The worker and the dashboard in one process."""
    from app.dashboard.server import serve_forever  # noqa: PLC0415 - only the dashboard needs Dash
    from app.scheduler import Worker  # noqa: PLC0415

    with opened(landscape) as services:
        worker = Worker(services)
        worker.start()
        try:
            serve_forever(services.landscape, services.store.sql, services.clock, host=host, port=port)
        finally:
            worker.stop()
    return OK


@click.command()
@shared
def rebuild(landscape: Path, form: str) -> int:
    """Make the match state anew from the lake and run every rule on it. Exceptions keep their identity and history."""
    from app.jobs.rebuild import rebuild as run  # noqa: PLC0415

    counts = run(landscape, load(landscape).home)
    emit([{"table": name, "facts": count} for name, count in counts.items() if count], ["table", "facts"], form)
    say("the match state is made anew")
    return OK
