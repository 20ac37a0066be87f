"""A company with three plants, and what its store holds at one moment."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from app.landscape.load import Landscape, load
from app.store.sql import SqlStore
from app.store.sql import tables as t
from rules.model import LEVELS

NOW = datetime(2026, 11, 20, 13, 32, tzinfo=UTC)
FILES = {
    "tieout.yml": """
        company: Pumps Inc
        currency: EUR
        plants:
          CZ02: {name: Brno, zone: Europe/Prague}
          US03: {name: Toledo, zone: America/New_York}
          CN04: {name: Suzhou, zone: Asia/Shanghai}
        systems_of_record: {stock: wms}
        """,
    "sources/erp.yml": """
        pack: erp/tryton
        address: http://127.0.0.1:9/erp
        auth: {bearer: env:NOBODY_ASKS}
        plants: [CZ02, US03]
        """,
    "sources/wms.yml": """
        pack: erp/tryton
        role: wms
        address: http://127.0.0.1:9/wms
        auth: {bearer: env:NOBODY_ASKS}
        plants: [CZ02, US03]
        cross_reference: []
        feeds: {productions: off, works: off, inspections: off}
        """,
}


def landscape(folder: Path) -> Landscape:
    """Brno and Toledo have an ERP and a WMS; Suzhou has nothing yet, so nothing compares it."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = text.strip("\n").splitlines()
        indent = len(lines[0]) - len(lines[0].lstrip())
        path.write_text("\n".join(line[indent:] for line in lines) + "\n", "utf-8")
    return load(folder)


def add(store: SqlStore, table: sa.Table, *rows: dict[str, Any]) -> None:
    """Put rows into the store as the worker would."""
    with store.write() as connection:
        connection.execute(sa.insert(table), list(rows))


def an_exception(no: int, **over: Any) -> dict[str, Any]:
    """One exception: a lot that the ERP has and the WMS has not."""
    severity = over.pop("severity", "warning")
    value = over.pop("value", None)
    lot = over.pop("lot", f"L-{no}")
    fact = {
        "source": "erp",
        "feed": "stock",
        "source_key": f"STO/{lot}",
        "source_revision": "#1",
        "balance_at": "2026-11-20T13:20:00Z",
        "observed_at": "2026-11-20T13:21:00Z",
        "plant": over.get("plant", "CZ02"),
        "item": "P-100",
        "lot": lot,
        "quantity": "12",
        "unit": "EA",
        "stock_status": "free",
        "raw_ref": f"erp/stock/pull/000001.page.zst#{no}",
    }
    other = {**fact, "source": "wms", "quantity": "10", "raw_ref": f"wms/stock/pull/1.zst#{no}"}
    row = {
        "no": no,
        "fingerprint": f"print-{no}",
        "subject": f"stock/{no}",
        "code": "balance_variance",
        "rule": "inventory/stock_agrees",
        "rule_version": "1",
        "plant": "CZ02",
        "flow": "stock",
        "title": "Stock differs, ERP and WMS",
        "key": {"plant": fact["plant"], "item": "P-100", "lot": lot},
        "search": f"P-100 {lot}",
        "expected": [],
        "observed": [],
        "evidence": {
            "sides": {"expected": [fact], "observed": [other]},
            "why": {"pass": 1, "keys": ["item", "lot"], "tolerance": "0", "is_ambiguous": False},
        },
        "variance": -2,
        "unit": "EA",
        "value": value,
        "value_rank": float(value or 0),
        "currency": None if value is None else "EUR",
        "explained": [
            {"cause": "missing", "quantity": "-2", "value": None, "source_keys": ["M-1"]}
        ],
        "unexplained": 0,
        "cause": "Movement M-1 not posted",
        "due_at": NOW - timedelta(hours=6, minutes=12),
        "first_seen_at": NOW - timedelta(hours=6),
        "changed_at": NOW - timedelta(hours=6),
        "state": "open",
        "severity": severity,
        "severity_rank": LEVELS.index(severity),
        "owner": "warehouse",
        "as_of": NOW - timedelta(minutes=1),
        "known_at": NOW - timedelta(minutes=1),
        "run_id": "run-1",
    }
    return {**row, **over}


def a_signal(plant: str, name: str, value: float | None, **over: Any) -> list[dict[str, Any]]:
    """One golden signal, the same in every window."""
    row = {
        "plant": plant,
        "flow": "*",
        "name": name,
        "as_of": NOW,
        "value": value,
        "numerator": None,
        "denominator": None,
        "unknown_since": None,
        "detail": {},
        **over,
    }
    return [{**row, "window": window} for window in ("24h", "7d", "30d")]


def feeds(of: Landscape, *, stale: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """Every feed, pulled a minute ago; those of a stale source five hours ago."""
    rows = []
    for source, setup in of.sources.items():
        pulled = NOW - (timedelta(hours=5) if source in stale else timedelta(minutes=1))
        rows += [
            {
                "source": source,
                "feed": plan.name,
                "files": {},
                "empty_pulls": 0,
                "outcome": "failed" if source in stale else "ok",
                "error": "connection refused" if source in stale else None,
                "failures": 0,
                "last_pull_at": pulled,
                "last_ok_at": pulled,
                "every_seconds": 300,
            }
            for plan in setup.plans
        ]
    return rows


def runs(of: Landscape, at: datetime = NOW - timedelta(minutes=1)) -> list[dict[str, Any]]:
    """One run of every rule that has both sides."""
    account = {"in_scope": 100, "matched": 98, "not_due": 0, "excepted": 2}
    return [
        {
            "id": f"run-{name}",
            "rule": name,
            "rule_version": "1",
            "started_at": at,
            "ended_at": at,
            "as_of": at,
            "known_at": at,
            "horizon": at,
            "outcome": "drifted",
            "findings": 2,
            "accounts": {"expected": {**account, "excluded": 0, "unknown": 0}},
            "inputs": {},
        }
        for name, loaded in of.rules.items()
        if of.pairing(loaded)
    ]


def fill(store: SqlStore, of: Landscape, *, stale: tuple[str, ...] = ()) -> None:
    """A day on which Brno is calm and Toledo has three disagreements."""
    add(store, t.feed_state, *feeds(of, stale=stale))
    add(store, t.reconcile_run, *runs(of))
    add(
        store,
        t.exception,
        an_exception(1, plant="US03", severity="critical", value=71_900),
        an_exception(2, plant="US03", severity="major", value=1_220, lot="B26K-0417"),
        an_exception(3, plant="US03", severity="warning"),
        an_exception(4, plant="US03", state="resolved", resolved_at=NOW),
    )
    add(
        store,
        t.audit,
        {
            "seq": 1,
            "at": NOW - timedelta(hours=6),
            "actor": "tieout",
            "action": "opened",
            "object": "exception",
            "object_id": "EX-1",
            "old": {},
            "new": {"state": "open"},
            "why": "found by the run",
            "previous": "",
            "hash": "0",
        },
    )
    signals = []
    for plant, agreed, oldest in (("CZ02", 1000, None), ("US03", 914, 76.0), ("*", 1914, 76.0)):
        judged = 2000 if plant == "*" else 1000
        numbers = {"numerator": agreed, "denominator": judged}
        signals += a_signal(plant, "success", 100 * agreed / judged, **numbers)
        signals += a_signal(plant, "agreement", 100 * agreed / judged, **numbers)
        signals += a_signal(plant, "lag", 660, detail={"p50": 31.0, "p95": 660.0, "facts": 9})
        if oldest:
            signals += a_signal(plant, "aging", oldest, detail={"count": 3})
        if plant != "*":
            signals += a_signal(plant, "agreement", 100 * agreed / judged, flow="stock", **numbers)
    add(store, t.signal, *signals)
    hours = [
        {
            "plant": plant,
            "flow": "stock",
            "rule": "inventory/stock_agrees",
            "hour_at": (NOW - timedelta(hours=back)).replace(minute=0),
            "due": 20,
            "effective": 20,
            "judged": 20,
            "agreed": 20 if plant == "CZ02" else 18 - back % 3,
        }
        for plant in ("CZ02", "US03")
        for back in range(40)
    ]
    add(store, t.signal_hour, *hours)
