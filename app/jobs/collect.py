"""Collect: pull feeds, land what is news, move cursors.

Steps of one feed: ask from the held place with overlap, keep each raw page, land each batch, sweep where the pull was a
complete listing, then record the run and move the cursor. A failing feed leaves its cursor where it was.
"""

import logging
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from app.landscape.load import SourceSetup
from app.services import Services
from app.settings import SecretError
from app.store.landing import Landed
from collectors.ask import from_text, to_text
from collectors.canonical import Surroundings
from collectors.errors import CollectError, SnapshotRefusedError, SourceDeniedError, ThrottledError
from collectors.feed import Plan, Pull, Reach
from collectors.pack import Feed
from collectors.page import Page

log = logging.getLogger(__name__)
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=30)
DENIED_WAIT = timedelta(minutes=10)


@dataclass
class Report:
    """How one pull went. `outcome` is ok, or the kind of failure; `error` says it in words."""

    source: str
    feed: str
    outcome: str
    landed: Landed = field(default_factory=Landed)
    error: str | None = None
    pull_id: str = ""


def collect(services: Services, wanted: Mapping[str, set[str] | None] | None = None, *, full: bool = False, accept_empty: bool = False) -> Iterator[Report]:
    """Pull sources one after the other, each feed in the order of its pack. `wanted` maps source to feeds, None for all."""
    for name, setup in services.landscape.sources.items():
        if wanted is None or name in wanted:
            yield from collect_source(services, setup, (wanted or {}).get(name), full=full, accept_empty=accept_empty)


def collect_source(services: Services, setup: SourceSetup, feeds: set[str] | None = None, *, full: bool = False, accept_empty: bool = False) -> Iterator[Report]:
    """Pull the feeds of one source."""
    for plan in setup.plans:
        if feeds is None or plan.name in feeds:
            yield collect_feed(services, setup, plan, full=full, accept_empty=accept_empty)


def collect_feed(services: Services, setup: SourceSetup, plan: Plan, *, full: bool = False, accept_empty: bool = False) -> Report:
    """Pull one feed and record how it went. Never raises for what a source does."""
    started = services.clock.now()
    pull_id = f"{started:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"
    held = dict(services.store.feed_state(setup.name, plan.name) or {})
    sweep = full or _sweep_due(plan, held, started)
    report = Report(setup.name, plan.name, "ok", pull_id=pull_id)
    pull: Pull | None = None
    try:
        reach = services.reach(setup)
        calls = reach.client.calls if reach.client else 0
        pull = _pull(services, setup, plan, reach, held, pull_id, sweep)
        _run(services, plan, pull, held, report, sweep=sweep, accept_empty=accept_empty)
    except (CollectError, SecretError) as error:
        report.outcome = getattr(error, "outcome", "denied")
        report.error = str(error)
        log.warning("feed failed", extra={"feed": plan.label, "outcome": report.outcome, "error": report.error})
        _record(services, plan, pull, held, report, started, calls=0, sweep=sweep, failure=error)
        return report
    calls = (reach.client.calls if reach.client else 0) - calls
    _record(services, plan, pull, held, report, started, calls=calls, sweep=sweep, failure=None)
    log.info("feed collected", extra={"feed": plan.label, "records": report.landed.records, "news": report.landed.news})
    return report


def is_due(services: Services, setup: SourceSetup, plan: Plan, now: datetime) -> bool:
    """Whether a feed should be pulled: its interval is over, and a failing one has waited long enough."""
    state = services.store.feed_state(setup.name, plan.name)
    if state is None:
        return True
    if state["next_try_at"]:
        return bool(now >= state["next_try_at"])
    return bool(now - state["last_pull_at"] >= (plan.feed.every or setup.config.every))


def surroundings(services: Services, setup: SourceSetup, feed: Feed) -> Surroundings:
    """What a source's records are completed from, as of now."""
    landscape = services.landscape
    plant = setup.plants[0] if len(setup.plants) == 1 else None
    expected = frozenset(next(choice for choice in (feed.cross_reference, setup.config.cross_reference, setup.pack.cross_reference) if choice is not None))
    return Surroundings(services.store.xref(setup.name), expected, landscape.zones, plant)


def _pull(services: Services, setup: SourceSetup, plan: Plan, reach: Reach, held: Mapping[str, Any], pull_id: str, sweep: bool) -> Pull:
    def keep(page: Page) -> str:
        return services.store.lake.keep(setup.name, plan.name, pull_id, page)

    since = from_text(held.get("place"))
    return Pull(plan, reach, surroundings(services, setup, plan.feed), keep, since, held.get("files") or {}, full=sweep)


def _run(services: Services, plan: Plan, pull: Pull, held: Mapping[str, Any], report: Report, *, sweep: bool, accept_empty: bool) -> None:
    landed, store = report.landed, services.store
    for batch in pull.batches():
        landed.records += batch.received
        landed.pages += batch.pages
        landed.left_out += batch.left_out
        if plan.feed.snapshot and batch.mapped:
            _refuse_empty(plan, batch.received, held, accept_empty=accept_empty)
        store.land(plan.source, plan.name, report.pull_id, batch.mapped, batch.rejects, services.clock.now(), landed)
    if plan.feed.snapshot and pull.balance_at and not pull.is_unchanged:
        store.accept_snapshot(plan.source, plan.name, report.pull_id, pull.balance_at, landed.news, services.clock.now())
    if sweep or plan.is_whole:
        store.sweep(plan.source, plan.name, report.pull_id, [target.table for target in plan.targets], services.clock.now(), landed)
    if landed.brought_anything or (plan.feed.snapshot and not pull.is_unchanged):
        store.lake.finish_pull(plan.source, plan.name, report.pull_id, {"sweep": sweep or plan.is_whole, "snapshot": plan.feed.snapshot is not None})
    else:
        store.lake.drop_pull(plan.source, plan.name, report.pull_id)


def _refuse_empty(plan: Plan, received: int, held: Mapping[str, Any], *, accept_empty: bool) -> None:
    """Empty after non-empty is more often an error than the truth: it takes a second pull, or a person."""
    if received or accept_empty or not held.get("snapshot_rows") or plan.feed.snapshot is None:
        return
    policy = plan.feed.snapshot.empty
    if policy == "refuse" or (policy == "twice" and not held.get("empty_pulls")):
        again = "; the next equal answer is taken" if policy == "twice" else ""
        raise SnapshotRefusedError(plan.source, f"{plan.name}: empty, the last snapshot had {held['snapshot_rows']:,} rows{again}; to accept it now: tieout collect --accept-empty {plan.label}", was_empty=True)


def _sweep_due(plan: Plan, held: Mapping[str, Any], now: datetime) -> bool:
    """A feed with a cursor is read whole now and then: deletions and silent edits are invisible to it."""
    if plan.feed.sweep is None or plan.feed.snapshot:
        return False
    swept = held.get("swept_at")
    return swept is None or now - swept >= plan.feed.sweep


def _record(services: Services, plan: Plan, pull: Pull | None, held: dict[str, Any], report: Report, started: datetime, *, calls: int, sweep: bool, failure: Exception | None) -> None:
    now = services.clock.now()
    state = _state_after(services, plan, pull, held, report, started, now, sweep=sweep, failure=failure)
    landed, clock = report.landed, pull.clock if pull else None
    run = {
        "pull_id": report.pull_id,
        "source": plan.source,
        "feed": plan.name,
        "started_at": started,
        "ended_at": now,
        "outcome": report.outcome,
        "is_sweep": sweep,
        "pages": landed.pages,
        "records": landed.records,
        "news": landed.news,
        "repeats": landed.repeats,
        "rejects": landed.rejects,
        "left_out": landed.left_out,
        "deleted": landed.deleted,
        "unresolved": landed.unresolved,
        "requests": calls,
        "throttled": 0,
        "place_from": held.get("place"),
        "place_to": state["place"],
        "safe_until": state["safe_until"],
        "clock_skew_seconds": (clock - started).total_seconds() if clock else None,
        "unknown_fields": ", ".join(sorted(pull.unknown)) or None if pull else None,
        "error": report.error,
    }
    services.store.finish(state, run)


def _state_after(services: Services, plan: Plan, pull: Pull | None, held: dict[str, Any], report: Report, started: datetime, now: datetime, *, sweep: bool, failure: Exception | None) -> dict[str, Any]:
    every = plan.feed.every or services.landscape.sources[plan.source].config.every
    state = {"place": None, "files": {}, "safe_until": None, "empty_pulls": 0, "failures": 0, **held}
    state |= {"source": plan.source, "feed": plan.name, "outcome": report.outcome, "error": report.error, "last_pull_at": now, "every_seconds": int(every.total_seconds())}
    if plan.feed.cursor and plan.feed.cursor.start and isinstance(plan.feed.cursor.start, datetime):
        state["covers_from"] = plan.feed.cursor.start
    if failure is not None or pull is None:
        failures = int(state["failures"]) + 1
        state |= {"failures": failures, "failing_since": held.get("failing_since") or now, "next_try_at": _next_try(services, failure, failures, now)}
        if isinstance(failure, SnapshotRefusedError) and failure.was_empty:
            state["empty_pulls"] = int(state["empty_pulls"]) + 1
        return state
    lag = plan.feed.lag or (plan.feed.cursor.overlap if plan.feed.cursor and plan.feed.cursor.format != "number" else timedelta(0))
    state |= {
        "place": to_text(pull.place),
        "files": pull.found,
        "safe_until": (pull.clock or started) - lag,
        "failures": 0,
        "failing_since": None,
        "next_try_at": None,
        "last_ok_at": now,
        "empty_pulls": 0,
    }
    if report.landed.brought_anything:
        state["last_news_at"] = now
    if sweep:
        state["swept_at"] = now
    if plan.feed.snapshot and not pull.is_unchanged:
        state |= {"snapshot_id": report.pull_id, "snapshot_at": pull.balance_at, "snapshot_rows": report.landed.news}
    return state


def _next_try(services: Services, failure: Exception | None, failures: int, now: datetime) -> datetime:
    """Work that keeps failing is pushed into the future."""
    if isinstance(failure, ThrottledError):
        return failure.until
    if isinstance(failure, SourceDeniedError | SecretError):
        return now + DENIED_WAIT * min(failures, 6)
    wait = min(FIRST_WAIT * 2 ** min(failures - 1, 10), LONGEST_WAIT)
    return now + wait * services.chance.uniform(0.8, 1.0)
