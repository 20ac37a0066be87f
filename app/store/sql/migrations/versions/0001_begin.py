"""Begin: every table of the first release, and an audit that cannot be rewritten."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import NUMERIC, TIMESTAMP

revision = "0001"
down_revision = None

INSTANT = sa.String(32).with_variant(TIMESTAMP(timezone=True), "postgresql")
EXACT = sa.String(48).with_variant(NUMERIC(38, 9), "postgresql")

_APPEND_ONLY_SQLITE = """
CREATE TRIGGER audit_no_{action} BEFORE {verb} ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END
"""
_APPEND_ONLY_POSTGRESQL = """
CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the audit is append-only'; END $$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
"""


def upgrade() -> None:
    _create_control()
    _create_rules()
    _create_exceptions()
    _create_signals()
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(_APPEND_ONLY_SQLITE.format(action=verb.lower(), verb=verb))
    else:
        op.execute(_APPEND_ONLY_POSTGRESQL)


def _create_control() -> None:
    """Who works, what ran, where every feed resumes, what could not be read."""
    op.create_table(
        "lease",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("holder", sa.String(128), nullable=False),
        sa.Column("fence", sa.BigInteger, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_lease"),
        comment="Who may work on this landscape; a higher fence wins over a lower one.",
    )
    op.create_table(
        "job_run",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("job", sa.String(128), nullable=False),
        sa.Column("window", sa.String(64), nullable=False),
        sa.Column("fence", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.Column("detail", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_job_run"),
        sa.UniqueConstraint("job", "window", name="uq_job_run_job_window"),
        comment="What ran, once per (job, window): the truth behind the alarm clock.",
    )
    op.create_table(
        "feed_state",
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("feed", sa.String(64), nullable=False),
        sa.Column("place", sa.Text),
        sa.Column("files", sa.JSON, nullable=False),
        sa.Column("covers_from", INSTANT),
        sa.Column("safe_until", INSTANT),
        sa.Column("snapshot_id", sa.String(64)),
        sa.Column("snapshot_at", INSTANT),
        sa.Column("snapshot_rows", sa.BigInteger()),
        sa.Column("empty_pulls", sa.Integer, nullable=False),
        sa.Column("swept_at", INSTANT),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("failing_since", INSTANT),
        sa.Column("next_try_at", INSTANT),
        sa.Column("last_pull_at", INSTANT),
        sa.Column("last_ok_at", INSTANT),
        sa.Column("last_news_at", INSTANT),
        sa.Column("every_seconds", sa.Integer),
        sa.PrimaryKeyConstraint("source", "feed", name="pk_feed_state"),
        comment="Where a feed resumes, until when it is complete, and how it is.",
    )
    op.create_table(
        "feed_run",
        sa.Column("pull_id", sa.String(64), nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("feed", sa.String(64), nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=False),
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
        sa.Column("safe_until", INSTANT),
        sa.Column("clock_skew_seconds", sa.Float),
        sa.Column("unknown_fields", sa.Text),
        sa.Column("error", sa.Text),
        sa.PrimaryKeyConstraint("pull_id", name="pk_feed_run"),
        comment="One pull of one feed and what it brought.",
    )
    op.create_index("ix_feed_run_feed", "feed_run", ["source", "feed", "started_at"])
    op.create_table(
        "reject",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("feed", sa.String(64), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("raw", sa.Text, nullable=False),
        sa.Column("raw_ref", sa.Text, nullable=False),
        sa.Column("pull_id", sa.String(64), nullable=False),
        sa.Column("seen", sa.Integer, nullable=False),
        sa.Column("first_seen_at", INSTANT, nullable=False),
        sa.Column("last_seen_at", INSTANT, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("resolved_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_reject"),
        sa.UniqueConstraint(
            "source", "feed", "fingerprint", name="uq_reject_source_feed_fingerprint"
        ),
        comment="A record that could not be read or trusted: reason, text as received, release.",
    )


def _create_rules() -> None:
    """Versions and runs of rules, and how far exceptions have followed them."""
    op.create_table(
        "rule_version",
        sa.Column("rule", sa.String(128), nullable=False),
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("definition", sa.JSON, nullable=False),
        sa.Column("effective_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("rule", "version", name="pk_rule_version"),
        comment="Every version of every rule that ever ran here.",
    )
    op.create_table(
        "reconcile_run",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("rule", sa.String(128), nullable=False),
        sa.Column("rule_version", sa.String(64), nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=False),
        sa.Column("as_of", INSTANT, nullable=False),
        sa.Column("known_at", INSTANT, nullable=False),
        sa.Column("horizon", INSTANT),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("findings", sa.Integer, nullable=False),
        sa.Column("accounts", sa.JSON, nullable=False),
        sa.Column("inputs", sa.JSON, nullable=False),
        sa.Column("reason", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_reconcile_run"),
        comment="One run of one rule: what it depends on, its conservation line, its outcome.",
    )
    op.create_index("ix_reconcile_run_rule", "reconcile_run", ["rule", "as_of"])
    op.create_table(
        "triaged",
        sa.Column("rule", sa.String(128), nullable=False),
        sa.Column("change_no", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("rule", name="pk_triaged"),
        comment="Up to which change of a rule's findings the exceptions have followed.",
    )


def _create_exceptions() -> None:
    """What disagrees, what was decided about it, who is told."""
    op.create_table(
        "exception",
        sa.Column("no", sa.Integer, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
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
        sa.Column("quantity_expected", EXACT),
        sa.Column("quantity_observed", EXACT),
        sa.Column("variance", EXACT),
        sa.Column("unit", sa.String(16)),
        sa.Column("value", EXACT),
        sa.Column("value_rank", sa.Float, nullable=False),
        sa.Column("currency", sa.String(3)),
        sa.Column("explained", sa.JSON, nullable=False),
        sa.Column("unexplained", EXACT),
        sa.Column("cause", sa.Text),
        sa.Column("occurred_at", INSTANT),
        sa.Column("due_at", INSTANT),
        sa.Column("first_seen_at", INSTANT, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("resolved_at", INSTANT),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("severity_rank", sa.Integer, nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("assignee", sa.String(128)),
        sa.Column("snoozed_until", INSTANT),
        sa.Column("accepted_limit", EXACT),
        sa.Column("accepted_until", INSTANT),
        sa.Column("times_opened", sa.Integer, nullable=False),
        sa.Column("as_of", INSTANT, nullable=False),
        sa.Column("known_at", INSTANT, nullable=False),
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("no", name="pk_exception"),
        sa.UniqueConstraint("fingerprint", name="uq_exception_fingerprint"),
        comment="A business fact that disagrees, for life: resolved by data, triaged by people.",
    )
    op.create_index("ix_exception_queue", "exception", ["state", "severity_rank", "value_rank"])
    op.create_index("ix_exception_rule", "exception", ["rule", "state"])
    op.create_table(
        "audit",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("actor", sa.String(128), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("object", sa.String(32), nullable=False),
        sa.Column("object_id", sa.String(160), nullable=False),
        sa.Column("old", sa.JSON, nullable=False),
        sa.Column("new", sa.JSON, nullable=False),
        sa.Column("why", sa.Text),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_audit"),
        comment="Every change of a decision: append-only, each row hashed over the one before it.",
    )
    op.create_index("ix_audit_object", "audit", ["object", "object_id"])
    op.create_table(
        "notification",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("key", sa.String(160), nullable=False),
        sa.Column("audience", sa.String(64), nullable=False),
        sa.Column("audit_seq", sa.BigInteger, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("sent_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_notification"),
        sa.UniqueConstraint("key", name="uq_notification_key"),
        comment="The outbox: what someone is to be told, once per key.",
    )


def _create_signals() -> None:
    """The golden signals, for the screens."""
    op.create_table(
        "signal_hour",
        sa.Column("plant", sa.String(64), nullable=False),
        sa.Column("flow", sa.String(32), nullable=False),
        sa.Column("rule", sa.String(128), nullable=False),
        sa.Column("hour_at", INSTANT, nullable=False),
        sa.Column("due", sa.BigInteger, nullable=False),
        sa.Column("effective", sa.BigInteger, nullable=False),
        sa.Column("judged", sa.BigInteger, nullable=False),
        sa.Column("agreed", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("plant", "flow", "rule", "hour_at", name="pk_signal_hour"),
        comment="Per plant, flow, rule and hour: facts due and effective, judged and agreed.",
    )
    op.create_table(
        "signal",
        sa.Column("plant", sa.String(64), nullable=False),
        sa.Column("flow", sa.String(32), nullable=False),
        sa.Column("window", sa.String(8), nullable=False),
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("as_of", INSTANT, nullable=False),
        sa.Column("value", sa.Float),
        sa.Column("numerator", EXACT),
        sa.Column("denominator", EXACT),
        sa.Column("unknown_since", INSTANT),
        sa.Column("detail", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("plant", "flow", "window", "name", name="pk_signal"),
        comment="The newest golden signals, per plant and flow ('*': all).",
    )
