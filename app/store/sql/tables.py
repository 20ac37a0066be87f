"""The SQL store: decisions and control. One definition for SQLite and PostgreSQL.

Instants are UTC, decimals exact to the last digit on both: SQLite keeps them as sortable ISO text
and as text.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import NUMERIC, TIMESTAMP
from sqlalchemy.types import TypeDecorator


class Instant(TypeDecorator[datetime]):
    """An instant, UTC. Naive values are refused."""

    impl = sa.String(32)
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> Any:
        """A timestamp with time zone on PostgreSQL, text elsewhere."""
        return dialect.type_descriptor(
            TIMESTAMP(timezone=True) if dialect.name == "postgresql" else sa.String(32)
        )

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> Any:
        """What the database gets. Raises `ValueError` for an instant without time zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        moment = value.astimezone(UTC)
        return moment if dialect.name == "postgresql" else moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:
        """The instant, in UTC whatever the time zone of the connection."""
        if value is None or isinstance(value, datetime):
            return value.astimezone(UTC) if value else None
        return datetime.strptime(value, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


class Exact(TypeDecorator[Decimal]):
    """A decimal, exact."""

    impl = sa.String(48)
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> Any:
        """A decimal on PostgreSQL, text elsewhere."""
        return dialect.type_descriptor(
            NUMERIC(38, 9) if dialect.name == "postgresql" else sa.String(48)
        )

    def process_bind_param(self, value: Decimal | None, dialect: sa.Dialect) -> Any:
        """What the database gets: text without exponent where it keeps text."""
        return value if value is None or dialect.name == "postgresql" else f"{value:f}"

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Decimal | None:
        """The decimal, digit by digit."""
        return None if value is None else Decimal(value)


metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "pk": "pk_%(table_name)s",
    }
)

lease = sa.Table(
    "lease",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("holder", sa.String(128), nullable=False),
    sa.Column("fence", sa.BigInteger, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
    comment="Who may work on this landscape; a higher fence wins over a lower one.",
)

job_run = sa.Table(
    "job_run",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("job", sa.String(128), nullable=False),
    sa.Column("window", sa.String(64), nullable=False),
    sa.Column("fence", sa.BigInteger, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("started_at", Instant, nullable=False),
    sa.Column("ended_at", Instant),
    sa.Column("detail", sa.Text),
    sa.UniqueConstraint("job", "window"),
    comment="What ran, once per (job, window): the truth behind the alarm clock.",
)

feed_state = sa.Table(
    "feed_state",
    metadata,
    sa.Column("source", sa.String(64), primary_key=True),
    sa.Column("feed", sa.String(64), primary_key=True),
    sa.Column("place", sa.Text),
    sa.Column("files", sa.JSON, nullable=False, default=dict),
    sa.Column("covers_from", Instant),
    sa.Column("safe_until", Instant),
    sa.Column("snapshot_id", sa.String(64)),
    sa.Column("snapshot_at", Instant),
    sa.Column("snapshot_rows", sa.BigInteger),
    sa.Column("empty_pulls", sa.Integer, nullable=False, default=0),
    sa.Column("swept_at", Instant),
    sa.Column("outcome", sa.String(16), nullable=False),
    sa.Column("error", sa.Text),
    sa.Column("failures", sa.Integer, nullable=False, default=0),
    sa.Column("failing_since", Instant),
    sa.Column("next_try_at", Instant),
    sa.Column("last_pull_at", Instant),
    sa.Column("last_ok_at", Instant),
    sa.Column("last_news_at", Instant),
    sa.Column("every_seconds", sa.Integer),
    comment="Where a feed resumes, until when it is complete, and how it is.",
)

feed_run = sa.Table(
    "feed_run",
    metadata,
    sa.Column("pull_id", sa.String(64), primary_key=True),
    sa.Column("source", sa.String(64), nullable=False),
    sa.Column("feed", sa.String(64), nullable=False),
    sa.Column("started_at", Instant, nullable=False),
    sa.Column("ended_at", Instant, nullable=False),
    sa.Column("outcome", sa.String(16), nullable=False),
    sa.Column("is_sweep", sa.Boolean, nullable=False),
    sa.Column("pages", sa.Integer, nullable=False),
    sa.Column("records", sa.BigInteger, nullable=False),
    sa.Column("news", sa.BigInteger, nullable=False),
    sa.Column("repeats", sa.BigInteger, nullable=False),
    sa.Column("rejects", sa.BigInteger, nullable=False),
    sa.Column("left_out", sa.BigInteger, nullable=False),
    sa.Column("deleted", sa.BigInteger, nullable=False),
    sa.Column("unresolved", sa.BigInteger, nullable=False),
    sa.Column("requests", sa.Integer, nullable=False),
    sa.Column("throttled", sa.Integer, nullable=False),
    sa.Column("place_from", sa.Text),
    sa.Column("place_to", sa.Text),
    sa.Column("safe_until", Instant),
    sa.Column("clock_skew_seconds", sa.Float),
    sa.Column("unknown_fields", sa.Text),
    sa.Column("error", sa.Text),
    sa.Index("ix_feed_run_feed", "source", "feed", "started_at"),
    comment="One pull of one feed and what it brought.",
)

reject = sa.Table(
    "reject",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("source", sa.String(64), nullable=False),
    sa.Column("feed", sa.String(64), nullable=False),
    sa.Column("fingerprint", sa.String(64), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("raw", sa.Text, nullable=False),
    sa.Column("raw_ref", sa.Text, nullable=False),
    sa.Column("pull_id", sa.String(64), nullable=False),
    sa.Column("seen", sa.Integer, nullable=False),
    sa.Column("first_seen_at", Instant, nullable=False),
    sa.Column("last_seen_at", Instant, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("resolved_at", Instant),
    sa.UniqueConstraint("source", "feed", "fingerprint"),
    comment="A record that could not be read or trusted: reason, text as received, release.",
)

rule_version = sa.Table(
    "rule_version",
    metadata,
    sa.Column("rule", sa.String(128), primary_key=True),
    sa.Column("version", sa.String(64), primary_key=True),
    sa.Column("definition", sa.JSON, nullable=False),
    sa.Column("effective_at", Instant, nullable=False),
    comment="Every version of every rule that ever ran here.",
)

reconcile_run = sa.Table(
    "reconcile_run",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("rule", sa.String(128), nullable=False),
    sa.Column("rule_version", sa.String(64), nullable=False),
    sa.Column("started_at", Instant, nullable=False),
    sa.Column("ended_at", Instant, nullable=False),
    sa.Column("as_of", Instant, nullable=False),
    sa.Column("known_at", Instant, nullable=False),
    sa.Column("horizon", Instant),
    sa.Column("outcome", sa.String(16), nullable=False),
    sa.Column("findings", sa.Integer, nullable=False),
    sa.Column("accounts", sa.JSON, nullable=False),
    sa.Column("inputs", sa.JSON, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Index("ix_reconcile_run_rule", "rule", "as_of"),
    comment="One run of one rule: what it depends on, its conservation line, its outcome.",
)

exception = sa.Table(
    "exception",
    metadata,
    sa.Column("no", sa.Integer, primary_key=True),
    sa.Column("fingerprint", sa.String(64), nullable=False, unique=True),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("code", sa.String(32), nullable=False),
    sa.Column("also", sa.Text),
    sa.Column("rule", sa.String(128), nullable=False),
    sa.Column("rule_version", sa.String(64), nullable=False),
    sa.Column("plant", sa.String(64)),
    sa.Column("flow", sa.String(32), nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("key", sa.JSON, nullable=False),
    sa.Column("search", sa.Text, nullable=False),
    sa.Column("expected", sa.JSON, nullable=False),
    sa.Column("observed", sa.JSON, nullable=False),
    sa.Column("evidence", sa.JSON, nullable=False),
    sa.Column("quantity_expected", Exact),
    sa.Column("quantity_observed", Exact),
    sa.Column("variance", Exact),
    sa.Column("unit", sa.String(16)),
    sa.Column("value", Exact),
    sa.Column("value_rank", sa.Float, nullable=False, default=0),
    sa.Column("currency", sa.String(3)),
    sa.Column("explained", sa.JSON, nullable=False),
    sa.Column("unexplained", Exact),
    sa.Column("cause", sa.Text),
    sa.Column("occurred_at", Instant),
    sa.Column("due_at", Instant),
    sa.Column("first_seen_at", Instant, nullable=False),
    sa.Column("changed_at", Instant, nullable=False),
    sa.Column("resolved_at", Instant),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("severity", sa.String(16), nullable=False),
    sa.Column("severity_rank", sa.Integer, nullable=False),
    sa.Column("owner", sa.String(64), nullable=False),
    sa.Column("assignee", sa.String(128)),
    sa.Column("snoozed_until", Instant),
    sa.Column("accepted_limit", Exact),
    sa.Column("accepted_until", Instant),
    sa.Column("times_opened", sa.Integer, nullable=False, default=1),
    sa.Column("as_of", Instant, nullable=False),
    sa.Column("known_at", Instant, nullable=False),
    sa.Column("run_id", sa.String(64), nullable=False),
    sa.Index("ix_exception_queue", "state", "severity_rank", "value_rank"),
    sa.Index("ix_exception_rule", "rule", "state"),
    comment="A business fact that disagrees, for life: resolved by data, triaged by people.",
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("at", Instant, nullable=False),
    sa.Column("actor", sa.String(128), nullable=False),
    sa.Column("action", sa.String(64), nullable=False),
    sa.Column("object", sa.String(32), nullable=False),
    sa.Column("object_id", sa.String(160), nullable=False),
    sa.Column("old", sa.JSON, nullable=False),
    sa.Column("new", sa.JSON, nullable=False),
    sa.Column("why", sa.Text),
    sa.Column("previous", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
    sa.Index("ix_audit_object", "object", "object_id"),
    comment="Every change of a decision: append-only, each row hashed over the one before it.",
)

triaged = sa.Table(
    "triaged",
    metadata,
    sa.Column("rule", sa.String(128), primary_key=True),
    sa.Column("change_no", sa.BigInteger, nullable=False),
    comment="Up to which change of a rule's findings the exceptions have followed.",
)

notification = sa.Table(
    "notification",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("key", sa.String(160), nullable=False, unique=True),
    sa.Column("audience", sa.String(64), nullable=False),
    sa.Column("audit_seq", sa.BigInteger, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("sent_at", Instant),
    comment="The outbox: what someone is to be told, once per key.",
)

signal_hour = sa.Table(
    "signal_hour",
    metadata,
    sa.Column("plant", sa.String(64), primary_key=True),
    sa.Column("flow", sa.String(32), primary_key=True),
    sa.Column("rule", sa.String(128), primary_key=True),
    sa.Column("hour_at", Instant, primary_key=True),
    sa.Column("due", sa.BigInteger, nullable=False),
    sa.Column("effective", sa.BigInteger, nullable=False),
    sa.Column("judged", sa.BigInteger, nullable=False),
    sa.Column("agreed", sa.BigInteger, nullable=False),
    comment="Per plant, flow, rule and hour: facts due and effective, judged and agreed.",
)

signal = sa.Table(
    "signal",
    metadata,
    sa.Column("plant", sa.String(64), primary_key=True),
    sa.Column("flow", sa.String(32), primary_key=True),
    sa.Column("window", sa.String(8), primary_key=True),
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("as_of", Instant, nullable=False),
    sa.Column("value", sa.Float),
    sa.Column("numerator", Exact),
    sa.Column("denominator", Exact),
    sa.Column("unknown_since", Instant),
    sa.Column("detail", sa.JSON, nullable=False),
    comment="The newest golden signals, per plant and flow ('*': all).",
)
