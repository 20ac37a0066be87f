"""The pages: each draws itself from a view."""

from collections.abc import Callable, Mapping

from dash import html
from dash.development.base_component import Component

from app.dashboard.pages import exceptions, overview
from app.dashboard.parts import data, icon, link, notice
from app.dashboard.view import View

PAGES: Mapping[str, Callable[[View], list[Component]]] = {
    "/": overview.page,
    "/exceptions": exceptions.page,
}


def missing(view: View) -> list[Component]:
    """An address nobody has."""
    return [
        html.H1("There is no such page"),
        html.P("The link may be from an older version, or cut short.", className="lead"),
        html.Div(
            [
                link([icon("overview"), "Overview"], view.address.to("/"), className="control"),
                link(
                    [icon("alert"), "Exceptions"],
                    view.address.to("/exceptions"),
                    className="control",
                ),
            ],
            className="row",
        ),
    ]


def failed(reference: str) -> list[Component]:
    """A page that could not be drawn."""
    again = html.Button(
        [icon("refresh"), "Try again"],
        type="button",
        className="control",
        **data(reload=""),
    )
    return [
        html.H1("This page could not be drawn"),
        notice(
            "out",
            "The store could not be read, or held something unexpected.",
            f"Nothing was changed. The log says more under reference {reference}.",
        ),
        html.Div(again, className="row"),
    ]
