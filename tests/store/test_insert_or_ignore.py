"""Rows whose unique key is there already are passed over, and only the others are counted."""

from datetime import UTC, datetime

from app.store.sql import SqlStore, insert_or_ignore
from app.store.sql import tables as t

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def version(rule: str) -> dict[str, object]:
    return {"rule": rule, "version": "1", "definition": {}, "effective_at": NOON}


def told(key: str) -> dict[str, object]:
    words = dict.fromkeys(("audience", "subject", "body", "state"), "x")
    return {"key": key, "audit_seq": 1, "created_at": NOON, **words}


def test_one_row_counts_once(store: SqlStore) -> None:
    with store.write() as connection:
        assert insert_or_ignore(connection, t.rule_version, version("a")) == 1
        assert insert_or_ignore(connection, t.rule_version, version("a")) == 0


def test_of_many_rows_the_new_ones_count(store: SqlStore) -> None:
    rows = [version(name) for name in "abcb"]
    with store.write() as connection:
        insert_or_ignore(connection, t.rule_version, version("a"))
        assert insert_or_ignore(connection, t.rule_version, rows) == 2


def test_a_number_the_database_gives_is_no_key_to_compare(store: SqlStore) -> None:
    with store.write() as connection:
        assert insert_or_ignore(connection, t.notification, [told("a"), told("b")]) == 2
        assert insert_or_ignore(connection, t.notification, [told("b"), told("c")]) == 1


def test_no_rows_are_nothing(store: SqlStore) -> None:
    with store.write() as connection:
        assert insert_or_ignore(connection, t.rule_version, []) == 0
