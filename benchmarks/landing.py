"""Landing: JSON pages from a loopback server to durable facts, per CPU-second of this process.

Everything a collector does is in the figure: HTTP, raw pages kept and fsynced, contract, mapping,
content hash, identity, lake and match state. The server is a process of its own and is not. The
baseline, run side by side: the same bytes parsed by msgspec into typed structs and nothing else.

    python -m benchmarks.landing [--records 500000] [--page 1000 10000]
"""

import argparse
import json
import multiprocessing
import resource
import tempfile
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import msgspec
import pandas  # noqa: F401  # Arrow loads it with its first array: a cost of starting, not of landing

from app.clock import SystemClock
from app.jobs.collect import collect
from app.services import opened

START = datetime(2026, 11, 1, tzinfo=UTC)
LANDSCAPE = """
company: Benchmark
currency: EUR
plants:
  P1: {name: Plant, zone: Europe/Berlin}
  P2: {name: Other plant, zone: America/Chicago}
systems_of_record: {completion: mes}
store: {folder: ../store}
"""
SOURCE = """
system: Benchmark MES
role: mes
transport: http_json
address: "%s"
plants: [P1, P2]
feeds:
  events:
    into: business_event
    get: /events
    records: $.items
    page: {by: number, ask: page, size: %d, size_ask: size}
    cursor: {field: event_time, ask: changed_since, format: iso_seconds, overlap: 30 minutes}
    contract:
      event_id: text
      plant: text
      order_no: text
      operation: text
      material: text
      lot: text
      qty: text
      uom: text
      event_time: text
      correlation_id: text
"""
MAPPING = """
SELECT
    event_id                    AS source_key,
    'op_complete'               AS kind,
    instant(event_time, 'UTC')         AS occurred_at,
    plant,
    material                    AS item,
    lot,
    exact(qty)                  AS quantity_source,
    uom                         AS unit_source,
    'production'                AS order_kind,
    order_no,
    operation                   AS op_no,
    correlation_id
FROM page
"""


class Record(msgspec.Struct):
    """One record as the baseline reads it."""

    event_id: str
    plant: str
    order_no: str
    operation: str
    material: str
    lot: str
    qty: Decimal
    uom: str
    event_time: datetime
    correlation_id: str


class Answer(msgspec.Struct):
    """One page as the baseline reads it."""

    items: list[Record]


def page(number: int, size: int, records: int) -> bytes:
    """Page `number` (from 1) of the made-up completions."""
    first = (number - 1) * size
    return json.dumps(
        {"items": [_record(n) for n in range(first, min(first + size, records))]}
    ).encode()


def _record(n: int) -> dict[str, str]:
    return {
        "event_id": f"MES-{n:011d}",
        "plant": "P1" if n % 3 else "P2",
        "order_no": f"{100000 + n // 7}",
        "operation": f"{10 * (1 + n % 4):04d}",
        "material": f"FG-{n % 500:05d}",
        "lot": f"L{n // 40:08d}",
        "qty": f"{1 + n % 900}.{n % 1000:03d}",
        "uom": "EA",
        "event_time": (START + timedelta(seconds=n)).isoformat(),
        "correlation_id": f"{n * 2654435761 % 2**64:032x}",
    }


def _serve(ready: Connection, size: int, records: int) -> None:
    """Answer pages made beforehand, until the process is ended."""
    pages = [page(number, size, records) for number in range(1, -(-records // size) + 1)]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            number = int(parse_qs(urlsplit(self.path).query)["page"][0])
            body = pages[number - 1] if number <= len(pages) else b'{"items":[]}'
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    ready.send(server.server_port)
    server.serve_forever()


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _landscape(folder: Path, address: str, size: int) -> Path:
    (folder / "sources").mkdir(parents=True)
    (folder / "mappings").mkdir()
    (folder / "tieout.yml").write_text(LANDSCAPE, "utf-8")
    (folder / "sources" / "mes.yml").write_text(SOURCE % (address, size), "utf-8")
    (folder / "mappings" / "mes.events.sql").write_text(MAPPING, "utf-8")
    return folder


def landed(address: str, size: int) -> tuple[float, int]:
    """CPU seconds of one whole collect, and the records it held."""
    with tempfile.TemporaryDirectory() as folder:
        landscape = _landscape(Path(folder) / "landscape", address, size)
        with opened(landscape, clock=SystemClock()) as services:
            began = _cpu()
            (report,) = collect(services)
            used = _cpu() - began
            if report.outcome != "ok":
                raise SystemExit(f"not landed: {report.error}")
            return used, report.landed.news


def parsed(size: int, records: int) -> float:
    """CPU seconds of parsing the same pages into typed structs."""
    decoder = msgspec.json.Decoder(Answer)
    pages = [page(number, size, records) for number in range(1, -(-records // size) + 1)]
    began = _cpu()
    for body in pages:
        decoder.decode(body)
    return _cpu() - began


def main() -> None:
    """Print one row for each size of page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=500_000)
    parser.add_argument("--page", type=int, nargs="*", default=[1_000, 10_000])
    asked = parser.parse_args()
    print(
        f"{'records a page':>14} {'CPU s':>7} {'k rows/CPU-s':>13} {'parse only':>11} {'ratio':>6}"
    )
    for size in asked.page:
        mine, theirs = multiprocessing.Pipe()
        server = multiprocessing.Process(
            target=_serve, args=(theirs, size, asked.records), daemon=True
        )
        server.start()
        try:
            used, held = landed(f"http://127.0.0.1:{mine.recv()}", size)
        finally:
            server.terminate()
        if held != asked.records:
            raise SystemExit(f"{held:,} of {asked.records:,} records held")
        base = parsed(size, held)
        rate, ratio = held / used / 1000, used / base
        print(f"{size:>14,} {used:>7.2f} {rate:>13,.0f} {base:>10.2f}s {ratio:>5.1f}x")


if __name__ == "__main__":
    main()
