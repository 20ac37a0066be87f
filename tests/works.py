"""A small works: an MES, an ERP and a WMS that drop text files, and two rules about them.

Tests fill the files, collect and reconcile with the real jobs, in their own process or another.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.clock import Clock, SetClock
from app.jobs import collect, reconcile, signals
from app.landscape.rule_files import SHIPPED
from app.services import Services, opened

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
BOOKED, STOCK = "production/booked", "inventory/same_stock"
_FEED = """\
# {title}
system: {title}
role: {role}
transport: files
folder: drop/{name}
plants: P1
feeds:
  moves:
    files: moves*.csv
    into: business_event
    contract:
      {{id: text, order_no: text, item: text, lot: text?, qty: number, at: instant, rev: integer?}}
"""
_STOCK_FEED = """\
  stock:
    files: stock.csv
    into: stock_balance
    snapshot: {at: "instant(taken, 'UTC')"}
    contract: {item: text, lot: text, qty: number, taken: instant}
"""
_MOVES = """\
-- What the {name} says was made.
SELECT
    id AS source_key, '{kind}' AS kind, rev::VARCHAR AS source_revision, order_no, item, lot,
    exact(qty) AS quantity_source, 'EA' AS unit_source, instant("at", 'UTC') AS occurred_at
FROM page
"""
_STOCK = """\
-- What the {name} has.
SELECT
    concat_ws('/', item, lot) AS source_key, item, lot,
    exact(qty) AS quantity_source, 'EA' AS unit_source
FROM page
"""
_BOOKED = """\
# What is made is booked, in full and within half an hour.
reconciler: match
flow: completion
expected: {kind: op_complete, role: mes}
observed: {kind: fg_receipt, role: erp}
keys:
  - [order_no, lot]
  - [order_no]
compare: {quantity: {tolerance: 0}, lot: same}
due: 30 minutes
severity: {warning: at due, major: 4 hours, critical: 24 hours or 10000 EUR}
owner: integration-support
runbook: booked.md
"""
_SAME_STOCK = """\
# Book and warehouse hold the same.
reconciler: balance
flow: stock
expected: {from: stock_balance, role: erp}
observed: {from: stock_balance, role: wms}
grain: [plant, item, lot]
severity: {warning: at due, major: 1000 EUR, critical: 10000 EUR}
owner: warehouse
runbook: stock.md
"""
ROLES = {"mes": "op_complete", "erp": "fg_receipt", "wms": "receipt"}
HEADER = "id,order_no,item,lot,qty,at,rev\n"


def write_works(folder: Path, *, store: str = "{folder: var}") -> Path:
    """The landscape; nothing is dropped yet."""
    shipped = sorted(
        path.relative_to(SHIPPED).with_suffix("").as_posix() for path in SHIPPED.glob("**/*.yml")
    )
    files = {
        "tieout.yml": "company: Works\ncurrency: EUR\n"
        "plants:\n  P1: {name: One, zone: UTC}\n"
        f"store: {store}\nrules: {{off: [{', '.join(shipped)}]}}\n",
        f"rules/{BOOKED}.yml": _BOOKED,
        f"rules/{STOCK}.yml": _SAME_STOCK,
        "item_cost.csv": "item,unit_cost,currency\nA,12.345678901,EUR\n",
    }
    for name, kind in ROLES.items():
        has_stock = name in ("erp", "wms")
        files[f"sources/{name}.yml"] = _FEED.format(title=name.upper(), role=name, name=name) + (
            _STOCK_FEED if has_stock else ""
        )
        files[f"mappings/{name}.moves.sql"] = _MOVES.format(name=name, kind=kind)
        if has_stock:
            files[f"mappings/{name}.stock.sql"] = _STOCK.format(name=name)
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    for name in ROLES:
        (folder / "drop" / name).mkdir(parents=True, exist_ok=True)
        drop(folder, name, [])
    return folder


def made(
    key: str, order: str, quantity: object, when: datetime, lot: str = "", rev: str = ""
) -> str:
    """One line of a file of movements."""
    return f"{key},{order},A,{lot},{quantity},{when:%Y-%m-%dT%H:%M:%SZ},{rev}"


def drop(folder: Path, source: str, lines: Sequence[str], name: str = "moves") -> None:
    """Put a file of movements where a source finds it; written beside and renamed."""
    path = folder / "drop" / source / f"{name}.csv"
    path.with_suffix(".part").write_text(HEADER + "".join(f"{line}\n" for line in lines), "utf-8")
    path.with_suffix(".part").replace(path)


def drop_stock(
    folder: Path, source: str, rows: Iterable[tuple[str, str, object]], when: datetime
) -> None:
    """Put a complete list of balances (item, lot, quantity) where a source finds it."""
    lines = [f"{item},{lot},{quantity},{when:%Y-%m-%dT%H:%M:%SZ}" for item, lot, quantity in rows]
    path = folder / "drop" / source / "stock.csv"
    path.with_suffix(".part").write_text("item,lot,qty,taken\n" + "\n".join(lines) + "\n", "utf-8")
    path.with_suffix(".part").replace(path)


def fill(folder: Path, now: datetime = NOON) -> None:
    """One completion booked, one not, one not due; a booking without completion; a lot short."""
    ago = [now - minutes(count) for count in (120, 110, 5, 100)]
    drop(
        folder,
        "mes",
        [made("1", "O1", 10, ago[0]), made("2", "O2", 5, ago[1]), made("3", "O3", 5, ago[2])],
    )
    drop(folder, "erp", [made("a", "O1", 10, ago[3]), made("b", "O9", 5, ago[3])])
    for source, quantity in (("erp", "7.000000001"), ("wms", 5)):
        drop_stock(folder, source, [("A", "L1", quantity), ("A", "L2", 1)], now - minutes(1))


def until(so: Callable[[], object], what: str, seconds: float = 60) -> None:
    """Wait until something is so; `AssertionError` says what never came to be."""
    end = time.monotonic() + seconds
    while not so():
        if time.monotonic() > end:
            raise AssertionError(f"never: {what}")
        time.sleep(0.05)


@contextmanager
def working(folder: Path, when: datetime = NOON, clock: Clock | None = None) -> Iterator[Services]:
    """The works opened by its only worker, at an instant at which time stands still."""
    with opened(folder, clock=clock or SetClock(when, running=False)) as services:
        yield services


def work(services: Services) -> list[reconcile.Report]:
    """Collect everything and run every rule, once."""
    for report in collect.collect(services):
        assert report.outcome == "ok", report.error
    reports = list(reconcile.reconcile(services))
    assert {report.reason for report in reports} == {None}
    signals.refresh(services)
    return reports


def minutes(count: float) -> timedelta:
    """So many minutes."""
    return timedelta(minutes=count)
