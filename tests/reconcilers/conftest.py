"""What tests of the families can ask for."""

from collections.abc import Iterator

import duckdb
import pytest

from tests.reconcilers import plant


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty ledger; a dozen and a thousand are known factors between units."""
    with plant.ledger() as con:
        con.execute("INSERT INTO unit_factor VALUES (NULL, 12), (NULL, 1000)")
        yield con
