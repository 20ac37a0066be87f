"""Rules over feeds that fail, fall silent or were never read: frozen, with reason, and alone."""

import shutil
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa

from app.jobs import collect, reconcile
from app.services import Services
from app.store.sql import tables as t
from tests import works
from tests.jobs.shift import held_now
from tests.works import BOOKED, NOON, STOCK, drop, drop_stock, made, minutes


def run(services: Services, now: datetime) -> dict[str, reconcile.Report]:
    """Collect what can be, and run every rule, at an instant; reports by rule."""
    services.clock.set(now)
    list(collect.collect(services))
    return {report.rule: report for report in reconcile.reconcile(services)}


def exceptions(services: Services, rule: str) -> list[dict[str, Any]]:
    """Every exception of a rule, closed ones too."""
    with services.store.sql.read() as connection:
        rows = connection.execute(
            sa.select(t.exception).where(t.exception.c.rule == rule).order_by(t.exception.c.no)
        )
        return [dict(row) for row in rows.mappings()]


def states(services: Services, rule: str) -> dict[str, str]:
    """The state of every exception of a rule by order, or lot."""
    return {
        row["key"].get("order_no") or row["key"]["lot"]: row["state"]
        for row in exceptions(services, rule)
    }


def last_run(services: Services, rule: str) -> dict[str, Any]:
    """The run of a rule that was recorded last."""
    c = t.reconcile_run.c
    with services.store.sql.read() as connection:
        chosen = sa.select(t.reconcile_run).where(c.rule == rule).order_by(c.ended_at.desc())
        return dict(connection.execute(chosen).mappings().first() or {})


def garbage(folder, name: str = "stock") -> None:
    """The warehouse drops what is no list of balances."""
    (folder / f"drop/wms/{name}.csv").write_bytes(b"\xff\xfe\x00 not, a, list")


def test_one_failing_feed_leaves_every_other_feed_and_rule_as_they_are(worked):
    drop(worked, "erp", [made("c", "O2", 5, NOON - minutes(20))], "moves2")
    garbage(worked)
    with works.working(worked) as services:
        services.clock.set(NOON + minutes(1))
        reports = {f"{one.source}/{one.feed}": one for one in collect.collect(services)}
        list(reconcile.reconcile(services))
        assert {name for name, one in reports.items() if one.outcome != "ok"} == {"wms/stock"}
        assert reports["wms/stock"].error
        assert states(services, BOOKED)["O2"] == "resolved"
        failed = services.store.feed_state("wms", "stock")
    assert (failed["failures"], failed["failing_since"]) == (1, NOON + minutes(1))
    assert failed["last_ok_at"] == NOON


def test_a_snapshot_that_was_not_renewed_freezes_what_depends_on_it(worked):
    """The bad file also says that the lot agrees now: nothing of it is believed."""
    garbage(worked)
    drop_stock(worked, "erp", [("A", "L1", 5), ("A", "L2", 3)], NOON)
    with works.working(worked) as services:
        before = exceptions(services, STOCK)
        report = run(services, NOON + minutes(60 * 24))[STOCK]
        after = exceptions(services, STOCK)
        recorded = last_run(services, STOCK)
    assert report.outcome == "not_evaluated"
    assert report.reason.startswith("wms/stock: last good snapshot 2026-11-03 11:59 UTC, ")
    assert (report.findings, report.accounts, report.changes) == (0, {}, {})
    assert after == before, "neither opened nor closed, nor graded by an age nobody can vouch for"
    assert (recorded["outcome"], recorded["reason"]) == ("not_evaluated", report.reason)
    assert recorded["horizon"] is None


@pytest.mark.parametrize(("late", "outcome"), [(15, "drifted"), (15.01, "not_evaluated")])
def test_a_snapshot_is_believed_for_two_intervals_and_five_minutes(worked, late, outcome):
    shutil.rmtree(worked / "drop/wms")
    with works.working(worked) as services:
        assert run(services, NOON + minutes(late))[STOCK].outcome == outcome


def test_what_was_frozen_is_judged_again_once_its_feed_is_back(worked):
    garbage(worked)
    with works.working(worked) as services:
        later = NOON + minutes(60)
        assert run(services, later)[STOCK].outcome == "not_evaluated"
        back = later + minutes(60)
        for source, quantity in (("erp", 9), ("wms", 9)):
            drop_stock(worked, source, [("A", "L1", quantity), ("A", "L2", 1)], back)
        assert run(services, back)[STOCK].outcome == "tied_out"
        assert states(services, STOCK) == {"L1": "resolved"}


def test_a_rule_whose_feed_was_never_read_is_not_evaluated_and_says_which(fresh):
    shutil.rmtree(fresh / "drop/erp")
    with works.working(fresh) as services:
        reports = run(services, NOON)
        assert held_now(fresh)["exception"] == 0
    assert {report.outcome for report in reports.values()} == {"not_evaluated"}
    assert reports[BOOKED].reason.startswith("erp/moves was never collected: erp: folder ")
    assert reports[STOCK].reason.startswith("erp/stock was never collected: ")


def test_events_are_judged_only_until_where_the_slower_side_is_known(worked):
    """The ERP fell silent at noon: what became due since may well be posted there."""
    shutil.rmtree(worked / "drop/erp")
    drop(worked, "mes", [made("8", "O8", 5, NOON - minutes(10))], "moves2")
    with works.working(worked) as services:
        report = run(services, NOON + minutes(120))[BOOKED]
        assert report.outcome == "drifted"
        assert states(services, BOOKED) == {"O2": "open", "O9": "open"}
        assert last_run(services, BOOKED)["horizon"] == NOON
        (worked / "drop/erp").mkdir()
        drop(worked, "erp", [made("d", "O8", 5, NOON + minutes(5))], "moves3")
        run(services, NOON + minutes(121))
        assert states(services, BOOKED) == {"O2": "open", "O9": "open", "O3": "open"}


def test_a_rule_that_fails_is_recorded_and_the_others_run(worked):
    drop(worked, "erp", [made("c", "O2", 5, NOON - minutes(20))], "moves2")
    with works.working(worked) as services:
        number = services.store.findings.rule(STOCK)["rule_no"]
        with services.store.state.transaction() as con:
            con.execute(f"DROP TABLE r{number}_finding")
        reports = run(services, NOON + minutes(1))
        assert reports[STOCK].outcome == "failed"
        assert reports[STOCK].reason
        assert last_run(services, STOCK)["outcome"] == "failed"
        assert states(services, BOOKED)["O2"] == "resolved"
        assert states(services, STOCK) == {"L1": "open"}


@pytest.mark.parametrize(
    ("as_of", "known_at", "found"),
    [
        (NOON, None, 2),
        (NOON + minutes(60 * 24 * 30), None, 2),
        (NOON - minutes(75), None, 1),
        (NOON - minutes(300), None, 0),
        (NOON, NOON - minutes(1), 0),
        (None, NOON, 2),
    ],
)
def test_a_question_about_another_time_is_answered_and_changes_nothing(
    worked, as_of, known_at, found
):
    with works.working(worked) as services:
        before, lake = held_now(worked), sorted((worked / "var/lake").rglob("*.json"))
        tables = services.store.state.rows("SELECT table_name FROM duckdb_tables()")
        loaded = services.landscape.rules[BOOKED]
        report, rows = reconcile.recompute(services, loaded, as_of=as_of, known_at=known_at)
        assert (report.findings, len(rows)) == (found, found)
        assert held_now(worked) == before
        assert sorted((worked / "var/lake").rglob("*.json")) == lake
        assert services.store.state.rows("SELECT table_name FROM duckdb_tables()") == tables
        assert run(services, NOON)[BOOKED].changes == {}
