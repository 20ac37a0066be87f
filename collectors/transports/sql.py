"""A database of a plant, read by one SELECT: streamed, read-only, a page of rows at a time as JSON lines."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
import sqlglot
from sqlglot import exp

from collectors.ask import Ask, written
from collectors.client import Clock
from collectors.errors import ForbiddenRequestError, PayloadError, SourceDeniedError, SourceUnavailableError
from collectors.page import Page

PAGE_ROWS = 5_000
_READ_ONLY = {"postgresql": "SET TRANSACTION READ ONLY", "mysql": "SET SESSION TRANSACTION READ ONLY", "mariadb": "SET SESSION TRANSACTION READ ONLY", "sqlite": "PRAGMA query_only = ON"}
_DENIED = ("password authentication failed", "access denied", "permission denied", "login failed")


def open_engine(url: str) -> sa.Engine:
    """An engine for reading; connections are made when a feed runs and dropped after it."""
    return sa.create_engine(url, poolclass=sa.pool.NullPool, hide_parameters=True)


def problem(statement: str) -> str | None:
    """Why a statement is not one plain SELECT, or None where it is."""
    try:
        trees = [tree for tree in sqlglot.parse(statement) if tree is not None]
    except sqlglot.ParseError as error:
        return f"not SQL: {str(error).splitlines()[0]}"
    if len(trees) != 1 or not isinstance(trees[0], exp.Query):
        return "a feed reads with one SELECT"
    forbidden = trees[0].find(exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Into, exp.Lock, exp.Command)
    return f"a collector may only read: {forbidden.key.upper()}" if forbidden else None


def pages(ask: Ask, engine: sa.Engine, clock: Clock) -> Iterator[Page]:
    """Every row the statement gives. `:cursor` and the feed's parameters are bound, never written into the text."""
    feed = ask.feed
    if wrong := problem(feed.statement or ""):
        raise ForbiddenRequestError(ask.source, f"{ask.name}: {wrong}")
    binds: dict[str, Any] = dict(ask.parameters)
    if feed.cursor:
        binds["cursor"] = None if ask.since is None else _bind(ask)
    try:
        with engine.connect() as connection:
            if statement := _READ_ONLY.get(engine.dialect.name):
                connection.exec_driver_sql(statement)
            text = sa.text(feed.statement or "")
            wanted = {name: value for name, value in binds.items() if name in text._bindparams}  # noqa: SLF001
            rows = connection.execution_options(yield_per=PAGE_ROWS).execute(text, wanted).mappings()
            number = 0
            for number, part in enumerate(rows.partitions(), 1):  # noqa: B007 - the last number tells whether there was any
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


def _bind(ask: Ask) -> Any:
    """The cursor as a value of the database: an instant, a number, or text in the feed's format."""
    cursor = ask.feed.cursor
    if cursor is None or ask.since is None or isinstance(ask.since, Decimal):
        return ask.since
    return ask.since if cursor.format == "iso" else written(ask.since, cursor.format)


def _page(ask: Ask, number: int, rows: list[dict[str, Any]], clock: Clock) -> Page:
    body = b"\n".join(_encoder.encode(row) for row in rows)
    return Page(number, body, "ndjson", f"SELECT of {ask.name} part {number}", clock.now(), ask.parameters)


def _plain(value: Any) -> Any:
    match value:
        case Decimal() | UUID():
            return str(value)
        case datetime() | date() | time():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case bytes() | memoryview():
            return bytes(value).hex()
        case _:
            return str(value)


_encoder = msgspec.json.Encoder(enc_hook=_plain, decimal_format="string")
