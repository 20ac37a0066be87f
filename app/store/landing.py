"""The worker's store: all three homes, and the one order in which facts are landed.

Raw page on disk, then facts in the lake, then in the match state, then cursor, rejects and run in SQL. A crash in between
repeats a page, and repeating is harmless. Nothing is acknowledged before it is durable.
"""

import hashlib
import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from app.store.exceptions import Triage
from app.store.findings import Findings
from app.store.lake import Lake
from app.store.schema import Table, tables
from app.store.sql import SqlStore, open_store, upsert
from app.store.sql import tables as t
from app.store.state import MatchState, News
from collectors.ask import Place, from_text
from collectors.canonical import XREF, Mapped
from collectors.page import Reject

log = logging.getLogger(__name__)
STATE_FILE = "match_state.duckdb"
SQL_FILE = "tieout.sqlite"
RAW_LIMIT = 65_536


@dataclass
class Landed:
    """What one pull has brought so far."""

    records: int = 0
    news: int = 0
    repeats: int = 0
    rejects: int = 0
    left_out: int = 0
    deleted: int = 0
    unresolved: int = 0
    pages: int = 0
    rows: int = 0
    keys: dict[str, list[pa.Table]] = field(default_factory=dict)

    @property
    def brought_anything(self) -> bool:
        """Whether a page of this pull is needed to explain something held."""
        return bool(self.news or self.rejects or self.deleted)


_IDENTITY = [
    ("source_key", pa.string()),
    ("source_revision", pa.string()),
    ("revised_at", pa.timestamp("us", "UTC")),
    ("is_deleted", pa.bool_()),
    ("record_hash", pa.string()),
    ("raw_ref", pa.string()),
]


class Store:
    """Everything the worker writes. Opening takes in what the lake has and the match state has not."""

    def __init__(self, home: Path, database: str | None = None, *, memory_limit: str | None = None) -> None:
        self.home = home
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.lake = Lake(home / "lake")
        self.sql = open_store(database or sql_url(home))
        self.state = MatchState(home / STATE_FILE, memory_limit=memory_limit)
        self.findings = Findings(self.state)
        self.triage = Triage(self.sql)
        self._catch_up()

    def close(self) -> None:
        """Give files and connections free."""
        self.state.close()
        self.sql.close()

    def _catch_up(self) -> None:
        """Take in commits of the lake that a crash kept from the match state."""
        for table in tables().values():
            held, version = self.state.taken(table.name), self.lake.version(table.name)
            if version > held:
                with self.state.transaction() as con:
                    rows = self.state.catch_up(con, table, self.lake.files(table.name, after=held), version)
                log.info("match state caught up", extra={"table": table.name, "rows": rows})

    # Landing

    def land(self, source: str, feed: str, pull_id: str, mapped: list[Mapped], rejects: list[Reject], now: datetime, landed: Landed) -> None:
        """Hold what is news of a batch, and its rejects. Durable when it returns; counts go into `landed`."""
        with self.state.lock:
            for member in mapped:
                table = tables()[member.table]
                landed.rows += member.facts.num_rows
                news = self._land_table(table, source, feed, pull_id, member.facts, now)
                landed.news += news
                landed.repeats += member.facts.num_rows - news
                landed.unresolved += member.unresolved.num_rows
                self._note_unresolved(table, source, feed, member)
                landed.keys.setdefault(table.name, []).append(member.facts.select(["source_key"]))
        if rejects:
            self._hold_rejects(source, feed, pull_id, rejects, now)
            landed.rejects += len(rejects)

    def _land_table(self, table: Table, source: str, feed: str, pull_id: str, facts: pa.Table, now: datetime) -> int:
        if facts.num_rows == 0:
            return 0
        news = self.state.sift(table, source, feed, facts, now, pull_id)
        return self._append(table, news, pull_id)

    def _append(self, table: Table, news: News, pull_id: str) -> int:
        """Lake first, then match state: a commit the state has not seen is taken in at the next start."""
        if news.rows.num_rows == 0:
            return 0
        version = self.lake.append(table.name, news.rows, pull_id)
        with self.state.transaction() as con:
            return self.state.take_in(con, table, news, version)

    def accept_snapshot(self, source: str, feed: str, pull_id: str, balance_at: datetime, lines: int, now: datetime) -> None:
        """Make a landed snapshot valid: until this row is held, its lines are none."""
        with self.state.lock:
            row = {"source_key": pull_id, "source_revision": None, "revised_at": None, "is_deleted": False, "record_hash": pull_id, "raw_ref": None}
            row |= {"snapshot_id": pull_id, "balance_at": balance_at, "lines": lines}
            schema = pa.schema([*_IDENTITY, ("snapshot_id", pa.string()), ("balance_at", pa.timestamp("us", "UTC")), ("lines", pa.int64())])
            self._land_table(tables()["stock_snapshot"], source, feed, pull_id, pa.Table.from_pylist([row], schema=schema), now)

    def sweep(self, source: str, feed: str, pull_id: str, targets: list[str], now: datetime, landed: Landed) -> None:
        """Tombstones for what a complete listing no longer has. A listing without a single record deletes nothing."""
        with self.state.lock:
            for name in targets:
                table = tables()[name]
                seen = landed.keys.get(name, [])
                if sum(keys.num_rows for keys in seen) == 0:
                    continue
                gone = self.state.absent(table, source, feed, pa.concat_tables(seen))
                if gone.num_rows:
                    landed.deleted += self._append(table, News(self._tombstones(table, gone, pull_id, now), has_revisions=True), pull_id)

    def _tombstones(self, table: Table, gone: pa.Table, pull_id: str, now: datetime) -> pa.Table:
        count, first = gone.num_rows, self.state.last_fact_no() + 1
        changes: dict[str, Any] = {
            "fact_no": pa.array(range(first, first + count), pa.int64()),
            "source_revision": pc.binary_join_element_wise(gone["source_revision"], f"deleted {pull_id}", "/"),
            "is_deleted": pa.repeat(pa.scalar(value=True), count),
            "observed_at": pa.repeat(pa.scalar(now, pa.timestamp("us", "UTC")), count),
            "record_hash": pa.repeat(pa.scalar("deleted"), count),
            "pull_id": pa.repeat(pa.scalar(pull_id), count),
        }
        columns = [changes.get(name, gone[name]) for name in table.arrow.names]
        return pa.table(columns, names=table.arrow.names).cast(table.arrow)

    def _hold_rejects(self, source: str, feed: str, pull_id: str, rejects: list[Reject], now: datetime) -> None:
        """One row per bad record, however often it is sent again."""
        with self.sql.write() as connection:
            for reject in rejects:
                mark = _mark(reject)
                where = (t.reject.c.source == source, t.reject.c.feed == feed, t.reject.c.fingerprint == mark)
                seen = connection.execute(
                    sa.update(t.reject).where(*where).values(seen=t.reject.c.seen + 1, last_seen_at=now, reason=reject.reason, state="open", resolved_at=None)
                ).rowcount
                if not seen:
                    connection.execute(sa.insert(t.reject).values(
                        source=source, feed=feed, fingerprint=mark, reason=reject.reason, raw=reject.raw[:RAW_LIMIT].replace("\x00", "\\x00"),
                        raw_ref=reject.raw_ref, pull_id=pull_id, seen=1, first_seen_at=now, last_seen_at=now, state="open",
                    ))

    def release_rejects(self, source: str, feed: str, references: Collection[str], still: Collection[Reject], now: datetime) -> int:
        """Mark the rejects of some pages as released, but for those that are still rejects."""
        broken = {_mark(reject) for reject in still}
        with self.sql.write() as connection:
            rows = connection.execute(sa.select(t.reject).where(t.reject.c.source == source, t.reject.c.feed == feed, t.reject.c.state == "open")).mappings().all()
            freed = [row["id"] for row in rows if row["raw_ref"].split("#")[0] in references and row["fingerprint"] not in broken]
            connection.execute(sa.update(t.reject).where(t.reject.c.id.in_(freed)).values(state="released", resolved_at=now))
        return len(freed)

    # Cross-references

    def resolvable(self) -> dict[tuple[str, str], list[str]]:
        """Raw references of facts that waited for a cross-reference which is there now, by source and feed."""
        found: dict[tuple[str, str], list[str]] = {}
        for name in tables():
            sql = f"""
                SELECT DISTINCT waiting.source, waiting.feed, fact.raw_ref
                FROM unresolved AS waiting
                JOIN cross_reference AS known ON known.object = waiting.object AND known.of_source = waiting.source AND known.of_key = waiting.of_key
                    AND known.superseded_at IS NULL AND NOT known.is_deleted
                JOIN {name} AS fact ON fact.source = waiting.source AND fact.feed = waiting.feed AND fact.source_key = waiting.source_key
                    AND fact.superseded_at IS NULL
                WHERE waiting.name = $name
            """
            for row in self.state.rows(sql, {"name": name}):
                found.setdefault((row["source"], row["feed"]), []).append(row["raw_ref"])
        return found

    def xref(self, source: str) -> pa.Table:
        """Cross-references of one source as collectors want them: one row per key and validity, not overlapping."""
        sql = """
            SELECT object, of_key, of_item, arg_max(key, fact_no) AS key, arg_max(factor, fact_no) AS factor, valid_from, max(valid_to) AS valid_to
            FROM cross_reference
            WHERE of_source = $source AND superseded_at IS NULL AND NOT is_deleted
            GROUP BY object, of_key, of_item, valid_from
        """
        cut = f"""
            SELECT object, of_key, of_item, key, factor, valid_from,
                least(coalesce(valid_to, DATE '9999-12-31'), coalesce(lead(valid_from) OVER (PARTITION BY object, of_key, of_item ORDER BY valid_from), DATE '9999-12-31')) AS valid_to
            FROM ({sql})
        """
        con = self.state.cursor()
        try:
            return con.sql(cut, params={"source": source}).to_arrow_table().cast(XREF)
        finally:
            con.close()

    def _note_unresolved(self, table: Table, source: str, feed: str, member: Mapped) -> None:
        """Remember which facts wait for a cross-reference; what came resolved waits no longer."""
        if member.facts.num_rows == 0 or not (member.unresolved.num_rows or self.state.waits(table.name, source, feed)):
            return
        with self.state.transaction() as con:
            con.register("landed_keys", member.facts.select(["source_key"]))
            con.execute("DELETE FROM unresolved WHERE name = ? AND source = ? AND feed = ? AND source_key IN (SELECT source_key FROM landed_keys)", [table.name, source, feed])
            if member.unresolved.num_rows:
                con.register("waiting", member.unresolved)
                con.execute("INSERT INTO unresolved SELECT ?, ?, ?, source_key, object, of_key FROM waiting", [table.name, source, feed])

    # Feeds

    def feed_state(self, source: str, feed: str) -> Mapping[str, Any] | None:
        """Where a feed is, None before its first pull."""
        with self.sql.read() as connection:
            row = connection.execute(sa.select(t.feed_state).where(t.feed_state.c.source == source, t.feed_state.c.feed == feed)).mappings().first()
            return dict(row) if row else None

    def last_run(self, rule: str) -> Mapping[str, Any] | None:
        """The newest run of a rule that judged anything."""
        c = t.reconcile_run.c
        query = sa.select(t.reconcile_run).where(c.rule == rule, c.horizon.is_not(None)).order_by(c.as_of.desc(), c.ended_at.desc()).limit(1)
        with self.sql.read() as connection:
            row = connection.execute(query).mappings().first()
            return dict(row) if row else None

    def finish(self, state: Mapping[str, Any], run: Mapping[str, Any]) -> None:
        """Move the cursor and record the run, in one transaction."""
        with self.sql.write() as connection:
            upsert(connection, t.feed_state, dict(state))
            connection.execute(sa.insert(t.feed_run).values(**run))

    def place(self, source: str, feed: str) -> Place | None:
        """The place a feed resumes from."""
        state = self.feed_state(source, feed)
        return from_text(state["place"]) if state else None


def _mark(reject: Reject) -> str:
    """The same bad record, however often it comes."""
    return hashlib.sha256(reject.raw.encode("utf-8", "backslashreplace")).hexdigest()


def sql_url(home: Path) -> str:
    """The default SQL store of a home."""
    return f"sqlite:///{home / SQL_FILE}"


