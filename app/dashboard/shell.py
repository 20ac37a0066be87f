"""What stands around every page: navigation, plant, range and as-of, search, shortcuts."""

from dash import dcc, html
from dash.development.base_component import Component

from app.dashboard.address import Address
from app.dashboard.format import duration, number, time_of_day
from app.dashboard.parts import aria, choice, data, icon, link, mark, menu, moment
from app.dashboard.view import View, count
from app.signals import WINDOWS

LOCATION, PULSE, TICK = "url", "pulse", "tick"
NAVIGATION, BAR, MAIN, SAID = "navigation", "bar", "main", "said"
REFRESH_MS = 30_000
RANGES = {"24h": "Last 24 h", "7d": "Last 7 days", "30d": "Last 30 days"}
SHORTCUTS = (
    ("/", "Search"),
    ("?", "These shortcuts"),
    ("G then O", "Overview"),
    ("G then E", "Exceptions"),
    ("J  K", "Next and previous row"),
    ("Enter", "Open the row"),
    ("[  ]", "Previous and next in the inspector"),
    ("Esc", "Close"),
    ("L", "Copy the link to this view"),
    ("D", "Light or dark"),
)


def layout(prefix: str) -> html.Div:
    """The frame as it is before anything is read."""
    return html.Div(
        [
            dcc.Location(id=LOCATION, refresh=False),
            dcc.Interval(id=PULSE, interval=REFRESH_MS),
            dcc.Store(id=TICK),
            html.A("Skip to content", href="#main", className="skip"),
            html.Nav(id=NAVIGATION, className="side", **aria(label="Pages")),
            html.Header(
                [html.Div(id=BAR, className="bar-left"), _search(prefix), _scheme()],
                className="bar",
            ),
            html.Main(_skeleton(), id=MAIN, tabIndex="-1"),
            html.Div(id=SAID, className="unseen", role="status", **aria(live="polite")),
            _shortcuts(),
        ],
        className="app",
    )


def navigation(view: View) -> list[Component]:
    """The pages there are; the one shown is marked."""
    here = view.address
    opened = count(view.tallied())
    return [
        html.Div([icon("logo"), html.Span("tieout")], className="brand"),
        html.P("Monitor", className="group"),
        _entry(here, "/", "overview", "Overview", None, "o"),
        _entry(here, "/exceptions", "alert", "Exceptions", number(opened), "e"),
        html.Button(
            [icon("keyboard"), html.Span("Shortcuts"), html.Kbd("?")],
            type="button",
            className="entry last",
            **aria(haspopup="dialog"),
            **data(key="?"),
        ),
    ]


def _entry(
    here: Address, path: str, picture: str, text: str, told: str | None, key: str
) -> Component:
    current = aria(current="page") if here.path == path else {}
    tail = [html.Span(told, className="count")] if told is not None else []
    return link(
        [icon(picture), html.Span(text), *tail],
        here.to(path),
        className="entry",
        **data(go=key),
        **current,
    )


def bar(view: View) -> list[Component]:
    """Plant, range, and how old what is shown is."""
    here, plants = view.address, view.landscape.company.plants
    chosen = " and ".join(view.name(plant) for plant in here.plants) or "All plants"
    shown = html.Span(chosen, className="cut") if here.plants else _short("All", " plants")
    by_plant = [choice("All plants", here.href(plants=()), is_chosen=not here.plants)] + [
        choice(
            f"{plant.name} ({code})",
            here.href(plants=(code,)),
            is_chosen=here.plants == (code,),
        )
        for code, plant in plants.items()
    ]
    by_range = [
        choice(RANGES[name], here.href(window=name), is_chosen=here.window == name)
        for name in WINDOWS
    ]
    first, _, length = RANGES[here.window].partition(" ")
    range_menu = menu(
        [icon("clock"), _short(length, before=f"{first} ")],
        f"Range: {RANGES[here.window]}",
        by_range,
    )
    return [
        menu([icon("plant"), shown], f"Plant: {chosen}", by_plant),
        *([range_menu] if here.path == "/" else []),
        html.Div([*_as_of(view), *_stale(view)], className="as-of"),
    ]


def _as_of(view: View) -> list[Component]:
    if view.as_of is None:
        return [html.Span("Nothing judged yet")]
    clock, zone = time_of_day(view.as_of, view.zone)
    told: list[Component] = [
        html.Span(
            ["As of ", moment(view.as_of, view.zone, clock), f" {zone}"], className="as-of-text"
        )
    ]
    if view.is_old:
        age = duration(view.now - view.as_of)
        told.append(html.Span([mark("stale"), _short(age, " old")], className="badge stale"))
    return told


def _stale(view: View) -> list[Component]:
    stale = len(view.trust.stale_sources)
    if not stale:
        return []
    text = _short(number(stale), f" source{'' if stale == 1 else 's'} stale")
    return [
        link([mark("stale"), text], view.address.to("/") + "#freshness", className="badge stale")
    ]


def _short(text: str, after: str = "", before: str = "") -> html.Span:
    """A text with words around it that a narrow screen leaves to those who listen."""
    words = [html.Span(word, className="aside") for word in (before, after)]
    return html.Span([words[0], text, words[1]])


def _search(prefix: str) -> html.Form:
    """Asks for an exception, or any key in one. Works without script too."""
    return html.Form(
        [
            icon("search"),
            dcc.Input(
                id="search",
                name="q",
                type="search",
                placeholder="Order, lot, message id…",
                autoComplete="off",
                maxLength=200,
            ),
            html.Kbd("/"),
        ],
        action=f"{prefix}exceptions",
        method="GET",
        role="search",
        className="search",
    )


def _scheme() -> html.Button:
    return html.Button(
        [icon("moon"), icon("sun")],
        type="button",
        className="control bare scheme",
        title="Light or dark (D)",
        **aria(label="Switch between light and dark"),
        **data(key="d"),
    )


def _shortcuts() -> html.Dialog:
    rows = [
        html.Div([html.Dt(html.Kbd(keys)), html.Dd(what)], className="pair")
        for keys, what in SHORTCUTS
    ]
    switch = html.Button(
        "Switch single keys off",
        type="button",
        id="keys-switch",
        className="control",
        **aria(pressed="false"),
    )
    close = html.Button("Close", type="button", id="keys-close", className="control")
    return html.Dialog(
        [
            html.H2("Shortcuts", id="keys-title"),
            html.Dl(rows),
            html.Div([switch, close], className="row"),
        ],
        id="keys",
        **aria(labelledby="keys-title"),
    )


def _skeleton() -> list[Component]:
    """The shape of a page until it is there; seen only after a moment."""
    tiles = [html.Div(className="card ghost tall") for _ in range(4)]
    return [
        html.Div(
            [
                html.Div(className="ghost line short"),
                html.Div(className="ghost line"),
                html.Div(tiles, className="tiles"),
                html.Div(className="card ghost tall"),
            ],
            className="loading",
            **aria(hidden="true"),
        )
    ]
