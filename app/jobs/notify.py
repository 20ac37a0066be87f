"""Notify: put what someone has to be told into the outbox, once per change.

Sending it is the outbox's business.

Steps: exceptions that were opened or regressed since the last look and still stand, grouped by
owner, rule and code; one message per group and change. A run that finds nothing new tells nobody
anything.
"""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from app.services import Services
from app.store.sql import insert_or_ignore
from app.store.sql import tables as t
from app.triage.lifecycle import STANDING

LISTED = 5


def notify(services: Services) -> int:
    """Queue what is new; return how many messages."""
    c = t.audit.c
    queued = 0
    with services.store.sql.write() as connection:
        done = connection.execute(sa.select(sa.func.max(t.notification.c.audit_seq))).scalar() or 0
        rows = (
            connection.execute(
                sa.select(c.seq, t.exception)
                .join(
                    t.exception,
                    sa.literal("EX-") + sa.cast(t.exception.c.no, sa.String) == c.object_id,
                )
                .where(c.object == "exception", c.action.in_(["opened", "regressed"]), c.seq > done)
                .where(t.exception.c.state.in_(STANDING))
                .order_by(c.seq)
            )
            .mappings()
            .all()
        )
        for (owner, _, _), members in _grouped(rows).items():
            queued += insert_or_ignore(
                connection, t.notification, _message(owner, members, services)
            )
    return queued


def _grouped(rows: Any) -> dict[tuple[str, str, str], list[Mapping[str, Any]]]:
    groups: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    last = {row["no"]: row for row in rows}  # opened and come back since the last look: told once
    for row in last.values():
        groups.setdefault((row["owner"], row["rule"], row["code"]), []).append(row)
    return groups


def _message(owner: str, members: list[Mapping[str, Any]], services: Services) -> dict[str, Any]:
    first, last = members[0], max(row["seq"] for row in members)
    plants = ", ".join(sorted({row["plant"] or "all plants" for row in members}))
    more = f", {len(members)} in all" if len(members) > 1 else ""
    lines = [
        f"EX-{row['no']} {' '.join(str(value) for value in row['key'].values())}"
        for row in members[:LISTED]
    ]
    rest = [f"and {len(members) - LISTED} more"] if len(members) > LISTED else []
    return {
        "key": f"opened/{last}",  # a row of the audit is of one exception, so of one group
        "audience": owner,
        "audit_seq": last,
        "subject": f"[{plants}] {first['title']}{more}",
        "body": "\n".join([*lines, *rest]),
        "created_at": services.clock.now(),
        "state": "queued",
    }
