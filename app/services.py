"""What entry points share, built once: landscape, store, clock and the ways to the sources."""

import base64
import contextlib
import random
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from app.clock import Clock, SystemClock
from app.landscape.load import Landscape, SourceSetup, load
from app.settings import Settings, secret
from app.store import Store
from app.store.lease import leased
from app.store.reading import Reader
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
    _reaches: dict[str, Reach] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def reach(self, setup: SourceSetup) -> Reach:
        """The way to a source, opened at first use and kept: its client remembers failures and budgets."""
        with self._lock:
            if setup.name not in self._reaches:
                self._reaches[setup.name] = _open(setup, self)
            return self._reaches[setup.name]

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
def opened(folder: Path, *, clock: Clock | None = None, settings: Settings | None = None) -> Iterator[Services]:
    """Services for a landscape folder, as its only worker. Raises `LandscapeError`, `StateError` or `StoreError`."""
    landscape = load(folder)
    services = Services(landscape, open_store(landscape, settings or Settings()), clock or SystemClock())
    try:
        # the lease is about processes, not about business: it runs on the machine's own clock
        with leased(services.store.sql, SystemClock()) as services.fence:
            yield services
    finally:
        services.close()


def open_store(landscape: Landscape, settings: Settings) -> Store:
    """The worker's store of a landscape."""
    return Store(landscape.home, database_url(landscape), memory_limit=settings.memory_limit)


def database_url(landscape: Landscape) -> str | None:
    """URL of the SQL store, None for the default SQLite file."""
    reference = landscape.company.store.database
    return secret(reference, landscape.folder) if reference else None


def _open(setup: SourceSetup, services: Services) -> Reach:
    config, folder = setup.config, services.landscape.folder
    reach = Reach(services.clock)
    if config.folder is not None:
        reach.folder = (folder / config.folder).resolve()
    if config.database is not None:
        reach.engine = sql.open_engine(secret(config.database, folder))
    if config.address is not None:
        reach.client = Client(
            setup.name,
            config.address,
            services.clock,
            auth=_auth(setup, services),
            allowed=_allowed(setup.pack),
            requests_per_minute=config.requests_per_minute,
            chance=services.chance,
            ca_file=str(folder / config.ca_file) if config.ca_file else None,
        )
        reach.session = _session(setup, folder)
    return reach


def _auth(setup: SourceSetup, services: Services) -> Auth:
    given, folder = setup.config.auth, services.landscape.folder
    match setup.pack.auth:
        case "bearer":
            return FixedAuth({"Authorization": f"Bearer {secret(given.bearer or '', folder)}"})
        case "basic":
            pair = f"{given.user}:{secret(given.password or '', folder)}"
            return FixedAuth({"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()})
        case "header":
            return FixedAuth({given.header or "": secret(given.value or "", folder)})
        case "oauth2":
            return ClientCredentials(setup.name, given.token_url or "", given.client_id or "", secret(given.client_secret or "", folder), given.scope, services.clock)
        case _:
            return NoAuth()


def _allowed(pack: Pack) -> list[Allowed]:
    """Requests beyond GET: what the pack lists, and the one path of a JSON-RPC product."""
    rules = [Allowed(method, re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))) for line in pack.allow for method, path in [line.split(" ", 1)]]
    return [*rules, *([Allowed("POST", f".*{re.escape(pack.rpc.path)}")] if pack.rpc else [])]


def _session(setup: SourceSetup, folder: Path) -> jsonrpc.Session | None:
    rpc, given = setup.pack.rpc, setup.config.auth
    if rpc is None:
        return None
    password = secret(given.password or "", folder)
    if rpc.dialect == "odoo":
        return jsonrpc.Odoo(rpc.path, given.database or "", given.user or "", password)
    return jsonrpc.Tryton(rpc.path, given.user or "", password)
