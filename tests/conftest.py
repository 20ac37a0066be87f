"""What every test can ask for."""

import itertools
import os
import shutil
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings

from tests import works

LOCAL = "postgresql://postgres@127.0.0.1:5432/postgres"
_numbers = itertools.count(1)
_SLOW = [HealthCheck.too_slow]  # an example may be a whole run of a rule
# The gate says the same of the same commit; fresh examples are for the long look.
settings.register_profile(
    "gate", max_examples=10, deadline=None, derandomize=True, suppress_health_check=_SLOW
)
settings.register_profile("soak", max_examples=1000, deadline=None, suppress_health_check=_SLOW)
settings.load_profile("gate")  # pytest --hypothesis-profile=soak looks much longer


@pytest.fixture(scope="session")
def worked_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small works after one collection and one run of its rules. Not to be written to."""
    folder = works.write_works(tmp_path_factory.mktemp("works"))
    works.fill(folder)
    with works.working(folder) as services:
        works.work(services)
    return folder


@pytest.fixture
def worked(worked_once: Path, tmp_path: Path) -> Path:
    """A copy of the small works after one collection and one run, to do with as one likes."""
    return Path(shutil.copytree(worked_once, tmp_path / "works"))


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """The small works, its files dropped and nothing collected yet."""
    folder = works.write_works(tmp_path / "works")
    works.fill(folder)
    return folder


@pytest.fixture
def until() -> Callable[[Callable[[], object], str], None]:
    """Waits until something is so; says what never came to be."""
    return works.until


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], str]]:
    """Makes empty stores: schemas of a database of our own, on this machine's server if it has one.

    Databases are slow to make and to drop, so there is one for the whole session.
    """
    server, stop = _server(tmp_path_factory)
    name = f"tieout_{os.getpid()}"
    _execute(server, f"CREATE DATABASE {name}")
    home = str(sa.make_url(server).set(database=name).render_as_string(hide_password=False))

    def make() -> str:
        schema = f"s{next(_numbers)}"
        _execute(home, f"CREATE SCHEMA {schema}")
        options = f"-csearch_path={schema} -csynchronous_commit=off"
        url = sa.make_url(home).update_query_dict({"options": options})
        return str(url.render_as_string(hide_password=False))

    yield make
    _execute(server, f"DROP DATABASE {name} WITH (FORCE)")
    stop()


def _server(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Callable[[], None]]:
    """A server, and how to stop it where it was started for us."""
    try:
        psycopg.connect(LOCAL, connect_timeout=3).close()
    except psycopg.OperationalError:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it wonders aloud about a machine without a session
            import pgserver

            server = pgserver.get_server(tmp_path_factory.mktemp("postgresql"))
        return server.get_uri(), server.cleanup
    return LOCAL, lambda: None


def _execute(server: str, statement: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement)
