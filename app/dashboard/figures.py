"""Charts as plain dictionaries. Colours are names of tokens, which the browser looks up."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dash import html
from dash.development.base_component import Component

from app.dashboard.format import NONE, instant, percent
from app.dashboard.parts import aria, data, scroll
from app.dashboard.status import band

CALM = 99.0  # from here on a line is grey
COLOURS = ("spark", "spark", "warn-fill", "crit-fill", "crit-fill")
INKS = ("ink2", "ink2", "warn", "crit", "crit")
Series = Sequence[tuple[datetime, float | None]]


def chart(figure: Mapping[str, Any], summary: str, table: Component, script: str) -> Component:
    """A chart with its summary as accessible name, and the same figures as a table."""
    return html.Div(
        [
            html.Div(
                className="chart",
                role="img",
                **aria(label=summary),
                **data(figure=json.dumps(figure), script=script),
            ),
            html.Details(
                [html.Summary("Show as table"), scroll(table, "The figures", "tall")],
                className="twin",
            ),
        ]
    )


def agreement_over_time(lines: Mapping[str, Series], zone: str) -> dict[str, Any]:
    """One line per plant, in percent; grey while calm, its name at its end instead of a legend."""
    known = {name: points for name, series in lines.items() if (points := _known(series))}
    low = min((value for points in known.values() for _, value in points), default=90.0)
    moments = [at for series in lines.values() for at, _ in series]
    is_day = max(moments) - min(moments) <= timedelta(days=2)
    return {
        "data": [_line(name, lines[name], zone) for name in known],
        "layout": {
            "height": 236,
            "margin": {"l": 46, "r": 132, "t": 10, "b": 28},
            "showlegend": False,
            "hovermode": "x",
            "dragmode": False,
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"family": "Inter, system-ui, sans-serif", "size": 11, "color": "token:ink2"},
            "hoverlabel": {
                "bgcolor": "token:surface",
                "bordercolor": "token:line2",
                "font": {"color": "token:ink"},
            },
            "xaxis": {
                "type": "date",
                "showgrid": False,
                "linecolor": "token:line",
                "fixedrange": True,
                "tickformat": "%H:%M" if is_day else "%-d %b",
                "nticks": 6,
            },
            "yaxis": {
                "range": [max(low - 4, 0) if low > 20 else 0, 101],
                "ticksuffix": " %",
                "gridcolor": "token:line",
                "zeroline": False,
                "fixedrange": True,
                "nticks": 5,
            },
            "shapes": [_calm()],
            "annotations": _names(known),
        },
    }


def _known(series: Series) -> list[tuple[datetime, float]]:
    return [(at, value) for at, value in series if value is not None]


def _local(at: datetime, zone: str) -> str:
    return at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")


def _line(name: str, series: Series, zone: str) -> dict[str, Any]:
    """A line with gaps where nothing was judged."""
    points = _known(series)
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "x": [_local(at, zone) for at, _ in series],
        "y": [None if value is None else round(value, 2) for _, value in series],
        "connectgaps": False,
        "line": {"width": 1.8, "color": f"token:{COLOURS[band(points[-1][1])]}"},
        "marker": {"size": 4},
        "hovertemplate": "%{y:.1f} %<extra>" + name.replace("<", "&lt;") + "</extra>",
    }


def _calm() -> dict[str, Any]:
    return {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": CALM,
        "y1": CALM,
        "line": {"width": 1, "dash": "dot", "color": "token:field"},
    }


def _names(known: Mapping[str, Sequence[tuple[datetime, float]]]) -> list[dict[str, Any]]:
    """Names at the line ends, pushed apart where they would touch."""
    ends = sorted(((points[-1][1], name) for name, points in known.items()), reverse=True)
    found = []
    for at, (value, name) in enumerate(ends):
        label = f"{name} {percent(value, 1)}".replace("<", "&lt;")
        found.append(
            {
                "xref": "paper",
                "x": 1.01,
                "xanchor": "left",
                "y": value,
                "yshift": -14 * at if at and ends[at - 1][0] - value < 2 else 0,
                "showarrow": False,
                "text": label,
                "font": {"color": f"token:{INKS[band(value)]}"},
            }
        )
    return found


def told(lines: Mapping[str, Series]) -> str:
    """The chart in one sentence."""
    ends = [
        f"{name} {percent(points[-1][1], 1)} percent, lowest {_lowest(points)}"
        for name, series in lines.items()
        if (points := _known(series))
    ]
    return "Agreement over time: " + ("; ".join(ends) if ends else "nothing was judged") + "."


def _lowest(points: Sequence[tuple[datetime, float]]) -> str:
    return percent(min(value for _, value in points), 1)


def as_table(lines: Mapping[str, Series], zone: str) -> Component:
    """The same figures as a table, newest first; steps in which nothing was judged are left out."""
    moments = sorted({at for series in lines.values() for at, v in series if v is not None})
    by = {name: dict(series) for name, series in lines.items()}
    head = [html.Th("From", scope="col")]
    head += [html.Th(name, scope="col", className="right") for name in lines]
    rows = []
    for at in reversed(moments):
        values = [found.get(at) for found in by.values()]
        cells = [
            html.Td(NONE if value is None else f"{percent(value, 1)} %", className="right")
            for value in values
        ]
        rows.append(html.Tr([html.Th(instant(at, zone), scope="row"), *cells]))
    return html.Table([html.Thead(html.Tr(head)), html.Tbody(rows)], className="table")
