"""The worker's store: all three homes, and the one order in which facts are landed.

Raw page on disk, then facts in the lake, then in the match state, then cursor, rejects and run in
SQL. A crash in between repeats a page, and repeating is harmless. Nothing is acknowledged before it
is durable.
"""

import logging
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from app.store.exceptions import Triage
from app.store.findings import Findings
from app.store.lake import Lake, LakeError, sync
from app.store.references import References
from app.store.rejects import Rejects
from app.store.schema import Table, tables
from app.store.sql import SqlStore, upsert
from app.store.sql import tables as t
from app.store.state import MatchState, News, StateError, unreadable
from collectors.canonical import Mapped
from collectors.page import Reject

log = logging.getLogger(__name__)
STATE_FILE = "match_state.duckdb"
NEW_STATE_FILE = "match_state.new.duckdb"
SQL_FILE = "tieout.sqlite"


@dataclass
class Landed:
    """What one pull has brought so far.

    `records` received = `held` (something of it is new) + `unchanged` + `rejects` + `left_out`. A
    record may give several rows: `rows` = `news` + `repeats`.
    """

    records: int = 0
    held: int = 0
    unchanged: int = 0
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


_SNAPSHOT = pa.schema(
    [
        ("source_key", pa.string()),
        ("source_revision", pa.string()),
        ("revised_at", pa.timestamp("us", "UTC")),
        ("is_deleted", pa.bool_()),
        ("record_hash", pa.string()),
        ("raw_ref", pa.string()),
        ("snapshot_id", pa.string()),
        ("balance_at", pa.timestamp("us", "UTC")),
        ("lines", pa.int64()),
    ]
)


class Store:
    """Everything the worker writes.

    Opening takes in what the lake has and the match state has not.
    """

    def __init__(
        self, home: Path, sql: SqlStore, *, memory_limit: str | None = None, anew: bool = False
    ) -> None:
        self.home, self.sql = home, sql
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.lake = Lake(home / "lake")
        self.state = MatchState(self._state_file(anew=anew), memory_limit=memory_limit)
        self.findings = Findings(self.state)
        self.triage = Triage(self.sql)
        self.rejects = Rejects(self.sql)
        self.references = References(self.state)
        self._is_behind = False  # whether the lake may have a commit the match state has not
        try:
            self._catch_up()
        except (duckdb.Error, LakeError) as error:
            self.state.close()
            if isinstance(error, LakeError):
                raise
            raise unreadable(home / STATE_FILE, error) from error

    def close(self) -> None:
        """Give the match state free."""
        self.state.close()

    def _state_file(self, *, anew: bool) -> Path:
        """The file of the match state; with `anew` a new one beside it, to be adopted at the end.

        Raises `StateError` where it is gone though there are facts: it would know nothing of them.
        """
        held, beside = self.home / STATE_FILE, self.home / NEW_STATE_FILE
        has_facts = any(self.lake.version(name) >= 0 for name in tables())
        if anew:
            if not has_facts and self._ever_held():
                raise LakeError("there are no facts in it, though feeds have brought some")
            for path in (beside, _log_of(beside)):
                path.unlink(missing_ok=True)
            return beside
        is_blank = not held.exists() or held.stat().st_size == 0
        if is_blank and has_facts:
            raise StateError(f"{STATE_FILE} is missing or empty; run: tieout rebuild")
        return held

    def _ever_held(self) -> bool:
        with self.sql.read() as connection:
            news = connection.execute(sa.select(sa.func.sum(t.feed_run.c.news))).scalar()
            return bool(news)

    def adopt(self) -> None:
        """Put the match state made anew, closed by now, in the place of the old one."""
        held, beside = self.home / STATE_FILE, self.home / NEW_STATE_FILE
        _log_of(held).unlink(missing_ok=True)
        beside.replace(held)
        sync(self.home)

    def _catch_up(self) -> None:
        """Take in commits of the lake that a crash kept from the match state."""
        for table in tables().values():
            held, version = self.state.taken(table.name), self.lake.version(table.name)
            if version < held:
                raise LakeError(f"facts/{table.name} ends at version {version}, not at {held}")
            if version > held:
                with self.state.transaction() as con:
                    rows = self._take_in(con, table, held, version)
                log.info("match state caught up", extra={"table": table.name, "rows": rows})

    def _take_in(
        self, con: duckdb.DuckDBPyConnection, table: Table, held: int, version: int
    ) -> int:
        try:
            return self.state.catch_up(con, table, self.lake.files(table.name, after=held), version)
        except (duckdb.IOException, duckdb.InvalidInputException) as error:
            if str(self.lake.folder) not in str(error):
                raise
            raise LakeError(str(error).splitlines()[0]) from error

    # Landing

    def land(
        self,
        source: str,
        feed: str,
        pull_id: str,
        mapped: list[Mapped],
        rejects: list[Reject],
        now: datetime,
        landed: Landed,
    ) -> None:
        """Hold what is news of a batch, and its rejects; counts go into `landed`.

        Durable when it returns.
        """
        came, fresh = [], []
        self.lake.settle(source, feed, pull_id)
        with self._writing():
            for member in mapped:
                table = tables()[member.table]
                landed.rows += member.facts.num_rows
                references = self._land_table(table, source, feed, pull_id, member.facts, now)
                came.append(member.facts["raw_ref"])
                fresh.append(references)
                news = len(references)
                landed.news += news
                landed.repeats += member.facts.num_rows - news
                landed.unresolved += member.unresolved.num_rows
                self.references.note(table, source, feed, member)
                landed.keys.setdefault(table.name, []).append(member.facts.select(["source_key"]))
        held = _distinct(fresh)
        landed.held += held
        if sum(map(len, came)) > sum(map(len, fresh)):
            landed.unchanged += _distinct(came) - held
        if rejects:
            self.rejects.hold(source, feed, pull_id, rejects, now)
            landed.rejects += len(rejects)

    def _land_table(
        self, table: Table, source: str, feed: str, pull_id: str, facts: pa.Table, now: datetime
    ) -> pa.ChunkedArray:
        """Hold what is news of some rows; return the references of the records they came from."""
        if facts.num_rows == 0:
            return facts["raw_ref"]
        news = self.state.sift(table, source, feed, facts, now, pull_id)
        self._append(table, news, pull_id)
        return news.rows["raw_ref"]

    def _append(self, table: Table, news: News, pull_id: str) -> int:
        """Lake first, then match state: a commit it has not seen is taken in before the next."""
        if news.rows.num_rows == 0:
            return 0
        self._is_behind = True
        version = self.lake.append(table.name, news.rows, pull_id)
        with self.state.transaction() as con:
            count = self.state.take_in(con, table, news, version)
        self._is_behind = False
        return count

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """The match state locked, and level with the lake: facts are numbered by it."""
        with self.state.lock:
            if self._is_behind:
                self._catch_up()
                self._is_behind = False
            yield

    def accept_snapshot(
        self, source: str, feed: str, pull_id: str, balance_at: datetime, lines: int, now: datetime
    ) -> None:
        """Make a landed snapshot valid: until this row is held, its lines are none."""
        with self._writing():
            row = {
                "source_key": pull_id,
                "is_deleted": False,
                "record_hash": pull_id,
                "snapshot_id": pull_id,
                "balance_at": balance_at,
                "lines": lines,
            }
            rows = pa.Table.from_pylist([row], schema=_SNAPSHOT)
            self._land_table(tables()["stock_snapshot"], source, feed, pull_id, rows, now)

    def missing(
        self, source: str, feed: str, targets: Collection[str], landed: Landed
    ) -> dict[str, pa.Table]:
        """Current facts of a feed by table that a complete listing, landed just now, has not."""
        nothing = pa.table({"source_key": pa.array([], pa.string())})
        found = {
            name: self.state.absent(
                tables()[name], source, feed, pa.concat_tables(landed.keys.get(name, [nothing]))
            )
            for name in targets
        }
        return {name: gone for name, gone in found.items() if gone.num_rows}

    def current(self, source: str, feed: str, targets: Collection[str]) -> int:
        """How many current facts a feed has."""
        counts = (
            self.state.rows(
                f"SELECT count(*) AS facts FROM {tables()[name].name} WHERE source = $source "
                "AND feed = $feed AND superseded_at IS NULL AND NOT is_deleted",
                {"source": source, "feed": feed},
            )
            for name in targets
        )
        return sum(int(rows[0]["facts"]) for rows in counts)

    def withdraw(self, pull_id: str, gone: Mapping[str, pa.Table], now: datetime) -> int:
        """Tombstones for facts that are no longer told, by table; return how many."""
        count = 0
        with self._writing():
            for name, rows in gone.items():
                table = tables()[name]
                news = self._tombstones(table, rows, pull_id, now)
                count += self._append(table, News(news, rows["key64"], has_revisions=True), pull_id)
        return count

    def _tombstones(self, table: Table, gone: pa.Table, pull_id: str, now: datetime) -> pa.Table:
        count, first = gone.num_rows, self.state.last_fact_no() + 1
        changes: dict[str, Any] = {
            "fact_no": pa.array(range(first, first + count), pa.int64()),
            "source_revision": pc.binary_join_element_wise(
                gone["source_revision"], f"deleted {pull_id}", "/"
            ),
            "is_deleted": pa.repeat(pa.scalar(value=True), count),
            "observed_at": pa.repeat(pa.scalar(now, pa.timestamp("us", "UTC")), count),
            "record_hash": pa.repeat(pa.scalar("deleted"), count),
            "pull_id": pa.repeat(pa.scalar(pull_id), count),
        }
        columns = [changes.get(name, gone[name]) for name in table.arrow.names]
        return pa.table(columns, names=table.arrow.names).cast(table.arrow)

    # Feeds

    def feed_state(self, source: str, feed: str) -> Mapping[str, Any] | None:
        """Where a feed is, None before its first pull."""
        c = t.feed_state.c
        query = sa.select(t.feed_state).where(c.source == source, c.feed == feed)
        with self.sql.read() as connection:
            row = connection.execute(query).mappings().first()
            return dict(row) if row else None

    def was_safe_until(self, source: str, feed: str, known_at: datetime) -> datetime | None:
        """Until when a feed was complete as far as it had been collected by then; None: not yet."""
        c = t.feed_run.c
        query = (
            sa.select(c.safe_until)
            .where(c.source == source, c.feed == feed, c.ended_at <= known_at)
            .order_by(c.ended_at.desc(), c.started_at.desc())
            .limit(1)
        )
        with self.sql.read() as connection:
            found: datetime | None = connection.execute(query).scalar()
            return found

    def refusals(self, at: datetime) -> list[dict[str, Any]]:
        """Feeds that were refused and did not get in again by an instant; since when, and why."""
        c = t.feed_run.c
        known = c.ended_at <= at
        ok = (
            sa.select(c.source, c.feed, sa.func.max(c.ended_at).label("last"))
            .where(c.outcome == "ok", known)
            .group_by(c.source, c.feed)
            .subquery()
        )
        query = (
            sa.select(c.source, c.feed, sa.func.min(c.started_at).label("since"))
            .add_columns(sa.func.min(c.error).label("error"))
            .outerjoin(ok, sa.and_(ok.c.source == c.source, ok.c.feed == c.feed))
            .where(c.outcome == "denied", known)
            .where(sa.or_(ok.c.last.is_(None), c.ended_at > ok.c.last))
            .group_by(c.source, c.feed)
            .order_by(c.source, c.feed)
        )
        with self.sql.read() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def last_run(self, rule: str) -> Mapping[str, Any] | None:
        """The newest run of a rule that judged anything."""
        c = t.reconcile_run.c
        query = (
            sa.select(t.reconcile_run)
            .where(c.rule == rule, c.horizon.is_not(None))
            .order_by(c.as_of.desc(), c.ended_at.desc())
            .limit(1)
        )
        with self.sql.read() as connection:
            row = connection.execute(query).mappings().first()
            return dict(row) if row else None

    def finish(self, state: Mapping[str, Any], run: Mapping[str, Any]) -> None:
        """Move the cursor and record the run, in one transaction."""
        with self.sql.write() as connection:
            upsert(connection, t.feed_state, dict(state))
            connection.execute(sa.insert(t.feed_run).values(**run))


def _log_of(path: Path) -> Path:
    return path.with_name(path.name + ".wal")


def sql_url(home: Path) -> str:
    """The default SQL store of a home."""
    return f"sqlite:///{home / SQL_FILE}"


def _distinct(references: list[pa.ChunkedArray]) -> int:
    """How many records some rows came from."""
    chunks = [chunk for array in references for chunk in array.chunks]
    return len(pc.unique(pa.chunked_array(chunks, pa.string())))
