"""The sentence a page opens with: what, where, since when, worth how much."""

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from app.dashboard.format import day, listed, money, plural
from app.dashboard.parts import Child
from app.dashboard.tile import ALL, Tile
from app.dashboard.view import View, at_risk, count


def sentence(view: View, tiles: Sequence[Tile]) -> Component:
    """What an operations leader has to know of these plants."""
    by: dict[str, list[str]] = {}
    for tile in tiles:
        if tile.plant != ALL:
            by.setdefault(tile.tone, []).append(tile.plant)
    parts: list[Child] = []
    for plant in by.get("out", []):
        parts += _out(view, plant)
    if watched := by.get("watch"):
        parts.append(f"{_names(view, watched)} {_verb(watched, 'needs', 'need')} watching. ")
    if stale := by.get("stale"):
        parts.append(f"{_names(view, stale)} cannot be judged: {_why(view, stale)}. ")
    if calm := by.get("ok"):
        parts.append(f"{_names(view, calm)} {_verb(calm, 'is', 'are')} within tolerance. ")
    if idle := by.get("idle"):
        parts.append(f"{_names(view, idle)} had nothing to judge in this range. ")
    if lonely := by.get("none"):
        verb = _verb(lonely, "is", "are")
        parts.append(f"{_names(view, lonely)} {verb} not compared: sources are missing. ")
    return html.P(parts, className="lead")


def _out(view: View, plant: str) -> list[Child]:
    rows = view.tallied(plant=plant)
    name = view.name(plant)
    if not rows:
        return [f"{name} is out of sync. "]
    since = min((row["due_at"] for row in rows if row["due_at"]), default=None)
    worth = [money(value, currency) for currency, value in sorted(at_risk(rows).items())]
    zone = view.landscape.zones.get(plant, "UTC")
    told: list[Child] = [f"{name} is out of sync"]
    told.append(f" since {day(since, zone)}: " if since else ": ")
    told += [html.Strong(plural(count(rows), "exception")), " open"]
    told += [", ", html.Strong(listed(worth)), " at risk. "] if worth else [". "]
    return told


def _why(view: View, plants: Sequence[str]) -> str:
    if view.is_old:
        return "nothing was judged lately"
    reasons = sorted({why for plant in plants for why in view.trust.blind(plant).values()})
    return reasons[0] + (f" and {len(reasons) - 1} more" if len(reasons) > 1 else "")


def _names(view: View, plants: Sequence[str]) -> str:
    return listed([view.name(plant) for plant in plants])


def _verb(plants: Sequence[str], one: str, many: str) -> str:
    return one if len(plants) == 1 else many
