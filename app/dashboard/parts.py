"""The small parts every page is made of. Pure: values in, components out; text stays text."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from dash import html
from dash.development.base_component import Component

from app.dashboard.format import instant

Child = Component | str | None


def aria(**given: str) -> dict[str, Any]:
    """Attributes for those who do not see: `aria(label="Close")`."""
    return {f"aria-{name}": value for name, value in given.items()}


def data(**given: str) -> dict[str, Any]:
    """Attributes for our script: `data(key="/")`."""
    return {f"data-{name}": value for name, value in given.items()}


def icon(name: str) -> html.Span:
    """A decorative icon; it takes the colour of the text around it."""
    return html.Span(className=f"icon icon-{name}", **aria(hidden="true"))


def mark(tone: str) -> html.Span:
    """The shape of a status; the word beside it says the same."""
    return html.Span(className=f"mark {tone}", **aria(hidden="true"))


def badge(tone: str, word: str) -> html.Span:
    """Shape, word and colour on a tinted ground."""
    return html.Span([mark(tone), word], className=f"badge {tone}")


def toned(tone: str, word: str) -> html.Span:
    """Shape, word and colour without a ground."""
    return html.Span([mark(tone), word], className=f"toned {tone}")


def card(title: str, note: str, *body: Child, link: Child = None, **given: Any) -> html.Section:
    """A titled panel."""
    name = f"card-{title.lower().replace(' ', '-')}"
    head = html.Div(
        [html.H2([title, html.Small(note)] if note else title, id=name), link], className="head"
    )
    extra = given.pop("className", "")
    return html.Section(
        [head, *body], className=f"card {extra}".strip(), **aria(labelledby=name), **given
    )


def link(text: Child | Sequence[Child], href: str, **given: Any) -> html.A:
    """A link inside the dashboard; followed without loading the page anew."""
    return html.A(text, href=href, **data(app=""), **given)


def menu(label: Sequence[Child], name: str, entries: Sequence[html.A]) -> html.Details:
    """A button that opens a list of links."""
    return html.Details(
        [
            html.Summary([*label, icon("down")], className="control", **aria(label=name)),
            html.Ul([html.Li(entry) for entry in entries], className="menu"),
        ],
        className="dropdown",
    )


def choice(text: str, href: str, *, is_chosen: bool) -> html.A:
    """One entry of a menu."""
    current = aria(current="true") if is_chosen else {}
    return link([icon("check" if is_chosen else "blank"), text], href, **current)


def moment(at: datetime | None, zone: str, text: str | None = None) -> html.Time:
    """An instant; the absolute time is always reachable behind a relative one."""
    whole = instant(at, zone)
    stamp = at.isoformat().replace("+00:00", "Z") if at else None
    return html.Time(text or whole, dateTime=stamp, title=whole)


def scroll(body: Child, name: str, extra: str = "") -> html.Div:
    """What may be wider than its card: it scrolls inside it, by keys too."""
    return html.Div(
        body, className=f"scroll {extra}".strip(), tabIndex="0", role="region", **aria(label=name)
    )


def notice(tone: str, title: str, *text: Child) -> html.Div:
    """A tinted box that says what is the matter."""
    body = html.Div([html.Strong(title), *[html.Span(part) for part in text if part]])
    return html.Div([icon({"out": "alert"}.get(tone, "cloud-off")), body], className=f"box {tone}")


def spark(values: Sequence[float | None], tone: str = "none", *, large: bool = False) -> html.Span:
    """A decorative line of values; one colour, taken from the style sheet."""
    known = [value for value in values if value is not None]
    size = "spark large" if large else "spark"
    if len(known) < 2:
        return html.Span(className=f"{size} blank")
    width, height = (96, 40) if large else (48, 20)
    image = f'url("data:image/svg+xml,{quote(_drawing(values, width, height), safe="")}")'
    return html.Span(
        className=f"{size} {tone}",
        style={"maskImage": image, "WebkitMaskImage": image},
        **aria(hidden="true"),
    )


def _drawing(values: Sequence[float | None], width: int, height: int) -> str:
    """Lines, pale areas and the end point as SVG; where nothing was measured there is a gap."""
    known = [value for value in values if value is not None]
    low, high = min(known), max(known)
    across, tall = (width - 8) / max(len(values) - 1, 1), height - 8
    runs: list[list[tuple[float, float]]] = [[]]
    for at, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            share = (value - low) / (high - low) if high > low else 0.7
            runs[-1].append((4 + across * at, 4 + tall * (1 - share)))
    runs = [run for run in runs if run]
    x, y = runs[-1][-1]
    lines = "".join(_run(run, height - 1) for run in runs)
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}'>"
        f"{lines}<circle cx='{x:.1f}' cy='{y:.1f}' r='2.2'/></svg>"
    )


def _run(run: Sequence[tuple[float, float]], floor: int) -> str:
    if len(run) == 1:
        return f"<circle cx='{run[0][0]:.1f}' cy='{run[0][1]:.1f}' r='1.2'/>"
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in run)
    area = f"{run[0][0]:.1f},{floor} {line} {run[-1][0]:.1f},{floor}"
    return (
        f"<polygon points='{area}' opacity='.14'/>"
        f"<polyline points='{line}' fill='none' stroke='#000' stroke-width='1.5'/>"
    )
