"""Collecting on a machine whose clock was wrong and was put right."""

from pathlib import Path

from app.jobs.collect import collect
from tests import works


def test_a_list_that_is_always_read_whole_is_read_whole_after_the_clock_was_set_back(
    fresh: Path,
) -> None:
    with works.working(fresh, works.NOON) as services:
        assert all(report.outcome == "ok" for report in collect(services))
    with works.working(fresh, works.NOON - works.minutes(60)) as services:
        costs = [report for report in collect(services) if report.feed == "item_cost"]
    assert [(report.outcome, report.error) for report in costs] == [("ok", None)]
