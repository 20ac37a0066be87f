"""What an exception carries: both sides field by field, the messages, the likely cause, the value."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from app.landscape.load import LoadedRule
from app.services import Services
from app.store.exceptions import EVIDENCE_LIMIT, Draft, fingerprint
from app.triage import words
from reconcilers.family import Bind
from reconcilers.run import Pairing
from rules.model import LEVELS, level_at, owner_of

SHOWN = (
    "source", "feed", "source_key", "source_revision", "kind", "sub_kind", "state", "status", "status_source", "occurred_at", "occurred_on",
    "posting_on", "recorded_at", "observed_at", "effective_at", "changed_at", "balance_at", "time_basis", "plant", "location", "item", "lot", "serial",
    "order_no", "op_no", "quantity", "unit", "quantity_source", "unit_source", "stock_status", "document_no", "correlation_id", "channel",
    "stuck_reason", "error_text", "retries", "ready", "consumers", "message_id", "code", "raw_ref",
)  # fmt: skip


class Drafter:
    """Turns findings of one rule and run into drafts of exceptions."""

    def __init__(self, services: Services, loaded: LoadedRule, pairing: Pairing, bind: Bind, run_id: str) -> None:
        self._services, self._loaded, self._pairing, self._bind, self._run_id = services, loaded, pairing, bind, run_id
        self._values: dict[Any, tuple[Decimal | None, str | None]] = {}
        self._stuck: list[dict[str, Any]] | None = None

    def drafts(self, rule_no: int, changed: Sequence[Mapping[str, Any]]) -> list[Draft]:
        """One draft per finding."""
        found = self._services.store.findings
        standing = [row for row in changed if row["is_standing"]]
        parts = found.parts(rule_no, [row["subject"] for row in standing])
        drafts = [self._draft(row, parts[row["subject"]]) for row in standing]
        gone = [row for row in changed if not row["is_standing"]]
        return drafts + [Draft(fingerprint(self._loaded.rule.id, row["subject"]), "gone", self._moment()) for row in gone]

    def _moment(self) -> dict[str, Any]:
        return {"as_of": self._bind.as_of, "known_at": self._bind.known_at or self._bind.as_of, "run_id": self._run_id}

    def _draft(self, row: Mapping[str, Any], parts: Sequence[Mapping[str, Any]]) -> Draft:
        rule = self._loaded.rule
        sides = {role: [part["fact"] for part in parts if part["role"] == role and part["fact"]] for role in ("expected", "observed", "carried", "candidate")}
        lead = next((part["fact"] for part in parts if part["fact_no"] == row["lead_no"]), {})
        unit_value, currency = self._unit_value(row)
        value = None if unit_value is None or row["at_risk"] is None else (row["at_risk"] * unit_value).quantize(Decimal("0.01"))
        overdue = self._bind.as_of - (row["due_at"] or self._bind.as_of)
        level = level_at(rule.severity, overdue, value, currency or "")
        key = {column: _text(lead.get(column)) for column in self._loaded.family.key_columns(self._loaded.spec) if lead.get(column) is not None}
        return Draft(
            fingerprint(rule.id, row["subject"]),
            "late" if row["settled_at"] is not None else "stands",
            {
                "subject": row["subject"],
                "code": row["code"],
                "also": row["also"] or None,
                "rule": rule.id,
                "rule_version": rule.version,
                "plant": row["plant"],
                "flow": rule.flow,
                "title": self._title(row, lead),
                "key": key or {"source_key": _text(lead.get("source_key"))},
                "search": " ".join(sorted({word for fact in [lead, *sides["expected"], *sides["observed"], *sides["carried"]] for word in _words(fact)})),
                "expected": [_exported(fact) for fact in sides["expected"][:EVIDENCE_LIMIT]],
                "observed": [_exported(fact) for fact in sides["observed"][:EVIDENCE_LIMIT]],
                "evidence": self._evidence(row, sides),
                "quantity_expected": row["quantity_expected"],
                "quantity_observed": row["quantity_observed"],
                "variance": row["variance"],
                "unit": row["unit"],
                "value": value,
                "value_rank": float(value or 0),
                "currency": currency if value is not None else None,
                "explained": _explained(parts, unit_value),
                "unexplained": row["unexplained"],
                "cause": self._cause(row, sides),
                "occurred_at": row["occurred_at"],
                "due_at": row["due_at"],
                "resolved_at": row["settled_at"],
                "severity": level,
                "severity_rank": LEVELS.index(level),
                "owner": owner_of(rule.owner, row["code"], row["plant"]),
                **self._moment(),
            },
        )

    def _unit_value(self, row: Mapping[str, Any]) -> tuple[Decimal | None, str | None]:
        day = (row["occurred_at"] or self._bind.as_of).date()
        key = (row["item"], row["plant"], day)
        if key not in self._values:
            self._values[key] = self._services.store.findings.unit_value(*key)
        return self._values[key]

    def _title(self, row: Mapping[str, Any], lead: Mapping[str, Any]) -> str:
        uses = list(self._loaded.uses.values())
        roles = [self._roles(name) for name in self._loaded.uses]
        kinds = uses[0].side.filters.get("kind", ())
        differing = [name for name in ("lot", "location", "stock_status", "item", "order_no", "op_no")]
        given = {
            "left": words.role_name(roles[0]),
            "right": words.role_name(roles[1]) if len(roles) > 1 else "target",
            "noun": words.noun([lead["business_kind"]] if lead.get("business_kind") else kinds if isinstance(kinds, tuple) else ()),
            "channel": str(lead.get("channel")),
            "attribute": next((name.replace("_", " ") for name in differing if name in (row["note"] or "")), "attribute"),
            "present": words.role_name(roles[0] if row["quantity_expected"] is not None else roles[-1]),
            "absent": words.role_name(roles[-1] if row["quantity_expected"] is not None else roles[0]),
        }
        return words.title(row["code"], given)

    def _roles(self, side: str) -> list[str]:
        sources = self._services.landscape.sources
        return sorted({sources[name].pack.role for name in self._pairing.sources[side]})

    def _cause(self, row: Mapping[str, Any], sides: Mapping[str, Sequence[Mapping[str, Any]]]) -> str | None:
        told = words.cause_of(row, sides)
        if told or row["code"] != "missing_posting" or "carrier" not in self._loaded.uses:
            return told
        return words.waiting_in(self._channels(), row["occurred_at"])

    def _channels(self) -> list[dict[str, Any]]:
        if self._stuck is None:
            self._stuck = self._services.store.findings.stuck_channels(list(self._pairing.sources["carrier"]))
        return self._stuck

    def _evidence(self, row: Mapping[str, Any], sides: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, Any]:
        """Both sides field by field, why they were put together, and on which inputs."""
        return {
            "sides": {role: [_shown(fact) for fact in facts[:EVIDENCE_LIMIT]] for role, facts in sides.items() if facts},
            "more": {role: len(facts) - EVIDENCE_LIMIT for role, facts in sides.items() if len(facts) > EVIDENCE_LIMIT},
            "why": {
                "pass": row["pass"],
                "keys": self._key_of(row["pass"]),
                "tolerance": _text(row["tolerance"]),
                "factor": _text(row["factor"]),
                "is_ambiguous": row["is_ambiguous"],
                "note": row["note"],
            },
            "horizon": self._bind.horizon.isoformat(),
        }

    def _key_of(self, number: int | None) -> list[str]:
        passes = [list(links) for links in next(iter(self._loaded.uses.values())).links]
        return passes[number - 1] if number and number <= len(passes) else []


def _exported(fact: Mapping[str, Any]) -> dict[str, Any]:
    """One fact as the exceptions export shows it; every key always present."""
    when = next((fact[name] for name in ("occurred_at", "event_at", "effective_at", "changed_at", "balance_at", "sampled_at") if fact.get(name)), None)
    status = next((fact[name] for name in ("stock_status", "status", "state") if fact.get(name)), None)
    return {
        "source": fact["source"],
        "feed": fact["feed"],
        "source_key": fact["source_key"],
        "occurred_at": _text(when),
        "quantity": _text(fact.get("quantity")),
        "unit": fact.get("unit"),
        "lot": fact.get("lot"),
        "location": fact.get("location"),
        "status": status,
    }


def _explained(parts: Sequence[Mapping[str, Any]], unit_value: Decimal | None) -> list[dict[str, Any]]:
    """The causes of a variance, each with its quantity, value and the movements behind it; largest first."""
    causes: dict[str, list[Mapping[str, Any]]] = {}
    for part in parts:
        if part["role"] == "explains":
            causes.setdefault(part["cause"], []).append(part)
    told = []
    for cause, members in causes.items():
        quantity = sum((member["quantity"] for member in members), Decimal(0))
        value = None if unit_value is None else (quantity * unit_value).quantize(Decimal("0.01"))
        keys = [member["fact"]["source_key"] for member in members if member["fact"]]
        told.append({"cause": cause, "quantity": _text(quantity), "value": _text(value), "source_keys": keys})
    return sorted(told, key=lambda row: (-abs(Decimal(row["quantity"] or 0)), row["cause"]))


def _shown(fact: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _text(fact[name]) for name in SHOWN if fact.get(name) is not None}


def _words(fact: Mapping[str, Any]) -> set[str]:
    names = ("source_key", "order_no", "lot", "serial", "item", "document_no", "correlation_id", "message_id", "channel")
    return {str(fact[name]) for name in names if fact.get(name)}


def _text(value: Any) -> Any:
    """A value as JSON holds it: decimals as plain text, instants ISO 8601 UTC."""
    match value:
        case Decimal():
            return f"{value.normalize():f}"
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case _:
            return value
