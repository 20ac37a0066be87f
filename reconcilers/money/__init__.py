"""The general ledger against what it should say: stock, what clears, what is closed.

Semantics in README.md.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import partial
from typing import ClassVar

import duckdb

from reconcilers.family import Bind, SideUse, due_after, interval, known, run, staged, subject
from reconcilers.money.spec import MoneySpec

_sql = partial(staged, __package__)
_STAGES = {
    "tied": ("cut", "priced", "entry", "carried", "home", "level", "tied"),
    "cleared": ("keyed", "cleared"),
    "dated": ("dated",),
}
_KEYS = {
    "tied": ("company", "account", "plant"),
    "dated": ("company", "fiscal_year", "document_no"),
}
_OF_ENTRY = "coalesce(ledger.{}, '')"


class Money:
    """Stock is worth what the ledger says, accounts are cleared, and what is closed stays so."""

    name: ClassVar[str] = "money"
    Spec: ClassVar[type[MoneySpec]] = MoneySpec
    is_incremental: ClassVar[bool] = False
    is_valued: ClassVar[bool] = True

    def sides(self, spec: MoneySpec) -> Mapping[str, SideUse]:
        """Entries of the ledger, and what they are held against."""
        if spec.stock and spec.costs:
            return {
                "stock": SideUse(
                    spec.stock, time="balance_at", snapshot="settled", margin=spec.blur
                ),
                "costs": SideUse(
                    spec.costs, counted=False, is_needed=True, time="observed_at", lasts=True
                ),
                "ledger": SideUse(
                    spec.ledger,
                    counted=False,
                    is_needed=True,
                    is_awaited=True,
                    time="recorded_at",
                ),
            }
        uses = {"ledger": SideUse(spec.ledger, time="recorded_at")}
        if spec.periods:
            uses["periods"] = SideUse(
                spec.periods, counted=False, is_needed=True, time="observed_at", lasts=True
            )
        return uses

    def key_columns(self, spec: MoneySpec) -> tuple[str, ...]:
        """Columns that make the business key."""
        return spec.cleared or _KEYS[spec.question]

    def evaluate(self, con: duckdb.DuckDBPyConnection, spec: MoneySpec, bind: Bind) -> None:
        """Leave `verdict`, `finding` and `part` for the lines of stock, else for the entries."""
        words = {"tied": _tied, "cleared": _cleared, "dated": _dated}[spec.question](spec, bind)
        binds = {
            "horizon": bind.horizon,
            "since": bind.since,
            "tolerance": spec.tolerance.amount if spec.tolerance else Decimal(0),
            "currency": spec.tolerance.currency if spec.tolerance else "",
        }
        for name in _STAGES[spec.question]:
            run(con, name, _sql(name, **words), binds)
        if spec.question == "tied":
            run(con, "line", _sql("tied_line", **words))
        for name in ("verdict", "told", "part"):
            run(con, name, _sql(f"{spec.question}_{name}", **words))
        run(con, "finding", _sql("finding"))


def _tied(spec: MoneySpec, bind: Bind) -> dict[str, str]:
    has_plant, has_account = ("plant" in spec.grain), ("account" in spec.grain)
    nothing = "CAST(NULL AS VARCHAR)"
    return {
        "plant": "plant" if has_plant else nothing,
        "plant_of_ledger": "ledger.plant" if has_plant else nothing,
        "plant_of_priced": "priced.at_plant" if has_plant else nothing,
        "plant_of_stock": "stock.plant" if has_plant else nothing,
        "account": "ledger.account" if has_account else nothing,
        # Where plants are compared, what names none is of none of them.
        "is_of_plant": "cut.plant IS NOT NULL" if has_plant else "true",
        "is_tied_of_plant": "tied.plant IS NOT NULL" if has_plant else "true",
        "has_account": "true" if has_account else "false",
        "is_own": "coalesce(stock.stock_owner, 'own') = 'own'",
        "blur": interval(spec.blur),
        # An account whose balance was carried forward needs nothing from before.
        "is_whole": "false" if bind.since else "true",
        "subject": subject("'stock'", *(f"coalesce(judged.{one}, '')" for one in spec.grain)),
    }


def _cleared(spec: MoneySpec, bind: Bind) -> dict[str, str]:
    due, due_joins = due_after("opened_at", spec.due) if spec.due is not None else ("", "")
    # An order line that begins so late that what it lacks would have been due was told whole.
    trusted, trusted_joins = due_after("told_from", spec.due) if spec.due is not None else ("", "")
    key = ("source", "company", "currency", *spec.cleared)
    own = subject("'open'", "judged.source", *_texts("judged", key[1:]))
    return {
        "moment": "coalesce(ledger.recorded_at, CAST(ledger.posting_on AS TIMESTAMPTZ))",
        "known": known("ledger", spec.cleared),
        "by": ", ".join(spec.cleared),
        "by_of_keyed": _listed("keyed", spec.cleared),
        "by_of_ledger": _listed("ledger", spec.cleared),
        "same_keyed_summed": _alike("keyed", "summed", key),
        "same_opened_ledger": _alike("opened", "ledger", key),
        "same_trusted_summed": _alike("trusted", "summed", key),
        "same_keyed_cleared": _alike("keyed", "cleared", key),
        "is_whole": "false" if bind.since else "true",
        "due": due,
        "due_joins": due_joins,
        "trusted": trusted,
        "trusted_joins": trusted_joins,
        "subject": own,
    }


def _dated(spec: MoneySpec, bind: Bind) -> dict[str, str]:
    named = (_OF_ENTRY.format(column) for column in ("company", "fiscal_year"))
    document = "coalesce(ledger.document_no, ledger.source_key)"
    return {"subject": subject("'dated'", "ledger.source", *named, document)}


def _texts(alias: str, columns: Iterable[str]) -> list[str]:
    return [f"coalesce({alias}.{column}, '')" for column in columns]


def _listed(alias: str, columns: Iterable[str]) -> str:
    return ", ".join(f"{alias}.{column}" for column in columns)


def _alike(left: str, right: str, columns: Iterable[str]) -> str:
    return " AND ".join(
        f"{left}.{column} IS NOT DISTINCT FROM {right}.{column}" for column in columns
    )
