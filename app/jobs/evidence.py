"""What an exception carries: both sides field by field, messages, the likely cause, the value."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import reduce
from typing import Any
from zoneinfo import ZoneInfo

from app.landscape.load import LoadedRule
from app.plain import WIDE, plain, shares, worth
from app.services import Services
from app.store.exceptions import EVIDENCE_LIMIT, Draft, fingerprint
from app.store.findings import Priced
from app.triage import words
from app.triage.lifecycle import Stands
from reconcilers.family import Bind
from reconcilers.run import SNAPSHOT_LINES, Pairing
from rules.model import LEVELS, level_at, owner_of

SHOWN = (
    "source", "feed", "source_key", "source_revision", "kind", "sub_kind", "state", "status",
    "status_source", "occurred_at", "occurred_on", "posting_on", "recorded_at", "observed_at",
    "effective_at", "changed_at", "balance_at", "time_basis", "plant", "location", "item",
    "item_revision", "lot", "serial", "order_no", "op_no", "quantity", "unit", "quantity_source",
    "unit_source", "stock_status", "document_no", "correlation_id", "channel", "stuck_reason",
    "error_text", "retries", "ready", "in_flight", "consumers", "refused_last_hour", "message_id",
    "code", "equipment", "reason", "started_at", "ended_at", "maintenance_order_no", "object",
    "key", "name", "is_active", "attributes", "account", "period", "amount", "currency",
    "order_line", "reference_no", "raw_ref",
)  # fmt: skip
SEARCHED = (
    "source_key", "order_no", "lot", "serial", "item", "document_no", "correlation_id",
    "message_id", "channel", "equipment", "maintenance_order_no",
)  # fmt: skip
INSTANTS = (
    "occurred_at", "event_at", "effective_at", "changed_at", "balance_at", "sampled_at",
    "started_at",
)  # fmt: skip
STATUSES = ("stock_status", "status", "state")
ROLES = ("expected", "observed", "carried", "candidate")
Row = Mapping[str, Any]
Sides = Mapping[str, Sequence[Row]]


class Drafter:
    """Turns findings of one rule and run into drafts of exceptions."""

    def __init__(
        self, services: Services, loaded: LoadedRule, pairing: Pairing, bind: Bind, run_id: str
    ) -> None:
        self._services = services
        self._loaded = loaded
        self._pairing = pairing
        self._bind = bind
        self._run_id = run_id
        self._values: dict[Priced, tuple[Decimal, str]] = {}
        self._stuck: list[dict[str, Any]] | None = None
        self._first = next(iter(loaded.uses.values()))
        self._is_stock = self._first.side.table == SNAPSHOT_LINES
        self._is_master = self._first.side.table == "master_record"
        standing = services.store.triage.standing(loaded.rule.id)
        self._due = {row["fingerprint"]: row["due_at"] for row in standing}

    def drafts(self, rule_no: int, changed: Sequence[Row]) -> list[Draft]:
        """One draft per finding."""
        found = self._services.store.findings
        standing = [row for row in changed if row["is_standing"]]
        parts = found.parts(rule_no, [row["subject"] for row in standing])
        self._values = found.unit_values({self._priced(row) for row in standing})
        drafts = [self._draft(row, parts[row["subject"]]) for row in standing]
        gone = [row["subject"] for row in changed if not row["is_standing"]]
        rule = self._loaded.rule.id
        return drafts + self.gone(fingerprint(rule, subject) for subject in gone)

    def gone(self, fingerprints: Iterable[str]) -> list[Draft]:
        """One draft per exception whose finding is no more."""
        return [Draft(mark, "gone", self._moment()) for mark in fingerprints]

    def _moment(self) -> dict[str, Any]:
        return {
            "as_of": self._bind.as_of,
            "known_at": self._bind.known_at or self._bind.as_of,
            "run_id": self._run_id,
        }

    def _draft(self, row: Row, parts: Sequence[Row]) -> Draft:
        rule = self._loaded.rule
        mark = fingerprint(rule.id, row["subject"])
        # What has no due time of its own is due when it is first seen.
        due_at = row["due_at"] or self._due.get(mark) or self._bind.as_of
        sides = {
            role: [part["fact"] for part in parts if part["role"] == role and part["fact"]]
            for role in ROLES
        }
        lead = _lead(row["lead_no"], parts)
        values = {
            "subject": row["subject"],
            "code": row["code"],
            "also": row["also"] or None,
            "rule": rule.id,
            "rule_version": rule.version,
            "plant": row["plant"],
            "flow": rule.flow,
            "title": self._title(row, lead, sides),
            "key": self._key(lead),
            "search": _searched(lead, sides),
            "expected": [_exported(fact) for fact in sides["expected"][:EVIDENCE_LIMIT]],
            "observed": [_exported(fact) for fact in sides["observed"][:EVIDENCE_LIMIT]],
            "evidence": self._evidence(row, sides),
            "quantity_expected": row["quantity_expected"],
            "quantity_observed": row["quantity_observed"],
            "variance": row["variance"],
            "unit": row["unit"],
            "explained": _explained(parts, self._unit_value(row)[0]),
            "unexplained": row["unexplained"],
            "cause": self._cause(row, sides),
            "occurred_at": row["occurred_at"],
            "due_at": due_at,
            "resolved_at": row["settled_at"],
            "owner": owner_of(rule.owner, row["code"], row["plant"]),
            **self._weight(row, due_at),
            **self._moment(),
        }
        what: Stands = "late" if row["settled_at"] is not None else "stands"
        return Draft(mark, what, values)

    def _key(self, lead: Row) -> dict[str, Any]:
        """The business key of the fact a finding is about; its source's key where it has none."""
        columns = self._loaded.family.key_columns(self._loaded.spec)
        key = {column: plain(lead[column]) for column in columns if lead.get(column) is not None}
        return key or {"source_key": plain(lead.get("source_key"))}

    def _weight(self, row: Row, due_at: datetime) -> dict[str, Any]:
        """What a finding is worth, and how bad that makes it at its age."""
        unit_value, currency = self._unit_value(row)
        value = worth(row["at_risk"], unit_value)
        overdue = self._bind.as_of - due_at
        level = level_at(self._loaded.rule.severity, overdue, value, currency or "")
        return {
            "value": value,
            "value_rank": float(value or 0),
            "currency": currency if value is not None else None,
            "severity": level,
            "severity_rank": LEVELS.index(level),
        }

    def _unit_value(self, row: Row) -> tuple[Decimal | None, str | None]:
        if self._loaded.family.is_valued:
            return Decimal(1), row["unit"]
        return self._values.get(self._priced(row), (None, None))

    def _priced(self, row: Row) -> Priced:
        return (row["item"], row["plant"], row["unit"], self._day_of_value(row))

    def _day_of_value(self, row: Row) -> date:
        """The day at its plant a fact happened; a stock is worth what it costs now."""
        at = None if self._is_stock else row["occurred_at"]
        zone = self._services.landscape.company.zones.get(row["plant"], "UTC")
        return (at or self._bind.as_of).astimezone(ZoneInfo(zone)).date()

    def _title(self, row: Row, lead: Row, sides: Sides) -> str:
        roles = [self._roles(name) for name in self._loaded.uses]
        # Of records a third side only says which sources of the second keep everything.
        present, absent = roles[0], roles[1] if self._is_master else roles[-1]
        if row["quantity_expected"] is None and not (self._is_master and sides["expected"]):
            present, absent = absent, present
        differs = words.differing(sides["expected"], sides["observed"])
        decides = self._first.side.table == "quality_disposition"
        thing = "usage decision" if decides else lead.get("object", "record")
        given = {
            "left": words.role_name(roles[0]),
            "right": words.role_name(roles[1]) if len(roles) > 1 else "target",
            "noun": words.noun(self._kinds(lead)),
            **self._other_noun(),
            "channel": str(lead.get("channel")),
            "state_of": thing if decides or self._is_master else "order",
            "attribute": (differs or (decides and "stock_status") or "attribute").replace("_", " "),
            "present": words.role_name(present),
            "absent": words.role_name(absent),
        }
        return words.title(row["code"], given, self._loaded.rule.titles)

    def _kinds(self, lead: Row) -> Sequence[str]:
        """The kind of the fact itself, else the kinds the first side asks for."""
        if lead.get("business_kind"):
            return [lead["business_kind"]]
        if self._is_stock:
            return ["stock"]
        kinds = self._first.side.filters.get("kind", ())
        return kinds if isinstance(kinds, tuple) else ()

    def _other_noun(self) -> dict[str, str]:
        """What the effect of a fact is called, where the rule names its kind."""
        observed = self._loaded.uses.get("observed")
        kinds = observed.side.filters.get("kind", ()) if observed else ()
        return {"other": words.noun(kinds)} if kinds and isinstance(kinds, tuple) else {}

    def _roles(self, side: str) -> list[str]:
        sources = self._services.landscape.sources
        return sorted({sources[name].pack.role for name in self._pairing.sources[side]})

    def _cause(self, row: Row, sides: Sides) -> str | None:
        told = words.cause_of(row, sides)
        if told or row["code"] not in words.MISSING or "carrier" not in self._loaded.uses:
            return told
        return words.waiting_in(self._channels(), row["occurred_at"])

    def _channels(self) -> list[dict[str, Any]]:
        if self._stuck is None:
            self._stuck = self._services.store.findings.stuck_channels(
                list(self._pairing.sources["carrier"])
            )
        return self._stuck

    def _evidence(self, row: Row, sides: Sides) -> dict[str, Any]:
        """Both sides field by field, why they were put together, and on which inputs."""
        return {
            "sides": {
                role: [_shown(fact) for fact in facts[:EVIDENCE_LIMIT]]
                for role, facts in sides.items()
                if facts
            },
            "more": {
                role: len(facts) - EVIDENCE_LIMIT
                for role, facts in sides.items()
                if len(facts) > EVIDENCE_LIMIT
            },
            "why": {
                "pass": row["pass"],
                "keys": self._key_of(row["pass"]),
                "tolerance": plain(row["tolerance"]),
                "factor": plain(row["factor"]),
                "is_ambiguous": row["is_ambiguous"],
                "note": row["note"],
            },
            "horizon": self._bind.horizon.isoformat(),
        }

    def _key_of(self, number: int | None) -> list[str]:
        passes = [list(links) for links in self._first.links]
        return passes[number - 1] if number and number <= len(passes) else []


def _exported(fact: Row) -> dict[str, Any]:
    """One fact as the exceptions export shows it; every key always present."""
    return {
        "source": fact["source"],
        "feed": fact["feed"],
        "source_key": fact["source_key"],
        "occurred_at": plain(_first(fact, INSTANTS)),
        "quantity": plain(fact.get("quantity")),
        "unit": fact.get("unit"),
        "lot": fact.get("lot"),
        "location": fact.get("location"),
        "status": _first(fact, STATUSES),
    }


def _first(fact: Row, names: Sequence[str]) -> Any:
    return next((fact[name] for name in names if fact.get(name)), None)


def _explained(parts: Sequence[Row], unit_value: Decimal | None) -> list[dict[str, Any]]:
    """The causes of a variance, largest first: quantity, value, and the movements behind each.

    Where nothing is left unexplained their values add up to the value of the variance.
    """
    causes: dict[str, list[Row]] = {}
    for part in parts:
        if part["role"] == "explains":
            causes.setdefault(part["cause"], []).append(part)
    sums = {
        cause: reduce(WIDE.add, (member["quantity"] for member in members), Decimal(0))
        for cause, members in causes.items()
    }
    ordered = sorted(sums, key=lambda cause: (-abs(sums[cause]), cause))
    values = shares((sums[cause] for cause in ordered), unit_value)
    return [
        {
            "cause": cause,
            "quantity": plain(sums[cause]),
            "value": plain(value),
            "source_keys": [one["fact"]["source_key"] for one in causes[cause] if one["fact"]],
        }
        for cause, value in zip(ordered, values, strict=True)
    ]


def _shown(fact: Row) -> dict[str, Any]:
    return {name: plain(fact[name]) for name in SHOWN if fact.get(name) is not None}


def _lead(lead_no: int, parts: Sequence[Row]) -> Row:
    """The fact a finding is about. A newer snapshot may have put another in its place."""
    told = [part for part in parts if part["fact"]]
    sides = [part["fact"] for part in told if part["role"] in ROLES]
    own = (part["fact"] for part in told if part["fact_no"] == lead_no)
    return next(own, sides[0] if sides else {})


def _searched(lead: Row, sides: Sides) -> str:
    """Every word by which somebody may look for the exception."""
    facts = [lead, *sides["expected"], *sides["observed"], *sides["carried"]]
    return " ".join(
        sorted({str(fact[name]) for fact in facts for name in SEARCHED if fact.get(name)})
    )
