"""A small plant with one MES over HTTP: what the MES says is set by the test, the rest is real."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import sqlalchemy as sa

from app.clock import SetClock
from app.jobs import collect, replay
from app.jobs.collect import Report
from app.services import Services, opened
from app.store.sql import tables as t
from tests.collectors.loopback import SECRET, Request, Server, answer

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
COMPANY = """\
company: Works
currency: EUR
plants:
  HAM: {name: Hamilton, zone: America/Toronto}
  OAK: {name: Oakville, zone: Europe/Berlin}
"""
SOURCE = """\
system: mes
role: mes
transport: http_json
auth: {bearer: 'file:secret'}
address: %s
plants: [HAM]
%s
feeds:
"""
MOVES = """\
  moves:
    get: /moves
    records: $.items
    into: business_event
    contract: {id: text, item: text, qty: number, unit: text?, at: instant, lot: text?}
    cursor: {field: at, ask: since, overlap: 1 hour}
    sweep: 1 day
    page: {size: 7, total: $.total}
"""
MOVES_SQL = """\
-- One completion a record.
SELECT
    id AS source_key, 'op_complete' AS kind, item, lot,
    exact(qty) AS quantity_source, unit AS unit_source, instant("at", 'UTC') AS occurred_at
FROM page
"""
STOCK = """\
  stock:
    get: /stock
    records: $.items
    into: stock_balance
    contract: {item: text, qty: number, taken: instant, shot: text?}
    snapshot: {at: "instant(taken, 'UTC')", id: shot}
"""
STOCK_SQL = """\
-- One line of stock a record.
SELECT item AS source_key, item, exact(qty) AS quantity_source, 'EA' AS unit_source
FROM page
"""
OPEN = """\
  holds:
    get: /holds
    records: $.items
    into: quality_disposition
    contract: {id: text, lot: text}
"""
OPEN_SQL = """\
-- One open hold a record: the list is complete every time.
SELECT id AS source_key, 'hold' AS kind, 'open' AS status, lot
FROM page
"""
FEEDS = {"moves": (MOVES, MOVES_SQL), "stock": (STOCK, STOCK_SQL), "holds": (OPEN, OPEN_SQL)}


def move(key: str, qty: Any = 1, at: datetime = NOON, **more: Any) -> dict[str, Any]:
    """One movement as the MES tells it."""
    return {
        "id": key,
        "item": "A",
        "qty": qty,
        "unit": "EA",
        "at": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        **more,
    }


def line(item: str, qty: Any = 1, taken: datetime = NOON, **more: Any) -> dict[str, Any]:
    """One line of stock as the MES tells it."""
    return {"item": item, "qty": qty, "taken": f"{taken:%Y-%m-%dT%H:%M:%SZ}", **more}


@dataclass
class Mes:
    """What the MES says: lists by name, cut into pages and by `since`; or raw answers by name."""

    lists: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    raw: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    clock: SetClock = field(default_factory=lambda: SetClock(NOON, running=False))

    def __call__(self, request: Request) -> bytes:
        self.asked.append(request.target)
        if request.headers["authorization"] != f"Bearer {SECRET}":
            return answer({"who": "are you"}, 401)
        url = urlsplit(request.target)
        name, query = url.path.strip("/"), parse_qs(url.query)
        if name in self.raw:
            return self.raw[name]
        rows = self.lists.get(name, [])
        since = query.get("since", [""])[0]
        found = [row for row in rows if str(row.get("at", since)) >= since]
        page = int(query.get("page", ["1"])[0])
        part = found[(page - 1) * 7 : page * 7] if "page" in query else found
        date = self.clock.now().strftime("%a, %d %b %Y %H:%M:%S GMT")
        return answer({"items": part, "total": len(found)}, date=date)


@dataclass
class House:
    """An opened landscape and the MES it reads."""

    folder: Path
    mes: Mes
    clock: SetClock
    services: Services

    def collect(self, **options: Any) -> dict[str, Report]:
        """Pull everything once; reports by feed."""
        return {report.feed: report for report in collect.collect(self.services, **options)}

    def later(self, by: timedelta = timedelta(minutes=5)) -> None:
        """Let time pass."""
        self.clock.set(self.clock.now() + by)

    def rows(self, sql: str, **params: Any) -> list[dict[str, Any]]:
        """The rows of a query over everything held."""
        return self.services.store.state.rows(sql, params)

    def facts(self, table: str, columns: str = "source_key") -> list[Any]:
        """What is current of a table, in the order of its keys: values, or tuples of them."""
        found = self.rows(
            f"SELECT {columns} FROM {table} WHERE superseded_at IS NULL AND NOT is_deleted "
            "ORDER BY source, source_key"
        )
        rows = [tuple(row.values()) for row in found]
        return [row[0] for row in rows] if "," not in columns else rows

    def rejects(self, state: str = "open") -> list[dict[str, Any]]:
        """Records that could not be read or trusted."""
        with self.services.store.sql.read() as connection:
            chosen = sa.select(t.reject).where(t.reject.c.state == state).order_by(t.reject.c.id)
            return [dict(row) for row in connection.execute(chosen).mappings()]

    def state(self, feed: str) -> dict[str, Any]:
        """Where a feed is."""
        return dict(self.services.store.feed_state("mes", feed) or {})

    def raw_pages(self, feed: str) -> int:
        """How many raw pages are kept of a feed."""
        folder = self.services.store.lake.folder / "raw" / "mes" / feed
        return len(list(folder.glob("*/*.zst")))

    def replay(self, feed: str) -> Report:
        """Map everything kept of a feed again."""
        setup = self.services.landscape.sources["mes"]
        [plan] = [plan for plan in setup.plans if plan.name == feed]
        return replay.replay_feed(self.services, setup, plan)


def write(
    folder: Path,
    address: str,
    feeds: Mapping[str, tuple[str, str]] = FEEDS,
    files: Mapping[str, str] | None = None,
    settings: str = "",
) -> None:
    """A landscape with an MES that has these feeds: what stands in the source, and the mapping."""
    source = SOURCE % (address, settings) + "".join(text for text, _ in feeds.values())
    written = {"tieout.yml": COMPANY, "sources/mes.yml": source, "secret": SECRET}
    written |= {f"mappings/mes.{name}.sql": sql for name, (_, sql) in feeds.items()}
    for name, text in {**written, **(files or {})}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    (folder / "secret").chmod(0o600)


@contextmanager
def house(
    folder: Path,
    feeds: Mapping[str, tuple[str, str]] = FEEDS,
    files: Mapping[str, str] | None = None,
    mes: Mes | None = None,
    settings: str = "",
) -> Iterator[House]:
    """A landscape opened on a clock that stands still until it is told otherwise."""
    mes = mes or Mes()
    server = Server(mes)
    try:
        write(folder, server.address, feeds, files, settings)
        with opened(folder, clock=mes.clock) as services:
            yield House(folder, mes, mes.clock, services)
    finally:
        server.stop()
