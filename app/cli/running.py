"""Commands that run: the worker, the dashboard, and the rebuild."""

from pathlib import Path
from typing import Any

import click

from app.cli import OK, USAGE, Failure
from app.cli.options import listening, shared
from app.cli.output import emit, say
from app.clock import Clock, SystemClock
from app.landscape.load import Landscape, load
from app.services import opened
from app.store.sql import SqlStore


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
    show(found, store, SystemClock(), host=host, port=port)
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
            show(services.landscape, services.store.sql, services.clock, host=host, port=port)
        finally:
            worker.stop()
    return OK


def show(landscape: Landscape, store: SqlStore, clock: Clock, **where: Any) -> None:
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
