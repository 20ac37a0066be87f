"""Until when files are complete: what happened after the newest was written is in none of them."""

import os
from datetime import datetime
from pathlib import Path

from app.jobs import collect, reconcile
from app.services import Services
from tests.works import BOOKED, NOON, drop, made, minutes, working

DROPPED = NOON - minutes(60)


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


def test_a_feed_is_complete_until_its_newest_file_was_written(fresh: Path) -> None:
    written(fresh, "mes", DROPPED)
    with working(fresh) as services:
        assert complete_until(services, "mes") == DROPPED
        services.clock.set(NOON + minutes(60))
        assert complete_until(services, "mes") == DROPPED
        drop(fresh, "mes", [made("9", "O9", 1, NOON)], "moves2")
        written(fresh, "mes", NOON + minutes(30), "moves2")
        assert complete_until(services, "mes") == NOON + minutes(30)


def test_a_promise_is_never_ahead_of_the_clock_nor_taken_back(fresh: Path) -> None:
    written(fresh, "mes", NOON + minutes(5))
    with working(fresh) as services:
        assert complete_until(services, "mes") == NOON
        written(fresh, "mes", DROPPED)
        assert complete_until(services, "mes") == NOON
        (fresh / "drop" / "mes" / "moves.csv").unlink()
        services.clock.set(NOON + minutes(60))
        assert complete_until(services, "mes") == NOON


def test_where_silence_means_nothing_happened_it_is_complete_until_now(fresh: Path) -> None:
    source = fresh / "sources" / "mes.yml"
    source.write_text(source.read_text().replace("    into:", "    quiet: true\n    into:"))
    written(fresh, "mes", DROPPED)
    with working(fresh) as services:
        assert complete_until(services, "mes") == NOON


def test_what_the_next_file_may_still_tell_is_not_missing(fresh: Path) -> None:
    """The ERP exports hourly: a booking made since then is in no file yet."""
    written(fresh, "erp", NOON - minutes(100))
    with working(fresh) as services:
        list(collect.collect(services))
        (report,) = reconcile.reconcile(services, {BOOKED})
        assert report.findings == 0
        assert report.accounts["expected"].unknown == 1
        services.clock.set(NOON + minutes(5))
        written(fresh, "erp", NOON + minutes(1))
        list(collect.collect(services))
        (report,) = reconcile.reconcile(services, {BOOKED})
        assert report.accounts["expected"].unknown == 0
        assert report.findings
