"""Run one rule: make its sides, let the family judge, prove that nothing went missing.

The engine's connection holds the canonical tables, each with `fact_no` and `superseded_at` beside
the columns of a fact, and the tables a family may look things up in: `working`, `period_day`,
`unit_factor`, `refusal`, `speaker`, `plant_day`. A run writes only temp tables.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import duckdb

from reconcilers.agreement import Agreement
from reconcilers.balance import Balance
from reconcilers.delivery import Delivery
from reconcilers.family import (
    Bind,
    Excluding,
    Family,
    Known,
    ReconcilerError,
    Side,
    SideUse,
    literals,
)
from reconcilers.genealogy import Genealogy
from reconcilers.interval import Interval
from reconcilers.match import Match
from reconcilers.money import Money
from reconcilers.rollforward import Rollforward
from reconcilers.silence import Silence
from reconcilers.sql import Sql
from reconcilers.state import State
from reconcilers.tally import Tally

_ALL: tuple[Family, ...] = (
    Match(), Balance(), Rollforward(), Tally(), State(), Delivery(), Interval(), Genealogy(),
    Silence(), Agreement(), Money(), Sql(),
)  # fmt: skip
FAMILIES: dict[str, Family] = {family.name: family for family in _ALL}
SNAPSHOT_LINES = "stock_balance"


class ConservationError(ReconcilerError):
    """Facts in scope and facts accounted for differ: the run is void."""


@dataclass(frozen=True)
class Pairing:
    """Which sources speak for each side of a rule, and for which plants both do.

    Nothing outside is in scope.
    """

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
        return (
            self.in_scope
            == self.matched + self.not_due + self.excepted + self.excluded + self.unknown
        )


@dataclass
class Outcome:
    """What a run found. Findings and their facts stay in the temp tables `finding` and `part`."""

    accounts: dict[str, Account] = field(default_factory=dict)
    findings: int = 0

    @property
    def result(self) -> str:
        """`tied_out`, or `drifted` where anything disagrees."""
        return "drifted" if self.findings else "tied_out"


def evaluate(
    con: duckdb.DuckDBPyConnection, family: Family, spec: Any, pairing: Pairing, bind: Bind
) -> Outcome:
    """A full run: every fact as known at `bind.known_at`. Raises `ConservationError`."""
    uses = family.sides(spec)
    for name, use in uses.items():
        show(con, name, use, pairing, bind)
    in_scope = _counts(con, uses)
    settled: Mapping[str, int] = {}
    if settle := getattr(family, "settle", None):
        settled = settle(con, spec)
    family.evaluate(con, spec, bind)
    accounts = account(con, in_scope, bind)
    for name, count in settled.items():
        accounts[name].matched += count
    prove(accounts)
    findings = con.execute("SELECT count(*) FROM finding WHERE settled_at IS NULL").fetchall()[0][0]
    return Outcome(accounts, findings)


def show(
    con: duckdb.DuckDBPyConnection, name: str, use: SideUse, pairing: Pairing, bind: Bind
) -> None:
    """Make a side a view of its name.

    For stock also `<name>_snapshots`, the snapshots its lines belong to.
    """
    con.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {select(use, pairing, name, bind)}")
    if use.side.table == SNAPSHOT_LINES:
        chosen = _snapshots(use, pairing.sources[name], bind)
        con.execute(f"CREATE OR REPLACE TEMP VIEW {name}_snapshots AS {chosen}")


def account(
    con: duckdb.DuckDBPyConnection,
    in_scope: Mapping[str, int],
    bind: Bind,
    verdicts: str = "verdict",
) -> dict[str, Account]:
    """The conservation lines from the table `verdicts`.

    What is due by now but beyond the horizon is unknown, not waiting. What is excepted by nothing
    one could point to is left out, so that the line does not add up.
    """
    accounts = {side: Account(in_scope=count) for side, count in in_scope.items()}
    rows = con.execute(
        "SELECT side, CASE WHEN verdict = 'not_due' AND check_at <= $as_of THEN 'unknown' "
        f"ELSE verdict END AS verdict, count(*) FROM {verdicts} "
        "WHERE verdict <> 'excepted' OR subject IS NOT NULL GROUP BY ALL",
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
    return {
        name: con.execute(f"SELECT count(*) FROM {name}").fetchall()[0][0]
        for name, use in uses.items()
        if use.counted
    }


def select(use: SideUse, pairing: Pairing, name: str, bind: Bind) -> str:
    """The SELECT of one side: its sources and plants, its conditions, as of and as known at."""
    sources = pairing.sources[name]
    conditions = [
        f"source IN ({literals(sources)})",
        *conditions_of(use.side),
        *([f"(plant IN ({literals(pairing.plants)}) OR plant IS NULL)"] if pairing.plants else []),
        "is_deleted" if use.is_gone else "NOT is_deleted",
        _known(bind.known_at),
        *([] if use.lasts else _within(use.time, bind)),
    ]
    if use.side.table == SNAPSHOT_LINES:
        chosen = f"SELECT (source, feed, snapshot_id) FROM ({_snapshots(use, sources, bind)})"
        conditions.append(f"(source, feed, snapshot_id) IN ({chosen})")
    return f"SELECT * FROM {use.side.table} WHERE {' AND '.join(conditions)}"


def _snapshots(use: SideUse, sources: tuple[str, ...], bind: Bind) -> str:
    """The accepted snapshot of each feed that is meant; an accepted empty one has no lines."""
    is_first = use.snapshot == "first"
    end = "min" if is_first else "max"
    settled = min(bind.as_of, bind.horizon - use.margin)
    until = settled if use.snapshot == "settled" else bind.as_of
    since = f" AND balance_at >= {_instant(bind.since)}" if is_first and bind.since else ""
    return f"""
        SELECT
            source, feed, {end}(balance_at) AS balance_at,
            arg_{end}(snapshot_id, (balance_at, fact_no)) AS snapshot_id,
            arg_{end}(observed_at, (balance_at, fact_no)) AS observed_at
        FROM stock_snapshot
        WHERE source IN ({literals(sources)})
            AND balance_at <= {_instant(until)} AND {_known(bind.known_at)}{since}
        GROUP BY source, feed
    """


def conditions_of(side: Side) -> list[str]:
    """The column conditions of a side, as SQL."""
    found = []
    for column, wanted in side.filters.items():
        if isinstance(wanted, Excluding):
            found.append(f"({column} IS NULL OR {column} NOT IN ({literals(wanted.not_)}))")
        elif isinstance(wanted, Known):
            found.append(f"{column} IS {'NOT ' if wanted.known else ''}NULL")
        else:
            found.append(f"{column} IN ({literals(wanted)})")
    return found


def _within(time: str, bind: Bind) -> Iterator[str]:
    yield f"({time} IS NULL OR {time} <= {_instant(bind.as_of)})"
    if bind.since:
        yield f"{time} >= {_instant(bind.since)}"


def _known(known_at: datetime | None) -> str:
    if known_at is None:
        return "superseded_at IS NULL"
    at = _instant(known_at)
    return f"observed_at <= {at} AND (superseded_at IS NULL OR superseded_at > {at})"


def _instant(moment: datetime) -> str:
    return f"TIMESTAMPTZ '{moment:%Y-%m-%d %H:%M:%S.%f%z}'"
