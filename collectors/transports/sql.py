"""A database of a plant, read by one SELECT: streamed, read-only, in pages of JSON lines."""

import math
import sqlite3
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import msgspec
import sqlalchemy as sa
import sqlglot
from sqlglot import exp

from collectors.ask import Ask, written
from collectors.client import Clock
from collectors.errors import (
    CollectError,
    ForbiddenRequestError,
    PayloadError,
    SourceDeniedError,
    SourceUnavailableError,
)
from collectors.page import Page

PAGE_ROWS = 5_000
CONNECT_SECONDS = 10
_READ_ONLY = {
    "postgresql": ("SET TRANSACTION READ ONLY", "SET LOCAL statement_timeout = '300s'"),
    "mysql": ("SET SESSION TRANSACTION READ ONLY",),
    "mariadb": ("SET SESSION TRANSACTION READ ONLY",),
    "sqlite": ("PRAGMA query_only = ON",),
}
_DENIED = ("password authentication failed", "access denied", "permission denied", "login failed")


def open_engine(source: str, url: str) -> sa.Engine:
    """An engine for reading; connections are made when a feed runs and dropped after it.

    Raises `CollectError`, which never shows the address: it holds the password.
    """
    try:
        address = sa.make_url(url)
        more: dict[str, Any] = {}
        if address.get_backend_name() == "sqlite" and _is_file(address.database):
            more["creator"] = lambda: _existing(str(address.database))
        elif address.get_backend_name() == "postgresql":
            more["connect_args"] = {"connect_timeout": CONNECT_SECONDS}
        return sa.create_engine(address, poolclass=sa.pool.NullPool, hide_parameters=True, **more)
    except sa.exc.NoSuchModuleError as error:
        raise CollectError(source, f"database: {str(error)[:100]}") from error
    except (sa.exc.ArgumentError, ValueError) as error:
        said = "database: not an address such as postgresql+psycopg://user:password@host/name"
        raise CollectError(source, said) from error
    except ImportError as error:
        raise CollectError(source, f"database: driver {error.name} is not installed") from error


def _is_file(name: str | None) -> bool:
    return bool(name) and name != ":memory:" and not str(name).startswith("file:")


def _existing(path: str) -> sqlite3.Connection:
    """A SQLite file that is there: opening another would make it."""
    return sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True)


def problem(statement: str) -> str | None:
    """Why a statement is not one plain SELECT, or None where it is."""
    try:
        trees = [tree for tree in sqlglot.parse(statement) if tree is not None]
    except sqlglot.errors.SqlglotError as error:
        return f"not SQL: {str(error).splitlines()[0]}"
    if len(trees) != 1 or not isinstance(trees[0], exp.Query):
        return "a feed reads with one SELECT"
    forbidden = trees[0].find(
        exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Into, exp.Lock, exp.Command
    )
    return f"a collector may only read: {forbidden.key.upper()}" if forbidden else None


def pages(ask: Ask, engine: sa.Engine, clock: Clock) -> Iterator[Page]:
    """Every row the statement gives.

    `:cursor` and the parameters of the feed are bound; nothing of the landscape is written in.
    """
    feed = ask.feed
    if wrong := problem(feed.statement or ""):
        raise ForbiddenRequestError(ask.source, f"{ask.name}: {wrong}")
    binds: dict[str, Any] = dict(ask.parameters)
    if feed.cursor:
        binds["cursor"] = _bind(ask, engine.dialect.name)
    try:
        with engine.connect() as connection:
            for statement in _READ_ONLY.get(engine.dialect.name, ()):
                connection.exec_driver_sql(statement)
            text = sa.text(feed.statement or "")
            wanted = {name: value for name, value in binds.items() if name in text._bindparams}
            if "cursor" in wanted and engine.dialect.name == "postgresql":
                text = text.bindparams(_untyped(wanted.pop("cursor")))
            rows = (
                connection.execution_options(yield_per=PAGE_ROWS).execute(text, wanted).mappings()
            )
            number = 0
            for number, part in enumerate(rows.partitions(PAGE_ROWS), 1):
                yield _page(ask, number, [dict(row) for row in part], clock)
            if number == 0:
                yield _page(ask, 1, [], clock)
    except sa.exc.DBAPIError as error:
        said = str(error.orig).strip().splitlines()[0][:300] if error.orig else type(error).__name__
        if any(word in said.lower() for word in _DENIED):
            raise SourceDeniedError(ask.source, said) from error
        if isinstance(error, sa.exc.OperationalError):
            raise SourceUnavailableError(ask.source, said) from error
        raise PayloadError(ask.source, f"{ask.name}: {said}") from error
    except sa.exc.SQLAlchemyError as error:
        said = str(getattr(error, "orig", None) or error).strip().splitlines()[0][:300]
        raise PayloadError(ask.source, f"{ask.name}: {said}") from error


def _bind(ask: Ask, dialect: str) -> Any:
    """The cursor as a value of the database: an instant, a number, or text in the feed's format."""
    cursor, since = ask.feed.cursor, ask.since
    if isinstance(since, Decimal):
        return int(since) if since == since.to_integral_value() else since
    if cursor is None or since is None:
        return None
    if cursor.format != "iso":
        return written(since, cursor.format)
    return since.isoformat(" ") if dialect == "sqlite" else since


def _untyped(place: Any) -> sa.BindParameter[Any]:
    """The cursor as a literal, which takes the type of what it is compared with.

    PostgreSQL wants one type for a parameter wherever it stands, and finds none in `:cursor IS
    NULL`. The text is our own: digits and the signs of a time.
    """
    is_number = isinstance(place, int | Decimal)
    value = place if is_number or place is None else str(place)
    kind = sa.Numeric() if is_number else sa.String()
    return sa.bindparam("cursor", value, kind, literal_execute=True)


def _page(ask: Ask, number: int, rows: list[dict[str, Any]], clock: Clock) -> Page:
    body = b"\n".join(_encoder.encode({name: _sent(row[name]) for name in row}) for row in rows)
    return Page(
        number, body, "ndjson", f"SELECT of {ask.name} part {number}", clock.now(), ask.parameters
    )


def _sent(value: Any) -> Any:
    """A value JSON can carry: NaN would become null there, a number beyond 64 bits nothing."""
    match value:
        case float() if not math.isfinite(value):
            return str(value)
        case int() if value.bit_length() > 63:
            return str(value)
        case bytes() | bytearray() | memoryview():
            return bytes(value).hex()
        case _:
            return value


_encoder = msgspec.json.Encoder(enc_hook=str, decimal_format="string")
