"""The schema of the SQL store: made by migrations alone, the same on both databases."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from app.store import sql
from app.store.sql import SqlStore, StoreError, open_store
from app.store.sql.tables import metadata


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without a single table."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgresql")())
    return f"sqlite:///{tmp_path / 'empty.sqlite'}"


def scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(Path(sql.__file__).parent / "migrations"))
    return ScriptDirectory.from_config(config)


def differences(store: SqlStore, wanted: sa.MetaData = metadata) -> list[object]:
    with store.read() as connection:
        return compare_metadata(MigrationContext.configure(connection), wanted)


def test_the_migrated_schema_is_the_one_the_program_works_with(empty: str) -> None:
    store = open_store(empty)
    assert differences(store) == []
    store.close()


def test_a_table_changed_without_a_migration_is_found(empty: str) -> None:
    wanted = sa.MetaData(naming_convention=metadata.naming_convention)
    for table in metadata.tables.values():
        table.to_metadata(wanted)
    wanted.tables["signal"].append_column(sa.Column("later", sa.Integer))
    store = open_store(empty)
    assert [change[0] for change in differences(store, wanted)] == ["add_column"]
    store.close()


def test_opening_again_changes_nothing(empty: str) -> None:
    open_store(empty).close()
    store = open_store(empty)
    with store.read() as connection:
        held = MigrationContext.configure(connection).get_current_heads()
    assert held == (scripts().get_current_head(),)
    store.close()


def test_a_schema_newer_than_the_program_is_refused(empty: str) -> None:
    store = open_store(empty)
    with store.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="9999, newer than this program knows"):
        store.migrate()
    store.close()


def test_a_migration_that_fails_leaves_nothing_behind(empty: str) -> None:
    store = SqlStore(empty)
    with store.write() as connection:
        connection.exec_driver_sql("CREATE TABLE notification (id INTEGER)")
    with pytest.raises(sa.exc.DBAPIError):
        store.migrate()
    with store.read() as connection:
        assert sa.inspect(connection).get_table_names() == ["notification"]
    store.close()


def test_there_is_no_way_back_but_the_backup() -> None:
    for script in scripts().walk_revisions():
        assert not hasattr(script.module, "downgrade"), script.revision


def test_migrations_follow_each_other_in_one_line() -> None:
    assert len(scripts().get_heads()) == 1
    assert scripts().get_bases() == ["0001"]


def test_the_audit_cannot_be_rewritten(empty: str) -> None:
    store = open_store(empty)
    row = {
        "seq": 1, "at": "2026-11-20T00:00:00.000000Z", "actor": "a", "action": "b", "object": "c",
        "object_id": "d", "previous": "", "hash": "e",
    }  # fmt: skip
    columns = ", ".join(row)
    values = ", ".join(f":{name}" for name in row)
    insert = f"INSERT INTO audit ({columns}, old, new) VALUES ({values}, '{{}}', '{{}}')"
    with store.write() as connection:
        connection.execute(sa.text(insert), row)
    for statement in ("UPDATE audit SET actor = 'x'", "DELETE FROM audit"):
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), store.write() as connection:
            connection.exec_driver_sql(statement)
    store.close()
