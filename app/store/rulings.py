"""What each rule has worked out so far: verdicts, findings, and the keys that say which facts hang together.

A run touches new facts, what they change, and what became due; its cost does not grow with history. It is one
transaction. A full recompute of the same facts gives the same answer, and is how the answer is proven.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import duckdb

from app.store.state import MatchState
from reconcilers.family import FINDING, MEASURE, PART, VERDICT, Bind, Family, SideUse
from reconcilers.run import Account, Outcome, Pairing, account, prove, select, show

TABLES = {
    "member": VERDICT,
    "link": "pass UTINYINT, key64 UBIGINT, fact_no BIGINT",
    "later": "fact_no BIGINT, due_at TIMESTAMPTZ",
    "finding": f"change_no BIGINT, is_standing BOOLEAN, content VARCHAR, {FINDING}",
    "part": PART,
    "measure": MEASURE,
}
_FAR = datetime(9999, 1, 1, tzinfo=UTC)
LEFT_OVER = 255  # pass of a fact that found nothing: every key may still matter to it


@dataclass(frozen=True)
class Held:
    """A rule as the match state holds it."""

    rule_no: int
    seen: int
    change_no: int
    is_fresh: bool

    def table(self, name: str) -> str:
        """Name of one of its tables."""
        return f"r{self.rule_no}_{name}"


def reconcile(state: MatchState, rule: str, version: str, family: Family, spec: Any, pairing: Pairing, bind: Bind, lookups: Mapping[str, Any]) -> Outcome:
    """Bring one rule up to date. Raises `ConservationError`, and then nothing has changed."""
    with state.transaction() as con:
        provide(con, lookups)
        held = _hold(con, rule, version, repr((pairing, bind.since)))
        uses = family.sides(spec)
        last = state.last_fact_no()
        if held.is_fresh or not family.is_incremental:
            _evaluate_all(con, held, family, spec, uses, pairing, bind)
        else:
            _evaluate_changed(con, held, family, spec, uses, pairing, bind)
        accounts = _accounts(con, held, uses, pairing, bind)
        prove(accounts)
        con.execute("UPDATE rule SET seen_fact_no = ? WHERE rule_no = ?", [last, held.rule_no])
        findings = con.execute(f"SELECT count(*) FROM {held.table('finding')} WHERE is_standing AND settled_at IS NULL").fetchall()[0][0]
        return Outcome(accounts, findings)


def provide(con: duckdb.DuckDBPyConnection, lookups: Mapping[str, Any]) -> None:
    """The tables families look things up in: fiscal days, working time, unit factors."""
    for name, rows in lookups.items():
        con.register(f"given_{name}", rows)
        con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM given_{name}")


def _hold(con: duckdb.DuckDBPyConnection, rule: str, version: str, scope: str) -> Held:
    """The rule's tables, made anew where its version or scope changed. Findings stay: identity outlives versions."""
    rows = con.execute("SELECT rule_no, version, scope, seen_fact_no, change_no FROM rule WHERE id = ?", [rule]).fetchall()
    if not rows:
        number = con.execute("SELECT coalesce(max(rule_no), 0) + 1 FROM rule").fetchall()[0][0]
        con.execute("INSERT INTO rule VALUES (?, ?, ?, ?, 0, 0)", [number, rule, version, scope])
        held = Held(number, 0, 0, is_fresh=True)
        for name, columns in TABLES.items():
            con.execute(f"CREATE TABLE {held.table(name)} ({columns})")
        return held
    number, held_version, held_scope, seen, change_no = rows[0]
    fresh = (held_version, held_scope) != (version, scope)
    held = Held(number, 0 if fresh else seen, change_no, fresh)
    if fresh:
        con.execute("UPDATE rule SET version = ?, scope = ?, seen_fact_no = 0 WHERE rule_no = ?", [version, scope, number])
    return held


def _evaluate_all(con: duckdb.DuckDBPyConnection, held: Held, family: Family, spec: Any, uses: Mapping[str, SideUse], pairing: Pairing, bind: Bind) -> None:
    """Everything is looked at. What plainly agrees is settled in bulk where the family can do that."""
    for name in ("member", "link", "later"):
        con.execute(f"DELETE FROM {held.table(name)}")
    for name, use in uses.items():
        show(con, name, use, pairing, bind)
        _note_later(con, held, name, use, pairing, bind, 0)
        if family.is_incremental:
            _link(con, held, use, name)
    settle = getattr(family, "settle", None)
    if settle:
        settle(con, spec, keep=True)
        con.execute(f"INSERT INTO {held.table('member')} {_AGREED}")
        for name, use in uses.items():
            if use.counted:
                con.execute(f"CREATE OR REPLACE TEMP TABLE asked_{name} AS SELECT * FROM {name} WHERE fact_no IN (SELECT fact_no FROM suspect WHERE side = '{name}')")
        for name, use in uses.items():
            if use.counted:
                con.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS SELECT * FROM asked_{name}")
    con.execute(f"CREATE OR REPLACE TEMP TABLE measure ({MEASURE})")
    family.evaluate(con, spec, bind)
    con.execute(f"INSERT INTO {held.table('member')} SELECT * FROM verdict")
    con.execute(f"DELETE FROM {held.table('measure')}")
    con.execute(f"INSERT INTO {held.table('measure')} SELECT * FROM measure")
    _replace_findings(con, held, f"SELECT subject FROM {held.table('finding')} WHERE is_standing")


_AGREED = """
SELECT side, fact_no, 'matched', NULL, 1, expected_no, NULL, NULL
FROM (
    SELECT 'expected' AS side, expected_no AS fact_no, expected_no FROM compared WHERE agrees
    UNION ALL
    SELECT 'observed', observed_no, expected_no FROM compared WHERE agrees
)
WHERE fact_no NOT IN (SELECT fact_no FROM suspect)
"""


def _evaluate_changed(con: duckdb.DuckDBPyConnection, held: Held, family: Family, spec: Any, uses: Mapping[str, SideUse], pairing: Pairing, bind: Bind) -> None:
    """New facts, facts they replace, facts whose time has come, and all that hang together with them."""
    con.execute("CREATE OR REPLACE TEMP TABLE dirty (fact_no BIGINT)")
    con.execute("CREATE OR REPLACE TEMP TABLE frontier (fact_no BIGINT)")
    for name, use in uses.items():
        _note_later(con, held, name, use, pairing, bind, held.seen)
        con.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {select(use, pairing, name, bind)} AND ({_is_new(held, use)})")
        _link(con, held, use, name)
        con.execute(f"INSERT INTO frontier SELECT fact_no FROM {name}")
        con.execute(f"INSERT INTO frontier {_replaced(held, use)}")
    con.execute(f"DELETE FROM {held.table('later')} WHERE due_at <= $as_of", {"as_of": bind.as_of})
    con.execute(f"INSERT INTO frontier SELECT fact_no FROM {held.table('member')} WHERE check_at <= $horizon", {"horizon": bind.horizon})
    _close_over(con, held)
    for name, use in uses.items():
        con.execute(f"CREATE OR REPLACE TEMP TABLE asked_{name} AS {select(use, pairing, name, bind)} AND fact_no IN (SELECT fact_no FROM dirty)")
        con.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS SELECT * FROM asked_{name}")
    family.evaluate(con, spec, bind)
    member = held.table("member")
    affected = f"SELECT subject FROM {member} WHERE subject IS NOT NULL AND fact_no IN (SELECT fact_no FROM dirty)"
    con.execute(f"CREATE OR REPLACE TEMP TABLE affected AS {affected}")
    con.execute(f"DELETE FROM {member} WHERE fact_no IN (SELECT fact_no FROM dirty)")
    con.execute(f"INSERT INTO {member} SELECT * FROM verdict")
    con.execute(f"DELETE FROM {held.table('link')} WHERE fact_no IN (SELECT fact_no FROM dirty) AND fact_no NOT IN ({_still_there(uses)})")
    _replace_findings(con, held, "SELECT subject FROM affected")


def _is_new(held: Held, use: SideUse) -> str:
    return f"fact_no > {held.seen} OR fact_no IN (SELECT fact_no FROM {held.table('later')})"


def _replaced(held: Held, use: SideUse) -> str:
    """Members whose record has a newer revision or is gone since the last run."""
    table = use.side.table
    return (
        f"SELECT old.fact_no FROM {table} AS old WHERE old.superseded_at IS NOT NULL AND old.fact_no <= {held.seen} "
        f"AND old.key64 IN (SELECT key64 FROM {table} WHERE fact_no > {held.seen})"
    )


def _still_there(uses: Mapping[str, SideUse]) -> str:
    return " UNION ALL ".join(f"SELECT fact_no FROM asked_{name}" for name in uses)


def _note_later(con: duckdb.DuckDBPyConnection, held: Held, name: str, use: SideUse, pairing: Pairing, bind: Bind, after: int) -> None:
    """Facts dated after the question: they come into scope when their time has come."""
    future = Bind(as_of=_FAR, horizon=_FAR, since=bind.since)
    con.execute(
        f"INSERT INTO {held.table('later')} SELECT fact_no, {use.time} FROM ({select(use, pairing, name, future)}) WHERE {use.time} > $as_of AND fact_no > {after}",
        {"as_of": bind.as_of},
    )


def _link(con: duckdb.DuckDBPyConnection, held: Held, use: SideUse, name: str) -> None:
    """Keys of the facts in the view `name`, by pass, as 64 bits: a collision draws in too much, never too little."""
    for number, columns in enumerate(use.links, 1):
        text = ", ".join(f"CAST({column} AS VARCHAR)" for column in columns)
        known = " AND ".join(f"{column} IS NOT NULL" for column in columns)
        con.execute(
            f"INSERT INTO {held.table('link')} SELECT {number}, md5_number_lower(concat_ws(chr(31), {text})), fact_no FROM {name} AS fact "
            f"WHERE {known} AND fact_no NOT IN (SELECT fact_no FROM {held.table('link')} WHERE pass = {number})"
        )


def _close_over(con: duckdb.DuckDBPyConnection, held: Held) -> None:
    """Grow `dirty` from `frontier` until nothing outside can influence or be influenced by what is inside.

    Facts meet in a pass only while no earlier pass has taken them. So a fact that was settled in an earlier pass than the
    one it is met by comes along with its partners, and leads no further.
    """
    member, link = held.table("member"), held.table("link")
    while True:
        con.execute("DELETE FROM frontier WHERE fact_no IN (SELECT fact_no FROM dirty)")
        if con.execute("SELECT count(*) FROM frontier").fetchall() == [(0,)]:
            return
        con.execute("INSERT INTO dirty SELECT DISTINCT fact_no FROM frontier")
        con.execute(f"CREATE OR REPLACE TEMP TABLE near AS {_NEAR.format(member=member, link=link, left_over=LEFT_OVER)}")
        con.execute(f"CREATE OR REPLACE TEMP TABLE together AS {_TOGETHER.format(member=member)}")
        con.execute("INSERT INTO dirty SELECT DISTINCT fact_no FROM near WHERE is_end AND fact_no NOT IN (SELECT fact_no FROM dirty)")
        con.execute("INSERT INTO dirty SELECT DISTINCT fact_no FROM together WHERE is_end AND fact_no NOT IN (SELECT fact_no FROM dirty)")
        con.execute("CREATE OR REPLACE TEMP TABLE frontier AS SELECT fact_no FROM near WHERE NOT is_end UNION SELECT fact_no FROM together WHERE NOT is_end")


_NEAR = """
WITH key AS (
    SELECT DISTINCT link.pass, link.key64 FROM {link} AS link WHERE link.fact_no IN (SELECT fact_no FROM frontier)
)
SELECT link.fact_no, coalesce(member.pass, {left_over}) < link.pass AS is_end
FROM {link} AS link
JOIN key ON key.pass = link.pass AND key.key64 = link.key64
LEFT JOIN {member} AS member ON member.fact_no = link.fact_no
"""

# Partners of what came along, and whatever shares a finding with it.
_TOGETHER = """
WITH mine AS (
    SELECT member.match_no, member.subject, near.is_end
    FROM near JOIN {member} AS member USING (fact_no)
    UNION
    SELECT match_no, subject, false FROM {member} WHERE fact_no IN (SELECT fact_no FROM frontier)
)
SELECT other.fact_no, min(mine.is_end) AS is_end
FROM {member} AS other JOIN mine ON other.match_no = mine.match_no
GROUP BY other.fact_no
UNION ALL
SELECT other.fact_no, false FROM {member} AS other JOIN mine ON other.subject = mine.subject
"""


def differing(con: duckdb.DuckDBPyConnection, rule_no: int) -> list[str]:
    """Subjects that differ between the findings held and those in `finding` and `part`."""
    con.execute(f"CREATE OR REPLACE TEMP TABLE fresh AS {_FRESH}")
    sql = (
        f"SELECT coalesce(fresh.subject, held.subject) FROM fresh FULL JOIN (SELECT * FROM r{rule_no}_finding WHERE is_standing) AS held "
        "ON held.subject = fresh.subject WHERE held.content IS DISTINCT FROM fresh.content ORDER BY 1"
    )
    return [row[0] for row in con.execute(sql).fetchall()]


def _replace_findings(con: duckdb.DuckDBPyConnection, held: Held, affected: str) -> None:
    """Bring the held findings in line with `finding` and `part`; only what differs counts as a change."""
    stored, parts = held.table("finding"), held.table("part")
    con.execute(f"CREATE OR REPLACE TEMP TABLE fresh AS {_FRESH}")
    con.execute(f"CREATE OR REPLACE TEMP TABLE gone AS SELECT subject FROM {stored} WHERE is_standing AND subject IN ({affected}) AND subject NOT IN (SELECT subject FROM fresh)")
    con.execute(f"CREATE OR REPLACE TEMP TABLE changed AS SELECT fresh.subject FROM fresh LEFT JOIN {stored} AS held ON held.subject = fresh.subject AND held.is_standing WHERE held.content IS DISTINCT FROM fresh.content")
    con.execute(f"DELETE FROM {parts} WHERE subject IN (SELECT subject FROM fresh)")
    con.execute(f"INSERT INTO {parts} SELECT * FROM part")
    if con.execute("SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM changed)").fetchall() == [(0,)]:
        return
    change = held.change_no + 1
    con.execute(f"UPDATE {stored} SET is_standing = false, change_no = {change} WHERE subject IN (SELECT subject FROM gone)")
    con.execute(f"DELETE FROM {stored} WHERE subject IN (SELECT subject FROM changed)")
    con.execute(f"INSERT INTO {stored} SELECT {change}, true, fresh.* FROM fresh WHERE subject IN (SELECT subject FROM changed)")
    con.execute("UPDATE rule SET change_no = ? WHERE rule_no = ?", [change, held.rule_no])


# What a change of is a change of the finding. Lines of a snapshot are new facts each time and do not count.
_FRESH = """
WITH told AS (
    SELECT subject, string_agg(word, chr(29) ORDER BY word) AS words
    FROM (
        SELECT subject, concat_ws(chr(30), role, cause, CAST(quantity AS VARCHAR), CASE WHEN of_table <> 'stock_balance' THEN CAST(fact_no AS VARCHAR) END) AS word
        FROM part
    )
    GROUP BY subject
)
SELECT
    md5(concat_ws(chr(31), code, also, plant, item, CAST(quantity_expected AS VARCHAR), CAST(quantity_observed AS VARCHAR),
        CAST(variance AS VARCHAR), unit, CAST(at_risk AS VARCHAR), CAST(due_at AS VARCHAR), CAST(settled_at AS VARCHAR),
        CAST(is_ambiguous AS VARCHAR), CAST(factor AS VARCHAR), CAST(unexplained AS VARCHAR), note, told.words)) AS content,
    finding.*
FROM finding LEFT JOIN told ON told.subject = finding.subject
"""


def _accounts(con: duckdb.DuckDBPyConnection, held: Held, uses: Mapping[str, SideUse], pairing: Pairing, bind: Bind) -> dict[str, Account]:
    """The conservation lines: facts in scope counted afresh, verdicts as held."""
    in_scope = {
        name: int(con.execute(f"SELECT count(*) FROM ({select(use, pairing, name, bind)})").fetchall()[0][0])
        for name, use in uses.items()
        if use.counted
    }
    return account(con, in_scope, bind, held.table("member"))
