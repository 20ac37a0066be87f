"""The golden signals, one `.sql` each.

Ratios carry numerator and denominator; what cannot be known is NULL, never 0.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from importlib import resources

import duckdb

from app.store.rulings import Held

WINDOWS: Mapping[str, timedelta] = {
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}
EFFECT = """
    rule VARCHAR, flow VARCHAR, plant VARCHAR, event_at TIMESTAMPTZ,
    is_due BOOLEAN,         -- a business fact whose posting had to be there
    is_effective BOOLEAN,   -- and was, in whatever shape
    is_judged BOOLEAN,      -- a fact of either side that was compared
    is_agreed BOOLEAN       -- and agreed
"""


def text(name: str) -> str:
    """One signal's SQL."""
    return resources.files(__package__).joinpath(f"{name}.sql").read_text("utf-8")


def gather(
    con: duckdb.DuckDBPyConnection,
    held: Held,
    rule: str,
    flow: str,
    table: str,
    time: str,
    as_of: datetime,
    *,
    is_transaction: bool,
) -> None:
    """Add what became of a rule's facts in the longest window to the temp table `effect`.

    `is_transaction`: its expected facts are business facts, each of which has to be posted.
    """
    sql = text("effect").format(
        member=held.table("member"), finding=held.table("finding"), table=table, time=time
    )
    since = as_of - max(WINDOWS.values())
    binds = {"rule": rule, "flow": flow, "as_of": as_of, "since": since}
    con.execute(f"INSERT INTO effect {sql}", {**binds, "is_transaction": is_transaction})
