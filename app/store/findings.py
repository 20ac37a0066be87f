"""Findings with everything an exception needs: facts of both sides, messages, value."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from app.plain import WIDE
from app.store.queries import query
from app.store.state import MatchState

ASKED = """WITH asked AS (
    SELECT unnest(CAST($items AS VARCHAR[])) AS item, unnest(CAST($plants AS VARCHAR[])) AS plant,
        unnest(CAST($units AS VARCHAR[])) AS unit, unnest(CAST($days AS DATE[])) AS day
)
"""
Priced = tuple[str | None, str | None, str | None, date]  # item, plant, unit, day at the plant


def per_unit(cost: Mapping[str, Any]) -> Decimal:
    """The value of one unit asked for, of a row of `unit_cost`."""
    value = WIDE.multiply(cost["unit_cost"], cost["divided_by"])
    return WIDE.divide(value, WIDE.multiply(cost["per_quantity"], cost["times"]))


class Findings:
    """Reads what `rulings` has stored."""

    def __init__(self, state: MatchState) -> None:
        self._state = state

    def rule(self, rule: str) -> Mapping[str, Any] | None:
        """The rule's row in the match state."""
        rows = self._state.rows("SELECT * FROM rule WHERE id = $rule", {"rule": rule})
        return rows[0] if rows else None

    def changed(self, rule_no: int, after: int) -> list[dict[str, Any]]:
        """Findings that changed after change `after`; `is_standing` false means gone."""
        sql = f"SELECT * FROM r{rule_no}_finding WHERE change_no > $after ORDER BY due_at, subject"
        return self._state.rows(sql, {"after": after})

    def repriced(self, rule_no: int, since: datetime) -> list[dict[str, Any]]:
        """Findings that stand and are about an item whose value may be another one since then.

        A cost of it became known, or a conversion between units.
        """
        sql = (
            f"SELECT * FROM r{rule_no}_finding WHERE is_standing AND settled_at IS NULL "
            "AND item IN (SELECT item FROM item_cost WHERE observed_at >= $since OR EXISTS "
            "(SELECT 1 FROM cross_reference WHERE object = 'unit' AND observed_at >= $since)) "
            "ORDER BY due_at, subject"
        )
        return self._state.rows(sql, {"since": since})

    def subjects(self, rule_no: int) -> set[str]:
        """Subjects of the findings that stand."""
        return {
            row["subject"]
            for row in self._state.rows(
                f"SELECT subject FROM r{rule_no}_finding WHERE is_standing AND settled_at IS NULL"
            )
        }

    def parts(self, rule_no: int, subjects: list[str]) -> dict[str, list[dict[str, Any]]]:
        """The facts of findings, by subject: `role`, `cause`, `quantity`, and the fact itself."""
        found: dict[str, list[dict[str, Any]]] = {subject: [] for subject in subjects}
        sql = (
            f"SELECT * FROM r{rule_no}_part WHERE subject IN (SELECT unnest($subjects)) "
            "ORDER BY subject, role, fact_no"
        )
        rows = self._state.rows(sql, {"subjects": subjects})
        facts = self._facts(
            {(row["of_table"], row["fact_no"]) for row in rows if row["fact_no"] is not None}
        )
        for row in rows:
            found[row["subject"]].append({**row, "fact": facts.get(row["fact_no"], {})})
        return found

    def _facts(self, wanted: set[tuple[str, int]]) -> dict[int, dict[str, Any]]:
        facts: dict[int, dict[str, Any]] = {}
        for table in {name for name, _ in wanted if name}:
            numbers = [number for name, number in wanted if name == table]
            for row in self._state.rows(
                f"SELECT * FROM {table} WHERE fact_no IN (SELECT unnest($numbers))",
                {"numbers": numbers},
            ):
                facts[row["fact_no"]] = row
        return facts

    def unit_values(self, asked: Collection[Priced]) -> dict[Priced, tuple[Decimal, str]]:
        """(value of one unit, currency) of each item, plant, unit and day.

        Not of those of which no cost is known, or none that is in this unit or leads to it.
        """
        columns = zip(*asked, strict=True) if asked else ([], [], [], [])
        given = dict(zip(("items", "plants", "units", "days"), map(list, columns), strict=True))
        rows = self._state.rows(f"{ASKED} SELECT * FROM ({query('unit_cost')})", given)
        return {
            (row["item"], row["plant"], row["unit"], row["day"]): (per_unit(row), row["currency"])
            for row in rows
        }

    def stuck_channels(self, sources: list[str]) -> list[dict[str, Any]]:
        """Channels where messages wait and nobody takes them."""
        return self._state.rows(query("stuck_channels"), {"sources": sources})
