"""A canonical table as a mapping fills it, and what its rows are completed from."""

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from collectors.mapping import Select

HEADER = {
    "fact_no",
    "source",
    "feed",
    "source_revision",
    "revision_rank",
    "observed_at",
    "raw_ref",
    "record_hash",
    "pull_id",
}
IDENTITY = {
    "source_key": "VARCHAR",
    "source_revision": "VARCHAR",
    "revised_at": "TIMESTAMP WITH TIME ZONE",
    "is_deleted": "BOOLEAN",
}
UNHASHED = {"sampled_at"}  # a sample that differs only in its time is a repeat
DERIVED = {"occurred_on", "event_at", "snapshot_id"}
TIMES = ("occurred_at", "posting_on", "recorded_at")

# Which columns hold keys of another system, by kind of object.
OBJECTS = {
    "plant": ("plant", "to_plant"),
    "item": ("item", "from_item"),
    "location": ("location", "to_location", "bin"),
    "lot": ("lot", "from_lot"),
    "order": ("order_no", "parent_no", "order_family"),
    "partner": ("partner",),
    "equipment": ("equipment",),
    "stock_status": ("stock_status", "to_stock_status"),
}
UNIT = "unit"
XREF = pa.schema(
    {
        "object": pa.string(),
        "of_key": pa.string(),
        "of_item": pa.string(),
        "key": pa.string(),
        "factor": pa.decimal128(28, 15),
        "valid_from": pa.date32(),
        "valid_to": pa.date32(),
    }
)


@dataclass(frozen=True)
class Surroundings:
    """What a source's records are completed from.

    `xref` holds the cross-references of this source (shape `XREF`, validity not overlapping).
    `expected` names the objects whose keys must be found there. `zones` maps plant to time zone;
    `plant` is the plant of a source with one.
    """

    xref: pa.Table
    expected: frozenset[str]
    zones: Mapping[str, str]
    plant: str | None = None


@dataclass(frozen=True)
class Target:
    """One canonical table a feed fills and the mapping that does it."""

    table: str
    schema: pa.Schema
    select: Select
    file: str = ""

    @property
    def own(self) -> list[pa.Field]:
        """Columns of the table beyond those every fact begins with."""
        return [
            column
            for column in self.schema
            if column.name not in HEADER and column.name not in IDENTITY
        ]

    @property
    def fillable(self) -> list[str]:
        """Columns a mapping may fill."""
        return [*IDENTITY, *(column.name for column in self.own if column.name not in DERIVED)]

    def type_of(self, name: str) -> str | None:
        """DuckDB type of a column, None where the table has no such column."""
        if name in IDENTITY:
            return IDENTITY[name]
        return meta(self.schema.field(name), "type") if name in self.schema.names else None

    def present(self, around: Surroundings) -> list[pa.Field]:
        """Own columns that can hold anything; the others are added as nulls at the very end."""
        given = {*self.select.columns, *(["plant"] if around.plant else [])}
        if given & {"quantity", "quantity_source"} and "unit_source" in self.schema.names:
            given |= {"quantity", "quantity_source", "unit", "unit_source"}
        if given & set(TIMES):
            given |= {"occurred_on", "event_at"}
        return [column for column in self.own if column.name in given or meta(column, "default")]


def meta(column: pa.Field, key: str) -> str:
    """What the table's definition says about a column (`type`, `default`), '' for nothing."""
    value: bytes = (column.metadata or {}).get(key.encode(), b"")
    return value.decode()
