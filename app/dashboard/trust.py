"""What can be trusted right now: which feeds are fresh, which checks stand on one that is not."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from app.jobs.reconcile import MISSED
from app.landscape.load import Landscape

SLACK = timedelta(minutes=5)  # what a pull may take before its feed counts as late
BLIND = ("not_evaluated", "failed")

Feed = tuple[str, str]  # source, feed
Cell = tuple[str, str]  # plant, flow


@dataclass(frozen=True)
class Check:
    """One rule at the plants where both its sides have a source, and the feeds it stands on."""

    rule: str
    flow: str
    plants: tuple[str, ...]
    feeds: frozenset[Feed]


@dataclass(frozen=True)
class Freshness:
    """How old what a feed told is. `since` is None where it never told anything."""

    source: str
    feed: str
    every: timedelta
    since: datetime | None
    is_stale: bool
    error: str | None


@dataclass(frozen=True)
class Trust:
    """What is known of feeds and checks at one moment."""

    feeds: tuple[Freshness, ...] = ()
    checked: frozenset[Cell] = frozenset()
    unknown: Mapping[Cell, str] = field(default_factory=dict)

    @property
    def stale(self) -> tuple[Freshness, ...]:
        """The feeds that are not fresh."""
        return tuple(feed for feed in self.feeds if feed.is_stale)

    @property
    def stale_sources(self) -> tuple[str, ...]:
        """The sources of those feeds."""
        return tuple(sorted({feed.source for feed in self.stale}))

    def flows(self, plant: str) -> list[str]:
        """The flows compared at a plant."""
        return sorted(flow for place, flow in self.checked if place == plant)

    def blind(self, plant: str) -> dict[str, str]:
        """The flows of a plant that cannot be judged, each with the reason."""
        return {flow: why for (place, flow), why in self.unknown.items() if place == plant}


def checks(landscape: Landscape) -> tuple[Check, ...]:
    """Every rule that can run here. Does not change while a landscape is loaded."""
    found = []
    for name, loaded in landscape.rules.items():
        pairing = landscape.pairing(loaded)
        if pairing is None:
            continue
        feeds = {
            (source, plan.name)
            for side, use in loaded.uses.items()
            if use.counted or use.is_needed
            for source in pairing.sources[side]
            for plan in landscape.sources[source].plans
            if use.side.table in [target.table for target in plan.targets]
        }
        found.append(Check(name, loaded.rule.flow, pairing.plants, frozenset(feeds)))
    return tuple(found)


def judge(
    of: Iterable[Check],
    states: Sequence[Mapping[str, Any]],
    runs: Sequence[Mapping[str, Any]],
    every: Mapping[Feed, timedelta],
    now: datetime,
) -> Trust:
    """What can be trusted at `now`. A feed that was never pulled is stale, not absent."""
    held = {(row["source"], row["feed"]): row for row in states}
    feeds = {name: _freshness(name, held.get(name), every[name], now) for name in sorted(every)}
    last = {row["rule"]: row for row in runs}
    checked: set[Cell] = set()
    unknown: dict[Cell, str] = {}
    for check in of:
        why = _why_blind(check, feeds, last.get(check.rule))
        for plant in check.plants:
            checked.add((plant, check.flow))
            if why:
                unknown.setdefault((plant, check.flow), why)
    return Trust(tuple(feeds.values()), frozenset(checked), unknown)


def _freshness(
    name: Feed, row: Mapping[str, Any] | None, every: timedelta, now: datetime
) -> Freshness:
    if row is None:
        return Freshness(*name, every, None, is_stale=True, error="never collected")
    pace = timedelta(seconds=row["every_seconds"]) if row["every_seconds"] else every
    since = row["last_ok_at"]
    is_stale = since is None or now - since > MISSED * pace + SLACK
    return Freshness(*name, pace, since, is_stale, row["error"])


def _why_blind(
    check: Check, feeds: Mapping[Feed, Freshness], run: Mapping[str, Any] | None
) -> str | None:
    stale = sorted(
        f"{source}/{feed}"
        for source, feed in check.feeds
        if (source, feed) in feeds and feeds[source, feed].is_stale
    )
    if stale:
        return f"{', '.join(stale)} is stale"
    if run is None:
        return f"{check.rule} has not run yet"
    if run["outcome"] in BLIND:
        return f"{check.rule} was not evaluated: {_first_line(run['reason'])}"
    return None


def _first_line(text: str | None) -> str:
    lines = (text or "").strip().splitlines()
    return lines[0][:160] if lines else "no reason given"
