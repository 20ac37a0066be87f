"""Commands that run: the demo, the worker, the dashboard, and the rebuild."""

from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from app.cli import OK, USAGE, Failure
from app.cli.options import listening, shared
from app.cli.output import emit, say, table
from app.cli.reconciling import ACCOUNTED, accounted
from app.clock import Clock, SystemClock
from app.demo.stage import Stage, play, staged
from app.jobs import reconcile as reconciling
from app.jobs import replay, results, signals
from app.jobs.collect import Report as Pull
from app.jobs.notify import notify
from app.landscape.load import Landscape, load
from app.services import Services, opened
from app.store.reading import Wanted
from app.store.sql import SqlStore

KEPT = ("held", "unchanged", "rejected", "left_out")


@click.command()
@click.option("--once", is_flag=True, help="Collect, reconcile, print and exit; no dashboard.")
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path),
    default=Path("var/demo"),
    show_default=True,
    help="Everything the demo makes stays here.",
)
@click.option("--port", default=8050, show_default=True, help="Port of the dashboard.")
@click.pass_context
def demo(ctx: click.Context, once: bool, folder: Path, port: int) -> int:
    """Collect recorded ERP, WMS, middleware and MES answers, reconcile them, show the result.

    Small servers on this machine answer as the recorded systems did.
    """
    with staged(folder.resolve()) as stage, opened(stage.landscape, clock=stage.clock) as services:
        _play(stage, services, ctx.obj["format"])
        option = f"--landscape {stage.landscape}"
        say(f"Look further with {option}, e.g.: tieout exceptions {option}")
        if not once:
            _show(
                services.landscape,
                services.store.sql,
                services.clock,
                port=port,
                opening="/?range=30d",
            )
    return OK


def _play(stage: Stage, services: Services, form: str) -> None:
    pulls = list(play(stage, services))
    for pull in pulls:
        if pull.error:
            say(f"{pull.source}/{pull.feed}: {pull.error}")
    list(replay.resolve(services))
    reports = list(reconciling.reconcile(services))
    signals.refresh(services)
    results.publish(services)
    told = notify(services)
    say(f"{told} new notifications queued")
    _summary(services, pulls, reports, form)


def _summary(
    services: Services, pulls: list[Pull], reports: list[reconciling.Report], form: str
) -> None:
    """What came and what became of it, what was judged, what disagrees."""
    feeds = _received(pulls)
    proof = _proof(services, feeds)
    judged = [report for report in reports if report.outcome != "not_applicable"]
    rules = [
        {
            "rule": report.rule,
            "outcome": report.outcome,
            **accounted(report),
            "reason": report.reason,
        }
        for report in judged
    ]
    found = services.reader.exceptions(Wanted())
    worst = [{**row, "value": row["value"] or Decimal(0)} for row in found[:15]]
    if form != "table":
        shown = {"feeds": feeds, "proof": proof, "rules": rules, "exceptions": len(found)}
        emit([shown], [], form)
        return
    table(
        feeds,
        ["source", "feed", "pulls", "received", *KEPT],
        "What was collected: received = held + unchanged + rejected + left out",
    )
    click.echo(proof)
    table(
        rules,
        ["rule", "outcome", *ACCOUNTED, "reason"],
        "\nWhat was judged: facts in scope = matched + not due + excepted + excluded + unknown",
    )
    table(
        worst,
        ["id", "severity", "title", "value", "currency", "cause"],
        f"\nWhat disagrees: {len(found)} exceptions, the worst first",
    )


def _received(pulls: list[Pull]) -> list[dict[str, Any]]:
    """Records per feed over all pulls of this run, and what became of them."""
    feeds: dict[tuple[str, str], Counter[str]] = {}
    for pull in pulls:
        landed = pull.landed
        feeds.setdefault((pull.source, pull.feed), Counter()).update(
            pulls=1,
            received=landed.records,
            held=landed.held,
            unchanged=landed.unchanged,
            rejected=landed.rejects,
            left_out=landed.left_out,
        )
    return [
        {"source": source, "feed": feed, **feeds[source, feed]} for source, feed in sorted(feeds)
    ]


def _proof(services: Services, feeds: list[dict[str, Any]]) -> str:
    """Whether every record received is held exactly once or among the rejects, in one sentence."""
    total = {name: sum(row[name] for row in feeds) for name in ("received", *KEPT)}
    lost = total["received"] - sum(total[name] for name in KEPT)
    twice = sum(services.store.state.doubled().values())
    parts = " + ".join(f"{total[name]:,} {name.replace('_', ' ')}" for name in KEPT)
    said = f"{total['received']:,} records received = {parts}"
    if lost or twice:
        return f"NOT PROVEN: {said}; {lost:,} came in pulls that failed, {twice:,} are held twice"
    return f"{said}: every recorded record is held exactly once or in rejects with reason"


@click.command()
@shared
def work(landscape: Path, form: str) -> int:
    """Collect, reconcile, notify and keep house until told to stop. One worker per landscape."""
    from app.scheduler import Worker

    with opened(landscape) as services:
        say(f"working on {landscape}; stop with Ctrl+C")
        Worker(services).run_forever()
    return OK


@click.command()
@listening
@shared
def serve(landscape: Path, form: str, host: str, port: int) -> int:
    """Serve the dashboard. Any number of these may run beside one worker."""
    from app.services import database_url
    from app.store.landing import sql_url
    from app.store.sql import open_store

    found = load(landscape)
    found.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    store = open_store(database_url(found) or sql_url(found.home))
    _show(found, store, SystemClock(), host=host, port=port)
    return OK


@click.command()
@listening
@shared
def up(landscape: Path, form: str, host: str, port: int) -> int:
    """The worker and the dashboard in one process."""
    from app.scheduler import Worker

    with opened(landscape) as services:
        worker = Worker(services)
        worker.start()
        try:
            _show(services.landscape, services.store.sql, services.clock, host=host, port=port)
        finally:
            worker.stop()
    return OK


def _show(landscape: Landscape, store: SqlStore, clock: Clock, **where: Any) -> None:
    """The dashboard until Ctrl+C; what keeps it from listening is said in one line."""
    from app.dashboard.server import ServeError, serve_forever

    try:
        serve_forever(landscape, store, clock, announce=say, **where)
    except ServeError as error:
        raise Failure(str(error), USAGE) from error


@click.command()
@shared
def rebuild(landscape: Path, form: str) -> int:
    """Make the match state anew from the lake and run every rule on it.

    Exceptions keep their identity and history.
    """
    from app.jobs.rebuild import rebuild as run

    counts = run(landscape)
    emit(
        [{"table": name, "facts": count} for name, count in counts.items() if count],
        ["table", "facts"],
        form,
    )
    say("the match state is made anew")
    return OK
