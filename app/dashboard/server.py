"""The dashboard as a web server: one page at a time, drawn from its address, read only."""

import importlib.resources
import logging
import secrets
import signal
import socket
from collections.abc import Callable
from typing import Any

import dash
import flask_compress
import waitress
from dash import ClientsideFunction, Input, Output
from dash.development.base_component import Component

from app.clock import Clock
from app.dashboard import shell
from app.dashboard.address import read
from app.dashboard.headers import guard
from app.dashboard.pages import PAGES, failed, missing
from app.dashboard.trust import checks
from app.dashboard.view import look
from app.landscape.load import Landscape
from app.store.reading import Reader
from app.store.sql import SqlStore

LOOPBACK = ("127.0.0.1", "localhost", "::1")
THREADS = 8
MAX_BODY = 1_000_000
log = logging.getLogger(__name__)


class ServeError(Exception):
    """The dashboard cannot be served."""


def create_dashboard(
    landscape: Landscape, reader: Reader, clock: Clock, prefix: str = "/"
) -> dash.Dash:
    """The dashboard over what `reader` reads, at the time `clock` tells, below `prefix`."""
    app = dash.Dash(
        "tieout",
        assets_folder=str(importlib.resources.files(__package__) / "assets"),
        assets_ignore=r"^(scheme|plotly-cartesian\.min)\.js$",
        url_base_pathname=prefix,
        serve_locally=True,
        title="tieout",
        update_title="",
        add_log_handler=False,
        enable_mcp=False,
        use_pages=False,
        on_error=_told,
    )
    app.index_string = _index(app)
    app.layout = shell.layout(prefix)
    _connect(app, landscape, reader, clock, prefix)
    flask_compress.Compress(app.server)
    app.server.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    guard(app.server, app.csp_hashes(), LOOPBACK)
    return app


def _connect(
    app: dash.Dash, landscape: Landscape, reader: Reader, clock: Clock, prefix: str
) -> None:
    """One callback draws; another, in the browser, has it drawn anew now and then."""
    known = checks(landscape)
    in_browser: Callable[..., None] = app.clientside_callback

    @app.callback(
        Output(shell.NAVIGATION, "children"),
        Output(shell.BAR, "children"),
        Output(shell.MAIN, "children"),
        Input(shell.LOCATION, "pathname"),
        Input(shell.LOCATION, "search"),
        Input(shell.TICK, "data"),
    )
    def draw(path: str | None, search: str | None, _: Any) -> tuple[Any, Any, list[Component]]:
        here = read(path, search, landscape.company.plants, prefix)
        view = look(landscape, reader, here, clock.now(), known)
        page = PAGES.get(here.path, missing)(view)
        return shell.navigation(view), shell.bar(view), page

    in_browser(
        ClientsideFunction("tieout", "tick"),
        Output(shell.TICK, "data"),
        Input(shell.PULSE, "n_intervals"),
        prevent_initial_call=True,
    )


def _told(error: Exception) -> tuple[Any, Any, list[Component]]:
    """What a person sees when a page cannot be drawn: a reference into the log, no traceback."""
    reference = secrets.token_hex(4)
    log.error("page failed", extra={"reference": reference}, exc_info=error)
    return dash.no_update, dash.no_update, failed(reference)


def _index(app: dash.Dash) -> str:
    """The document: language set, colour scheme chosen before the first paint."""
    template = importlib.resources.files(__package__).joinpath("index.html").read_text("utf-8")
    return template.replace("{scheme}", app.get_asset_url("scheme.js")).replace(
        "{icon}", app.get_asset_url("favicon.svg")
    )


def serve_forever(
    landscape: Landscape,
    sql_store: SqlStore,
    clock: Clock,
    *,
    port: int,
    host: str = "127.0.0.1",
    opening: str = "/",
    announce: Callable[[str], None] = log.info,
) -> None:
    """Serve until told to stop; `announce` is told the address once it answers.

    Raises `ServeError` for an address that is not loopback or not free.
    """
    if host not in LOOPBACK:
        raise ServeError(
            f"'{host}' is not a loopback address such as 127.0.0.1; put a proxy before it"
        )
    app = create_dashboard(landscape, Reader(sql_store), clock)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        raise ServeError(f"cannot listen on {host}:{port}: {error}") from error
    server = waitress.create_server(
        app.server, sockets=[listening], threads=THREADS, ident="tieout"
    )
    shown = f"[{host}]" if ":" in host else host
    announce(f"Dashboard: http://{shown}:{port}{opening} (stop with Ctrl+C)")
    before = signal.signal(signal.SIGTERM, _stop)
    try:
        server.run()
    finally:
        signal.signal(signal.SIGTERM, before)
        server.close()


def _stop(number: int, frame: object) -> None:
    raise SystemExit(0)
