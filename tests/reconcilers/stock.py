"""Stock for tests of balance: two systems, their snapshots, what moved in between."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb

from reconcilers.balance import Balance
from reconcilers.balance.spec import BalanceSpec
from reconcilers.family import Bind
from reconcilers.run import Outcome, Pairing, evaluate
from tests.reconcilers import plant

Row = dict[str, Any]
FAMILY = Balance()
MOVES = ["receipt", "adjust"]
RECEIPTS = {
    "expected": {"kind": "receipt", "role": "wms"},
    "observed": {"kind": "receipt", "role": "erp"},
    "keys": [["correlation_id"]],
    "due": timedelta(hours=1),
}


def spec(grain: Iterable[str] = ("item", "lot"), **more: Any) -> BalanceSpec:
    """Book stock against warehouse stock; receipts have counterparts, adjustments have none."""
    return BalanceSpec.model_validate(
        {
            "expected": {"from": "stock_balance", "role": "erp"},
            "observed": {"from": "stock_balance", "role": "wms"},
            "grain": list(grain),
            "booked_expected": {"kind": MOVES, "role": "erp"},
            "booked_observed": {"kind": MOVES, "role": "wms"},
            "movements": [RECEIPTS],
            **more,
        }
    )


def line(source: str, quantity: object, **more: Any) -> Row:
    """One line of a snapshot: so much of item A, lot L1."""
    row = {"item": "A", "lot": "L1", "plant": "P1", "stock_status": "free", "unit": "EA", **more}
    names = ("plant", "location", "bin", "item", "lot", "serial", "stock_status", "stock_owner")
    key = "/".join(str(row.get(name) or "") for name in names)
    return {"source": source, "source_key": key, "quantity": Decimal(str(quantity)), **row}


def snapshot(
    con: duckdb.DuckDBPyConnection, source: str, when: datetime, lines: Iterable[Row], **more: Any
) -> None:
    """Hold an accepted snapshot: its lines, then the row that makes them valid."""
    name = more.pop("snapshot_id", f"{source} {when}")
    own = {"snapshot_id": name, "balance_at": when, "observed_at": when, **more}
    held = [{**row, **own, "balance_basis": "consistent"} for row in lines]
    plant.add(con, "stock_balance", held)
    row = {"source": source, "source_key": name, "lines": len(held), **own}
    plant.add(con, "stock_snapshot", [row])


def moved(
    source: str, key: str, quantity: object, when: datetime, *, id_: str | None = None, **more: Any
) -> Row:
    """One movement of item A, lot L1, booked and seen when it took place."""
    row = {
        "kind": "receipt", "item": "A", "lot": "L1", "correlation_id": id_ or key,
        "recorded_at": when, "observed_at": when, **more,
    }  # fmt: skip
    return plant.event(source, key, Decimal(str(quantity)), when, **row)


def pairing(of: BalanceSpec) -> Pairing:
    """Every side is told by the sources named like its roles."""
    uses = FAMILY.sides(of)
    return Pairing({name: tuple(use.side.role) for name, use in uses.items()}, ("P1",))


def judge(con: duckdb.DuckDBPyConnection, of: BalanceSpec, bind: Bind) -> Outcome:
    """One full run."""
    return evaluate(con, FAMILY, of, pairing(of), bind)


def rows(con: duckdb.DuckDBPyConnection, sql: str) -> list[Row]:
    """Rows of a query."""
    return con.sql(sql).to_arrow_table().to_pylist()


TOLD = """
SELECT finding.* EXCLUDE (lead_no),
    (SELECT list_sort(list((role, of_table, cause, part.quantity, line.source, move.source,
        coalesce(line.source_key, move.source_key))))
     FROM part
     LEFT JOIN stock_balance AS line
         ON of_table = 'stock_balance' AND line.fact_no = part.fact_no
     LEFT JOIN business_event AS move
         ON of_table = 'business_event' AND move.fact_no = part.fact_no
     WHERE part.subject = finding.subject) AS parts
FROM finding ORDER BY ALL
"""


def causes(con: duckdb.DuckDBPyConnection) -> dict[str, Mapping[str, Decimal]]:
    """What each finding is put down to: causes and the unexplained rest, each where not zero."""
    told: dict[str, dict[str, Decimal]] = {}
    for finding in rows(con, "SELECT subject, unexplained FROM finding"):
        rest = finding["unexplained"]
        told[finding["subject"]] = {"unexplained": rest} if rest else {}
    for part in rows(
        con,
        "SELECT subject, cause, CAST(sum(quantity) AS DECIMAL(38, 9)) AS quantity FROM part "
        "WHERE role = 'explains' GROUP BY ALL HAVING sum(quantity) <> 0",
    ):
        told[part["subject"]][part["cause"]] = part["quantity"]
    return told  # type: ignore[return-value]
