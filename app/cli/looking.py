"""Commands that look and change nothing: exceptions, traces, balances, signals, feeds, audit.

The worker may run meanwhile.
"""

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from app.cli import BLIND, FOUND, OK, USAGE, Failure, filters
from app.cli.options import POSITIVE, shared
from app.cli.output import emit, say, shown, table
from app.jobs import coverage as watching
from app.landscape.load import Landscape, load
from app.plain import plain
from app.services import database_url
from app.store.exceptions import broken_audit
from app.store.lake import Lake
from app.store.landing import sql_url
from app.store.reading import EXPORT, Reader, Wanted, exported
from app.store.sql import SqlStore, open_store
from app.store.tracing import TRACE_LIMIT, LakeReader, Trace
from app.triage.lifecycle import STANDING
from app.triage.words import CAUSES

FIRST = (
    "source", "source_key", "kind", "state", "status", "occurred_at", "posting_on", "order_no",
    "op_no", "item", "lot", "quantity", "unit", "location",
)  # fmt: skip
LISTED = (
    "id", "severity", "title", "key", "variance", "unit", "value", "currency", "age", "owner",
    "cause",
)  # fmt: skip
STEPS = (
    "at", "source", "what", "state", "order_no", "lot", "item", "quantity", "unit", "where",
)  # fmt: skip
TRACED = (
    "at", "source", "feed", "source_key", "order_no", "lot", "item", "quantity", "unit",
    "correlation_id", "raw_ref",
)  # fmt: skip


CHECKED = ("flow", "plant", "rule", "outcome", "standing", "last_green_at", "last_run_at")
FACTS = ("table", "kind", "source", "plant", "facts", "watched", "value", "value_watched")
STOCK = (
    "item", "lot", "source", "location", "stock_status", "quantity", "unit", "balance_at",
)  # fmt: skip


@contextlib.contextmanager
def reading(folder: Path) -> Iterator[tuple[Landscape, SqlStore]]:
    """The landscape and its SQL store, for a command that looks and changes nothing."""
    landscape = load(folder, tries=False)
    if not landscape.home.is_dir():
        raise Failure("nothing was collected here yet; run: tieout collect")
    store = open_store(database_url(landscape) or sql_url(landscape.home))
    try:
        yield landscape, store
    finally:
        store.close()


@click.command()
@click.option(
    "--state",
    "states",
    multiple=True,
    help="open, acknowledged, snoozed, accepted, regressed, resolved or all; default: standing.",
)
@click.option("--plant", "plants", multiple=True)
@click.option("--flow", "flows", multiple=True)
@click.option("--code", "codes", multiple=True)
@click.option("--rule", "rules", multiple=True)
@click.option("--severity", "severities", multiple=True)
@click.option("--owner", "owners", multiple=True)
@click.option("--text", help="Words of the title, or any key.")
@click.option("--limit", type=POSITIVE, help="Not more than so many, the worst first.")
@click.option(
    "--fail-on",
    type=click.Choice(["any", "critical"]),
    help="Exit with 1 when there are any, or critical ones.",
)
@shared
def exceptions(
    landscape: Path,
    form: str,
    states: tuple[str, ...],
    text: str | None,
    limit: int | None,
    fail_on: str | None,
    **lists: Any,
) -> int:
    """List exceptions, worst first; with --format jsonl the export of the documented shape."""
    filters.check("state", states, filters.STATES, "States")
    chosen = () if "all" in states else states or STANDING
    wanted = Wanted(states=chosen, text=text, limit=limit, **lists)
    with reading(landscape) as (found, store):
        reader = Reader(store)
        filters.check_exceptions(wanted, found, reader)
        rows = reader.exceptions(wanted)
    if form == "table":
        table([{**row, **_brief(row)} for row in rows], LISTED)
        say(f"{len(rows)} exceptions")
    else:
        emit([exported(row) for row in rows], EXPORT, form)
    bad = [row for row in rows if fail_on == "any" or row["severity"] == fail_on]
    return FOUND if fail_on and bad else OK


def _brief(row: dict[str, Any]) -> dict[str, Any]:
    """What a row of the list shows differently from the export."""
    cause = row["cause"] or _largest(row)
    return {"key": _short(row["key"]), "age": _age(row), "cause": cause}


def _short(key: dict[str, Any]) -> str:
    return " ".join(str(value) for name, value in key.items() if name != "plant")


def _age(row: dict[str, Any]) -> str:
    """Two largest units from the due time to the run that looked."""
    if row["due_at"] is None:
        return "—"
    minutes = max(int((row["as_of"] - row["due_at"]).total_seconds() // 60), 0)
    days, hours = divmod(minutes // 60, 24)
    return f"{days} d {hours} h" if days else f"{hours} h {minutes % 60} m"


def _largest(row: dict[str, Any]) -> str | None:
    told = [
        f"{CAUSES.get(part['cause'], part['cause'])} {shown(Decimal(part['quantity']))}"
        for part in row["explained"][:3]
    ]
    return ", ".join(told) or None


@click.command()
@click.argument("name", metavar="ID")
@shared
def exception(landscape: Path, form: str, name: str) -> int:
    """One exception: both sides field by field, clocks, raw references, why, history."""
    with reading(landscape) as (_, store):
        reader = Reader(store)
        row = reader.exception(name)
        if row is None:
            raise Failure(f"there is no exception {name}", USAGE)
        history = reader.history("exception", row["id"])
    if form == "table":
        _show(row, history)
    else:
        told = {"evidence": row["evidence"], "history": [plain(entry) for entry in history]}
        emit([exported(row) | told], [], form)
    return OK


def _show(row: dict[str, Any], history: list[dict[str, Any]]) -> None:
    click.echo(f"{row['id']}  {row['title']}")
    also = f" (also {row['also']})" if row["also"] else ""
    money = "no cost known"
    if row["value"] is not None:
        money = f"{shown(row['value'])} {row['currency']}"
    facts = (row["severity"], row["state"], f"{row['code']}{also}", row["rule"], row["plant"])
    click.echo(" · ".join(map(str, (*facts, row["owner"], money))))
    due = f"due {shown(row['due_at'])} UTC, {_age(row)} ago"
    asked = f"as of {shown(row['as_of'])} UTC, known at {shown(row['known_at'])} UTC"
    click.echo(f"{due} · {asked}")
    if row["cause"]:
        click.echo(f"Likely cause: {row['cause']}")
    _show_parts(row)
    _show_sides(row)
    _show_why(row["evidence"]["why"])
    entries = [{**entry, "what": entry["action"], "now": entry["new"]} for entry in history]
    table(entries, ["at", "actor", "what", "why"], "\nHistory")


def _show_parts(row: dict[str, Any]) -> None:
    """A variance taken apart, with what is left unexplained."""
    if row["unexplained"] is None:
        return
    parts = [
        {
            "cause": CAUSES.get(part["cause"], part["cause"]),
            "quantity": Decimal(part["quantity"]),
            "value": part["value"],
            "records": ", ".join(part["source_keys"][:8]),
        }
        for part in row["explained"]
    ]
    rest = {"cause": "Unexplained", "quantity": row["unexplained"], "value": None, "records": ""}
    variance = f"{shown(row['variance'])} {row['unit'] or ''}"
    columns = ["cause", "quantity", "value", "records"]
    table([*parts, rest], columns, f"\nVariance {variance}, taken apart")


def _show_why(why: dict[str, Any]) -> None:
    """Why the two sides were put together."""
    if why["keys"]:
        factor = f"; factor {why['factor']}" if why["factor"] else ""
        tolerance = f"tolerance {why['tolerance'] or 0}{factor}"
        keys = f"{', '.join(why['keys'])} (pass {why['pass']})"
        click.echo(f"\nPut together by {keys}; {tolerance}")
    if why["is_ambiguous"]:
        click.echo("Ambiguous: the candidates above could be meant as well.")


def _show_sides(row: dict[str, Any]) -> None:
    """Both sides field by field, differing fields first."""
    for role, facts in row["evidence"]["sides"].items():
        names = {name for fact in facts for name in fact}
        ordered = [name for name in FIRST if name in names] + sorted(names - set(FIRST))
        columns = [f"{role} {number}" for number in range(1, min(len(facts), 4) + 1)]
        rows = [
            {
                "field": name,
                **{column: fact.get(name) for column, fact in zip(columns, facts, strict=False)},
            }
            for name in ordered
        ]
        table(
            rows,
            ["field", *columns],
            f"\n{role.capitalize()}: {len(facts)} record{'' if len(facts) == 1 else 's'}",
        )


@click.command()
@click.argument("key")
@click.option(
    "--limit",
    type=POSITIVE,
    default=TRACE_LIMIT,
    show_default=True,
    help="Not more than so many facts, the newest of them.",
)
@shared
def trace(landscape: Path, form: str, key: str, limit: int) -> int:
    """Everything known about KEY, over all systems, in order of time.

    KEY is an order, lot, delivery, document or message.
    """
    with reading(landscape) as (found, store):
        known = LakeReader(Lake(found.home / "lake")).trace(key, limit)
        about = Reader(store).about(key)
    if not known.facts and not about:
        say(f"nothing is known about '{shown(key)}'")
    _say_left_out(known)
    told = [_step(row) for row in known.facts]
    if form == "table" and (told or about):
        table(told, STEPS)
        table(
            [{**row, "age": _age(row)} for row in about],
            ["id", "severity", "title", "state", "variance", "age", "cause"],
            "\nExceptions",
        )
    elif form != "table":
        emit([*told, *({"exception": exported(row)} for row in about)], TRACED, form)
    return OK


def _say_left_out(known: Trace) -> None:
    if known.left_out:
        held = len(known.facts)
        say(
            f"the newest {held:,} of {held + known.left_out:,} facts; "
            f"{known.left_out:,} older ones are left out, see more with --limit"
        )
    if not known.is_followed:
        say("what shares an order, lot or document with them was not looked for")


def _step(row: dict[str, Any]) -> dict[str, Any]:
    kinds = (row.get(name) for name in ("kind", "order_kind", "line_kind", "object"))
    what = next(filter(None, kinds), row["of_table"])
    state = row.get("status") or row.get("state") or row.get("stock_status")
    where = row.get("location") or row.get("channel") or row.get("op_no")
    return {
        **{name: row.get(name) for name in TRACED},
        "what": f"{row['of_table']} {what}",
        "state": state,
        "where": where,
    }


@click.command()
@click.argument("key")
@click.option("--explain", is_flag=True, help="Take every difference apart into its causes.")
@shared
def balance(landscape: Path, form: str, key: str, explain: bool) -> int:
    """Stock of KEY (an item, lot or location) as each system has it, and the differences known."""
    with reading(landscape) as (found, store):
        lines = LakeReader(Lake(found.home / "lake")).stock(key)
        about = [
            row
            for row in Reader(store).about(key)
            if _is_of_balance(found, row) and row["state"] != "resolved"
        ]
    if form != "table":
        emit([*lines, *({"exception": exported(row)} for row in about)], STOCK, form)
        return OK
    if not lines and not about:
        say(f"no snapshot holds stock of '{shown(key)}'")
        return OK
    table(lines, STOCK)
    for row in about:
        if row["variance"] is None:
            click.echo(f"\n{row['id']} {_short(row['key'])}: {row['cause']}")
            continue
        sides = f"book {shown(row['quantity_expected'])}, other {shown(row['quantity_observed'])}"
        variance = f"variance {shown(row['variance'])} {row['unit'] or ''}"
        click.echo(f"\n{row['id']} {_short(row['key'])}: {sides}, {variance}")
        for part in row["explained"] if explain else ():
            cause = CAUSES.get(part["cause"], part["cause"])
            keys = ", ".join(part["source_keys"][:10])
            click.echo(f"  {cause:24} {shown(Decimal(part['quantity'])):>14}  {keys}")
        if explain:
            click.echo(f"  {'Unexplained':24} {shown(row['unexplained']):>14}")
    if not about:
        say("no difference is known")
    return OK


def _is_of_balance(found: Landscape, row: dict[str, Any]) -> bool:
    loaded = found.rules.get(row["rule"])
    return loaded is not None and loaded.rule.reconciler == "balance"


@click.command()
@click.option("--window", type=click.Choice(["24h", "7d", "30d"]), default="24h", show_default=True)
@shared
def signals(landscape: Path, form: str, window: str) -> int:
    """The golden signals of each plant and flow."""
    with reading(landscape) as (_, store):
        rows = [row for row in Reader(store).signals() if row["window"] == window]
    emit(
        rows,
        ["plant", "flow", "name", "value", "numerator", "denominator", "unknown_since", "as_of"],
        form,
    )
    return OK


@click.command()
@click.option("--days", type=POSITIVE, default=30, show_default=True, help="Facts of so many days.")
@shared
def coverage(landscape: Path, form: str, days: int) -> int:
    """Which checks watch each flow of each plant, last green when, and what nobody looks at."""
    with reading(landscape) as (found, store):
        reader = Reader(store)
        now = max((row["as_of"] for row in reader.last_runs()), default=None)
        if now is None:
            raise Failure("no rule has run here yet; run: tieout reconcile")
        checks = [vars(check) for check in watching.checks(found, reader)]
        since = now - timedelta(days=days)
        told = [vars(row) for row in watching.facts(found, Lake(found.home / "lake"), since, now)]
    if form != "table":
        emit([*({"of": "check"} | row for row in checks), *({"of": "facts"} | row for row in told)],
             CHECKED, form)  # fmt: skip
        return OK
    table([{**row, "rule": row["rule"] or "nobody watches"} for row in checks], CHECKED)
    table(
        [row for row in told if row["watched"] < row["facts"]], FACTS, "\nNot looked at by any rule"
    )
    value, seen = (
        sum((row[name] for row in told), Decimal(0)) for name in ("value", "value_watched")
    )
    share = f"{100 * seen / value:.1f} % of " if value else ""
    blind = sum(1 for row in checks if row["rule"] is None)
    say(f"{share}{shown(value)} {found.company.currency} told in {days} days is watched; "
        f"{blind} flows of a plant are watched by nobody")  # fmt: skip
    return OK


@click.command()
@shared
def feeds(landscape: Path, form: str) -> int:
    """How every feed is: last pull, complete until when, failing since when and why."""
    with reading(landscape) as (_, store):
        rows = Reader(store).feeds()
    emit(
        rows,
        [
            "source",
            "feed",
            "outcome",
            "last_ok_at",
            "safe_until",
            "last_news_at",
            "failing_since",
            "error",
        ],
        form,
    )
    return OK if all(row["outcome"] == "ok" for row in rows) else BLIND


@click.group()
def audit() -> None:
    """The audit trail."""


@audit.command()
@shared
def verify(landscape: Path, form: str) -> int:
    """Prove that no row of the audit was changed, dropped, added or swapped."""
    with reading(landscape) as (_, store):
        broken = broken_audit(store)
    if broken:
        raise Failure(
            f"the audit does not hold together at row {broken[0]} and {len(broken) - 1} others",
            FOUND,
        )
    say("the audit holds together")
    return OK
