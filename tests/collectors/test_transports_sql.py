"""A plant's database read by one SELECT: SQLite always, PostgreSQL where one is at hand."""

import json
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from collectors.errors import (
    CollectError,
    ForbiddenRequestError,
    PayloadError,
    SourceDeniedError,
    SourceUnavailableError,
)
from collectors.transports import sql
from tests.collectors.feeds import ask_for
from tests.collectors.loopback import SECRET, SleepClock


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A database with one table of three rows."""
    path = tmp_path / "mes.db"
    with closing(sqlite3.connect(path)) as con, con:
        con.execute("CREATE TABLE item (id INTEGER, name TEXT, qty NUMERIC, at TEXT, blob BLOB)")
        con.executemany(
            "INSERT INTO item VALUES (?, ?, ?, ?, ?)",
            [
                (1, "a", "98765432109.123456789", "2026-11-20 14:00:00", b"\xff\x00"),
                (2, "b", 2.5, "2026-11-20 15:00:00", None),
                (3, None, None, None, None),
            ],
        )
    return path


def read(path: Path, statement: str, **more: Any) -> list[dict[str, Any]]:
    """The rows a feed reads."""
    engine = sql.open_engine("mes", f"sqlite:///{path}")
    since, feed = more.pop("since", None), more.pop("feed", {})
    ask = ask_for("sql", {"statement": statement, **feed}, since, **more)
    try:
        pages = list(sql.pages(ask, engine, SleepClock()))
    finally:
        engine.dispose()
    return [json.loads(line) for page in pages for line in page.body.splitlines()]


def test_rows_become_lines_of_json_without_loss(database: Path) -> None:
    rows = read(database, "SELECT id, name, '0.10' AS qty, at, blob FROM item ORDER BY id")
    assert rows[0] == {
        "id": 1,
        "name": "a",
        "qty": "0.10",
        "at": "2026-11-20 14:00:00",
        "blob": "ff00",
    }
    assert rows[2] == {"id": 3, "name": None, "qty": "0.10", "at": None, "blob": None}


def test_a_number_json_cannot_carry_is_text_and_not_nothing(database: Path) -> None:
    rows = read(database, "SELECT 9e999 AS huge, -9e999 AS low, 9223372036854775807 AS most")
    assert rows == [{"huge": "inf", "low": "-inf", "most": 9223372036854775807}]


def test_no_rows_are_one_empty_page(database: Path) -> None:
    engine = sql.open_engine("mes", f"sqlite:///{database}")
    ask = ask_for("sql", {"statement": "SELECT id FROM item WHERE id > 9"})
    [page] = sql.pages(ask, engine, SleepClock())
    assert (page.body, page.format) == (b"", "ndjson")
    engine.dispose()


def test_a_long_answer_comes_in_pages(database: Path) -> None:
    engine = sql.open_engine("mes", f"sqlite:///{database}")
    count = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000)"
    ask = ask_for("sql", {"statement": f"{count} SELECT i AS id FROM n"})
    pages = list(sql.pages(ask, engine, SleepClock()))
    assert [len(page.body.splitlines()) for page in pages] == [5000, 5000, 2000]
    engine.dispose()


def test_cursor_and_parameters_are_bound_and_never_written_in(database: Path) -> None:
    hostile = "x' OR '1'='1"
    statement = "SELECT id FROM item WHERE name = :name"
    assert read(database, statement, name=hostile) == []
    assert read(database, statement, name="a") == [{"id": 1}]
    feed = {"contract": {"id": "integer"}, "cursor": {"field": "id", "format": "number"}}
    statement = "SELECT id FROM item WHERE :cursor IS NULL OR id >= :cursor"
    assert len(read(database, statement, feed=feed)) == 3
    assert read(database, statement, feed=feed, since=Decimal(3)) == [{"id": 3}]
    feed = {"contract": {"at": "text"}, "cursor": {"field": "at", "format": "naive_utc"}}
    moment = datetime(2026, 11, 20, 15, tzinfo=UTC)
    assert read(database, "SELECT id FROM item WHERE at >= :cursor", feed=feed, since=moment) == [
        {"id": 2}
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM item",
        "UPDATE item SET id = 1",
        "INSERT INTO item (id) VALUES (1)",
        "DROP TABLE item",
        "SELECT 1; DELETE FROM item",
        "WITH gone AS (DELETE FROM item RETURNING id) SELECT id FROM gone",
        "SELECT * INTO copy FROM item",
        "SELECT id FROM item FOR UPDATE",
        "PRAGMA user_version = 7",
        "ATTACH 'x.db' AS x",
        "CALL do_it()",
        "MERGE INTO item USING item AS s ON 1 = 1 WHEN MATCHED THEN DELETE",
        "EXPLAIN SELECT 1",
        "SELECT 'open",
    ],
)
def test_only_a_select_is_ever_sent(database: Path, statement: str) -> None:
    before = database.read_bytes()
    with pytest.raises(ForbiddenRequestError):
        read(database, statement)
    assert database.read_bytes() == before


def test_a_function_that_writes_cannot(database: Path) -> None:
    engine = sql.open_engine("mes", f"sqlite:///{database}")
    with engine.connect() as connection, pytest.raises(sa.exc.OperationalError, match="readonly"):
        connection.exec_driver_sql("DELETE FROM item")
    engine.dispose()


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailableError, match="unable to open database file"):
        read(tmp_path / "missing.db", "SELECT 1 AS id")
    assert list(tmp_path.iterdir()) == []


def test_what_the_database_says_is_passed_on_in_one_line(database: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailableError, match="mes: no such table: nowhere"):
        read(database, "SELECT id FROM nowhere")
    with pytest.raises(PayloadError, match="items: A value is required for bind parameter 'lot'"):
        read(database, "SELECT id FROM item WHERE name = :lot")
    (tmp_path / "junk.db").write_bytes(b"this is no database" * 100)
    with pytest.raises(CollectError, match="file is not a database"):
        read(tmp_path / "junk.db", "SELECT id FROM item")


def test_a_locked_database_is_a_matter_of_time(database: Path) -> None:
    with closing(sqlite3.connect(database)) as con:
        con.execute("PRAGMA locking_mode = EXCLUSIVE")
        con.execute("BEGIN EXCLUSIVE")
        engine = sql.open_engine("mes", f"sqlite:///{database}")
        ask = ask_for("sql", {"statement": "SELECT id FROM item"})
        with pytest.raises(SourceUnavailableError, match="locked"):
            list(sql.pages(ask, engine, SleepClock()))
        engine.dispose()


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://tower:{SECRET}@host:port/db",
        f"tower:{SECRET}@host",
        f"nosuch://tower:{SECRET}@host/db",
        f"oracle+nosuch://tower:{SECRET}@host/db",
        f"mysql+mysqldb://tower:{SECRET}@host/db",
        "",
    ],
)
def test_an_address_that_is_none_is_named_without_its_password(url: str) -> None:
    with pytest.raises(CollectError, match="mes: database: ") as caught:
        sql.open_engine("mes", url)
    assert SECRET not in str(caught.value)


# PostgreSQL

POSTGRES = "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"


@pytest.fixture
def postgres(postgresql: Callable[[], str]) -> Iterator[sa.Engine]:
    """An empty schema on a real server."""
    engine = sql.open_engine("mes", postgresql())
    yield engine
    engine.dispose()


def query(
    engine: sa.Engine, statement: str, since: Any = None, **feed: Any
) -> list[dict[str, Any]]:
    """The rows a feed reads from PostgreSQL."""
    ask = ask_for("sql", {"statement": statement, **feed}, since)
    pages = list(sql.pages(ask, engine, SleepClock()))
    return [json.loads(line) for page in pages for line in page.body.splitlines()]


@pytest.mark.live
def test_postgresql_values_keep_every_digit_and_their_offset(postgres: sa.Engine) -> None:
    [row] = query(
        postgres,
        "SELECT 98765432109.123456789::numeric AS qty, 'NaN'::numeric AS bad, "
        "'NaN'::float8 AS worse, "
        "timestamptz '2026-11-20 14:30:00+01' AS at, timestamp '2026-11-20 14:30:00' AS wall, "
        "date '2026-11-20' AS day, interval '90 minutes' AS took, 2::numeric ^ 80 AS huge",
    )
    assert datetime.fromisoformat(row.pop("at")) == datetime(2026, 11, 20, 13, 30, tzinfo=UTC)
    assert Decimal(row.pop("huge")) == 2**80
    assert row == {
        "qty": "98765432109.123456789",
        "bad": "NaN",
        "worse": "nan",
        "wall": "2026-11-20T14:30:00",
        "day": "2026-11-20",
        "took": "PT5400S",
    }


@pytest.mark.live
def test_postgresql_is_never_written_to(postgres: sa.Engine) -> None:
    name = f"tieout_{uuid.uuid4().hex}"
    with postgres.begin() as connection:
        connection.exec_driver_sql(f"CREATE SEQUENCE {name}")
    try:
        with pytest.raises(PayloadError, match=r"nextval\(\) in a read-only transaction"):
            query(postgres, f"SELECT nextval('{name}') AS id")
    finally:
        with postgres.begin() as connection:
            connection.exec_driver_sql(f"DROP SEQUENCE {name}")


@pytest.mark.live
def test_a_password_refused_by_postgresql_is_a_refusal(postgres: sa.Engine) -> None:
    url = sa.make_url(POSTGRES).set(username="nobody_here", password=SECRET)
    engine = sql.open_engine("mes", url.render_as_string(hide_password=False))
    with pytest.raises((SourceDeniedError, SourceUnavailableError)) as caught:
        query(engine, "SELECT 1 AS id")
    assert SECRET not in str(caught.value)
    engine.dispose()
