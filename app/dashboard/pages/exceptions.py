"""/exceptions - what do I fix next, and with what proof?

For integration support: the queue, and one exception beside it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from app.dashboard import inspector
from app.dashboard.address import FLOWS, VIEWS, Address
from app.dashboard.agreement import FLOWS as FLOW_NAMES
from app.dashboard.format import duration, listed, money, number, plural
from app.dashboard.parts import (
    Child,
    aria,
    choice,
    data,
    icon,
    link,
    mark,
    menu,
    moment,
    notice,
    scroll,
)
from app.dashboard.status import SEVERITIES
from app.dashboard.view import View, count
from app.store.reading import Wanted
from rules.model import LEVELS

ROWS = 50  # rows of one page
NAMES = {
    "open": "All open",
    "snoozed": "Snoozed",
    "accepted": "Accepted variances",
    "resolved": "Resolved",
}


def page(view: View) -> list[Component]:
    """Views, filters, the queue, and the inspector when one is opened. Two to four queries."""
    here = view.address
    wanted = Wanted(
        states=VIEWS[here.view],
        plants=here.plants,
        flows=here.flows,
        codes=here.codes,
        rules=here.rules,
        severities=here.severities,
        owners=here.owners,
        text=here.text or None,
        limit=ROWS,
        offset=(here.page - 1) * ROWS,
    )
    rows = view.reader.exceptions(wanted)
    total = view.reader.count(wanted)
    opened = _opened(view, rows)
    body = html.Div(
        [_queue(view, rows, total["count"]), *opened],
        className="split" if opened else "split alone",
    )
    return [
        html.Div([html.H1("Exceptions"), _views(view)], className="title-line"),
        *[notice("stale", text) for text in here.notices],
        html.Div(
            [
                html.Div(_filters(view), className="row"),
                html.P(_sum(total), className="sum"),
            ],
            className="filters",
        ),
        body,
    ]


def _opened(view: View, rows: Sequence[Mapping[str, Any]]) -> list[Component]:
    name = view.address.opened
    if not name:
        return []
    found = next((row for row in rows if row["id"] == name), None) or view.reader.exception(name)
    if found is None:
        return [inspector.absent(view, name)]
    return [inspector.panel(view, found, [row["id"] for row in rows])]


def _views(view: View) -> Component:
    tabs = []
    for name, states in VIEWS.items():
        held = count([row for row in view.tally if row["state"] in states])
        current = aria(current="true") if view.address.view == name else {}
        tabs.append(
            html.Li(
                link(
                    [NAMES[name], html.Span(number(held), className="count")],
                    view.address.href(view=name),
                    **current,
                )
            )
        )
    return html.Nav(html.Ul(tabs), className="tabs", **aria(label="Views"))


def _filters(view: View) -> list[Component]:
    """One menu per filter, a chip for what was set by a link, and a way to take all of it off."""
    here = view.address
    owners = sorted({*here.owners, *_owners(view)})
    flows = [flow for flow in FLOWS if flow in {row["flow"] for row in view.tally}]
    severities = [(level, f"{SEVERITIES[level][0]} {level}") for level in reversed(LEVELS)]
    menus = [
        _menu(here, "Severity", "severities", severities),
        _menu(here, "Flow", "flows", [(flow, FLOW_NAMES[flow]) for flow in flows]),
        _menu(here, "Owner", "owners", [(owner, owner) for owner in owners]),
    ]
    chips = [
        _chip(text, here.href(**{name: type(getattr(here, name))()}))
        for name, text in (
            ("rules", f"Check {listed(list(here.rules))}" if here.rules else ""),
            (
                "codes",
                f"Kind {listed([_words(code) for code in here.codes])}" if here.codes else "",
            ),
            ("text", f"Contains {here.text}" if here.text else ""),
        )
        if text
    ]
    is_set = any((here.flows, here.severities, here.owners, here.rules, here.codes, here.text))
    clear = here.to("/exceptions", view=here.view)
    return [*menus, *chips, *([link("Clear filters", clear)] if is_set else [])]


def _owners(view: View) -> Iterable[str]:
    for loaded in view.landscape.rules.values():
        yield from (owner.team for owner in loaded.rule.owner)


def _menu(here: Address, label: str, name: str, values: Sequence[tuple[str, str]]) -> Component:
    chosen: tuple[str, ...] = getattr(here, name)
    words = dict(values)
    told = listed([words.get(value, value) for value in chosen]) if chosen else "all"
    entries = [
        choice(text, here.toggled(name, value), is_chosen=value in chosen) for value, text in values
    ]
    if chosen:
        entries.append(choice("All", here.href(**{name: ()}), is_chosen=False))
    return menu(
        [html.Span([f"{label} ", html.Strong(told)], className="cut")], f"{label}: {told}", entries
    )


def _chip(text: str, href: str) -> Component:
    return link(
        [html.Span(text, className="cut"), icon("close")],
        href,
        className="control",
        title=text,
        **aria(label=f"Take off: {text}"),
    )


def _words(codes: Sequence[str]) -> str:
    return listed([code.replace("_", " ") for code in codes])


def _sum(total: Mapping[str, Any]) -> str:
    told = [plural(total["count"], "exception")]
    told += [f"{money(value, name)} at risk" for name, value in sorted(total["value"].items())]
    return " · ".join(told)


def _queue(view: View, rows: Sequence[Mapping[str, Any]], total: int) -> Component:
    if not rows:
        return _nothing(view)
    head = html.Tr(
        [
            html.Th("Sev", scope="col"),
            html.Th("Exception", scope="col"),
            html.Th("At risk", scope="col", className="right"),
            html.Th("Since due", scope="col", className="right"),
            html.Th("Owner", scope="col"),
        ]
    )
    table = html.Table(
        [
            html.Caption("Exceptions, worst first", className="unseen"),
            html.Thead(head),
            html.Tbody([_row(view, row) for row in rows]),
        ],
        className="queue",
    )
    return html.Section(
        [scroll(table, "Queue table"), *_pager(view, total)],
        className="card flush",
        **aria(label="Queue"),
    )


def _row(view: View, row: Mapping[str, Any]) -> Component:
    short, tone = SEVERITIES[row["severity"]]
    is_shown = row["id"] == view.address.opened
    where = [row["id"], view.name(row["plant"]), *_objects(row)]
    due = row["due_at"]
    zone = view.landscape.zones.get(row["plant"] or "", "UTC")
    value = "n/a" if row["value"] is None else money(row["value"], row["currency"])
    current = aria(current="true") if is_shown else {}
    return html.Tr(
        [
            html.Td(
                html.Span([mark(tone), short], className=f"toned {tone}", title=row["severity"])
            ),
            html.Td(
                [
                    link(
                        row["title"],
                        view.address.href(opened=row["id"]),
                        id=f"row-{row['id']}",
                        className="title",
                        **current,
                    ),
                    html.Small(" · ".join(where), title=" · ".join(where)),
                ],
                className="what",
            ),
            html.Td(html.Strong(value), className="right"),
            html.Td(
                moment(due, zone, duration(view.now - due)) if due else "n/a", className="right"
            ),
            html.Td(row["assignee"] or row["owner"], className="soft"),
        ],
        className="selected" if is_shown else "",
        **data(row=row["id"]),
    )


def _objects(row: Mapping[str, Any]) -> list[str]:
    """The business keys, in words; the plant has its own place."""
    labels = {"order_no": "order", "op_no": "op", "item": "material", "message_id": "message"}
    return [
        f"{labels.get(name, name.replace('_', ' '))} {value}"
        for name, value in row["key"].items()
        if name not in ("plant", "correlation_id")
    ]


def _pager(view: View, total: int) -> list[Component]:
    here, last = view.address, -(-total // ROWS)
    if last <= 1:
        return []
    first = (here.page - 1) * ROWS + 1
    told: list[Child] = [
        f"{number(first)}–{number(min(first + ROWS - 1, total))} of {number(total)}"
    ]
    steps = [("Previous", "left", here.page - 1), ("Next", "right", here.page + 1)]
    return [
        html.Nav(
            [
                html.Span(told),
                *[
                    link([icon(picture), text], here.href(page=at, opened=""), className="control")
                    for text, picture, at in steps
                    if 1 <= at <= last
                ],
            ],
            className="pager row",
            **aria(label="Pages of the queue"),
        )
    ]


def _nothing(view: View) -> Component:
    """Why nothing is here, what is nearby, and the ways on."""
    here = view.address
    nearby = count([row for row in view.tally if row["state"] in VIEWS["open"]])
    blind = sorted(set(view.trust.unknown.values()))
    if view.as_of is None:
        head, text = (mark("stale"), "Nothing judged yet"), "The worker has not finished a run."
    elif here.view == "open" and not nearby and not blind and not view.is_old:
        head, text = (mark("ok"), "Nothing needs you"), "No exception is open."
    else:
        head = (mark("none"), "Nothing matches")
        text = f"No exception of this view matches. {plural(nearby, 'exception')} open in all."
    rest = [html.P(f"Not everything could be judged: {blind[0]}.")] if blind else []
    return html.Section(
        html.Div(
            [
                html.P(list(head), className=f"toned {'ok' if 'needs' in head[1] else 'stale'}"),
                html.P(text),
                *rest,
                html.Div(
                    [
                        link(
                            "Show all open", here.to("/exceptions", plants=()), className="control"
                        ),
                        link("Overview", here.to("/"), className="control"),
                    ],
                    className="row",
                ),
            ],
            className="empty",
        ),
        className="card",
    )
