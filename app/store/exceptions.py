"""Exceptions: folding the findings of a run into what people work on, with evidence, value and an audit row per change."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from app.store.sql import SqlStore, upsert
from app.store.sql import tables as t
from app.triage.lifecycle import STANDING, State, step, wakes

EVIDENCE_LIMIT = 50
TRACKED = ("code", "also", "quantity_expected", "quantity_observed", "variance", "severity")


@dataclass(frozen=True)
class Draft:
    """A finding as an exception: everything but what people decided."""

    fingerprint: str
    stands: str  # stands, late or gone
    values: Mapping[str, Any]


def fingerprint(rule: str, subject: str) -> str:
    """Identity of an exception for life: rule and business fact. Not the run, not the value, not the code."""
    return hashlib.sha256(f"{rule}\n{subject}".encode()).hexdigest()[:32]


class Triage:
    """Writes exceptions and their audit. One transaction per rule and run."""

    def __init__(self, sql: SqlStore) -> None:
        self._sql = sql

    def followed(self, rule: str) -> int:
        """Change of a rule's findings up to which exceptions have followed."""
        with self._sql.read() as connection:
            row = connection.execute(sa.select(t.triaged.c.change_no).where(t.triaged.c.rule == rule)).scalar()
            return int(row or 0)

    def follow(self, rule: str, change_no: int, drafts: Iterable[Draft], run: Mapping[str, Any], now: datetime) -> dict[str, int]:
        """Fold drafts in, and record the run, in one transaction; count what happened by action."""
        counts: dict[str, int] = {}
        with self._sql.write() as connection:
            for draft in drafts:
                if action := _fold(connection, draft, now):
                    counts[action] = counts.get(action, 0) + 1
            upsert(connection, t.triaged, {"rule": rule, "change_no": change_no})
            connection.execute(sa.insert(t.reconcile_run).values(**run))
        return counts

    def regrade(self, rule: str, grades: Mapping[int, tuple[str, int]], now: datetime) -> int:
        """Give standing exceptions the severity their age has reached; wake snoozes that are over. Return how many changed."""
        changed = 0
        with self._sql.write() as connection:
            rows = connection.execute(sa.select(t.exception).where(t.exception.c.rule == rule, t.exception.c.state.in_(STANDING))).mappings().all()
            for row in rows:
                severity, rank = grades.get(row["no"], (row["severity"], row["severity_rank"]))
                if severity != row["severity"]:
                    _change(connection, row, {"severity": severity, "severity_rank": rank}, "graded", now, "age or value reached the next level")
                    changed += 1
                if wakes(row["state"], row["snoozed_until"], now):
                    _change(connection, row, {"state": "open", "snoozed_until": None}, "woken", now, "the snooze is over")
                    changed += 1
        return changed

    def start_over(self) -> None:
        """Follow every rule's findings from the beginning: the match state was made anew."""
        with self._sql.write() as connection:
            connection.execute(sa.delete(t.triaged))

    def close_missing(self, standing: Mapping[str, set[str]], run: Mapping[str, Any], now: datetime) -> int:
        """Resolve exceptions of rules that ran (`standing`: rule to fingerprints) whose finding is no longer there."""
        closed = 0
        with self._sql.write() as connection:
            for rule, fingerprints in standing.items():
                rows = connection.execute(sa.select(t.exception.c.fingerprint).where(t.exception.c.rule == rule, t.exception.c.state.in_(STANDING))).scalars().all()
                for gone in set(rows) - fingerprints:
                    closed += _fold(connection, Draft(gone, "gone", run), now) is not None
        return closed

    def standing(self, rule: str) -> list[Mapping[str, Any]]:
        """Standing exceptions of a rule: what severity depends on."""
        wanted = (t.exception.c.no, t.exception.c.due_at, t.exception.c.value, t.exception.c.currency)
        with self._sql.read() as connection:
            return list(connection.execute(sa.select(*wanted).where(t.exception.c.rule == rule, t.exception.c.state.in_(STANDING))).mappings())


def _fold(connection: sa.Connection, draft: Draft, now: datetime) -> str | None:
    row = connection.execute(sa.select(t.exception).where(t.exception.c.fingerprint == draft.fingerprint)).mappings().first()
    before: State | None = row["state"] if row else None
    following = step(draft.stands, before)  # type: ignore[arg-type]
    if following is None:
        return None
    values = dict(draft.values)
    if row is None:
        number = connection.execute(sa.insert(t.exception).values(
            fingerprint=draft.fingerprint, state=following.state, first_seen_at=now, changed_at=now,
            resolved_at=values.pop("resolved_at", None) or (now if following.state == "resolved" else None), **values,
        )).inserted_primary_key[0]  # type: ignore[index]
        _audit(connection, following.action or "opened", number, {}, {"state": following.state, **_tracked(values)}, now, "found by the run")
        return following.action
    return _update(connection, row, following.state, following.action, values, now)


def _update(connection: sa.Connection, row: Mapping[str, Any], state: State, action: str | None, values: dict[str, Any], now: datetime) -> str | None:
    resolved_at = values.pop("resolved_at", None)
    if state == "resolved":
        values["resolved_at"] = resolved_at or now
    elif action == "regressed":
        values |= {"resolved_at": None, "times_opened": row["times_opened"] + 1}
    was, now_is = _tracked(row), _tracked({**row, **values})
    if action is None and was != now_is:
        action = "changed"
    changes = {**values, "state": state}
    if action is not None:
        changes["changed_at"] = now
    connection.execute(sa.update(t.exception).where(t.exception.c.no == row["no"]).values(**changes))
    if action is not None:
        _audit(connection, action, row["no"], {"state": row["state"], **was}, {"state": state, **now_is}, now, "found by the run")
    return action


def _change(connection: sa.Connection, row: Mapping[str, Any], changes: dict[str, Any], action: str, now: datetime, why: str) -> None:
    connection.execute(sa.update(t.exception).where(t.exception.c.no == row["no"]).values(changed_at=now, **changes))
    _audit(connection, action, row["no"], {name: row[name] for name in changes}, changes, now, why)


def _tracked(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _plain(values.get(name)) for name in TRACKED}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value.isoformat() if isinstance(value, datetime) else value


def _audit(connection: sa.Connection, action: str, number: int, old: Mapping[str, Any], new: Mapping[str, Any], now: datetime, why: str, actor: str = "tieout") -> None:
    write_audit(connection, actor=actor, action=action, kind="exception", object_id=f"EX-{number}", old=old, new=new, why=why, at=now)


def write_audit(connection: sa.Connection, *, actor: str, action: str, kind: str, object_id: str, old: Mapping[str, Any], new: Mapping[str, Any], why: str | None, at: datetime) -> None:
    """One row of the audit, hashed over the row before it. Only inside a write transaction."""
    last = connection.execute(sa.select(t.audit.c.seq, t.audit.c.hash).order_by(t.audit.c.seq.desc()).limit(1)).first()
    seq, previous = (last.seq + 1, last.hash) if last else (1, "")
    row = {
        "seq": seq,
        "at": at,
        "actor": actor,
        "action": action,
        "object": kind,
        "object_id": object_id,
        "old": {name: _plain(value) for name, value in old.items()},
        "new": {name: _plain(value) for name, value in new.items()},
        "why": why,
        "previous": previous,
    }
    connection.execute(sa.insert(t.audit).values(**row, hash=audit_hash(row)))


def audit_hash(row: Mapping[str, Any]) -> str:
    """sha256 over the previous hash and the canonical JSON of the row."""
    told = {name: _plain(row[name]) for name in ("seq", "at", "actor", "action", "object", "object_id", "old", "new", "why")}
    text = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256((row["previous"] + text).encode()).hexdigest()


def broken_audit(sql: SqlStore) -> Sequence[int]:
    """Sequence numbers at which the audit does not hold together; empty when it does."""
    broken, previous, expected = [], "", 1
    with sql.read() as connection:
        for row in connection.execute(sa.select(t.audit).order_by(t.audit.c.seq)).mappings():
            if row["seq"] != expected or row["previous"] != previous or audit_hash(row) != row["hash"]:
                broken.append(int(row["seq"]))
            previous, expected = row["hash"], row["seq"] + 1
    return broken
