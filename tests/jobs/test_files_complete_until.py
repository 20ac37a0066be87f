"""Until when files are complete: what happened after the newest was written is in none of them."""

import os
from datetime import datetime
from pathlib import Path

import pytest

from app.jobs import collect, reconcile
from app.services import Services
from tests.works import BOOKED, NOON, drop, made, minutes, working

DROPPED = NOON - minutes(60)


@pytest.fixture
def hourly(fresh: Path) -> Path:
    """The works, where MES and ERP write a file of movements every hour."""
    for name in ("mes", "erp"):
        path = fresh / "sources" / f"{name}.yml"
        feed = path.read_text("utf-8")
        path.write_text(
            feed.replace("moves*.csv", "moves*.csv\n    new_file_every: 1 hour"), "utf-8"
        )
    return fresh


def written(folder: Path, source: str, when: datetime, name: str = "moves") -> None:
    """The file was changed then."""
    os.utime(folder / "drop" / source / f"{name}.csv", (when.timestamp(), when.timestamp()))


def complete_until(services: Services, source: str) -> datetime:
    """What the feed promises after one more pull."""
    (report,) = collect.collect(services, {source: {"moves"}})
    assert report.outcome == "ok", report.error
    state = services.store.feed_state(source, "moves") or {}
    found: datetime = state["safe_until"]
    return found


def judged(services: Services) -> reconcile.Report:
    """The rule about bookings, after all was collected."""
    list(collect.collect(services))
    (report,) = reconcile.reconcile(services, {BOOKED})
    return report


def test_where_files_come_regularly_they_are_complete_until_the_newest(hourly: Path) -> None:
    written(hourly, "mes", DROPPED)
    with working(hourly) as services:
        assert complete_until(services, "mes") == DROPPED
        services.clock.set(NOON + minutes(60))
        assert complete_until(services, "mes") == DROPPED
        drop(hourly, "mes", [made("9", "O9", 1, NOON)], "moves2")
        written(hourly, "mes", NOON + minutes(30), "moves2")
        assert complete_until(services, "mes") == NOON + minutes(30)


def test_a_promise_is_never_ahead_of_the_clock_nor_taken_back(hourly: Path) -> None:
    written(hourly, "mes", NOON + minutes(5))
    with working(hourly) as services:
        assert complete_until(services, "mes") == NOON
        written(hourly, "mes", DROPPED)
        assert complete_until(services, "mes") == NOON
        (hourly / "drop" / "mes" / "moves.csv").unlink()
        services.clock.set(NOON + minutes(60))
        assert complete_until(services, "mes") == NOON


def test_else_no_new_file_means_nothing_new(fresh: Path) -> None:
    written(fresh, "mes", DROPPED)
    with working(fresh) as services:
        assert complete_until(services, "mes") == NOON


def test_what_the_next_file_may_still_tell_is_not_missing(hourly: Path) -> None:
    """A booking made since the newest export of the ERP is in no file yet."""
    written(hourly, "erp", NOON - minutes(100))
    with working(hourly) as services:
        report = judged(services)
        assert report.findings == 0
        assert report.accounts["expected"].unknown == 1
        services.clock.set(NOON + minutes(5))
        written(hourly, "erp", NOON + minutes(1))
        report = judged(services)
        assert report.findings
        assert report.accounts["expected"].unknown == 0


def test_files_that_stop_coming_leave_the_rule_unevaluated_until_one_comes(hourly: Path) -> None:
    for source in ("mes", "erp"):
        written(hourly, source, NOON)
    with working(hourly) as services:
        assert judged(services).outcome == "drifted"
        services.clock.set(NOON + minutes(120))
        written(hourly, "mes", NOON + minutes(110))
        assert judged(services).outcome == "drifted"
        services.clock.set(NOON + minutes(121))
        report = judged(services)
        assert report.outcome == "not_evaluated"
        assert report.reason == (
            "erp/moves: known until 2026-11-03 12:00 UTC, a new file is due every 1 h"
        )
        written(hourly, "erp", NOON + minutes(120))
        assert judged(services).outcome == "drifted"
