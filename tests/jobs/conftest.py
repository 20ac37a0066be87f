"""Alarms that ring often, and an ear for tracebacks."""

from datetime import timedelta

import pytest

from app import scheduler


@pytest.fixture
def brisk(monkeypatch):
    """Alarms that ring every second, and a window a second."""
    monkeypatch.setattr(scheduler, "TICK", timedelta(seconds=1))
    monkeypatch.setattr(scheduler, "RECONCILE_EVERY", timedelta(seconds=1))


@pytest.fixture
def quiet(caplog):
    """Whatever happens, the log at its normal level holds no traceback."""
    caplog.set_level("WARNING")
    yield caplog
    told = [record for record in caplog.get_records("call") if record.exc_info]
    assert told == []
