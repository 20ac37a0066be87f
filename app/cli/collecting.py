"""`collect`, `feed try`, `rejects` and `replay-mapping`."""

from collections.abc import Iterable
from pathlib import Path

import click

from app.cli import BLIND, OK, Failure, filters
from app.cli.looking import reading
from app.cli.options import POSITIVE, shared
from app.cli.output import emit, say, shown, table
from app.cli.raw import placed
from app.jobs import collect as collecting
from app.jobs import replay
from app.landscape.load import Landscape, SourceSetup
from app.plain import plain
from app.services import Services, opened
from app.store.reading import Reader
from collectors import mapping
from collectors.canonical import canonical
from collectors.errors import CollectError
from collectors.feed import Plan, Pull, page_path
from collectors.page import records

COLUMNS = (
    "source",
    "feed",
    "outcome",
    "records",
    "news",
    "repeats",
    "rejects",
    "left_out",
    "deleted",
    "unresolved",
    "error",
)
REJECTED = (
    "id", "source", "feed", "request", "line", "record", "reason", "raw", "seen", "last_seen_at",
    "state",
)  # fmt: skip
UNRESOLVED = ("object", "key", "source", "feed", "facts", "source_key")


@click.command()
@click.argument("feeds", nargs=-1, metavar="[SOURCE[/FEED]]...")
@click.option("--full", is_flag=True, help="Read everything again and note what is gone (a sweep).")
@click.option("--accept-empty", is_flag=True, help="Take an empty snapshot for the truth.")
@shared
def collect(
    landscape: Path, form: str, feeds: tuple[str, ...], full: bool, accept_empty: bool
) -> int:
    """Pull feeds now, all by default, and hold what is news."""
    with opened(landscape) as services:
        wanted = _wanted(services.landscape, feeds) if feeds else None
        reports = list(
            _told(collecting.collect(services, wanted, full=full, accept_empty=accept_empty))
        )
        reports += list(_told(replay.resolve(services)))
    emit([_row(report) for report in reports], COLUMNS, form)
    return OK if all(report.outcome == "ok" for report in reports) else BLIND


def _told(reports: Iterable[collecting.Report]) -> Iterable[collecting.Report]:
    for report in reports:
        told = f"{report.landed.records} records, {report.landed.news} new"
        say(f"{report.source}/{report.feed}: {report.error or told}")
        yield report


def _row(report: collecting.Report) -> dict[str, object]:
    landed = report.landed
    numbers = {
        name: getattr(landed, name)
        for name in ("records", "news", "repeats", "rejects", "left_out", "deleted", "unresolved")
    }
    return {
        "source": report.source,
        "feed": report.feed,
        "outcome": report.outcome,
        **numbers,
        "error": report.error,
    }


def _wanted(landscape: Landscape, feeds: Iterable[str]) -> dict[str, set[str] | None]:
    wanted: dict[str, set[str] | None] = {}
    for text in feeds:
        source, slash, _ = text.partition("/")
        if not slash:
            wanted[filters.source(landscape, source).name] = None
            continue
        _, plan = filters.feed(landscape, text)
        if wanted.get(source, set()) is not None:
            wanted[source] = {*(wanted.get(source) or set()), plan.name}
    return wanted


@click.group()
def feed() -> None:
    """Work on one feed."""


@feed.command(name="try")
@click.argument("label", metavar="SOURCE/FEED")
@click.option("--pages", type=POSITIVE, default=1, show_default=True, help="Pages to read.")
@click.option("--rows", type=POSITIVE, default=5, show_default=True, help="Rows to show.")
@shared
def feed_try(landscape: Path, form: str, label: str, pages: int, rows: int) -> int:
    """Read a page of a feed and show what it would store and what it would reject.

    Nothing is kept.
    """
    with opened(landscape) as services:
        setup, plan = filters.feed(services.landscape, label)
        try:
            _try(services, setup, plan, pages, rows, form)
        except CollectError as error:
            raise Failure(services.reach(setup).redacted(str(error))) from error
    return OK


def _try(
    services: Services, setup: SourceSetup, plan: Plan, pages: int, rows: int, form: str
) -> None:
    pull = Pull(
        plan,
        services.reach(setup),
        collecting.surroundings(services, setup, plan.feed),
        lambda page: "page",
        limit=pages,
        full=True,
    )
    con = mapping.connect(services.landscape.zones)
    for page in pull.pages():
        found = records(setup.name, page, page_path(plan), plan.contract, plan.feed.dialect)
        mapped, rejects, left_out = canonical(
            con, [(page, found)], plan.contract, plan.targets, pull.around
        )
        for member in mapped:
            facts = member.facts.slice(0, rows).to_pylist()
            columns = [
                name
                for name in member.facts.column_names
                if name not in ("record_hash", "raw_ref", "is_deleted")
                and any(fact[name] is not None for fact in facts)
            ]
            count = member.facts.num_rows
            say(f"{page.request}: {found.count} records, {count} rows for {member.table}")
            lines = [{name: fact[name] for name in columns} for fact in facts]
            if form == "table":
                _show_turned(lines, columns, member.table)
            else:
                emit(lines, columns, form)
        for reject in [*found.rejects, *rejects][:rows]:
            say(f"reject: {reject.reason}\n        {shown(reject.raw[:200])}")
        if left_out:
            say(f"{left_out} records are left out by the mapping's WHERE")
        if found.unknown:
            say(f"fields the contract does not name: {', '.join(found.unknown)}")


def _show_turned(facts: list[dict[str, object]], columns: list[str], title: str) -> None:
    """Facts side by side, a line a column: most tables are wider than a screen."""
    heads = [f"row {number}" for number in range(1, len(facts) + 1)]
    rows = [
        {"column": name, **dict(zip(heads, (fact[name] for fact in facts), strict=True))}
        for name in columns
    ]
    table(rows, ["column", *heads], title)


@click.group()
def rejects() -> None:
    """Records that could not be read or trusted."""


@rejects.command(name="list")
@click.argument("label", metavar="[SOURCE[/FEED]]", required=False)
@click.option("--all", "everything", is_flag=True, help="Released ones too.")
@shared
def rejects_list(landscape: Path, form: str, label: str | None, everything: bool) -> None:
    """List rejects with where they stand, their reason and text."""
    with reading(landscape) as (landed, store):
        reader = Reader(store)
        place = filters.part(label, landed, reader)
        found = reader.rejects(*place, None if everything else "open")
    rows = [{**row, "raw": row["raw"][:120]} for row in found] if form == "table" else found
    emit([plain(row) for row in placed(rows, landed)], REJECTED, form)


@rejects.command(name="unresolved")
@click.argument("label", metavar="[SOURCE[/FEED]]", required=False)
@shared
def rejects_unresolved(landscape: Path, form: str, label: str | None) -> int:
    """List keys that facts wait for a cross-reference of: object, key, source, how many facts.

    It asks the match state, so no worker may run meanwhile.
    """
    with opened(landscape) as services:
        place = filters.part(label, services.landscape, services.reader)
        rows = services.store.references.waiting(*place)
    emit(rows, UNRESOLVED, form)
    return OK


@rejects.command(name="replay")
@click.argument("label", metavar="[SOURCE[/FEED]]", required=False)
@shared
def rejects_replay(landscape: Path, form: str, label: str | None) -> int:
    """Map rejected records again, from the pages kept; those that can be read now are released."""
    with opened(landscape) as services:
        place = filters.part(label, services.landscape, services.reader)
        reports = list(_told(replay.replay_rejects(services, *place)))
        left = len(services.reader.rejects(*place))
    emit([_row(report) for report in reports], COLUMNS, form)
    say(f"{left} rejects left")
    return OK


@click.command()
@click.argument("label", metavar="SOURCE/FEED")
@shared
def replay_mapping(landscape: Path, form: str, label: str) -> int:
    """Map every kept page of a feed again with the mapping of today. Nothing is pulled."""
    with opened(landscape) as services:
        report = replay.replay_feed(services, *filters.feed(services.landscape, label))
    emit([_row(report)], COLUMNS, form)
    return OK if report.outcome == "ok" else BLIND
