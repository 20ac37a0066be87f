"""The feed engine: asks, reads, maps, and yields batches that can be stored as they are.

It stores nothing. The caller keeps raw pages (`keep`), lands batches as they come, and moves the cursor only when the
pull says it is complete. So a crash repeats a batch and never skips one.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from collectors import mapping
from collectors.ask import Ask, Place, stepped_back
from collectors.canonical import Mapped, Surroundings, Target, canonical
from collectors.client import Client, Clock
from collectors.contract import Contract, parse
from collectors.errors import CollectError, ContractBrokenError, NothingNew, PayloadError, SnapshotRefusedError
from collectors.pack import Feed, Lookup, Pack
from collectors.page import Page, Records, Reject, records
from collectors.transports import files, http_json, jsonrpc, odata, sql

T = TypeVar("T")
BATCH_ROWS = 20_000
BATCH_SECONDS = 2.0
TOLERATED = 10  # so many rejects of a batch never stop a feed, whatever their share
SAMPLES = 20
FILE_PARAMETERS = ("file_name", "file_changed_at")


@dataclass(frozen=True)
class Plan:
    """One feed of one source, ready to run: what the pack says, completed by the landscape."""

    source: str
    name: str
    pack: Pack
    feed: Feed
    targets: tuple[Target, ...]
    parameters: Mapping[str, str]
    passes: tuple[Mapping[str, str], ...] = ()

    @property
    def label(self) -> str:
        """`source/feed`: the key of cursors, runs and logs."""
        return f"{self.source}/{self.name}"

    @property
    def is_whole(self) -> bool:
        """Whether every complete pull lists everything there is."""
        listing = self.feed.cursor is None and self.feed.snapshot is None and self.pack.transport != "files"
        return listing or self.feed.sweep == timedelta(0)

    @property
    def contract(self) -> Contract:
        """The declared fields."""
        return Contract(parse(self.feed.contract), self.feed.empty == "false")


@dataclass
class Reach:
    """The way to one source: what its transport needs."""

    clock: Clock
    client: Client | None = None
    session: jsonrpc.Session | None = None
    engine: sa.Engine | None = None
    folder: Path | None = None


@dataclass(frozen=True)
class Batch:
    """What can be stored at once. `received` records = mapped ones + rejects + those the mapping leaves out on purpose."""

    mapped: list[Mapped]
    rejects: list[Reject]
    received: int
    pages: int
    left_out: int = 0


@dataclass
class Pull:
    """One run of a feed. Iterate `batches`; afterwards the rest says how far it came.

    `since` is the held place, `known` the files read before; `full` ignores both and makes the pull a sweep. `place` is
    the new place, `clock` the source's own time at the first page (ours where it has none), `balance_at` the instant of
    a snapshot, all UTC. `is_unchanged`: the newest snapshot is the one held already.
    """

    plan: Plan
    reach: Reach
    around: Surroundings
    keep: Callable[[Page], str]
    since: Place | None = None
    known: Mapping[str, str] = field(default_factory=dict)
    full: bool = False
    limit: int | None = None
    place: Place | None = None
    clock: datetime | None = None
    started_at: datetime = datetime.min.replace(tzinfo=UTC)
    found: dict[str, str] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    complete: bool = False
    is_unchanged: bool = False
    balance_at: datetime | None = None

    def batches(self) -> Iterator[Batch]:
        """Pull, and yield what can be stored. Raises a collect error; what was yielded before stays true."""
        self.started_at = self.reach.clock.now()
        con = mapping.connect(self.around.zones)
        try:
            yield from self._whole(con) if self.plan.feed.snapshot else self._parts(con)
        except NothingNew:
            self.is_unchanged = True
        finally:
            con.close()
        self.complete = self.limit is None
        self.found = self.found if self.full else {**self.known, **self.found}
        self.place = _not_beyond(self.place or self.since, self.clock or self.started_at)

    def _parts(self, con: duckdb.DuckDBPyConnection) -> Iterator[Batch]:
        waiting: list[tuple[Page, Records]] = []
        began = self.reach.clock.monotonic()
        for page in self.pages():
            waiting.append((page, self._records(page)))
            rows = sum(found.count for _, found in waiting)
            if rows >= BATCH_ROWS or self.reach.clock.monotonic() - began >= BATCH_SECONDS:
                yield from self._checked(self._batch(con, waiting))
                waiting, began = [], self.reach.clock.monotonic()
        if waiting:
            yield from self._checked(self._batch(con, waiting))

    def _checked(self, batch: Batch) -> Iterator[Batch]:
        """Stop a feed whose records can no longer be trusted, keeping a sample of what is wrong."""
        bad = len(batch.rejects)
        if bad > TOLERATED and Decimal(bad * 100) / batch.received > self.plan.feed.reject_limit:
            yield replace(batch, mapped=[], rejects=batch.rejects[:SAMPLES])
            raise ContractBrokenError(
                self.plan.source,
                f"{self.plan.name}: {bad:,} of {batch.received:,} records are rejects, over {self.plan.feed.reject_limit} %; first: {batch.rejects[0].reason}",
            )
        yield batch

    def _whole(self, con: duckdb.DuckDBPyConnection) -> Iterator[Batch]:
        """A snapshot: every page, then all checks, then one batch or none."""
        batches = []
        marks: set[Any] = set()
        for page in self.pages():
            batches.append(self._batch(con, [(page, self._records(page))]))
            marks |= self._marks(con)
        whole = Batch(
            [member for batch in batches for member in batch.mapped],
            [reject for batch in batches for reject in batch.rejects],
            sum(batch.received for batch in batches),
            len(batches),
            sum(batch.left_out for batch in batches),
        )
        if whole.rejects:
            yield replace(whole, mapped=[])
            raise SnapshotRefusedError(self.plan.source, f"{self.plan.name}: {len(whole.rejects)} of {whole.received} records are rejects, so it is not whole; first: {whole.rejects[0].reason}")
        if len(marks) > 1:
            raise SnapshotRefusedError(self.plan.source, f"{self.plan.name}: records of {len(marks)} different snapshots came in one pull")
        self.balance_at = (next(iter(marks))[0] if marks else None) or self.started_at
        yield replace(whole, mapped=stamped(whole.mapped, self.balance_at, self.plan.feed))

    def _marks(self, con: duckdb.DuckDBPyConnection) -> set[Any]:
        """(instant, id) of the snapshot as its records tell them."""
        snapshot = self.plan.feed.snapshot
        if snapshot is None or not (snapshot.at or snapshot.id):
            return set()
        rows = con.sql(f"SELECT DISTINCT CAST({snapshot.at or 'NULL'} AS TIMESTAMPTZ) AS at, CAST({snapshot.id or 'NULL'} AS VARCHAR) AS id FROM page").to_arrow_table()
        return {(row["at"], row["id"]) for row in rows.to_pylist()}

    def pages(self) -> Iterator[Page]:
        feed = self.plan.feed
        since = None if self.full else self.since
        if feed.cursor:
            since = stepped_back(since, feed.cursor.overlap, feed.cursor.overlap_count) or _start(feed)
        numbers = itertools.count(1)
        for parameters in self._passes():
            ask = Ask(self.plan.source, self.plan.name, self.plan.pack, feed, parameters, since)
            for page in _TRANSPORTS[self.plan.pack.transport](ask, self):
                if self.clock is None:
                    self.clock = page.source_clock or self.started_at
                numbered = replace(page, number=next(numbers))
                yield replace(numbered, ref=self.keep(numbered))
                if self.limit is not None and numbered.number >= self.limit:
                    return

    def _passes(self) -> list[Mapping[str, str | None]]:
        """Parameter sets the feed is asked with: one, or one for each of `for_each`."""
        given = self.plan.parameters
        if isinstance(self.plan.feed.for_each, Lookup):
            ask = Ask(self.plan.source, self.plan.name, self.plan.pack, self.plan.feed, given)
            return [{**given, **found} for found in http_json.lookup(ask, _needed(self.reach.client))]
        if self.plan.feed.for_each:
            return [{**given, **chosen} for chosen in self.plan.passes]
        return [given]

    def _records(self, page: Page) -> Records:
        path = page_path(self.plan)
        found = records(self.plan.source, page, path, self.plan.contract, self.plan.feed.csv.dialect)
        self.unknown |= set(found.unknown)
        return found

    def _batch(self, con: duckdb.DuckDBPyConnection, pages: list[tuple[Page, Records]]) -> Batch:
        try:
            mapped, rejects, left_out = canonical(con, pages, self.plan.contract, self.plan.targets, self.around)
            self._advance(con)
        except duckdb.Error as error:
            raise PayloadError(self.plan.source, f"{self.plan.name}: the mapping failed on {pages[0][0].request}: {str(error).splitlines()[0]}") from error
        broken = [reject for _, found in pages for reject in found.rejects]
        return Batch(mapped, broken + rejects, sum(found.count for _, found in pages), len(pages), left_out)

    def _advance(self, con: duckdb.DuckDBPyConnection) -> None:
        cursor = self.plan.feed.cursor
        if cursor is None:
            return
        place = place_of(con, self.plan)
        if place is not None:
            self.place = place if self.place is None else max(self.place, place)  # type: ignore[type-var]


def page_path(plan: Plan) -> str:
    """Where the records of a page are."""
    return jsonrpc.RESULT if plan.pack.transport == "jsonrpc" else plan.feed.records


def place_expression(feed: Feed) -> str | None:
    """SQL over `page` for the place of a record, None for a feed without cursor."""
    if feed.cursor is None:
        return None
    if feed.cursor.value:
        return feed.cursor.value
    name = next(declared.column for declared in parse(feed.contract) if declared.path == feed.cursor.field)
    kind = feed.contract[feed.cursor.field or ""].removesuffix("?")
    return f"instant({name}, 'UTC')" if kind in ("instant", "date", "text") else f"exact({name})"


def place_of(con: duckdb.DuckDBPyConnection, plan: Plan) -> Place | None:
    """The furthest place of the records in `page`."""
    value = con.sql(f"SELECT max({place_expression(plan.feed)}) AS place FROM page").to_arrow_table()["place"][0].as_py()
    if value is None:
        return None
    return value.astimezone(UTC) if isinstance(value, datetime) else Decimal(value)


def _start(feed: Feed) -> Place | None:
    start = feed.cursor.start if feed.cursor else None
    return Decimal(start) if isinstance(start, int) else start.replace(tzinfo=start.tzinfo or UTC) if start else None


def _not_beyond(place: Place | None, clock: datetime) -> Place | None:
    """A watermark is never ahead of the source's own clock at the first page: what is stamped later may still change."""
    return min(place, clock) if isinstance(place, datetime) else place


def stamped(mapped: list[Mapped], balance_at: datetime, feed: Feed) -> list[Mapped]:
    """Give every line of a snapshot the instant it is true for."""
    if feed.snapshot is None:
        return mapped

    def stamp(member: Mapped) -> Mapped:
        rows = member.facts.num_rows
        at = pa.repeat(pa.scalar(balance_at, pa.timestamp("us", "UTC")), rows)
        basis = pa.repeat(pa.scalar(feed.snapshot.basis if feed.snapshot else ""), rows)
        facts = member.facts.drop_columns([name for name in ("balance_at", "balance_basis") if name in member.facts.column_names])
        return replace(member, facts=facts.append_column("balance_at", at).append_column("balance_basis", basis))

    return [stamp(member) if member.table == "stock_balance" else member for member in mapped]


def _needed(thing: T | None) -> T:
    if thing is None:
        raise CollectError("source", "is not reachable by the transport of its pack")
    return thing


def _files(ask: Ask, pull: Pull) -> Iterator[Page]:
    known = {} if pull.full else pull.known
    return files.pages(ask, _needed(pull.reach.folder), pull.reach.clock, known, pull.found)


_TRANSPORTS: dict[str, Callable[[Ask, Pull], Iterator[Page]]] = {
    "http_json": lambda ask, pull: http_json.pages(ask, _needed(pull.reach.client)),
    "odata": lambda ask, pull: odata.pages(ask, _needed(pull.reach.client)),
    "jsonrpc": lambda ask, pull: jsonrpc.pages(ask, _needed(pull.reach.client), _needed(pull.reach.session)),
    "sql": lambda ask, pull: sql.pages(ask, _needed(pull.reach.engine), pull.reach.clock),
    "files": _files,
}


