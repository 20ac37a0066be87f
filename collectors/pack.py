"""What a pack promises: how a product is reached, and what each of its feeds brings.

The models say what may stand in `pack.yml` and in a source of the landscape; they forbid what they
do not know.
"""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    model_validator,
)

from collectors import contract as contracts
from collectors.page import Dialect
from collectors.record import X12Layout
from collectors.x12_envelope import SEGMENT
from collectors.x12_records import is_name

Role = Literal[
    "erp", "mes", "wms", "middleware", "qms", "cmms", "shopfloor", "supplier", "tms", "finance"
]
Transport = Literal["http_json", "odata", "jsonrpc", "sql", "files"]
NAME = r"^[a-z][a-z0-9_-]*$"
Name = Annotated[str, Field(pattern=NAME)]


class Strict(BaseModel):
    """Frozen, and unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Texts = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Passes = tuple[dict[str, str], ...]  # parameter sets a feed is asked with, one after the other


def _contract(value: dict[str, str]) -> dict[str, str]:
    contracts.parse(value)
    return value


class Cursor(Strict):
    """Where an incremental feed resumes: always inclusive, always with an overlap.

    The place of a record is `field`, a contract field of type instant, integer or number, or
    `value`, an SQL expression over `page`. `ask` is the query parameter that carries it; a request
    may hold `{cursor}` instead. `overlap` is the declared lateness of the source; a numeric cursor
    steps back by `overlap_count`.
    """

    field: str | None = None
    value: str | None = None
    ask: str | None = None
    format: Literal[
        "iso",
        "iso_seconds",
        "naive_utc",
        "epoch_s",
        "epoch_ms",
        "date",
        "odata_datetime",
        "odata_offset",
        "compact",
        "tryton",
        "number",
    ] = "iso"
    overlap: timedelta = timedelta(hours=1)
    overlap_count: int = Field(default=1000, ge=0)
    start: datetime | int | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.field is None) == (self.value is None):
            raise ValueError("a cursor has either 'field' or 'value'")
        return self


class Paging(Strict):
    """How a list is split: by page number, offset, token, next link or Range header."""

    by: Literal["number", "offset", "token", "link", "range"] = "number"
    ask: str = "page"
    size: int = Field(default=500, ge=1, le=100_000)
    size_ask: str | None = None
    first: int = 1
    next: str | None = None
    total: str | None = None


class Snapshot(Strict):
    """A feed that is accepted whole or not at all.

    `at` is an SQL expression over `page` for the instant the balance is true for; without it that
    is the start of the pull. `id` is an expression all records must agree on. `empty` says what an
    empty answer after a non-empty one means.
    """

    at: str | None = None
    id: str | None = None
    basis: Literal["consistent", "page_walk", "cutoff_file", "derived"] = "page_walk"
    empty: Literal["refuse", "twice", "accept"] = "twice"


class Lookup(Strict):
    """Parameters asked from the source itself: one pass of the feed for each record found."""

    get: str
    query: dict[str, Any] = {}
    records: str = "$"
    take: dict[str, str]
    only: dict[str, str] = {}


class Guard(Strict):
    """Looked at before every request of the feed.

    Where the answer is not as required, the request is not made.

    `total` is where that answer tells how many records must come.
    """

    get: str
    total: str | None = None
    require: dict[str, Texts]
    why: str


def _encoding(value: str) -> str:
    try:
        "".encode(value)
    except (LookupError, ValueError) as error:
        raise ValueError(f"'{value}' is not an encoding such as utf-8 or cp1252") from error
    return value


class Csv(Strict):
    """Dialect of a text table."""

    delimiter: str = Field(default=",", min_length=1, max_length=1)
    quote: str = Field(default='"', min_length=1, max_length=1)
    encoding: Annotated[str, AfterValidator(_encoding)] = "utf-8"
    decimal: Literal[".", ","] = "."
    thousands: Literal["", ".", ",", " ", "'"] = ""
    header: bool = True
    skip_lines: int = Field(default=0, ge=0)
    empty: Texts = ("",)

    @model_validator(mode="after")
    def _signs_differ(self) -> Self:
        if self.decimal == self.thousands:
            raise ValueError("decimal and thousands cannot be the same sign")
        return self

    @property
    def dialect(self) -> Dialect:
        """The same, as the reader takes it."""
        return Dialect(**self.model_dump())


Segment = Annotated[str, Field(pattern=rf"^{SEGMENT}$")]


class X12(Strict):
    """Which transaction set of an X12 file a feed takes, and which loop of it is a record.

    `within` are the loops around it, by their first segments from the outside. With `level` the
    loops are HL segments, and those of that level are the records.
    """

    set: str = Field(pattern=r"^\d{3}$")
    record: Segment
    within: Annotated[tuple[Segment, ...], BeforeValidator(_listed)] = ()
    level: str | None = None
    beside: Texts = ()
    encoding: Annotated[str, AfterValidator(_encoding)] = "utf-8"

    @model_validator(mode="after")
    def _one_kind_of_loop(self) -> Self:
        if (self.record == "HL") != (self.level is not None):
            raise ValueError("'level' and 'record: HL' go together")
        if len({*self.within, self.record}) <= len(self.within) or (self.level and self.within):
            raise ValueError("'within' names other loops than 'record', and none where that is HL")
        return self

    @property
    def layout(self) -> X12Layout:
        """The same, as the reader takes it."""
        return X12Layout(**self.model_dump())


class Feed(Strict):
    """One thing a collector reads.

    Which request keys apply depends on the transport of the pack.
    """

    into: Texts
    contract: Annotated[dict[str, str], AfterValidator(_contract)] = Field(min_length=1)
    records: str = "$"
    empty: Literal["null", "false"] = "null"
    every: timedelta | None = None
    cursor: Cursor | None = None
    snapshot: Snapshot | None = None
    sweep: timedelta | None = None
    drains: bool = False
    lag: timedelta = timedelta(0)
    reject_limit: Decimal = Field(default=Decimal(20), gt=0, le=100)
    for_each: str | Lookup | None = None
    cross_reference: Texts | None = None
    guard: Guard | None = None
    parameters: dict[str, str] = {}
    # http_json and odata
    get: str | None = None
    post: str | None = None
    body: Any = None
    query: dict[str, Any] = {}
    headers: dict[str, Any] = {}
    page: Paging | None = None
    version: Literal["2", "4"] = "2"
    filter: str | None = None
    select: Texts = ()
    # jsonrpc
    model: str | None = None
    domain: list[Any] = []
    fields_: Texts = Field(default=(), alias="fields")
    order: str | None = None
    context: dict[str, Any] = {}
    size: int = Field(default=200, ge=1, le=10_000)
    # sql
    statement: str | None = None
    # files
    files: str | None = None
    format: Literal["csv", "ndjson", "json", "parquet", "xlsx", "x12"] = "csv"
    csv: Csv = Csv()
    x12: X12 | None = None
    newest: bool = False
    new_file_every: timedelta | None = None
    settle: timedelta = timedelta(0)
    done: str | None = None

    @model_validator(mode="after")
    def _one_way_to_load(self) -> Self:
        if self.cursor and self.snapshot:
            raise ValueError("a feed has a cursor or is a snapshot, not both")
        if self.guard and not (self.get or self.post):
            raise ValueError("guard needs a request to guard")
        if "stock_balance" in self.into and not self.snapshot:
            raise ValueError(
                "a feed into stock_balance needs 'snapshot': balances are accepted only whole"
            )
        return self

    @model_validator(mode="after")
    def _fields_of_x12(self) -> Self:
        if (self.format == "x12") != (self.x12 is not None):
            raise ValueError("'format: x12' and 'x12: {set: ..., record: ...}' go together")
        names = self.contract.items() if self.x12 else ()
        if wrong := [name for name, kind in names if not is_name(name, kind)]:
            known = "W1203, N104_WH, QTY03-1, N9 (as json) or line_no"
            raise ValueError(f"contract: '{wrong[0]}' is no field of X12 such as {known}")
        return self

    @property
    def dialect(self) -> Dialect:
        """How its files are read."""
        return replace(self.csv.dialect, x12=self.x12.layout if self.x12 else None)


ASKS = {
    "http_json": ("get", "post"),
    "odata": ("get",),
    "jsonrpc": ("model",),
    "sql": ("statement",),
    "files": ("files",),
}


class Rpc(Strict):
    """Which JSON-RPC a product speaks, and where."""

    dialect: Literal["odoo", "tryton"]
    path: str


class Pack(Strict):
    """How one product is read.

    A source of the landscape names a pack, or says all of this itself.
    """

    system: str
    role: Role
    transport: Transport
    parameters: dict[str, str | Passes] = {}
    auth: Literal["none", "basic", "bearer", "header", "oauth2", "login"] = "none"
    headers: dict[str, str] = {}
    rpc: Rpc | None = None
    allow: Texts = ()
    cross_reference: Texts = ()
    feeds: dict[Name, Feed] = Field(min_length=1)

    @model_validator(mode="after")
    def _asks(self) -> Self:
        for name, feed in self.feeds.items():
            wanted = ASKS[self.transport]
            if not any(getattr(feed, key) for key in wanted):
                raise ValueError(
                    f"feed '{name}' needs '{' or '.join(wanted)}' for transport {self.transport}"
                )
        if self.transport == "jsonrpc" and self.rpc is None:
            raise ValueError("transport jsonrpc needs 'rpc: {dialect: ..., path: ...}'")
        for line in self.allow:
            if not re.match(r"^[A-Z]+ /", line):
                raise ValueError(f"allow: '{line}' is not a request such as 'POST /api/search'")
        return self


class Auth(Strict):
    """Credentials of one source, resolved from their references when the source is opened."""

    user: str | None = None
    password: SecretStr | None = None
    bearer: SecretStr | None = None
    header: str | None = None
    value: SecretStr | None = None
    database: str | None = None
    token_url: str | None = None
    client_id: str | None = None
    client_secret: SecretStr | None = None
    scope: str | None = None
