"""What a page is and what is cut out of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec
import pyarrow as pa

MAX_RECORD = 1_000_000
MAX_ROWS = 1_048_576
MAX_UNPACKED = 256 * 1024 * 1024  # bytes a workbook or Parquet file may become when it is unpacked
NUL = "\x00"
BOM = b"\xef\xbb\xbf"

Raw = bytes | msgspec.Raw  # the JSON of a record as it came


@dataclass(frozen=True)
class Page:
    """One answer of a source, byte for byte.

    `format` is json, ndjson, csv, xlsx, parquet or x12. `parameters` are columns every record of
    the page gets: feed parameters, the file name. `source_clock` is what the source says the time
    is (UTC), if it does. `ref` is where the bytes are kept, `cut` its records where the transport
    has cut them already to count them.
    """

    number: int
    body: bytes
    format: str
    request: str
    received_at: datetime
    parameters: Mapping[str, str | None] = field(default_factory=dict)
    source_clock: datetime | None = None
    ref: str = ""
    cut: Sequence[Raw] | None = None


@dataclass(frozen=True)
class X12Layout:
    """Which transaction set of an X12 file is read, and what a record of it is.

    A record is a loop that begins with the segment `record`; the loops it lies in begin with the
    segments `within`, the outermost first. With `level` loops are HL segments, and a record is one
    of that level. Sets named in `beside` are passed over.
    """

    set: str
    record: str
    within: tuple[str, ...] = ()
    level: str | None = None
    beside: tuple[str, ...] = ()
    encoding: str = "utf-8"


@dataclass(frozen=True)
class Dialect:
    """How a text file writes a table; `decimal` and `thousands` are of its `number` columns.

    `x12` is what a file of that format is read as.
    """

    delimiter: str = ","
    quote: str = '"'
    encoding: str = "utf-8"
    decimal: str = "."
    thousands: str = ""
    header: bool = True
    skip_lines: int = 0
    empty: tuple[str, ...] = ("",)
    x12: X12Layout | None = None


@dataclass(frozen=True)
class Reject:
    """One record that could not be read or trusted: why, as received, and where it was."""

    reason: str
    raw: str
    raw_ref: str


@dataclass(frozen=True)
class Records:
    """The records of one page.

    `table` has `#` (its place in the page, from 1) and one text column per top-level field of the
    contract; `raws` are the same records as they came. `quoted` names the columns that still hold
    JSON (strings in quotes). `count` is how many records the page has, rejects included; `unknown`
    are fields the contract does not name.
    """

    table: pa.Table
    raws: Sequence[Raw | str]
    quoted: frozenset[str]
    rejects: list[Reject]
    count: int
    unknown: tuple[str, ...] = ()


def text_of(raw: Raw | str) -> str:
    """A record as text. Raises UnicodeDecodeError for what is none."""
    return raw if isinstance(raw, str) else str(raw, "utf-8")
