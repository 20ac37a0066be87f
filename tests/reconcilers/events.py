"""Completions and their bookings for tests of match, and what a run says of them."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb

from reconcilers.family import Bind
from reconcilers.match import Match
from reconcilers.match.spec import MatchSpec
from reconcilers.run import Outcome, Pairing, evaluate
from tests.reconcilers import plant
from tests.reconcilers.plant import at, event

NOON = at("12:00")
PAIRING = Pairing({"expected": ("mes",), "observed": ("erp",), "operation": ("mes",)}, ("P1",))
Row = dict[str, Any]


def spec(*keys: Any, **more: Any) -> MatchSpec:
    """Completions are booked within half an hour; by order where no keys are given."""
    return MatchSpec.model_validate(
        {
            "expected": {"kind": "op_complete", "role": "mes"},
            "observed": {"kind": "op_complete", "role": "erp"},
            "keys": list(keys) or [["order_no"]],
            "compare": {"quantity": {}},
            "due": timedelta(minutes=30),
            **more,
        }
    )


def mes(key: str, quantity: object = 10, when: str = "08:00", **more: Any) -> Row:
    """The shop floor made so much for order O."""
    return _fact("mes", key, quantity, when, more)


def erp(key: str, quantity: object = 10, when: str = "08:05", **more: Any) -> Row:
    """The books have so much for order O."""
    return _fact("erp", key, quantity, when, more)


def _fact(source: str, key: str, quantity: object, when: str, more: Row) -> Row:
    order = {"kind": "op_complete", "order_no": "O", "item": "A"}
    amount = None if quantity is None else str(quantity)
    return event(source, key, amount, at(when), **order | more)


def back(made: Row, key: str, quantity: object = -10) -> Row:
    """The posting that takes one back."""
    return {
        **made, "source_key": key, "quantity": Decimal(str(quantity)), "is_reversal": True,
        "reverses_key": made["source_key"],
    }  # fmt: skip


def run(
    con: duckdb.DuckDBPyConnection, of: MatchSpec, *facts: Row, as_of: datetime = NOON
) -> Outcome:
    """One full run over these facts."""
    plant.add(con, "business_event", facts)
    return evaluate(con, Match(), of, PAIRING, Bind(as_of=as_of, horizon=as_of))


FACTS_OF = """
SELECT finding.*, (
    SELECT list_sort(list(fact.source_key)) FROM part JOIN business_event AS fact USING (fact_no)
    WHERE part.subject = finding.subject AND role IN ({roles})
) AS facts FROM finding ORDER BY subject
"""


def findings(con: duckdb.DuckDBPyConnection, roles: str = "'expected', 'observed'") -> list[Row]:
    """Findings and the keys of the facts they are made of."""
    return con.sql(FACTS_OF.format(roles=roles)).to_arrow_table().to_pylist()


def found(con: duckdb.DuckDBPyConnection, of: MatchSpec, *facts: Row, **when: Any) -> list[Any]:
    """(code, facts) of what disagrees."""
    run(con, of, *facts, **when)
    return [(row["code"], " ".join(row["facts"])) for row in findings(con)]


def verdicts(con: duckdb.DuckDBPyConnection, column: str = "verdict") -> Row:
    """The verdict of each fact by its key."""
    told = con.sql(
        f"SELECT source_key, verdict.{column} AS told "
        "FROM verdict JOIN business_event USING (fact_no)"
    )
    return {row["source_key"]: row["told"] for row in told.to_arrow_table().to_pylist()}
