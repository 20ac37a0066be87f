"""Databases a plant may have: a file of SQLite, and PostgreSQL."""

import itertools
import os
import sqlite3
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg

LOCAL = "postgresql://postgres@127.0.0.1:5432/postgres"
_numbers = itertools.count(1)
Fill = Callable[[str], None]


@contextmanager
def sqlite(folder: Path) -> Iterator[tuple[str, Fill]]:
    """Its URL, and a way to write into it."""
    path = folder / "mes.sqlite"

    def fill(script: str) -> None:
        with closing(sqlite3.connect(path)) as con, con:
            con.executescript(script)

    yield f"sqlite:///{path}", fill


@contextmanager
def postgresql(folder: Path) -> Iterator[tuple[str, Fill]]:
    """The same on the server of this machine, or on one started for the test."""
    with _server(folder) as server:
        name = f"plant_{os.getpid()}_{next(_numbers)}"
        _run(server, f"CREATE DATABASE {name}")
        home = psycopg.conninfo.conninfo_to_dict(server)
        where = f"{home.get('host', '127.0.0.1')}"
        url = f"postgresql+psycopg://{home['user']}@/{name}?host={where}"
        url += f"&port={home['port']}" if "port" in home else ""
        try:
            yield url, lambda script: _run(server, script, dbname=name)
        finally:
            _run(server, f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def _server(folder: Path) -> Iterator[str]:
    try:
        psycopg.connect(LOCAL, connect_timeout=3).close()
    except psycopg.OperationalError:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it wonders aloud about a machine without a session
            import pgserver

            server = pgserver.get_server(folder / "postgresql")
        yield server.get_uri()
        server.cleanup()
    else:
        yield LOCAL


def _run(server: str, script: str, **more: str) -> None:
    with psycopg.connect(server, autocommit=True, **more) as con:
        con.execute(script)
