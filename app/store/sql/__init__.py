"""The SQL home: SQLite by default, PostgreSQL by URL.

Migrated when opened, in one transaction; readers never wait for the writer. A schema only goes
forward: a program refuses one newer than it knows, and the way back is the backup.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.dialects import postgresql, sqlite

_INSERT: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
BUSY_SECONDS = 30
WRITING = 7246318  # PostgreSQL's name for our one lock: SQLite has such a lock by itself


class StoreError(Exception):
    """The SQL store cannot be used."""


class SqlStore:
    """Transactions on the SQL store.

    One writer at a time, whatever the database; `read` sees one consistent state.
    """

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self.proof: Callable[[sa.Connection], None] | None = None

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """One transaction: all of it or nothing.

        `proof`, where set, is asked first whether we may write at all.
        """
        with (
            self.engine.connect().execution_options(tieout_write=True) as connection,
            connection.begin(),
        ):
            if self.engine.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{BUSY_SECONDS}s'")
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITING})")
            if self.proof:
                self.proof(connection)
            yield connection

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """One consistent view."""
        connection = self.engine.connect()
        if self.engine.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        with connection, connection.begin():
            yield connection

    def close(self) -> None:
        """Drop the connections."""
        self.engine.dispose()

    def migrate(self) -> None:
        """Bring the schema up to date. Raises `StoreError` where it is newer than this program."""
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        script = ScriptDirectory.from_config(config)
        with self.read() as connection:
            if _revision(connection) == script.get_current_head():
                return
        with self.write() as connection:
            held = _revision(connection)
            known = {revision.revision for revision in script.walk_revisions()}
            if held is not None and held not in known:
                raise StoreError(
                    f"the store has schema {held}, newer than this program knows; "
                    "use the newer tieout"
                )
            if held != script.get_current_head():
                config.attributes["connection"] = connection
                command.upgrade(config, "head")


def _revision(connection: sa.Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def open_store(url: str) -> SqlStore:
    """The store at `url`, migrated."""
    store = SqlStore(url)
    try:
        store.migrate()
    except sa.exc.DatabaseError as error:
        store.close()
        raise StoreError(f"cannot open the SQL store: {said(error)}") from error
    except BaseException:
        store.close()
        raise
    return store


def said(error: Exception) -> str:
    """What a database says of an error, in one line and without the statement."""
    cause = getattr(error, "orig", None) or error
    words = next(iter(str(cause).strip().splitlines()), type(cause).__name__)
    damaged = "not a database" in words or "malformed" in words
    return words + ("; the file is damaged, restore it from a backup" if damaged else "")


def insert_or_ignore(connection: sa.Connection, table: sa.Table, values: Any) -> int:
    """Insert rows (one or a list) whose unique keys are not there yet; return how many.

    What was inserted is asked back: PostgreSQL does not count the rows of many at once.
    """
    if not values:
        return 0
    statement = _INSERT[connection.dialect.name](table).on_conflict_do_nothing()
    return len(connection.execute(statement.returning(*table.primary_key), values).all())


def upsert(connection: sa.Connection, table: sa.Table, values: dict[str, Any]) -> None:
    """Insert one row, or update the one with its primary key."""
    keys = [column.name for column in table.primary_key]
    statement = _INSERT[connection.dialect.name](table).values(**values)
    changes = {name: statement.excluded[name] for name in values if name not in keys}
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changes))


def _engine(url: str) -> sa.Engine:
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError as error:
        raise StoreError(
            "the address of the SQL store does not look like postgresql://user@host/name"
        ) from error
    if parsed.get_backend_name() == "sqlite":
        if parsed.database and parsed.database != ":memory:":
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        engine = sa.create_engine(
            parsed, connect_args={"timeout": BUSY_SECONDS}, hide_parameters=True
        )
        sa.event.listen(engine, "connect", _sqlite_connected)
        sa.event.listen(engine, "begin", _sqlite_begun)
        return engine
    if parsed.get_backend_name() == "postgresql":
        return sa.create_engine(
            parsed.set(drivername="postgresql+psycopg"), hide_parameters=True, pool_pre_ping=True
        )
    raise StoreError(f"the SQL store is SQLite or PostgreSQL, not {parsed.get_backend_name()}")


def _sqlite_connected(connection: Any, _: object) -> None:
    """Our own BEGIN (the driver's races), a journal readers pass by, every commit on disk."""
    connection.isolation_level = None
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        f"busy_timeout = {BUSY_SECONDS * 1000}",
        "foreign_keys = ON",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _sqlite_begun(connection: sa.Connection) -> None:
    write = connection.get_execution_options().get("tieout_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
