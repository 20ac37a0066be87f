"""Match: one rule over completions and postings, against the bare DuckDB statement.

Both classify the same facts in scope from the same match state, take turns in one process, and
leave their differences in a table. Beside the rule as such (`compare`: what `reconcile --full` and
as-of questions do) stands the first run of the rule with everything that makes later runs
incremental (`first run`), and a run over a thousand new events (`next run`).

    python -m benchmarks.match [--events 1000000] [--rounds 3]
"""

import argparse
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from app.store import rulings
from app.store.state import MatchState, key64
from reconcilers.family import Bind
from reconcilers.match import Match
from reconcilers.match.spec import MatchSpec
from reconcilers.run import Pairing, evaluate, show

_SQL = Path(__file__).parent
START = datetime(2026, 11, 1, tzinfo=UTC)
AS_OF = START + timedelta(days=365)
PAIRING = Pairing({"expected": ("mes",), "observed": ("erp",)}, ("P1", "P2"))
BIND = Bind(as_of=AS_OF, horizon=AS_OF)
SPEC = MatchSpec.model_validate(
    {
        "expected": {"kind": "op_complete", "role": "mes"},
        "observed": {"kind": "op_complete", "role": "erp"},
        "keys": [["correlation_id"], ["plant", "order_no", "op_no", "lot"]],
        "compare": {
            "quantity": {"percent": 1, "unit": "base"},
            "period": "same",
        },
        "due": timedelta(hours=4),
        "late": {"after": timedelta(0), "clock": "recorded_at"},
    }
)
EVENTS = _SQL.joinpath("events.sql").read_text("utf-8")
BARE = _SQL.joinpath("bare.sql").read_text("utf-8")


def fill(state: MatchState, from_n: int, to_n: int) -> None:
    """Completions and postings number `from_n` to `to_n`, with their faults."""
    key = key64("source", "feed", "source_key")
    common = {"key": key, "from_n": from_n, "to_n": to_n, "moved": "began"}
    first = state.last_fact_no() + 1
    mes = EVENTS.format(
        **common,
        first=first - from_n,
        source="mes",
        day="NULL",
        posted="began + INTERVAL 1 SECOND",
        made="1 + n % 900",
        unit="'EA'",
        kept="copy = 0 AND n % 1000 <> 1",
    )
    erp = EVENTS.format(
        **common,
        first=first + 2 * (to_n - from_n),
        source="erp",
        day="began + CASE WHEN n % 1000 = 6 THEN INTERVAL 40 DAY ELSE INTERVAL 0 DAY END",
        posted="began + CASE WHEN n % 1000 = 7 THEN INTERVAL 9 HOUR ELSE INTERVAL 9 MINUTE END",
        made="(1 + n % 900) * CASE WHEN n % 1000 = 4 THEN 2 ELSE 1 END",
        unit="CASE WHEN n % 1000 = 5 THEN 'KG' ELSE 'EA' END",
        kept="n % 1000 <> 2 AND (copy = 0 OR n % 1000 = 3)",
    )
    with state.transaction() as con:
        con.execute(mes)
        con.execute(erp.replace("+ n AS fact_no", "+ 2 * n + copy AS fact_no"))


def bare(state: MatchState) -> int:
    """The statement a person would write; how many differences it sees."""
    con = state.cursor()
    try:
        for name, use in Match().sides(SPEC).items():
            show(con, name, use, PAIRING, BIND)
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE bare AS SELECT * FROM ({BARE}) WHERE class <> 'matched'"
        )
        return int(con.execute("SELECT count(*) FROM bare").fetchall()[0][0])
    finally:
        con.close()


def compare(state: MatchState) -> int:
    """The rule over all facts, nothing kept; how many findings."""
    con = state.cursor()
    try:
        rulings.provide(con, LOOKUPS)
        return evaluate(con, Match(), SPEC, PAIRING, BIND).findings
    finally:
        con.close()


def first_run(state: MatchState, version: str) -> int:
    """The rule with its state made anew."""
    return rulings.reconcile(
        state, "benchmark", version, Match(), SPEC, PAIRING, BIND, LOOKUPS
    ).findings


def _lookups() -> dict[str, object]:
    con = duckdb.connect()
    tables = {
        "period_day": "SELECT CAST(NULL AS DATE) AS day, CAST(NULL AS DATE) AS starts_on",
        "working": "SELECT '' AS plant_code, CAST(NULL AS TIMESTAMPTZ) AS opens_at, "
        "CAST(NULL AS TIMESTAMPTZ) AS next_opens_at, 0.0::DOUBLE AS worked, 0.0::DOUBLE AS seconds",
        "unit_factor": "SELECT CAST(NULL AS VARCHAR) AS item, 0.0::DOUBLE AS factor",
    }
    return {name: con.sql(f"{sql} WHERE false").to_arrow_table() for name, sql in tables.items()}


LOOKUPS = _lookups()


def _timed(task: Callable[[], int]) -> tuple[float, int]:
    began = time.perf_counter()
    result = task()
    return time.perf_counter() - began, result


def main() -> None:
    """Print wall seconds and the ratio to the bare statement."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        state = MatchState(Path(folder) / "match.duckdb", memory_limit="1500MB")
        fill(state, 0, asked.events)
        times: dict[str, list[float]] = {"bare": [], "compare": [], "first run": []}
        found: dict[str, int] = {}
        for turn in range(asked.rounds):
            for name, task in (
                ("bare", lambda: bare(state)),
                ("compare", lambda: compare(state)),
                ("first run", lambda turn=turn: first_run(state, str(turn))),
            ):
                seconds, found[name] = _timed(task)
                times[name].append(seconds)
        fill(state, asked.events, asked.events + 1000)
        times["next run"] = [_timed(lambda: first_run(state, str(asked.rounds - 1)))[0]]
        state.close()
    base = statistics.median(times["bare"])
    print(f"{asked.events:,} events a side, {asked.rounds} rounds, median wall seconds")
    for name, taken in times.items():
        middle = statistics.median(taken)
        ratio, differences = middle / base, found.get(name, 0)
        print(f"{name:<10} {middle:>7.2f} s {ratio:>6.2f}x   differences {differences:,}")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2:.2f} GB")


if __name__ == "__main__":
    main()
