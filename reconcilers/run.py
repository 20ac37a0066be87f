"""Run one rule over the facts: make its sides, let the family judge, and prove that nothing went missing.

The engine's connection holds the canonical tables, each with `fact_no` and `superseded_at` beside the columns of a fact,
and the tables a family may look things up in: `working`, `period_day`, `unit_factor`. A run writes only temp tables.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import duckdb

from reconcilers.family import FINDING, PART, VERDICT, Bind, Excluding, Family, Side, SideUse
from reconcilers.match import Match

FAMILIES: dict[str, Family] = {family.name: family for family in (Match(),)}


class ReconcilerError(Exception):
    """A rule could not be evaluated."""


class ConservationError(ReconcilerError):
    """Facts in scope and facts accounted for differ: the run is void."""


@dataclass(frozen=True)
class Pairing:
    """Which sources speak for each side of a rule, and for which plants both do. Nothing outside is in scope."""

    sources: Mapping[str, tuple[str, ...]]
    plants: tuple[str, ...]


@dataclass
class Account:
    """The conservation line of one side: facts in scope, and how each was accounted for."""

    in_scope: int = 0
    matched: int = 0
    not_due: int = 0
    excepted: int = 0
    excluded: int = 0
    unknown: int = 0

    @property
    def adds_up(self) -> bool:
        """Whether every fact in scope has exactly one verdict."""
        return self.in_scope == self.matched + self.not_due + self.excepted + self.excluded + self.unknown


@dataclass
class Outcome:
    """What a run found. Findings and their facts stay in the temp tables `finding` and `part`."""

    accounts: dict[str, Account] = field(default_factory=dict)
    findings: int = 0

    @property
    def result(self) -> str:
        """`tied_out`, or `drifted` where anything disagrees."""
        return "drifted" if self.findings else "tied_out"


def evaluate(con: duckdb.DuckDBPyConnection, family: Family, spec: Any, pairing: Pairing, bind: Bind) -> Outcome:
    """A full run: every fact as known at `bind.known_at`. Raises `ConservationError`."""
    uses = family.sides(spec)
    for name, use in uses.items():
        con.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {select(use, pairing, name, bind)}")
    in_scope = _counts(con, uses)
    settled: Mapping[str, int] = {}
    if settle := getattr(family, "settle", None):
        settled = settle(con, spec)
        for name, use in uses.items():
            if use.counted:
                con.execute(f"CREATE OR REPLACE TEMP TABLE suspected_{name} AS SELECT * FROM {name} WHERE fact_no IN (SELECT fact_no FROM suspect WHERE side = '{name}')")
        for name, use in uses.items():
            if use.counted:
                con.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS SELECT * FROM suspected_{name}")
    family.evaluate(con, spec, bind)
    accounts = account(con, in_scope, bind)
    for name, count in settled.items():
        accounts[name].matched += count
    prove(accounts)
    findings = con.execute("SELECT count(*) FROM finding WHERE settled_at IS NULL").fetchall()[0][0]
    return Outcome(accounts, findings)


def account(con: duckdb.DuckDBPyConnection, in_scope: Mapping[str, int], bind: Bind, verdicts: str = "verdict") -> dict[str, Account]:
    """The conservation lines from the table `verdicts`. What is due by now but beyond the horizon is unknown, not waiting."""
    accounts = {side: Account(in_scope=count) for side, count in in_scope.items()}
    rows = con.execute(
        "SELECT side, CASE WHEN verdict = 'not_due' AND check_at <= $as_of THEN 'unknown' ELSE verdict END AS verdict, count(*) "
        f"FROM {verdicts} GROUP BY ALL",
        {"as_of": bind.as_of},
    ).fetchall()
    for side, verdict, count in rows:
        setattr(accounts[side], verdict, count)
    return accounts


def prove(accounts: Mapping[str, Account]) -> None:
    """Raise `ConservationError` where a side does not add up."""
    for side, line in accounts.items():
        if not line.adds_up:
            raise ConservationError(f"{side}: {line.in_scope} facts in scope, accounted for {line}")


def _counts(con: duckdb.DuckDBPyConnection, uses: Mapping[str, SideUse]) -> dict[str, int]:
    return {name: con.execute(f"SELECT count(*) FROM {name}").fetchall()[0][0] for name, use in uses.items() if use.counted}


def select(use: SideUse, pairing: Pairing, name: str, bind: Bind) -> str:
    """The SELECT of one side: its sources and plants, its conditions, as of and as known at."""
    conditions = [
        f"source IN ({_texts(pairing.sources[name])})",
        *(conditions_of(use.side)),
        *([f"(plant IN ({_texts(pairing.plants)}) OR plant IS NULL)"] if pairing.plants else []),
        "NOT is_deleted",
        _known(bind.known_at),
        f"({use.time} IS NULL OR {use.time} <= {_instant(bind.as_of)})",
        *([f"{use.time} >= {_instant(bind.since)}"] if bind.since else []),
    ]
    return f"SELECT * FROM {use.side.table} WHERE {' AND '.join(conditions)}"


def conditions_of(side: Side) -> list[str]:
    """The column conditions of a side, as SQL."""
    found = []
    for column, wanted in side.filters.items():
        if isinstance(wanted, Excluding):
            found.append(f"({column} IS NULL OR {column} NOT IN ({_texts(wanted.not_)}))")
        else:
            found.append(f"{column} IN ({_texts(wanted)})")
    return found


def _known(known_at: datetime | None) -> str:
    if known_at is None:
        return "superseded_at IS NULL"
    at = _instant(known_at)
    return f"observed_at <= {at} AND (superseded_at IS NULL OR superseded_at > {at})"


def _instant(moment: datetime) -> str:
    return f"TIMESTAMPTZ '{moment:%Y-%m-%d %H:%M:%S.%f%z}'"


def _texts(values: tuple[str, ...]) -> str:
    return ", ".join("'" + value.replace("'", "''") + "'" for value in values) or "NULL"


def empty_results(con: duckdb.DuckDBPyConnection) -> None:
    """The result tables, empty."""
    for name, columns in (("verdict", VERDICT), ("finding", FINDING), ("part", PART)):
        con.execute(f"CREATE OR REPLACE TEMP TABLE {name} ({columns})")
