"""Collect: pull feeds, land what is news, move cursors.

Steps of one feed: ask from the held place with overlap, keep each raw page, land each batch, sweep
where the pull was a complete listing, then record the run and move the cursor. A failing feed
leaves its cursor where it was.
"""

import hashlib
import json
import logging
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import chain
from typing import Any

from app.landscape.load import SourceSetup
from app.landscape.sources import OWN_SOURCE
from app.services import Services
from app.settings import SecretError
from app.store.landing import Landed
from app.store.lease import LeaseLostError
from collectors.ask import Place, from_text, to_text
from collectors.canonical import Surroundings
from collectors.errors import CollectError, SnapshotRefusedError, SourceDeniedError, ThrottledError
from collectors.feed import Plan, Pull, Reach
from collectors.pack import Feed
from collectors.page import Page, Reject
from collectors.transports.files import SPOKEN

log = logging.getLogger(__name__)
EMPTY_FILES = "?empty"  # beside the files read: the mark of files refused as an empty snapshot
MANY = 20  # records that may go from a list at once without a second look
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=30)
AT_ONCE = 4  # sources pulled side by side
DENIED_WAIT = timedelta(minutes=10)


@dataclass
class Report:
    """How one pull went. `outcome` is ok, or the kind of failure; `error` says it in words.

    A pull is `halted` where we broke it off ourselves: nothing of it is recorded.
    """

    source: str
    feed: str
    outcome: str
    landed: Landed = field(default_factory=Landed)
    error: str | None = None
    pull_id: str = ""


@dataclass
class _Attempt:
    """One pull of one feed while it runs. `held` is the feed's state before it, `sweep`: whole."""

    services: Services
    setup: SourceSetup
    plan: Plan
    held: Mapping[str, Any]
    sweep: bool
    started: datetime
    report: Report
    pull: Pull | None = None
    reach: Reach | None = None
    asked_before: tuple[int, int] = (0, 0)
    asked: set[str] = field(default_factory=set)
    refused: list[Reject] = field(default_factory=list)

    @property
    def place(self) -> tuple[str, str, str]:
        """Source, feed and pull: what is landed is landed under these."""
        return self.plan.source, self.plan.name, self.report.pull_id


def collect(
    services: Services,
    wanted: Mapping[str, set[str] | None] | None = None,
    *,
    full: bool = False,
    accept_empty: bool = False,
) -> Iterator[Report]:
    """Pull sources side by side, each feed of one in the order of its pack.

    `wanted` maps source to feeds, None for all. What the landscape says itself comes first: the
    others are completed from it.
    """

    def pulled(setup: SourceSetup) -> list[Report]:
        feeds = (wanted or {}).get(setup.name)
        return list(collect_source(services, setup, feeds, full=full, accept_empty=accept_empty))

    chosen = {
        name: setup
        for name, setup in services.landscape.sources.items()
        if wanted is None or name in wanted
    }
    if OWN_SOURCE in chosen:
        yield from pulled(chosen.pop(OWN_SOURCE))
    pool = ThreadPoolExecutor(AT_ONCE)
    try:
        yield from chain.from_iterable(pool.map(pulled, chosen.values()))
    except (KeyboardInterrupt, LeaseLostError):
        services.halt()  # the others end with the batch they are at
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def collect_source(
    services: Services,
    setup: SourceSetup,
    feeds: set[str] | None = None,
    *,
    full: bool = False,
    accept_empty: bool = False,
) -> Iterator[Report]:
    """Pull the feeds of one source."""
    for plan in setup.plans:
        if feeds is None or plan.name in feeds:
            yield collect_feed(services, setup, plan, full=full, accept_empty=accept_empty)


def collect_feed(
    services: Services,
    setup: SourceSetup,
    plan: Plan,
    *,
    full: bool = False,
    accept_empty: bool = False,
) -> Report:
    """Pull one feed and record how it went. Never raises for what a source does."""
    started = services.clock.now()
    pull_id = f"{started:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"
    held = dict(services.store.feed_state(setup.name, plan.name) or {})
    sweep = full or _sweep_due(plan, held, started)
    report = Report(setup.name, plan.name, "ok", pull_id=pull_id)
    attempt = _Attempt(services, setup, plan, held, sweep, started, report)
    told: dict[str, Any] = {"feed": plan.label}
    try:
        attempt.reach = services.reach(setup)
        attempt.asked_before = _asked(attempt.reach)
        attempt.pull = _pull(attempt, attempt.reach)
        _run(attempt, attempt.pull, accept_empty=accept_empty)
    except LeaseLostError:
        raise
    except Exception as error:
        if services.halted.is_set():  # not the fault of the source, and so no failure of it
            report.outcome, report.error = "halted", f"{plan.label}: broken off"
            return report
        report.outcome, report.error = _said(attempt, error)
        log.warning("feed failed", extra=told | {"outcome": report.outcome, "error": report.error})
        log.debug("why the feed failed", exc_info=error)
        _record(attempt, failure=error)
        return report
    _record(attempt, failure=None)
    landed = report.landed
    log.info("feed collected", extra=told | {"records": landed.records, "news": landed.news})
    return report


def _said(attempt: _Attempt, error: Exception) -> tuple[str, str]:
    """Outcome and words of a failure, without any credential in them."""
    if isinstance(error, CollectError):
        outcome, words = error.outcome, str(error)
    elif isinstance(error, SecretError):
        outcome, words = "denied", f"{attempt.plan.source}: {error}"
    else:
        first = (str(error).splitlines() or [""])[0]
        outcome, words = "failed", f"{attempt.plan.source}: {type(error).__name__}: {first}"
    return outcome, attempt.reach.redacted(words) if attempt.reach else words


def _asked(reach: Reach) -> tuple[int, int]:
    """Requests made so far, and how often the source asked us to wait."""
    return (reach.client.calls, reach.client.throttled) if reach.client else (0, 0)


def is_due(services: Services, setup: SourceSetup, plan: Plan, now: datetime) -> bool:
    """Whether a feed should be pulled: its interval is over, a failing one has waited enough."""
    state = services.store.feed_state(setup.name, plan.name)
    if state is None or now < state["last_pull_at"]:  # never pulled, or the clock was set back
        return True
    if state["next_try_at"]:
        return bool(now >= state["next_try_at"])
    return bool(now - state["last_pull_at"] >= (plan.feed.every or setup.config.every))


def surroundings(services: Services, setup: SourceSetup, feed: Feed) -> Surroundings:
    """What a source's records are completed from, as of now."""
    landscape = services.landscape
    is_own = setup.name == OWN_SOURCE  # what the landscape says without a plant is of all of them
    plant = setup.plants[0] if len(setup.plants) == 1 and not is_own else None
    choices = (feed.cross_reference, setup.config.cross_reference, setup.pack.cross_reference)
    expected = frozenset(next(choice for choice in choices if choice is not None))
    return Surroundings(services.store.references.of(setup.name), expected, landscape.zones, plant)


def _pull(attempt: _Attempt, reach: Reach) -> Pull:
    services, plan, held = attempt.services, attempt.plan, attempt.held

    def keep(page: Page) -> str:
        attempt.asked.add(page.request)
        return services.store.lake.keep(*attempt.place, page)

    around = surroundings(services, attempt.setup, plan.feed)
    since = from_text(held.get("place"))
    files = {name: mark for name, mark in held.get("files", {}).items() if name != EMPTY_FILES}
    return Pull(plan, reach, around, keep, since, files, full=attempt.sweep)


def _run(attempt: _Attempt, pull: Pull, *, accept_empty: bool) -> None:
    """Land every batch; then accept the snapshot or sweep, and keep or drop the raw pages."""
    plan, place, landed = attempt.plan, attempt.place, attempt.report.landed
    store, now = attempt.services.store, attempt.services.clock.now
    for batch in pull.batches():
        if attempt.services.halted.is_set():
            raise CollectError(plan.source, "broken off")
        landed.records += batch.received
        landed.pages += batch.pages
        landed.left_out += batch.left_out
        if plan.feed.snapshot and batch.mapped:
            _refuse_empty(plan, pull, batch.received, attempt.held, accept_empty=accept_empty)
        attempt.refused += batch.rejects
        store.land(*place, batch.mapped, batch.rejects, now(), landed)
    is_snapshot = plan.feed.snapshot is not None and not pull.is_unchanged
    if is_snapshot and pull.balance_at:
        store.accept_snapshot(*place, pull.balance_at, landed.news, now())
    is_sweep = attempt.sweep or plan.is_whole
    if is_sweep:
        _withdraw_missing(attempt, pull, accept_empty=accept_empty)
    _release(attempt, everything=is_sweep)
    if landed.brought_anything or is_snapshot:
        facts = {"sweep": is_sweep, "snapshot": plan.feed.snapshot is not None}
        store.lake.finish_pull(*place, facts)
    else:
        store.lake.drop_pull(*place)


def _release(attempt: _Attempt, *, everything: bool) -> None:
    """Rejects that a complete listing, or their file read again, no longer gives are released."""
    services, plan = attempt.services, attempt.plan
    if not everything and plan.pack.transport != "files":
        return
    pages = {
        row["raw_ref"].split("#")[0] for row in services.reader.rejects(plan.source, plan.name)
    }
    gone = [
        ref for ref in pages if everything or services.store.lake.page(ref).request in attempt.asked
    ]
    if gone:
        now = services.clock.now()
        services.store.rejects.release(plan.source, plan.name, gone, attempt.refused, now)


def _refuse_empty(
    plan: Plan, pull: Pull, received: int, held: Mapping[str, Any], *, accept_empty: bool
) -> None:
    """Empty after non-empty is more often an error than the truth.

    It takes a second pull to be believed, or a person. The same empty file is no second pull.
    """
    if received or accept_empty or not held.get("snapshot_rows") or plan.feed.snapshot is None:
        return
    policy = plan.feed.snapshot.empty
    is_same_file = bool(pull.found) and _mark_of(pull.found) == held["files"].get(EMPTY_FILES)
    if policy == "refuse" or (policy == "twice" and (is_same_file or not held.get("empty_pulls"))):
        again = "another empty file" if pull.found else "the next equal answer"
        believed = f"; {again} is taken" if policy == "twice" else ""
        message = (
            f"{plan.name}: empty, the last snapshot had {held['snapshot_rows']:,} rows{believed}"
        )
        raise SnapshotRefusedError(plan.source, _or_accept(plan, message), was_empty=True)


def _mark_of(files: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(sorted(files.items())).encode()).hexdigest()


def _or_accept(plan: Plan, message: str) -> str:
    return f"{message}; to accept it now: tieout collect --accept-empty {plan.label}"


def _withdraw_missing(attempt: _Attempt, pull: Pull, *, accept_empty: bool) -> None:
    """Tombstones for what a complete listing no longer has, where the listing can be believed.

    A record that is a reject today is not gone, and nobody can tell which one it is: then nothing
    is withdrawn. A list that is empty or has lost most of its records is believed at second sight,
    one that drains at once.
    """
    plan, landed, store = attempt.plan, attempt.report.landed, attempt.services.store
    if landed.rejects:
        told = {"feed": plan.label, "rejects": landed.rejects}
        log.warning("nothing withdrawn: the list has rejects", extra=told)
        return
    tables = [target.table for target in plan.targets]
    gone = store.missing(plan.source, plan.name, tables, landed)
    count = sum(rows.num_rows for rows in gone.values())
    if count and not accept_empty and not plan.feed.drains:
        _refuse_loss(attempt, pull, count, store.current(plan.source, plan.name, tables))
    landed.deleted += store.withdraw(attempt.report.pull_id, gone, attempt.services.clock.now())


def _refuse_loss(attempt: _Attempt, pull: Pull, gone: int, held: int) -> None:
    plan, is_second = attempt.plan, bool(attempt.held.get("empty_pulls"))
    if gone > MANY and _went_back(plan.feed, from_text(attempt.held.get("place")), pull.place):
        message = (
            f"{plan.name}: {gone:,} records are gone and the newest is of {pull.place}, "
            f"though {attempt.held['place']} was read: the source was set back, perhaps restored"
        )
        raise SnapshotRefusedError(plan.source, _or_accept(plan, message))
    if is_second:
        return
    again = "; the next equal answer is taken"
    if not attempt.report.landed.records:
        are = "record is" if held == 1 else "records are"
        message = _or_accept(plan, f"{plan.name}: empty, {held:,} {are} held{again}")
        raise SnapshotRefusedError(plan.source, message, was_empty=True)
    if gone > MANY and gone * 2 > held:
        what = f"{plan.name}: {gone:,} of {held:,} records held are gone from the list{again}"
        raise SnapshotRefusedError(plan.source, _or_accept(plan, what), was_empty=True)


def _went_back(feed: Feed, before: Place | None, now: Place | None) -> bool:
    """Whether the furthest place of a whole listing is behind one read before, by the overlap."""
    if feed.cursor is None or before is None or now is None:
        return False
    if isinstance(before, datetime) and isinstance(now, datetime):
        return now < before - feed.cursor.overlap
    if isinstance(before, Decimal) and isinstance(now, Decimal):
        return now < before - feed.cursor.overlap_count
    return False


def _sweep_due(plan: Plan, held: Mapping[str, Any], now: datetime) -> bool:
    """A feed with a cursor is read whole now and then: deletions and silent edits escape it."""
    if plan.feed.sweep is None or plan.feed.snapshot:
        return False
    swept = held.get("swept_at")
    return swept is None or not swept <= now < swept + plan.feed.sweep  # a clock may be set back


def _record(attempt: _Attempt, *, failure: Exception | None) -> None:
    """Write the run, and the state of the feed after it, in one transaction."""
    plan, report, pull = attempt.plan, attempt.report, attempt.pull
    after = _asked(attempt.reach) if attempt.reach else (0, 0)
    calls, throttled = (
        now - before for now, before in zip(after, attempt.asked_before, strict=True)
    )
    now = attempt.services.clock.now()
    state = _state_after(attempt, now, failure)
    landed, clock = report.landed, pull.clock if pull else None
    run = {
        "pull_id": report.pull_id,
        "source": plan.source,
        "feed": plan.name,
        "started_at": attempt.started,
        "ended_at": now,
        "outcome": report.outcome,
        "is_sweep": attempt.sweep,
        "pages": landed.pages,
        "records": landed.records,
        "news": landed.news,
        "repeats": landed.repeats,
        "rejects": landed.rejects,
        "left_out": landed.left_out,
        "deleted": landed.deleted,
        "unresolved": landed.unresolved,
        "requests": calls,
        "throttled": throttled,
        "place_from": attempt.held.get("place"),
        "place_to": state["place"],
        "safe_until": state["safe_until"],
        "clock_skew_seconds": (clock - attempt.started).total_seconds() if clock else None,
        "unknown_fields": ", ".join(sorted(pull.unknown)) or None if pull else None,
        "error": report.error,
    }
    attempt.services.store.finish(state, run)


_NEW: dict[str, Any] = {
    "place": None,
    "files": {},
    "safe_until": None,
    "empty_pulls": 0,
    "failures": 0,
}


def _state_after(attempt: _Attempt, now: datetime, failure: Exception | None) -> dict[str, Any]:
    plan, report, pull = attempt.plan, attempt.report, attempt.pull
    every = plan.feed.every or attempt.setup.config.every
    state = {
        **_NEW,
        **attempt.held,
        "source": plan.source,
        "feed": plan.name,
        "outcome": report.outcome,
        "error": report.error,
        "last_pull_at": now,
        "every_seconds": int(every.total_seconds()),
    }
    if plan.feed.cursor and isinstance(plan.feed.cursor.start, datetime):
        state["covers_from"] = plan.feed.cursor.start
    if failure is not None or pull is None:
        return state | _after_failure(attempt, state, now, failure)
    return state | _after_success(attempt, pull, now)


def _after_failure(
    attempt: _Attempt, state: Mapping[str, Any], now: datetime, failure: Exception | None
) -> dict[str, Any]:
    failures = int(state["failures"]) + 1
    was_empty = isinstance(failure, SnapshotRefusedError) and failure.was_empty
    pull = attempt.pull
    files = dict(pull.found if pull and pull.is_through else state["files"])
    if was_empty and pull and pull.found:
        files[EMPTY_FILES] = _mark_of(pull.found)
    return {
        "files": files,
        "failures": failures,
        "failing_since": attempt.held.get("failing_since") or now,
        "next_try_at": _next_try(attempt.services, failure, failures, now),
        "empty_pulls": int(state["empty_pulls"]) + was_empty,
    }


def _after_success(attempt: _Attempt, pull: Pull, now: datetime) -> dict[str, Any]:
    feed, report = attempt.plan.feed, attempt.report
    state: dict[str, Any] = {
        "place": to_text(pull.place),
        "files": pull.found or (SPOKEN if pull.known else {}),
        "safe_until": _safe_until(attempt, pull),
        "failures": 0,
        "failing_since": None,
        "next_try_at": None,
        "last_ok_at": now,
        "empty_pulls": 0,
    }
    if report.landed.brought_anything:
        state["last_news_at"] = now
    if attempt.sweep:
        state["swept_at"] = now
    if feed.snapshot and not pull.is_unchanged:
        state["snapshot_id"] = report.pull_id
        state["snapshot_at"] = pull.balance_at
        state["snapshot_rows"] = report.landed.news
    return state


def _safe_until(attempt: _Attempt, pull: Pull) -> datetime | None:
    """Until when a feed is complete: the time at the source when it was asked, less its lag.

    Where a new file comes regularly, what happened after the newest was written is in none yet. A
    promise once given is not taken back.
    """
    feed, clock = attempt.plan.feed, pull.clock or attempt.started
    if feed.new_file_every is None:
        return clock - _lag(feed)
    before: datetime | None = attempt.held.get("safe_until")
    newest = [max(written) for written in pull.written if written]
    if len(newest) < len(pull.written):
        return before
    now = min(clock, *newest) - _lag(feed)
    return max(now, before) if before else now


def _lag(feed: Feed) -> timedelta:
    """How late a record may still come: declared, else the overlap of a cursor in time."""
    if feed.lag or feed.cursor is None or feed.cursor.format == "number":
        return feed.lag
    return feed.cursor.overlap


def _next_try(
    services: Services, failure: Exception | None, failures: int, now: datetime
) -> datetime:
    """Work that keeps failing is pushed into the future."""
    if isinstance(failure, ThrottledError):
        return failure.until
    if isinstance(failure, SourceDeniedError | SecretError):
        return now + DENIED_WAIT * min(failures, 6)
    wait = min(FIRST_WAIT * (1 << min(failures - 1, 10)), LONGEST_WAIT)
    return now + wait * services.chance.uniform(0.8, 1.0)
