"""What anyone may read of the SQL store while the worker writes."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from app.plain import plain
from app.store.sql import SqlStore
from app.store.sql import tables as t
from app.triage.lifecycle import STANDING

EXPORT = (
    "id", "code", "rule", "rule_version", "plant", "flow", "key", "expected", "observed",
    "quantity_expected", "quantity_observed", "variance", "unit", "value", "currency", "explained",
    "unexplained", "occurred_at", "due_at", "first_seen_at", "resolved_at", "state", "severity",
    "owner", "cause", "as_of", "known_at",
)  # fmt: skip
ABOUT_LIMIT = 500


def codes_of(row: Mapping[str, Any]) -> frozenset[str]:
    """The codes an exception has, or had by an entry of its audit."""
    return frozenset((row["code"], *(row["also"] or "").split(","))) - {""}


@dataclass(frozen=True)
class Wanted:
    """Which exceptions: every condition that is set must hold."""

    states: Sequence[str] = STANDING
    plants: Sequence[str] = ()
    flows: Sequence[str] = ()
    codes: Sequence[str] = ()
    rules: Sequence[str] = ()
    severities: Sequence[str] = ()
    owners: Sequence[str] = ()
    text: str | None = None
    limit: int | None = None
    offset: int = 0


class Reader:
    """Reads the SQL store."""

    def __init__(self, sql: SqlStore) -> None:
        self._sql = sql

    def exceptions(self, wanted: Wanted) -> list[dict[str, Any]]:
        """Exceptions, worst first: severity, then value, then the oldest due time."""
        c = t.exception.c
        order = (c.severity_rank.desc(), c.value_rank.desc(), c.due_at, c.no)
        query = (
            sa.select(t.exception)
            .where(*_conditions(wanted))
            .order_by(*order)
            .offset(wanted.offset)
            .limit(wanted.limit)
        )
        return [_named(row) for row in self._rows(query)]

    def count(self, wanted: Wanted) -> Mapping[str, Any]:
        """How many exceptions, and the value at risk by currency."""
        c = t.exception.c
        with self._sql.read() as connection:
            rows = connection.execute(
                sa.select(c.currency, sa.func.count(), sa.func.sum(c.value_rank))
                .where(*_conditions(wanted))
                .group_by(c.currency)
            ).all()
        return {
            "count": sum(row[1] for row in rows),
            "value": {row[0]: row[2] for row in rows if row[0]},
        }

    def tally(self, states: Sequence[str] = STANDING) -> list[dict[str, Any]]:
        """Exceptions per state, plant, flow, severity and currency.

        How many, their value, and the oldest due time.
        """
        c = t.exception.c
        by = (c.state, c.plant, c.flow, c.severity, c.currency)
        query = (
            sa.select(
                *by,
                sa.func.count().label("count"),
                sa.func.sum(c.value_rank).label("value"),
                sa.func.min(c.due_at, type_=t.Instant).label("due_at"),
            )
            .where(c.state.in_(states))
            .group_by(*by)
        )
        return self._rows(query)

    def offenders(self, wanted: Wanted) -> list[dict[str, Any]]:
        """Exceptions that say the same of one plant, together.

        The groups that put most value at risk come first.
        """
        c = t.exception.c
        by = (c.rule, c.code, c.plant, c.flow, c.title, c.currency)
        value = sa.func.sum(c.value_rank)
        rank = sa.func.max(c.severity_rank)
        query = (
            sa.select(
                *by,
                sa.func.count().label("count"),
                value.label("value"),
                rank.label("severity_rank"),
                sa.func.min(c.due_at, type_=t.Instant).label("due_at"),
                sa.func.min(c.no).label("no"),
            )
            .where(*_conditions(wanted))
            .group_by(*by)
            .order_by(value.desc(), rank.desc(), sa.func.min(c.no))
            .limit(wanted.limit)
        )
        return [_named(row) for row in self._rows(query)]

    def exception(self, name: str) -> dict[str, Any] | None:
        """One exception by its id, EX-12 or 12."""
        number = name.upper().removeprefix("EX-")
        if not number.isdigit():
            return None
        rows = self._rows(sa.select(t.exception).where(t.exception.c.no == int(number)))
        return _named(rows[0]) if rows else None

    def seen(self, column: str) -> list[str]:
        """What any exception ever had in a column, sorted."""
        of_exceptions = t.exception.c[column]
        query = sa.select(of_exceptions).where(of_exceptions.is_not(None)).distinct()
        return [row[column] for row in self._rows(query.order_by(of_exceptions))]

    def about(self, key: str) -> list[dict[str, Any]]:
        """Exceptions in which a key stands, resolved ones too."""
        c = t.exception.c
        naming = sa.select(t.exception).where(c.search.contains(key, autoescape=True))
        rows = self._rows(naming.order_by(c.due_at).limit(ABOUT_LIMIT))
        return [_named(row) for row in rows if key in row["search"].split(" ")]

    def history(self, kind: str, object_id: str) -> list[dict[str, Any]]:
        """The audit of one object, oldest first."""
        c = t.audit.c
        of_object = sa.select(t.audit).where(c.object == kind, c.object_id == object_id)
        return self._rows(of_object.order_by(c.seq))

    def feeds(self) -> list[dict[str, Any]]:
        """Every feed and how it is."""
        c = t.feed_state.c
        return self._rows(sa.select(t.feed_state).order_by(c.source, c.feed))

    def last_runs(self) -> list[dict[str, Any]]:
        """The newest run of every rule."""
        c = t.reconcile_run.c
        newest = sa.select(c.rule, sa.func.max(c.as_of).label("as_of")).group_by(c.rule).subquery()
        query = (
            sa.select(t.reconcile_run)
            .join(newest, sa.and_(c.rule == newest.c.rule, c.as_of == newest.c.as_of))
            .order_by(c.rule, c.ended_at)
        )
        return list({row["rule"]: row for row in self._rows(query)}.values())

    def judged(self) -> list[dict[str, Any]]:
        """Every run that judged anything: its rule, what it was asked for, how far it could see."""
        c = t.reconcile_run.c
        query = sa.select(c.rule, c.as_of, c.horizon).where(c.horizon.is_not(None))
        return self._rows(query.order_by(c.as_of, c.rule))

    def spans(self) -> list[dict[str, Any]]:
        """From when until when each exception stood, by rule and plant; None: it still does."""
        c = t.exception.c
        return self._rows(sa.select(c.rule, c.plant, c.first_seen_at, c.resolved_at))

    def courses(self) -> dict[str, list[tuple[datetime, frozenset[str]]]]:
        """The codes each exception was given, and since when; oldest first."""
        c = t.audit.c
        query = sa.select(c.object_id, c.at, c.new).where(c.object == "exception").order_by(c.seq)
        found: dict[str, list[tuple[datetime, frozenset[str]]]] = defaultdict(list)
        for row in self._rows(query):
            if row["new"].get("code"):
                found[row["object_id"]].append((row["at"], codes_of(row["new"])))
        return found

    def rejects(
        self, source: str | None = None, feed: str | None = None, state: str | None = "open"
    ) -> list[dict[str, Any]]:
        """Rejects, newest first."""
        c = t.reject.c
        asked = {c.source: source, c.feed: feed, c.state: state}
        wanted = [column == value for column, value in asked.items() if value]
        return self._rows(sa.select(t.reject).where(*wanted).order_by(c.id.desc()))

    def signals(self, window: str | None = None) -> list[dict[str, Any]]:
        """The newest golden signals; of one window, where one is named."""
        c = t.signal.c
        query = sa.select(t.signal).order_by(c.plant, c.flow, c.name)
        return self._rows(query if window is None else query.where(c.window == window))

    def plant_hours(self, since: datetime) -> list[dict[str, Any]]:
        """Hourly signals from an instant on, summed per plant: due, effective, judged, agreed."""
        c = t.signal_hour.c
        sums = [
            sa.cast(sa.func.sum(c[name]), sa.BigInteger).label(name)
            for name in ("due", "effective", "judged", "agreed")
        ]
        query = (
            sa.select(c.plant, c.hour_at, *sums)
            .where(c.hour_at >= since)
            .group_by(c.plant, c.hour_at)
            .order_by(c.hour_at)
        )
        return self._rows(query)

    def _rows(self, query: sa.Select[Any]) -> list[dict[str, Any]]:
        with self._sql.read() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]


def exported(row: Mapping[str, Any]) -> dict[str, Any]:
    """An exception as the export shows it: all keys, instants ISO 8601 UTC, decimals as text."""
    return {name: plain(row[name]) for name in EXPORT}


def _named(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {**row, "id": f"EX-{row['no']}"}


def _conditions(wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    c = t.exception.c
    lists = {
        c.state: wanted.states,
        c.plant: wanted.plants,
        c.flow: wanted.flows,
        c.code: wanted.codes,
        c.rule: wanted.rules,
        c.severity: wanted.severities,
        c.owner: wanted.owners,
    }
    found: list[sa.ColumnElement[bool]] = [
        column.in_(values) for column, values in lists.items() if values
    ]
    if wanted.text:
        columns = (c.search, c.title)
        found.append(sa.or_(*(name.contains(wanted.text, autoescape=True) for name in columns)))
    return found
