"""The SQL home: SQLite by default, PostgreSQL by URL. Migrated when opened; readers never wait for the writer."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

BUSY_SECONDS = 30


class StoreError(Exception):
    """The SQL store cannot be used."""


class SqlStore:
    """Transactions on the SQL store. `write` is serialised by the database; `read` sees one consistent state."""

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self.proof: Callable[[sa.Connection], None] | None = None

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """One transaction: all of it or nothing. `proof`, where set, is asked first whether we may write at all."""
        with self.engine.connect().execution_options(tieout_write=True) as connection, connection.begin():
            if self.proof:
                self.proof(connection)
            yield connection

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """One consistent view."""
        with self.engine.connect() as connection, connection.begin():
            yield connection

    def close(self) -> None:
        """Drop the connections."""
        self.engine.dispose()

    def migrate(self) -> None:
        """Bring the schema up to date. Raises `StoreError` where it is newer than this program."""
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        script = ScriptDirectory.from_config(config)
        with self.write() as connection:
            if self.engine.dialect.name == "postgresql":
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7246318)")
            held = MigrationContext.configure(connection).get_current_revision()
            if held is not None and held not in {revision.revision for revision in script.walk_revisions()}:
                raise StoreError(f"the store has schema {held}, newer than this program knows; use the newer tieout")
            if held != script.get_current_head():
                config.attributes["connection"] = connection
                command.upgrade(config, "head")


def open_store(url: str) -> SqlStore:
    """The store at `url`, migrated."""
    store = SqlStore(url)
    try:
        store.migrate()
    except sa.exc.OperationalError as error:
        raise StoreError(f"cannot open the SQL store: {str(error.orig).strip().splitlines()[0]}") from error
    return store


def insert_or_ignore(connection: sa.Connection, table: sa.Table, values: Any) -> int:
    """Insert rows whose unique keys are not there yet; return how many."""
    maker = __import__("sqlalchemy.dialects." + connection.dialect.name, fromlist=["insert"]).insert
    return int(connection.execute(maker(table).on_conflict_do_nothing(), values).rowcount)


def upsert(connection: sa.Connection, table: sa.Table, values: dict[str, Any]) -> None:
    """Insert one row, or update the one with its primary key."""
    maker = __import__("sqlalchemy.dialects." + connection.dialect.name, fromlist=["insert"]).insert
    keys = [column.name for column in table.primary_key]
    statement = maker(table).values(**values)
    changes = {name: statement.excluded[name] for name in values if name not in keys}
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changes))


def _engine(url: str) -> sa.Engine:
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        if parsed.database and parsed.database != ":memory:":
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        engine = sa.create_engine(parsed, connect_args={"timeout": BUSY_SECONDS}, hide_parameters=True)
        sa.event.listen(engine, "connect", _sqlite_connected)
        sa.event.listen(engine, "begin", _sqlite_begun)
        return engine
    if parsed.get_backend_name() == "postgresql":
        return sa.create_engine(parsed.set(drivername="postgresql+psycopg"), hide_parameters=True, pool_pre_ping=True)
    raise StoreError(f"the SQL store is SQLite or PostgreSQL, not {parsed.get_backend_name()}")


def _sqlite_connected(connection: Any, _: object) -> None:
    """Our own BEGIN (the driver's races), a journal readers do not wait for, and every commit on disk."""
    connection.isolation_level = None
    for pragma in ("journal_mode = WAL", "synchronous = FULL", f"busy_timeout = {BUSY_SECONDS * 1000}", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _sqlite_begun(connection: sa.Connection) -> None:
    write = connection.get_execution_options().get("tieout_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
