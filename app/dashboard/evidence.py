"""Both sides of an exception, field by field: what differs first, what agrees last and muted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from dash import html
from dash.development.base_component import Component

from app.dashboard.format import NONE, number, plural, signed
from app.dashboard.parts import moment, scroll
from app.dashboard.view import View
from app.triage.words import noun, role_name

COLUMNS = 4  # facts side by side; the rest is counted
FIELDS = {
    "quantity": "Quantity",
    "unit": "Unit",
    "status": "Status",
    "stock_status": "Stock status",
    "state": "State",
    "kind": "Kind",
    "sub_kind": "Sub-kind",
    "order_no": "Order",
    "op_no": "Operation",
    "item": "Material",
    "lot": "Lot",
    "serial": "Serial",
    "location": "Location",
    "plant": "Plant",
    "occurred_on": "Happened on",
    "posting_on": "Posting date",
    "document_no": "Document",
    "correlation_id": "Correlation id",
    "message_id": "Message id",
    "channel": "Channel",
    "ready": "Waiting",
    "in_flight": "Taken, not answered",
    "consumers": "Consumers",
    "retries": "Retries",
    "stuck_reason": "Stuck",
    "error_text": "Error",
    "code": "Code",
    "status_source": "Status as sent",
    "quantity_source": "Quantity as sent",
    "unit_source": "Unit as sent",
}
AS_SENT = {
    "quantity_source": "quantity",
    "unit_source": "unit",
    "status_source": "status",
}
BY_DESIGN = ("kind", "sub_kind", "status_source")  # each system has its own words for these
MEASURED = ("quantity", "status", "stock_status", "state", "occurred_on", "posting_on", "ready")
NUMBERS = ("quantity", "quantity_source", "ready", "in_flight", "consumers", "retries")
CLOCKS = {
    "occurred_at": "Happened",
    "effective_at": "Effective",
    "changed_at": "Changed",
    "balance_at": "Balance of",
    "recorded_at": "Recorded",
    "observed_at": "Observed by us",
}
SIDES = ("expected", "observed")
OTHERS = {"carried": "carried fact", "candidate": "candidate", "explains": "movement"}


@dataclass(frozen=True)
class Column:
    """One fact, or the place where one is missing."""

    side: str
    name: str
    note: str
    fact: Mapping[str, Any] | None


def columns(view: View, row: Mapping[str, Any]) -> list[Column]:
    """The facts of both sides, expected first; a side without any has one empty column."""
    sides = row["evidence"].get("sides", {})
    found: list[Column] = []
    for side in SIDES:
        facts = sides.get(side, ())
        if facts:
            found += [_column(view, row, side, fact) for fact in facts]
        elif name := _absent(view, row, side):
            found.append(Column(side, name, "missing", None))
    for side, note in OTHERS.items():
        found += [_column(view, row, side, fact, note) for fact in sides.get(side, ())]
    return found


def _column(
    view: View, row: Mapping[str, Any], side: str, fact: Mapping[str, Any], note: str = ""
) -> Column:
    setup = view.landscape.sources.get(fact["source"])
    record = view.landscape.company.systems_of_record.get(row["flow"])
    if not note and setup and setup.pack.role == record:
        note = "system of record"
    return Column(side, view.role(fact["source"]), note, fact)


def _absent(view: View, row: Mapping[str, Any], side: str) -> str | None:
    """What the system is called that should have told of this side; None where there is none."""
    loaded = view.landscape.rules.get(row["rule"])
    pairing = view.landscape.pairing(loaded) if loaded else None
    if loaded is None or pairing is None:
        return "other side"
    names = list(loaded.uses)
    name = side if side in names else names[SIDES.index(side)] if len(names) > 1 else None
    if name is None:
        return None
    sources = pairing.sources[name]
    return role_name(sorted({view.landscape.sources[source].pack.role for source in sources}))


def table(view: View, row: Mapping[str, Any]) -> Component:
    """The evidence table: first the fields in which the two sides differ."""
    found = columns(view, row)
    shown, left_out = found[:COLUMNS], len(found) - COLUMNS
    more = sum(row["evidence"].get("more", {}).values()) + max(left_out, 0)
    has_delta = len(shown) > 1
    head = [
        html.Th("Field", scope="col"),
        *[
            html.Th([column.name, *([html.Small(column.note)] if column.note else [])], scope="col")
            for column in shown
        ],
        *([html.Th("Δ", scope="col", className="right")] if has_delta else []),
    ]
    lines = [(name, [_value(column, name) for column in shown]) for name in FIELDS]
    lines = [line for line in lines if any(line[1]) and not _is_repeated(line[0], shown)]
    differing = [line for line in lines if _differs(line[0], shown, line[1])]
    equal = [line for line in lines if line not in differing]
    body = [_line(shown, name, values, differs=True) for name, values in differing]
    body += [_line(shown, name, values, differs=False) for name, values in equal]
    note = f"and {plural(more, 'fact')} more" if more else "both sides, field by field"
    grid = html.Table([html.Thead(html.Tr(head)), html.Tbody(body)], className="table proof")
    return html.Div(
        [
            html.H3(["Evidence", html.Small(note)]),
            scroll(grid, "Evidence table"),
        ],
        className="part",
    )


def _value(column: Column, name: str) -> str | None:
    raw = (column.fact or {}).get(name)
    if raw is None:
        return None
    if name == "kind":
        return noun([raw])
    if name in ("status", "state", "stock_status"):
        return str(raw).replace("_", " ")
    return number(exact) if name in NUMBERS and (exact := _exact(raw)) is not None else str(raw)


def _exact(raw: Any) -> Decimal | None:
    try:
        found = Decimal(str(raw))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _is_repeated(name: str, shown: Sequence[Column]) -> bool:
    """As-sent fields are shown only where they are not what the canonical field says already."""
    own = AS_SENT.get(name)
    return own is not None and all(
        _value(column, name) == _value(column, own) for column in shown if column.fact
    )


def _differs(name: str, shown: Sequence[Column], values: Sequence[str | None]) -> bool:
    """Whether the two sides say different things. What only one side knows is no difference.

    Of a side that is missing only what happened is wanting, not the keys it would have had.
    """
    said: dict[str, set[str]] = {}
    for column, value in zip(shown, values, strict=True):
        if column.side in SIDES and value is not None:
            said.setdefault(column.side, set()).add(value)
    if any(column.fact is None for column in shown):
        return name in MEASURED and bool(said)
    if name in BY_DESIGN:
        return False
    if name == "quantity" and (delta := _difference(shown, name)) is not None:
        return delta != 0
    return len({frozenset(found) for found in said.values()}) > 1


def _line(
    shown: Sequence[Column], name: str, values: Sequence[str | None], *, differs: bool
) -> Component:
    cells = [
        html.Td(
            ("not there" if differs else NONE) if column.fact is None else value or NONE,
            className=_tint(column, shown) if differs else "equal",
            title=value or None,
        )
        for column, value in zip(shown, values, strict=True)
    ]
    delta = [html.Td(_delta(shown, name), className="right")] if len(shown) > 1 else []
    return html.Tr(
        [html.Th(FIELDS[name], scope="row"), *cells, *delta],
        className="differs" if differs else "same",
    )


def _tint(column: Column, shown: Sequence[Column]) -> str:
    if column.side not in SIDES:
        return ""
    return "record" if column.note == "system of record" or column is shown[0] else "off"


def _delta(shown: Sequence[Column], name: str) -> str:
    found = _difference(shown, name) if name in ("quantity", "ready") else None
    return "" if found is None else signed(found)


def _difference(shown: Sequence[Column], name: str) -> Decimal | None:
    """Observed minus expected over all facts of a side; None where the units differ."""
    sums: dict[str, Decimal] = dict.fromkeys(SIDES, Decimal(0))
    units = {column.fact.get("unit") for column in shown if column.fact and column.side in SIDES}
    for column in shown:
        value = _exact((column.fact or {}).get(name))
        if column.side in SIDES and value is not None:
            sums[column.side] += value
    if len(units) > 1 or not {column.side for column in shown} >= set(SIDES):
        return None
    return sums["observed"] - sums["expected"]


def clocks(view: View, row: Mapping[str, Any]) -> Component:
    """The clocks of each fact kept apart: happened, recorded, observed."""
    zone = view.landscape.zones.get(row["plant"] or "", "UTC")
    found = [column for column in columns(view, row) if column.fact][:COLUMNS]
    names = [name for name in CLOCKS if any((column.fact or {}).get(name) for column in found)]
    head = [html.Th("Clock", scope="col"), *[html.Th(column.name, scope="col") for column in found]]
    body = [
        html.Tr(
            [
                html.Th(CLOCKS[name], scope="row"),
                *[html.Td(_time((column.fact or {}).get(name), zone)) for column in found],
            ]
        )
        for name in names
    ]
    due = [("Due", row["due_at"]), ("First seen", row["first_seen_at"]), ("As of", row["as_of"])]
    pairs = [html.Div([html.Dt(name), html.Dd(moment(at, zone))]) for name, at in due if at]
    grid = html.Table([html.Thead(html.Tr(head)), html.Tbody(body)], className="table")
    return html.Div(
        [
            html.H3(["Clocks", html.Small(f"times of {zone.replace('_', ' ')}")]),
            scroll(grid, "Clock table"),
            html.Dl(pairs, className="pairs"),
        ],
        className="part",
    )


def _time(text: Any, zone: str) -> Component | str:
    try:
        at = datetime.fromisoformat(str(text)) if text else None
    except ValueError:
        return str(text)
    return moment(at, zone) if at and at.tzinfo else NONE


def origins(view: View, row: Mapping[str, Any]) -> Component:
    """Where each fact came from, down to the bytes that were received."""
    items = []
    for column in columns(view, row):
        if column.fact is None:
            continue
        label = f"{column.name} {column.fact['feed']} · {column.fact['source_key']}"
        revision = column.fact.get("source_revision")
        items.append(
            html.Li(
                [
                    html.Span([label, *([html.Small(f" {revision}")] if revision else [])]),
                    html.Code(column.fact.get("raw_ref") or "no raw reference"),
                ]
            )
        )
    if not items:
        items = [html.Li("No fact is recorded with this exception.")]
    title = html.H3(["Raw references", html.Small("file and record as received")])
    return html.Div([title, html.Ul(items, className="origins")], className="part")
