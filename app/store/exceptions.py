"""Exceptions: the findings of runs folded into what people work on, one audit row per change."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from app.plain import plain
from app.store.sql import SqlStore, upsert
from app.store.sql import tables as t
from app.triage.lifecycle import STANDING, Stands, State, step, wakes

EVIDENCE_LIMIT = 50
FOUND = "found by the run"
TRACKED = ("code", "also", "quantity_expected", "quantity_observed", "variance", "severity")
c = t.exception.c


@dataclass(frozen=True)
class Draft:
    """A finding as an exception: everything but what people decided."""

    fingerprint: str
    stands: Stands
    values: Mapping[str, Any]


def fingerprint(rule: str, subject: str) -> str:
    """Identity of an exception for life: rule and business fact.

    Not the run, not the value, not the code.
    """
    return hashlib.sha256(f"{rule}\n{subject}".encode()).hexdigest()[:32]


class Triage:
    """Writes exceptions and their audit. One transaction per rule and run."""

    def __init__(self, sql: SqlStore) -> None:
        self._sql = sql

    def followed(self, rule: str) -> int:
        """Change of a rule's findings up to which exceptions have followed."""
        with self._sql.read() as connection:
            row = connection.execute(
                sa.select(t.triaged.c.change_no).where(t.triaged.c.rule == rule)
            ).scalar()
            return int(row or 0)

    def follow(
        self,
        rule: str,
        change_no: int,
        drafts: Iterable[Draft],
        run: Mapping[str, Any],
        now: datetime,
    ) -> dict[str, int]:
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
        """Give standing exceptions the severity their age has reached; wake snoozes that are over.

        Return how many changed.
        """
        changed = 0
        with self._sql.write() as connection:
            for row in _rows(connection, _standing(t.exception).where(c.rule == rule)):
                severity, rank = grades.get(row["no"], (row["severity"], row["severity_rank"]))
                if severity != row["severity"]:
                    graded = {"severity": severity, "severity_rank": rank}
                    why = "age or value reached the next level"
                    _change(connection, row, graded, "graded", now, why)
                    changed += 1
                if wakes(row["state"], row["snoozed_until"], now):
                    woken = {"state": "open", "snoozed_until": None}
                    _change(connection, row, woken, "woken", now, "the snooze is over")
                    changed += 1
        return changed

    def standing_beside(self, rule: str, drafts: Iterable[Draft]) -> list[str]:
        """Fingerprints of a rule's standing exceptions that none of `drafts` is about."""
        with self._sql.read() as connection:
            found = connection.execute(_standing(c.fingerprint).where(c.rule == rule))
            return sorted(set(found.scalars()) - {draft.fingerprint for draft in drafts})

    def start_over(self) -> None:
        """Follow every rule's findings from the beginning: the match state was made anew."""
        with self._sql.write() as connection:
            connection.execute(sa.delete(t.triaged))

    def standing(self, rule: str) -> list[dict[str, Any]]:
        """Standing exceptions of a rule: what severity depends on."""
        wanted = _standing(c.no, c.fingerprint, c.due_at, c.value, c.currency).where(c.rule == rule)
        with self._sql.read() as connection:
            return _rows(connection, wanted)


def _standing(*wanted: Any) -> sa.Select[Any]:
    """Exceptions nobody has closed."""
    return sa.select(*wanted).where(c.state.in_(STANDING))


def _rows(connection: sa.Connection, query: sa.Select[Any]) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(query).mappings()]


def _fold(connection: sa.Connection, draft: Draft, now: datetime) -> str | None:
    rows = _rows(connection, sa.select(t.exception).where(c.fingerprint == draft.fingerprint))
    row = rows[0] if rows else None
    following = step(draft.stands, row["state"] if row else None)
    if following is None:
        return None
    values = dict(draft.values)
    if row is not None:
        return _update(connection, row, following.state, following.action, values, now)
    resolved_at = values.pop("resolved_at", None)
    if following.state == "resolved":
        resolved_at = resolved_at or now
    opening = sa.insert(t.exception).values(
        fingerprint=draft.fingerprint,
        state=following.state,
        first_seen_at=now,
        changed_at=now,
        resolved_at=resolved_at,
        **values,
    )
    number = connection.execute(opening.returning(c.no)).scalar_one()
    told = {"state": following.state, **_tracked(values)}
    action = following.action or "opened"
    _audit(connection, action, number, {}, told, now, FOUND)
    return following.action


def _update(
    connection: sa.Connection,
    row: Mapping[str, Any],
    state: State,
    action: str | None,
    values: dict[str, Any],
    now: datetime,
) -> str | None:
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
    connection.execute(
        sa.update(t.exception).where(t.exception.c.no == row["no"]).values(**changes)
    )
    if action is not None:
        old, new = {"state": row["state"], **was}, {"state": state, **now_is}
        _audit(connection, action, row["no"], old, new, now, FOUND)
    return action


def _change(
    connection: sa.Connection,
    row: Mapping[str, Any],
    changes: dict[str, Any],
    action: str,
    now: datetime,
    why: str,
) -> None:
    connection.execute(
        sa.update(t.exception)
        .where(t.exception.c.no == row["no"])
        .values(changed_at=now, **changes)
    )
    _audit(connection, action, row["no"], {name: row[name] for name in changes}, changes, now, why)


def _tracked(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: plain(values.get(name)) for name in TRACKED}


def _audit(
    connection: sa.Connection,
    action: str,
    number: int,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    now: datetime,
    why: str,
    actor: str = "tieout",
) -> None:
    write_audit(
        connection,
        actor=actor,
        action=action,
        kind="exception",
        object_id=f"EX-{number}",
        old=old,
        new=new,
        why=why,
        at=now,
    )


def write_audit(
    connection: sa.Connection,
    *,
    actor: str,
    action: str,
    kind: str,
    object_id: str,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    why: str | None,
    at: datetime,
) -> None:
    """One row of the audit, hashed over the row before it. Only inside a write transaction."""
    last = connection.execute(
        sa.select(t.audit.c.seq, t.audit.c.hash).order_by(t.audit.c.seq.desc()).limit(1)
    ).first()
    seq, previous = (last.seq + 1, last.hash) if last else (1, "")
    row = {
        "seq": seq,
        "at": at,
        "actor": actor,
        "action": action,
        "object": kind,
        "object_id": object_id,
        "old": {name: plain(value) for name, value in old.items()},
        "new": {name: plain(value) for name, value in new.items()},
        "why": why,
        "previous": previous,
    }
    connection.execute(sa.insert(t.audit).values(**row, hash=audit_hash(row)))


def audit_hash(row: Mapping[str, Any]) -> str:
    """sha256 over the previous hash and the canonical JSON of the row."""
    told = {
        name: plain(row[name])
        for name in ("seq", "at", "actor", "action", "object", "object_id", "old", "new", "why")
    }
    text = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256((row["previous"] + text).encode()).hexdigest()


def broken_audit(sql: SqlStore) -> Sequence[int]:
    """Sequence numbers at which the audit does not hold together; empty when it does."""
    broken, previous, expected = [], "", 1
    with sql.read() as connection:
        for found in connection.execute(sa.select(t.audit).order_by(t.audit.c.seq)).mappings():
            row = dict(found)
            follows = row["seq"] == expected and row["previous"] == previous
            if not follows or audit_hash(row) != row["hash"]:
                broken.append(int(row["seq"]))
            previous, expected = row["hash"], row["seq"] + 1
    return broken
