"""Flow agreement: plant by business flow, how much of what was judged agrees.

A real table; every cell leads to its rows.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from app.dashboard.format import number, percent, plural
from app.dashboard.parts import card, link, scroll
from app.dashboard.status import band
from app.dashboard.view import View, count

FLOWS = {
    "order_release": "Order release",
    "material_issue": "Material issue",
    "completion": "Completion",
    "scrap": "Scrap",
    "goods_receipt": "Goods receipt",
    "transfer": "Transfer",
    "stock": "Stock",
    "quality_hold": "Quality hold",
    "shipment": "Shipment",
    "messages": "Messages",
    "work_order": "Work order",
    "master_data": "Master data",
}
BANDS = ("≥ 99", "98–99", "96–98", "90–96", "< 90 %")


def panel(view: View, signals: Sequence[Mapping[str, Any]]) -> Component:
    """The table and what its colours mean. A flow nobody compares anywhere has no column."""
    flows = [flow for flow in FLOWS if any(flow == each for _, each in view.trust.checked)]
    shares = {(row["plant"], row["flow"]): row for row in signals if row["name"] == "agreement"}
    if not flows:
        return card(
            "Flow agreement",
            "",
            html.P("No rule finds a source for both of its sides.", className="empty"),
        )
    head = html.Tr(
        [
            html.Th(html.Span("Plant", className="unseen"), scope="col"),
            *[html.Th(FLOWS[flow], scope="col") for flow in flows],
        ]
    )
    body = [
        html.Tr(
            [
                html.Th(view.name(plant), scope="row"),
                *[_cell(view, plant, flow, shares.get((plant, flow))) for flow in flows],
            ]
        )
        for plant in view.plants
    ]
    table = html.Table([html.Thead(head), html.Tbody(body)], className="heat")
    return card(
        "Flow agreement",
        "plant × business flow, % of judged facts that agree",
        scroll(table, "Flow agreement by plant"),
        _legend(),
    )


def _cell(view: View, plant: str, flow: str, row: Mapping[str, Any] | None) -> Component:
    where = f"{view.name(plant)}, {FLOWS[flow].lower()}"
    if (plant, flow) not in view.trust.checked:
        return html.Td(
            html.Span("n/a", title=f"{where}: no rule compares this"), className="cell none"
        )
    opened = count(view.tallied(plant=plant, flow=flow))
    href = view.address.to("/exceptions", plants=(plant,), flows=(flow,))
    below = f"{number(opened)} open" if opened else "clear"
    why = view.trust.unknown.get((plant, flow))
    if why or view.is_old:
        return _filled(
            "stale",
            "No data",
            f"{number(opened)} open" if opened else "stale",
            href,
            f"{where}: not evaluated, {why or 'nothing was judged lately'}",
        )
    if row is None or row["value"] is None:
        return _filled("idle", "—", below, href, f"{where}: nothing was due in this range")
    told = f"{number(row['numerator'])} of {plural(int(row['denominator']), 'fact')} agree"
    return _filled(
        f"band-{band(row['value'])}",
        percent(row["value"], 1),
        below,
        href,
        f"{where}: {told}, {below}",
    )


def _filled(kind: str, top: str, below: str, href: str, said: str) -> Component:
    return html.Td(
        link(
            [html.Span(said, className="unseen"), html.Strong(top), html.Small(below)],
            href,
            title=said,
        ),
        className=f"cell {kind}",
    )


def _legend() -> Component:
    entries = [
        html.Li([html.Span(className=f"swatch band-{no}"), text]) for no, text in enumerate(BANDS)
    ]
    entries.append(html.Li([html.Span(className="swatch stale"), "not evaluated"]))
    return html.Ul(entries, className="legend")
