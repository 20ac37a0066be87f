"""The feed engine: asks, reads, maps, and yields batches that can be stored as they are.

It stores nothing. The caller keeps raw pages (`keep`), lands batches as they come, and moves the
cursor only when the pull says it is complete. So a crash repeats a batch and never skips one.
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
import pyarrow.compute as pc
import sqlalchemy as sa

from collectors import mapping
from collectors.ask import Ask, Place, stepped_back
from collectors.canonical import Mapped, Surroundings, Target, canonical
from collectors.client import Client, Clock, without
from collectors.contract import Contract, parse
from collectors.errors import (
    CollectError,
    ContractBrokenError,
    NothingNew,
    PayloadError,
    SnapshotRefusedError,
)
from collectors.pack import Feed, Lookup, Pack
from collectors.page import Page, Records, Reject, records
from collectors.sqltext import quote
from collectors.transports import files, http_json, jsonrpc, odata, sql

T = TypeVar("T")
BATCH_ROWS = 122_880  # a row group of the match state: written once, past its log
BATCH_SECONDS = 2.0
TOLERATED = 10  # so many rejects of a batch never stop a feed, whatever their share
SAMPLES = 20
_NEVER = datetime.min.replace(tzinfo=UTC)
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
        listing = (
            self.feed.cursor is None
            and self.feed.snapshot is None
            and self.pack.transport != "files"
        )
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
    secrets: list[str] = field(default_factory=list)

    def redacted(self, text: str) -> str:
        """`text` without any credential of the source, wherever it may have come from."""
        return without(self.client.redacted(text) if self.client else text, self.secrets)


@dataclass(frozen=True)
class Batch:
    """What can be stored at once.

    `received` records = mapped ones + rejects + those the mapping leaves out on purpose.
    """

    mapped: list[Mapped]
    rejects: list[Reject]
    received: int
    pages: int
    left_out: int = 0


@dataclass
class Pull:
    """One run of a feed. Iterate `batches`; afterwards the rest says how far it came.

    `since` is the held place, `known` the files read before; `full` ignores both and makes the pull
    a sweep. `place` is the new place, `clock` the source's own time at the first page (ours where
    it has none), `balance_at` the instant of a snapshot, all UTC. `is_unchanged`: the newest
    snapshot is the one held already. `is_through`: it failed over files it passed over, and what is
    in the others has been given. `written`: by pass, when each file read now or before was changed.
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
    started_at: datetime = _NEVER
    found: dict[str, str] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    is_unchanged: bool = False
    is_through: bool = False
    written: list[list[datetime]] = field(default_factory=list)
    balance_at: datetime | None = None

    def batches(self) -> Iterator[Batch]:
        """Pull, and yield what can be stored.

        Raises a collect error; what was yielded before stays true.
        """
        self.started_at = self.reach.clock.now()
        con = mapping.connect(self.around.zones)
        try:
            yield from self._whole(con) if self.plan.feed.snapshot else self._parts(con)
        except NothingNew:
            self.is_unchanged = True
        finally:
            con.close()
        self.found = dict(self.known) if self.is_unchanged else self.found
        furthest = self.place if self.full else _further(self.since, self.place)
        self.place = _not_beyond(furthest or self.since, self.clock or self.started_at)

    def _parts(self, con: duckdb.DuckDBPyConnection) -> Iterator[Batch]:
        waiting: list[tuple[Page, Records]] = []
        unread: list[PayloadError] = []
        began = self.reach.clock.monotonic()
        for page in self.pages():
            try:
                waiting.append((page, self._records(page)))
            except PayloadError as error:
                if self.plan.pack.transport != "files":
                    raise
                del self.found[str(page.parameters["file_name"])]
                unread.append(error)
            rows = sum(found.count for _, found in waiting)
            if rows >= BATCH_ROWS or self.reach.clock.monotonic() - began >= BATCH_SECONDS:
                yield from self._checked(self._batch(con, waiting))
                waiting, began = [], self.reach.clock.monotonic()
        if waiting:
            yield from self._checked(self._batch(con, waiting))
        if unread:
            self.is_through = True
            raise unread[0]

    def _checked(self, batch: Batch) -> Iterator[Batch]:
        """Stop a feed whose records can no longer be trusted, keeping a sample of what is wrong."""
        bad = len(batch.rejects)
        if bad > TOLERATED and Decimal(bad * 100) / batch.received > self.plan.feed.reject_limit:
            yield replace(batch, mapped=[], rejects=batch.rejects[:SAMPLES])
            share = f"{bad:,} of {batch.received:,} records are rejects"
            limit = f"over {self.plan.feed.reject_limit} %; first: {batch.rejects[0].reason}"
            raise ContractBrokenError(self.plan.source, f"{self.plan.name}: {share}, {limit}")
        yield batch

    def _whole(self, con: duckdb.DuckDBPyConnection) -> Iterator[Batch]:
        """A snapshot: every page, then all checks, then one batch or none."""
        batches = []
        marks: set[Any] = set()
        for page in self.pages():
            batches.append(self._batch(con, [(page, self._records(page))]))
            marks |= self._marks(con, page)
        if not batches:
            what = f"{self.plan.name}: there is no page of it at all"
            raise SnapshotRefusedError(self.plan.source, what)
        whole = Batch(
            [member for batch in batches for member in batch.mapped],
            [reject for batch in batches for reject in batch.rejects],
            sum(batch.received for batch in batches),
            len(batches),
            sum(batch.left_out for batch in batches),
        )
        if whole.rejects:
            yield replace(whole, mapped=[])
            share = f"{len(whole.rejects)} of {whole.received} records are rejects"
            what = f"{share}, so it is not whole; first: {whole.rejects[0].reason}"
            raise SnapshotRefusedError(self.plan.source, f"{self.plan.name}: {what}")
        if len(marks) > 1:
            what = f"records of {len(marks)} different snapshots came in one pull"
            raise SnapshotRefusedError(self.plan.source, f"{self.plan.name}: {what}")
        self.balance_at = (next(iter(marks))[0] if marks else None) or self.started_at
        once = [
            self._once(name, whole.mapped) for name in {one.table: None for one in whole.mapped}
        ]
        yield replace(whole, mapped=stamped(once, self.balance_at, self.plan.feed))

    def _once(self, table: str, mapped: list[Mapped]) -> Mapped:
        """All lines of a snapshot in one table; a line that comes again is one line."""
        facts = pa.concat_tables(
            [one.facts for one in mapped if one.table == table], promote_options="default"
        )
        unresolved = pa.concat_tables([one.unresolved for one in mapped if one.table == table])
        numbered = facts.append_column("line", pa.arange(0, facts.num_rows))
        lines = numbered.group_by("source_key").aggregate(
            [("record_hash", "count_distinct"), ("line", "min")]
        )
        torn = lines.filter(pc.greater(lines["record_hash_count_distinct"], 1))
        if torn.num_rows:
            key = torn["source_key"][0].as_py()
            what = f"{self.plan.name}: {key} comes twice and is not the same"
            raise SnapshotRefusedError(
                self.plan.source, f"{what}: the list was changed while it was read"
            )
        return Mapped(table, facts.take(lines["line_min"].sort()), unresolved)

    def _marks(self, con: duckdb.DuckDBPyConnection, page: Page) -> set[Any]:
        """(instant, id) of the snapshot as its records tell them."""
        snapshot = self.plan.feed.snapshot
        if snapshot is None or not (snapshot.at or snapshot.id):
            return set()
        at = f"CAST({snapshot.at or 'NULL'} AS TIMESTAMPTZ)"
        mark = f"CAST({snapshot.id or 'NULL'} AS VARCHAR)"
        try:
            rows = con.sql(f"SELECT DISTINCT {at} AS at, {mark} AS id FROM page").to_arrow_table()
            return {(row["at"], row["id"]) for row in rows.to_pylist()}
        except (duckdb.Error, ValueError, OverflowError) as error:
            said = str(error).splitlines()[0]
            what = f"{self.plan.name}: the instant of the snapshot in {page.request}: {said}"
            raise PayloadError(self.plan.source, what) from error

    def pages(self) -> Iterator[Page]:
        """Every page of every pass, kept as it comes and numbered through."""
        feed = self.plan.feed
        since = None if self.full else self.since
        if feed.cursor:
            held = stepped_back(since, feed.cursor.overlap, feed.cursor.overlap_count)
            since = held or _start(feed)
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
            chosen_by_source = http_json.lookup(ask, _needed(self.reach.client))
            return [{**given, **found} for found in chosen_by_source]
        if self.plan.feed.for_each:
            return [{**given, **chosen} for chosen in self.plan.passes]
        return [given]

    def _records(self, page: Page) -> Records:
        path = page_path(self.plan)
        found = records(self.plan.source, page, path, self.plan.contract, self.plan.feed.dialect)
        self.unknown |= set(found.unknown)
        return found

    def _batch(self, con: duckdb.DuckDBPyConnection, pages: list[tuple[Page, Records]]) -> Batch:
        try:
            mapped, rejects, left_out = canonical(
                con, pages, self.plan.contract, self.plan.targets, self.around
            )
            self._advance(con)
        except duckdb.Error as error:
            place = f"{self.plan.name}: the mapping failed on {pages[0][0].request}"
            said = str(error).splitlines()[0]
            raise PayloadError(self.plan.source, f"{place}: {said}") from error
        broken = [reject for _, found in pages for reject in found.rejects]
        return Batch(
            mapped, broken + rejects, sum(found.count for _, found in pages), len(pages), left_out
        )

    def _advance(self, con: duckdb.DuckDBPyConnection) -> None:
        cursor = self.plan.feed.cursor
        if cursor is None:
            return
        place = place_of(con, self.plan)
        if place is not None:
            self.place = _further(self.place, place)


def page_path(plan: Plan) -> str:
    """Where the records of a page are."""
    return jsonrpc.RESULT if plan.pack.transport == "jsonrpc" else plan.feed.records


_TIMES = ("instant", "date", "text")


def place_expression(feed: Feed) -> str | None:
    """SQL over `page` for the place of a record, None for a feed without cursor."""
    if feed.cursor is None:
        return None
    if feed.cursor.value:
        return feed.cursor.value
    name = next(
        declared.column for declared in parse(feed.contract) if declared.path == feed.cursor.field
    )
    kind = feed.contract[feed.cursor.field or ""].removesuffix("?")
    column = quote(name)
    return f"instant({column}, 'UTC')" if kind in _TIMES else f"exact({column})"


def place_of(con: duckdb.DuckDBPyConnection, plan: Plan) -> Place | None:
    """The furthest place of the records in `page` that are no rejects.

    What a poisoned record says about its place is worth as little as the rest of it.
    """
    expression = place_expression(plan.feed)
    if expression is None:
        return None
    furthest = f"SELECT max({expression}) AS place FROM page ANTI JOIN problem USING (record_no)"
    # Judging the furthest costs less than judging every record, and is nearly always enough.
    found = con.sql(f"FROM ({furthest}) WHERE {_timely('place')}").to_arrow_table()["place"]
    if not len(found):
        found = con.sql(f"{furthest} WHERE {_timely(expression)}").to_arrow_table()["place"]
    value = found[0].as_py()
    if value is None:
        return None
    return value.astimezone(UTC) if isinstance(value, datetime) else Decimal(value)


def _timely(value: str) -> str:
    """Whether a place is no time, or one that can be: an expression."""
    return f"untimely(TRY_CAST(CAST({value} AS VARCHAR) AS TIMESTAMPTZ), '') IS NULL"


def _further(one: Place | None, other: Place | None) -> Place | None:
    """The later of two places; the second where the cursor has become one of another kind."""
    if one is None or other is None or isinstance(one, datetime) != isinstance(other, datetime):
        return one if other is None else other
    return max(one, other)


def _start(feed: Feed) -> Place | None:
    start = feed.cursor.start if feed.cursor else None
    return (
        Decimal(start)
        if isinstance(start, int)
        else start.replace(tzinfo=start.tzinfo or UTC)
        if start
        else None
    )


def _not_beyond(place: Place | None, clock: datetime) -> Place | None:
    """A watermark is never ahead of the source's clock: what is stamped later may still change."""
    return min(place, clock) if isinstance(place, datetime) else place


def stamped(mapped: list[Mapped], balance_at: datetime, feed: Feed) -> list[Mapped]:
    """Give every line of a snapshot the instant it is true for."""
    if feed.snapshot is None:
        return mapped

    def stamp(member: Mapped) -> Mapped:
        rows = member.facts.num_rows
        at = pa.repeat(pa.scalar(balance_at, pa.timestamp("us", "UTC")), rows)
        basis = pa.repeat(pa.scalar(feed.snapshot.basis if feed.snapshot else ""), rows)
        facts = member.facts.drop_columns(
            [name for name in ("balance_at", "balance_basis") if name in member.facts.column_names]
        )
        return replace(
            member,
            facts=facts.append_column("balance_at", at).append_column("balance_basis", basis),
        )

    return [stamp(member) if member.table == "stock_balance" else member for member in mapped]


def _needed(thing: T | None) -> T:
    if thing is None:
        raise CollectError("source", "is not reachable by the transport of its pack")
    return thing


def _files(ask: Ask, pull: Pull) -> Iterator[Page]:
    known, folder = {} if pull.full else pull.known, _needed(pull.reach.folder)
    pull.written.append([])
    return files.pages(ask, folder, pull.reach.clock, known, pull.found, pull.written[-1])


_TRANSPORTS: dict[str, Callable[[Ask, Pull], Iterator[Page]]] = {
    "http_json": lambda ask, pull: http_json.pages(ask, _needed(pull.reach.client)),
    "odata": lambda ask, pull: odata.pages(ask, _needed(pull.reach.client)),
    "jsonrpc": lambda ask, pull: jsonrpc.pages(
        ask, _needed(pull.reach.client), _needed(pull.reach.session)
    ),
    "sql": lambda ask, pull: sql.pages(ask, _needed(pull.reach.engine), pull.reach.clock),
    "files": _files,
}
