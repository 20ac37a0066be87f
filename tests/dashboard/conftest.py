"""A store with a day in it, a dashboard over it on loopback, and a real browser."""

import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import waitress
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright
from waitress import wasyncore

from app.clock import SetClock
from app.dashboard.server import create_dashboard
from app.landscape.load import Landscape
from app.store.reading import Reader
from app.store.sql import SqlStore, open_store
from tests.dashboard import plant

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@dataclass
class Served:
    """A dashboard that answers at `address`."""

    address: str
    store: SqlStore
    landscape: Landscape
    client: Any


@pytest.fixture(scope="session")
def landscape(tmp_path_factory: pytest.TempPathFactory) -> Landscape:
    return plant.landscape(tmp_path_factory.mktemp("landscape"))


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty store, migrated once."""
    path = tmp_path_factory.mktemp("store") / "tieout.sqlite"
    open_store(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def store(tmp_path: Path, empty: Path) -> Iterator[SqlStore]:
    shutil.copy(empty, tmp_path / "tieout.sqlite")
    found = SqlStore(f"sqlite:///{tmp_path}/tieout.sqlite")
    yield found
    found.close()


@pytest.fixture
def serve(store: SqlStore, landscape: Landscape) -> Iterator[Callable[..., Served]]:
    """Start a dashboard over the store, at a standing clock."""
    stops: list[Callable[[], None]] = []

    def start(prefix: str = "/") -> Served:
        clock = SetClock(plant.NOW, running=False)
        app = create_dashboard(landscape, Reader(store), clock, prefix)
        sockets: dict[int, Any] = {}
        server = waitress.create_server(
            app.server, map=sockets, host="127.0.0.1", port=0, threads=4
        )
        over = threading.Event()

        def run() -> None:
            while not over.is_set():
                wasyncore.loop(timeout=0.1, map=sockets, count=1)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()

        def stop() -> None:
            over.set()
            thread.join()
            server.task_dispatcher.shutdown()
            wasyncore.close_all(sockets)
            server.trigger.close()

        stops.append(stop)
        address = f"http://127.0.0.1:{server.effective_port}{prefix}".rstrip("/")
        return Served(address, store, landscape, app.server.test_client())

    yield start
    for stop in stops:
        stop()


@pytest.fixture
def served(serve: Callable[..., Served], store: SqlStore, landscape: Landscape) -> Served:
    """The dashboard over an ordinary day."""
    plant.fill(store, landscape)
    return serve()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.fail(f"{CHROMIUM} is missing: install the Debian package 'chromium'")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(ARGUMENTS))
        yield found
        found.close()


@dataclass
class Watched:
    """A page, and what it said and asked for since it was opened."""

    page: Page
    said: list[str]
    asked: list[str]

    def foreign(self, address: str) -> list[str]:
        """Requests that left the origin."""
        origin = "/".join(address.split("/")[:3])
        return [url for url in self.asked if not url.startswith((origin, "data:", "blob:"))]


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Watched]]:
    """Open an address in a fresh browser context and wait until the page is drawn."""
    contexts = []

    def go(address: str, *, width: int = 1440, height: int = 900, scheme: str = "light") -> Watched:
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme
        )
        contexts.append(context)
        page = context.new_page()
        watched = Watched(page, [], [])

        def heard(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning"):
                watched.said.append(message.text)

        def requested(request: Request) -> None:
            watched.asked.append(request.url)

        page.on("console", heard)
        page.on("pageerror", lambda error: watched.said.append(str(error)))
        page.on("request", requested)
        page.goto(address)
        page.wait_for_selector("main h1")
        return watched

    yield go
    for context in contexts:
        context.close()
