"""`demo`: a simulated group with planted faults, or recorded answers of real systems."""

import logging
from collections import Counter
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import click

from app.cli import OK, USAGE, Failure, told
from app.cli.output import emit, say, table
from app.cli.reconciling import ACCOUNTED, accounted
from app.cli.running import show
from app.demo import shopfloor
from app.demo.estate import Carriers
from app.demo.folder import FolderError
from app.demo.simulation import Simulation, Wish, simulation
from app.demo.stage import last_looked, play, staged
from app.demo.systems import rabbitmq
from app.demo.wire import CarrierError
from app.jobs import reconcile as reconciling
from app.jobs import replay, results, signals
from app.jobs.collect import Report as Pull
from app.jobs.collect import collect
from app.jobs.notify import notify
from app.score.score import score_of
from app.score.truth import read_truth
from app.services import Services, opened
from app.store.reading import Wanted

KEPT = ("held", "unchanged", "rejected", "left_out")
EVERY = 10  # seconds between two looks at the group that lives on


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
@click.option("--seed", default=7, show_default=True, help="Another seed is another history.")
@click.option("--days", default=30, show_default=True, help="Days of history.")
@click.option("--plants", default=3, show_default=True, help="Plants of the group.")
@click.option(
    "--faults",
    default="all",
    show_default=True,
    help="What goes wrong: none, all (what shipped rules find), every, or a YAML file.",
)
@click.option(
    "--speed",
    type=click.FloatRange(min=0.1, max=3600),
    default=30.0,
    show_default=True,
    help="Seconds a second at which the group lives on while the dashboard is shown.",
)
@click.option(
    "--recorded", is_flag=True, help="Recorded answers of real systems in place of the group."
)
@click.option(
    "--broker",
    envvar="TIEOUT_DEMO_BROKER",
    metavar="URL",
    help="A RabbitMQ that carries the group's messages, as amqp://user:password@host:port of an"
    " administrator. Without one the demo has its own middleware.",
)
@click.option(
    "--management",
    envvar="TIEOUT_DEMO_MANAGEMENT",
    metavar="URL",
    help="Where the management API of that RabbitMQ is, if not at port 15672 of the same host.",
)
@click.option(
    "--mqtt",
    envvar="TIEOUT_DEMO_MQTT",
    metavar="URL",
    help="An MQTT broker over which the shop floors publish Sparkplug B, as mqtt://host:port.",
)
@click.option("--port", default=8050, show_default=True, help="Port of the dashboard.")
@click.pass_context
def demo(ctx: click.Context, /, folder: Path, *, recorded: bool, **asked: Any) -> int:
    """Simulate a manufacturing group with faults, collect its systems, reconcile, show the result.

    Small servers on this machine answer as an SAP S/4HANA, MES databases, a warehouse and a quality
    system and a RabbitMQ do. What really went wrong is in DIR/truth.csv.
    """
    form = ctx.obj["format"]
    once, port, speed = asked.pop("once"), asked.pop("port"), asked.pop("speed")
    brokers = {name: asked.pop(name) for name in ("broker", "management", "mqtt")}
    try:
        carriers = _carriers(**brokers)
        if recorded:
            _replay(folder.resolve(), form, once=once, port=port)
        else:
            with simulation(folder.resolve(), Wish(**asked), carriers) as group:
                _simulate(group, form, once=once, port=port, speed=speed)
    except (FolderError, ValueError) as error:
        raise Failure(str(error), USAGE) from error
    except CarrierError as error:
        raise Failure(str(error)) from error
    return OK


def _carriers(broker: str | None, management: str | None, mqtt: str | None) -> Carriers:
    """The real brokers asked for. Raises `ValueError`."""
    return Carriers(
        broker=rabbitmq.address(broker, management) if broker else None,
        mqtt=shopfloor.address(mqtt) if mqtt else None,
    )


# The simulated group


def _simulate(group: Simulation, form: str, *, once: bool, port: int, speed: float) -> None:
    with opened(group.landscape, clock=group.clock) as services:
        say(f"what really goes wrong is written to {group.truth}")
        pulls: list[Pull] = []
        known = last_looked(services)
        for stop in group.stops(known):
            say(f"looking at {stop:%Y-%m-%d %H:%M} UTC")
            pulls += collect(services)
            reports = _judge(services)
        _tell(services, pulls, reports, form)
        _say_score(services, group.truth)
        _hint(group.landscape)
        if not once:
            look = partial(_look, services)
            with group.going_on(speed, EVERY, look):
                _serve(services, port)


def _look(services: Services) -> None:
    """One more look at a group that lives on. One that fails is told; the next may do."""
    try:
        for pull in collect(services):
            if pull.error:
                say(f"{pull.source}/{pull.feed}: {pull.error}")
        _judge(services)
    except Exception as error:
        logging.getLogger(__name__).debug("look failed", exc_info=error)
        say(f"this look failed: {told(error)}")


def _say_score(services: Services, truth: Path) -> None:
    """How much of the truth was found, in one sentence."""
    overall = score_of(services.reader, read_truth(truth)).overall
    say(
        f"{overall.found} of {overall.faults} faults that could be seen are told,"
        f" {overall.false} of {overall.exceptions} exceptions are false;"
        f" more: tieout score --truth {truth}"
    )


# The recordings


def _replay(folder: Path, form: str, *, once: bool, port: int) -> None:
    with staged(folder) as stage, opened(stage.landscape, clock=stage.clock) as services:
        pulls = list(play(stage, services))
        _tell(services, pulls, _judge(services), form)
        _hint(stage.landscape)
        if not once:
            _serve(services, port)


# What both do


def _judge(services: Services) -> list[reconciling.Report]:
    """Everything that follows once the sources were asked."""
    list(replay.resolve(services))
    reports = list(reconciling.reconcile(services))
    signals.refresh(services)
    results.publish(services)
    notify(services)
    return reports


def _serve(services: Services, port: int) -> None:
    show(services.landscape, services.store.sql, services.clock, port=port, opening="/?range=30d")


def _hint(landscape: Path) -> None:
    option = f"--landscape {landscape}"
    say(f"Look further with {option}, e.g.: tieout exceptions {option}")


def _tell(
    services: Services, pulls: list[Pull], reports: list[reconciling.Report], form: str
) -> None:
    """What came and what became of it, what was judged, what disagrees."""
    for pull in pulls:
        if pull.error:
            say(f"{pull.source}/{pull.feed}: {pull.error}")
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
