"""Both SQL stores, empty, and what is written to them."""

import shutil
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.store.exceptions import Draft, Triage, fingerprint
from app.store.sql import SqlStore, open_store
from tests.works import NOON

RULE = "production/booked"


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite store to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "tieout.sqlite"
    open_store(f"sqlite:///{path}").close()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty SQL store is."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgresql")())
    path = tmp_path / "tieout.sqlite"
    shutil.copy(request.getfixturevalue("migrated"), path)
    return f"sqlite:///{path}"


@pytest.fixture
def store(url: str) -> Iterator[SqlStore]:
    """An empty SQL store, migrated."""
    opened = open_store(url)
    yield opened
    opened.close()


@pytest.fixture
def triage(store: SqlStore) -> Triage:
    """Folds drafts into exceptions."""
    return Triage(store)


def draft(subject: str, stands: str = "stands", **values: Any) -> Draft:
    """A finding as an exception, with plain values where none are given."""
    given = {
        "subject": subject,
        "code": "missing_posting",
        "also": None,
        "rule": RULE,
        "rule_version": "1",
        "plant": "P1",
        "flow": "completion",
        "title": "MES completion not posted in ERP",
        "key": {"order_no": subject},
        "search": subject,
        "expected": [],
        "observed": [],
        "evidence": {},
        "quantity_expected": Decimal(5),
        "quantity_observed": None,
        "variance": Decimal(-5),
        "unit": "EA",
        "value": Decimal("61.73"),
        "value_rank": 61.73,
        "currency": "EUR",
        "explained": [],
        "unexplained": None,
        "cause": None,
        "occurred_at": NOON,
        "due_at": NOON,
        "severity": "warning",
        "severity_rank": 1,
        "owner": "support",
        "as_of": NOON,
        "known_at": NOON,
        "run_id": "r",
    }
    if stands == "gone":
        given = {name: given[name] for name in ("as_of", "known_at", "run_id")}
    return Draft(fingerprint(RULE, subject), stands, given | values)  # type: ignore[arg-type]


def run(number: int, now: datetime = NOON) -> dict[str, Any]:
    """The record of one run."""
    return {
        "id": f"run{number}",
        "rule": RULE,
        "rule_version": "1",
        "started_at": now,
        "ended_at": now,
        "as_of": now,
        "known_at": now,
        "horizon": now,
        "outcome": "drifted",
        "findings": 1,
        "accounts": {},
        "inputs": {},
        "reason": None,
    }
