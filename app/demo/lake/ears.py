"""What the systems of a division write down, caught where their servers would keep it.

Records are held as the text a collector would read, in Arrow: a list for each feed, and for stock
what lies there now.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

import pyarrow as pa

from collectors.page import Page, Records

HEADER = "to_MaterialDocumentHeader"  # the one part of a record that is an object of its own
_BOOKED = "MatlWrhsStkQtyInMatlBaseUnit"
_CHANGED = {"A_InspectionLot": "ChangedDateTime"}  # an instant, as a gateway tells it

Text = str | None
Row = Mapping[str, Any]


class Place(NamedTuple):
    """A feed of a source."""

    source: str
    feed: str


class Ears:
    """Everything heard and not taken yet. `fields` are the columns a record of a feed has."""

    def __init__(self, fields: Mapping[Place, Sequence[str]]) -> None:
        self._fields = fields
        self._rows: dict[Place, list[list[Text]]] = defaultdict(list)
        self._stock: dict[Place, dict[tuple[str, ...], list[Text]]] = defaultdict(dict)
        self._pages: dict[Place, list[tuple[Page, Records]]] = defaultdict(list)
        self.records = 0  # in the pages

    def hear(self, place: Place, row: Row) -> None:
        """A record as it stands now."""
        self._rows[place].append([_text(row.get(name)) for name in self._fields[place]])

    def lay(self, place: Place, key: tuple[str, ...], row: Row | None) -> None:
        """A line of stock as it stands now; None: it is gone."""
        if row is None:
            self._stock[place].pop(key, None)
        else:
            self._stock[place][key] = [_text(row.get(name)) for name in self._fields[place]]

    def look(self, at: datetime) -> None:
        """What a collector would find at an instant: a page of what is new, and one of all stock.

        A page is referred to by the id of its pull.
        """
        stock = {place: list(lines.values()) for place, lines in self._stock.items()}
        for place, rows in {**self._rows, **stock}.items():
            self._pages[place].append(_page(place, at, self._fields[place], rows))
            self.records += len(rows)
        self._rows.clear()

    def taken(self) -> dict[Place, list[tuple[Page, Records]]]:
        """The pages since the last time; they are forgotten."""
        pages, self._pages, self.records = self._pages, defaultdict(list), 0
        return pages


class Books:
    """In place of the ERP's server.

    `feeds` leads from an entity set to its feed.
    """

    def __init__(self, ears: Ears, feeds: Mapping[str, Place]) -> None:
        self._ears, self._feeds, self._header = ears, feeds, ""

    def put(self, name: str, rows: Iterable[Row], gone: Iterable[Row] = ()) -> None:
        """A document's header comes before its items, which are told with it. Lists that lead to no
        feed are not told.
        """
        place = self._feeds.get(name)
        for row in rows:
            if name == "A_MaterialDocumentHeader":
                self._header = json.dumps({field: _text(value) for field, value in row.items()})
            elif name == "A_MatlStkInAcctMod":
                stock = self._feeds[name]
                self._ears.lay(stock, _line(row), row if row[_BOOKED] else None)
            elif place and (changed := _CHANGED.get(name)):
                self._ears.hear(place, {**row, changed: _odata_instant(row[changed])})
            elif place:
                self._ears.hear(place, {**row, HEADER: self._header})


class Lists:
    """In place of the server of a warehouse or quality system.

    `place` leads from a list and a plant to the feed.
    """

    def __init__(self, ears: Ears, place: Callable[[str, str], Place]) -> None:
        self._ears, self._place = ears, place

    def put(self, path: str, rows: Iterable[Row], gone: Iterable[Row] = ()) -> None:
        """Rows of a list; of balances also what lies there no longer."""
        for row in gone:
            self._ears.lay(self._place(path, row["plant"]), _balance(row), None)
        for row in rows:
            place = self._place(path, row["plant"])
            if path == "balances":
                self._ears.lay(place, _balance(row), row)
            else:
                self._ears.hear(place, row)

    def stamp(self, path: str, fields: Callable[[], Row]) -> None:
        """Balances are those of the instant of a look."""


def _line(row: Row) -> tuple[str, ...]:
    return (
        row["Material"], row["Plant"], row["StorageLocation"], row["Batch"],
        row["InventoryStockType"],
    )  # fmt: skip


def _balance(row: Row) -> tuple[str, ...]:
    return row["plant"], row["location"], row["item"], row["lot"] or "", row["status"]


# Values as text


def _text(value: Any) -> Text:
    return value if value.__class__ is str else _WRITTEN[value.__class__](value)


def _moment(value: datetime) -> str:
    """Wall time as it is; an instant in UTC, with its Z."""
    if value.tzinfo is None:
        return value.isoformat(" ")
    return f"{value.astimezone(UTC).isoformat()[:19]}Z"


@lru_cache(maxsize=1000)
def _odata_date(value: date) -> str:
    since = datetime.combine(value, time(), UTC).timestamp()
    return f"/Date({round(since * 1000)})/"


def _odata_instant(value: datetime) -> str:
    return f"/Date({round(value.timestamp() * 1000)}+0000)/"


_WRITTEN: Mapping[type, Callable[[Any], Text]] = {
    type(None): lambda _: None,
    str: str,
    bool: lambda value: "true" if value else "false",
    Decimal: lambda value: f"{value:f}",
    datetime: _moment,
    date: _odata_date,
    time: lambda value: f"PT{value:%HH%MM%SS}",
}


# Pages


def _page(
    place: Place, at: datetime, fields: Sequence[str], rows: list[list[Text]]
) -> tuple[Page, Records]:
    columns = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
    numbers = pa.array(range(1, len(rows) + 1), pa.int64())
    table = pa.table(
        [numbers, *(columns or [numbers.cast(pa.string())] * len(fields))], ["#", *fields]
    )
    page = Page(1, b"", "text", "", at, ref=f"{at:%Y%m%dT%H%M%S}-{place.source}")
    return page, Records(table, [""] * len(rows), frozenset({HEADER}), [], len(rows))
