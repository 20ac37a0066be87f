"""Results in the lake: what the rules matched, found and explained, for any engine to read.

Four Delta tables under `results/`. A publication adds rows for what changed since the last one:

- `run`: one row per rule of a publication, its commit the last: what is not joined to it is not
  published. `edition` rises when a rule was worked out anew; older editions are then history.
- `match`: the verdict of each fact that moved, on one side of a rule; facts with the same
  `match_no` belong together. Verdict `replaced`: the fact is no longer judged.
- `finding`: findings that came, changed or (`is_standing` false) went.
- `explanation`: the facts behind a finding of the same publication, with their shares.

What holds now is the newest row of the newest edition per rule and key (subject; side and fact).
A publication that broke off is repeated under another id; one that came through never is.
"""

import itertools
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from app.store.lake import Lake
from app.store.state import MatchState

BATCH = 100_000  # rows held at once while publishing

_RUN = pa.schema(
    [
        *((name, pa.string()) for name in ("publication", "rule", "rule_version", "run_id")),
        *((name, pa.int64()) for name in ("published_no", "edition")),
        *((name, pa.timestamp("us", "UTC")) for name in ("as_of", "known_at", "horizon")),
        ("outcome", pa.string()),
        ("findings", pa.int64()),
    ]
)
_MATCHES = """
SELECT $publication AS publication, $rule AS rule, side, fact_no, verdict, reason, pass, match_no,
    subject
FROM r{no}_member
"""
_MOVED = """
SELECT $publication AS publication, $rule AS rule, side, moved.fact_no,
    coalesce(verdict, 'replaced') AS verdict, reason, pass, match_no, subject
FROM (SELECT DISTINCT fact_no FROM r{no}_moved WHERE move_no > $move_no) AS moved
LEFT JOIN r{no}_member AS member ON member.fact_no = moved.fact_no
"""
_FINDINGS = """
SELECT $publication AS publication, $rule AS rule, is_standing,
    * EXCLUDE (change_no, is_standing, content)
FROM r{no}_finding
WHERE change_no > $change_no AND (is_standing OR $change_no > 0)
"""
_EXPLANATIONS = """
SELECT $publication AS publication, $rule AS rule, part.*
FROM r{no}_part AS part
JOIN r{no}_finding AS finding ON finding.subject = part.subject
WHERE finding.change_no > $change_no AND finding.is_standing
"""


_HELD = """
SELECT rule_no, rule.change_no, edition, published.change_no AS change_from, move_no AS move_from
FROM rule LEFT JOIN published ON published.rule = rule.id
WHERE rule.id = $rule
"""
_MOVES = """
SELECT coalesce(max(move_no), 0) AS move_no,
    coalesce(bool_or(fact_no IS NULL AND move_no > $after), false) AS is_whole
FROM r{no}_moved
"""


@dataclass(frozen=True)
class _Due:
    """A rule with something to publish: from where on, up to where, and in which edition."""

    run: Mapping[str, Any]
    rule_no: int
    edition: int
    is_whole: bool
    change_from: int
    move_from: int
    change_no: int
    move_no: int

    @property
    def mark(self) -> tuple[str, int]:
        """Set with the last commit of a publication, so that none is made twice."""
        return f"{self.run['rule']}/{self.edition}", self.change_no + self.move_no

    def row(self, publication: str, number: int) -> dict[str, Any]:
        """Its row in `run`."""
        own = {"publication": publication, "published_no": number, "edition": self.edition}
        told = {**self.run, "run_id": self.run["id"], **own}
        return {name: told[name] for name in _RUN.names}

    def binds(self, publication: str) -> dict[str, Any]:
        """What its statements are bound to."""
        return {
            "publication": publication,
            "rule": self.run["rule"],
            "change_no": self.change_from,
            "move_no": self.move_from,
        }


class Results:
    """Brings the results of the rules into the lake."""

    def __init__(self, lake: Lake, state: MatchState) -> None:
        self._lake, self._state = lake, state

    def publish(self, runs: Sequence[Mapping[str, Any]]) -> int:
        """Publish what changed; `runs` is the newest run of each rule. Return how many rules did.

        Atomic and idempotent: a crash leaves either nothing to be seen or all of it.
        """
        due = [found for run in runs if (found := self._due(run))]
        fresh = [found for found in due if not self._is_there(found)]
        if fresh:
            self._write(fresh)
        for found in due:
            self._note(found)
        return len(fresh)

    def _due(self, run: Mapping[str, Any]) -> _Due | None:
        rows = self._state.rows(_HELD, {"rule": run["rule"]})
        if not rows:
            return None
        row = rows[0]
        number, move_from = row["rule_no"], row["move_from"] or 0
        moved = self._state.rows(_MOVES.format(no=number), {"after": move_from})[0]
        is_whole = row["edition"] is None or moved["is_whole"]
        if not is_whole and (row["change_no"], moved["move_no"]) == (row["change_from"], move_from):
            return None
        edition = self._lake.results_version("run") + 1 if is_whole else row["edition"]
        return _Due(
            run,
            number,
            edition,
            is_whole,
            0 if is_whole else row["change_from"],
            0 if is_whole else move_from,
            row["change_no"],
            moved["move_no"],
        )

    def _is_there(self, due: _Due) -> bool:
        name, number = due.mark
        held = self._lake.mark("run", name)
        return held is not None and held >= number

    def _write(self, due: Sequence[_Due]) -> None:
        publication = uuid.uuid4().hex
        matched = [found for found in due if found.move_no]
        matches = [(_MATCHES if found.is_whole else _MOVED, found) for found in matched]
        self._stream("match", matches, publication)
        self._stream("finding", [(_FINDINGS, found) for found in due], publication)
        self._stream("explanation", [(_EXPLANATIONS, found) for found in due], publication)
        number = self._lake.results_version("run") + 1
        told = pa.Table.from_pylist([found.row(publication, number) for found in due], schema=_RUN)
        self._lake.publish("run", told.to_reader(), dict(found.mark for found in due))

    def _stream(self, table: str, statements: Sequence[tuple[str, _Due]], publication: str) -> None:
        con = self._state.cursor()
        try:
            batches = _batches(con, statements, publication)
            first = next(batches, None)
            if first is not None:
                whole = itertools.chain([first], batches)
                self._lake.publish(table, pa.RecordBatchReader.from_batches(first.schema, whole))
        finally:
            con.close()

    def _note(self, due: _Due) -> None:
        """Remember how far a rule is published; what moved before that need not be kept."""
        with self._state.transaction() as con:
            con.execute("DELETE FROM published WHERE rule = ?", [due.run["rule"]])
            con.execute(
                "INSERT INTO published VALUES (?, ?, ?, ?)",
                [due.run["rule"], due.edition, due.change_no, due.move_no],
            )
            con.execute(f"DELETE FROM r{due.rule_no}_moved WHERE move_no < ?", [due.move_no])


def _batches(
    con: duckdb.DuckDBPyConnection, statements: Sequence[tuple[str, _Due]], publication: str
) -> Iterator[pa.RecordBatch]:
    """The rows of statements, one after the other, none of them empty."""
    for statement, due in statements:
        sql = statement.format(no=due.rule_no)
        binds = {name: value for name, value in due.binds(publication).items() if f"${name}" in sql}
        for batch in con.sql(sql, params=binds).to_arrow_reader(BATCH):
            if batch.num_rows:
                yield batch
