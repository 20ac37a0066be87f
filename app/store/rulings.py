"""What each rule has worked out so far: verdicts, findings, keys by which facts hang together.

A run touches new facts, what they change, and what became due; its cost does not grow with history.
It is one transaction. A full recompute of the same facts gives the same answer, and is how the
answer is proven.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import duckdb

from app.store.queries import query
from app.store.state import MatchState, key64
from reconcilers.family import (
    FINDING,
    MEASURE,
    PART,
    VERDICT,
    Bind,
    Family,
    SideUse,
    known,
    run,
)
from reconcilers.run import Account, Outcome, Pairing, account, prove, select, show

TABLES = {
    "member": VERDICT,
    "link": "pass UTINYINT, key64 UBIGINT, fact_no BIGINT",
    "later": "fact_no BIGINT, due_at TIMESTAMPTZ",
    "finding": f"change_no BIGINT, is_standing BOOLEAN, content VARCHAR, {FINDING}",
    "part": PART,
    "measure": MEASURE,
    "moved": "move_no BIGINT, fact_no BIGINT",  # verdicts to publish; fact_no NULL: all of them
}
_FAR = datetime(9999, 1, 1, tzinfo=UTC)
_IS_DIRTY = "fact_no IN (SELECT fact_no FROM dirty)"
POSTINGS = "business_event"  # the table whose facts may take others back
TAKEN_BACK = 0  # pass of reversals and their originals: before any key, so no pass ends the road
BESIDE = 100  # passes from here on belong to a side that only meets another
LEFT_OVER = 255  # pass of a fact that found nothing: every key may still matter to it


Links = Sequence[tuple[int, tuple[str, ...]]]


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


def reconcile(
    state: MatchState,
    rule: str,
    version: str,
    family: Family,
    spec: Any,
    pairing: Pairing,
    bind: Bind,
    lookups: Mapping[str, Any],
) -> Outcome:
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
        if family.is_incremental:
            _note_moved(con, held)
        accounts = _accounts(con, held, uses, pairing, bind)
        prove(accounts)
        con.execute("UPDATE rule SET seen_fact_no = ? WHERE rule_no = ?", [last, held.rule_no])
        findings = con.execute(
            f"SELECT count(*) FROM {held.table('finding')} WHERE is_standing AND settled_at IS NULL"
        ).fetchall()[0][0]
        return Outcome(accounts, findings)


def provide(con: duckdb.DuckDBPyConnection, lookups: Mapping[str, Any]) -> None:
    """The tables families look things up in: fiscal days, working time, unit factors."""
    for name, rows in lookups.items():
        con.register(f"given_{name}", rows)
        con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM given_{name}")


def _hold(con: duckdb.DuckDBPyConnection, rule: str, version: str, scope: str) -> Held:
    """The rule's tables, made anew where its version or scope changed.

    Findings stay: identity outlives versions.
    """
    rows = con.execute(
        "SELECT rule_no, version, scope, seen_fact_no, change_no FROM rule WHERE id = ?", [rule]
    ).fetchall()
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
        con.execute(
            "UPDATE rule SET version = ?, scope = ?, seen_fact_no = 0 WHERE rule_no = ?",
            [version, scope, number],
        )
    return held


def _evaluate_all(
    con: duckdb.DuckDBPyConnection,
    held: Held,
    family: Family,
    spec: Any,
    uses: Mapping[str, SideUse],
    pairing: Pairing,
    bind: Bind,
) -> None:
    """Everything is looked at.

    What plainly agrees is settled in bulk where the family can do that.
    """
    for name in ("member", "link", "later"):
        con.execute(f"DELETE FROM {held.table(name)}")
    links = _links(uses, pairing)
    for name, use in uses.items():
        show(con, name, use, pairing, bind)
        _note_later(con, held, name, use, pairing, bind, 0)
        if family.is_incremental:
            _link(con, held, links[name], name)
            _link_taken_back(con, held, use, name, name)
    settle = getattr(family, "settle", None)
    if settle:
        settle(con, spec, keep=True)
        con.execute(f"INSERT INTO {held.table('member')} {query('agreed')}")
    con.execute(f"CREATE OR REPLACE TEMP TABLE measure ({MEASURE})")
    family.evaluate(con, spec, bind)
    con.execute(f"INSERT INTO {held.table('member')} SELECT * FROM verdict")
    con.execute(f"DELETE FROM {held.table('measure')}")
    con.execute(f"INSERT INTO {held.table('measure')} SELECT * FROM measure")
    _replace_findings(con, held, f"SELECT subject FROM {held.table('finding')} WHERE is_standing")


def _evaluate_changed(
    con: duckdb.DuckDBPyConnection,
    held: Held,
    family: Family,
    spec: Any,
    uses: Mapping[str, SideUse],
    pairing: Pairing,
    bind: Bind,
) -> None:
    """New facts, facts they replace, facts whose time has come, and all that hang on them."""
    con.execute("CREATE OR REPLACE TEMP TABLE dirty (fact_no BIGINT)")
    con.execute("CREATE OR REPLACE TEMP TABLE frontier (fact_no BIGINT)")
    links = _links(uses, pairing)
    for name, use in uses.items():
        _note_later(con, held, name, use, pairing, bind, held.seen)
        chosen = f"{select(use, pairing, name, bind)} AND ({_is_new(held)})"
        con.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {chosen}")
        _link(con, held, links[name], name)
        _link_taken_back(con, held, use, name, f"({select(use, pairing, name, bind)})")
        con.execute(f"INSERT INTO frontier SELECT fact_no FROM {name}")
        con.execute(f"INSERT INTO frontier {_replaced(held, use)}")
    member, link, later = held.table("member"), held.table("link"), held.table("later")
    con.execute(f"DELETE FROM {later} WHERE due_at <= $as_of", {"as_of": bind.as_of})
    con.execute(
        f"INSERT INTO frontier SELECT fact_no FROM {member} WHERE check_at <= $horizon",
        {"horizon": bind.horizon},
    )
    _close_over(con, held)
    for name, use in uses.items():
        run(con, f"asked_{name}", f"{select(use, pairing, name, bind)} AND {_IS_DIRTY}")
        con.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS SELECT * FROM asked_{name}")
    family.evaluate(con, spec, bind)
    affected = f"SELECT subject FROM {member} WHERE subject IS NOT NULL AND {_IS_DIRTY}"
    run(con, "affected", affected)
    con.execute(f"DELETE FROM {member} WHERE {_IS_DIRTY}")
    con.execute(f"INSERT INTO {member} SELECT * FROM verdict")
    there = " UNION ALL ".join(f"SELECT fact_no FROM asked_{name}" for name in uses)
    con.execute(f"DELETE FROM {link} WHERE {_IS_DIRTY} AND fact_no NOT IN ({there})")
    _replace_findings(con, held, "SELECT subject FROM affected")


def _note_moved(con: duckdb.DuckDBPyConnection, held: Held) -> None:
    """Remember whose verdict may have changed, until it is published."""
    moved = held.table("moved")
    facts = "SELECT NULL AS fact_no" if held.is_fresh else "SELECT fact_no FROM dirty"
    con.execute(
        f"INSERT INTO {moved} SELECT (SELECT coalesce(max(move_no), 0) + 1 FROM {moved}), fact_no "
        f"FROM ({facts})"
    )


def _is_new(held: Held) -> str:
    return f"fact_no > {held.seen} OR fact_no IN (SELECT fact_no FROM {held.table('later')})"


def _replaced(held: Held, use: SideUse) -> str:
    """Members whose record has a newer revision or is gone since the last run."""
    table = use.side.table
    return (
        f"SELECT old.fact_no FROM {table} AS old "
        f"WHERE old.superseded_at IS NOT NULL AND old.fact_no <= {held.seen} "
        f"AND old.key64 IN (SELECT key64 FROM {table} WHERE fact_no > {held.seen})"
    )


def _note_later(
    con: duckdb.DuckDBPyConnection,
    held: Held,
    name: str,
    use: SideUse,
    pairing: Pairing,
    bind: Bind,
    after: int,
) -> None:
    """Facts dated after the question: they come into scope when their time has come."""
    future = Bind(as_of=_FAR, horizon=_FAR, since=bind.since)
    con.execute(
        f"INSERT INTO {held.table('later')} SELECT fact_no, {use.time} "
        f"FROM ({select(use, pairing, name, future)}) "
        f"WHERE {use.time} > $as_of AND fact_no > {after}",
        {"as_of": bind.as_of},
    )


def _links(uses: Mapping[str, SideUse], pairing: Pairing) -> Mapping[str, Links]:
    """By which passes of which columns the facts of each side hang together.

    What only meets one side does so in passes of its own, and not at all if nobody tells it.
    """
    found: dict[str, list[tuple[int, tuple[str, ...]]]] = {
        name: list(enumerate(use.links, 1)) for name, use in uses.items() if not use.meets
    }
    number = BESIDE
    for name, use in uses.items():
        if use.meets:
            told = use.links if pairing.sources[name] else ()
            found[name] = list(enumerate(told, number))
            found[use.meets] += found[name]
            number += len(told)
    return found


def _link(con: duckdb.DuckDBPyConnection, held: Held, links: Links, name: str) -> None:
    """Keys of the facts in the view `name`, by pass, as 64 bits.

    A collision draws in too much, never too little.
    """
    for number, columns in links:
        key = key64(*(f"CAST({column} AS VARCHAR)" for column in columns))
        link = held.table("link")
        con.execute(
            f"INSERT INTO {link} "
            f"SELECT {number}, {key}, fact_no FROM {name} AS fact WHERE {known('fact', columns)} "
            f"AND fact_no NOT IN (SELECT fact_no FROM {link} WHERE pass = {number})"
        )


def _link_taken_back(
    con: duckdb.DuckDBPyConnection, held: Held, use: SideUse, name: str, facts: str
) -> None:
    """Link reversals and their originals, which need share no key, where one is in the view `name`.

    `facts` are all of the side. What nobody takes back, nearly everything, gets no link here.
    """
    if use.side.table != POSTINGS:
        return
    link = held.table("link")
    original, own = key64("source", "reverses_key"), key64("source", "source_key")
    named = f"SELECT source, reverses_key AS source_key FROM {name} WHERE is_reversal"
    steps = [
        (original, name, "is_reversal AND reverses_key IS NOT NULL"),
        (own, f"{facts} SEMI JOIN ({named}) AS back USING (source, source_key)", "NOT is_reversal"),
    ]
    if facts != name:  # reversals of earlier runs may wait for what is new
        waiting = f"SELECT key64 FROM {link} WHERE pass = {TAKEN_BACK}"
        steps.append((own, name, f"NOT is_reversal AND {own} IN ({waiting})"))
    for key, there, chosen in steps:
        con.execute(
            f"INSERT INTO {link} SELECT {TAKEN_BACK}, {key}, fact_no FROM {there} WHERE {chosen} "
            f"AND fact_no NOT IN (SELECT fact_no FROM {link} WHERE pass = {TAKEN_BACK})"
        )


def _close_over(con: duckdb.DuckDBPyConnection, held: Held) -> None:
    """Grow `dirty` from `frontier` until nothing outside can influence what is inside, or be by it.

    Facts meet in a pass only while no earlier pass has taken them. So a fact that was settled in an
    earlier pass than the one it is met by comes along with its partners, and leads no further,
    unless it is met by another way as well.
    """
    member, link = held.table("member"), held.table("link")
    con.execute("CREATE OR REPLACE TEMP TABLE ended (fact_no BIGINT)")
    while True:
        con.execute(f"DELETE FROM frontier WHERE {_IS_DIRTY}")
        if _is_empty(con, "frontier"):
            break
        con.execute("INSERT INTO dirty SELECT DISTINCT fact_no FROM frontier")
        run(con, "near", query("near", member=member, link=link, left_over=str(LEFT_OVER)))
        run(con, "together", query("together", member=member))
        for met in ("near", "together"):
            con.execute(f"INSERT INTO ended SELECT fact_no FROM {met} WHERE is_end")
        beyond = (f"SELECT fact_no FROM {met} WHERE NOT is_end" for met in ("near", "together"))
        run(con, "frontier", " UNION ".join(beyond))
    con.execute(f"INSERT INTO dirty SELECT DISTINCT fact_no FROM ended WHERE NOT ({_IS_DIRTY})")


def differing(con: duckdb.DuckDBPyConnection, rule_no: int) -> list[str]:
    """Subjects that differ between the findings held and those in `finding` and `part`."""
    run(con, "fresh", query("fresh"))
    held = Held(rule_no, 0, 0, is_fresh=False).table("finding")
    return [row[0] for row in con.execute(query("differing", finding=held)).fetchall()]


def _replace_findings(con: duckdb.DuckDBPyConnection, held: Held, affected: str) -> None:
    """Bring the held findings in line with `finding` and `part`.

    Only what differs counts as a change.
    """
    stored, parts = held.table("finding"), held.table("part")
    run(con, "fresh", query("fresh"))
    run(con, "gone", query("gone", finding=stored, affected=affected))
    run(con, "changed", query("changed", finding=stored))
    con.execute(f"DELETE FROM {parts} WHERE subject IN (SELECT subject FROM fresh)")
    con.execute(f"INSERT INTO {parts} SELECT * FROM part")
    if _is_empty(con, "gone") and _is_empty(con, "changed"):
        return
    change = held.change_no + 1
    con.execute(
        f"UPDATE {stored} SET is_standing = false, change_no = {change} "
        "WHERE subject IN (SELECT subject FROM gone)"
    )
    con.execute(f"DELETE FROM {stored} WHERE subject IN (SELECT subject FROM changed)")
    con.execute(
        f"INSERT INTO {stored} SELECT {change}, true, fresh.* FROM fresh "
        "WHERE subject IN (SELECT subject FROM changed)"
    )
    con.execute("UPDATE rule SET change_no = ? WHERE rule_no = ?", [change, held.rule_no])


def _is_empty(con: duckdb.DuckDBPyConnection, table: str) -> bool:
    return con.execute(f"SELECT count(*) FROM {table}").fetchall() == [(0,)]


def _accounts(
    con: duckdb.DuckDBPyConnection,
    held: Held,
    uses: Mapping[str, SideUse],
    pairing: Pairing,
    bind: Bind,
) -> dict[str, Account]:
    """The conservation lines: facts in scope counted afresh, verdicts as held."""
    in_scope = {}
    for name, use in uses.items():
        if use.counted:
            counting = f"SELECT count(*) FROM ({select(use, pairing, name, bind)})"
            in_scope[name] = int(con.execute(counting).fetchall()[0][0])
    return account(con, in_scope, bind, held.table("member"))
