"""The MES of a plant: a SQLite database with the views a shop floor opens for reading.

Its habits: those of every shop floor, and a change stamp in UTC.
"""

import sqlite3
import threading
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from app.demo.group import Group, Happening
from app.demo.systems.floor import FIELDS, Floor, Row


class Mes:
    """The shop floor's own book of one plant, in a file anyone may read meanwhile."""

    def __init__(self, group: Group, plant: str, path: Path) -> None:
        self._lock = threading.Lock()
        self._con = sqlite3.connect(path, check_same_thread=False)
        self._con.execute("PRAGMA journal_mode = WAL")
        self._con.execute("PRAGMA synchronous = OFF")  # it is made anew with every start
        for name, (key, *others) in FIELDS.items():
            columns = ", ".join([f"{key} PRIMARY KEY", *others])
            self._con.execute(f"CREATE TABLE IF NOT EXISTS v_{name} ({columns})")
        self._floor = Floor(group, plant, self._put)
        self._floor.enter_items()

    def close(self) -> None:
        """Give the file free."""
        self._con.close()

    def hear(self, happening: Happening, at: datetime | None = None) -> None:
        """Enter something of this plant `at` an instant; other plants and kinds are ignored."""
        self._floor.hear(happening, at)

    def _put(self, name: str, row: Row) -> None:
        names, holes = ", ".join(row), ", ".join("?" * len(row))
        table, values = f"v_{name}", [_kept(value) for value in row.values()]
        with self._lock, self._con:
            self._con.execute(f"INSERT OR REPLACE INTO {table} ({names}) VALUES ({holes})", values)


def _kept(value: Any) -> Any:
    """As text: an instant with its Z, a wall time without."""
    match value:
        case datetime(tzinfo=None) | Decimal():
            return str(value)
        case datetime():
            return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return value
