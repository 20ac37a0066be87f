"""One exception with its proof: what, how much, whose; the likely cause; both sides field by field;

clocks, raw references, the movements that explain it, and what happened to it so far.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from dash import html
from dash.development.base_component import Component

from app.dashboard import evidence
from app.dashboard.agreement import FLOWS
from app.dashboard.format import NONE, amount, duration, number, quantity
from app.dashboard.parts import Child, aria, badge, data, icon, link, mark, moment, scroll
from app.dashboard.status import SEVERITIES
from app.dashboard.view import View
from app.triage.words import CAUSES

STATES = {
    "open": ("quiet", "Open"),
    "acknowledged": ("info", "Acknowledged"),
    "snoozed": ("quiet", "Snoozed"),
    "accepted": ("quiet", "Accepted"),
    "regressed": ("watch", "Back again"),
    "resolved": ("ok", "Resolved"),
}


def panel(view: View, row: Mapping[str, Any], beside: Sequence[str]) -> Component:
    """The inspector of one exception; `beside` are the ids of the queue it was opened from."""
    parts = [
        _head(view, row, beside),
        _facts(view, row),
        _cause(view, row),
        *_blind(view, row),
        evidence.table(view, row),
        *_explained(row),
        evidence.clocks(view, row),
        evidence.origins(view, row),
        _why(row),
        _history(view, row),
    ]
    return html.Aside(
        parts,
        className="card flush inspector",
        **aria(label=f"Exception {row['id']}"),
        **data(inspector=row["id"]),
    )


def absent(view: View, name: str) -> Component:
    """An id nobody has."""
    return html.Aside(
        html.Div(
            [
                html.Div([html.H2(f"There is no {name}"), _close(view)], className="line"),
                html.P("The id may be from another landscape, or mistyped."),
            ],
            className="part",
        ),
        className="card flush inspector",
        **aria(label=f"Exception {name}"),
        **data(inspector=name),
    )


def _head(view: View, row: Mapping[str, Any], beside: Sequence[str]) -> Component:
    short, tone = SEVERITIES[row["severity"]]
    state_tone, state = STATES[row["state"]]
    title = [row["title"], *([f": {told}"] if (told := _object(row)) else [])]
    return html.Div(
        [
            html.Div(
                [
                    badge(tone, f"{short} {row['severity']}"),
                    badge(state_tone, state),
                    html.Span(row["id"], className="id"),
                    *_steps(view, row["id"], beside),
                    html.Button(
                        icon("link"),
                        type="button",
                        className="control bare small",
                        title="Copy the link (L)",
                        **aria(label="Copy the link"),
                        **data(key="l", href=view.address.href(opened=row["id"])),
                    ),
                    _close(view),
                ],
                className="line",
            ),
            html.H2(title),
        ],
        className="part",
    )


def _close(view: View) -> Component:
    return link(
        icon("close"),
        view.address.href(opened=""),
        className="control bare small",
        title="Close (Esc)",
        **aria(label="Close"),
        **data(key="Escape"),
    )


def _steps(view: View, name: str, beside: Sequence[str]) -> list[Component]:
    if name not in beside:
        return [html.Span(className="grow")]
    at = beside.index(name)
    told = html.Span(f"{at + 1} of {len(beside)}", className="position")
    ways = [
        link(
            icon(picture),
            view.address.href(opened=beside[to]),
            className="control bare small",
            title=f"{text} ({key})",
            **aria(label=text),
            **data(key=key),
        )
        for to, picture, text, key in (
            (at - 1, "left", "Previous", "["),
            (at + 1, "right", "Next", "]"),
        )
        if 0 <= to < len(beside)
    ]
    return [html.Span(className="grow"), told, *ways]


def _object(row: Mapping[str, Any]) -> str:
    words = {"order_no": "order", "op_no": "operation", "item": "material", "lot": "lot"}
    return ", ".join(f"{words[name]} {row['key'][name]}" for name in words if row["key"].get(name))


def _facts(view: View, row: Mapping[str, Any]) -> Component:
    value = "n/a" if row["value"] is None else amount(row["value"], row["currency"])
    end = row["resolved_at"] or view.now
    overdue = duration(end - row["due_at"]) if row["due_at"] else "n/a"
    zone, flow = _zone(view, row), FLOWS.get(row["flow"], row["flow"])
    facts: list[tuple[str, Child]] = [
        ("Value at risk", value),
        ("Since due", moment(row["due_at"], zone, overdue)),
        (
            "Plant · flow",
            f"{view.name(row['plant'])} · {flow.lower()}",
        ),
        ("Owner", row["assignee"] or row["owner"]),
    ]
    if row["variance"] is not None:
        facts.insert(1, ("Variance", quantity(row["variance"], row["unit"])))
    return html.Dl(
        [html.Div([html.Dt(name), html.Dd(told)]) for name, told in facts], className="part facts"
    )


def _zone(view: View, row: Mapping[str, Any]) -> str:
    return view.landscape.zones.get(row["plant"] or "", "UTC")


def _cause(view: View, row: Mapping[str, Any]) -> Component:
    loaded = view.landscape.rules.get(row["rule"])
    cause = row["cause"] or _largest(row)
    told: list[Child] = [html.Strong(cause or "The data do not tell a cause.")]
    if loaded:
        told.append(
            html.Span([icon("book"), f"Runbook: {loaded.rule.runbook.removesuffix('.md')}"])
        )
    note = "what the data tell" if cause else None
    head = html.H3(["Likely cause", *([html.Small(note)] if note else [])])
    return html.Div([head, html.Div(told, className="cause")], className="part")


def _largest(row: Mapping[str, Any]) -> str | None:
    """The cause of the largest part of a variance."""
    for part in row["explained"][:1]:
        name = CAUSES.get(part["cause"], part["cause"])
        share = quantity(Decimal(part["quantity"]), row["unit"])
        return f"{name}, {share}: {', '.join(part['source_keys'][:3])}"
    return None


def _blind(view: View, row: Mapping[str, Any]) -> list[Component]:
    """Frozen: while a source is stale, nothing opens or closes this exception."""
    why = view.trust.unknown.get((row["plant"] or "", row["flow"]))
    if not why or row["resolved_at"]:
        return []
    text = f"Not evaluated now: {why}. This is the last known state."
    return [html.P([mark("stale"), text], className="part frozen")]


def _explained(row: Mapping[str, Any]) -> list[Component]:
    """Causes and their movements; with the unexplained rest they sum to the variance exactly."""
    if not row["explained"] and row["unexplained"] is None:
        return []
    unit, currency = row["unit"], row["currency"]
    lines = [
        (
            CAUSES.get(part["cause"], part["cause"]),
            Decimal(part["quantity"]),
            None if part["value"] is None else Decimal(part["value"]),
            ", ".join(part["source_keys"][:5]) + ("…" if len(part["source_keys"]) > 5 else ""),
        )
        for part in row["explained"]
    ]
    lines.append(("Unexplained", row["unexplained"] or Decimal(0), None, ""))
    body = [
        html.Tr(
            [
                html.Th(cause, scope="row"),
                html.Td(quantity(held, unit), className="right"),
                html.Td(amount(worth, currency) if worth is not None else NONE, className="right"),
                html.Td(keys, className="soft keys", title=keys),
            ]
        )
        for cause, held, worth, keys in lines
    ]
    head = html.Tr(
        [
            html.Th("Cause", scope="col"),
            html.Th("Quantity", scope="col", className="right"),
            html.Th("Value", scope="col", className="right"),
            html.Th("Movements", scope="col"),
        ]
    )
    title = html.H3(["What explains it", html.Small("the parts sum to the variance")])
    table = html.Table([html.Thead(head), html.Tbody(body)], className="table")
    return [html.Div([title, scroll(table, "Parts of the variance")], className="part")]


def _why(row: Mapping[str, Any]) -> Component:
    """Why these facts stand side by side, by which rule and as of when."""
    why = row["evidence"].get("why", {})
    keys = ", ".join(name.replace("_", " ") for name in why.get("keys") or ())
    told = [
        ("Check", f"{row['rule']}, version {row['rule_version']}"),
        ("Kind", row["code"].replace("_", " ") + (f", also {row['also']}" if row["also"] else "")),
        ("Paired by", f"{keys} (pass {why.get('pass')})" if keys else "n/a"),
        ("Tolerance", number(Decimal(why["tolerance"])) if why.get("tolerance") else "n/a"),
        ("Unit factor", number(Decimal(why["factor"])) if why.get("factor") else "n/a"),
        ("Ambiguous", "yes, several facts fit as well" if why.get("is_ambiguous") else "no"),
    ]
    pairs = [html.Div([html.Dt(name), html.Dd(text)]) for name, text in told]
    return html.Div([html.H3("Why"), html.Dl(pairs, className="pairs")], className="part")


def _history(view: View, row: Mapping[str, Any]) -> Component:
    """The audit of this exception, newest first. Every entry is hashed over the one before it."""
    zone = _zone(view, row)
    entries = [
        html.Li(
            [
                html.Span(
                    [
                        html.Strong(f"{entry['action'].capitalize()} by {entry['actor']}"),
                        *([f", {entry['why']}"] if entry["why"] else []),
                        *_changes(entry),
                    ]
                ),
                html.Small(moment(entry["at"], zone)),
            ]
        )
        for entry in reversed(view.reader.history("exception", row["id"]))
    ]
    return html.Div(
        [html.H3("Activity"), html.Ol(entries, className="history", reversed=True)],
        className="part",
    )


def _changes(entry: Mapping[str, Any]) -> list[str]:
    old, new = entry["old"] or {}, entry["new"] or {}
    changed = [
        f"{name.replace('_', ' ')} {old[name]} → {new[name]}"
        for name in new
        if name in old and old[name] != new[name]
    ]
    return [f" ({', '.join(changed)})"] if changed else []
