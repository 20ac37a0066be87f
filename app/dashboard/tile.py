"""A plant at a glance: status, score, and the golden signals in an order that never changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dash import html
from dash.development.base_component import Component

from app.dashboard.format import NONE, duration, money, number, percent, plural, signed
from app.dashboard.parts import Child, aria, link, mark, scroll, spark, toned
from app.dashboard.status import WORDS, Signals, Tone, worst
from app.dashboard.view import OWN, View

ALL = "*"
# name of a signal -> label on a tile, full words
LABELS = {
    "success": ("Success", "Transaction success rate"),
    "lag": ("Lag p50/p95", "Event lag, median and 95th percentile"),
    "quantity": ("Qty var.", "Quantity variance, share of what was compared"),
    "value": ("Value var.", "Value variance, gross"),
    "retries": ("Retries", "Retry volume"),
    "oldest": ("Oldest", "Oldest open exception, since it was due"),
}
COLOURED: tuple[Tone, ...] = ("watch", "out")


@dataclass(frozen=True)
class Tile:
    """What one tile shows. `before` is the score of the window before; series are oldest first."""

    plant: str
    signals: Signals
    tones: Mapping[str, Tone]
    tone: Tone
    before: float | None
    scores: Sequence[float | None]
    successes: Sequence[float | None]
    covered: int = 1  # plants whose facts are in it


def tone_of(view: View, plant: str, judged: Mapping[str, Tone]) -> Tone:
    """What is known to be wrong stays wrong; what is not known is never green."""
    plants = view.plants if plant == ALL else [plant]
    compared = [each for each in plants if view.trust.flows(each)]
    if not compared:
        return "none"
    found = worst(judged.values())
    blind = any(view.trust.blind(each) for each in compared)
    if found == "out" and not view.is_old:
        return "out"
    if blind or view.is_old:
        return "stale"
    return "idle" if found == "none" else found


def tile(view: View, shown: Tile) -> Component:
    """The tile of a plant, or of all of them."""
    name, code = _names(view, shown.plant)
    head = html.Div(
        [
            html.H2(
                [
                    link(name, view.address.href(plants=_plants(shown.plant))),
                    html.Small(code),
                ]
            ),
            toned(shown.tone, WORDS[shown.tone]),
        ],
        className="head",
    )
    rows = [_row(shown, name) for name in LABELS]
    body: list[Component] = [head, _score(view, shown), html.Dl(rows), *_partial(view, shown)]
    if shown.tone == "none":
        body = [head, _uncompared(view, shown.plant)]
    extra = " all" if shown.plant == ALL else ""
    return html.Section(body, className=f"card tile {shown.tone}{extra}", **aria(label=name))


def table(view: View, tiles: Sequence[Tile]) -> Component:
    """The same figures as a table, for more plants than tiles can show."""
    head = html.Tr(
        [
            html.Th(text, scope="col")
            for text in ("Plant", "Status", "Score", *(label for label, _ in LABELS.values()))
        ]
    )
    return html.Section(
        scroll(
            html.Table(
                [
                    html.Caption("Golden signals by plant", className="unseen"),
                    html.Thead(head),
                    html.Tbody([_line(view, shown) for shown in tiles]),
                ],
                className="table wide",
            ),
            "Signals by plant",
        ),
        className="card",
        **aria(label="Golden signals by plant"),
    )


def _line(view: View, shown: Tile) -> Component:
    name, code = _names(view, shown.plant)
    title = link(name, view.address.href(plants=_plants(shown.plant)))
    score = NONE if shown.signals.score is None else percent(shown.signals.score, 1)
    cells = [html.Td(_value(shown, each)) for each in LABELS]
    return html.Tr(
        [
            html.Th([title, html.Small(code)], scope="row"),
            html.Td(toned(shown.tone, WORDS[shown.tone])),
            html.Td(score),
            *cells,
        ],
        className=shown.tone,
    )


def _names(view: View, plant: str) -> tuple[str, str]:
    if plant == ALL:
        return "All plants", number(len(view.plants))
    return view.name(plant), plant


def _plants(plant: str) -> tuple[str, ...]:
    return () if plant == ALL else (plant,)


def _score(view: View, shown: Tile) -> Component:
    """The score, how it moved, and behind it how it is made."""
    signals = shown.signals
    if signals.score is None:
        return html.Div(
            [html.Span(NONE, className="score"), html.Small("nothing judged in this range")],
            className="figure",
        )
    change: Sequence[Child]
    if shown.tone == "stale":
        change = ["last known", html.Br(), "value"]
    elif shown.before is None:
        change = ["no prior", html.Br(), "range"]
    else:
        points = signed(signals.score - shown.before, 1)
        change = [html.Strong(points), html.Br(), "pt vs prior"]
    explained = html.Div(
        [
            html.Strong("Sync score"),
            html.P(
                f"Agreed ÷ judged = {number(signals.agreed)} ÷ {number(signals.judged)} facts of"
                " this range, of both sides and all checks. What is not due yet does not count."
            ),
            link(
                f"The {plural(signals.judged - signals.agreed, 'fact')} behind the rest",
                view.address.to("/exceptions", plants=_plants(shown.plant)),
            ),
        ],
        className="popover",
    )
    summary = html.Summary(
        percent(signals.score, 1),
        className="score",
        **aria(label=f"Sync score {percent(signals.score, 1)} percent, explain"),
    )
    tone = shown.tone if shown.tone in COLOURED else "none"
    return html.Div(
        [
            html.Details([summary, explained], className="explain"),
            html.Small(change),
            spark(shown.scores, tone, large=True),
        ],
        className="figure",
    )


def _row(shown: Tile, name: str) -> Component:
    label, words = LABELS[name]
    tone = shown.tones[name]
    series = shown.successes if name == "success" else ()
    line = spark(series, tone if tone in COLOURED else "none")
    return html.Div(
        [
            html.Dt(html.Abbr(label, title=words)),
            html.Dd([line, *_value(shown, name)]),
        ],
        className="signal",
    )


def _value(shown: Tile, name: str) -> list[Component]:
    """A signal's figure; a shape beside it only when it is outside its threshold."""
    tone, said = shown.tones[name], _TOLD[name](shown.signals)
    if said is None:
        return [html.Span("n/a", className="value na", title=_why_none(shown.signals, name))]
    text, detail = said
    outside = tone in COLOURED
    shape: list[Child] = [mark(tone), html.Span(WORDS[tone], className="unseen")] if outside else []
    return [html.Span([*shape, text], className=f"value {tone if outside else ''}", title=detail)]


def _why_none(of: Signals, name: str) -> str:
    if name == "lag" and of.postings:
        return "most postings tell only the day, so a lag cannot be measured"
    return "nothing to measure in this range"


def _success(of: Signals) -> tuple[str, str] | None:
    if of.success is None:
        return None
    return f"{percent(of.success, 2)} %", f"{number(of.effective)} of {number(of.due)} due facts"


def _lag(of: Signals) -> tuple[str, str] | None:
    if of.p95 is None or of.p50 is None:
        return None
    objective = f", objective {duration(of.objective)}" if of.objective else ""
    return f"{_short(of.p50)} / {_short(of.p95)}", f"median / 95th percentile{objective}"


def _short(seconds: float) -> str:
    """A lag in its largest unit, so that two of them fit."""
    return " ".join(duration(seconds).split(" ")[:2])


def _quantity(of: Signals) -> tuple[str, str] | None:
    if of.quantity is None:
        return None
    return f"{percent(of.quantity, 2)} %", "gross difference ÷ what was compared"


def _worth(of: Signals) -> tuple[str, str] | None:
    if of.gross is None:
        return None
    net = "unknown" if of.net is None else money(of.net, of.currency)
    return money(of.gross, of.currency), f"gross; net {net}"


def _retries(of: Signals) -> tuple[str, str] | None:
    if of.retries is None:
        return None
    times = f", {number(of.amplification, 1)} attempts per message" if of.amplification else ""
    return number(of.retries), f"{number(of.exhausted)} exhausted{times}"


def _oldest(of: Signals) -> tuple[str, str] | None:
    if of.oldest_hours is None:
        return ("none", "no exception is open") if of.judged else None
    return duration(of.oldest_hours * 3_600), f"{number(of.count)} open"


_TOLD = {
    "success": _success,
    "lag": _lag,
    "quantity": _quantity,
    "value": _worth,
    "retries": _retries,
    "oldest": _oldest,
}


def _partial(view: View, shown: Tile) -> list[Component]:
    """How much of a plant is not known: totals say their coverage."""
    if shown.plant == ALL:
        if shown.covered == len(view.plants):
            return []
        text = f"from {number(shown.covered)} of {plural(len(view.plants), 'plant')}"
        return [html.P([mark("stale"), text], className="partial")]
    blind, flows = view.trust.blind(shown.plant), view.trust.flows(shown.plant)
    if not blind:
        return []
    text = f"{number(len(blind))} of {plural(len(flows), 'flow')} not evaluated"
    return [html.P([mark("stale"), text], className="partial", title="; ".join(blind.values()))]


def _uncompared(view: View, plant: str) -> Component:
    roles = sorted(
        {
            view.role(setup.name)
            for setup in view.landscape.sources.values()
            if plant in setup.plants and setup.pack.system != OWN
        }
    )
    told = f"Only {' and '.join(roles)} speaks for it." if roles else "No source speaks for it."
    return html.Div(
        [
            html.P(NONE, className="score"),
            html.P(f"No rule can compare this plant yet. {told}"),
        ],
        className="uncompared",
    )
