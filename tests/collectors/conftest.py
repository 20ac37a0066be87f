"""Temporary landscapes collected by the real job, what they hold, and a small web service."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa

from app.clock import Clock
from app.jobs.collect import Report, collect
from app.services import Services, opened
from app.store.sql import tables as t

CURRENT = "superseded_at IS NULL AND NOT is_deleted"
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Plant:
    """An opened landscape: collect it, then ask what it holds."""

    services: Services

    def collect(
        self, wanted: dict[str, set[str] | None] | None = None, *, full: bool = False
    ) -> dict[str, Report]:
        """Pull everything, or the feeds asked for, once; reports by source/feed."""
        pulls = collect(self.services, wanted, full=full)
        reports = {f"{report.source}/{report.feed}": report for report in pulls}
        assert {name: report.error for name, report in reports.items() if report.error} == {}
        return reports

    def try_collect(self) -> dict[str, Report]:
        """The same, where a feed may fail."""
        return {f"{report.source}/{report.feed}": report for report in collect(self.services)}

    def rows(self, sql: str, **params: Any) -> Rows:
        """The rows of a query over all facts ever held."""
        return self.services.store.state.rows(sql, params)

    def facts(self, table: str, columns: str, where: str = "true") -> Rows:
        """What is current of a table, in the order of its keys."""
        return self.rows(
            f"SELECT {columns} FROM {table} WHERE {CURRENT} AND {where} ORDER BY source, source_key"
        )

    def rejects(self) -> Rows:
        """What could not be read or trusted, and why."""
        with self.services.store.sql.read() as connection:
            found = connection.execute(
                sa.select(t.reject.c.feed, t.reject.c.reason, t.reject.c.raw).order_by(
                    t.reject.c.raw
                )
            )
            return [dict(row) for row in found.mappings()]


@contextmanager
def plant(
    folder: Path, company: str, sources: Mapping[str, str], clock: Clock | None = None
) -> Iterator[Plant]:
    """A landscape written into `folder` and opened."""
    (folder / "sources").mkdir(parents=True, exist_ok=True)
    (folder / "tieout.yml").write_text(company, "utf-8")
    for name, text in sources.items():
        (folder / "sources" / f"{name}.yml").write_text(text, "utf-8")
    with opened(folder, clock=clock) as services:
        yield Plant(services)


@pytest.fixture(scope="session")
def plant_at() -> Callable[..., Any]:
    """Opens a landscape in a folder: a context manager."""
    return plant


@pytest.fixture
def a_plant(tmp_path: Path) -> Iterator[Callable[..., Plant]]:
    """Opens landscapes under the test's own folder and closes them afterwards."""
    with ExitStack() as stack:
        yield lambda company, sources: stack.enter_context(plant(tmp_path, company, sources))


@pytest.fixture(scope="session")
def secret() -> Callable[[Path, str], str]:
    """Writes a secret into a landscape, for its owner to read; returns the reference to it."""

    def keep(folder: Path, text: str) -> str:
        path = folder / "secret"
        path.write_text(text, "utf-8")
        path.chmod(0o600)
        return "file:secret"

    return keep


class Lists:
    """A web service: a list for each path, in pages, by changed_since, for holders of a token."""

    def __init__(self, lists: Mapping[str, Rows], token: str) -> None:
        self.lists, self.token = dict(lists), token
        self.asked: list[str] = []
        handler = type("Handler", (_Handler,), {"service": self})
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._http.server_port}"

    def answer(self, target: str, authorization: str | None) -> tuple[int, Any]:
        """Status and document for one request."""
        self.asked.append(target)
        path, query = urlsplit(target).path.strip("/"), parse_qs(urlsplit(target).query)
        if authorization != f"Bearer {self.token}":
            return 401, {"error": "who are you"}
        if path not in self.lists:
            return 404, {"error": "no such list"}
        since = query.get("changed_since", [""])[0]
        found = [row for row in self.lists[path] if row.get("changed_at", since) >= since]
        page, size = int(query["page"][0]), int(query["size"][0])
        return 200, {"items": found[(page - 1) * size : page * size], "total": len(found)}

    def stop(self) -> None:
        """Stop listening."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    service: Lists

    def do_GET(self) -> None:
        """One list, or why not."""
        status, document = self.service.answer(self.path, self.headers.get("Authorization"))
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


@pytest.fixture
def lists() -> Iterator[Callable[[Mapping[str, Rows], str], Lists]]:
    """Serves lists and stops afterwards."""
    held: list[Lists] = []

    def serve(content: Mapping[str, Rows], token: str) -> Lists:
        held.append(Lists(content, token))
        return held[-1]

    yield serve
    for service in held:
        service.stop()
