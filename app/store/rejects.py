"""Rejects: records that could not be read or trusted, one row each, however often they are sent."""

import hashlib
from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from app.store.sql import SqlStore
from app.store.sql import tables as t
from collectors.page import Reject

RAW_LIMIT = 65_536
c = t.reject.c


class Rejects:
    """Writes rejects to the SQL store."""

    def __init__(self, sql: SqlStore) -> None:
        self._sql = sql

    def hold(
        self, source: str, feed: str, pull_id: str, rejects: Collection[Reject], now: datetime
    ) -> None:
        """One row per bad record; one that is sent again is open again."""
        with self._sql.write() as connection:
            for reject in rejects:
                mark = _mark(reject)
                same = (c.source == source, c.feed == feed, c.fingerprint == mark)
                told = {
                    "reason": reject.reason,
                    "last_seen_at": now,
                    "state": "open",
                    "resolved_at": None,
                }
                again = sa.update(t.reject).where(*same).values(seen=c.seen + 1, **told)
                if connection.execute(again).rowcount:
                    continue
                first = {
                    "source": source,
                    "feed": feed,
                    "fingerprint": mark,
                    "raw": reject.raw[:RAW_LIMIT].replace("\x00", "\\x00"),
                    "raw_ref": reject.raw_ref,
                    "pull_id": pull_id,
                    "seen": 1,
                    "first_seen_at": now,
                }
                connection.execute(sa.insert(t.reject).values(**first, **told))

    def release(
        self,
        source: str,
        feed: str,
        references: Collection[str],
        still: Collection[Reject],
        now: datetime,
    ) -> int:
        """Mark the rejects of some pages as released, but for those that are still rejects."""
        broken = {_mark(reject) for reject in still}
        of_feed = sa.select(c.id, c.raw_ref, c.fingerprint).where(
            c.source == source, c.feed == feed, c.state == "open"
        )
        with self._sql.write() as connection:
            freed = [
                row.id
                for row in connection.execute(of_feed)
                if row.raw_ref.split("#")[0] in references and row.fingerprint not in broken
            ]
            release = sa.update(t.reject).where(c.id.in_(freed))
            connection.execute(release.values(state="released", resolved_at=now))
        return len(freed)


def _mark(reject: Reject) -> str:
    """The same bad record, however often it comes."""
    return hashlib.sha256(reject.raw.encode("utf-8", "backslashreplace")).hexdigest()
