"""Cross-references: as collectors want them, and the facts that wait for one."""

from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from app.store.queries import query
from app.store.schema import Table, tables
from app.store.state import MatchState
from collectors.canonical import XREF, Mapped


class References:
    """Reads cross-references from the match state, and notes there what waits for one."""

    def __init__(self, state: MatchState) -> None:
        self._state = state

    def of(self, source: str) -> pa.Table:
        """Cross-references of a source: one row per key and validity, not overlapping."""
        with self._state.cursor() as con:
            found = con.sql(query("cross_references"), params={"source": source}).to_arrow_table()
        return found.cast(XREF)

    def come(self, plants: Iterable[str]) -> dict[tuple[str, str], list[str]]:
        """Raw references of facts whose cross-reference or plant has come, by source and feed."""
        found: dict[tuple[str, str], list[str]] = {}
        for name, table in tables().items():
            item = "fact.item" if "item" in table.arrow.names else "NULL"
            params = {"name": name, "plants": list(plants)}
            for row in self._state.rows(query("come", table=name, item=item), params):
                found.setdefault((row["source"], row["feed"]), []).append(row["raw_ref"])
        return found

    def recall_plants(self, plants: Iterable[str]) -> None:
        """Note which facts are of plants the landscape does not name, where nothing is noted."""
        with self._state.transaction() as con:
            for name, table in tables().items():
                if "plant" in table.arrow.names:
                    params = {"name": name, "plants": list(plants)}
                    con.execute(query("outside", table=name), params)

    def waiting(self, source: str | None, feed: str | None) -> list[dict[str, Any]]:
        """Keys without a cross-reference: `object`, `key`, `source`, `feed`, `facts`, `source_key`.

        `facts` is how many current facts wait for it, `source_key` one of them; most facts first.
        """
        rows = [
            row
            for name in tables()
            for row in self._state.rows(query("waiting", table=name), {"name": name})
            if source in (None, row["source"]) and feed in (None, row["feed"])
        ]
        return sorted(rows, key=lambda row: (-row["facts"], row["object"], row["key"]))

    def note(self, table: Table, source: str, feed: str, member: Mapped) -> None:
        """Remember which facts wait for a cross-reference; what came resolved waits no longer."""
        waits = member.unresolved.num_rows or self._state.waits(table.name, source, feed)
        if member.facts.num_rows == 0 or not waits:
            return
        place = [table.name, source, feed]
        with self._state.transaction() as con:
            con.register("landed_keys", member.facts.select(["source_key"]))
            con.execute(
                "DELETE FROM unresolved WHERE name = ? AND source = ? AND feed = ? "
                "AND source_key IN (SELECT source_key FROM landed_keys)",
                place,
            )
            if member.unresolved.num_rows:
                con.register("waiting", member.unresolved)
                con.execute(
                    "INSERT INTO unresolved "
                    "SELECT ?, ?, ?, source_key, object, of_key FROM waiting",
                    place,
                )
