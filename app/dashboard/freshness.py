"""How old what each source told is, against its promised pace; and what every check made of it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from dash import html
from dash.development.base_component import Component

from app.dashboard.format import duration, number
from app.dashboard.parts import card, mark, scroll, toned
from app.dashboard.trust import Freshness
from app.dashboard.view import OWN, View
from app.landscape.load import SourceSetup

COLUMNS = 4  # more plants than this share one column
ACCOUNT = ("in_scope", "matched", "not_due", "excepted", "excluded", "unknown")
OUTCOMES = {
    "tied_out": ("ok", "Tied out"),
    "drifted": ("watch", "Drifted"),
    "not_evaluated": ("stale", "Not evaluated"),
    "failed": ("stale", "Failed"),
    "not_applicable": ("none", "Not applicable"),
}


def panel(view: View) -> Component:
    """Sources by plant: age of the last good pull. A stale one is marked, never green or red."""
    plants = view.plants if len(view.plants) <= COLUMNS else []
    head = html.Tr(
        [
            html.Th("Source", scope="col"),
            *[html.Th(view.name(plant), scope="col", className="right") for plant in plants],
            *([] if plants else [html.Th("Age", scope="col", className="right")]),
        ]
    )
    by: dict[str, list[Freshness]] = {}
    for feed in view.trust.feeds:
        by.setdefault(feed.source, []).append(feed)
    shown = {
        source: feeds
        for source, feeds in by.items()
        if set(view.landscape.sources[source].plants) & set(view.plants)
    }
    lines = _lines(view, shown) if plants else [[source] for source in shown]
    rows = [_line(view, {name: shown[name] for name in line}, plants) for line in lines]
    table = html.Table([html.Thead(head), html.Tbody(rows)], className="table")
    return card(
        "Source freshness",
        "age of the last good pull",
        scroll(table, "Sources"),
        id="freshness",
    )


def _lines(view: View, sources: Iterable[str]) -> list[list[str]]:
    """Sources that share a line: the same kind of system, each of other plants."""
    lines: list[list[str]] = []
    for source in sources:
        setup = view.landscape.sources[source]
        for line in lines:
            others = [view.landscape.sources[name] for name in line]
            if all(_is_like(setup, other) for other in others):
                line.append(source)
                break
        else:
            lines.append([source])
    return lines


def _is_like(one: SourceSetup, other: SourceSetup) -> bool:
    is_same = (one.pack.role, one.pack.system) == (other.pack.role, other.pack.system)
    return is_same and not set(one.plants) & set(other.plants)


def _line(view: View, line: Mapping[str, Sequence[Freshness]], plants: Sequence[str]) -> Component:
    """The sources of one line: the age of each under its plants."""
    setups = {source: view.landscape.sources[source] for source in line}
    source_of = {plant: source for source, setup in setups.items() for plant in setup.plants}
    ages = {source: _age(view.now, feeds) for source, feeds in line.items()}
    cells = [
        html.Td(
            ages[source_of[plant]] if plant in source_of else html.Span("n/a", className="na"),
            className="right",
        )
        for plant in plants
    ]
    first = next(iter(line))
    paces = sorted({min(feed.every for feed in feeds) for feeds in line.values()})
    pace = " to ".join(duration(pace) for pace in (paces[0], paces[-1])[: len(paces)])
    role = view.role(first)
    name = role if len(line) > 1 or first in (role.lower(), OWN) else f"{role} {first}"
    told = f"{setups[first].pack.system} · every {pace}"
    return html.Tr(
        [
            html.Th(
                [name, html.Small(told, className="under")], scope="row", title=", ".join(line)
            ),
            *(cells or [html.Td(ages[first], className="right")]),
        ]
    )


def _age(now: datetime, feeds: Sequence[Freshness]) -> Component:
    """The age of the oldest feed of a source; which one, and why, on hover."""
    never = [feed for feed in feeds if feed.since is None]
    stale = [feed for feed in feeds if feed.is_stale]
    told = "; ".join(
        f"{feed.feed}: {duration(now - feed.since) if feed.since else 'never collected'}"
        + (f", {feed.error.splitlines()[0][:120]}" if feed.error and feed.is_stale else "")
        for feed in stale or feeds
    )
    if never:
        return html.Span([mark("stale"), "no data"], className="value stale", title=told)
    oldest = max(now - feed.since for feed in feeds if feed.since)
    if not stale:
        return html.Span(duration(oldest), title=told)
    unseen = html.Span("stale, ", className="unseen")
    return html.Span([mark("stale"), unseen, duration(oldest)], className="value stale", title=told)


def checks_panel(view: View) -> Component:
    """The last run of every rule and its conservation line: every fact is accounted for."""
    head = html.Tr(
        [
            html.Th("Check", scope="col"),
            html.Th("Outcome", scope="col"),
            *[
                html.Th(name.replace("_", " ").capitalize(), scope="col", className="right")
                for name in ACCOUNT
            ],
        ]
    )
    runs = [run for run in view.runs if run["outcome"] != "not_applicable"]
    if not runs:
        return card("Checks", "", html.P("No check has run yet.", className="empty"))
    table = html.Table(
        [html.Thead(head), html.Tbody([_check(run) for run in runs])], className="table wide"
    )
    return card(
        "Checks",
        "facts in scope = matched + not due + excepted + excluded + unknown",
        scroll(table, "Checks and their accounts"),
    )


def _check(run: Mapping[str, Any]) -> Component:
    tone, word = OUTCOMES.get(run["outcome"], ("stale", run["outcome"]))
    sums = {
        name: sum(int(account.get(name, 0)) for account in run["accounts"].values())
        for name in ACCOUNT
    }
    if run["outcome"] == "tied_out" and not sums["in_scope"]:
        tone, word = "none", "Nothing in scope"
    counts = [
        html.Td(number(sums[name]) if run["accounts"] else "no data", className="right")
        for name in ACCOUNT
    ]
    return html.Tr(
        [
            html.Th(run["rule"], scope="row"),
            html.Td(toned(tone, word), title=(run["reason"] or "")[:400]),
            *counts,
        ]
    )
