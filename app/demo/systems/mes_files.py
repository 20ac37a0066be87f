"""The MES of a plant that speaks in files: every hour one CSV of each list, of what was changed.

Its habits: those of every shop floor. In the US dialect commas, ISO times and a change stamp in
UTC; in the German one semicolons, decimal commas, cp1252, German words, the wall clock for every
time, and no plant.
"""

import csv
import io
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from app.demo.group import Group, Happening
from app.demo.systems.floor import Floor, Row

Dialect = Literal["us", "de"]
HOUR = timedelta(hours=1)
FILES = {
    "order": "orders",
    "completion": "completions",
    "consumption": "consumption",
    "labour": "labour",
    "downtime": "downtimes",
    "item": "items",
}
_ENGLISH = {
    "order": "order_no item rev qty uom status plant changed_at",
    "completion": "event_id order_no op item qty_good qty_scrap qty_rework uom equipment plant "
    "ended_at reverses changed_at",
    "consumption": "event_id order_no op item lot qty uom location plant at reverses changed_at",
    "labour": "event_id order_no op minutes equipment plant at reverses changed_at",
    "downtime": "event_id equipment state reason plant started_at ended_at changed_at",
    "item": "item name uom lot_controlled active plant changed_at",
}
_GERMAN = {
    "order": "order_no=Auftrag item=Material rev=Revision qty=Menge uom=Einheit status=Status "
    "changed_at=Stand",
    "completion": "event_id=Meldung order_no=Auftrag op=Vorgang item=Material qty_good=Gutmenge "
    "qty_scrap=Ausschuss qty_rework=Nacharbeit uom=Einheit equipment=Arbeitsplatz ended_at=Ende "
    "reverses=Storno changed_at=Stand",
    "consumption": "event_id=Buchung order_no=Auftrag op=Vorgang item=Material lot=Charge "
    "qty=Menge uom=Einheit location=Lagerort at=Zeitpunkt reverses=Storno changed_at=Stand",
    "labour": "event_id=Meldung order_no=Auftrag op=Vorgang minutes=Minuten equipment=Arbeitsplatz "
    "at=Zeitpunkt reverses=Storno changed_at=Stand",
    "downtime": "event_id=Meldung equipment=Anlage state=Zustand reason=Grund started_at=Beginn "
    "ended_at=Ende changed_at=Stand",
    "item": "item=Material name=Bezeichnung uom=Basiseinheit lot_controlled=Chargenpflicht "
    "active=Verwendbar changed_at=Stand",
}
_WORDS = {
    "released": "Freigegeben",
    "in_progress": "In Arbeit",
    "done": "Rückgemeldet",
    "closed": "Abgeschlossen",
    "cancelled": "Storniert",
    "down": "Störung",
}


def _american(value: Any, zone: ZoneInfo) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
    return str(value)


def _german(value: Any, zone: ZoneInfo) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "J" if value else "N"
        case Decimal():
            return f"{value:,f}".translate({ord(","): ".", ord("."): ","})
        case datetime():
            wall = value.astimezone(zone) if value.tzinfo else value
            return f"{wall:%d.%m.%Y %H:%M:%S}"
    return _WORDS.get(value, str(value))


@dataclass(frozen=True)
class _Csv:
    """A way of writing: what the fields of each list are called, and how a value is shown."""

    delimiter: str
    encoding: str
    names: Mapping[str, str]
    shown: Callable[[Any, ZoneInfo], str]

    def fields(self, name: str) -> dict[str, str]:
        """The columns of a list in order: our field, and what it is called in the file."""
        pairs = (word.partition("=") for word in self.names[name].split())
        return {ours: theirs or ours for ours, _, theirs in pairs}


_DIALECTS: dict[Dialect, _Csv] = {
    "us": _Csv(",", "utf-8", _ENGLISH, _american),
    "de": _Csv(";", "cp1252", _GERMAN, _german),
}


class MesFiles:
    """The shop floor of one plant, dropping files into a folder.

    At every full hour (UTC) each list is written, even with nothing in it: a file that does not
    come means that the shop floor is silent, and not that nothing happened. A file holds what was
    changed since the one before, is called after its instant, `completions_20261001060000.csv`,
    appears whole, and has that instant as its time of change.
    """

    def __init__(self, group: Group, plant: str, folder: Path, dialect: Dialect) -> None:
        self._folder, self._csv = folder, _DIALECTS[dialect]
        folder.mkdir(parents=True, exist_ok=True)
        self._next = group.starts_at.replace(minute=0, second=0, microsecond=0) + HOUR
        self._last: datetime | None = None
        self._written = self._waiting = _no_rows()
        self._floor = Floor(group, plant, self._put)
        self._floor.enter_items()

    def close(self) -> None:
        """Nothing is held open; what was not dropped stays untold."""

    def hear(self, happening: Happening, at: datetime | None = None) -> None:
        """Enter something of this plant `at` an instant; the full hours until then are dropped."""
        self.pass_time(at or happening.at)
        self._floor.hear(happening, at)

    def pass_time(self, until: datetime) -> None:
        """Everything before an instant was heard: drop the full hours until then."""
        while self._next <= until:
            self._write(self._next)
            self._next += HOUR

    def drop(self, at: datetime) -> None:
        """Write what is due until `at`, UTC, and whatever is left, as somebody does by hand.

        A second drop within a second writes the files of the first anew, with all of it.
        """
        self.pass_time(at)
        if at != self._last or any(self._waiting.values()):
            self._write(at)

    def _put(self, name: str, row: Row) -> None:
        key = next(iter(self._csv.fields(name)))
        self._waiting[name][row[key]] = row

    def _write(self, at: datetime) -> None:
        if at != self._last:
            self._last, self._written = at, _no_rows()
        for name, rows in self._waiting.items():
            held = self._written[name]
            held |= rows
            self._write_one(name, list(held.values()), at)
        self._waiting = _no_rows()

    def _write_one(self, name: str, rows: list[Row], at: datetime) -> None:
        fields, text = self._csv.fields(name), io.StringIO(newline="")
        table = csv.writer(text, delimiter=self._csv.delimiter)
        table.writerow(fields.values())
        for row in rows:
            shown = self._csv.shown
            table.writerow([shown(row.get(field), self._floor.zone) for field in fields])
        path = self._folder / f"{FILES[name]}_{at.astimezone(UTC):%Y%m%d%H%M%S}.csv"
        half = path.with_suffix(".part")
        half.write_bytes(text.getvalue().encode(self._csv.encoding))
        os.utime(half, (at.timestamp(), at.timestamp()))
        half.replace(path)


def _no_rows() -> dict[str, dict[str, Row]]:
    return {name: {} for name in FILES}


def landscape(source: str, plant: str, folder: Path | str, dialect: Dialect) -> dict[str, str]:
    """What a landscape needs to read such a shop floor: the text of each file by its path in it."""
    shipped = resources.files(__package__) / f"mes_{dialect}"
    texts = {entry.name: entry.read_text("utf-8") for entry in shipped.iterdir()}
    block = texts.pop("source.yml").replace("{plant}", plant).replace("{folder}", str(folder))
    mappings = {f"mappings/{source}.{name}": text for name, text in texts.items()}
    return {f"sources/{source}.yml": block, **mappings}
