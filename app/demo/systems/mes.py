"""The MES of a plant: a SQLite database with the views a shop floor opens for reading.

Its habits: wall time of the plant without an offset, but a UTC change stamp; order numbers without
zeros; what is counted wrongly is taken back by an event that names the first.
"""

import sqlite3
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from app.demo.group import Group, Happening, Kind
from app.demo.systems.erp import event_id, reference

_TABLES = {
    "v_order": "order_no PRIMARY KEY, item, rev, qty, uom, status, plant, changed_at",
    "v_completion": "event_id PRIMARY KEY, order_no, op, item, qty_good, qty_scrap, qty_rework, "
    "uom, lot, equipment, plant, started_at, ended_at, sent_at, ack_at, erp_doc, reverses, "
    "changed_at",
    "v_consumption": "event_id PRIMARY KEY, order_no, op, item, lot, qty, uom, location, plant, "
    "at, reverses, changed_at",
    "v_downtime": "event_id PRIMARY KEY, equipment, state, reason, planned, order_no, "
    "maintenance_order, plant, started_at, ended_at, changed_at",
}
_COUNTED = {
    Kind.OPERATION_COMPLETED: "qty_good",
    Kind.OPERATION_SCRAPPED: "qty_scrap",
    Kind.OPERATION_REWORKED: "qty_rework",
}
_STATES = {
    Kind.ORDER_RELEASED: "released",
    Kind.OPERATION_STARTED: "in_progress",
    Kind.ORDER_COMPLETED: "done",
    Kind.ORDER_CLOSED: "closed",
    Kind.ORDER_CANCELLED: "cancelled",
}
_USED = (Kind.COMPONENT_ISSUED, Kind.COMPONENT_RETURNED)


class Mes:
    """The shop floor's own book of one plant, in a file anyone may read meanwhile."""

    def __init__(self, group: Group, plant: str, path: Path) -> None:
        self._plant = plant
        self._zone = next(ZoneInfo(site.zone) for site in group.sites if site.code == plant)
        self._lock = threading.Lock()
        self._con = sqlite3.connect(path, check_same_thread=False)
        self._con.execute("PRAGMA journal_mode = WAL")
        for name, columns in _TABLES.items():
            self._con.execute(f"CREATE TABLE IF NOT EXISTS {name} ({columns})")
        self._orders: dict[str, dict[str, Any]] = {}
        self._stops: dict[str, Happening] = {}

    def close(self) -> None:
        """Give the file free."""
        self._con.close()

    def hear(self, happening: Happening, at: datetime | None = None) -> None:
        """Enter something of this plant `at` an instant; other plants and kinds are ignored."""
        entered = at or happening.at
        if happening.plant != self._plant:
            return
        if happening.kind in _STATES or happening.kind is Kind.ORDER_CHANGED:
            self._order(happening, entered)
        elif happening.kind in _COUNTED:
            self._count(happening, entered)
        elif happening.kind in _USED:
            self._use(happening, entered)
        elif happening.kind in (Kind.DOWNTIME_STARTED, Kind.DOWNTIME_ENDED):
            self._stop(happening, entered)

    def _order(self, h: Happening, entered: datetime) -> None:
        number = h.order_no.lstrip("0")
        row = self._orders.setdefault(number, {"order_no": number, "plant": h.plant})
        if h.kind is Kind.OPERATION_STARTED and row.get("status") != "released":
            return
        row["status"] = _STATES.get(h.kind, row.get("status"))
        if h.kind in (Kind.ORDER_RELEASED, Kind.ORDER_CHANGED):
            row |= {"item": h.item.lstrip("0"), "rev": h.revision, "qty": h.quantity, "uom": h.unit}
        self._put("v_order", row, entered)

    def _count(self, h: Happening, entered: datetime) -> None:
        row = {
            "event_id": event_id(h.no),
            "order_no": h.order_no.lstrip("0"),
            "op": h.operation,
            "item": h.item.lstrip("0"),
            "qty_good": Decimal(0),
            _COUNTED[h.kind]: abs(h.quantity),
            "uom": h.unit,
            "equipment": h.equipment,
            "plant": h.plant,
            "ended_at": self._wall(h.at),
            "reverses": _id_of(h.reverses),
        }
        self._put("v_completion", row, entered)

    def _use(self, h: Happening, entered: datetime) -> None:
        """A return is material used the other way round, of no event in particular."""
        sign = 1 if h.kind is Kind.COMPONENT_ISSUED else -1
        row = {
            "event_id": reference(h.no),
            "order_no": h.order_no.lstrip("0"),
            "op": h.operation,
            "item": h.item.lstrip("0"),
            "lot": h.lot or None,
            "qty": sign * abs(h.quantity),
            "uom": h.unit,
            "location": h.from_place or h.to_place,
            "plant": h.plant,
            "at": self._wall(h.at),
            "reverses": _id_of(h.reverses, short=True),
        }
        self._put("v_consumption", row, entered)

    def _stop(self, h: Happening, entered: datetime) -> None:
        begun = self._stops.pop(h.equipment, h) if h.kind is Kind.DOWNTIME_ENDED else h
        if h.kind is Kind.DOWNTIME_STARTED:
            self._stops[h.equipment] = h
        row = {
            "event_id": event_id(begun.no),
            "equipment": h.equipment,
            "state": "down",
            "reason": h.reason,
            "plant": h.plant,
            "started_at": self._wall(h.since or h.at),
            "ended_at": self._wall(h.at) if h.kind is Kind.DOWNTIME_ENDED else None,
        }
        self._put("v_downtime", row, entered)

    def _put(self, table: str, row: Mapping[str, Any], entered: datetime) -> None:
        told = {**row, "changed_at": f"{entered.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"}
        values = [str(value) if isinstance(value, Decimal) else value for value in told.values()]
        names, holes = ", ".join(told), ", ".join("?" * len(told))
        with self._lock, self._con:
            self._con.execute(f"INSERT OR REPLACE INTO {table} ({names}) VALUES ({holes})", values)

    def _wall(self, moment: datetime) -> str:
        """The wall clock of the plant."""
        return f"{moment.astimezone(self._zone):%Y-%m-%d %H:%M:%S}"


def _id_of(number: int | None, *, short: bool = False) -> str | None:
    """The event id of a happening by its number."""
    if number is None:
        return None
    return (reference if short else event_id)(number)
