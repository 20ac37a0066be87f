"""/ - are plants and systems telling the same story now? For operations leaders, in ten seconds."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from dash import html
from dash.development.base_component import Component

from app.dashboard import agreement, figures, freshness, headline
from app.dashboard.format import duration, money, number, plural
from app.dashboard.parts import card, link, mark, notice
from app.dashboard.status import SEVERITIES, of_plant, tones
from app.dashboard.tile import Tile, table, tile, tone_of
from app.dashboard.view import View
from app.signals import WINDOWS
from app.store.reading import Wanted
from rules.model import LEVELS

ALL = "*"
MANY = 5  # more plants than this become a table
OFFENDERS = 5
STEPS: Mapping[str, timedelta] = {
    "24h": timedelta(hours=1),
    "7d": timedelta(hours=6),
    "30d": timedelta(days=1),
}


def page(view: View) -> list[Component]:
    """Headline, tiles, flow agreement, worst offenders, freshness, checks. Three queries."""
    window = view.address.window
    signals = view.reader.signals(window)
    since = view.now - 2 * WINDOWS[window]
    hours = view.reader.plant_hours(since)
    offenders = view.reader.offenders(
        Wanted(
            states=("open", "acknowledged", "regressed"),
            plants=view.address.plants,
            limit=OFFENDERS,
        )
    )
    tiles = _tiles(view, signals, hours)
    return [
        html.Div(
            [html.H1("Plant synchronization"), headline.sentence(view, tiles)], className="top"
        ),
        *[notice("stale", text) for text in view.address.notices],
        *_too_old(view),
        table(view, tiles) if len(tiles) > MANY + 1 else _grid(view, tiles),
        html.Div(
            [agreement.panel(view, signals), _offenders(view, offenders)], className="seven-five"
        ),
        html.Div([_over_time(view, tiles), freshness.panel(view)], className="seven-five"),
        freshness.checks_panel(view),
    ]


def _over_time(view: View, tiles: Sequence[Tile]) -> Component:
    """How agreement went, a line per compared plant."""
    start, step = view.now - WINDOWS[view.address.window], STEPS[view.address.window]
    lines = {
        view.name(tile.plant): [(start + step * at, value) for at, value in enumerate(tile.scores)]
        for tile in tiles
        if tile.plant != ALL and view.trust.flows(tile.plant)
    }
    shown: Component = html.P("Nothing was judged in this range.", className="empty")
    if any(value is not None for series in lines.values() for _, value in series):
        shown = figures.chart(
            figures.agreement_over_time(lines, view.zone),
            figures.told(lines),
            figures.as_table(lines, view.zone),
            f"{view.address.prefix}assets/plotly-cartesian.min.js",
        )
    return card("Agreement over time", "% of judged facts, by time of the event", shown)


def _grid(view: View, tiles: Sequence[Tile]) -> Component:
    return html.Div([tile(view, each) for each in tiles], className="tiles")


def _too_old(view: View) -> list[Component]:
    if view.as_of is None:
        return [
            notice(
                "stale",
                "Nothing was judged yet.",
                "Start the worker with: tieout work. Figures appear after its first run.",
            )
        ]
    if not view.is_old:
        return []
    age = duration(view.now - view.as_of)
    return [
        notice(
            "stale",
            f"Nothing was judged for {age}.",
            "These are the last known values. Is the worker running? Start it with: tieout work",
        )
    ]


def _tiles(
    view: View, rows: Sequence[Mapping[str, Any]], hours: Sequence[Mapping[str, Any]]
) -> list[Tile]:
    """One per plant in the order of the landscape, after one for all of them."""
    objective = _objective(view)
    limits = view.landscape.company.thresholds
    places = ([ALL] if len(view.plants) == len(view.landscape.company.plants) > 1 else []) + [
        *view.plants
    ]
    judged_at = {row["plant"] for row in rows if row["name"] == "agreement" and row["value"]}
    judged_at &= set(view.plants)
    found = []
    for place in places:
        mine = [row for row in rows if row["plant"] == place and row["flow"] == ALL]
        signals = of_plant(mine, objective)
        judged = tones(signals, limits)
        found.append(
            Tile(
                plant=place,
                signals=signals,
                tones=judged,
                tone=tone_of(view, place, judged),
                before=_before(view, place, hours),
                scores=_series(view, place, hours, "agreed", "judged"),
                successes=_series(view, place, hours, "effective", "due"),
                covered=len(judged_at) if place == ALL else 1,
            )
        )
    return found


def _objective(view: View) -> float | None:
    """Seconds a posting may take: the longest due time among the rules that measure lag."""
    dues = [
        loaded.spec.due
        for loaded in view.landscape.rules.values()
        if loaded.rule.reconciler == "match"
    ]
    return max((due.total_seconds() for due in dues if isinstance(due, timedelta)), default=None)


def _of(hours: Sequence[Mapping[str, Any]], place: str) -> list[Mapping[str, Any]]:
    return [row for row in hours if place in (ALL, row["plant"])]


def _before(view: View, place: str, hours: Sequence[Mapping[str, Any]]) -> float | None:
    """The score of the window before this one; None where the hours do not reach so far back."""
    length = WINDOWS[view.address.window]
    if length == max(WINDOWS.values()):
        return None
    end = view.now - length
    rows = [row for row in _of(hours, place) if end - length <= row["hour_at"] < end]
    judged = sum(row["judged"] for row in rows)
    return 100 * sum(row["agreed"] for row in rows) / judged if judged else None


def _series(
    view: View, place: str, hours: Sequence[Mapping[str, Any]], part: str, whole: str
) -> list[float | None]:
    """A percentage per step of the window, oldest first; None where nothing happened."""
    length, step = WINDOWS[view.address.window], STEPS[view.address.window]
    sums = [[0, 0] for _ in range(int(length / step))]
    for row in _of(hours, place):
        at = _step(row["hour_at"], view.now - length, step)
        if 0 <= at < len(sums):
            sums[at][0] += row[part]
            sums[at][1] += row[whole]
    return [100 * share / total if total else None for share, total in sums]


def _step(at: datetime, start: datetime, step: timedelta) -> int:
    return (at - start) // step


def _offenders(view: View, rows: Sequence[Mapping[str, Any]]) -> Component:
    # without a chosen plant also what belongs to none, like messages that wait
    plants = view.address.plants or (None,)
    everything = sum(row["count"] for plant in plants for row in view.tallied(plant=plant))
    way = link(f"All {plural(everything, 'exception')}", view.address.to("/exceptions"))
    if not rows:
        return card("Worst offenders", "by value at risk", _none_open(view), link=way)
    top = max((row["value"] or 0 for row in rows), default=0)
    entries = [_offender(view, row, top) for row in rows]
    return card("Worst offenders", "by value at risk", html.Ul(entries, className="list"), link=way)


def _none_open(view: View) -> Component:
    """No exception: good news only where everything could be judged."""
    blind = [why for plant in view.plants for why in view.trust.blind(plant).values()]
    if blind or view.is_old or view.as_of is None:
        told = f"Not everything could be judged: {blind[0]}." if blind else "Nothing judged lately."
        parts = [html.P([mark("stale"), "None known"], className="toned stale"), html.P(told)]
    else:
        parts = [
            html.P([mark("ok"), "Nothing needs you"], className="toned ok"),
            html.P("No exception is open for these plants."),
        ]
    return html.Div(parts, className="empty")


def _offender(view: View, row: Mapping[str, Any], top: float) -> Component:
    severity = LEVELS[row["severity_rank"]]
    _, tone = SEVERITIES[severity]
    share = 100 * (row["value"] or 0) / top if top else 0
    age = duration(view.now - row["due_at"]) if row["due_at"] else "age unknown"
    href = view.address.to(
        "/exceptions",
        plants=(row["plant"],) if row["plant"] in view.landscape.company.plants else (),
        rules=(row["rule"],),
        codes=(row["code"],),
    )
    value = money(row["value"], row["currency"]) if row["currency"] else "n/a"
    meter = html.Span(html.Span(style={"width": f"{share:.0f}%"}), className=f"meter {tone}")
    return html.Li(
        [
            html.Span(mark(tone), title=severity, className="lead-mark"),
            html.Span(severity, className="unseen"),
            html.Div(
                [
                    link(row["title"], href, className="title"),
                    html.Small(
                        f"{view.name(row['plant'])} · {number(row['count'])} open · oldest {age}"
                    ),
                ]
            ),
            html.Div([html.Strong(value), meter], className="worth"),
        ]
    )
