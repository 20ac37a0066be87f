"""The audit: append-only, chained, and every tampering found."""

import threading

import pytest
import sqlalchemy as sa

from app.store.exceptions import broken_audit, write_audit
from app.store.sql import open_store
from app.store.sql import tables as t
from tests.works import NOON

ROWS = 6
SWAP = ((2, 99), (3, 2), (99, 3))


def note(store, number, actor="ann"):
    """One row of the audit."""
    with store.write() as connection:
        write_audit(
            connection,
            actor=actor,
            action="acknowledged",
            kind="exception",
            object_id=f"EX-{number}",
            old={"state": "open"},
            new={"state": "acknowledged", "note": "Grüße \u202e \"'\n"},
            why=None,
            at=NOON,
        )


@pytest.fixture
def audited(store):
    for number in range(1, ROWS + 1):
        note(store, number)
    return store


def tamper(store, *statements):
    """What somebody with the keys of the database may do: switch the guards off and write."""
    with store.engine.connect() as connection, connection.begin():
        if store.engine.dialect.name == "sqlite":
            for action in ("update", "delete"):
                connection.exec_driver_sql(f"DROP TRIGGER audit_no_{action}")
        else:
            connection.exec_driver_sql("ALTER TABLE audit DISABLE TRIGGER ALL")
        for statement in statements:
            connection.execute(sa.text(statement))


def test_an_audit_nobody_touched_holds_together(audited):
    assert broken_audit(audited) == []


@pytest.mark.parametrize(
    "statement", ["UPDATE audit SET actor = 'eve' WHERE seq = 3", "DELETE FROM audit WHERE seq = 3"]
)
def test_rows_of_the_audit_can_neither_be_changed_nor_deleted(audited, statement):
    with pytest.raises(sa.exc.DatabaseError, match="append-only"), audited.write() as connection:
        connection.execute(sa.text(statement))
    assert broken_audit(audited) == []


@pytest.mark.parametrize(
    ("statements", "broken"),
    [
        (["UPDATE audit SET actor = 'eve' WHERE seq = 3"], 3),
        (["UPDATE audit SET why = 'because' WHERE seq = 3"], 3),
        (["UPDATE audit SET action = 'resolved' WHERE seq = 2"], 2),
        (["""UPDATE audit SET new = '{"state": "accepted"}' WHERE seq = 4"""], 4),
        (["DELETE FROM audit WHERE seq = 3"], 4),
        (["DELETE FROM audit WHERE seq = 1"], 2),
        (["DELETE FROM audit WHERE seq = 3", "UPDATE audit SET seq = seq - 1 WHERE seq > 3"], 3),
        ([f"UPDATE audit SET seq = {to} WHERE seq = {at}" for at, to in SWAP], 2),
        (["UPDATE audit SET hash = previous, previous = hash WHERE seq = 5"], 5),
    ],
)  # fmt: skip
def test_changed_deleted_and_reordered_rows_are_found(audited, statements, broken):
    tamper(audited, *statements)
    assert broken_audit(audited)[0] == broken


def test_a_row_slipped_in_between_is_found(audited):
    tamper(
        audited,
        "UPDATE audit SET seq = seq + 100 WHERE seq > 3",
        "INSERT INTO audit SELECT 4, \"at\", 'eve', action, object, object_id, old, new, why, "
        "previous, hash FROM audit WHERE seq = 3",
        "UPDATE audit SET seq = seq - 99 WHERE seq > 100",
    )
    assert broken_audit(audited)[0] == 4


def test_a_row_made_anew_with_a_fitting_hash_breaks_the_chain_behind_it(audited):
    """Whoever can compute hashes must rewrite everything after as well."""
    from app.store.exceptions import audit_hash

    with audited.read() as connection:
        row = dict(
            connection.execute(sa.select(t.audit).where(t.audit.c.seq == 3)).mappings().one()
        )
    forged = audit_hash({**row, "actor": "eve"})
    tamper(audited, f"UPDATE audit SET actor = 'eve', hash = '{forged}' WHERE seq = 3")
    assert broken_audit(audited) == [4]


def test_many_writers_at_once_make_one_chain(store, url):
    """Web processes and the worker write into the same audit."""

    def write(name):
        own = open_store(url)
        for number in range(10):
            note(own, number, actor=name)
        own.close()

    writers = [threading.Thread(target=write, args=(name,)) for name in ("ann", "ben", "cleo")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    with store.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(t.audit)).scalar() == 30
    assert broken_audit(store) == []
