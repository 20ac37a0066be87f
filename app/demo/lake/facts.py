"""From what was heard to canonical facts in Parquet: by the mappings of the packs, as collected."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from app.demo.lake.ears import Place
from app.landscape.document import read, validate
from app.landscape.feeds import PACKS
from app.store.lake import DISTINCT
from app.store.schema import tables
from app.store.state import SNAPSHOTS, MatchState
from collectors import mapping
from collectors.canonical import XREF, Mapped, Surroundings, Target, canonical
from collectors.contract import Contract, parse
from collectors.feed import stamped
from collectors.pack import Feed, Pack
from collectors.page import Page, Records

_SNAPSHOT = "stock_snapshot"
_MEMORY = "400MB"  # of the engine that tells news from repeats; what is more it keeps on disk
_ALWAYS = date(1900, 1, 1)


@dataclass(frozen=True)
class Source:
    """A source of the lake: its pack, the zone its plants share if they do, what it calls things.

    `words` are object, key of the source and our key, `agreed` the parameters of the pack that are
    not its defaults; the same for all sources of a pack.
    """

    name: str
    pack: str
    zone: str | None
    words: tuple[tuple[str, str, str], ...] = ()
    agreed: tuple[tuple[str, str], ...] = ()

    @property
    def parameters(self) -> dict[str, str | None]:
        """What every page of it carries beside its fields."""
        given = _pack(self.pack).parameters
        texts = {name: value for name, value in given.items() if isinstance(value, str)}
        texts |= dict(self.agreed)
        return {**texts, **({"plant_zone": self.zone} if self.zone else {}), "source": self.name}

    @property
    def xref(self) -> pa.Table:
        """Its words as cross-references."""
        rows = [
            {"object": kind, "of_key": own, "key": key, "factor": Decimal(1), "valid_from": _ALWAYS}
            for kind, own, key in self.words
        ]
        return pa.Table.from_pylist(rows, XREF)


@cache
def contract(pack: str, feed: str) -> Contract:
    """The fields of a feed."""
    return Contract(parse(_pack(pack).feeds[feed].contract))


@cache
def _pack(name: str) -> Pack:
    folder = PACKS / name
    return validate(read(folder / "pack.yml", folder), Pack)


@cache
def _targets(pack: str, feed: str) -> tuple[Target, ...]:
    into, found = _pack(pack).feeds[feed].into, []
    for table in into:
        stem = feed if len(into) == 1 else f"{feed}.{table}"
        text = (PACKS / pack / f"{stem}.sql").read_text("utf-8")
        shape = tables()[table].arrow
        found.append(Target(table, shape, mapping.parse(text, shape.names)))
    return tuple(found)


@dataclass
class Facts:
    """Facts of one division as they come, each table a file `facts/<table>/<name>.parquet`.

    Facts are numbered from `base`. A record that says nothing new gives no fact, as when collected.
    """

    folder: Path
    name: str
    base: int
    zones: Mapping[str, str]
    counts: dict[str, int] = field(default_factory=dict)
    _files: dict[str, pq.ParquetWriter] = field(default_factory=dict)
    _open: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> "Facts":
        aside = self._open.enter_context(TemporaryDirectory(dir=self.folder, prefix=".held-"))
        self._held = MatchState(Path(aside) / "held.duckdb", memory_limit=_MEMORY)
        self._open.callback(self._held.close)
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def add(self, feed: str, pages: Sequence[tuple[Source, Page, Records]]) -> None:
        """Map records of one feed and write what is news, as held when its page was received.

        The sources are of one pack. Mapping them together costs as much as mapping one.
        """
        told = [
            (replace(page, parameters=source.parameters), records)
            for source, page, records in pages
        ]
        first = pages[0][0]
        around = Surroundings(first.xref, frozenset(), self.zones)
        targets = _targets(first.pack, feed)
        with mapping.connect(self.zones) as con:
            mapped, rejects, _ = canonical(con, told, contract(first.pack, feed), targets, around)
        if rejects:
            raise ValueError(f"{first.name}/{feed}: {rejects[0].reason}")
        for name in dict.fromkeys(source.name for source, _, _ in pages):
            pulls = _Pulls([page for source, page, _ in pages if source.name == name])
            for member in mapped:
                self._share(member, Place(name, feed), pulls, _pack(first.pack).feeds[feed])

    def _share(self, member: Mapped, place: Place, pulls: "_Pulls", feed: Feed) -> None:
        """Write what one source told."""
        told = pulls.brought(member.facts)
        if not len(told):
            return
        if member.table == SNAPSHOTS:
            (whole,) = stamped([replace(member, facts=told)], pulls.last, feed)
            self._write(SNAPSHOTS, place, whole.facts, pulls)
            self._write(_SNAPSHOT, place, pulls.heads(told), pulls)
        else:
            self._write(member.table, place, told, pulls)

    def _write(self, table: str, place: Place, facts: pa.Table, pulls: "_Pulls") -> None:
        known, first = tables()[table], self.base + sum(self.counts.values()) + 1
        news = self._held.sift(known, *place, facts, pulls.last, "")
        count = len(news.rows)
        numbers = {"fact_no": pa.array(range(first, first + count), pa.int64())}
        rows = _with(news.rows, **numbers, **pulls.of(news.rows))
        if table not in (SNAPSHOTS, _SNAPSHOT):  # a snapshot never says what one before it said
            with self._held.transaction() as con:
                self._held.take_in(con, known, replace(news, rows=rows), 0)
        self._file(table, rows.schema).write_table(rows)
        self.counts[table] = self.counts.get(table, 0) + count

    def _file(self, table: str, shape: pa.Schema) -> pq.ParquetWriter:
        if table not in self._files:
            path = self.folder / "facts" / table / f"{self.name}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            coded = [name for name in shape.names if name not in DISTINCT]
            writer = pq.ParquetWriter(path, shape, compression="zstd", use_dictionary=coded)
            self._files[table] = self._open.enter_context(writer)
        return self._files[table]


class _Pulls:
    """The pulls that brought some pages: facts know theirs by `raw_ref`."""

    def __init__(self, pages: Sequence[Page]) -> None:
        self._names = pa.array([page.ref for page in pages], pa.string())
        instants = [page.received_at for page in pages]
        self._instants, self.last = pa.array(instants, pa.timestamp("us", "UTC")), instants[-1]

    def brought(self, facts: pa.Table) -> pa.Table:
        """The facts these pulls brought."""
        return facts.filter(pc.is_valid(self._places(facts)))

    def of(self, rows: pa.Table) -> dict[str, pa.Array]:
        """What rows say of their pull; they no longer lead to a page, for none is kept."""
        places = self._places(rows)
        names, instants = self._names.take(places), self._instants.take(places)
        found = {"pull_id": names, "observed_at": instants}
        if "snapshot_id" in rows.column_names:
            found |= {"snapshot_id": names, "balance_at": instants}
        return found | {"raw_ref": pa.nulls(len(rows), pa.string())}

    def heads(self, facts: pa.Table) -> pa.Table:
        """A row for each snapshot among some lines of stock."""
        counts = pc.value_counts(self._places(facts))
        names, none = self._names.take(counts.field("values")), pa.nulls(len(counts), pa.string())
        return pa.table(
            {
                "source_key": names,
                "source_revision": none,
                "revised_at": none.cast(pa.timestamp("us", "UTC")),
                "is_deleted": pa.repeat(pa.scalar(value=False), len(counts)),
                "record_hash": names,
                "raw_ref": names,
                "lines": counts.field("counts"),
            }
        )

    def _places(self, rows: pa.Table) -> pa.Array:
        marks = pc.list_element(pc.split_pattern(rows["raw_ref"], "#"), 0)
        return pc.index_in(marks.combine_chunks(), value_set=self._names)


def _with(rows: pa.Table, **columns: Any) -> pa.Table:
    """The same rows with other values in some columns."""
    for name, values in columns.items():
        place = rows.schema.get_field_index(name)
        rows = rows.set_column(place, rows.schema.field(place), values)
    return rows
