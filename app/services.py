"""What entry points share, built once: landscape, store, clock and the ways to the sources."""

import base64
import contextlib
import random
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from app.clock import Clock, SystemClock
from app.landscape.load import Landscape, SourceSetup, load
from app.settings import Settings, database, secret
from app.store import Store
from app.store.landing import sql_url
from app.store.lease import leased
from app.store.reading import Reader
from app.store.sql import open_store
from collectors.client import Allowed, Auth, Client, FixedAuth, NoAuth
from collectors.feed import Reach
from collectors.oauth import ClientCredentials
from collectors.pack import Pack
from collectors.transports import jsonrpc, sql


@dataclass
class Services:
    """The worker's means. Use as a context manager: leaving it gives everything free."""

    landscape: Landscape
    store: Store
    clock: Clock = field(default_factory=SystemClock)
    chance: random.Random = field(default_factory=random.Random)
    fence: int = 0
    judging: threading.RLock = field(default_factory=threading.RLock)  # one judges a rule at a time
    halted: threading.Event = field(default_factory=threading.Event)
    _reaches: dict[str, Reach] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def reach(self, setup: SourceSetup) -> Reach:
        """The way to a source, opened once and kept: its client remembers failures and budgets."""
        with self._lock:
            if setup.name not in self._reaches:
                self._reaches[setup.name] = _open(setup, self)
            reach = self._reaches[setup.name]
            if reach.client and self.halted.is_set():
                reach.client.halt()
            return reach

    def halt(self) -> None:
        """Break off what is being collected; what was not landed is asked for again next time."""
        self.halted.set()
        with self._lock:
            for reach in self._reaches.values():
                if reach.client:
                    reach.client.halt()
        if isinstance(self.clock, SystemClock):
            self.clock.wake()

    @property
    def reader(self) -> Reader:
        """What anyone may read."""
        return Reader(self.store.sql)

    def close(self) -> None:
        """Give everything free."""
        for reach in self._reaches.values():
            if reach.client:
                reach.client.close()
            if reach.engine:
                reach.engine.dispose()
        self.store.close()


@contextlib.contextmanager
def opened(
    folder: Path,
    *,
    clock: Clock | None = None,
    settings: Settings | None = None,
    anew: bool = False,
) -> Iterator[Services]:
    """Services for a landscape folder, as its only worker.

    With `anew` the match state is made anew from the lake, and takes the place of the old one at
    the end.

    Raises `LandscapeError`, `StateError` or `StoreError`.
    """
    landscape = load(folder)
    sql_store = open_store(database_url(landscape) or sql_url(landscape.home))
    limit = (settings or Settings()).memory_limit
    # the lease is about processes, not about business: it runs on the machine's own clock
    with contextlib.closing(sql_store), leased(sql_store, SystemClock()) as fence:
        store = Store(landscape.home, sql_store, memory_limit=limit, anew=anew)
        services = Services(landscape, store, clock or SystemClock(), fence=fence)
        try:
            yield services
        finally:
            services.close()
        if anew:
            store.adopt()


def database_url(landscape: Landscape) -> str | None:
    """URL of the SQL store, None for the default SQLite file."""
    reference = landscape.company.store.database
    return database(reference, landscape.folder) if reference else None


def _open(setup: SourceSetup, services: Services) -> Reach:
    config, folder = setup.config, services.landscape.folder
    reach = Reach(services.clock)

    def told(reference: str | None, read: Callable[[str, Path], str] = secret) -> str:
        value = read(reference or "", folder)
        reach.secrets.append(value)
        return value

    if config.folder is not None:
        reach.folder = (folder / config.folder).resolve()
    if config.database is not None:
        reach.engine = sql.open_engine(setup.name, told(config.database, database))
        reach.secrets.append(str(reach.engine.url.password or ""))
    if config.address is not None:
        ca_file = str(folder / config.ca_file) if config.ca_file else None
        reach.client = Client(
            setup.name,
            config.address,
            services.clock,
            auth=_auth(setup, told, ca_file, services.clock),
            allowed=_allowed(setup.pack),
            requests_per_minute=config.requests_per_minute,
            chance=services.chance,
            ca_file=ca_file,
        )
        reach.session = _session(setup, told)
    return reach


def _auth(
    setup: SourceSetup, told: Callable[[str | None], str], ca_file: str | None, clock: Clock
) -> Auth:
    given = setup.config.auth
    match setup.pack.auth:
        case "bearer":
            return FixedAuth({"Authorization": f"Bearer {told(given.bearer)}"})
        case "basic":
            pair = f"{given.user}:{told(given.password)}"
            return FixedAuth({"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()})
        case "header":
            return FixedAuth({given.header or "": told(given.value)})
        case "oauth2":
            return ClientCredentials(
                setup.name,
                given.token_url or "",
                given.client_id or "",
                told(given.client_secret),
                given.scope,
                clock,
                ca_file,
            )
        case _:
            return NoAuth()


def _allowed(pack: Pack) -> list[Allowed]:
    """Requests beyond GET: what the pack lists, and the one path of a JSON-RPC product."""
    rules = [
        Allowed(method, re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)))
        for line in pack.allow
        for method, path in [line.split(" ", 1)]
    ]
    return [*rules, *([Allowed("POST", f".*{re.escape(pack.rpc.path)}")] if pack.rpc else [])]


def _session(setup: SourceSetup, told: Callable[[str | None], str]) -> jsonrpc.Session | None:
    rpc, given = setup.pack.rpc, setup.config.auth
    if rpc is None:
        return None
    password = told(given.password)
    if rpc.dialect == "odoo":
        return jsonrpc.Odoo(rpc.path, given.database or "", given.user or "", password)
    return jsonrpc.Tryton(rpc.path, given.user or "", password)
